/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/numbering.h"

#include "dataplane/sms/numbering_table.h"
#include "dataplane/sms/sms.h"

#define CODE_DIGITS_MAX 3u /* ITU-T E.164 6.2.1: country codes are of one to three digits */

static bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

/* only_label: what a tail says whatever the length, or 0. */
static uint8_t only_label(const uint8_t tail[NUMBERING_TAIL])
{
	uint8_t only = 0;

	for (uint32_t i = 0; i < NUMBERING_TAIL; i++) {
		if (tail[i] != 0 && only != 0 && tail[i] != only) {
			return 0;
		}
		only = tail[i] != 0 ? tail[i] : only;
	}
	return only;
}

/* graph_label: of `digits` from reference `at`. *fits: their number fits, too. */
static uint8_t graph_label(
	const struct numbering_graph *g, uint16_t at, struct bytes digits, bool *fits)
{
	const uint8_t *tail;
	size_t left = digits.len;
	const uint8_t *p = digits.data;

	while (at < g->n_rows && left != 0) {
		at = g->rows[at][*p++ - '0'];
		left--;
	}
	if (at < g->n_rows) {
		*fits = g->labels[at] != 0;
		return g->labels[at];
	}
	tail = g->tails[at - g->n_rows];
	*fits = left < NUMBERING_TAIL && tail[left] != 0;
	return *fits ? tail[left] : only_label(tail);
}

/* code_of: the calling code that digits begin with, and its length; entry 0 if there is none. */
static const struct numbering_code *code_of(struct bytes digits, uint8_t *len)
{
	unsigned value = 0;

	/* no code is the beginning of another one */
	for (size_t n = 0; n < CODE_DIGITS_MAX && n < digits.len; n++) {
		value = value * 10 + digits.data[n] - '0';
		if (value == 0) {
			break;
		}
		if (numbering_code_of[value] != 0) {
			*len = (uint8_t)(n + 1);
			return &numbering_codes[numbering_code_of[value]];
		}
	}
	*len = 0;
	return &numbering_codes[0];
}

static bool all_digits(struct bytes digits)
{
	bool all = true;

	for (size_t i = 0; i < digits.len; i++) {
		all &= is_digit(digits.data[i]);
	}
	return all;
}

bool numbering_find(struct bytes e164_digits, struct numbering *out)
{
	const struct numbering_code *code;
	struct bytes national;
	bool fits = true;

	*out = (struct numbering){ 0 };
	if (e164_digits.len > NUMBERING_OUT || !all_digits(e164_digits)) {
		return false;
	}
	code = code_of(e164_digits, &out->calling_len);
	if (code->calling_code == 0) {
		return false;
	}
	national = bytes_slice(e164_digits, out->calling_len, e164_digits.len);
	out->calling_code = code->calling_code;
	out->country = code->country;
	out->kind = graph_label(&numbering_kinds, code->kinds, national, &out->valid);
	if (code->n_countries > 1) {
		uint8_t place = graph_label(&numbering_places, code->places, national, &fits);

		out->country = (uint16_t)(code->country + (place != 0 ? place - 1u : 0));
	}
	return true;
}

const struct numbering_country *numbering_country_of(uint16_t country)
{
	return &numbering_country_table[country <= numbering_n_countries ? country : 0];
}

const char *numbering_country_name(uint16_t country)
{
	return numbering_country_of(country)->name;
}

uint16_t numbering_countries(void)
{
	return numbering_n_countries;
}

/* country_of_code: the main country of a calling code, or NUMBERING_NONE. */
static uint16_t country_of_code(struct bytes digits)
{
	uint8_t len = 0;
	const struct numbering_code *code = code_of(digits, &len);

	return len == digits.len ? code->country : NUMBERING_NONE;
}

uint16_t numbering_country(struct bytes name)
{
	if (name.len > 1 && name.data[0] == '+') {
		name = bytes_slice(name, 1, name.len);
	}
	if (name.len == 0 || name.len > CODE_DIGITS_MAX) {
		return NUMBERING_NONE;
	}
	if (all_digits(name)) {
		return country_of_code(name);
	}
	for (uint16_t i = 1; i <= numbering_n_countries && name.len == 2; i++) {
		const char *own = numbering_country_table[i].name;

		if ((name.data[0] & 0xDF) == own[0] && (name.data[1] & 0xDF) == own[1]) {
			return i;
		}
	}
	return NUMBERING_NONE;
}

static const char *const kind_names[] = {
#define X(name, text) text,
	NUMBERING_KINDS(X)
#undef X
};

