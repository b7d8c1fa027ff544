/* SPDX-License-Identifier: BSD-3-Clause */
/* limit_rule: names, keys and figures of limits. Part of limit.h. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

#include "dataplane/sms/numbering.h"
#include "dataplane/verdict/limit_parts.h"
#include "patterns/ruleset.h"

#define X(name, text, help) text,
static const char *const kind_names[] = { LIMIT_KINDS(X) };
#undef X
#define X(name, text, when, help) { text, LIMIT_WHEN_##when },
static const struct {
	const char *name;
	enum limit_key_when when;
} keys[] = { LIMIT_KEYS(X) };
#undef X
static const char *const count_names[] = { "messages", "parts" };

enum {
	PREFIX_DIGITS_MAX = 15, /* ITU-T E.164 6 */
	NUMBER_APART_DIGITS = 7,
};

const char *limit_kind_name(enum limit_kind k)
{
	return kind_names[k];
}

const char *limit_key_name(enum limit_key k)
{
	return keys[k].name;
}

enum limit_key_when limit_key_when(enum limit_key k)
{
	return keys[k].when;
}

const char *limit_count_name(enum limit_count c)
{
	return count_names[c];
}

bool limit_kind_parse(const char *name, enum limit_kind *k)
{
	for (unsigned i = 0; i < LIMIT_KIND_COUNT; i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*k = (enum limit_kind)i;
			return true;
		}
	}
	return false;
}

bool limit_count_parse(const char *name, enum limit_count *c)
{
	for (unsigned i = 0; i < LIMIT_COUNTS; i++) {
		if (strcmp(name, count_names[i]) == 0) {
			*c = (enum limit_count)i;
			return true;
		}
	}
	return false;
}

static bool has_digits(unsigned key)
{
	return key == LIMIT_KEY_ORIGINATOR_PREFIX || key == LIMIT_KEY_DESTINATION_PREFIX;
}

/* read_digits: ":6" behind the name of a prefix. */
static bool read_digits(const char *at, uint8_t *digits)
{
	char *end;
	unsigned long n;

	if (at[0] != ':' || at[1] < '0' || at[1] > '9') {
		return false;
	}
	n = strtoul(at + 1, &end, 10);
	if (*end != '\0' || n == 0 || n > PREFIX_DIGITS_MAX) {
		return false;
	}
	*digits = (uint8_t)n;
	return true;
}

bool limit_key_parse(const char *text, uint8_t *key, uint8_t *digits)
{
	size_t len = strcspn(text, ":");

	for (unsigned i = 0; i < LIMIT_KEY_COUNT; i++) {
		uint8_t n = 0;

		if (strlen(keys[i].name) != len || memcmp(text, keys[i].name, len) != 0) {
			continue;
		}
		if (has_digits(i) ? !read_digits(text + len, &n) : text[len] != '\0') {
			return false;
		}
		*key = (uint8_t)i;
		*digits = n;
		return true;
	}
	return false;
}

const char *limit_key_text(unsigned key, unsigned digits, char text[LIMIT_KEY_TEXT_SIZE])
{
	size_t len = strlen(keys[key].name);

	assert(len + 4 <= LIMIT_KEY_TEXT_SIZE && digits <= PREFIX_DIGITS_MAX);
	memcpy(text, keys[key].name, len);
	if (has_digits(key)) {
		text[len++] = ':';
		if (digits >= 10) {
			text[len++] = (char)('0' + digits / 10);
		}
		text[len++] = (char)('0' + digits % 10);
	}
	text[len] = '\0';
	return text;
}

/* ---- figures ---- */

#define NS_PER_US     UINT64_C(1000)
#define FULL_NS_MAX   UINT64_C(1000000000000000000) /* 31 years: sums of times stay in 64 bits */
#define INTERVALS_MAX (LIMIT_RATE_MAX / 1000000u)   /* messages a microsecond */

static bool per_fits(uint64_t per_us)
{
	return per_us >= LIMIT_PER_MIN_US && per_us <= LIMIT_PER_MAX_US;
}

static const char *prepare_rate(struct limit_rule *r)
{
	uint64_t burst = r->burst != 0 ? r->burst : r->max;

	if (r->max == 0 || r->max > r->per_us * INTERVALS_MAX) {
		return "rate: at least 1, at most 1000000 a second";
	}
	if (burst > LIMIT_BURST_MAX) {
		return "burst: 1 to 10000000";
	}
	r->interval_ns = r->per_us * NS_PER_US / r->max;
	if (burst > FULL_NS_MAX / r->interval_ns) {
		return "burst: it would take more than 31 years to be there again";
	}
	r->full_ns = r->interval_ns * burst;
	return NULL;
}

