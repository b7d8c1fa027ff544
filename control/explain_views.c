/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was matched of a message: its text as sent and folded, its sender, the links and numbers in it.
 * Part of explain.h.
 */
#include <stdlib.h>
#include <string.h>

#include "control/explain_parts.h"
#include "control/policy_place.h"

json_t *explain_place(const struct explain *x)
{
	const struct ruleset *r = x->generation->ruleset;
	const char *links[LIMIT_LINKS];
	struct policy_names names = { r->categories, r->n_categories, r->rules, r->n_rules, links,
		x->config->pipeline.n_links, NULL };

	for (unsigned i = 0; i < names.n_links; i++) {
		links[i] = x->config->pipeline.links[i].name;
	}
	return policy_place(x->generation->policy, &names, x->verdict.scope);
}

static json_t *entities(const struct judge_views *w)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < w->n_entities; i++) {
		const struct entity *e = &w->entities[i];

		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I, s:o}", "kind",
				      e->kind == ENTITY_URL ? "url" : "number", "from",
				      (json_int_t)e->from, "to", (json_int_t)e->to, "value",
				      explain_utf8(e->value)));
	}
	return list;
}

/*
 * folded: the folded view for the reader, also where no rule looks into it (then the judge does
 * not make it); null where folding changes nothing but case.
 */
static json_t *folded(const struct judge_views *w)
{
	size_t size = FOLD_SIZE(w->text.len);
	struct fold_result f = { 0 };
	uint8_t *out;
	json_t *j;

	if (w->folded_scanned) {
		return explain_utf8(w->folded);
	}
	out = malloc(size + LIMIT_SCAN_TAIL);
	if (out != NULL && w->text.len != 0 && fold_needed(w->text)) {
		f = fold_text(w->text, out, size, NULL);
	}
	j = f.len != 0 && f.beyond_case ? explain_utf8(bytes_of(out, f.len)) : json_null();
	free(out);
	return j;
}

/* why_unseen: what forbids to look at the text, link or policy; or the verdict came without it. */
static json_t *why_unseen(const struct explain *x)
{
	const char *by = "verdict";

	if (x->verdict.uninspected) {
		by = x->link->content ? "policy" : "link";
	}
	return json_pack("{s:s, s:o}", "by", by, "place",
		strcmp(by, "policy") == 0 ? explain_place(x) : json_null());
}

/* put_unseen: the text was not looked at: there is nothing of it here. */
static void put_unseen(json_t *doc, const struct explain *x)
{
	json_object_set_new(doc, "views",
		json_pack("{s:n, s:n, s:b, s:o, s:n, s:b, s:[], s:o}", "sent", "folded",
			"folded_matched", false, "sender", explain_utf8(x->sms.source.digits),
			"sender_folded", "sender_matched", false, "entities", "unseen",
			why_unseen(x)));
}

void explain_put_views(json_t *doc, const struct explain *x)
{
	const struct judge_views *w = &x->judge.views;
	const struct ruleset *r = x->generation->ruleset;

	if (!x->inspected) {
		put_unseen(doc, x);
		return;
	}
	json_object_set_new(doc, "views",
		json_pack("{s:o, s:o, s:b, s:o, s:o, s:b, s:o}", "sent", explain_utf8(w->text),
			"folded", folded(w), "folded_matched",
			scan_wanted(r, FIELD_TEXT, VIEW_FOLDED), "sender",
			explain_utf8(x->sms.source.digits), "sender_folded",
			w->sender_folded.data != w->sender.data ? explain_utf8(w->sender_folded)
								: json_null(),
			"sender_matched",
			scan_wanted(r, FIELD_SENDER, VIEW_SENT) ||
				scan_wanted(r, FIELD_SENDER, VIEW_FOLDED),
			"entities", entities(w)));
}
