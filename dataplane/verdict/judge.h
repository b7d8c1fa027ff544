/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge: one message in, one verdict out: joined with its other parts, seen in its views, matched,
 * weighed. The data path and `smswallctl explain` call the same function; what it looked at stays
 * in struct judge_views until the next message.
 *
 * Ownership: a judge belongs to one worker; the concat table is shared. Owning core only.
 * Does not allocate: judge_size() octets at boot.
 */
#ifndef SMSWALL_VERDICT_JUDGE_H
#define SMSWALL_VERDICT_JUDGE_H

#include "dataplane/sms/concat.h"
#include "dataplane/sms/entity.h"
#include "dataplane/sms/fold.h"
#include "dataplane/sms/sms.h"
#include "dataplane/verdict/generation.h"
#include "dataplane/verdict/verdict.h"

/* What was looked at: for explanations and redaction. */
struct judge_views {
	struct bytes text; /* joined parts, or the message's bodies with '\n' between two */
	size_t own_from;   /* where this PDU's first body lies in text */
	size_t own_to;
	bool joined;
	uint8_t joined_first; /* parts */
	uint8_t joined_last;
	uint8_t passed[32]; /* parts that had passed before (bitmap), as in struct concat_joined */
	bool concat_alone; /* a part that had to be judged alone, or that later ones will not see */
	bool concat_conflict; /* the part had come before with other text */
	bool folded_scanned;  /* the folded text is another than the text, and rules look into it */
	struct bytes folded;  /* else: the text itself, for which those rules need no fold */
	struct bytes sender;
	struct bytes sender_folded;
	uint32_t n_entities;
	struct entity entities[LIMIT_ENTITIES];
};

struct judge {
	struct sms_buffers buffers;
	struct concat *concat;              /* NULL: parts are judged alone */
	struct limits *limits;              /* set after judge_init(); NULL: limits are not asked */
	struct limit_charge *limit_charges; /* of JUDGE_CHARGES_MAX */
	uint64_t *limit_elements;           /* likewise */
	unsigned worker;                    /* index of its scratch in a generation */
	struct judge_views views;
	struct condition_subject subject; /* begun where generation->plan.conditions */
	uint16_t home;                    /* country of national numbers, of the message at hand */
	struct scan_hit hits[LIMIT_HITS];
	uint8_t *sender; /* buffers for the sender's views */
	uint8_t *sender_folded;
	uint64_t
		unseen_links; /* bit per link: texts are not inspected there (smswall.conf), whatever policy says */
	uint64_t sample_key; /* of the senders that rules in state sample act on; fixed in replay */
	uint64_t sender_hash;                 /* of the message's */
	uint8_t list_digits[LIST_DIGITS_OUT]; /* the number that was met */
	uint64_t text_hash[2]; /* limit_text_hash() of the message's text; by `shape` */
	bool text_hashed[2];   /* it is made */
	size_t text_len;       /* octets of text that the message was judged by */
	uint64_t
		scan_cycles; /* that the message's matching took, as stats.cycles counts; 0: untimed */
	uint32_t *fold_origin; /* maps back, for judge_spans() */
	uint32_t *text_origin;
};

/* What a submit_multi may be charged to: each limit, each recipient. */
enum { JUDGE_CHARGES_MAX = LIMIT_RULES_MAX * 255 };

size_t judge_size(void);
void judge_init(struct judge *j, void *memory, struct concat *concat, unsigned worker);

/*
 * judge_message: gives *v for `m`, whose bodies are decoded. With `remember` false (on_release =
 * early, explain) the concat table is read but not written.
 *
 * Counts into `stats` what it does: receipts, parts, scans, shadow hits, cycles of its stages.
 * Messages by action and the verdict's reason are the caller's to count, who knows which verdict is
 * the final one; concat_full and scan_error are counted here where they are not the reason.
 */
void judge_message(struct judge *j, const struct generation *g, const struct sms *m,
	uint64_t now_us, bool remember, struct stats *stats, struct verdict *v);

/*
 * judge_acts: a rule counts for the message judged last: it is on, or in state sample and the
 * message's sender is among those that it acts on: by a keyed hash of sender and rule, so that a sender
 * stays, also when the share grows.
 */
bool judge_acts(const struct judge *j, const struct rule *r);

/* judge_count_rules: counts a final verdict at the rules that hit and the one, or the list, that decided. */
void judge_count_rules(const struct judge *j, const struct generation *g, const struct verdict *v,
	uint64_t now_us);

/*
 * judge_limits_each: for explanations, of the message judged last: each limit that is for it, with its
 * keys. Slow path.
 */
typedef void (*judge_limits_seen)(
	void *arg, const struct limit_rule *r, const struct limit_key_value *k);
void judge_limits_each(struct judge *j, const struct generation *g, const struct sms *m,
	const struct verdict *v, judge_limits_seen seen, void *arg);

/*
 * judge_spans: the octets of this PDU's bodies to blank out for a redaction, as ranges of units
 * (text.h) per body, merged and sorted. What is left was judged again: no rule that asks for a
 * redaction matches it any more. Where that cannot be reached (a text of more than 16 KB, a match in
 * the sender, too many matches) the ranges are all of the bodies. None: the match lies in parts that
 * had passed. Comes after judge_message() and overwrites its views. Slow path, bounded.
 * Returns the number of ranges, at most `max` (>= SMS_BODIES).
 */
struct judge_span {
	uint8_t body;
	size_t from; /* units, [from, to) */
	size_t to;
};
uint32_t judge_spans(struct judge *j, const struct generation *g, const struct sms *m,
	const struct verdict *v, struct judge_span *spans, uint32_t max);

#endif