static const char *prepare_distinct(struct limit_rule *r)
{
	if (r->max == 0 || r->max > LIMIT_DISTINCT_MAX) {
		return "max: 1 to 1000000";
	}
	if (r->of >= LIMIT_KEY_COUNT) {
		return "of: the field whose values are counted";
	}
	r->n_stamps = r->max <= LIMIT_DISTINCT_TOLD ? LIMIT_VALUE_STAMPS : 1;
	r->sample_bits = 0;
	while (r->max >> r->sample_bits > LIMIT_DISTINCT_STAMPS) {
		r->sample_bits++;
	}
	return NULL;
}

static const char *prepare_kind(struct limit_rule *r)
{
	if (r->kind != LIMIT_GREY && !per_fits(r->per_us)) {
		return "per: 1 ms to 366 days";
	}
	switch ((enum limit_kind)r->kind) {
	case LIMIT_RATE:
		return prepare_rate(r);
	case LIMIT_DISTINCT:
		return prepare_distinct(r);
	case LIMIT_RATIO:
		if (r->max == 0 || r->max > LIMIT_DISTINCT_MAX) {
			return "messages: 1 to 1000000";
		}
		return r->percent == 0 || r->percent > 100 ? "answered: 1 to 100 percent" : NULL;
	case LIMIT_GREY:
		if (!per_fits(r->keep_us)) {
			return "keep: 1 ms to 366 days";
		}
		return r->delay_us >= r->keep_us ? "delay: less than keep" : NULL;
	case LIMIT_KIND_COUNT:
		break;
	}
	return "kind: rate, distinct, ratio or grey";
}

static const char *check_keys(const struct limit_rule *r)
{
	if (r->n_keys > LIMIT_KEYS_MAX) {
		return "key: at most 4 fields";
	}
	for (unsigned i = 0; i < r->n_keys; i++) {
		if (r->keys[i] >= LIMIT_KEY_COUNT ||
			has_digits(r->keys[i]) != (r->digits[i] != 0) ||
			r->digits[i] > PREFIX_DIGITS_MAX) {
			return "key: no such field";
		}
	}
	if (r->kind == LIMIT_RATIO && (r->n_keys != 1 || r->keys[0] != LIMIT_KEY_ORIGINATOR)) {
		return "key: a ratio is one of [ \"originator\" ]";
	}
	return NULL;
}

static void note_key(struct limit_rule *r, unsigned key)
{
	enum limit_key_when when = keys[key].when;

	r->late |= when == LIMIT_WHEN_CONTENT;
	r->needs_text |= when == LIMIT_WHEN_CONTENT && key != LIMIT_KEY_RULE;
	r->needs_entities |= key == LIMIT_KEY_URL_HOST || key == LIMIT_KEY_NUMBER;
}

uint64_t limit_name_hash(const char *name)
{
	return XXH3_64bits(name, strlen(name)) | 2;
}

const char *limit_prepare(struct limit_rule *r)
{
	const char *wrong = check_keys(r);

	if (wrong == NULL) {
		wrong = prepare_kind(r);
	}
	if (wrong != NULL) {
		return wrong;
	}
	if (r->name[0] == '\0' || memchr(r->name, '\0', sizeof(r->name)) == NULL) {
		return "name: 1 to 19 characters";
	}
	if (r->action < ACTION_REPORT || r->action >= ACTIONS || r->action == ACTION_REDACT) {
		return "action: report, throttle, blank or reject";
	}
	r->name_hash = limit_name_hash(r->name);
	r->needs_text = r->when.content;
	r->late = r->when.content;
	r->needs_entities = false;
	r->per_recipient = false;
	for (unsigned i = 0; i < r->n_keys; i++) {
		r->per_recipient |= keys[r->keys[i]].when == LIMIT_WHEN_RECIPIENT;
		note_key(r, r->keys[i]);
	}
	if (r->kind == LIMIT_DISTINCT) {
		note_key(r, r->of);
	}
	return NULL;
}

/* ---- keys ---- */

void limit_key_begin(struct limit_key_value *k)
{
	k->len = 0;
}

