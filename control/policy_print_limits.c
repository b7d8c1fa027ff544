/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits as policy.conf says them. Part of policy_print.h. */
#include "control/policy_print_limits.h"

#include <string.h>

#include "control/policy_conf_parts.h"
#include "control/policy_print.h"

enum { RATE_SIZE = CONF_DURATION_SIZE + 16 };

static void print_keys(const struct limit_rule *l, FILE *to)
{
	char text[LIMIT_KEY_TEXT_SIZE];

	fputs(" key = [", to);
	for (unsigned i = 0; i < l->n_keys; i++) {
		fprintf(to, "%s\"%s\"", i == 0 ? " " : ", ",
			limit_key_text(l->keys[i], l->digits[i], text));
	}
	fputs(l->n_keys != 0 ? " ];" : "];", to);
}

/* rate_text: "60/min" and not "60/1 min". */
static const char *rate_text(const struct limit_rule *l, char out[RATE_SIZE])
{
	char per[CONF_DURATION_SIZE];
	const char *unit = conf_duration_print(l->per_us, per);

	unit += strncmp(unit, "1 ", 2) == 0 ? 2 : 0;
	(void)snprintf(out, RATE_SIZE, "%u/%s", l->max, unit);
	return out;
}

static void print_rate(const struct limit_rule *l, FILE *to)
{
	char rate[RATE_SIZE];

	fprintf(to, " rate = \"%s\"; burst = %u;", rate_text(l, rate), l->burst);
	if (l->count != LIMIT_COUNT_MESSAGES) {
		fprintf(to, " count = \"%s\";", limit_count_name((enum limit_count)l->count));
	}
}

static void print_figures(const struct limit_rule *l, FILE *to)
{
	char text[LIMIT_KEY_TEXT_SIZE];
	char one[CONF_DURATION_SIZE];
	char other[CONF_DURATION_SIZE];

	switch ((enum limit_kind)l->kind) {
	case LIMIT_RATE:
		print_rate(l, to);
		break;
	case LIMIT_DISTINCT:
		fprintf(to, " of = \"%s\"; max = %u; per = \"%s\";",
			limit_key_text(l->of, l->of_digits, text), l->max,
			conf_duration_print(l->per_us, one));
		break;
	case LIMIT_RATIO:
		fprintf(to, " answered = %u; messages = %u; per = \"%s\";", l->percent, l->max,
			conf_duration_print(l->per_us, one));
		break;
	case LIMIT_GREY:
		fprintf(to, " delay = \"%s\"; keep = \"%s\";",
			conf_duration_print(l->delay_us, one),
			conf_duration_print(l->keep_us, other));
		break;
	case LIMIT_KIND_COUNT:
		break;
	}
}

static void print_state(const struct limit_rule *l, FILE *to)
{
	if (l->state == RULE_SAMPLE) {
		fprintf(to, " state = \"sample=%u%%\";", l->sample);
	} else if (l->state != RULE_ON) {
		fprintf(to, " state = \"%s\";", rule_state_name((enum rule_state)l->state));
	}
}

static void print_named(const struct policy *p, const struct limit_rule *l, FILE *to)
{
	for (unsigned i = 0; i < l->n_named; i++) {
		fputs(i == 0 ? " named = [ " : ", ", to);
		policy_print_text(p->limit_named[l->named + i].text, to);
	}
	fputs(l->n_named != 0 ? " ];" : "", to);
}

void policy_print_limit(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	const struct limit_rule *l = &p->limits[i];

	fprintf(to, "{ name = \"%s\"; kind = \"%s\";", l->name,
		limit_kind_name((enum limit_kind)l->kind));
	print_keys(l, to);
	print_figures(l, to);
	fprintf(to, " action = \"%s\";", rule_action_name((enum rule_action)l->action));
	if (l->status != 0) {
		fprintf(to, " status = 0x%02x;", l->status);
	}
	print_state(l, to);
	if (l->when.n != 0) {
		fputs(" when = ", to);
		policy_print_when(p, names, &l->when, to);
		fputc(';', to);
	}
	print_named(p, l, to);
	if (l->note[0] != '\0') {
		fputs(" note = ", to);
		policy_print_text(l->note, to);
		fputc(';', to);
	}
	fputs(" }", to);
}

void policy_print_limits(const struct policy *p, const struct policy_names *names, FILE *to)
{
	for (uint32_t i = 0; i < p->n_limits; i++) {
		fputs(i == 0 ? "limits = (\n\t" : ",\n\t", to);
		policy_print_limit(p, names, i, to);
	}
	fputs(p->n_limits != 0 ? "\n);\n" : "", to);
}

const char *policy_print_limit_text(const struct limit_rule *l, char out[POLICY_LIMIT_TEXT_SIZE])
{
	const size_t size = POLICY_LIMIT_TEXT_SIZE;
	char text[LIMIT_KEY_TEXT_SIZE];
	char rate[RATE_SIZE];
	char one[CONF_DURATION_SIZE];
	char other[CONF_DURATION_SIZE];

	out[0] = '\0';
	switch ((enum limit_kind)l->kind) {
	case LIMIT_RATE:
		(void)snprintf(out, size, "%s, %u at once", rate_text(l, rate), l->burst);
		break;
	case LIMIT_DISTINCT:
		(void)snprintf(out, size, "%u of %s in %s", l->max,
			limit_key_text(l->of, l->of_digits, text),
			conf_duration_print(l->per_us, one));
		break;
	case LIMIT_RATIO:
		(void)snprintf(out, size, "%u messages in %s, more if %u %% are answered", l->max,
			conf_duration_print(l->per_us, one), l->percent);
		break;
	case LIMIT_GREY:
		(void)snprintf(out, size, "after %s, seen every %s",
			conf_duration_print(l->delay_us, one),
			conf_duration_print(l->keep_us, other));
		break;
	case LIMIT_KIND_COUNT:
		break;
	}
	return out;
}
