/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * concat: the parts of long messages, joined in any order before they are matched, and the memory
 * of which long messages are condemned, and which were admitted by limits (design.md 7).
 *
 * The key is (originator, recipient, carrier, reference, width, total): parts may differ in data
 * coding, so each is decoded by its own and joined as UTF-8. Of the addresses the digits count, not
 * TON and NPI or a leading '+', which networks change on the way.
 * A part that comes again with other text (an attack, or a reference used again) does not replace
 * the first: up to LIMIT_CONCAT_VARIANTS texts of a part are kept, for receivers differ in which
 * they believe, and a phrase over two parts is found whichever of their texts it lies in.
 * Of a part above LIMIT_CONCAT_PART_LEN only the first and the last half of that are kept: its tail
 * is joined with the part behind it, its head with the part before it, and nothing across it.
 * Thread-safety: one table for all workers; a bucket is locked by a bounded try-lock: contended or
 * full means CONCAT_ALONE, counted by the caller. Never waits. Any core.
 * Bounds: `messages_max` long messages, `blocks_max` blocks of text, `age_us` since the last part;
 * in a full bucket the oldest message gives way that is past its age or whose parts have all passed.
 * Texts are personal: they are zeroed when their message leaves the table or is condemned.
 * Source: TS 23.040 9.2.3.24.1, 9.2.3.24.8; SMPP 3.4 5.3.2.22-24.
 */
#ifndef SMSWALL_SMS_CONCAT_H
#define SMSWALL_SMS_CONCAT_H

#include "dataplane/limits.h"
#include "dataplane/sms/sms.h"

struct concat_config {
	uint32_t messages_max;
	uint32_t blocks_max;
	uint64_t age_us;
	uint64_t hash_key; /* random; fixed in replay */
};

struct concat;

/* `memory` is aligned to 64. */
size_t concat_size(const struct concat_config *config);
struct concat *concat_init(void *memory, const struct concat_config *config);

enum concat_found {
	CONCAT_ALONE,     /* judge this part alone: table full or contended */
	CONCAT_JOINED,    /* *joined is this part with its known neighbours */
	CONCAT_CONDEMNED, /* the message is condemned: see `verdict` */
};

/* What a long message was condemned to; opaque to this module but for being copied. */
struct concat_verdict {
	uint32_t rule; /* index in `generation` */
	uint32_t generation;
	uint8_t action;
	uint8_t category;
	uint32_t status;
	char rule_id[LIMIT_RULE_ID_LEN + 1];
};

struct concat_joined {
	/*
	 * In `buffer`: known neighbours and the part, in part order. Where a neighbour has more than
	 * one text the whole follows again, behind a '\n', with its next older one.
	 */
	struct bytes text;
	size_t own_from; /* where this part's text lies in it (the first time) */
	size_t own_to;
	uint8_t first, last; /* parts joined */
	bool conflict;       /* the part had come before with other text */
	bool unstored; /* joined, but no room to keep it for later parts: counted as concat_full */
	uint8_t passed[32]; /* bit p: part p has been seen (and passed) before this one */
	struct concat_verdict verdict; /* CONCAT_CONDEMNED */
};

/*
 * concat_add: takes part m->concat with `text`, joins it with the known parts next to it without a
 * gap, and keeps it. A part seen before with the same text is joined again all the same (it may
 * complete a match by now). `buffer` of `size` octets gets the part's whole text and at most
 * LIMIT_CONCAT_TEXT_LEN of its neighbours', the nearest first; a buffer that is too small for the
 * part's own text means CONCAT_ALONE. *joined is set but for CONCAT_ALONE.
 */
enum concat_found concat_add(struct concat *c, const struct sms *m, struct bytes text,
	uint64_t now_us, uint8_t *buffer, size_t size, struct concat_joined *joined);

/* concat_look: as concat_add, but nothing in the table changes. */
enum concat_found concat_look(struct concat *c, const struct sms *m, struct bytes text,
	uint64_t now_us, uint8_t *buffer, size_t size, struct concat_joined *joined);

/* concat_condemn: all later parts of m's message are refused by `verdict`. False if it is not in the table (any more). */
bool concat_condemn(struct concat *c, const struct sms *m, const struct concat_verdict *verdict,
	uint64_t now_us);

/*
 * Admission, for limits, which charge a long message once. A message is admitted from the first part
 * that was let in on; the same part coming again after it was let in is a new message. Works with and
 * without the parts' texts (concat_add()): the entry is made where there is none.
 */
enum concat_standing {
	CONCAT_FIRST,   /* no part of it was let in so far */
	CONCAT_FURTHER, /* another part was */
	CONCAT_REFUSED, /* condemned: `verdict` is set */
	CONCAT_UNKNOWN, /* table full or contended, or no part of a long message */
};
struct concat_admission {
	struct concat_verdict verdict;
	uint8_t before[32]; /* bit p: part p was let in before */
};
/* concat_standing: of m's part now; nothing changes. */
enum concat_standing concat_standing(
	struct concat *c, const struct sms *m, uint64_t now_us, struct concat_admission *a);
/* concat_admit: as it says, and this part is let in from now on. */
enum concat_standing concat_admit(
	struct concat *c, const struct sms *m, uint64_t now_us, struct concat_admission *a);
/* concat_withdraw: the part that concat_admit() called CONCAT_FIRST was not let in after all. */
void concat_withdraw(struct concat *c, const struct sms *m, const struct concat_admission *a);
/* concat_refuse: concat_condemn(), also of a message that is not in the table. False: no room. */
bool concat_refuse(struct concat *c, const struct sms *m, const struct concat_verdict *verdict,
	uint64_t now_us);

/* concat_expire: a slice of housekeeping: frees what is past its age in the next `buckets` buckets. */
void concat_expire(struct concat *c, uint64_t now_us, uint32_t buckets);

uint32_t concat_count(const struct concat *c);

#endif