/* cut: a long value's first octets and a hash of all of them. */
static void cut(struct bytes value, uint8_t out[LIMIT_VALUE_LEN])
{
	uint64_t hash = XXH3_64bits(value.data, value.len);
	size_t n = LIMIT_VALUE_LEN - sizeof(hash);

	memcpy(out, value.data, n);
	memcpy(out + n, &hash, sizeof(hash));
}

void limit_key_put(struct limit_key_value *k, struct bytes value)
{
	bool whole = value.len <= LIMIT_VALUE_LEN;
	size_t len = whole ? value.len : LIMIT_VALUE_LEN;

	assert(k->len + 2 + LIMIT_VALUE_LEN <= LIMIT_KEY_SIZE);
	k->octets[k->len++] = (uint8_t)len;
	k->octets[k->len++] = whole; /* nobody can send a value that is another one's cut */
	if (whole) {
		memcpy(k->octets + k->len, len != 0 ? value.data : k->octets, len);
	} else {
		cut(value, k->octets + k->len);
	}
	k->len += len;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

uint64_t limit_text_hash(struct bytes text, bool shape)
{
	uint8_t octets[256];
	uint64_t hash = shape;
	bool run = false;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool digit = shape && is_digit(text.data[i]);

		if (!digit || !run) {
			octets[n++] = digit ? '#' : lower(text.data[i]);
		}
		run = digit;
		if (n == sizeof(octets)) {
			hash = XXH3_64bits_withSeed(octets, n, hash);
			n = 0;
		}
	}
	return XXH3_64bits_withSeed(octets, n, hash);
}

void limit_key_put_text(struct limit_key_value *k, uint64_t hash)
{
	limit_key_put(k, bytes_of(&hash, sizeof(hash)));
}

uint64_t limit_key_plain(const struct limit_key_value *k)
{
	return XXH3_64bits(k->octets, k->len);
}

static bool all_digits(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (!is_digit(b.data[i])) {
			return false;
		}
	}
	return b.len != 0;
}

/* put_lower: false: it is longer than is kept whole. */
static bool put_lower(struct bytes v, struct limit_key_value *k)
{
	uint8_t out[LIMIT_VALUE_LEN];

	if (v.len > sizeof(out)) {
		return false;
	}
	for (size_t i = 0; i < v.len; i++) {
		out[i] = lower(v.data[i]);
	}
	limit_key_put(k, bytes_of(out, v.len));
	return true;
}

/*
 * plain_number: digits, perhaps behind '+', without what people write between them; empty: it is none.
 * With letters few digits apart are a name: "24 7".
 */
static struct bytes plain_number(struct bytes v, bool letters, uint8_t out[LIMIT_VALUE_LEN])
{
	size_t n = 0;
	size_t n_digits = 0;
	bool gaps = false;

	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		if (memchr(" .()-", c, 5) != NULL) {
			gaps = true;
			continue;
		}
		if (n == LIMIT_VALUE_LEN || (!is_digit(c) && (c != '+' || n != 0))) {
			return bytes_of(NULL, 0);
		}
		n_digits += c != '+';
		out[n++] = c;
	}
	if (n_digits == 0 || (letters && gaps && n == n_digits && n < NUMBER_APART_DIGITS)) {
		return bytes_of(NULL, 0);
	}
	return bytes_of(out, n);
}

/* read_number: in international form, as messages' numbers are; where they may be, letters. */
static bool read_number(struct bytes v, bool letters, struct limit_key_value *k)
{
	uint8_t plain[LIMIT_VALUE_LEN];
	uint8_t out[NUMBERING_OUT];
	struct bytes digits = plain_number(v, letters, plain);
	struct bytes normal = numbering_normal(NUMBERING_NONE, 0, digits, out, NULL);

	if (digits.len == 0) {
		return letters && put_lower(v, k);
	}
	limit_key_put(k, normal.len != 0 ? normal : digits);
	return true;
}

/* read_prefix: the first of a number's digits. */
static bool read_prefix(struct bytes v, unsigned n, struct limit_key_value *k)
{
	uint8_t plain[LIMIT_VALUE_LEN];
	struct bytes digits = plain_number(v, false, plain);

	digits = digits.len != 0 && plain[0] == '+' ? bytes_slice(digits, 1, digits.len) : digits;
	limit_key_put(k, bytes_slice(digits, 0, n));
	return digits.len >= n;
}

