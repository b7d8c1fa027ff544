/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_text: what the messages say (texts with labels, of a file or our own) and how it becomes the
 * units of a coding: septets, UTF-16 units or octets, cut into parts where no character is cut.
 *
 * First step of the traffic maker; it shares nothing with dataplane/sms/text.c, whose tests use it.
 * Control only, one thread. Ownership: a struct traffic_texts owns what it loaded. Bounds:
 * TRAFFIC_CHARACTERS_MAX a text, TRAFFIC_TEXTS_MAX texts. Errors: sentences in a diag, file:line.
 * Source: 3GPP TS 23.038 6.2.1 and annex A; TS 23.040 9.2.3.24; RFC 2781, RFC 3629.
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_TEXT_H
#define SMSWALL_CONTROL_TRAFFIC_TEXT_H

#include "control/traffic_random.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/diag.h"

enum {
	TRAFFIC_CHARACTERS_MAX = 1000,
	TRAFFIC_TEXT_SIZE_MAX = 4 * TRAFFIC_CHARACTERS_MAX + 1,
	TRAFFIC_TEXTS_MAX = 1000000,
	TRAFFIC_LABEL_SIZE = 32,
	TRAFFIC_UNITS_MAX = 2 * TRAFFIC_CHARACTERS_MAX,
	TRAFFIC_PARTS_MAX = 32, /* 1,000 characters of two units each, 66 units a part */
	TRAFFIC_BINARY_LEN = 140,
};

struct traffic_sample {
	const char *label; /* "ham", or what kind of spam it is */
	const char *text;  /* UTF-8 */
};

/* traffic_samples: texts of our own (traffic_sample.c); those that are not ham meet patterns/sets. */
extern const struct traffic_sample traffic_samples[];
extern const size_t traffic_n_samples;

struct traffic_texts {
	struct traffic_sample *ham;
	struct traffic_sample *other;
	uint32_t n_ham;
	uint32_t n_other;
	char *octets; /* of the file; NULL: the samples of our own */
};

/*
 * traffic_texts_load: lines "label<TAB>text", label "ham" for what is clean; empty lines and those
 * that begin with # are left out. `path` NULL: our own. 0 or a control_code.
 */
int traffic_texts_load(struct traffic_texts *t, const char *path, struct diag *diag);
void traffic_texts_free(struct traffic_texts *t);

enum traffic_coding { TRAFFIC_GSM7, TRAFFIC_UCS2, TRAFFIC_LATIN1, TRAFFIC_BINARY };

/* Of the UDH (TS 23.040 9.2.3.24.15, .16); 0: the default alphabet. */
struct traffic_language {
	uint8_t single;
	uint8_t locking;
};

/* A text as units of a coding. */
struct traffic_units {
	enum traffic_coding coding;
	struct traffic_language language;
	uint32_t n;
	uint16_t unit[TRAFFIC_UNITS_MAX];
	uint16_t from[TRAFFIC_UNITS_MAX + 1]; /* octet of the text that its character begins at */
};

/* traffic_units_encode: false when a character is not in the coding: then `u` is half filled. */
bool traffic_units_encode(struct traffic_units *u, const char *text, enum traffic_coding coding,
	struct traffic_language language);

/* traffic_units_language: the national tables that the text needs in 7 bits; false: none will do. */
bool traffic_units_language(
	struct traffic_units *u, const char *text, struct traffic_language *language);

/* One part: units [first, first + n). */
struct traffic_piece {
	uint32_t first;
	uint32_t n;
};

/*
 * traffic_units_split: one piece where `whole` units are enough for it, else pieces of `part` at
 * most; an escape sequence or surrogate pair is in one of them. Their number (<= TRAFFIC_PARTS_MAX).
 */
unsigned traffic_units_split(const struct traffic_units *u, uint32_t whole, uint32_t part,
	struct traffic_piece pieces[TRAFFIC_PARTS_MAX]);

/* traffic_units_octets: a piece as octets: a septet each in 7 bits, two a unit in UCS-2. */
size_t traffic_units_octets(
	const struct traffic_units *u, struct traffic_piece piece, uint8_t *out, size_t size);

#endif
