/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * URLs (RFC 3986 3): scheme, user information, host, port, path. Undone: hxxp, "[:]//", "[://]", " ://",
 * backslashes, "http:/", %XX in a host. User
 * information is not part of the normal form: it is there to mislead. A sentence's punctuation
 * behind a URL is none of it. E-mail addresses are no URLs.
 */
#include "dataplane/sms/entity_view.h"

struct url_scheme {
	size_t from;
	size_t to; /* where the authority begins */
	bool secure;
	bool backslashes; /* "http:\\\\host\\path" */
	bool sloppy;      /* "http:/host": only where a host follows that is one by itself */
};

/* url_read_separator: what stands between a scheme and its host, undone; false: nothing of it. */
static bool url_read_separator(struct bytes text, size_t end, struct url_scheme *scheme)
{
	static const struct {
		const char *text;
		bool backslashes;
		bool sloppy;
	} separators[] = { { "://", false, false }, { "[:]//", false, false },
		{ "[://]", false, false }, { " ://", false, false }, { ":\\\\", true, false },
		{ ":/", false, true } };

	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		size_t to = entity_match(text, end, separators[i].text);

		if (to != 0) {
			scheme->to = to;
			scheme->backslashes = separators[i].backslashes;
			scheme->sloppy = separators[i].sloppy;
			return true;
		}
	}
	return false;
}

/* url_read_scheme: the word [at, end) ends in a scheme and "://" or the like stands behind it. */
static bool url_read_scheme(struct bytes text, size_t at, size_t end, struct url_scheme *scheme)
{
	static const struct {
		const char *name;
		bool secure;
	} schemes[] = { { "http", false }, { "hxxp", false }, { "https", true },
		{ "hxxps", true } };

	if (!url_read_separator(text, end, scheme)) {
		return false;
	}
	for (; at < end; at += entity_char_at(text, at).len) {
		for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
			if (end - at <= 24 && entity_match(text, at, schemes[i].name) == end) {
				scheme->from = at;
				scheme->secure = schemes[i].secure;
				return true;
			}
		}
	}
	return false;
}

static bool url_is_path(struct entity_char c)
{
	return (c.letter && !c.native) ||
	       (c.cp > 0x20 && c.cp < 0x7F && !entity_is_one_of(c.cp, "<>\"{}|\\^`[]"));
}

/* url_skip_user: behind the user information of an authority, if there is any. */
static size_t url_skip_user(struct bytes text, size_t at)
{
	size_t host = at;

	for (;;) {
		struct entity_char c = entity_char_at(text, at);

		if (c.len == 0 || !url_is_path(c) || c.cp == '/' || c.cp == '?' || c.cp == '#') {
			return host;
		}
		at += c.len;
		host = c.cp == '@' ? at : host;
	}
}

/* What stands behind a host. */
struct url_rest {
	size_t from; /* [from, to) as it is */
	size_t to;
	bool slash;       /* a '/' goes before it: there were blanks beside it */
	bool backslashes; /* a '\\' is a '/' */
};

static bool url_begins_path(uint32_t c, bool backslashes)
{
	return c == '/' || c == '?' || c == '#' || (c == '\\' && backslashes);
}

/* url_read_path: path, query and fragment from `at`, without the sentence's punctuation; their end. */
static size_t url_read_path(struct bytes text, size_t at, bool backslashes)
{
	struct entity_char c = entity_char_at(text, at);
	const size_t from = at;
	size_t end = at;
	size_t n_open = 0;

	for (; url_is_path(c) || (c.cp == '\\' && backslashes); c = entity_char_at(text, at)) {
		at += c.len;
		n_open += c.cp == '(';
		if (c.cp == ')' && n_open != 0) {
			n_open--;
			end = at;
		} else if (c.cp == ')' && end != from) {
			return end; /* it was opened before the URL */
		} else if (!entity_is_one_of(c.cp, ".,;:!?'*)")) {
			end = at;
		}
	}
	return end;
}

/* url_read_rest: port and path behind a host that ends at `at`; `loose`: blanks may be there. */
static struct url_rest url_read_rest(struct bytes text, size_t at, bool loose, bool backslashes)
{
	struct url_rest rest = { .from = at, .to = at, .backslashes = backslashes };
	struct entity_char c = entity_char_at(text, at);
	struct entity_char next = entity_char_at(text, at + c.len);
	size_t slash;

