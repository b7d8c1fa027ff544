/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rule_attribute: what each key=value of a rule means, for reading and for printing.
 *
 * Control only. Errors: all of a line's, each at its word, with what may have been meant.
 */
#ifndef SMSWALL_PATTERNS_RULE_ATTRIBUTE_H
#define SMSWALL_PATTERNS_RULE_ATTRIBUTE_H

#include <stdio.h>

#include "patterns/rule_text.h"

enum {
	CATEGORY_NAME_SIZE = 32, /* as POLICY_NAME_SIZE of verdict/policy.h */
	NOTE_SIZE = 1001,
	WEIGHT_MAX = 1000,
	STATUS_MAX = 0x4FF, /* SMPP 3.4 5.1.3: 0x400..0x4FF are vendors' own, above is reserved */
	STATUS_VENDOR = 0x400,
};

struct rule_attributes {
	char category[CATEGORY_NAME_SIZE];
	int32_t weight;
	uint32_t status;
	uint8_t action;
	uint8_t state;
	uint8_t sample; /* of RULE_SAMPLE */
	uint8_t field;
	uint8_t view;
	uint32_t written;     /* bit per attribute that the line at hand gave */
	char note[NOTE_SIZE]; /* "": none */
};

void rule_attribute_set_builtin(struct rule_attributes *a);

/*
 * rule_attribute_read: reads words from `at` to the line's end over what *a holds (the defaults).
 * `scratch` has QUOTED_SIZE octets. False after errors; *a may then be half read.
 */
bool rule_attribute_read(
	const struct rule_line *l, size_t at, char *scratch, struct rule_attributes *a);

/* rule_attribute_print: " key=value" for each that differs from the built-in defaults. */
void rule_attribute_print(FILE *to, const struct rule *r, const char *category);

#endif
