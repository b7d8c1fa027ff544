/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Phone numbers: 7 to 15 digits (ITU-T E.164 6) of any script in groups parted by spaces, hyphens,
 * dots, slashes and parentheses, with '+' or "00" before an international one; "(0)" in it is the
 * national prefix and no part of it. Not numbers: what a letter, '#', '*' or a currency stands at;
 * dates, years, times, amounts, decimals, IPv4 addresses; longer runs of digits (cards, accounts).
 */
#include "dataplane/sms/entity_view.h"

#define NUMBER_DIGITS_MIN 7u
#define NUMBER_DIGITS_MAX 15u
#define NUMBER_GROUPS     15u

struct number_group {
	size_t from;
	size_t to;
	uint8_t n_digits;
	uint8_t first;     /* its place in digits */
	uint8_t separator; /* before it: its only character, '(' if that is in it, or else ' ' */
};

struct number {
	size_t from; /* of '+', '(' or the first digit */
	struct number_group groups[NUMBER_GROUPS];
	uint32_t n;
	uint8_t digits[NUMBER_DIGITS_MAX + 2];
	uint32_t n_digits;
	bool plus;
	bool overlong;
};

/* number_read_group: digits from `at`; returns their end. */
static size_t number_read_group(struct bytes text, size_t at, struct number *m, uint8_t separator)
{
	struct number_group *g = &m->groups[m->n];
	struct entity_char c = entity_char_at(text, at);

	*g = (struct number_group){ at, at, 0, (uint8_t)m->n_digits, separator };
	for (; entity_is_digit(c.cp); c = entity_char_at(text, at)) {
		if (m->n_digits < sizeof(m->digits)) {
			m->digits[m->n_digits++] = (uint8_t)c.cp;
			g->n_digits++;
		} else {
			m->overlong = true;
		}
		at += c.len;
	}
	g->to = at;
	m->n++;
	return at;
}

static bool number_is_separator(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
}

/* number_read_separator: up to three characters between groups; where digits go on, or 0. */
static size_t number_read_separator(struct bytes text, size_t at, uint8_t *separator)
{
	struct entity_char c = entity_char_at(text, at);
	bool dotted = false;
	uint32_t n = 0;

	for (; number_is_separator(c.cp) && n < 3; n++) {
		dotted |= c.cp == '.';
		*separator = n == 0 || c.cp == '(' ? (uint8_t)c.cp : *separator == '(' ? '(' : ' ';
		at += c.len;
		c = entity_char_at(text, at);
	}
	/* ". " ends a sentence */
	return n != 0 && !(dotted && n > 1) && entity_is_digit(c.cp) ? at : 0;
}

/* number_breaks: the digits at `at` begin another number, or the ones so far are none of this. */
static bool number_breaks(struct bytes text, size_t at, const struct number *m, uint8_t separator)
{
	const struct number_group *last = &m->groups[m->n - 1];
	uint32_t n_next = 0;

	if (separator != ' ' && separator != '/' && separator != '.') {
		return false;
	}
	while (n_next < NUMBER_DIGITS_MIN && entity_is_digit(entity_char_at(text, at).cp)) {
		at += entity_char_at(text, at).len;
		n_next++;
	}
	if (last->n_digits >= NUMBER_DIGITS_MIN) {
		return true;
	}
	if (n_next < NUMBER_DIGITS_MIN) {
		return false;
	}
	/* "at 10 98765432", "01/05/24 0812345678": what is before a whole number is none of it */
	return m->n_digits >= NUMBER_DIGITS_MIN || (!m->plus && (m->n > 1 || m->digits[0] != '0') &&
							   entity_char_at(text, m->from).cp != '(');
}

/* number_read: '+', '(' and groups from `at`; returns the end of the last group. */
static size_t number_read(struct bytes text, size_t at, struct number *m)
{
	struct entity_char c = entity_char_at(text, at);
	size_t end = at;

	m->from = at;
	m->n = 0; /* groups and digits are written before they are read */
	m->n_digits = 0;
	m->plus = false;
	m->overlong = false;
	for (uint32_t i = 0; i < 3 && (c.cp == '(' || c.cp == '+'); i++) {
		m->plus |= c.cp == '+';
		at += c.len;
		c = entity_char_at(text, at);
	}
	if (!entity_is_digit(c.cp)) {
		return end;
	}
	end = number_read_group(text, at, m, 0);
	while (m->n < NUMBER_GROUPS) {
		uint8_t separator = 0;
		size_t next = number_read_separator(text, end, &separator);

		if (next == 0 || number_breaks(text, next, m, separator)) {
			break;
		}
		end = number_read_group(text, next, m, separator);
	}
	return end;
}

