/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The world's failures: no memory, no KVM, a full disk. A function that can meet one returns a
 * negative enum err_code and fills the caller's struct err with a sentence for the user. Every
 * layer uses it; the libraries never print and never exit. What the user did wrong in a file is not
 * an err but a diag (diag.h), because there can be many of those at once.
 */
#ifndef SIM_BASE_ERR_H
#define SIM_BASE_ERR_H

#define ERR_LIST(X)                                                                                \
	X(IO, -1, "input/output error")                                                            \
	X(NOMEM, -2, "out of memory")                                                              \
	X(INVALID, -3, "invalid input")                                                            \
	X(UNSUPPORTED, -4, "not supported here")                                                   \
	X(DENIED, -5, "permission denied")                                                         \
	X(BUSY, -6, "busy")                                                                        \
	X(TIMEOUT, -7, "deadline passed")                                                          \
	X(CORRUPT, -8, "corrupt data")                                                             \
	X(LIMIT, -9, "limit reached")                                                              \
	X(INTERNAL, -10, "internal error")                                                         \
	X(STOPPED, -11, "stopped")                                                                 \
	X(EXISTS, -12, "already exists")                                                           \
	X(NOTFOUND, -13, "not found")

enum err_code {
	ERR_OK = 0,
#define ERR_ENUM(name, value, text) ERR_##name = value,
	ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
	enum err_code code;
	char text[500]; /* one sentence, no newline, cut when longer */
};

/* Fills *e (which may be NULL) and returns code, so that a function can end `return err_set(...)`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and errnum's text, and chooses the code from
 * errnum (ENOMEM, EACCES/EPERM, EBUSY, ENOENT, EEXIST, ENOSYS/EOPNOTSUPP, EMFILE/ENFILE; else IO). */
int err_sys(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text that *e already has; returns e->code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The short English name of a code ("out of memory"); "ok" for ERR_OK. Static storage. */
const char *err_name(int code);

#endif
