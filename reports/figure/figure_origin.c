/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the numbers of a figure come from: study, profile, machine, version.
 */
#include "reports/data/stamp.h"
#include "reports/figure/figure_internal.h"

#include <inttypes.h>
#include <string.h>

static const char *text_at(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* Whether the study's platforms name it; when nobody marked any, all count. */
static bool is_used(const cJSON *primitive, bool marked)
{
	return !marked || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(primitive, "used"));
}

static void count_sources(const cJSON *profile, char *out, size_t size)
{
	static const char *const sources[] = {"measured", "literature", "assumed"};
	size_t counts[3] = {0}, n = 0;
	const cJSON *p, *all = cJSON_GetObjectItemCaseSensitive(profile, "primitives");
	bool marked = false;
	cJSON_ArrayForEach(p, all) marked |= cJSON_HasObjectItem(p, "used");
	cJSON_ArrayForEach(p, all)
	{
		const char *source = text_at(p, "source");
		for (size_t i = 0; i < 3; i++)
			counts[i] +=
				source && is_used(p, marked) && strcmp(source, sources[i]) == 0;
	}
	out[0] = '\0';
	for (size_t i = 0; i < 3; i++)
		if (counts[i])
			n += (size_t)snprintf(out + n, size - n, "%s%zu %s", n ? ", " : "",
					      counts[i], sources[i]);
}

/* Profile, date, machine, sources. Returns the length. */
static size_t describe_profile(const cJSON *profile, char *out, size_t size)
{
	const cJSON *machine = cJSON_GetObjectItemCaseSensitive(profile, "machine");
	const char *name = text_at(machine, "name"), *cpu = text_at(machine, "cpu");
	const char *hypervisor = text_at(machine, "hypervisor");
	const char *when = text_at(machine, "measured_at");
	char sources[80];
	count_sources(profile, sources, sizeof(sources));
	size_t n = (size_t)snprintf(out, size, "profile %s", name ? name : cpu ? cpu : "unnamed");
	if (n < size && name && cpu)
		n += (size_t)snprintf(out + n, size - n, ", %s", cpu);
	if (n < size && hypervisor && strcmp(hypervisor, "none") != 0)
		n += (size_t)snprintf(out + n, size - n, " (itself a guest of %s)", hypervisor);
	if (n < size && when)
		n += (size_t)snprintf(out + n, size - n, ", measured %.10s", when);
	if (n < size && sources[0])
		n += (size_t)snprintf(out + n, size - n, "; primitives used: %s", sources);
	return n;
}

/* One sentence about the costs. */
static void describe_costs(const struct db *db, char *out, size_t size)
{
	const cJSON *profile = NULL;
	size_t n = (size_t)snprintf(out, size, "Costs: ");
	for (size_t i = 0; (profile = db_next_profile(db, profile)) && n < size; i++) {
		if (i)
			n += (size_t)snprintf(out + n, size - n, "; ");
		if (n < size)
			n += describe_profile(profile, out + n, size - n);
	}
	if (n < size)
		snprintf(out + n, size - n, ".");
}

int figure_release(const char *version)
{
	return (int)strcspn(version, "+");
}

void figure_origin_of(const struct dataset *data, struct figure_origin *out)
{
	struct db *db = data->db;
	snprintf(out->version, sizeof(out->version), "%s", data->version);
	char stamp[STAMP_SIZE];
	stamp_of(db, "# ", stamp);
	snprintf(out->comment, sizeof(out->comment), "%s# profile %s\n# seed %" PRIu64 "\n", stamp,
		 db_profile_hash(db), db_seed(db));
	describe_costs(db, out->costs, sizeof(out->costs));
	snprintf(out->study, sizeof(out->study),
		 "Study %.8s, profile %.8s, seed %" PRIu64 ", mcvsim %.*s", db_study_hash(db),
		 db_profile_hash(db), db_seed(db), figure_release(data->version), data->version);
}
