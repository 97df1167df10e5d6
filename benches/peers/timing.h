/* What the benchmarks of the C libraries share: inputs, and medians of many short measurements.
 *
 * Each program is called with the folder of the inputs and the seconds for each figure, and prints
 * "group TAB function TAB bytes TAB nanoseconds", for `cargo xtask benchmarks --c-peers`. */

#ifndef TIMING_H
#define TIMING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct input {
	char *bytes;
	size_t length;
};

static const char *folder;
static double seconds;

/* What is measured leaves its results here, so that none can be left out. */
static volatile size_t sink;

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* The input of this name, with a zero behind it. */
static struct input input(const char *name)
{
	char path[4096];
	struct input read = {NULL, 0};
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		fail(path);
	fseek(file, 0, SEEK_END);
	read.length = (size_t)ftell(file);
	rewind(file);
	read.bytes = calloc(read.length + 1, 1);
	if (!read.bytes || fread(read.bytes, 1, read.length, file) != read.length)
		fail(path);
	fclose(file);
	return read;
}

/* The messages of var256.bin: each behind its length as four bytes, little-endian. */
static size_t variants(struct input *messages, size_t most)
{
	struct input all = input("var256.bin");
	size_t count = 0, at = 0;

	while (at + 4 <= all.length && count < most) {
		const unsigned char *head = (const unsigned char *)all.bytes + at;
		size_t length = head[0] | head[1] << 8 | head[2] << 16 | (size_t)head[3] << 24;
		struct input *message = &messages[count++];

		message->length = length;
		message->bytes = calloc(length + 1, 1);
		if (!message->bytes || at + 4 + length > all.length)
			fail("var256.bin");
		memcpy(message->bytes, all.bytes + at + 4, length);
		at += 4 + length;
	}
	return count;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum { SAMPLES = 50 };

/* Measures what `run` does with `argument`, and prints the median. */
static void measure(const char *group, const char *function, size_t bytes, void (*run)(void *),
		    void *argument)
{
	double samples[SAMPLES], begin = now();
	size_t once = 0, i, n;

	/* How often fits into one sample. The first tenth warms up. */
	while (now() - begin < seconds * 1e8) {
		run(argument);
		once++;
	}
	once = once * 10 / SAMPLES + 1;
	for (i = 0; i < SAMPLES; i++) {
		begin = now();
		for (n = 0; n < once; n++)
			run(argument);
		samples[i] = (now() - begin) / (double)once;
	}
	qsort(samples, SAMPLES, sizeof(samples[0]), ascending);
	printf("%s\t%s\t%zu\t%.1f\n", group, function, bytes, samples[SAMPLES / 2]);
	fflush(stdout);
}

static void measure_files(const char *function, void (*run)(void *))
{
	static const char *const names[] = {
		"inv1.sip", "inv2.sip", "ok200.sip", "register.sip", "options.sip",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct input message = input(names[i]);
		char group[64];

		snprintf(group, sizeof(group), "sip/six/%s", names[i]);
		measure(group, function, message.length, run, &message);
	}
}

/* 256 different messages in turn. */
static void (*run_one)(void *);
static struct input many[256];
static size_t how_many;

static void run_many(void *unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < how_many; i++)
		run_one(&many[i]);
}

static void measure_variants(const char *function, void (*run)(void *))
{
	how_many = variants(many, sizeof(many) / sizeof(many[0]));
	run_one = run;
	measure("sip/six/256 different messages", function, 0, run_many, NULL);
}

/* The URIs of benches/uri.rs. */
static void measure_uris(const char *function, void (*run)(void *))
{
	static const char *const uris[] = {
		"sip:alice.b@atlanta.com:42",
		"sip:+1-212-555-1212:1234@gateway.example.com:5060;user=phone;lr;x=1234",
		"sips:alice@atlanta.example.com:5061;transport=tcp;lr?subject=project%20x&priority=urgent&a=bcd",
	};
	size_t i;

	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct input uri = {(char *)uris[i], strlen(uris[i])};
		char group[64];

		snprintf(group, sizeof(group), "SIP URI %zu B", uri.length);
		measure(group, function, uri.length, run, &uri);
	}
}

static void begin(int count, char **arguments)
{
	if (count != 3)
		fail("usage: PROGRAM FOLDER SECONDS");
	folder = arguments[1];
	seconds = atof(arguments[2]);
}

#endif
