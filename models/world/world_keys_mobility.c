/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/world/world_keys.h"
#include "models/world/world_model.h"

#define KEY(of, word, kind, field, ...)                                                            \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(of, field), __VA_ARGS__             \
	}

static const struct key position_keys[] = {
	KEY(struct position_file, "x", KEY_QUANTITY, x, .unit = UNIT_LENGTH, .min = -1e7,
	    .max = 1e7, .help = "to the east"),
	KEY(struct position_file, "y", KEY_QUANTITY, y, .unit = UNIT_LENGTH, .min = -1e7,
	    .max = 1e7, .help = "to the north"),
	KEY(struct position_file, "radius", KEY_QUANTITY, radius_m, .unit = UNIT_LENGTH, .min = 1,
	    .max = 1e7, .optional = true, .help = "how far it reaches; not given: any distance"),
	{0},
};
const struct key_object position_object = {
	.name = "position",
	.keys = position_keys,
	.size = sizeof(struct position_file),
	.help = "where a cell is, for handsets that move",
};

static const char *const tasks_names[] = {
#define TASKS_NAME(id, name) name,
	HANDOVER_TASKS_LIST(TASKS_NAME)
#undef TASKS_NAME
		NULL,
};
static const char *const uncovered_names[] = {"wait", "fail", NULL};

static const struct key handover_keys[] = {
	KEY(struct handover_file, "interruption", KEY_QUANTITY, interruption_s, .unit = UNIT_TIME,
	    .max = 60, .def = "\"50 ms\"",
	    .help = "how long a handset can neither send nor receive; LTE: 49.5 ms (3GPP TR "
		    "36.881, "
		    "grade: recalled)"),
	KEY(struct handover_file, "hysteresis", KEY_QUANTITY, hysteresis_db, .unit = UNIT_LEVEL,
	    .min = 0.1, .max = 60, .def = "\"3 dB\"",
	    .help = "how much stronger another cell must be than the one that a handset is in"),
	KEY(struct handover_file, "path_loss_exponent", KEY_NUMBER, exponent, .min = 1, .max = 8,
	    .def = "3.76",
	    .help = "received power falls with distance to the power of this (3.76: the macro "
		    "cells "
		    "of 3GPP TR 36.814, grade: recalled)"),
	KEY(struct handover_file, "tasks", KEY_ENUM, tasks, .choices = tasks_names,
	    .def = "\"forward\"",
	    .help = "what becomes of tasks in flight when the new cell does not reach their site: "
		    "they end there and the result is forwarded, start again at the site that it "
		    "does reach, or their guest migrates there while it serves them"),
	KEY(struct handover_file, "via", KEY_STRINGS, via, .def = "[]",
	    .help = "the links between cells and sites that what is forwarded passes, upwards"),
	KEY(struct handover_file, "uncovered", KEY_ENUM, uncovered, .choices = uncovered_names,
	    .def = "\"wait\"",
	    .help = "what transfers do where there is no cell: wait for one, or fail with the "
		    "cause "
		    "\"coverage\""),
	KEY(struct handover_file, "ping_pong", KEY_QUANTITY, ping_pong_s, .unit = UNIT_TIME,
	    .max = 3600, .def = "\"1 s\"",
	    .help = "a handover back to the cell before, after a shorter stay, counts as ping-pong "
		    "(1 s: 3GPP TR 36.839, grade: recalled)"),
	{0},
};
const struct key_object handover_object = {
	.name = "handover",
	.keys = handover_keys,
	.size = sizeof(struct handover_file),
	.help = "how handsets that move go from cell to cell",
};
