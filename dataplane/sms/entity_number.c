/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Phone numbers: 7 to 15 digits (ITU-T E.164 6) of any script in groups parted by spaces, hyphens,
 * dots, slashes and parentheses, with '+' or "00" before an international one; "(0)" in it is the
 * national prefix and no part of it. What is spelled otherwise (entity_spell.c) is one where it is
 * plainly a number. Not numbers: what a letter, '#', '*' or a currency stands at; dates, years,
 * times, amounts, decimals, IPv4 addresses; longer runs of digits (cards, accounts).
 */
#include "dataplane/sms/entity_number.h"

#include "dataplane/sms/sms.h"

#define NUMBER_WHOLE_MIN 9u /* digits of what is a number, " / " and more digits or not */

#define NUMBER_FOREIGN_MIN 10u /* digits of one of another country, without a '+' */

/* number_read_group: digits from `at`; returns their end. */
static size_t number_read_group(struct bytes text, size_t at, struct number *m, uint8_t separator)
{
	struct number_group *g = &m->groups[m->n];
	struct entity_char c = entity_char_at(text, at);

	*g = (struct number_group){ 0, (uint8_t)m->n_digits, separator, false };
	for (; entity_is_digit(c.cp); c = entity_char_at(text, at)) {
		if (m->n_digits < sizeof(m->digits)) {
			m->digits[m->n_digits++] = (uint8_t)c.cp;
			g->n_digits++;
		} else {
			m->overlong = true;
		}
		at += c.len;
	}
	m->n++;
	return at;
}

static bool number_is_separator(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
}

/* number_read_separator: up to three characters between groups; where digits go on, or 0. */
static size_t number_read_separator(struct bytes text, size_t at, uint8_t *separator, bool *slash)
{
	struct entity_char c = entity_char_at(text, at);
	bool dotted = false;
	uint32_t n = 0;

	for (; number_is_separator(c.cp) && n < 3; n++) {
		dotted |= c.cp == '.';
		*slash |= c.cp == '/';
		*separator = n == 0 || c.cp == '(' ? (uint8_t)c.cp : *separator == '(' ? '(' : ' ';
		at += c.len;
		c = entity_char_at(text, at);
	}
	/* ". " ends a sentence */
	return n != 0 && !(dotted && n > 1) && entity_is_digit(c.cp) ? at : 0;
}

/* number_is_other_end: one or two digits behind a '/': another number's end, "020 7946 0018/19". */
static bool number_is_other_end(struct bytes text, size_t at)
{
	uint32_t n = 0;

	for (; n < 3 && entity_is_digit(entity_char_at(text, at).cp); n++) {
		at += entity_char_at(text, at).len;
	}
	return n < 3;
}

/* number_breaks: the digits at `at` begin another number, or the ones so far are none of this. */
static bool number_breaks(struct bytes text, size_t at, const struct number *m, uint8_t separator)
{
	const struct number_group *last = &m->groups[m->n - 1];
	uint32_t n_next = 0;

	if (separator == '(') {
		return last->n_digits >= NUMBER_WHOLE_MIN; /* "0812345678 (24 h)" */
	}
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
	m->n_words = 0;
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
		bool slash = false;
		size_t next = number_read_separator(text, end, &separator, &slash);

		if (next == 0 || number_breaks(text, next, m, separator) ||
			(slash && m->n_digits >= NUMBER_WHOLE_MIN &&
				(separator == ' ' || number_is_other_end(text, next)))) {
			break;
		}
		end = number_read_group(text, next, m, separator);
	}
	return end;
}

uint32_t number_value(const struct number *m, uint32_t first, uint32_t n)
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

/* number_is_extension: "x12", "ext. 12" and no more, behind a whole number. */
static bool number_is_extension(struct bytes text, size_t at)
{
	struct entity_char c = entity_char_at(text, at);
	size_t end = entity_match(text, at, "ext");
	uint32_t n = 0;

	at = end != 0 ? end : at + ((c.cp | 0x20) == 'x' ? c.len : 0u);
	c = entity_char_at(text, at);
	if (end != 0 && (c.cp == '.' || c.cp == ' ')) {
		at += c.len;
		c = entity_char_at(text, at);
	}
	for (; entity_is_digit(c.cp) && n < 6; n++) {
		at += c.len;
		c = entity_char_at(text, at);
	}
	return n != 0 && !entity_is_alnum(c.cp);
}

