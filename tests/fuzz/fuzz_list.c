/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists. First octet: what the rest is.
 *
 *   even: a section: decoding it never crashes; what decodes prints, is read again as an equal list, and
 *         encodes to the same octets; look-ups with the rest of the input never crash
 *   odd:  text of a kind: what is read equals a naive model of the same lines in every look-up,
 *         also after it went through a section, and with its last lines as a change
 */
#include <stdlib.h>

#include "dataplane/verdict/list_build.h"

enum { ENTRIES_MAX = 64, TEXT_MAX = 4096 };

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

static struct diag *diag_new(void)
{
	struct diag *d = calloc(1, sizeof(*d));

	require(d != NULL);
	return d;
}

static void diag_free(struct diag *d)
{
	diag_clear(d);
	free(d);
}

static void look_up(const struct list *l, struct bytes octets)
{
	uint8_t digits[32];
	uint8_t fold[LIST_FOLD_SIZE];
	uint8_t ip[16] = { 0 };
	struct list_hit hit;
	size_t n = octets.len < sizeof(digits) ? octets.len : sizeof(digits);

	for (size_t i = 0; i < n; i++) {
		digits[i] = (uint8_t)('0' + octets.data[i] % 10);
		ip[i % 16] ^= octets.data[i];
	}
	for (size_t len = 0; len <= n; len++) {
		list_prefetch_digits(l, bytes_of(digits, len));
		(void)list_find_digits(l, bytes_of(digits, len), &hit);
	}
	(void)list_find_text(l, octets, false, &hit);
	(void)list_find_text(l, list_fold(octets, fold), true, &hit);
	(void)list_find_ip(l, ip, &hit);
	(void)list_find_pair(l, bytes_of(digits, n / 2), octets, (octets.len & 1) != 0, &hit);
	(void)list_find_url(l, octets, bytes_slice(octets, octets.len / 4, octets.len / 2), &hit);
}

static char *print(const struct list *l, size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	require(to != NULL && list_print(l, 0, to) == 0 && fclose(to) == 0);
	return text;
}

static void check_section(struct bytes octets)
{
	struct diag *diag = diag_new();
	struct list *l = list_decode("fuzz", "fuzz.pack", octets, NULL, NULL, diag);
	struct list *again;
	uint8_t *encoded;
	size_t encoded_len;
	char *text;
	size_t text_len;

	require((l == NULL) == (diag->n_errors != 0));
	if (l != NULL) {
		require(list_encode(l, &encoded, &encoded_len));
		require(bytes_equal(bytes_of(encoded, encoded_len), octets));
		free(encoded);
		look_up(l, octets);
		look_up(l, bytes_slice(octets, octets.len - octets.len / 4, octets.len));
		text = print(l, &text_len);
		again = list_read(
			"fuzz", list_kind(l), "again.txt", bytes_of(text, text_len), diag);
		/* texts of hosts, accounts, pairs are checked when they are read, not when they are loaded */
		if (list_kind(l) != LIST_HOST && list_kind(l) != LIST_ACCOUNT &&
			list_kind(l) != LIST_PAIR) {
			require(again != NULL && list_equal_entries(l, again));
		}
		free(text);
		list_unref(again);
		list_unref(l);
	}
	diag_free(diag);
}

/* ---- the model: lines of digits, looked through one by one ---- */

struct model {
	struct model_entry {
		struct bytes from, to; /* equal: one number; to empty: a prefix */
	} entries[ENTRIES_MAX];
	size_t n;
	char text[TEXT_MAX]; /* the same lines */
};

static size_t n_digits(struct bytes b)
{
	size_t n = 0;

	while (n < b.len && b.data[n] >= '0' && b.data[n] <= '9') {
		n++;
	}
	return n;
}

/* plain: "1", "1*" or "1-2" of 1 to 15 digits, and nothing else on the line. */
static bool plain(struct bytes line, struct model_entry *e)
{
	size_t n = n_digits(line);
	struct bytes rest = bytes_slice(line, n, line.len);

	e->from = bytes_slice(line, 0, n);
	e->to = e->from;
	if (n == 0 || n > LIST_DIGITS_MAX) {
		return false;
	}
	if (rest.len == 0) {
		return true;
	}
	if (rest.len == 1 && rest.data[0] == '*') {
		e->to = bytes_of(NULL, 0);
		return true;
	}
	e->to = bytes_slice(rest, 1, rest.len);
	return rest.data[0] == '-' && e->to.len == n && n_digits(e->to) == n &&
	       memcmp(e->from.data, e->to.data, n) <= 0;
}

static bool meets(const struct model_entry *e, struct bytes digits)
{
	size_t n = e->from.len;

	if (e->to.len == 0) {
		return digits.len >= n && memcmp(digits.data, e->from.data, n) == 0;
	}
	return digits.len == n && memcmp(e->from.data, digits.data, n) <= 0 &&
	       memcmp(digits.data, e->to.data, n) <= 0;
}

