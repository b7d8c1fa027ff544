/* SPDX-License-Identifier: BSD-3-Clause */
/* Conditions as policy.conf says them. Part of policy_print.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "control/policy_conf_test.h"
#include "control/policy_conf_time.h"
#include "control/policy_print.h"
#include "patterns/rule_text.h"

/* A condition as it is printed. */
struct printer {
	const struct policy *policy;
	const struct policy_names *names;
	FILE *to;
};

static void print_nodes(const struct printer *p, uint32_t at, uint32_t end);

void policy_print_text(const char *text, FILE *to)
{
	size_t len = strlen(text);

	fputc('"', to);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		size_t valid = c >= 0x80 ? rule_text_utf8(text + i, len - i < 4 ? len - i : 4) : 1;

		if (c == '"' || c == '\\') {
			fprintf(to, "\\%c", c);
		} else if (c == '\n') {
			fputs("\\n", to);
		} else if (c == '\t') {
			fputs("\\t", to);
		} else if (c < 0x20 || c == 0x7F || valid == 0) {
			fprintf(to, "\\x%02X", c);
		} else {
			fputc(c, to);
			while (c >= 0x80 && i + 1 < len && (text[i + 1] & 0xC0) == 0x80 &&
				--valid != 0) {
				fputc(text[++i], to);
			}
		}
	}
	fputc('"', to);
}

/* put_text: a value's octets, with what may stand before and behind them. */
static void put_text(const struct printer *p, const struct condition_value *v)
{
	const char *at = p->policy->conditions.text + v->text;
	bool any = v->kind == CONDITION_VALUE_PREFIX && v->len == 0;
	char text[LIST_TEXT_MAX + 3];
	const char *before =
		v->kind == CONDITION_VALUE_SUFFIX || v->kind == CONDITION_VALUE_PART ? "*" : "";
	const char *after =
		v->kind == CONDITION_VALUE_PREFIX || v->kind == CONDITION_VALUE_PART ? "*" : "";

	(void)snprintf(text, sizeof(text), "%s%.*s%s", before, any ? 0 : (int)v->len, at, after);
	policy_print_text(text, p->to);
}

static void put_net(const struct printer *p, const struct condition_value *v)
{
	const char *ip = p->policy->conditions.text + v->text;
	bool v4 = v->min >= 96 && memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12) == 0;
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(v4 ? AF_INET : AF_INET6, ip + (v4 ? 12 : 0), text, sizeof(text));
	fprintf(p->to, "\"%s", text);
	if (v->min != 128) {
		fprintf(p->to, "/%" PRId64, v4 ? v->min - 96 : v->min);
	}
	fputc('"', p->to);
}

static const char *enum_name(const struct printer *p, enum condition_field f, int64_t v)
{
	const char *name;

	switch ((unsigned)f) {
	case CONDITION_LINK:
		return policy_print_link(p->names, (unsigned)v);
	case CONDITION_TENANT:
		return v >= 0 && v < p->policy->n_tenants ? p->policy->tenants[v].name : "?";
	case CONDITION_HIT:
		return v >= 0 && v < p->names->n_rules ? p->names->rules[v].id : "?";
	default: /* of a fixed set */
		name = condition_enum_name(f, v);
		return name != NULL ? name : "?";
	}
}

/* put_number: `quoted` where one of its neighbours is a range, which is a text. */
static void put_number(const struct printer *p, enum condition_field f,
	const struct condition_value *v, bool quoted)
{
	bool hex = conf_number_hex(f);
	const char *quote = quoted ? "\"" : "";
	int64_t least;
	int64_t most;

	conf_number_range(f, &least, &most);
	fprintf(p->to, hex ? "%s0x%02" PRIX64 : "%s%" PRId64, quote, v->min);
	if (v->min != v->max && v->max == most) {
		fputc('-', p->to);
	} else if (v->min != v->max) {
		fprintf(p->to, hex ? "-0x%02" PRIX64 : "-%" PRId64, v->max);
	}
	fputs(quote, p->to);
}

static void put_value(const struct printer *p, enum condition_field f,
	const struct condition_value *v, bool quoted)
{
	char time[CONF_TIME_SIZE];

	if (v->kind == CONDITION_VALUE_LIST) {
		fprintf(p->to, "\"@%s%s\"", p->policy->lists[v->min].name, v->max != 0 ? "~" : "");
	} else if (v->kind == CONDITION_VALUE_NET) {
		put_net(p, v);
	} else if (v->kind != CONDITION_VALUE_RANGE) {
		put_text(p, v);
	} else if (condition_field_type(f) == CONDITION_TYPE_NUMBER) {
		put_number(p, f, v, quoted);
	} else if (condition_field_type(f) == CONDITION_TYPE_BOOL) {
		fputs(v->min != 0 ? "true" : "false", p->to);
	} else if (condition_field_type(f) == CONDITION_TYPE_TIME) {
		conf_time_print(&p->policy->zone, f, v, time);
		fprintf(p->to, "\"%s\"", time);
	} else {
		policy_print_text(enum_name(p, f, v->min), p->to);
	}
}

static void print_test(const struct printer *p, const struct condition_node *n)
{
	const struct condition_value *values = &p->policy->conditions.values[n->value];
	enum condition_field f = (enum condition_field)n->field;
	bool quoted = false;

	for (unsigned i = 0; i < n->n_values; i++) {
		quoted = quoted || values[i].min != values[i].max;
	}
	fprintf(p->to, "%s = %s", condition_field_name(f), n->n_values != 1 ? "[ " : "");
	for (unsigned i = 0; i < n->n_values; i++) {
		fputs(i != 0 ? ", " : "", p->to);
		put_value(p, f, &values[i], quoted);
	}
	fputs(n->n_values != 1 ? " ];" : ";", p->to);
}

/* print_group: the group at `at`: its members between braces. */
static void print_group(/* NOLINT(misc-no-recursion): CONDITION_DEPTH_MAX */
	const struct printer *p, uint32_t at)
{
	fputs("{ ", p->to);
	print_nodes(p, at + 1, at + p->policy->conditions.nodes[at].skip + 1U);
	fputs(" }", p->to);
}

/* print_nodes: members of a group, from `at` to before `end`. */
static void print_nodes(/* NOLINT(misc-no-recursion) */
	const struct printer *p, uint32_t at, uint32_t end)
{
	const struct condition_node *nodes = p->policy->conditions.nodes;
	const uint32_t first = at;

	for (; at < end; at += nodes[at].skip + 1U) {
		fputs(at != first ? " " : "", p->to);
		if (nodes[at].kind == CONDITION_TEST) {
			print_test(p, &nodes[at]);
		} else if (nodes[at].kind == CONDITION_NOT) {
			fputs("not = ", p->to);
			print_group(p, at + 1);
			fputs(";", p->to);
		} else {
			uint32_t last = at + nodes[at].skip;

			fputs(nodes[at].kind == CONDITION_ANY ? "any = ( " : "all = ( ", p->to);
			for (uint32_t i = at + 1; i <= last; i += nodes[i].skip + 1U) {
				fputs(i != at + 1 ? ", " : "", p->to);
				print_group(p, i);
			}
			fputs(" );", p->to);
		}
	}
}

void policy_print_when(const struct policy *p, const struct policy_names *names,
	const struct condition *when, FILE *to)
{
	const struct printer printer = { p, names, to };

	if (when->n == 0) {
		fputs("{ }", to);
		return;
	}
	print_group(&printer, when->root);
}
