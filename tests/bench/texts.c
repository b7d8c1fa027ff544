/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/texts.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

enum { FOUND_MAX = 20000, PLAIN_LEAST = 80, PLAIN_MOST = 134, GSM_MOST = 160, UCS2_MOST = 140 };

#define LURE " collect your bench prize"

/* What a file holds, before it is cut to texts. */
struct found {
	char *text[FOUND_MAX];
	unsigned n;
};

static void take_object(struct found *found, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "text"));
	const char *expect = json_string_value(json_object_get(object, "expect"));
	const char *label = json_string_value(json_object_get(object, "label"));
	bool harmless = (expect == NULL || strcmp(expect, "pass") == 0) &&
	                (label == NULL || strcmp(label, "ham") == 0);

	if (text != NULL && text[0] != '\0' && harmless && found->n < FOUND_MAX) {
		found->text[found->n++] = strdup(text);
	}
}

static void take_array(struct found *found, const json_t *array)
{
	size_t i;
	json_t *object;

	json_array_foreach(array, i, object)
	{
		take_object(found, object);
	}
}

static bool read_file(struct found *found, const char *path)
{
	FILE *file = fopen(path, "r");
	json_error_t error;
	json_t *whole;
	char *line = NULL;
	size_t size = 0;

	if (file == NULL) {
		fprintf(stderr, "bench: cannot open %s\n", path);
		return false;
	}
	whole = json_loadf(file, 0, &error);
	if (whole != NULL) {
		take_array(
			found, json_is_array(whole) ? whole : json_object_get(whole, "messages"));
		json_decref(whole);
	} else {
		rewind(file);
		while (getline(&line, &size, file) > 0) {
			json_t *object = json_loads(line, 0, NULL);

			take_object(found, object);
			json_decref(object);
		}
	}
	free(line);
	fclose(file);
	return true;
}

/* is_plain: the same octets in GSM 7-bit and in ASCII (3GPP TS 23.038 6.2.1). */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c > 0x7A || strchr("$@[\\]^_`", c) != NULL) {
			return false;
		}
	}
	return true;
}

static void put_gsm(struct traffic_text *out, const char *text, size_t len)
{
	out->data_coding = 0;
	out->len = (uint8_t)len;
	memcpy(out->octets, text, len);
}

/* The next plain text of about 107 octets: short ones one after the other. */
static void make_plain(const struct found *found, unsigned *next, struct traffic_text *out)
{
	char text[GSM_MOST * 2] = "";
	size_t len = 0;

	while (len < PLAIN_LEAST) {
		const char *more = found->text[(*next)++ % found->n];

		if (is_plain(more)) {
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "%s%s", len != 0 ? " " : "", more);
			len = len < sizeof(text) ? len : sizeof(text) - 1;
		}
	}
	put_gsm(out, text, len < PLAIN_MOST ? len : PLAIN_MOST);
}

static void make_disguised(const struct traffic_text *plain, struct traffic_text *out)
{
	unsigned letters = 0;

	*out = *plain;
	for (unsigned i = 0; i < out->len; i++) {
		uint8_t c = out->octets[i] | 0x20;

		letters += c >= 'a' && c <= 'z';
		if (letters % 4 == 0) {
			out->octets[i] = c == 'e'   ? '3'
			                 : c == 'o' ? '0'
			                 : c == 'i' ? '1'
			                            : out->octets[i];
		}
	}
	memcpy(out->octets, "c l i c k ", out->len < 10 ? out->len : 10);
}

/* make_linked: the same length, the end replaced. */
static void make_linked(const struct traffic_text *plain, const char *end, struct traffic_text *out)
{
	size_t len = strlen(end);

	*out = *plain;
	memcpy(out->octets + (out->len > len ? out->len - len : 0), end, len);
	out->len = (uint8_t)(out->len > len ? out->len : len);
}

static uint32_t next_character(const uint8_t **at)
{
	const uint8_t *p = *at;
	unsigned n = p[0] < 0x80 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
	uint32_t c = n == 0 ? p[0] : p[0] & (0x3Fu >> n);

	for (unsigned i = 1; i <= n; i++) {
		c = c << 6 | (p[i] & 0x3F);
	}
	*at += n + 1;
	return c;
}

static void put_ucs2(struct traffic_text *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;

	out->data_coding = 8;
	out->len = 0;
	while (*at != 0 && out->len + 4 <= UCS2_MOST) {
		uint32_t c = next_character(&at);

		if (c > 0xFFFF) {
			put_be16(out->octets + out->len, (uint16_t)(0xD7C0 + (c >> 10)));
			out->len = (uint8_t)(out->len + 2);
			c = 0xDC00 | (c & 0x3FF);
		}
		put_be16(out->octets + out->len, (uint16_t)c);
		out->len = (uint8_t)(out->len + 2);
	}
}

static void make_found(const char *text, struct traffic_text *out)
{
	size_t len = strlen(text);

	if (is_plain(text)) {
		put_gsm(out, text, len < GSM_MOST ? len : GSM_MOST);
	} else {
		put_ucs2(out, text);
	}
}