static uint32_t number_value(const struct number *m, uint32_t first, uint32_t n)
{
	uint32_t v = 0;

	for (uint32_t i = first; i < first + n && i < m->n_digits; i++) {
		v = v * 10 + m->digits[i] - '0';
	}
	return v;
}

static bool number_is_year(uint32_t v)
{
	return v >= 1900 && v < 2100;
}

/* number_is_any_year: Gregorian, Persian or Thai. */
static bool number_is_any_year(uint32_t v)
{
	return number_is_year(v) || (v >= 1380 && v < 1480) || (v >= 2440 && v < 2640);
}

/* number_is_day: (year, month, day) or (day, month, year) or (month, day, year). */
static bool number_is_day(uint32_t a, uint32_t b, uint32_t c, uint32_t n_last)
{
	bool month_day = (a >= 1 && a <= 31 && b >= 1 && b <= 12) ||
	                 (a >= 1 && a <= 12 && b >= 1 && b <= 31);

	if (number_is_any_year(a)) {
		return b >= 1 && b <= 12 && c >= 1 && c <= 31;
	}
	return month_day && (n_last == 2 || (n_last == 4 && number_is_any_year(c)));
}

/* number_is_date: the first groups are a date, "01.02.2024", "2024-02-01", "20240201", or years. */
static bool number_is_date(const struct number *m)
{
	const struct number_group *g = m->groups;

	if (m->n >= 3 && g[1].separator == g[2].separator && g[1].separator != '(' &&
		g[0].n_digits != 3 && g[0].n_digits <= 4 && g[1].n_digits <= 2 &&
		number_is_day(number_value(m, 0, g[0].n_digits),
			number_value(m, g[1].first, g[1].n_digits),
			number_value(m, g[2].first, g[2].n_digits), g[2].n_digits)) {
		/* "06 12 24 56 78" is a number all the same */
		return m->n == 3 || g[2].n_digits == 4 || g[0].n_digits == 4 ||
		       g[1].separator != g[3].separator;
	}
	if (m->n == 2 && g[0].n_digits == 4 && g[1].n_digits == 4) {
		return number_is_year(number_value(m, 0, 4)) &&
		       number_is_year(number_value(m, 4, 4));
	}
	return m->n == 1 && (m->n_digits == 8 || m->n_digits == 12 || m->n_digits == 14) &&
	       number_is_year(number_value(m, 0, 4)) &&
	       number_is_day(
		       number_value(m, 0, 4), number_value(m, 4, 2), number_value(m, 6, 2), 2);
}

/* number_is_amount: "1.000.000", "12.345678", "12345678.50". */
static bool number_is_amount(const struct number *m)
{
	bool thousands = m->n >= 3 && m->groups[0].n_digits <= 3 && m->digits[0] != '0';

	for (uint32_t i = 1; i < m->n; i++) {
		if (m->groups[i].separator != '.') {
			return false;
		}
		thousands &= m->groups[i].n_digits == 3;
	}
	return m->n > 1 && (thousands || (m->n == 2 && (m->groups[0].n_digits <= 2 ||
							       m->groups[1].n_digits <= 2)));
}

/* number_is_scattered: groups of one or two digits are times and scores unless dialled so. */
static bool number_is_scattered(const struct number *m)
{
	uint32_t n_one = 0;
	uint32_t n_long = 0;
	bool mixed = false;

	for (uint32_t i = 0; i < m->n; i++) {
		n_one += m->groups[i].n_digits == 1;
		n_long += m->groups[i].n_digits > 2;
		mixed |= i > 1 && m->groups[i].separator != m->groups[1].separator;
	}
	if (n_long != 0) {
		return n_one > 1;
	}
	return mixed || m->digits[0] != '0' || m->n < 4;
}

/* number_is_address: an IPv4 address. */
static bool number_is_address(const struct number *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct number_group *g = &m->groups[i];

		if ((i > 0 && g->separator != '.') || g->n_digits > 3 ||
			number_value(m, g->first, g->n_digits) > 255) {
			return false;
		}
	}
	return m->n == 4;
}

