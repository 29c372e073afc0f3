/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		e->code = code;
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	return code;
}

static enum err_code code_of(int errnum)
{
	switch (errnum) {
	case ENOMEM:
		return ERR_NOMEM;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case EBUSY:
		return ERR_BUSY;
	case ENOENT:
		return ERR_NOTFOUND;
	case EEXIST:
		return ERR_EXISTS;
	case ENOSYS:
	case EOPNOTSUPP:
	case ENODEV:
	case ENXIO:
		return ERR_UNSUPPORTED;
	case EMFILE:
	case ENFILE:
		return ERR_LIMIT;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_IO;
	}
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	enum err_code code = code_of(errnum);
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		e->code = code;
		int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
		if (n >= 0 && (size_t)n < sizeof(e->text))
			snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %s", strerror(errnum));
	}
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	if (!e)
		return ERR_INTERNAL;
	char inner[sizeof(e->text)];
	memcpy(inner, e->text, sizeof(inner));
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(e->text))
		snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %.*s",
			 (int)(sizeof(e->text) - (size_t)n), inner);
	return e->code;
}

const char *err_name(int code)
{
	switch (code) {
	case ERR_OK:
		return "ok";
#define ERR_CASE(name, value, text)                                                                \
	case value:                                                                                \
		return text;
		ERR_LIST(ERR_CASE)
#undef ERR_CASE
	default:
		return "unknown error";
	}
}
