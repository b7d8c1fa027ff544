/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits in an explanation. Part of explain.h.
 *
 * The data path's table is the daemon's: here there is one of this explanation's own, in which keys have
 * room, but for the limit that was said to be full: so the same code says what it would say then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/events.h"
#include "control/explain_parts.h"
#include "control/policy_print_limits.h"

enum {
	TABLE_CELLS = 4096,
	TABLE_SKETCHES = 64,
	FULL = 1000, /* per mille */
	SLACK = 64,  /* small numbers are estimates, too */
	LIMIT_TEXT_SIZE = LIMIT_KEY_SIZE + 64,
	IP_LEN = 16,
};

bool explain_limits_open(struct explain *x)
{
	const struct limits_config config = { .cells = TABLE_CELLS,
		.distinct_keys = TABLE_SKETCHES,
		.ratio_keys = TABLE_SKETCHES,
		.n_workers = 1 };

	if (x->limits == NULL) {
		x->limits = aligned_alloc(64, (limits_size(&config) + 63) / 64 * 64);
	}
	if (x->limits != NULL) {
		memset(x->limits, 0, limits_size(&config));
		(void)limits_init(x->limits, &config);
	}
	return x->limits != NULL;
}

/* ---- keys as `limit show` takes them ---- */

static bool is_printable(struct bytes v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < 0x20 || v.data[i] == 0x7F || v.data[i] == ',') {
			return false;
		}
	}
	return true;
}

/* add_value: false: it cannot be written: a text is known by its hash, a long value is cut. */
static bool add_value(unsigned key, bool whole, struct bytes v, char *out, size_t size)
{
	size_t len = strlen(out);
	char host[EVENTS_ENDPOINT_SIZE];

	if (!whole || key == LIMIT_KEY_TEXT || key == LIMIT_KEY_TEXT_SHAPE) {
		return false;
	}
	if (key == LIMIT_KEY_FROM_IP && v.len == IP_LEN) {
		(void)events_host(v.data, host);
		v = bytes_str(host);
	}
	if (!is_printable(v)) {
		return false;
	}
	(void)snprintf(out + len, size - len, "%s%.*s", len != 0 ? "," : "", (int)v.len,
		(const char *)v.data);
	return true;
}

/* limit_text: "447700900001,acme"; "": it cannot be written. Values stand as limit_key_put() puts them. */
static const char *limit_text(
	const struct limit_rule *r, const struct limit_key_value *k, char out[LIMIT_TEXT_SIZE])
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < r->n_keys && at + 2 <= k->len; i++) {
		struct bytes v = bytes_of(k->octets + at + 2, k->octets[at]);

		if (!add_value(r->keys[i], k->octets[at + 1] != 0, v, out, LIMIT_TEXT_SIZE)) {
			out[0] = '\0';
			break;
		}
		at += 2 + v.len;
	}
	return out;
}

/* ---- what is said to be full ---- */

static void charge(struct explain *x, struct limit_charge *c, uint64_t at_us)
{
	c->exceeded = false;
	c->charged = false;
	(void)limits_charge(x->limits, 0, c, 1, at_us);
}

/* fill_grey: seen so long ago that it is admitted. */
static void fill_grey(struct explain *x, struct limit_charge *c)
{
	charge(x, c, x->about.now_us - c->rule->delay_us);
}

/* charge_next: one more value or message; false: that is more than is allowed. */
static bool charge_next(struct explain *x, struct limit_charge *c, uint64_t i)
{
	uint64_t element = limits_element(x->limits, bytes_of(&i, sizeof(i)));

	c->elements = &element;
	c->n_elements = 1;
	charge(x, c, x->about.now_us);
	return !c->exceeded;
}

/* fill_key: so many per mille; from 1000 on until it is full by the table's own estimate. */
static void fill_key(struct explain *x, const struct limit_rule *r, struct limit_charge *c)
{
	uint64_t max = r->kind == LIMIT_RATE && r->burst != 0 ? r->burst : r->max;
	uint64_t n = (max * x->about.fill + FULL - 1) / FULL;

	if (r->kind == LIMIT_RATE) {
		c->units = (uint32_t)(n < max ? n : max);
		if (c->units != 0) {
			charge(x, c, x->about.now_us);
		}
		return;
	}
	n = x->about.fill >= FULL ? 2 * max + SLACK : n;
	for (uint64_t i = 0; i < n && charge_next(x, c, i); i++) {
	}
}

static void fill_one(void *arg, const struct limit_rule *r, const struct limit_key_value *k)
{
	struct explain *x = arg;
	bool named = x->about.limit != NULL && strcmp(x->about.limit, r->name) == 0;
	struct limit_charge c = { .rule = r,
		.key = limits_key(x->limits, r, k),
		.units = 1,
		.action = ACTION_REPORT, /* so that nothing is given back */
		.exact = r->n_keys == 0,
		.acts = true };

	if (r->kind == LIMIT_GREY) {
		c.action = r->action;
		if (!named) { /* else: its key was not seen yet */
			fill_grey(x, &c);
		}
	} else if (named) {
		fill_key(x, r, &c);
	}
}

void explain_limits_fill(struct explain *x)
{
	if (!explain_limits_open(x)) {
		return;
	}
	judge_limits_each(&x->judge, x->generation, &x->sms, &x->verdict, fill_one, x);
	x->judge.limits = x->limits;
}

/* ---- telling ---- */

static void tell_one(void *arg, const struct limit_rule *r, const struct limit_key_value *k)
{
	char allows[POLICY_LIMIT_TEXT_SIZE];
	char state[RULE_STATE_SIZE];
	char key[LIMIT_TEXT_SIZE];
	struct rule as = { .state = r->state, .sample = r->sample };

	(void)limit_text(r, k, key);
	json_array_append_new(
		arg, json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "name", r->name, "kind",
			     limit_kind_name((enum limit_kind)r->kind), "key",
			     key[0] != '\0' ? explain_utf8(bytes_str(key)) : json_null(), "allows",
			     policy_print_limit_text(r, allows), "action",
			     rule_action_name((enum rule_action)r->action), "state",
			     rule_state_text(&as, state)));
}

void explain_put_limits(json_t *doc, struct explain *x)
{
	const struct verdict *v = &x->verdict;
	const struct policy *p = x->generation->policy;
	json_t *limits = json_array();

	if (p->n_limits != 0) {
		judge_limits_each(&x->judge, x->generation, &x->sms, v, tell_one, limits);
	}
	json_object_set_new(doc, "limits", limits);
	if (v->reason == R_limit && v->limit < p->n_limits) {
		json_object_set_new(json_object_get(doc, "verdict"), "limit",
			json_pack("{s:s, s:I}", "name", p->limits[v->limit].name, "fill",
				(json_int_t)v->limit_fill));
	}
}
