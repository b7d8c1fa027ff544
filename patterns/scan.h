/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan: matches one text against the rules of one field and view (Hyperscan, block mode).
 *
 * The text must lie in memory with at least SCAN_TAIL readable octets after its end: libhyperscan
 * 5.4.0 reads up to 15 octets beyond it on AVX-512-VBMI machines (research/ecosystem.md 6).
 * Ownership: a scratch belongs to one worker and fits every ruleset it was grown for. Owning core
 * only; scan_scratch_* are control only. Does not allocate.
 */
#ifndef SMSWALL_PATTERNS_SCAN_H
#define SMSWALL_PATTERNS_SCAN_H

#include "dataplane/base/bytes.h"
#include "patterns/ruleset.h"

enum { SCAN_TAIL = 64 };

struct scan_hit {
	uint32_t rule; /* index in the ruleset */
	uint32_t from; /* octets of the text; equal to `to` when the rule keeps no start of match */
	uint32_t to;
	uint8_t field;
	uint8_t view;
	uint8_t entity; /* url, number: which one */
};

/*
 * Hits of one message; a rule is listed once (its first match in the first entity that has one,
 * as long as it gets for a rule that keeps starts). Beyond `max` matches are counted, not kept.
 */
struct scan_hits {
	struct scan_hit *hits; /* of `max` entries, the caller's */
	uint32_t n;
	uint32_t max;
	uint32_t n_dropped;
};

struct scan_scratch; /* Hyperscan's, per worker */

/* scan_scratch_grow: makes *s fit `r` (allocates it when NULL). 0 or -ENOMEM. Control only. */
int scan_scratch_grow(struct scan_scratch **s, const struct ruleset *r);
void scan_scratch_free(struct scan_scratch *s);
size_t scan_scratch_size(const struct scan_scratch *s);

/* scan_wanted: some rule looks into this field and view. */
static inline bool scan_wanted(const struct ruleset *r, enum rule_field f, enum rule_view v)
{
	return r->parts[f][v].n_rules != 0;
}

/* scan_text: appends the hits of `text`; false when Hyperscan refused (counted by the caller). */
bool scan_text(const struct ruleset *r, struct scan_scratch *s, enum rule_field field,
	enum rule_view view, uint8_t entity, struct bytes text, struct scan_hits *hits);

#endif
