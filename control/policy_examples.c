/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_examples.h"

#include <stdlib.h>

#include "dataplane/verdict/judge.h"

/* A desk at which one message after the other is judged. */
struct desk {
	struct judge judge;
	struct generation *generation;
	struct policy policy;
	struct stats stats;
	struct sms sms;
	struct verdict verdict;
	void *memory;
};

static void desk_free(struct desk *d)
{
	if (d != NULL) {
		generation_free(d->generation);
		free(d->memory);
		free(d);
	}
}

/* The policy of the desk looks into texts on every link: examples test rules, not thresholds. */
static struct desk *desk_create(struct ruleset *ruleset)
{
	struct desk *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		return NULL;
	}
	policy_default(&d->policy, ruleset, ACTION_REPORT);
	d->generation = generation_create(1, ruleset, &d->policy, 1);
	d->memory = calloc(1, judge_size());
	if (d->generation == NULL || d->memory == NULL) {
		desk_free(d);
		return NULL;
	}
	judge_init(&d->judge, d->memory, NULL, 0);
	return d;
}

/* put_message: a message with `text`; for rules that look into it, the sender is the text. */
static void put_message(struct desk *d, struct bytes text, enum rule_field field)
{
	struct sms *m = &d->sms;

	*m = (struct sms){ .command = "submit_sm", .message_class = -1 };
	if (field == FIELD_SENDER) {
		m->source = (struct sms_address){ TON_ALPHANUMERIC, 0, text };
		return;
	}
	memcpy(d->judge.buffers.text, text.data, text.len);
	m->n_bodies = 1;
	m->body[0].text = bytes_of(d->judge.buffers.text, text.len);
	m->body[0].octets = text;
	m->body[0].input = (struct text_input){ .data = text, .encoding = TEXT_UTF8 };
}

static bool is_hit(const struct verdict *v, uint32_t rule)
{
	for (uint32_t i = 0; i < v->hits.n; i++) {
		if (v->hits.hits[i].rule == rule) {
			return true;
		}
	}
	return false;
}

/* missed: says why a text that must match does not, as far as that can be seen. */
static void missed(
	const struct desk *d, const struct rule *rule, const struct example *e, struct diag *diag)
{
	const struct judge_views *w = &d->judge.views;
	struct bytes folded = rule->field == FIELD_SENDER ? w->sender_folded : w->folded;
	unsigned n[2] = { 0, 0 };

	for (uint32_t i = 0; i < w->n_entities; i++) {
		n[w->entities[i].kind == ENTITY_NUMBER]++;
	}
	if (d->verdict.hits.n_dropped != 0) {
		diag_add(diag, DIAG_WARNING, e->file, e->line, 0,
			"rule %s: more than %u rules match this example: not checked", rule->id,
			LIMIT_HITS);
	} else if (rule->field == FIELD_URL && n[0] == 0) {
		diag_add(diag, DIAG_ERROR, e->file, e->line, 0,
			"rule %s must match this example, but no URL was found in it", rule->id);
	} else if (rule->field == FIELD_NUMBER && n[1] == 0) {
		diag_add(diag, DIAG_ERROR, e->file, e->line, 0,
			"rule %s must match this example, but no telephone number was found in it",
			rule->id);
	} else if (rule->view == VIEW_FOLDED) {
		diag_add(diag, DIAG_ERROR, e->file, e->line, 0,
			"rule %s must match this example and does not; folded it reads \"%.*s\"",
			rule->id, (int)folded.len, (const char *)folded.data);
	} else {
		diag_add(diag, DIAG_ERROR, e->file, e->line, 0,
			"rule %s must match this example and does not", rule->id);
	}
}

static void check(
	struct desk *d, const struct ruleset *ruleset, const struct example *e, struct diag *diag)
{
	const struct rule *rule = &ruleset->rules[e->rule];
	struct bytes text = bytes_str(e->text);
	bool hit;

	if (text.len > d->judge.buffers.text_size) {
		diag_add(diag, DIAG_ERROR, e->file, e->line, 0,
			"rule %s: this example is longer than a message", rule->id);
		return;
	}
	put_message(d, text, (enum rule_field)rule->field);
	judge_message(&d->judge, d->generation, &d->sms, 0, false, &d->stats, &d->verdict);
	hit = is_hit(&d->verdict, e->rule);
	if (e->must_match && !hit) {
		missed(d, rule, e, diag);
	} else if (!e->must_match && hit) {
		diag_add(diag, DIAG_ERROR, e->file, e->line, 0,
			"rule %s must not match this example, but does", rule->id);
	}
}

bool policy_examples_check(const struct source *source, struct ruleset *ruleset, struct diag *diag)
{
	size_t errors = diag->n_errors;
	struct desk *d;

	if (source->n_examples == 0) {
		return true;
	}
	d = desk_create(ruleset);
	if (d == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory for the rules' examples");
		return false;
	}
	for (uint32_t i = 0; i < source->n_examples; i++) {
		check(d, ruleset, &source->examples[i], diag);
	}
	desk_free(d);
	return diag->n_errors == errors;
}