const char *numbering_kind_name(unsigned kind)
{
	return kind_names[kind < NUMBERING_KIND_COUNT ? kind : NUMBERING_UNKNOWN];
}

bool numbering_kind_parse(const char *name, enum numbering_kind *kind)
{
	for (unsigned k = 0; k < NUMBERING_KIND_COUNT; k++) {
		if (strcmp(name, kind_names[k]) == 0) {
			*kind = (enum numbering_kind)k;
			return true;
		}
	}
	return false;
}

/* ---- as it is dialled ---- */

/* A number as somebody at home dials it, and what it may mean. */
struct dialled {
	const struct numbering_country *home;
	struct bytes digits;
	uint8_t *out; /* of NUMBERING_OUT octets */
};

static size_t put_code(uint8_t *out, unsigned code)
{
	size_t n = code < 10 ? 1 : code < 100 ? 2 : 3;

	for (size_t i = n; i > 0; i--) {
		out[i - 1] = (uint8_t)('0' + code % 10);
		code /= 10;
	}
	return n;
}

static bool is_valid(struct bytes digits)
{
	struct numbering n;

	return numbering_find(digits, &n) && n.valid;
}

static bool prefix_fits(const struct numbering_prefix *p, struct bytes digits)
{
	if (digits.len < p->n + (size_t)p->rest_min || digits.len - p->n > p->rest_max) {
		return false;
	}
	for (uint8_t i = 0; i < p->n; i++) {
		if ((p->masks[i] >> (digits.data[i] - '0') & 1) == 0) {
			return false;
		}
	}
	return true;
}

/* national_of: home's calling code and the number without prefix `p` (NULL: as it is), in d->out. */
static struct bytes national_of(const struct dialled *d, const struct numbering_prefix *p)
{
	struct writer w = writer_of(d->out, NUMBERING_OUT);
	uint8_t code[CODE_DIGITS_MAX];

	writer_put(&w, bytes_of(code, put_code(code, d->home->calling_code)));
	if (p != NULL) {
		writer_put(&w, bytes_str(p->insert));
		writer_put(&w, bytes_slice(d->digits, p->keep_from, p->keep_to - p->keep_from));
	}
	writer_put(&w, bytes_slice(d->digits, p != NULL ? p->n : 0, d->digits.len));
	return bytes_of(d->out, writer_ok(&w) ? (size_t)(w.at - d->out) : 0);
}

/* behind_prefix: what the first prefix that gives a valid number leads to; *first: the first that fits. */
static struct bytes behind_prefix(
	const struct dialled *d, bool abroad, const struct numbering_prefix **first)
{
	const struct numbering_prefix *p = &numbering_prefixes[d->home->prefix_from];
	const struct numbering_prefix *end = p + d->home->n_prefixes;

	*first = NULL;
	for (; p < end; p++) {
		struct bytes rest;

		if (p->abroad != abroad || !prefix_fits(p, d->digits)) {
			continue;
		}
		rest = abroad ? bytes_slice(d->digits, p->n, d->digits.len) : national_of(d, p);
		*first = *first == NULL ? p : *first;
		if (is_valid(rest)) {
			return rest;
		}
	}
	return bytes_of(NULL, 0);
}

/* may_be_abroad: digits that begin with a calling code and are as many as its numbers have. */
static bool may_be_abroad(struct bytes digits)
{
	struct numbering n;

	return numbering_find(digits, &n) && digits.len - n.calling_len < 32 &&
	       (numbering_country_of(n.country)->lengths >> (digits.len - n.calling_len) & 1) != 0;
}

/*
 * bare_number: without a prefix: a valid international or national number. Who writes nationals with
 * a trunk prefix means something else without it; and where nearly anything is a valid fixed number
 * (Germany), it is only what cannot be another country's, too.
 */
static struct bytes bare_number(const struct dialled *d)
{
	struct bytes national = national_of(d, NULL);
	bool abroad = is_valid(d->digits);
	struct numbering n;

	if (!numbering_find(national, &n) || !n.valid) {
		return abroad ? d->digits : bytes_of(NULL, 0);
	}
	if ((d->home->trunk_kinds >> n.kind & 1) == 0) {
		return national;
	}
	if (abroad) {
		return d->digits;
	}
	return n.kind == NUMBERING_FIXED && may_be_abroad(d->digits) ? bytes_of(NULL, 0) : national;
}

static bool begins_with_code(struct bytes digits)
{
	uint8_t len = 0;

	(void)code_of(digits, &len);
	return len != 0;
}