/* number_stands_free: what is beside [from, to) does not make it a part of something else. */
static bool number_stands_free(struct bytes text, size_t from, size_t to)
{
	struct entity_char next = entity_char_at(text, to);
	struct entity_char after = entity_char_at(text, to + next.len);
	uint8_t before = from > 0 ? text.data[from - 1] : ' ';

	if ((entity_is_alnum(next.cp) && !number_is_extension(text, to)) ||
		(next.letter && !next.native) || number_is_currency(next.cp) ||
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

/* number_drop_trunk: "+44 (0)20". */
static void number_drop_trunk(struct number *m, uint32_t first)
{
	for (uint32_t i = 1; i < m->n; i++) {
		const struct number_group *g = &m->groups[i];

		if (g->n_digits == 1 && g->first >= first && m->digits[g->first] == '0' &&
			g->separator == '(') {
			memmove(m->digits + g->first, m->digits + g->first + 1,
				m->n_digits - g->first - 1u);
			m->n_digits--;
			break;
		}
	}
}

/* A number in normal form. */
struct number_normal {
	uint8_t octets[NUMBERING_OUT];
	struct bytes digits; /* E.164 where known */
	bool known;
	struct numbering number; /* where known */
};

/* number_is_bare: a national number of home without the trunk prefix it is always written with. */
static bool number_is_bare(const struct number *m, uint16_t home, const struct number_normal *n)
{
	const struct numbering_country *c = numbering_country_of(home);
	size_t code_len = n->number.calling_len;

	return !m->plus && (c->trunk_kinds >> n->number.kind & 1) != 0 &&
	       n->digits.len == m->n_digits + code_len &&
	       memcmp(n->digits.data + code_len, m->digits, m->n_digits) == 0;
}

/* number_is_foreign: bare digits that would be a number of another country behind a '+'. */
static bool number_is_foreign(const struct number *m, uint16_t home, const struct number_normal *n)
{
	return !m->plus && n->digits.len == m->n_digits &&
	       n->number.calling_code != numbering_country_of(home)->calling_code;
}

/*
 * number_is_doubtful: digits that may be a number in this form, but are more likely a reference:
 * what is longer than E.164 allows or very short, short ones of other countries, and fixed ones without their
 * trunk prefix (in some plans nearly anything is one).
 */
static bool number_is_doubtful(const struct number *m, uint16_t home, const struct number_normal *n)
{
	if (m->plus) {
		return false;
	}
	return n->digits.len > NUMBER_DIGITS_MAX || n->digits.len < NUMBER_DIGITS_MIN ||
	       (m->n_digits > NUMBER_DIGITS_MAX + 2 && !n->number.valid) || /* "00" and 15 */
	       (m->n_digits < NUMBER_FOREIGN_MIN && number_is_foreign(m, home, n)) ||
	       (n->number.kind == NUMBERING_FIXED && number_is_bare(m, home, n));
}

static void number_normalise(struct number m, uint16_t home, struct number_normal *n)
{
	bool zeros = m.n_digits > 2 && m.digits[0] == '0' && m.digits[1] == '0';
	unsigned ton = m.plus ? TON_INTERNATIONAL : 0;

	if (m.plus || zeros) {
		number_drop_trunk(&m, m.plus ? 0 : 2);
	}
	*n = (struct number_normal){ .known = false };
	n->digits =
		numbering_normal(home, ton, bytes_of(m.digits, m.n_digits), n->octets, &n->known);
	if (n->known) {
		(void)numbering_find(n->digits, &n->number);
		/* no calling code begins with 0 (E.164 6.2.1): "+0812 345678" is not international */
		n->known = n->digits.data[0] != '0' && !number_is_doubtful(&m, home, n);
	}
	if (!n->known) { /* as it is */
		n->number = (struct numbering){ 0 };
		memcpy(n->octets, m.digits, m.n_digits);
		n->digits = bytes_of(n->octets, m.n_digits);
	}
}

/* number_emit: '+' and digits of what is known to be international, or digits as they are. */
static bool number_emit(const struct number *m, size_t to, struct entity_sink *sink,
	struct entity *e, const struct number_normal *n)
{
	size_t start = sink->used;

	if (n->digits.len < NUMBER_DIGITS_MIN || n->digits.len > NUMBER_DIGITS_MAX ||
		sink->size - sink->used < n->digits.len + 1) {
		return false;
	}
	if (n->known) {
		sink->buffer[sink->used++] = '+';
	}
	memcpy(sink->buffer + sink->used, n->digits.data, n->digits.len);
	sink->used += n->digits.len;
	*e = (struct entity){ .kind = ENTITY_NUMBER,
		.from = (uint32_t)m->from,
		.to = (uint32_t)to,
		.value = bytes_of(sink->buffer + start, sink->used - start),
		.host = bytes_of(NULL, 0),
		.number = n->number };
	return true;
}

/* number_is_regular: its groups are those of a number: three digits and more, or pairs. */
static bool number_is_regular(const struct number *m)
{
	uint32_t n_pairs = 0;
	uint32_t n_short = 0;

	for (uint32_t i = 1; i < m->n; i++) {
		const struct number_group *g = &m->groups[i];
		bool trunk = g->separator == '(' && g->n_digits == 1;

		n_short += !g->word && !trunk && g->n_digits < 3;
		n_pairs += g->n_digits == 2 && g->separator == m->groups[1].separator;
	}
	return n_short == 0 || (n_pairs >= 3 && n_pairs >= n_short);
}

/* number_counts_up: "one two three four ...". */
static bool number_counts_up(const struct number *m)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < m->n_digits; i++) {
		n += (m->digits[i] - m->digits[i - 1] + 10) % 10 == 1;
	}
	return n + 2 > m->n_digits;
}