/* read_exact: digits that are compared as they are: zeros in front are of an IMSI (001: tests). */
static bool read_exact(struct bytes v, struct limit_key_value *k)
{
	limit_key_put(k, v.data[0] == '+' ? bytes_slice(v, 1, v.len) : v);
	return all_digits(v.data[0] == '+' ? bytes_slice(v, 1, v.len) : v);
}

static bool read_ip(struct bytes v, struct limit_key_value *k)
{
	uint8_t ip[16] = { [10] = 0xFF, [11] = 0xFF };
	char text[INET6_ADDRSTRLEN];

	if (v.len >= sizeof(text)) {
		return false;
	}
	memcpy(text, v.data, v.len);
	text[v.len] = '\0';
	if (inet_pton(AF_INET, text, ip + 12) != 1 && inet_pton(AF_INET6, text, ip) != 1) {
		return false;
	}
	limit_key_put(k, bytes_of(ip, sizeof(ip)));
	return true;
}

static bool read_country(struct bytes v, struct limit_key_value *k)
{
	uint8_t out[4];

	if (v.len > sizeof(out)) {
		return false;
	}
	for (size_t i = 0; i < v.len; i++) {
		out[i] = v.data[i] >= 'a' && v.data[i] <= 'z' ? (uint8_t)(v.data[i] - 32)
		                                              : v.data[i];
	}
	limit_key_put(k, bytes_of(out, v.len));
	return true;
}

static bool read_value(unsigned key, unsigned digits, struct bytes v, struct limit_key_value *k)
{
	switch ((enum limit_key)key) {
	case LIMIT_KEY_ORIGINATOR:
	case LIMIT_KEY_DESTINATION:
	case LIMIT_KEY_MSISDN:
	case LIMIT_KEY_SMSC:
		return read_number(v, true, k);
	case LIMIT_KEY_ORIGINATOR_PREFIX:
	case LIMIT_KEY_DESTINATION_PREFIX:
		return read_prefix(v, digits, k);
	case LIMIT_KEY_NUMBER:
		return read_number(v, false, k);
	case LIMIT_KEY_LINK:
	case LIMIT_KEY_IMSI:
	case LIMIT_KEY_CALLING_GT:
	case LIMIT_KEY_CALLED_GT:
		return read_exact(v, k);
	case LIMIT_KEY_ORIGINATOR_COUNTRY:
	case LIMIT_KEY_DESTINATION_COUNTRY:
		return read_country(v, k);
	case LIMIT_KEY_FROM_IP:
		return read_ip(v, k);
	case LIMIT_KEY_SIDE:
		if (!bytes_equal(v, bytes_str("inside")) && !bytes_equal(v, bytes_str("outside"))) {
			return false;
		}
		limit_key_put(k, v);
		return true;
	case LIMIT_KEY_TEXT:
	case LIMIT_KEY_TEXT_SHAPE:
		limit_key_put_text(k, limit_text_hash(v, key == LIMIT_KEY_TEXT_SHAPE));
		return true;
	case LIMIT_KEY_URL_HOST:
		if (put_lower(v, k)) {
			return true;
		}
		break; /* a long one as it is */
	case LIMIT_KEY_ACCOUNT:
	case LIMIT_KEY_TENANT:
	case LIMIT_KEY_RULE:
	case LIMIT_KEY_COUNT:
		break;
	}
	limit_key_put(k, v);
	return true;
}

bool limit_key_read(const struct limit_rule *r, const char *text, struct limit_key_value *k)
{
	limit_key_begin(k);
	for (unsigned i = 0; i < r->n_keys; i++) {
		/* a single value may have commas of its own */
		size_t len = i + 1u < r->n_keys ? strcspn(text, ",") : strlen(text);

		if (len == 0 || (i + 1u < r->n_keys && text[len] != ',') ||
			!read_value(r->keys[i], r->digits[i], bytes_of(text, len), k)) {
			return false;
		}
		text += i + 1u < r->n_keys ? len + 1 : len;
	}
	return *text == '\0';
}

static int compare_named(const void *a, const void *b)
{
	const struct limit_named *x = a;
	const struct limit_named *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

void limit_named_sort(struct limit_named *named, unsigned n)
{
	qsort(named, n, sizeof(*named), compare_named);
}

bool limit_named_has(const struct limit_named *named, unsigned n, uint64_t key)
{
	unsigned from = 0;

	while (n != 0) {
		unsigned half = n / 2;

		if (named[from + half].key == key) {
			return true;
		}
		if (named[from + half].key < key) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return false;
}