static bool begins_with_zeros(struct bytes digits)
{
	return digits.len > 2 && digits.data[0] == '0' && digits.data[1] == '0';
}

/* behind_zeros: what "00" leads to: what many write wherever they are; empty if that is not valid. */
static struct bytes behind_zeros(const struct dialled *d, bool home_only)
{
	struct bytes rest = bytes_slice(d->digits, 2, d->digits.len);
	struct numbering n;

	if (!begins_with_zeros(d->digits) || !numbering_find(rest, &n) || !n.valid ||
		(home_only && n.calling_code != d->home->calling_code)) {
		return bytes_of(NULL, 0);
	}
	return rest;
}

/* dialled_valid: a valid number that the digits mean at home; empty: none. */
static struct bytes dialled_valid(const struct dialled *d, unsigned ton,
	const struct numbering_prefix **abroad, const struct numbering_prefix **trunk)
{
	struct bytes found =
		behind_zeros(d, true); /* "0065 ..." in Singapore, whose ways are 00x */

	if (found.len == 0) {
		found = behind_prefix(d, true, abroad);
	}
	if (found.len == 0) {
		found = behind_zeros(d, false);
	}
	if (found.len == 0) {
		found = behind_prefix(d, false, trunk);
	}
	if (found.len == 0 && ton != TON_NATIONAL) {
		found = bare_number(d);
	} else if (found.len == 0 && is_valid(national_of(d, NULL))) {
		found = national_of(d, NULL);
	}
	return found;
}

/*
 * dialled_normal: what the digits mean at home; not known: the likeliest. The order is that of
 * libphonenumber: the way abroad, the trunk prefix where what is behind it is valid, the rest.
 */
static struct bytes dialled_normal(const struct dialled *d, unsigned ton, bool *known)
{
	const struct numbering_prefix *abroad = NULL;
	const struct numbering_prefix *trunk = NULL;
	struct bytes found = dialled_valid(d, ton, &abroad, &trunk);

	*known = true;
	if (found.len != 0) {
		return found;
	}
	if (begins_with_zeros(d->digits)) {
		size_t n = abroad != NULL && abroad->n > 2 ? abroad->n : 2;

		found = bytes_slice(d->digits, n, d->digits.len);
		if (begins_with_code(found)) {
			return found;
		}
	} else if (abroad != NULL) { /* in Singapore 02 is one, too */
		found = bytes_slice(d->digits, abroad->n, d->digits.len);
		if (may_be_abroad(found)) {
			return found;
		}
	}
	*known = false;
	return ton == TON_NATIONAL || trunk != NULL ? national_of(d, trunk) : d->digits;
}

/*
 * untrunked: an international number that is not valid, but is without the trunk prefix in it
 * ("+44 020 7946 0958") or in its plan's newer form; else as it is.
 */
static struct bytes untrunked(struct bytes digits, uint8_t *out)
{
	const struct numbering_prefix *first;
	struct dialled d = { .out = out };
	struct bytes found;
	struct numbering n;

	if (!numbering_find(digits, &n) || n.valid) {
		return digits;
	}
	d.home = numbering_country_of(n.country);
	d.digits = bytes_slice(digits, n.calling_len, digits.len);
	found = behind_prefix(&d, false, &first);
	return found.len != 0 ? found : digits;
}

struct bytes numbering_normal(
	uint16_t home, unsigned ton, struct bytes digits, uint8_t out[NUMBERING_OUT], bool *known)
{
	uint8_t national[NUMBERING_OUT];
	struct dialled d = { numbering_country_of(home), digits, national };
	bool sure = ton == TON_INTERNATIONAL;

	if (digits.len != 0 && digits.data[0] == '+') {
		d.digits = bytes_slice(digits, 1, digits.len);
		sure = true;
	}
	if (d.digits.len == 0 || d.digits.len > NUMBERING_OUT || !all_digits(d.digits)) {
		d.digits.len = 0;
		sure = false;
	} else if (begins_with_zeros(d.digits) && (sure || d.home->calling_code == 0)) {
		d.digits = bytes_slice(d.digits, 2, d.digits.len); /* no code begins with 0 */
		sure = true;
	} else if (!sure && d.home->calling_code != 0) {
		d.digits = dialled_normal(&d, ton, &sure);
	}
	if (known != NULL) {
		*known = sure;
	}
	if (sure) {
		d.digits = untrunked(d.digits, out);
	}
	if (d.digits.len != 0 && d.digits.data != out) {
		memcpy(out, d.digits.data, d.digits.len);
	}
	return bytes_of(out, d.digits.len);
}
