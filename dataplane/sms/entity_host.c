/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Host names in running text (RFC 1035 2.3.1, RFC 5890). Behind a scheme or "www." nearly any is
 * one. A bare "name.tld" is one if its last label is a top-level domain that is no ordinary word,
 * or if something else says so: a path, a port, a second-level "co" or "com", "[.]". That leaves
 * out what people write without a space behind a full stop ("home.now", "ok.my dear"), file names,
 * "e.g.".
 *
 * Undone: "[.]" "(.)" "{.}" "[dot]" "(dot)" " dot ", full width, ideographic full stops; " . " where
 * what is beside it says so.
 */
#include "dataplane/sms/entity_table.h"
#include "dataplane/sms/entity_view.h"

#define HOST_LABEL_LEN 63u        /* octets, RFC 1035 2.3.4 */
#define HOST_BLANKS    2u         /* on one side of a dot */
#define HOST_SPACED    6u         /* labels with blanks between them; more are not read */
#define HOST_SPAN      (3 * 253u) /* octets: RFC 1035 2.3.4 has 253, full width thrice that */

static bool host_is_open(uint32_t c)
{
	return c == '[' || c == '(' || c == '{';
}

static bool host_is_close(uint32_t c)
{
	return c == ']' || c == ')' || c == '}';
}

/* host_read_label: from `at`; ends where scripts that do not mix meet, unless `mixed`. Its end. */
static size_t host_read_label(struct bytes text, size_t at, bool mixed)
{
	bool latin = false;
	bool native = false;

	for (;;) {
		struct entity_char c = entity_char_at(text, at);
		bool digit = entity_is_digit(c.cp) || c.cp == '-' || c.cp == '_';

		if (c.len == 0 || (!digit && !c.letter && !entity_is_alnum(c.cp))) {
			return at;
		}
		if (!digit && !mixed) {
			if (c.native ? latin : native) {
				return at;
			}
			latin |= !c.native;
			native |= c.native;
		}
		at += c.len;
	}
}

/* host_read_bracket: "[.]", "(dot)" and so on at `at`, spaces around allowed; its end or 0. */
static size_t host_read_bracket(struct bytes text, size_t at)
{
	struct entity_char c = entity_char_at(text, at);
	bool spaced = c.cp == ' ';
	size_t dot;

	at += spaced ? 1 : 0;
	c = entity_char_at(text, at);
	if (!host_is_open(c.cp)) {
		return 0;
	}
	at += c.len;
	dot = entity_match(text, at, ".");
	dot = dot != 0 ? dot : entity_match(text, at, "dot");
	c = entity_char_at(text, dot);
	if (dot == 0 || !host_is_close(c.cp)) {
		return 0;
	}
	dot += c.len;
	return spaced && entity_char_at(text, dot).cp == ' ' ? dot + 1 : dot;
}

/* host_read_dot: what parts two labels at `at`; returns its end, or 0. */
static size_t host_read_dot(struct bytes text, size_t at, struct entity_host *host)
{
	struct entity_char c = entity_char_at(text, at);
	size_t end;

	if (c.cp == '.') {
		return at + c.len;
	}
	end = host_read_bracket(text, at);
	if (end != 0) {
		host->bracketed = true;
		return end;
	}
	end = entity_match(text, at, " dot ");
	host->spelled |= end != 0;
	return end;
}

/* host_is_stop: an ideographic full stop behind [from, at) that ends a sentence: Han before it only. */
static bool host_is_stop(struct bytes text, size_t from, size_t at)
{
	struct entity_char dot = entity_char_at(text, at);
	struct entity_char next = entity_char_at(text, at + dot.len);

	return dot.cp == '.' && dot.len == 3 && text.data[at + 1] != 0xBC &&
	       entity_char_at(text, from).native != next.native;
}

static size_t host_read(struct bytes text, size_t at, struct entity_host *host, bool mixed)
{
	size_t end = at;

	host->n = 0; /* labels are written before they are read */
	host->bracketed = false;
	host->spelled = false;
	host->spaced = false;
	while (host->n < ENTITY_LABELS) {
		bool bracketed = host->bracketed;
		bool spelled = host->spelled;
		size_t dot = host->n == 0 ? at : host_read_dot(text, end, host);
		size_t to = dot != 0 || host->n == 0 ? host_read_label(text, dot, mixed) : 0;

		if (to == 0 || to == dot ||
			(host->n != 0 && host_is_stop(text, host->labels[host->n - 1].from,
						 end))) { /* no dot, or nothing behind it */
			host->bracketed = bracketed;
			host->spelled = spelled;
			break;
		}
		host->labels[host->n++] = (struct entity_label){ (uint32_t)dot, (uint32_t)to };
		end = to;
	}
	return end;
}

size_t entity_read_host(struct bytes text, size_t at, struct entity_host *host)
{
	return host_read(text, at, host, false);
}

