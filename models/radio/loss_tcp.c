/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Losses that reach the transport layer: { "tcp": 0.001 }. TCP sends again what is lost, and takes
 * each loss for congestion, so that a transfer gets at most MSS / RTT * C / sqrt(p), with C =
 * sqrt(3/2) where each packet is acknowledged and sqrt(3/4) where every second one is (Mathis,
 * Semke, Mahdavi and Ott, Computer Communication Review 27(3), 1997, equation 3). RTT is the mean
 * round trip of the task's way without queueing. A bound of long transfers: slow start is not in
 * it, nor time-outs, which govern at p above some per cent. */
#include "models/radio/loss.h"

#include <math.h>

struct tcp {
	struct loss_probability probability;
	double mss_bytes;
	bool delayed;
};

static const struct key keys[] = {
	LOSS_PROBABILITY(struct tcp, probability),
	{.name = "mss",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct tcp, mss_bytes),
	 .unit = UNIT_SIZE,
	 .min = 1,
	 .max = 65536,
	 .def = "\"1448 B\"",
	 .help = "payload of a segment, in the bound of the rate"},
	{.name = "delayed_acks",
	 .type = KEY_BOOL,
	 .offset = offsetof(struct tcp, delayed),
	 .def = "true",
	 .help = "every second segment is acknowledged"},
	{0},
};
static const struct key_object object = {
	.name = "loss_tcp",
	.keys = keys,
	.size = sizeof(struct tcp),
	.help = "losses that TCP takes for congestion",
};

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct tcp *p = parameters;
	return loss_read(&p->probability, doc, pointer, arena, diags);
}

static double draw(const void *parameters, struct stream *st)
{
	return loss_draw(&((const struct tcp *)parameters)->probability, st);
}

static double bound_bps(const void *parameters, double probability, double rtt_s)
{
	const struct tcp *p = parameters;
	return 8 * p->mss_bytes / rtt_s * sqrt((p->delayed ? 0.75 : 1.5) / probability);
}

const struct loss_ops loss_tcp_ops = {
	.choice = {.name = "tcp",
		   .help = "TCP sends what is lost again, and slows down",
		   .parameters = &object,
		   .main_key = "probability",
		   .finish = finish},
	.draw = draw,
	.bound_bps = bound_bps,
};
