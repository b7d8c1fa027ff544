/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/lists.h"

#include "dataplane/sms/fold.h"
#include "dataplane/sms/numbering.h"
#include "dataplane/sms/sms.h"
#include "dataplane/verdict/list_parts.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

struct bytes list_normal_number(
	unsigned ton, struct bytes address, uint16_t home, uint8_t out[LIST_DIGITS_OUT])
{
	struct bytes a = address;
	bool international = ton == TON_INTERNATIONAL;

	if (ton == TON_ALPHANUMERIC) {
		return bytes_of(out, 0);
	}
	if (a.len != 0 && a.data[0] == '+') {
		a = bytes_slice(a, 1, a.len);
		international = true;
	}
	if (!international && home != NUMBERING_NONE) {
		return numbering_normal(home, ton, a, out, NULL);
	}
	if (a.len > 2 && a.data[0] == '0' && a.data[1] == '0') {
		a = bytes_slice(a, 2, a.len); /* no country code begins with 0 (E.164 6.2.1) */
	}
	if (a.len > LIST_DIGITS_OUT) {
		return bytes_of(out, 0);
	}
	for (size_t i = 0; i < a.len; i++) {
		if (!is_digit(a.data[i])) {
			return bytes_of(out, 0);
		}
		out[i] = a.data[i];
	}
	return bytes_of(out, a.len);
}

struct bytes list_fold(struct bytes text, uint8_t out[LIST_FOLD_SIZE])
{
	size_t len = text.len < LIST_TEXT_MAX ? text.len : LIST_TEXT_MAX;
	struct fold_result f = { 0 };

