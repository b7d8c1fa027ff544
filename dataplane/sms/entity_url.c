/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * URLs (RFC 3986 3): scheme, user information, host, port, path. Undone: hxxp, "[:]". User
 * information is not part of the normal form: it is there to mislead. A sentence's punctuation
 * behind a URL is none of it. E-mail addresses are no URLs.
 */
#include "dataplane/sms/entity_view.h"

struct url_scheme {
	size_t from;
	size_t to; /* where the authority begins */
	bool secure;
};

/* url_read_scheme: the word [at, end) ends in a scheme and "://" stands behind it. */
static bool url_read_scheme(struct bytes text, size_t at, size_t end, struct url_scheme *scheme)
{
	static const struct {
		const char *name;
		bool secure;
	} schemes[] = { { "http", false }, { "hxxp", false }, { "https", true },
		{ "hxxps", true } };
	size_t to = entity_match(text, end, "://");

	to = to != 0 ? to : entity_match(text, end, "[:]//");
	if (to == 0) {
		return false;
	}
	for (; at < end; at += entity_char_at(text, at).len) {
		for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
			if (end - at <= 15 && entity_match(text, at, schemes[i].name) == end) {
				*scheme = (struct url_scheme){ at, to, schemes[i].secure };
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

/* url_read_rest: port, path, query and fragment from `at`, without the sentence's punctuation. */
static size_t url_read_rest(struct bytes text, size_t at)
{
	struct entity_char c = entity_char_at(text, at);
	size_t end = at;
	size_t n_open = 0;

	if (c.cp == ':') {
		size_t to = at + c.len;

		while (entity_is_digit(entity_char_at(text, to).cp)) {
			to += entity_char_at(text, to).len;
			end = to;
		}
		at = end;
		c = entity_char_at(text, at);
	}
	if (c.cp != '/' && c.cp != '?' && c.cp != '#') {
		return end;
	}
	for (; url_is_path(c); c = entity_char_at(text, at)) {
		at += c.len;
		n_open += c.cp == '(';
		if (c.cp == ')' && n_open != 0) {
			n_open--;
			end = at;
		} else if (!entity_is_one_of(c.cp, ".,;:!?'*)")) {
			end = at;
		}
	}
	return end;
}

/* url_emit: the normal form of labels 0..n-1 and the rest [host's end, to). */
static bool url_emit(struct bytes text, const struct entity_host *host, uint32_t n, bool secure,
	size_t to, struct entity_sink *sink, struct entity *e)
{
	size_t start = sink->used;
	size_t host_at;
	size_t host_end;
	bool fits = entity_put_text(sink, secure ? "https://" : "http://");

	host_at = sink->used;
	for (uint32_t k = 0; k < n && fits; k++) {
		fits = (k == 0 || entity_put(sink, '.')) &&
		       entity_put_span(sink, text, host->labels[k].from, host->labels[k].to, true);
	}
	host_end = sink->used;
	fits = fits && entity_put_span(sink, text, host->labels[n - 1].to, to, false);
	if (!fits) {
		sink->used = start;
		return false;
	}
	e->kind = ENTITY_URL;
	e->to = (uint32_t)to;
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

static bool url_read_full(struct bytes text, const struct url_scheme *scheme,
	struct entity_sink *sink, struct entity *e, size_t *tried)
{
	struct entity_host host;
	size_t at = url_skip_user(text, scheme->to);
	bool spaced = entity_char_at(text, at).cp == ' '; /* "http:// 192.0.2.1" */
	size_t end;
	uint32_t n;

	at += spaced ? 1 : 0;
	end = entity_read_host(text, at, &host);
	if (host.n == 0 && at < text.len && text.data[at] == '[') {
		end = url_read_literal(text, at, &host);
	}
	*tried = end > scheme->to ? end : scheme->to;
	if (host.n == 0 || (spaced && host.n < 2)) {
		return false;
	}
	n = entity_cut_full(text, &host);
	end = host.labels[n - 1].to;
	end = n == host.n ? url_read_rest(text, end) : end;
	e->from = (uint32_t)scheme->from;
	return url_emit(text, &host, n, scheme->secure, end, sink, e);
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

bool entity_read_url(
	struct bytes text, size_t at, struct entity_sink *sink, struct entity *e, size_t *tried)
{
	struct entity_host host;
	struct url_scheme scheme;
	size_t end = entity_read_host(text, at, &host);
	uint32_t n;

	*tried = end > at ? end : at + 1;
	if (host.n == 0 || url_is_mail(text, at, end, tried)) {
		return false;
	}
	if (url_read_scheme(text, host.labels[host.n - 1].from, end, &scheme)) {
		return url_read_full(text, &scheme, sink, e, tried);
	}
	n = entity_cut_bare(text, &host);
	if (n == 0) {
		return false;
	}
	end = host.labels[n - 1].to;
	end = n == host.n ? url_read_rest(text, end) : end;
	e->from = (uint32_t)at;
	return url_emit(text, &host, n, false, end, sink, e);
}
