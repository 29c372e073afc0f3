/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/bare/log.h"
#include "hvcore/guest/guest.h"

/* The first serial port of a PC: data, interrupt enable, FIFO, line control, modem control, status.
 */
enum { COM1 = 0x3f8, DATA = COM1, ENABLE, FIFO, LINE, MODEM, STATUS };
enum { STATUS_SENT = 0x20 };

/* Looks at the port before a character is given up: where there is none, printing must end, too. */
#define PATIENCE 1000000

static struct {
	uint32_t lines, sum; /* FNV-1a of all lines so far */
} state = {.sum = 2166136261u};

void log_open(void)
{
	out8(ENABLE, 0);
	out8(LINE, 0x80); /* the divisor's turn */
	out8(DATA, 1);
	out8(ENABLE, 0);
	out8(LINE, 0x03);
	out8(FIFO, 0x07);
	out8(MODEM, 0x03);
}

static void put(char c)
{
	for (int i = 0; i < PATIENCE && !(in8(STATUS) & STATUS_SENT); i++)
		;
	out8(DATA, (uint8_t)c);
}

static void put_counted(char c)
{
	state.sum = (state.sum ^ (uint8_t)c) * 16777619u;
	put(c);
}

static void put_text(const char *text)
{
	for (; *text; text++)
		put_counted(*text);
}

void log_key(const char *key)
{
	put_text("mcvsim-log ");
	put_text(key);
}

void log_text(const char *value)
{
	put_counted(' ');
	put_text(value);
}

void log_number(uint64_t value)
{
	char digits[21], *at = digits + sizeof(digits) - 1;
	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	log_text(at);
}

void log_line_end(void)
{
	put('\r');
	put_counted('\n');
	state.lines++;
}

void log_close(void)
{
	uint32_t lines = state.lines, sum = state.sum;
	log_key("end");
	log_number(lines);
	log_number(sum);
	log_line_end();
}
