/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entity_view: how entity*.c read a text: characters that people take for ASCII ones read as these.
 * Internal to them. Pure functions, any core.
 */
#ifndef SMSWALL_SMS_ENTITY_VIEW_H
#define SMSWALL_SMS_ENTITY_VIEW_H

#include "dataplane/sms/entity.h"
#include "dataplane/sms/fold_table.h"

/* What is found, and the buffer its normal form goes to. */
struct entity_sink {
	uint8_t *buffer;
	size_t size;
	size_t used;
};

struct entity_char {
	uint32_t cp; /* full width, mathematical letters, digits of all scripts: ASCII */
	uint8_t len; /* octets, 0 at the end of the text */
	bool letter; /* a letter or mark above ASCII */
	bool native; /* of a script that does not mix with Latin in one name */
};

static inline bool entity_is_digit(uint32_t c)
{
	return c - '0' < 10;
}

static inline bool entity_is_alnum(uint32_t c)
{
	return (c | 0x20) - 'a' < 26 || entity_is_digit(c);
}

/* entity_char_wide: the character above ASCII at `at`. */
struct entity_char entity_char_wide(struct bytes text, size_t at);

static inline struct entity_char entity_char_at(struct bytes text, size_t at)
{
	if (at >= text.len) {
		return (struct entity_char){ 0 };
	}
	if (text.data[at] < 0x80) {
		return (struct entity_char){ .cp = text.data[at], .len = 1 };
	}
	return entity_char_wide(text, at);
}

static inline bool entity_is_one_of(uint32_t c, const char *set)
{
	return c != 0 && c < 0x80 && strchr(set, (int)c) != NULL;
}

/* entity_match: `word` (lower case ASCII) stands at `at`, in any case; where it ends, or 0. */
size_t entity_match(struct bytes text, size_t at, const char *word);

/* entity_put, _text, _span: to the sink; false if it does not fit. A span is put as it is read. */
bool entity_put(struct entity_sink *sink, uint32_t cp);
bool entity_put_text(struct entity_sink *sink, const char *s);
bool entity_put_span(
	struct entity_sink *sink, struct bytes text, size_t from, size_t to, bool lower);

#define ENTITY_LABELS 32u /* of a host; more are not read */

struct entity_label {
	uint32_t from;
	uint32_t to;
};

struct entity_host {
	struct entity_label labels[ENTITY_LABELS];
	uint32_t n;
	bool bracketed; /* some dot was "[.]" or the like */
	bool spelled;   /* some dot was " dot " */
};

/* entity_read_host: labels and dots, defanged ones too, from `at`; where the last label ends. */
size_t entity_read_host(struct bytes text, size_t at, struct entity_host *host);

/* entity_cut_bare: how many of its labels are a host by themselves, without a scheme; 0: none. */
uint32_t entity_cut_bare(struct bytes text, const struct entity_host *host);

/* entity_cut_full: the same behind a scheme: all but a sentence that begins without a space. */
uint32_t entity_cut_full(struct bytes text, const struct entity_host *host);

/*
 * entity_read_url: the URL or domain that begins at `at`, a word character behind none, or whose
 * scheme ends the word there. True: *e is it. *tried: up to where no other domain can begin.
 */
bool entity_read_url(
	struct bytes text, size_t at, struct entity_sink *sink, struct entity *e, size_t *tried);

/* entity_read_number: the number that begins at `at`; *tried as above. */
bool entity_read_number(
	struct bytes text, size_t at, struct entity_sink *sink, struct entity *e, size_t *tried);

#endif
