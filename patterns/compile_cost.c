/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_cost.h"

#include <stdlib.h>

#include <hs/hs.h>

enum { COPIES_MAX = 32768 };

/* Milliseconds, as measured with ten to some thousand rules of a kind; see compile_cost.h. */
static const double cost_rule = 0.05;
static const double cost_octet = 0.02;
static const double cost_branch = 0.25;
static const double cost_boundary = 1.3;
static const double cost_crowd = 4000.0; /* complex rules that double each other's cost */

/* A set of characters, by whether most of Unicode is in it (UTF-8 makes an automaton of that). */
static const struct width {
	double once;
	double repeated; /* without bound */
	double copy;     /* each time that a bounded repeat may come */
} narrow = { 0.1, 0.4, 0.06 }, wide = { 0.4, 1.6, 0.5 },
  unicode = { 30, 60, 30 }; /* \w, \d, \s under flag W: hundreds of ranges */

/* An expression while it is gone through. */
struct reading {
	const char *at;
	const struct width *last; /* what a repeat here would repeat */
	bool is_ucp;
	double plain_ms;
	double complex_ms;
};

static void see_set(struct reading *r, const struct width *width)
{
	r->last = width;
	r->complex_ms += width->once;
}

/* "[...]", to its last character. */
static void see_class(struct reading *r)
{
	const char *c = r->at + 1;

	see_set(r, *c == '^' ? &wide : &narrow);
	c += *c == '^';
	c += *c == ']'; /* the first one is a member */
	while (*c != '\0' && *c != ']') {
		c += *c == '\\' && c[1] != '\0' ? 2 : 1;
	}
	r->at = *c == ']' ? c : c - 1;
}

static void see_escape(struct reading *r)
{
	if (r->at[1] == '\0') {
		return;
	}
	switch (*++r->at) {
	case 'b':
	case 'B':
		r->complex_ms += cost_boundary;
		break;
	case 'W':
	case 'D':
	case 'S':
	case 'P':
		see_set(r, r->is_ucp ? &unicode : &wide);
		break;
	case 'w':
	case 'd':
	case 's':
	case 'p':
		see_set(r, r->is_ucp ? &unicode : &narrow);
		break;
	default:
		r->plain_ms += cost_octet;
		r->last = &narrow;
	}
}

/* "{3}", "{2,}", "{2,10}"; a brace as such costs nothing more. */
static void see_braces(struct reading *r)
{
	char *end;
	unsigned long min = strtoul(r->at + 1, &end, 10);
	unsigned long max = min;
	bool unbounded;

	if (end == r->at + 1) {
		return;
	}
	unbounded = *end == ',' && end[1] == '}';
	if (unbounded) {
		end++;
	} else if (*end == ',') {
		max = strtoul(end + 1, &end, 10);
	}
	if (*end != '}') {
		return;
	}
	max = max < COPIES_MAX ? max : COPIES_MAX;
	r->complex_ms += (double)max * r->last->copy + (unbounded ? r->last->repeated : 0);
	r->at = end;
}

static void see_one(struct reading *r)
{
	switch (*r->at) {
	case '\\':
		see_escape(r);
		break;
	case '[':
		see_class(r);
		break;
	case '.':
		see_set(r, &wide);
		break;
	case '*':
	case '+':
		r->complex_ms += r->last->repeated;
		break;
	case '{':
		see_braces(r);
		break;
	case '|':
	case '?':
		r->complex_ms += cost_branch;
		break;
	default:
		r->plain_ms += cost_octet;
		r->last = &narrow;
	}
}

void compile_cost_add(struct compile_cost *c, const struct rule *rule)
{
	struct reading r = { rule->expression, &narrow, (rule->flags & HS_FLAG_UCP) != 0, cost_rule,
		0 };

	for (; *r.at != '\0'; r.at++) {
		see_one(&r);
	}
	c->sum_ms += r.plain_ms + r.complex_ms;
	c->n_complex += r.complex_ms > 0;
}

double compile_cost_ms(const struct compile_cost *c)
{
	return c->sum_ms * (1.0 + c->n_complex / cost_crowd);
}
