/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_cost.h"

#include <stdlib.h>

#include <hs/hs.h>

/* Milliseconds, as measured with docs/policy.md's kinds of rules; see compile_cost.h. */
static const double cost_rule = 0.05;
static const double cost_octet = 0.004;
static const double cost_class = 0.1;
static const double cost_repeat = 0.5; /* unbounded */
static const double cost_copy = 0.08;  /* of each time that a bounded repeat may come */
static const double cost_branch = 0.3;
static const double cost_start = 1.0;      /* that is kept */
static const double cost_ucp_factor = 8.0; /* classes of all Unicode */
static const double cost_crowd = 5000.0;   /* complex rules that double each other's cost */

/* What an expression is made of. */
struct pieces {
	uint32_t n_octets;
	uint32_t n_classes;
	uint32_t n_repeats;
	uint32_t n_copies;
	uint32_t n_branches;
};

/* A bounded or unbounded repeat "{...}" at `c`; gives its last character. */
static const char *see_braces(const char *c, struct pieces *p)
{
	char *end;
	unsigned long max = strtoul(c + 1, &end, 10);

	if (end == c + 1) {
		return c; /* a brace as such */
	}
	if (*end == ',' && end[1] == '}') {
		p->n_repeats++;
		p->n_copies += (uint32_t)max;
		return end + 1;
	}
	if (*end == ',') {
		max = strtoul(end + 1, &end, 10);
	}
	p->n_copies += (uint32_t)(max < 32768 ? max : 32768);
	return *end == '}' ? end : c;
}

static const char *see_class(const char *c, struct pieces *p)
{
	p->n_classes++;
	for (c++; *c != '\0' && *c != ']'; c++) {
		if (*c == '\\' && c[1] != '\0') {
			c++;
		}
	}
	return *c == ']' ? c : c - 1;
}

static void see_pieces(const char *expression, struct pieces *p)
{
	for (const char *c = expression; *c != '\0'; c++) {
		switch (*c) {
		case '\\':
			c += c[1] != '\0';
			p->n_classes += *c >= 'a' && *c <= 'z';
			break;
		case '[':
			c = see_class(c, p);
			break;
		case '.':
			p->n_classes++;
			break;
		case '*':
		case '+':
			p->n_repeats++;
			break;
		case '{':
			c = see_braces(c, p);
			break;
		case '|':
		case '?':
			p->n_branches++;
			break;
		default:
			p->n_octets++;
		}
	}
}

void compile_cost_add(struct compile_cost *c, const struct rule *r)
{
	struct pieces p = { 0 };
	double complex_ms;

	see_pieces(r->expression, &p);
	complex_ms = p.n_classes * cost_class + p.n_repeats * cost_repeat + p.n_copies * cost_copy +
	             p.n_branches * cost_branch;
	if ((r->flags & HS_FLAG_UCP) != 0) {
		complex_ms *= cost_ucp_factor;
	}
	if ((r->flags & HS_FLAG_SOM_LEFTMOST) != 0) {
		complex_ms += cost_start;
	}
	c->sum_ms += cost_rule + p.n_octets * cost_octet + complex_ms;
	c->n_complex += complex_ms > 0;
}

double compile_cost_ms(const struct compile_cost *c)
{
	return c->sum_ms * (1.0 + c->n_complex / cost_crowd);
}