/* number_is_currency: a sign of money, Unicode's category Sc where SMS alphabets have it. */
static bool number_is_currency(uint32_t c)
{
	return c == '$' || (c >= 0xA2 && c <= 0xA5) || (c >= 0x20A0 && c < 0x20D0);
}

/* number_has_currency: "Rs. ", "USD" or a sign ends at `to`. */
static bool number_has_currency(struct bytes text, size_t to)
{
	static const char *const words[] = { "rs", "rs.", "inr", "usd", "eur", "gbp", "idr", "rp",
		"rp.", "tk", "rm" };
	size_t at;

	to -= to > 0 && text.data[to - 1] == ' ';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		size_t k = 0;

		while (n <= to && k < n && (text.data[to - n + k] | 0x20) == words[i][k]) {
			k++;
		}
		if (k == n && (to == n || !entity_is_alnum(text.data[to - n - 1]))) {
			return true;
		}
	}
	for (at = to; at > 0 && to - at < 4;) {
		at--;
		if ((text.data[at] & 0xC0) != 0x80) {
			return number_is_currency(entity_char_at(text, at).cp);
		}
	}
	return false;
}

/* number_stands_free: what is beside [from, to) does not make it a part of something else. */
static bool number_stands_free(struct bytes text, size_t from, size_t to)
{
	struct entity_char next = entity_char_at(text, to);
	struct entity_char after = entity_char_at(text, to + next.len);
	uint8_t before = from > 0 ? text.data[from - 1] : ' ';

	if (entity_is_alnum(next.cp) || (next.letter && !next.native) ||
		number_is_currency(next.cp) ||
		(next.cp != 0 && next.cp < 0x80 && memchr("@#*%_=", (int)next.cp, 6) != NULL) ||
		(next.cp != 0 && next.cp < 0x80 && memchr(",:.", (int)next.cp, 3) != NULL &&
			entity_is_digit(after.cp))) {
		return false;
	}
	if (entity_is_alnum(before) || memchr("@#*_=&", before, 6) != NULL ||
		((before == ',' || before == ':' || before == '.') && from > 1 &&
			entity_is_digit(text.data[from - 2]))) {
		return false;
	}
	return !number_has_currency(text, from);
}

/* number_emit: digits, '+' before an international one. */
static bool number_emit(struct number *m, size_t to, struct entity_sink *sink, struct entity *e)
{
	uint32_t first = 0;
	size_t start = sink->used;

	if (!m->plus && m->n_digits > 2 && m->digits[0] == '0' && m->digits[1] == '0') {
		m->plus = true;
		first = 2;
	}
	for (uint32_t i = 1; i < m->n && m->plus; i++) { /* "+44 (0)20" */
		struct number_group *g = &m->groups[i];

		if (g->n_digits == 1 && g->first >= first && m->digits[g->first] == '0' &&
			g->separator == '(') {
			memmove(m->digits + g->first, m->digits + g->first + 1,
				m->n_digits - g->first - 1u);
			m->n_digits--;
			break;
		}
	}
	if (m->n_digits < first + NUMBER_DIGITS_MIN || m->n_digits > first + NUMBER_DIGITS_MAX ||
		sink->size - sink->used < m->n_digits + 1u) {
		return false;
	}
	if (m->plus) {
		sink->buffer[sink->used++] = '+';
	}
	memcpy(sink->buffer + sink->used, m->digits + first, m->n_digits - first);
	sink->used += m->n_digits - first;
	*e = (struct entity){ .kind = ENTITY_NUMBER,
		.from = (uint32_t)m->from,
		.to = (uint32_t)to,
		.value = bytes_of(sink->buffer + start, sink->used - start),
		.host = bytes_of(NULL, 0) };
	return true;
}

bool entity_read_number(
	struct bytes text, size_t at, struct entity_sink *sink, struct entity *e, size_t *tried)
{
	struct number m;
	size_t end = number_read(text, at, &m);

	if (m.n == 0) {
		return false;
	}
	*tried = end;
	if (m.overlong || m.n_digits < NUMBER_DIGITS_MIN || !number_stands_free(text, at, end)) {
		return false;
	}
	if (text.data[at] == '(' && memchr(text.data + at, ')', end - at) == NULL) {
		m.from++; /* "(0812 345678)" */
	}
	if (!m.plus && (number_is_date(&m) || number_is_amount(&m) || number_is_scattered(&m) ||
			       number_is_address(&m))) {
		return false;
	}
	return number_emit(&m, end, sink, e);
}