	if (c.cp == '.' && (url_begins_path(next.cp, backslashes) || next.cp == ':')) {
		at += c.len; /* the root's dot (RFC 1034 3.1) */
		c = next;
		rest.from = at;
		rest.to = at;
	}
	if (c.cp == ':') {
		size_t to = at + c.len;

		while (entity_is_digit(entity_char_at(text, to).cp)) {
			to += entity_char_at(text, to).len;
			rest.to = to;
		}
		at = rest.to;
		c = entity_char_at(text, at);
	}
	slash = loose && c.cp == ' ' ? entity_path_behind(text, at) : 0;
	if (slash != 0) {
		rest.slash = true;
		for (at = slash + 1; text.data[at] == ' '; at++) {
		}
		rest.from = at;
		rest.to = url_read_path(text, at, false);
	} else if (url_begins_path(c.cp, backslashes)) {
		rest.to = url_read_path(text, at, backslashes);
	}
	return rest;
}

static bool url_put_rest(struct entity_sink *sink, struct bytes text, const struct url_rest *rest)
{
	size_t start = sink->used;

	if ((rest->slash && !entity_put(sink, '/')) ||
		!entity_put_span(sink, text, rest->from, rest->to, false)) {
		return false;
	}
	for (size_t i = start; i < sink->used && rest->backslashes; i++) {
		sink->buffer[i] = sink->buffer[i] == '\\' ? '/' : sink->buffer[i];
	}
	return true;
}

/* What a URL is put together of. */
struct url_parts {
	struct bytes host_text; /* where the host's labels are: the text, or a copy without '%' */
	const struct entity_host *host;
	uint32_t n; /* labels */
	bool full;  /* it has a scheme */
	bool secure;
	struct url_rest rest;
};

/* url_emit: the normal form. */
static bool url_emit(
	struct bytes text, const struct url_parts *p, struct entity_sink *sink, struct entity *e)
{
	size_t start = sink->used;
	size_t host_at;
	size_t host_end;
	bool fits = entity_put_text(sink, p->secure ? "https://" : "http://");

	host_at = sink->used;
	fits = fits && entity_put_host(sink, p->host_text, p->host, p->n, p->full);
	host_end = sink->used;
	fits = fits && url_put_rest(sink, text, &p->rest);
	if (!fits) {
		sink->used = start;
		return false;
	}
	e->kind = ENTITY_URL;
	e->to = (uint32_t)p->rest.to;
	e->value = bytes_of(sink->buffer + start, sink->used - start);
	e->host = bytes_of(sink->buffer + host_at, host_end - host_at);
	return true;
}

/* url_read_literal: an IPv6 address in brackets (RFC 3986 3.2.2) as a host of one label. */
static size_t url_read_literal(struct bytes text, size_t at, struct entity_host *host)
{
	size_t from = at++;

	while (at < text.len && at - from < 48 &&
		(entity_is_alnum(text.data[at]) || text.data[at] == ':' || text.data[at] == '.')) {
		at++;
	}
	if (at == text.len || text.data[at] != ']' || at - from < 3) {
		return from;
	}
	*host = (struct entity_host){ .labels = { { (uint32_t)from, (uint32_t)at + 1 } }, .n = 1 };
	return at + 1;
}

static uint32_t url_hex(uint32_t c)
{
	return entity_is_digit(c)                       ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
	                                                : 16;
}

enum { URL_DECODED = 256 }; /* octets of a host without its '%' */

/*
 * url_decode_host: the host at `at` with its %XX undone (RFC 3986 2.1, 3.2.2) into `out`; where it
 * ends, or 0: it has none, or is too long.
 */
static size_t url_decode_host(
	struct bytes text, size_t at, uint8_t out[URL_DECODED], struct entity_sink *sink)
{
	bool any = false;

	*sink = (struct entity_sink){ .buffer = out, .size = URL_DECODED };
	for (;;) {
		struct entity_char c = entity_char_at(text, at);
		uint32_t high = url_hex(entity_char_at(text, at + 1).cp);
		uint32_t low = url_hex(entity_char_at(text, at + 2).cp);

		if (c.cp == '%' && high < 16 && low < 16 && sink->used < URL_DECODED) {
			out[sink->used++] = (uint8_t)(high << 4 | low);
			any = true;
			at += 3;
			continue;
		}
		if (!c.letter && !entity_is_alnum(c.cp) && !entity_is_one_of(c.cp, ".-_")) {
			return any ? at : 0;
		}
		if (!entity_put(sink, c.cp)) {
			return 0;
		}
		at += c.len;
	}
}

/* A host behind a scheme. */
struct url_authority {
	struct bytes text; /* where its labels are */
	struct entity_host host;
	size_t end; /* in the message */
	uint8_t decoded[URL_DECODED];
};

/* url_try: another reading of the host at `at`, taken where it ends in a top-level domain. */
static void url_try(struct bytes text, size_t at, struct url_authority *a)
{
	struct entity_host host;
	size_t end = entity_read_mixed(text, at, &host);

	if (host.n > 1 && entity_host_ends(text, &host)) {
		a->host = host;
		a->end = end;
	} else if (entity_read_spaced(text, at, true, &host)) {
		a->host = host;
		a->end = host.labels[host.n - 1].to;
	}
}