size_t entity_read_mixed(struct bytes text, size_t at, struct entity_host *host)
{
	return host_read(text, at, host, true);
}

static enum entity_tld host_tld(struct bytes text, struct entity_label label)
{
	uint8_t name[4 * HOST_LABEL_LEN];
	struct entity_sink sink = { .buffer = name, .size = sizeof(name) };

	if (!entity_put_span(&sink, text, label.from, label.to, true)) {
		return TLD_NONE;
	}
	return entity_table_tld(bytes_of(name, sink.used));
}

static bool host_is_upper(uint32_t c)
{
	return c - 'A' < 26;
}

/* host_is_sentence: "home.Now": a sentence begins with label k, and the label before did not so. */
static bool host_is_sentence(struct bytes text, const struct entity_host *host, uint32_t k)
{
	struct entity_label tld = host->labels[k];
	struct entity_char first = entity_char_at(text, tld.from);
	struct entity_char second = entity_char_at(text, tld.from + first.len);

	return host_is_upper(first.cp) && !host_is_upper(second.cp) &&
	       !host_is_upper(entity_char_at(text, host->labels[k - 1].from).cp);
}

/* host_is_second_level: label k is one that countries register below: "co" in "x.co.in". */
static bool host_is_second_level(struct bytes text, const struct entity_host *host, uint32_t k)
{
	static const char *const names[] = { "co", "com", "net", "org", "gov", "edu", "ac", "go",
		"or" };
	struct entity_label label = host->labels[k];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (entity_match(text, label.from, names[i]) == label.to) {
			return true;
		}
	}
	return false;
}

static bool host_is_number(struct bytes text, struct entity_label label)
{
	for (size_t at = label.from; at < label.to;) {
		struct entity_char c = entity_char_at(text, at);

		if (!entity_is_digit(c.cp)) {
			return false;
		}
		at += c.len;
	}
	return true;
}

/* host_is_address: an IPv4 address in four decimal numbers. */
static bool host_is_address(struct bytes text, const struct entity_host *host)
{
	for (uint32_t k = 0; k < 4 && host->n == 4; k++) {
		struct entity_label label = host->labels[k];
		uint32_t value = 0;

		if (!host_is_number(text, label) || label.to - label.from > 12) {
			return false;
		}
		for (size_t at = label.from; at < label.to;) {
			struct entity_char c = entity_char_at(text, at);

			value = value * 10 + c.cp - '0';
			if (value > 255) {
				return false;
			}
			at += c.len;
		}
	}
	return host->n == 4;
}

static bool host_has_hyphen(struct bytes text, struct entity_label label)
{
	return memchr(text.data + label.from, '-', label.to - label.from) != NULL;
}

/* host_goes_on: at the host's end a path with something in it, or a port. */
static bool host_goes_on(struct bytes text, size_t end)
{
	struct entity_char c = entity_char_at(text, end);
	struct entity_char next = entity_char_at(text, end + c.len);

	if (c.cp == '/') {
		return entity_is_alnum(next.cp) || entity_is_one_of(next.cp, "?#%@-_~.");
	}
	return c.cp == ':' && entity_is_digit(next.cp);
}

static bool host_is_www(struct bytes text, const struct entity_host *host)
{
	return host->n >= 2 &&
	       entity_match(text, host->labels[0].from, "www") == host->labels[0].to;
}

/* host_accepts_bare: labels 0..k are a host by themselves, label k its top-level domain. */
static bool host_accepts_bare(struct bytes text, const struct entity_host *host, uint32_t k)
{
	enum entity_tld tld = host_tld(text, host->labels[k]);
	struct entity_label below = host->labels[k - 1];
	bool last = k + 1 == host->n;
	bool path = last && host_goes_on(text, host->labels[k].to);

	if (tld == TLD_NONE || (below.to - below.from == 1 && k == 1 && !path &&
				       host->labels[k].to - host->labels[k].from < 3)) {
		return false; /* unknown, or initials: "j.co" */
	}
	if (path || (host->bracketed && last)) {
		return true;
	}
	if (tld == TLD_NAME) {
		return !host_is_sentence(text, host, k);
	}
	if (host->spelled || !last || host_is_sentence(text, host, k)) {
		return false;
	}
	return host_has_hyphen(text, below) || (k >= 2 && host_is_second_level(text, host, k - 1));
}

bool entity_host_ends(struct bytes text, const struct entity_host *host)
{
	struct entity_label last = host->labels[host->n - 1];

	return host_is_number(text, last) || host_tld(text, last) != TLD_NONE;
}

