/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fold: the folded view of a text: disguise undone (case, width, look-alikes, diacritics,
 * zero-width characters, leet, spacing), so that one pattern meets all spellings.
 *
 * Idempotent: fold(fold(x)) == fold(x). Output is valid UTF-8 and at most FOLD_SIZE(len) octets.
 * Rules and their reasons: research/folding.md, restated at the top of fold.c. Tables are generated
 * at build time from packaged Unicode data (dataplane/sms/gen_fold.py).
 * Pure functions over memory of the caller; any core.
 */
#ifndef SMSWALL_SMS_FOLD_H
#define SMSWALL_SMS_FOLD_H

#include "dataplane/base/bytes.h"

#define FOLD_SIZE(octets) (3u * (octets) + 4u)

struct fold_result {
	size_t len;
	bool beyond_case; /* it differs from the text by more than case and spaces */
};

/*
 * fold_text: folds valid UTF-8 `text` into `out` (capacity `size` >= FOLD_SIZE(text.len)). When
 * `origin` is not NULL (capacity size + 1), origin[i] is the offset in `text` that output octet i
 * came from, non-decreasing, and origin[len] == text.len. Without it a quick check may return
 * len 0: the fold is the text in lower case (fold_needed).
 */
struct fold_result fold_text(struct bytes text, uint8_t *out, size_t size, uint32_t *origin);

/* fold_needed: false when the text is plain ASCII, its fold that text in lower case. Cheap. */
bool fold_needed(struct bytes text);

#endif
