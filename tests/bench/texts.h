/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * texts: what bench sends: the texts of JSON or JSON-lines files (key "text"), in kinds, and rules.
 *
 *   plain      ASCII, about 107 octets: short ones are put together, long ones cut
 *   disguised  the same with letters as digits and words spaced out: the folded view is needed
 *   linked     plain ones whose end is a link; or three links and a number
 *   found      as they stand in the file, ASCII as GSM 7-bit, all else as UCS-2, cut to one SMS
 */
#ifndef SMSWALL_TESTS_BENCH_TEXTS_H
#define SMSWALL_TESTS_BENCH_TEXTS_H

#include "tests/bench/traffic.h"

enum {
	TEXTS_MAX = 128
}; /* few enough for the scanned octets to stay in the first cache, as a text just decoded does */

enum text_kind {
	TEXTS_PLAIN,
	TEXTS_DISGUISED,
	TEXTS_FOUND,
	TEXTS_LINK,  /* one link */
	TEXTS_LINKS, /* three, and a number */
	TEXT_KINDS
};

struct texts {
	struct traffic_text text[TEXT_KINDS][TEXTS_MAX];
	struct traffic_text
		lure[TEXT_KINDS]
		    [TEXTS_MAX];   /* the same, each with the lure that bench.lure refuses */
	unsigned n;                /* of each */
	double octets[TEXT_KINDS]; /* mean */
};

/* texts_load: false, and a word on stderr, when the file cannot be read or has too few texts. */
bool texts_load(struct texts *t, const char *path);

/* texts_rules: the text of a pattern file with `n` mixed rules; malloc'ed. */
char *texts_rules(unsigned n);

#endif
