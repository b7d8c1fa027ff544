/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of subscribers: "SUBSCRIBER SENDER" (ITU-T X.1242 has each user keep black and white lists of
 * senders at the filter). Part of lists.h and list_build.h.
 *
 * An entry is a text in one of four forms; the sender alone tells which:
 *
 *   447700900001 447700900009   a number       447700900001 4477009*   those with this prefix
 *   447700900001 MyBank         as sent        447700900001 *          everyone
 */
#include "dataplane/verdict/list_parts.h"

enum { FORM_TEXT, FORM_NUMBER, FORM_PREFIX, FORM_ALL };

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* sender_form: what a sender in canonical form is. */
static int sender_form(struct bytes sender)
{
	size_t n = 0;

	while (n < sender.len && is_digit(sender.data[n])) {
		n++;
	}
	if (n == sender.len) {
		return n != 0 ? FORM_NUMBER : FORM_TEXT;
	}
	if (sender.data[n] == '*' && n + 1 == sender.len) {
		return n != 0 ? FORM_PREFIX : FORM_ALL;
	}
	return FORM_TEXT;
}

/* sender_of: what stands behind the first blank. */
static struct bytes sender_of(struct bytes entry)
{
	const uint8_t *blank = entry.len != 0 ? memchr(entry.data, ' ', entry.len) : NULL;

	return blank != NULL ? bytes_slice(entry, (size_t)(blank - entry.data) + 1, entry.len)
	                     : bytes_of(NULL, 0);
}

uint16_t list_pair_prefixes(const struct list_texts *s)
{
	uint16_t lengths = 0;

	for (uint32_t place = 0; place < s->blob_len; place = list_text_next(s, place)) {
		struct bytes sender = sender_of(list_text_at(s, place).text);

		if (sender_form(sender) == FORM_PREFIX && sender.len - 1 <= LIST_DIGITS_MAX) {
			lengths = (uint16_t)(lengths | 1u << (sender.len - 1));
		}
	}
	return lengths;
}

/* ---- reading ---- */

static int wrong(char why[LIST_WHY_SIZE], const char *what)
{
	(void)snprintf(why, LIST_WHY_SIZE, "%s", what);
	return -1;
}

/* plain_number: without "+" or "00" before it. */
static struct bytes plain_number(struct bytes sender)
{
	if (sender.len > 1 && sender.data[0] == '+') {
		return bytes_slice(sender, 1, sender.len);
	}
	if (sender.len > 2 && sender.data[0] == '0' && sender.data[1] == '0') {
		return bytes_slice(sender, 2, sender.len);
	}
	return sender;
}

/* read_sender: in canonical form; a short code is digits too, and stays as it is. */
static int read_sender(struct bytes in, struct bytes *sender, char why[LIST_WHY_SIZE])
{
	struct bytes plain = plain_number(in);
	int form = sender_form(plain);

	*sender = form == FORM_TEXT || form == FORM_ALL ? in : plain;
	if (form == FORM_TEXT && in.data[0] == '+') {
		return wrong(why, "a sender's number has digits only");
	}
	if (form == FORM_TEXT && in.data[in.len - 1] == '*') {
		return wrong(why, "'*' stands behind digits, or alone for everyone");
	}
	if ((form == FORM_NUMBER && sender->len > LIST_DIGITS_MAX) ||
		(form == FORM_PREFIX && sender->len > LIST_DIGITS_MAX + 1)) {
		return wrong(why, "more than 15 digits");
	}
	return 1;
}

int list_pair_read(struct list_entry *e, char why[LIST_WHY_SIZE])
{
	char subscriber[LIST_DIGITS_MAX + 1];
	char text[LIST_TEXT_MAX + 1];
	size_t n = strcspn(e->text, " \t");
	size_t at = n + strspn(e->text + n, " \t");
	struct bytes sender;
	size_t len;

	if (at == e->len) {
		return wrong(why, "a subscriber's number, a blank and a sender: \"447700900001 "
				  "MyBank\", \"... 4477009*\", \"... *\"");
	}
	if (list_entry_number(e->text, n, subscriber, &len, why) < 0 ||
		read_sender(bytes_of(e->text + at, e->len - at), &sender, why) < 0) {
		return -1;
	}
	(void)snprintf(text, sizeof(text), "%s %.*s", subscriber, (int)sender.len,
		(const char *)sender.data);
	e->len = (uint8_t)strlen(text);
	memcpy(e->text, text, (size_t)e->len + 1);
	return 1;
}

/* ---- look-up ---- */

/* A key as it is put together: "SUBSCRIBER " and room for a sender. */
struct pair_key {
	uint8_t text[LIST_TEXT_MAX];
	size_t begin; /* of the sender */
};

static bool find_key(const struct list *l, const struct pair_key *k, size_t n, struct list_hit *hit)
{
	if (!list_find_text(l, bytes_of(k->text, k->begin + n), false, hit)) {
		return false;
	}
	if (hit != NULL) {
		hit->number = true;
	}
	return true;
}

/* find_prefix: the longest one. */
static bool find_prefix(
	const struct list *l, struct pair_key *k, size_t n_digits, struct list_hit *hit)
{
	unsigned lengths =
		l->base->pair_prefixes | (l->added != NULL ? l->added->pair_prefixes : 0u);
	uint8_t *sender = k->text + k->begin;

	for (size_t n = n_digits < LIST_DIGITS_MAX ? n_digits : LIST_DIGITS_MAX; n > 0; n--) {
		if ((lengths >> n & 1) != 0) {
			sender[n] = '*'; /* the digits before it stay for the shorter ones */
			if (find_key(l, k, n + 1, hit)) {
				return true;
			}
		}
	}
	return false;
}

bool list_find_pair(const struct list *l, struct bytes subscriber, struct bytes sender, bool number,
	struct list_hit *hit)
{
	struct pair_key k;
	size_t n = sender.len;

	if (subscriber.len == 0 || subscriber.len > LIST_DIGITS_MAX) {
		return false;
	}
	memcpy(k.text, subscriber.data, subscriber.len);
	k.text[subscriber.len] = ' ';
	k.begin = subscriber.len + 1;
	if (n != 0 && n < sizeof(k.text) - k.begin) {
		memcpy(k.text + k.begin, sender.data, n);
		/* a text that reads as a number or as a prefix is none: it must not pass for one */
		if ((number || sender_form(sender) == FORM_TEXT) && find_key(l, &k, n, hit)) {
			return true;
		}
		if (number && find_prefix(l, &k, n, hit)) {
			return true;
		}
	}
	k.text[k.begin] = '*';
	return find_key(l, &k, 1, hit);
}