static bool model_has(const struct model *m, struct bytes digits)
{
	for (size_t i = 0; i < m->n; i++) {
		if (meets(&m->entries[i], digits)) {
			return true;
		}
	}
	return false;
}

/* model_read: the lines that are plain; they alone are in its text, whose length it returns. */
static size_t model_read(struct model *m, struct bytes octets)
{
	size_t len = 0;

	for (size_t at = 0; at < octets.len && m->n < ENTRIES_MAX;) {
		const uint8_t *end = memchr(octets.data + at, '\n', octets.len - at);
		size_t n = end != NULL ? (size_t)(end - octets.data) - at : octets.len - at;
		struct bytes line = bytes_of(octets.data + at, n);

		if (n < 40 && len + n < TEXT_MAX && plain(line, &m->entries[m->n])) {
			m->n++;
			memcpy(m->text + len, line.data, n);
			len += n;
			m->text[len++] = '\n';
		}
		at += n + 1;
	}
	return len;
}

static void check_near(const struct model *m, const struct list *l, struct bytes digits)
{
	uint8_t d[LIST_DIGITS_MAX + 2];

	memcpy(d, digits.data, digits.len);
	for (int step = -1; step <= 1; step++) {
		uint8_t last = d[digits.len - 1];
		uint8_t other = (uint8_t)('0' + (last - '0' + 10 + step) % 10);

		d[digits.len - 1] = other;
		for (size_t len = 1; len <= digits.len + 1; len++) {
			d[digits.len] = '7';
			require(list_find_digits(l, bytes_of(d, len), NULL) ==
				model_has(m, bytes_of(d, len)));
		}
		d[digits.len - 1] = last;
	}
}

static void check_model(const struct model *m, const struct list *l)
{
	for (size_t i = 0; i < m->n; i++) {
		check_near(m, l, m->entries[i].from);
		if (m->entries[i].to.len != 0) {
			check_near(m, l, m->entries[i].to);
		}
	}
}

static struct list *through_section(const struct list *l, struct diag *diag)
{
	uint8_t *octets;
	size_t len;
	struct list *again;

	require(list_encode(l, &octets, &len));
	again = list_decode("fuzz", "fuzz.pack", bytes_of(octets, len), NULL, NULL, diag);
	require(again != NULL && list_equal_entries(l, again));
	free(octets);
	return again;
}

/* by_change: the same list, its entries added to an empty one by a change. */
static struct list *by_change(enum list_kind kind, struct bytes text, struct diag *diag)
{
	struct list *empty = list_read("fuzz", kind, "none.txt", bytes_of(NULL, 0), diag);
	char *change = malloc(2 * text.len + 1);
	struct list *l;
	size_t len = 0;

	require(empty != NULL && change != NULL);
	for (size_t i = 0; i < text.len; i++) {
		if (i == 0 || text.data[i - 1] == '\n') {
			change[len++] = '+';
		}
		change[len++] = (char)text.data[i];
	}
	l = list_change(empty, "change", bytes_of(change, len), diag);
	require(l != NULL);
	free(change);
	list_unref(empty);
	return l;
}

static void check_numbers(struct bytes octets)
{
	struct model *m = calloc(1, sizeof(*m));
	struct diag *diag = diag_new();
	struct list *others[2];
	struct bytes text;
	struct list *l;

	require(m != NULL);
	text = bytes_of(m->text, model_read(m, octets));
	l = list_read("fuzz", LIST_IMSI, "fuzz.txt", text, diag);
	require(l != NULL);
	check_model(m, l);
	others[0] = through_section(l, diag);
	others[1] = by_change(LIST_IMSI, text, diag);
	for (unsigned i = 0; i < 2; i++) {
		check_model(m, others[i]);
		require(list_equal_entries(l, others[i]));
		list_unref(others[i]);
	}
	list_unref(l);
	diag_free(diag);
	free(m);
}

/* check_text: any kind, any lines. */
static void check_text(enum list_kind kind, struct bytes octets)
{
	struct diag *diag = diag_new();
	struct list *l = list_read("fuzz", kind, "fuzz.txt", octets, diag);

	if (l != NULL) {
		struct list *again = through_section(l, diag);
		struct list *changed = list_change(l, "change", octets, diag);

		look_up(again, octets);
		list_unref(changed);
		list_unref(again);
		list_unref(l);
	}
	diag_free(diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size);

	if (size == 0 || size > TEXT_MAX) {
		return 0;
	}
	rest = bytes_slice(rest, 1, size);
	if ((data[0] & 1) == 0) {
		check_section(rest);
	} else if ((data[0] & 2) == 0) {
		check_numbers(rest);
	} else {
		check_text((enum list_kind)((data[0] >> 2) % LIST_KIND_COUNT), rest);
	}
	return 0;
}