/* url_read_authority: the host at `at`, however it is written; false: none. */
static bool url_read_authority(struct bytes text, size_t at, struct url_authority *a)
{
	struct entity_sink sink;
	size_t end;

	a->text = text;
	a->end = entity_read_host(text, at, &a->host);
	if (entity_char_at(text, a->end).cp == '%') {
		end = url_decode_host(text, at, a->decoded, &sink);
		if (end != 0) {
			a->text = bytes_of(a->decoded, sink.used);
			a->end = end;
			return entity_read_host(a->text, 0, &a->host) == sink.used &&
			       a->host.n != 0;
		}
	}
	if (a->host.n == 0 && at < text.len && text.data[at] == '[') {
		a->end = url_read_literal(text, at, &a->host);
	} else if (a->host.n != 0 && !entity_host_ends(text, &a->host)) {
		url_try(text, at, a);
	}
	return a->host.n != 0;
}

static bool url_read_full(struct bytes text, const struct url_scheme *scheme,
	struct entity_sink *sink, struct entity *e, size_t *tried)
{
	struct url_authority a;
	size_t at = url_skip_user(text, scheme->to);
	bool spaced = entity_char_at(text, at).cp == ' '; /* "http:// 192.0.2.1" */
	struct url_parts parts = { .host = &a.host, .full = true, .secure = scheme->secure };
	bool found;

	at += spaced ? 1 : 0;
	found = url_read_authority(text, at, &a);
	*tried = a.end > scheme->to ? a.end : scheme->to;
	if (!found || (spaced && a.host.n < 2) ||
		(scheme->sloppy && entity_cut_bare(a.text, &a.host) == 0)) {
		return false;
	}
	parts.host_text = a.text;
	parts.n = a.host.spaced ? a.host.n : entity_cut_full(a.text, &a.host);
	if (parts.n == a.host.n) {
		parts.rest = url_read_rest(text, a.end,
			a.host.spaced || a.host.bracketed || a.host.spelled, scheme->backslashes);
	} else {
		size_t cut = a.host.labels[parts.n - 1].to;

		cut = a.text.data == text.data ? cut : a.end;
		parts.rest = (struct url_rest){ .from = cut, .to = cut };
	}
	e->from = (uint32_t)scheme->from;
	return url_emit(text, &parts, sink, e);
}

/* url_is_mail: the host [at, end) is the user, or the domain, of an e-mail address. */
static bool url_is_mail(struct bytes text, size_t at, size_t end, size_t *tried)
{
	struct entity_host domain;

	if (end < text.len && text.data[end] == '@') {
		*tried = entity_read_host(text, end + 1, &domain);
		return true;
	}
	return at > 0 && text.data[at - 1] == '@';
}

/* url_read_bare: a domain without a scheme, `strict` as it was read without blanks around dots. */
static bool url_read_bare(struct bytes text, size_t at, const struct entity_host *strict,
	struct entity_sink *sink, struct entity *e)
{
	struct entity_host spaced;
	struct url_parts parts = { .host_text = text, .host = strict };
	size_t end = strict->labels[strict->n - 1].to;
	struct entity_char c = entity_char_at(text, end);
	uint32_t blank = entity_char_at(text, end + c.len).cp;

	parts.n = entity_cut_bare(text, strict);
	if (((c.cp == ' ' && (blank == '.' || blank == ' ')) || (c.cp == '.' && blank == ' ')) &&
		(parts.n == 0 || !entity_host_ends(text, strict)) &&
		(at < 2 || text.data[at - 1] != ' ' || text.data[at - 2] != '@') &&
		entity_read_spaced(text, at, false, &spaced)) {
		parts.host = &spaced;
		parts.n = spaced.n;
	}
	if (parts.n == 0) {
		return false;
	}
	end = parts.host->labels[parts.n - 1].to;
	parts.rest = (struct url_rest){ .from = end, .to = end };
	if (parts.n == parts.host->n) {
		parts.rest = url_read_rest(text, end,
			parts.host->spaced || parts.host->bracketed || parts.host->spelled, false);
	}
	e->from = (uint32_t)at;
	return url_emit(text, &parts, sink, e);
}

bool entity_read_url(
	struct bytes text, size_t at, struct entity_sink *sink, struct entity *e, size_t *tried)
{
	struct entity_host host;
	struct url_scheme scheme;
	size_t end = entity_read_host(text, at, &host);

	*tried = end > at ? end : at + 1;
	if (host.n == 0 || url_is_mail(text, at, end, tried)) {
		return false;
	}
	if (url_read_scheme(text, host.labels[host.n - 1].from, end, &scheme)) {
		return url_read_full(text, &scheme, sink, e, tried);
	}
	return url_read_bare(text, at, &host, sink, e);
}
