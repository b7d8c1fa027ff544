/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entity_number: a number as it is read, group by group. Internal to entity_number.c and
 * entity_spell.c. Pure functions, any core. Bounds: NUMBER_GROUPS groups, the digits that fit.
 */
#ifndef SMSWALL_SMS_ENTITY_NUMBER_H
#define SMSWALL_SMS_ENTITY_NUMBER_H

#include "dataplane/sms/entity_view.h"

#define NUMBER_DIGITS_MIN 7u
#define NUMBER_DIGITS_MAX 15u
#define NUMBER_GROUPS     18u

/* Digits that are written as such, where letters stand for others. */
#define NUMBER_REAL_DIGITS_MIN 3u

struct number_group {
	uint8_t n_digits;
	uint8_t first;     /* its place in digits */
	uint8_t separator; /* before it: its only character, '(' if that is in it, or else ' ' */
	bool word;         /* said in words */
};

struct number {
	size_t from; /* of '+', '(' or the first digit */
	struct number_group groups[NUMBER_GROUPS];
	uint32_t n;
	uint8_t digits[NUMBER_DIGITS_MAX + 3];
	uint32_t n_digits;
	bool plus;
	bool overlong;
	/* of entity_spell.c: */
	bool odd; /* some of it is said otherwise than by digits and the usual separators */
	bool bad; /* a word stands at it that makes it none */
	uint32_t n_words;
	uint32_t n_letters; /* that stand for digits: O, l, I */
};

/* number_value: of n digits from `first`. */
uint32_t number_value(const struct number *m, uint32_t first, uint32_t n);

/*
 * number_read_spelled: the number at `at` where groups may be parted by more than the usual
 * separators, digits be letters that look like them, or words; the end of it, 0: none. It must be
 * proven to be one: m->odd.
 */
size_t number_read_spelled(struct bytes text, size_t at, struct number *m);

/* number_goes_on: behind `end` digits go on in a way that only number_read_spelled() reads. */
bool number_goes_on(struct bytes text, size_t end);

/* number_may_begin_spelled: a look-alike or a digit's word stands at `at`; cheap. */
bool number_may_begin_spelled(struct bytes text, size_t at);

/* number_survey_words: two words for digits stand side by side; looks at few octets of a text. */
bool number_survey_words(struct bytes text);

/* number_survey_letters: a letter that looks like a digit stands at a digit. */
bool number_survey_letters(struct bytes text);

#endif
