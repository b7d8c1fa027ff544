/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config_keys: the one table of configuration keys: name, type, unit, range, default, help and
 * where the value goes. Reading (config.c), printing and the manual's list all walk it.
 *
 * Const data; control only.
 */
#ifndef SMSWALL_CONTROL_CONFIG_KEYS_H
#define SMSWALL_CONTROL_CONFIG_KEYS_H

#include "control/config.h"

enum { CONFIG_KEYS_MAX = 128 };

enum config_scope {
	CONFIG_TOP,  /* of the file; offsets are in struct config */
	CONFIG_LINK, /* of an element of `links`; offsets are in struct link_config */
	CONFIG_PAIR, /* the same; offsets are in struct config_port_pair */
};

enum config_type {
	CONFIG_BOOL,
	CONFIG_INT,
	CONFIG_ENUM,     /* one of `choices` */
	CONFIG_FLAGS,    /* a list of `choices`, or-ed */
	CONFIG_STRING,   /* char[size] */
	CONFIG_CODE,     /* one of `choices`, or a number */
	CONFIG_INTS,     /* uint16_t[most] or uint32_t[most] and a count of one octet */
	CONFIG_CODES,    /* the same, of codes */
	CONFIG_PREFIXES, /* struct prefix[most] and a count of one octet */
	CONFIG_DIGITS,   /* struct signalling_prefix[most] and a count of one octet */
	CONFIG_TWO_INTS, /* exactly two uint16_t */
};

struct config_choice {
	const char *name; /* NULL ends the list */
	uint8_t value;
	const char *refused; /* why this one is not allowed here; NULL: it is */
};

struct config_key {
	const char *path; /* with dots */
	enum config_scope scope;
	enum config_type type;
	size_t offset;
	size_t size;         /* octets of the field; 0: nothing is stored (one value only) */
	size_t count_offset; /* lists */
	unsigned most;       /* lists: elements at most */
	int64_t min, max;    /* numbers and elements */
	uint32_t scale;      /* stored = written * scale; 0 is 1 */
	const char *unit;
	const char *initial; /* the default as it is written; NULL: the key must be given */
	const struct config_choice *choices;
	const char *help;
};

extern const struct config_key config_keys[];
extern const size_t config_keys_count;

/* config_key_width: octets of an element of a list of numbers. */
size_t config_key_width(const struct config_key *k);

/* config_number_load, config_number_store: an unsigned number of 1, 2, 4 or 8 octets. */
uint64_t config_number_load(const uint8_t *at, size_t width);
void config_number_store(uint8_t *at, size_t width, uint64_t v);

/* config_key_base: where in struct config the struct is that `offset` of a key of this scope is in. */
size_t config_key_base(enum config_scope scope, unsigned link);

/* config_key_print: the value of `k` (of a link: of that one) as it is written in a file. */
void config_key_print(const struct config_key *k, const struct config *c, unsigned link, FILE *to);

#endif
