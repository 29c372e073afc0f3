/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/pricing.h"

#include <string.h>

static int read_profile(struct pricing *p, const char *name, struct profile *out)
{
	const char *path = library_file_path(&p->library, name);
	struct diag_list diags = {0};
	struct err e = {0};
	struct json_doc doc;
	if (!path)
		return cli_fail(CLI_USAGE, "there is no profile %s", name);
	int code = json_doc_load(&doc, path, &diags, &e);
	if (code == 0) {
		const char *slash = strrchr(name, '/');
		code = profile_read(out, &doc, slash ? slash + 1 : name, &diags, &e);
		json_doc_free(&doc);
	}
	cli_print_diags(&diags);
	int exit_code = code == 0 ? CLI_OK : diags.errors ? CLI_USAGE : cli_fail_err(&e);
	diag_free(&diags);
	return exit_code;
}

int pricing_open(struct pricing *p, const struct cli_args *args)
{
	*p = (struct pricing){0};
	library_open(&p->library, "./"); /* as for a study in the current folder */
	const char *name = cli_value(args, "profile");
	int code = name ? read_profile(p, name, &p->profile) : CLI_OK;
	if (code == CLI_OK)
		code = read_profile(p, "profiles/literature.json", &p->fallback);
	p->view = (struct profile_view){.profile = name ? &p->profile : NULL,
					.fallback = &p->fallback};
	return code;
}

void pricing_close(struct pricing *p)
{
	profile_free(&p->profile);
	profile_free(&p->fallback);
	arena_free(&p->arena);
	library_close(&p->library);
}

int pricing_platform(struct pricing *p, const char *name, struct platform *out)
{
	struct diag_list diags = {0};
	struct err e = {0};
	struct json_doc doc;
	*out = (struct platform){0};
	int code = library_load(&p->library, "platform", name, &doc, &diags, &e);
	if (code == ERR_NOTFOUND) {
		const char *near = diag_nearest(name, library_names(&p->library, "platform"));
		return cli_fail(
			CLI_USAGE, "there is no platform '%s'%s%s%s; `mcvsim platforms` lists them",
			name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	if (code == 0) {
		const char *kept = arena_strdup(&p->arena, name);
		code = kept ? platform_read(out, kept, &doc, "", &p->arena, &diags) : ERR_NOMEM;
		json_doc_free(&doc);
	}
	cli_print_diags(&diags);
	int exit_code = code == 0 ? CLI_OK : diags.errors ? CLI_USAGE : cli_fail_err(&e);
	diag_free(&diags);
	return exit_code;
}
