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
	uint8_t len; /* octets, with what is invisible behind it; 0 at the end of the text */
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

#define ENTITY_INVISIBLE 4u /* behind one character, that are none of their own */

/* entity_char_wide: the character at `at`, where it or the one behind it is above ASCII. */
struct entity_char entity_char_wide(struct bytes text, size_t at);

static inline struct entity_char entity_char_at(struct bytes text, size_t at)
{
	if (at >= text.len) {
		return (struct entity_char){ 0 };
	}
	if (text.data[at] < 0x80 && (at + 1 == text.len || text.data[at + 1] < 0x80)) {
		return (struct entity_char){ .cp = text.data[at], .len = 1 };
	}
	return entity_char_wide(text, at);
}

static inline bool entity_is_one_of(uint32_t c, const char *set)
{
	return c != 0 && c < 0x80 && strchr(set, (int)c) != NULL;
}

/* entity_lower_point: simple lower case; above ASCII too. */
uint32_t entity_lower_point(uint32_t cp);

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
	bool spaced;    /* some dot was " . " */
};

/* entity_read_host: labels and dots, defanged ones too, from `at`; where the last label ends. */
size_t entity_read_host(struct bytes text, size_t at, struct entity_host *host);

/* entity_read_mixed: the same where scripts may mix in a label: only behind a scheme. */
size_t entity_read_mixed(struct bytes text, size_t at, struct entity_host *host);

/*
 * entity_read_spaced: the same with blanks around the dots: "example . com / x"; false if that is
 * no host, as most words beside a dot are none. True: *host is all of it. `full`: behind a scheme.
 */
bool entity_read_spaced(struct bytes text, size_t at, bool full, struct entity_host *host);

/* entity_is_spaced: at `at` is a dot, blanks and what could end such a host; a cheap first look. */
bool entity_is_spaced(struct bytes text, size_t at);

/* entity_host_ends: the last label is a top-level domain, or the host an address. */
bool entity_host_ends(struct bytes text, const struct entity_host *host);

/* entity_path_behind: where '/' is, blanks before it, and behind it something; 0: nowhere. */
size_t entity_path_behind(struct bytes text, size_t at);

/* entity_put_host: labels 0..n-1 in their normal form; `full`: behind a scheme. */
bool entity_put_host(struct entity_sink *sink, struct bytes text, const struct entity_host *host,
	uint32_t n, bool full);

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

/* entity_read_number: the number that begins at `at`, of `home` or international; *tried as above. */
bool entity_read_number(struct bytes text, size_t at, uint16_t home, struct entity_sink *sink,
	struct entity *e, size_t *tried);

#endif
