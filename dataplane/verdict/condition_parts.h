/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * condition_parts: what the files of condition.h share; nobody else includes it.
 *
 *   condition.c          names, and trees of tests
 *   condition_test.c     one test: which values the message has there, and whether they fit
 *   condition_subject.c  numbers and times of the message, made once
 */
#ifndef SMSWALL_VERDICT_CONDITION_PARTS_H
#define SMSWALL_VERDICT_CONDITION_PARTS_H

#include "dataplane/verdict/condition.h"

/* condition_test: one of the values of `node` fits the message. */
bool condition_test(struct condition_subject *s, const struct condition_node *node);

/* condition_destination: the one that is asked for. */
struct sms_address condition_destination(const struct condition_subject *s);

/* condition_gt: a global title of MAP as digits; empty: it has none. */
struct bytes condition_gt(const struct condition_subject *s, enum condition_number_of which);

/* condition_clock: sets `minute` and `day`. */
void condition_clock(struct condition_subject *s);

/* condition_digits_only: `b`, or nothing if it has another octet than digits. */
struct bytes condition_digits_only(struct bytes b);

#endif