uint32_t entity_cut_bare(struct bytes text, const struct entity_host *host)
{
	if (host->n < 2 || host->labels[host->n - 1].to - host->labels[0].from > HOST_SPAN) {
		return 0;
	}
	if (host_is_number(text, host->labels[host->n - 1])) {
		bool bare = host_is_address(text, host) && host_goes_on(text, host->labels[3].to);

		return bare ? 4 : 0;
	}
	for (uint32_t k = host->n - 1; k > 0; k--) {
		if (host_accepts_bare(text, host, k)) {
			return k + 1;
		}
	}
	return host_is_www(text, host) ? host->n : 0;
}

uint32_t entity_cut_full(struct bytes text, const struct entity_host *host)
{
	uint32_t last = host->n - 1;

	if (host->n < 2 || host_is_number(text, host->labels[last]) ||
		host_goes_on(text, host->labels[last].to) ||
		(host_tld(text, host->labels[last]) != TLD_NONE &&
			!host_is_sentence(text, host, last))) {
		return host->n;
	}
	for (uint32_t k = last - 1; k > 0; k--) {
		if (host_tld(text, host->labels[k]) == TLD_NAME) {
			return k + 1;
		}
	}
	return host->n;
}

/* ---- blanks around dots ---- */

static size_t host_skip_blanks(struct bytes text, size_t at)
{
	for (uint32_t i = 0; i < HOST_BLANKS && entity_char_at(text, at).cp == ' '; i++) {
		at++;
	}
	return at;
}

/* host_is_plain: a top-level domain that is hardly a word, and its name no sentence's begin. */
static bool host_is_plain(struct bytes text, size_t at, size_t *end)
{
	static const char *const names[] = { "com", "net", "org", "info", "xyz", "biz", "icu" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t to = entity_match(text, at, names[i]);
		struct entity_char next = entity_char_at(text, to);

		if (to != 0 && !next.letter && !entity_is_alnum(next.cp)) {
			*end = to;
			return true;
		}
	}
	return false;
}

bool entity_is_spaced(struct bytes text, size_t at)
{
	size_t next = host_skip_blanks(text, at + 1);
	size_t end;

	return host_is_plain(text, next, &end) ||
	       (at >= 3 && entity_match(text, at - 3, "www") == at);
}

size_t entity_path_behind(struct bytes text, size_t at)
{
	size_t slash = host_skip_blanks(text, at);
	struct entity_char c = entity_char_at(text, slash);
	size_t next = host_skip_blanks(text, slash + c.len);

	/* blanks on both sides or on none: "evil . com/ see" */
	if (c.cp != '/' || !entity_is_alnum(entity_char_at(text, next).cp) ||
		(next != slash + 1 && slash == at)) {
		return 0;
	}
	return slash;
}

/* host_read_gaps: labels with dots between them, blanks beside these or not. */
static void host_read_gaps(struct bytes text, size_t at, struct entity_host *host)
{
	size_t end = host_read_label(text, at, false);

	*host = (struct entity_host){ .spaced = true };
	if (end == at) {
		return;
	}
	host->labels[host->n++] = (struct entity_label){ (uint32_t)at, (uint32_t)end };
	while (host->n < HOST_SPACED) {
		size_t dot = host_skip_blanks(text, end);
		struct entity_char c = entity_char_at(text, dot);
		size_t from = host_skip_blanks(text, dot + c.len);
		size_t to = c.cp == '.' ? host_read_label(text, from, false) : from;

		if (to == from) {
			return;
		}
		host->labels[host->n++] = (struct entity_label){ (uint32_t)from, (uint32_t)to };
		end = to;
	}
}

/* host_accepts_spaced: labels 0..k are a host although there are blanks in it. */
static bool host_accepts_spaced(
	struct bytes text, const struct entity_host *host, uint32_t k, bool full)
{
	struct entity_label below = host->labels[k - 1];
	struct entity_label last = host->labels[k];
	enum entity_tld tld = host_tld(text, last);
	bool path = entity_path_behind(text, last.to) != 0;
	bool apart = text.data[below.to] == ' ' && text.data[last.from - 1] == ' ';
	size_t end;
	bool plain = host_is_plain(text, last.from, &end) ||
	             (k >= 2 && host_is_second_level(text, host, k - 1) && tld != TLD_NONE &&
			     (path || apart));

	if (tld == TLD_NONE || below.to - below.from < 2 || host_is_sentence(text, host, k)) {
		return false;
	}
	if (host_is_www(text, host) && k >= 2) {
		return true;
	}
	if (full && tld == TLD_NAME) {
		return plain || path;
	}
	if (path) {
		return plain || (tld == TLD_NAME && host_has_hyphen(text, below));
	}
	return plain && apart;
}

bool entity_read_spaced(struct bytes text, size_t at, bool full, struct entity_host *host)
{
	host_read_gaps(text, at, host);
	for (uint32_t k = host->n; k-- > 1;) {
		if (host_accepts_spaced(text, host, k, full)) {
			host->n = k + 1;
			return true;
		}
	}
	return false;
}