/* number_is_dialled: international behind the way abroad of home. */
static bool number_is_dialled(const struct number *m, uint16_t home, const struct number_normal *n)
{
	return n->number.valid && n->digits.len < m->n_digits &&
	       n->number.calling_code != numbering_country_of(home)->calling_code;
}

/* number_is_proven: what is spelled oddly is plainly a number all the same. */
static bool number_is_proven(const struct number *m, uint16_t home, const struct number_normal *n)
{
	bool all_words = m->n == 1 && m->groups[0].word;

	if (!m->plus && m->n == 2 && m->groups[1].separator == '.') {
		return false; /* "3600,000" */
	}
	if (!m->plus && !all_words &&
		(number_is_date(m) || number_is_amount(m) || number_is_address(m) ||
			(!number_is_regular(m) && !number_is_dialled(m, home, n)))) {
		return false;
	}
	if (all_words && number_counts_up(m) && (!n->number.valid || m->digits[0] == '1')) {
		return false;
	}
	if (n->number.valid) {
		return all_words || m->plus ||
		       (!number_is_bare(m, home, n) && !number_is_foreign(m, home, n));
	}
	if (m->plus) {
		return n->number.country != NUMBERING_NONE && n->digits.len >= 9;
	}
	if (all_words) {
		return m->n_digits >= 9;
	}
	return home == NUMBERING_NONE && m->digits[0] == '0' && m->n_digits >= 9 &&
	       m->n_digits <= 13;
}

/* number_is_other: digits of something else, unless they are a number of home's in its usual form. */
static bool number_is_other(const struct number *m, uint16_t home, const struct number_normal *n)
{
	bool pairs = m->n >= 4;

	if (number_is_date(m) || number_is_address(m)) {
		return true;
	}
	for (uint32_t i = 0; i < m->n; i++) {
		pairs &= m->groups[i].n_digits == 2 && (i == 0 || m->groups[i].separator == ' ');
	}
	if (number_is_scattered(m)) {
		return !pairs || !n->number.valid || numbering_country_of(home)->trunk[0] != '\0';
	}
	return number_is_amount(m) &&
	       !(n->number.valid && m->groups[0].n_digits == 3 && m->n_digits >= 9);
}

/* number_read_odd: what number_read() does not, and is proven. */
static bool number_read_odd(struct bytes text, size_t at, uint16_t home, struct entity_sink *sink,
	struct entity *e, size_t *tried)
{
	struct number_normal normal;
	struct number m;
	size_t end = number_read_spelled(text, at, &m);

	if (end == 0 || !m.odd) {
		return false;
	}
	if ((m.overlong || m.n_digits > NUMBER_DIGITS_MAX) &&
		(m.n_words > NUMBER_DIGITS_MAX || (m.overlong && m.n == 1))) {
		*tried = end; /* a text of such words or letters; its end is no number either */
	}
	if (m.bad || m.overlong || m.n_digits < NUMBER_DIGITS_MIN ||
		!number_stands_free(text, m.from, end)) {
		return false;
	}
	number_normalise(m, home, &normal);
	return number_is_proven(&m, home, &normal) && number_emit(&m, end, sink, e, &normal);
}

bool entity_read_number(struct bytes text, size_t at, uint16_t home, struct entity_sink *sink,
	struct entity *e, size_t *tried)
{
	struct number_normal normal;
	struct number m;
	size_t end;

	end = number_read(text, at, &m);
	if ((m.n == 0 || number_goes_on(text, end)) &&
		number_read_odd(text, at, home, sink, e, tried)) {
		return true;
	}
	if (m.n == 0) {
		return false;
	}
	*tried = end > *tried ? end : *tried;
	if (m.overlong || m.n_digits < NUMBER_DIGITS_MIN || !number_stands_free(text, at, end)) {
		return false;
	}
	if (text.data[at] == '(' && memchr(text.data + at, ')', end - at) == NULL) {
		m.from++; /* "(0812 345678)" */
	}
	number_normalise(m, home, &normal);
	return (m.plus || !number_is_other(&m, home, &normal)) &&
	       number_emit(&m, end, sink, e, &normal);
}
