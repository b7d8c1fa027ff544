/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map_case: one mt-forwardSM in one DATA chunk whose every octet has a known place, for tests that
 * change one, cut it off, or say the same in another form of BER.
 *
 *   M3UA at 0 | SCCP UDT at 24 | TCAP at 54: 62 81 L | 48 04 id | 6C 81 L | A1 81 L | 02 01 invoke id |
 *   02 01 44 | 30 81 L | 80 08 IMSI | 84 07 centre | 04 81 L at 43 | SMS-DELIVER at 46, its TP-UDL at 64
 */
#ifndef SMSWALL_TESTS_MAP_CASE_H
#define SMSWALL_TESTS_MAP_CASE_H

#include "tests/support/lab_sigtran.h"

#define MAP_CASE_RULES "spam:/buy now/i category=spam weight=100\n"
#define MAP_CASE_SPAM  "please Buy Now at our shop in the town"
#define MAP_CASE_HAM   "see you there at three, bring the keys"

enum { MAP_CASE_TCAP = 54, MAP_CASE_TPDU = MAP_CASE_TCAP + 46, MAP_CASE_SEEDS = 6 };

struct map_case {
	uint8_t user[LAB_MESSAGE_SIZE]; /* the user message of SCTP */
	size_t user_len;
	size_t tcap_len;
	bool from_client;
};

/* What a case is made of; zeroed fields have defaults. */
struct map_case_options {
	struct bytes tpdu; /* empty: a DELIVER of `text` */
	const char *text;  /* ASCII */
	const char *
		tpdu_form; /* "04L" (default); a constructed string "24P", the same indefinite "24I" */
	bool indefinite;   /* all else that is constructed */
	bool more;         /* moreMessagesToSend */
	bool continues;    /* in a Continue of the dialogue */
	uint8_t invoke_id; /* 0: 5 */
};

struct map_case map_case_make(const struct map_case_options *o);
struct map_case map_case_of_text(const char *text);
struct map_case map_case_of_tpdu(struct bytes tpdu);
struct map_case map_case_of(struct bytes tcap);
struct map_case map_case_of_hex(const char *tcap);
/* map_case_seed: one of MAP_CASE_SEEDS with MAP_CASE_SPAM: both ways, all versions and forms. */
struct map_case map_case_seed(unsigned seed);

/* A lab with an association, its policy MAP_CASE_RULES; closing checks the ledger. One at a time. */
struct lab *map_case_open(void);
struct lab *map_case_open_on(struct generation *rules);
void map_case_close(struct lab *lab);

/* map_case_send: in a chunk of its own with the next TSN; true: it left as it came. */
bool map_case_send(struct lab *lab, const struct map_case *c);

/* map_case_chunk_len: with padding. */
size_t map_case_chunk_len(const struct map_case *c);

/* map_case_counted: how often `why` was; map_case_named: all reasons together, and octets without text. */
uint64_t map_case_counted(const struct lab *lab, enum reason why);
uint64_t map_case_named(const struct lab *lab);

/* map_case_left_text: the octets of `text`, packed, are in the frame that left last. */
bool map_case_left_text(const struct lab *lab, const char *text);

/* map_case_pack: septets (TS 23.038 6.1.2.1) from bit `from` of `out`; the length in octets. */
size_t map_case_pack(const char *text, unsigned from, uint8_t *out);

#endif
