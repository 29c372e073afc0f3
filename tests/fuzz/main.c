/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A fuzzer without libFuzzer: fuzz_<thing> [-n ROUNDS] FILE...
 * Runs every file, then ROUNDS inputs that are the files with bytes changed, cut out, doubled and
 * crossed with each other, always the same ones. Finds less than libFuzzer, which sees what code an
 * input reaches, but runs under every compiler and sanitizer. The last input is in the file
 * fuzz-last in the current folder when an input breaks the program.
 */
#include "tests/fuzz/fuzz.h"

#include <signal.h>
#include <unistd.h>

#define INPUT_MAX (1u << 20)

struct input {
	unsigned char *data;
	size_t size;
};

static struct input current; /* for the signal handler */

static void keep_input(int signal_number)
{
	FILE *file = fopen("fuzz-last", "wb");
	if (file) {
		fwrite(current.data, 1, current.size, file);
		fclose(file);
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static int read_input(const char *path, struct input *in)
{
	FILE *file = fopen(path, "rb");
	in->data = malloc(INPUT_MAX);
	if (!file || !in->data) {
		perror(path);
		return -1;
	}
	in->size = fread(in->data, 1, INPUT_MAX, file);
	fclose(file);
	return 0;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t below(uint64_t *state, size_t n)
{
	return n ? (size_t)(next_random(state) % n) : 0;
}

/* One change of *out, which has room for INPUT_MAX bytes. */
static void change(struct input *out, const struct input *other, uint64_t *state)
{
	static const unsigned char edges[] = {0, 1, 2, 0x7f, 0x80, 0xff};
	size_t at = below(state, out->size), n = 1 + below(state, 16);
	if (n > out->size - at)
		n = out->size - at;
	switch (out->size ? next_random(state) % 5 : 4) {
	case 0:
		out->data[at] = (unsigned char)next_random(state);
		break;
	case 1:
		out->data[at] = edges[below(state, sizeof(edges))];
		break;
	case 2: /* cut out */
		memmove(out->data + at, out->data + at + n, out->size - at - n);
		out->size -= n;
		break;
	case 3: /* double */
		if (out->size + n > INPUT_MAX)
			break;
		memmove(out->data + at + n, out->data + at, out->size - at);
		out->size += n;
		break;
	default: { /* some of another input */
		size_t from = below(state, other->size);
		size_t length = 1 + below(state, other->size - from);
		if (other->size == 0 || at + length > INPUT_MAX)
			break;
		memcpy(out->data + at, other->data + from, length);
		if (at + length > out->size)
			out->size = at + length;
	}
	}
}

static void run(const unsigned char *data, size_t size)
{
	/* A copy of exactly its size, so that a sanitizer sees reading past the end. */
	unsigned char *copy = malloc(size ? size : 1);
	if (!copy)
		return;
	memcpy(copy, data, size);
	current = (struct input){copy, size};
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	long rounds = 0;
	int option;
	while ((option = getopt(argc, argv, "n:")) != -1)
		rounds = option == 'n' ? atol(optarg) : -1;
	int count = argc - optind;
	struct input *corpus = calloc((size_t)(count > 0 ? count : 1), sizeof(*corpus));
	struct input out = {malloc(INPUT_MAX), 0};
	if (count <= 0 || rounds < 0 || !corpus || !out.data) {
		fprintf(stderr, "usage: %s [-n ROUNDS] FILE...\n", argv[0]);
		return 2;
	}
	signal(SIGABRT, keep_input);
	signal(SIGSEGV, keep_input);
	for (int i = 0; i < count; i++) {
		if (read_input(argv[optind + i], &corpus[i]))
			return 1;
		run(corpus[i].data, corpus[i].size);
	}
	uint64_t state = 88172645463325252u;
	for (long r = 0; r < rounds; r++) {
		const struct input *from = &corpus[below(&state, (size_t)count)];
		memcpy(out.data, from->data, from->size);
		out.size = from->size;
		for (size_t changes = 1 + below(&state, 8); changes; changes--)
			change(&out, &corpus[below(&state, (size_t)count)], &state);
		run(out.data, out.size);
	}
	printf("%d files, %ld changed ones\n", count, rounds);
	for (int i = 0; i < count; i++)
		free(corpus[i].data);
	free(corpus);
	free(out.data);
	return 0;
}
