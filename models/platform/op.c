/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/op.h"

#include <string.h>

const char *const op_names[] = {
#define OP_NAME(id, name, help) name,
	OP_LIST(OP_NAME)
#undef OP_NAME
		NULL,
};

static const char *const helps[] = {
#define OP_HELP(id, name, help) help,
	OP_LIST(OP_HELP)
#undef OP_HELP
};

const char *op_name(enum op op)
{
	return op_names[op];
}

const char *op_help(enum op op)
{
	return helps[op];
}

enum op op_find(const char *name)
{
	int i = 0;
	while (op_names[i] && strcmp(op_names[i], name) != 0)
		i++;
	return (enum op)i;
}