	text.len = len;
	if (text_utf8_valid(text)) {
		f = fold_text(text, out, LIST_FOLD_SIZE, NULL);
		if (f.len != 0) {
			return bytes_of(out, f.len);
		}
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text.data[i];

		out[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return bytes_of(out, len);
}

struct bytes list_tag_of(const struct list_tags *t, uint64_t key)
{
	uint32_t from = 0;
	uint32_t n = t->n;

	while (n > 0) {
		uint32_t half = n / 2;

		if (t->keys[from + half] == key) {
			uint32_t at = t->at[from + half];

			return bytes_of(t->blob + at, t->at[from + half + 1] - at);
		}
		if (t->keys[from + half] < key) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return bytes_of(NULL, 0);
}

/* ---- numbers ---- */

static const struct list_store *store_of_number(const struct list *l, unsigned len, uint64_t value)
{
	if (l->added != NULL && list_number_has(&l->added->numbers, len, value)) {
		return l->added;
	}
	if (!list_number_has(&l->base->numbers, len, value) ||
		(l->deleted != NULL && list_number_has(&l->deleted->numbers, len, value))) {
		return NULL;
	}
	return l->base;
}

static bool hit_span(const struct list *l, const struct list_span *span, struct list_hit *hit)
{
	if (span == NULL) {
		return false;
	}
	if (hit != NULL) {
		*hit = (struct list_hit){ list_span_entry(l->spans, span),
			list_span_tag(l->spans, span), false };
	}
	return true;
}

static uint64_t value_of(struct bytes digits, uint64_t key)
{
	uint64_t power = 1;

	for (size_t i = 0; i < digits.len; i++) {
		power *= 10;
	}
	return key - power;
}

bool list_find_digits(const struct list *l, struct bytes digits, struct list_hit *hit)
{
	const struct list_store *store = NULL;
	uint64_t key = 0;

	if (digits.len == 0) {
		return false;
	}
	if (digits.len <= LIST_DIGITS_MAX) {
		key = list_number_key(digits);
		store = store_of_number(l, (unsigned)digits.len, value_of(digits, key));
	}
	if (store == NULL) {
		return l->spans != NULL &&
		       hit_span(l, list_span_find_digits(l->spans, digits), hit);
	}
	if (hit != NULL) {
		*hit = (struct list_hit){ digits, list_tag_of(&store->tags, key), true };
	}
	return true;
}

void list_prefetch_digits(const struct list *l, struct bytes digits)
{
	if (digits.len != 0 && digits.len <= LIST_DIGITS_MAX) {
		uint64_t key = list_number_key(digits);

		list_number_prefetch(
			&l->base->numbers, (unsigned)digits.len, value_of(digits, key));
	}
}

/* ---- texts ---- */

static bool hit_text(const struct list_texts *s, int64_t place, struct list_hit *hit)
{
	if (hit != NULL) {
		struct list_text_entry e = list_text_at(s, (uint32_t)place);

		*hit = (struct list_hit){ e.text, e.tag, false };
	}
	return true;
}

static bool find_exact(const struct list *l, struct bytes text, struct list_hit *hit)
{
	int64_t place = l->added != NULL ? list_text_find(&l->added->texts, text) : -1;

	if (place >= 0) {
		return hit_text(&l->added->texts, place, hit);
	}
	place = list_text_find(&l->base->texts, text);
	if (place < 0 || (l->deleted != NULL && list_text_find(&l->deleted->texts, text) >= 0)) {
		return false;
	}
	return hit_text(&l->base->texts, place, hit);
}

/* folded_place: where in s->texts the entry with this fold stands, or -1. */
static int64_t folded_place(const struct list_store *s, struct bytes fold)
{
	int64_t at = list_text_find(&s->folded, fold);
	uint32_t place;

	if (at < 0) {
		return -1;
	}
	memcpy(&place, list_text_at(&s->folded, (uint32_t)at).tag.data, sizeof(place));
	return place;
}

static bool find_folded(const struct list *l, struct bytes fold, struct list_hit *hit)
{
	int64_t place = l->added != NULL ? folded_place(l->added, fold) : -1;

	if (place >= 0) {
		return hit_text(&l->added->texts, place, hit);
	}
	place = folded_place(l->base, fold);
	if (place < 0 ||
		(l->deleted != NULL &&
			list_text_find(&l->deleted->texts,
				list_text_at(&l->base->texts, (uint32_t)place).text) >= 0)) {
		return false; /* others that look like it have moved to the overlay (list_change.c) */
	}
	return hit_text(&l->base->texts, place, hit);
}

bool list_find_text(const struct list *l, struct bytes text, bool folded, struct list_hit *hit)
{
	if (text.len == 0) {
		return false;
	}
	return folded ? find_folded(l, text, hit) : find_exact(l, text, hit);
}

bool list_find_ip(const struct list *l, const uint8_t ip[16], struct list_hit *hit)
{
	return l->spans != NULL && hit_span(l, list_span_find_ip(l->spans, ip), hit);
}

/* ---- URLs ---- */

/* url_rest: the path, query and fragment of a URL in normal form. */
static struct bytes url_rest(struct bytes url, struct bytes host)
{
	size_t at = (size_t)(host.data - url.data) + host.len;
	struct bytes rest = bytes_slice(url, at, url.len);

	if (rest.len != 0 && rest.data[0] == ':') {
		size_t i = 1;

		while (i < rest.len && is_digit(rest.data[i])) {
			i++;
		}
		rest = bytes_slice(rest, i, rest.len);
	}
	return rest;
}

/* url_paths: where the first paths end: "/a", "/a/b", "/a/b?c"; the whole of it comes last. */
static unsigned url_paths(struct bytes rest, size_t ends[LIMIT_LIST_SEGMENTS + 1])
{
	unsigned n = 0;

	for (size_t i = 1; i < rest.len && n < LIMIT_LIST_SEGMENTS; i++) {
		if (strchr("/?#&=", rest.data[i]) != NULL && rest.data[i] != '\0') {
			ends[n++] = i;
		}
	}
	if (rest.len > 1) {
		ends[n++] = rest.len;
	}
	return n;
}

/* find_domain: `domain` with the longest path that is an entry, or alone. */
static bool find_domain(const struct list *l, struct bytes domain, struct bytes rest,
	const size_t *ends, unsigned n_ends, struct list_hit *hit)
{
	uint8_t key[LIST_TEXT_MAX];

	if (domain.len > sizeof(key)) {
		return false;
	}
	memcpy(key, domain.data, domain.len);
	while (n_ends-- > 0) {
		size_t len = domain.len + ends[n_ends];

		if (len > sizeof(key)) {
			continue;
		}
		memcpy(key + domain.len, rest.data, ends[n_ends]);
		if (find_exact(l, bytes_of(key, len), hit)) {
			return true;
		}
	}
	return find_exact(l, bytes_of(key, domain.len), hit);
}

/* host_domains: where the last domains of a host begin, the shortest first; the root's dot is cut. */
static unsigned host_domains(struct bytes *host, size_t at[LIMIT_LIST_LABELS + 1])
{
	unsigned n = 0;

	if (host->len != 0 && host->data[host->len - 1] == '.') {
		host->len--;
	}
	for (size_t i = host->len; i > 0 && n < LIMIT_LIST_LABELS; i--) {
		if (host->data[i - 1] == '.') {
			at[n++] = i;
		}
	}
	if (host->len != 0) {
		at[n++] = 0;
	}
	return n;
}

bool list_find_url(const struct list *l, struct bytes url, struct bytes host, struct list_hit *hit)
{
	struct bytes rest = url_rest(url, host);
	size_t ends[LIMIT_LIST_SEGMENTS + 1];
	unsigned n_ends = url_paths(rest, ends);
	size_t at[LIMIT_LIST_LABELS + 1];
	unsigned n = host_domains(&host, at);

	while (n-- > 0) { /* the longest first: it says most */
		struct bytes domain = bytes_slice(host, at[n], host.len);

		if (domain.len != 0 && find_domain(l, domain, rest, ends, n_ends, hit)) {
			return true;
		}
	}
	return false;
}

bool list_find_look_alike(const struct list *l, struct bytes host, struct list_hit *hit)
{
	uint8_t fold[LIST_FOLD_SIZE];
	size_t at[LIMIT_LIST_LABELS + 1];
	unsigned n = host_domains(&host, at);

	while (n-- > 0) {
		struct bytes domain = bytes_slice(host, at[n], host.len);
		struct bytes key = domain.len <= LIST_TEXT_MAX ? list_fold(domain, fold) : domain;

		if (domain.len != 0 && key.len != 0 && list_find_text(l, key, true, hit)) {
			return true;
		}
	}
	return false;
}