/* make_lure: the same length and alphabet, the end replaced. */
static void make_lure(const struct traffic_text *text, struct traffic_text *out)
{
	size_t unit = text->data_coding == 8 ? 2 : 1;
	size_t len = (sizeof(LURE) - 1) * unit;
	size_t from;

	*out = *text;
	out->lure = true;
	if (out->len < len) {
		out->len = (uint8_t)len;
	}
	from = out->len - len;
	for (size_t i = 0; i < sizeof(LURE) - 1; i++) {
		out->octets[from + i * unit] = 0;
		out->octets[from + i * unit + unit - 1] = (uint8_t)LURE[i];
	}
}

bool texts_load(struct texts *t, const char *path)
{
	static struct found found;
	unsigned n_plain = 0;
	unsigned next = 0;

	if (!read_file(&found, path)) {
		return false;
	}
	for (unsigned i = 0; i < found.n; i++) {
		n_plain += is_plain(found.text[i]);
	}
	if (n_plain < 4) {
		fprintf(stderr, "bench: %s: %u plain texts are too few\n", path, n_plain);
		return false;
	}
	*t = (struct texts){ .n = TEXTS_MAX };
	for (unsigned i = 0; i < TEXTS_MAX; i++) {
		make_plain(&found, &next, &t->text[TEXTS_PLAIN][i]);
		make_disguised(&t->text[TEXTS_PLAIN][i], &t->text[TEXTS_DISGUISED][i]);
		make_linked(&t->text[TEXTS_PLAIN][i], " https://pay-demo.top/a?b=1",
			&t->text[TEXTS_LINK][i]);
		make_linked(&t->text[TEXTS_PLAIN][i],
			" https://pay-demo.top/a?b=1 www.parcel-demo.net t-demo.cc/9z +442079460958",
			&t->text[TEXTS_LINKS][i]);
		make_found(
			found.text[i * (found.n > TEXTS_MAX ? found.n / TEXTS_MAX : 1) % found.n],
			&t->text[TEXTS_FOUND][i]);
		for (unsigned k = 0; k < TEXT_KINDS; k++) {
			make_lure(&t->text[k][i], &t->lure[k][i]);
			t->octets[k] += t->text[k][i].len / (double)TEXTS_MAX;
		}
	}
	while (found.n != 0) {
		free(found.text[--found.n]);
	}
	return true;
}

/* Words of lures, from which the rules are mixed. */
static const char *const words[] = { "account", "amount", "award", "balance", "bank", "block",
	"bonus", "call", "cash", "claim", "click", "code", "collect", "confirm", "courier",
	"credit", "customs", "debit", "deliver", "deposit", "draw", "expire", "fee", "final",
	"gift", "guarantee", "held", "identity", "invoice", "limited", "loan", "locked", "lottery",
	"lucky", "million", "notice", "offer", "overdue", "package", "parcel", "password",
	"payment", "penalty", "pending", "pin", "premium", "prize", "profile", "refund", "release",
	"renew", "reply", "restricted", "reward", "secure", "selected", "shipping", "suspended",
	"tax", "ticket", "toll", "transfer", "unpaid", "unusual", "update", "urgent", "verify",
	"voucher", "wallet", "warning", "winner", "withdraw" };
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)*state * below) >> 32);
}

/* A name of two to three syllables: real sets are mostly names of brands and places. */
static void draw_name(uint32_t *state, char name[16])
{
	static const char *const syllables[] = { "ba", "cor", "del", "fen", "gri", "hol", "jan",
		"kel", "lum", "mer", "nor", "pav", "quin", "ros", "sol", "tar", "ulm", "ven", "wex",
		"zan" };
	unsigned n = 2 + draw(state, 2);

	name[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		strcat(name, syllables[draw(state, sizeof(syllables) / sizeof(syllables[0]))]);
	}
}

/* A rule of one of the forms that real sets are made of; half of those for texts look into the folded view. */
static void write_rule(FILE *out, unsigned i, uint32_t *state)
{
	const char *a = words[draw(state, N_WORDS)];
	const char *b = words[draw(state, N_WORDS)];
	const char *view = i % 2 != 0 ? "i view=folded" : "i";
	char name[16];

	draw_name(state, name);
	switch (i / 2 % 10) {
	case 0:
	case 1:
	case 2:
	case 3:
		fprintf(out, "mix.%u:/%s %s %s/%s\n", i, name, a, b, view);
		break;
	case 4:
	case 5:
		fprintf(out, "mix.%u:/%s.{0,20}(%s|%s)/%s\n", i, name, a, b, view);
		break;
	case 6:
		fprintf(out, "mix.%u:/%s[ -]?%s (now|today|here)/%s\n", i, name, b, view);
		break;
	case 7:
		fprintf(out, "mix.%u:/\\b0%03u[0-9]{4,6}\\b/%s\n", i, i, view);
		break;
	case 8:
		fprintf(out, "mix.%u:/%s-[a-z0-9.-]*%s/i field=url\n", i, name, b);
		break;
	default:
		fprintf(out, "mix.%u:/^%s/i field=sender\n", i, name);
		break;
	}
}

char *texts_rules(unsigned n)
{
	uint32_t state = 20240601;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fputs("bench.lure:/collect your bench prize/i\n", out);
	for (unsigned i = 1; i < n; i++) {
		write_rule(out, i, &state);
	}
	fclose(out);
	return text;
}
