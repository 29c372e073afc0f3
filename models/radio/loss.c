/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/radio/loss.h"

#include "models/app/app.h"

#include <gsl/gsl_randist.h>
#include <math.h>

double loss_again_bits(double bits, double probability, struct stream *st)
{
	double packets = ceil(bits / 8 / APP_PACKET_BYTES);
	gsl_rng rng = stream_gsl(st);
	if (!(packets > 0 && probability > 0))
		return 0;
	return bits * (double)gsl_ran_negative_binomial(&rng, 1 - probability, packets) / packets;
}

int loss_read(struct loss_probability *p, const struct json_doc *doc, const char *pointer,
	      struct arena *arena, struct diag_list *diags)
{
	char at[700];
	return dist_read(&p->dist, UNIT_RATIO, LOSS_MAX, doc,
			 json_pointer_join(at, sizeof(at), pointer, "probability"), arena, diags);
}

double loss_draw(const struct loss_probability *p, struct stream *st)
{
	return fmin(dist_draw(&p->dist, st), LOSS_MAX);
}
