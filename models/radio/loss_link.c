/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Losses that the link layer repairs (ARQ, as WiFi's and LTE's): { "link": 0.01 }. What is sent
 * again takes air time and energy; the transport above sees nothing of it. Waiting for the feedback
 * is taken as hidden behind the packets that are sent meanwhile. */
#include "models/radio/loss.h"

struct link_loss {
	struct loss_probability probability;
};

static const struct key keys[] = {LOSS_PROBABILITY(struct link_loss, probability), {0}};
static const struct key_object object = {
	.name = "loss_link",
	.keys = keys,
	.size = sizeof(struct link_loss),
	.help = "losses that the link layer repairs",
};

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct link_loss *p = parameters;
	return loss_read(&p->probability, doc, pointer, arena, diags);
}

static double draw(const void *parameters, struct stream *st)
{
	return loss_draw(&((const struct link_loss *)parameters)->probability, st);
}

const struct loss_ops loss_link_ops = {
	.choice = {.name = "link",
		   .help = "the link layer sends what is lost again",
		   .parameters = &object,
		   .main_key = "probability",
		   .finish = finish},
	.draw = draw,
};
