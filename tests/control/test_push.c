/* SPDX-License-Identifier: BSD-3-Clause */
/* Orders from their beginning to what is live: with a real store and a real loader, and workers that are made up. */
#include "control/push.h"

#include <sys/stat.h>
#include <unistd.h>

#include "control/verbs_policy.h"
#include "tests/control/push_rig.h"

static const char rules_a[] = "a.lottery:/lottery/ action=reject\na.word:/hello/ action=report\n";
static const char rules_b[] = "b.parcel:/parcel/ action=reject\n";
static const char rules_c[] =
	"a.word:/hello/ action=report\na.lottery:/lotto/ action=reject\nnew:/x/\n";

static const uint64_t later_us =
	UINT64_C(4000000000000000); /* packs of tests are newer than what is live */

/* A daemon with rules_a, and packs b and c for it. */
static struct rig *started(void)
{
	struct rig *r = rig_new();

	CU_ASSERT_TRUE_FATAL(rig_boot(r, rules_a));
	rig_pack(r, "b", rules_b, &r->boot.store.key, later_us);
	rig_pack(r, "c", rules_c, &r->boot.store.key, later_us);
	rig_start(r);
	return r;
}

static uint32_t live(const struct rig *r)
{
	CU_ASSERT_PTR_EQUAL(r->gate.live, push_live(r->push));
	return push_live(r->push)->number;
}

static void expect_event(const struct rig *r, unsigned i, unsigned change, uint32_t generation)
{
	CU_ASSERT_FATAL(i < r->n_events);
	CU_ASSERT_EQUAL(r->events[i].change, change);
	CU_ASSERT_EQUAL(r->events[i].generation, generation);
}

static void test_push_goes_live(void)
{
	struct rig *r = started();
	size_t base = arena_used(&r->boot.arena);
	json_t *report;

	CU_ASSERT_EQUAL(live(r), 1);
	CU_ASSERT_EQUAL_FATAL(rig_push(r, "b"), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 2);
	CU_ASSERT_EQUAL(rig_number(r, "generation"), 2);
	CU_ASSERT_EQUAL(rig_number(r, "previous"), 1);
	CU_ASSERT_EQUAL(rig_number(r, "added"), 1);
	CU_ASSERT_EQUAL(rig_number(r, "removed"), 2);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(r->result, "workers")), RIG_WORKERS);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(r->result, "hash")), push_hash(r->push));
	expect_event(r, 0, POLICY_LIVE, 2);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 2), "good");
	CU_ASSERT_PTR_NULL(push_ruleset(r->push, 1));
	CU_ASSERT_PTR_NOT_NULL(push_ruleset(r->push, 2));
	CU_ASSERT_EQUAL(rig_push(r, "c"), CONTROL_OK);
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 4);
	CU_ASSERT(arena_used(&r->boot.arena) < 2 * base);
	report = push_json(r->push, "p");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "number")), 4);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "on_their_way_out")), 0);
	json_decref(report);
	rig_free(r);
}

/* An event of before the push is told with the rules of before, whenever it is read. */
static void test_stays_until_drained(void)
{
	struct rig *r = started();
	struct event e = { .type = EVENT_SESSION };
	static uint8_t text[LIMIT_TEXT_LEN];
	struct push_order *o = calloc(1, sizeof(*o));

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	atomic_store(&r->gate.seen, 0); /* nobody has seen anything */
	o->what = PUSH_PACK;
	o->ticket = r->ticket = 1;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "b"));
	CU_ASSERT_TRUE(push_start(r->push, o, r->sentence));
	for (unsigned i = 0; i < 2000 && live(r) != 2; i++) {
		(void)push_round(r->push, rig_now(r));
		usleep(1000);
	}
	CU_ASSERT_EQUAL_FATAL(live(r), 2);
	CU_ASSERT_EQUAL(r->n_replies, 0);
	CU_ASSERT_TRUE(event_ring_put(&r->pipeline[1].ring, &e, bytes_of(NULL, 0)));
	atomic_store(&r->gate.seen, UINT64_MAX);
	rig_turn(r);
	CU_ASSERT_EQUAL(r->n_replies, 1); /* workers have it */
	CU_ASSERT_EQUAL(r->code, CONTROL_OK);
	CU_ASSERT_PTR_NOT_NULL(push_ruleset(r->push, 1)); /* and an event is not read yet */
	CU_ASSERT_TRUE(event_ring_put(&r->pipeline[0].ring, &e, bytes_of(NULL, 0)));
	CU_ASSERT_TRUE(event_ring_take(&r->pipeline[1].ring, &e, text, sizeof(text)));
	rig_turn(r);
	CU_ASSERT_PTR_NULL(push_ruleset(r->push, 1)); /* one that came after it holds nothing up */
	free(o);
	rig_free(r);
}

/* Whatever is refused changes nothing. */
static void test_refused(void)
{
	struct rig *r = started();
	struct key_secret stranger;
	struct push_order *o = calloc(1, sizeof(*o));
	json_t *before = push_history(r->push);
	json_t *after;
	FILE *f;

	CU_ASSERT_FATAL(o != NULL && key_make(&stranger));
	rig_pack(r, "unsigned", rules_b, NULL, later_us);
	rig_pack(r, "strange", rules_b, &stranger, later_us);
	rig_pack(r, "old", rules_b, &r->boot.store.key, 1000000);
	rig_pack(r, "damaged", rules_b, &r->boot.store.key, later_us);
	f = fopen(rig_path(r, "damaged"), "r+e");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fseek(f, -20, SEEK_END);
	fputc(0x55, f);
	fputc(0x55, f);
	fclose(f);
	CU_ASSERT_EQUAL(rig_push(r, "nowhere"), CONTROL_INVALID);
	CU_ASSERT_EQUAL(rig_push(r, ""), CONTROL_INVALID); /* a folder */
	CU_ASSERT_EQUAL(rig_push(r, "rules.pat"), CONTROL_INVALID);
	CU_ASSERT_EQUAL(rig_push(r, "unsigned"), CONTROL_INVALID);
	CU_ASSERT_EQUAL(rig_push(r, "strange"), CONTROL_INVALID);
	CU_ASSERT_EQUAL(rig_push(r, "damaged"), CONTROL_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "section"));
	CU_ASSERT_EQUAL(rig_push(r, "old"), CONTROL_CONFLICT);
	o->what = PUSH_PACK;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "b"));
	o->if_generation = 7;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_CONFLICT);
	o->if_generation = 0;
	o->merge = true; /* other rules */
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_CONFLICT);
	r->boot.arena.ceiling = arena_used(&r->boot.arena) + 100;
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "MiB"));
	CU_ASSERT_EQUAL(live(r), 1);
	CU_ASSERT_EQUAL(r->n_events, 0);
	after = push_history(r->push);
	CU_ASSERT_TRUE(json_equal(before, after));
	r->boot.arena.ceiling = r->config.generations_len;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "old"));
	o->merge = false;
	o->allow_older = true;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	json_decref(before);
	json_decref(after);
	free(o);
	rig_free(r);
}

static void test_confirm(void)
{
	struct rig *r = started();
	struct push_order *o = calloc(1, sizeof(*o));

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	o->what = PUSH_CONFIRM;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_FAILED); /* nothing waits */
	o->what = PUSH_PACK;
	o->confirm_s = 10;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "b"));
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 2);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 2), "pending");
	CU_ASSERT_EQUAL(store_current(&r->boot.store), 1); /* a crash is an undo */
	CU_ASSERT_EQUAL(rig_push(r, "c"), CONTROL_CONFLICT);
	r->ahead_us += 11 * CLOCK_US_PER_S;
	rig_turn(r);
	CU_ASSERT_EQUAL(live(r), 1);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 2), "undone");
	expect_event(r, r->n_events - 1, POLICY_UNDONE, 2);
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	o->what = PUSH_CONFIRM;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	r->ahead_us += 11 * CLOCK_US_PER_S;
	rig_turn(r);
	CU_ASSERT_EQUAL(live(r), 3);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 3), "good");
	CU_ASSERT_EQUAL(store_current(&r->boot.store), 3);
	free(o);
	rig_free(r);
}

static void test_rollback(void)
{
	struct rig *r = started();
	struct push_order *o = calloc(1, sizeof(*o));

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	CU_ASSERT_EQUAL(rig_push(r, "c"), CONTROL_OK);
	o->what = PUSH_ROLLBACK;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 2);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 3), "undone");
	CU_ASSERT_EQUAL(ruleset_find(push_live(r->push)->ruleset, "b.parcel"), 0);
	o->steps = 5;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_INVALID);
	o->steps = 1;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 1);
	o->steps = 0;
	o->generation = 3; /* by name also one that was undone */
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 3);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 3), "good");
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_CONFLICT); /* it is live */
	o->generation = 99;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_INVALID);
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 4); /* a number is never given twice */
	free(o);
	rig_free(r);
}

static const struct rule *rule_of(const struct rig *r, const char *id)
{
	const struct ruleset *rules = push_live(r->push)->ruleset;
	uint32_t i = ruleset_find(rules, id);

	CU_ASSERT_FATAL(i != RULE_GONE);
	return &rules->rules[i];
}

/* What is new or other comes in shadow; a state that was set is in the store, and survives pushes in shadow. */
static void test_shadow_and_states(void)
{
	struct rig *r = started();
	struct push_order *o = calloc(1, sizeof(*o));
	struct server_request request = { .verb = "rule.state" };
	struct server_answer answer = { .result = NULL };

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	o->what = PUSH_PACK;
	o->shadow = true;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "c"));
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(rig_number(r, "shadowed"), 2);
	CU_ASSERT_EQUAL(rule_of(r, "a.word")->state, RULE_ON);
	CU_ASSERT_EQUAL(rule_of(r, "a.lottery")->state, RULE_SHADOW);
	CU_ASSERT_EQUAL(rule_of(r, "new")->state, RULE_SHADOW);
	for (size_t i = 0; i < policy_verbs_count; i++) {
		if (strcmp(policy_verbs[i].name, "rule.state") == 0) {
			request.args = json_pack("{s:s, s:s}", "id", "new", "state", "sample=7%");
			request.ticket = ++r->ticket;
			CU_ASSERT_EQUAL(
				policy_verbs[i].run(r->push, &request, &answer), SERVER_DEFERRED);
			json_decref(request.args);
		}
	}
	rig_turn(r);
	CU_ASSERT_EQUAL_FATAL(r->code, CONTROL_OK);
	CU_ASSERT_EQUAL(rig_number(r, "restated"), 1);
	CU_ASSERT_EQUAL(rule_of(r, "new")->state, RULE_SAMPLE);
	CU_ASSERT_EQUAL(rule_of(r, "new")->sample, 7);
	CU_ASSERT_EQUAL(rule_of(r, "a.lottery")->state, RULE_SHADOW);
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK); /* the same again: nothing is switched on */
	CU_ASSERT_EQUAL(rule_of(r, "new")->state, RULE_SAMPLE);
	CU_ASSERT_EQUAL(rule_of(r, "a.lottery")->state, RULE_SHADOW);
	rig_stop(r);
	CU_ASSERT_TRUE_FATAL(rig_boot(r, NULL));
	rig_start(r);
	CU_ASSERT_EQUAL(live(r), 4);
	CU_ASSERT_EQUAL(rule_of(r, "new")->sample, 7);
	o->shadow = false; /* the files rule */
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(rule_of(r, "new")->state, RULE_ON);
	free(o);
	rig_free(r);
}

static void traffic(struct rig *r, uint64_t messages, uint64_t refused)
{
	r->pipeline[0].stats.counter[STAT_messages] += messages;
	r->pipeline[1].stats.counter[STAT_messages_rejected] += refused;
	r->ahead_us += 100000;
	(void)push_round(r->push, rig_now(r));
}

/* A push that refuses half of the traffic is undone; the report says what, when and how many. */
static void test_guard(void)
{
	struct rig *r = rig_new();
	uint64_t pushed_us;
	json_t *report;

	r->config.guard.enabled = true;
	CU_ASSERT_TRUE_FATAL(rig_boot(r, rules_a));
	rig_pack(r, "b", rules_b, &r->boot.store.key, later_us);
	rig_start(r);
	for (unsigned i = 0; i < 50; i++) {
		traffic(r, 100, 2);
	}
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	CU_ASSERT_PTR_NOT_NULL(push_ruleset(r->push, 1)); /* it may come back */
	pushed_us = r->ahead_us;
	__atomic_store_n(&r->gate.live->counts[0][0].decided, 77, __ATOMIC_RELAXED);
	while (live(r) == 2 && r->ahead_us < pushed_us + 5 * CLOCK_US_PER_S) {
		traffic(r, 100, 45);
	}
	CU_ASSERT_EQUAL(live(r), 1);
	CU_ASSERT(r->ahead_us - pushed_us < 2 * CLOCK_US_PER_S);
	rig_turn(r);
	CU_ASSERT_STRING_EQUAL(rig_state(r, 2), "undone");
	CU_ASSERT_EQUAL(store_current(&r->boot.store), 1);
	expect_event(r, r->n_events - 1, POLICY_UNDONE, 2);
	CU_ASSERT_EQUAL(r->events[r->n_events - 1].why, GUARD_REFUSED_RISE);
	report = json_load_file(rig_path(r, "state/reports/guard-2.json"), 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "generation")), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "live")), 1);
	CU_ASSERT(json_integer_value(json_object_get(report, "refused")) >= 90);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(
				json_array_get(json_object_get(report, "rules"), 0), "decided")),
		77);
	json_decref(report);
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK); /* and this one refuses nothing */
	for (unsigned i = 0; i < 700; i++) {
		traffic(r, 100, 2);
	}
	CU_ASSERT_EQUAL(live(r), 3);
	expect_event(r, r->n_events - 1, POLICY_KEPT, 3);
	rig_turn(r);
	CU_ASSERT_PTR_NULL(push_ruleset(r->push, 1));
	rig_free(r);
}

/* The loader looks at what is live; the guard rail undoes that meanwhile: the order ends in conflict. */
struct slow {
	_Atomic int *stage; /* 0, 1: it has begun, 2: it may go on */
};

static bool change_slowly(void *arg, const struct store *store, const struct generation *live_one,
	struct pack *pack, struct diag *diag)
{
	const struct timespec pause = { 0, 200000 };
	_Atomic int *stage = ((struct slow *)arg)->stage;

	(void)store;
	(void)diag;
	atomic_store(stage, 1);
	while (atomic_load(stage) != 2) {
		nanosleep(&pause, NULL);
	}
	return live_one->ruleset->n_rules != 0 && pack_replace(pack, "states", bytes_str(""));
}

static void test_undone_at_work(void)
{
	const struct timespec pause = { 0, 200000 };
	struct rig *r = rig_new();
	struct push_order *o = calloc(1, sizeof(*o));
	struct slow *slow = calloc(1, sizeof(*slow));
	_Atomic int stage = 0;

	CU_ASSERT_FATAL(o != NULL && slow != NULL);
	r->config.guard.enabled = true;
	CU_ASSERT_TRUE_FATAL(rig_boot(r, rules_a));
	rig_pack(r, "b", rules_b, &r->boot.store.key, later_us);
	rig_start(r);
	for (unsigned i = 0; i < 50; i++) {
		traffic(r, 100, 2);
	}
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	slow->stage = &stage;
	o->what = PUSH_CHANGE;
	o->change = change_slowly;
	o->change_arg = slow;
	o->ticket = ++r->ticket;
	CU_ASSERT_TRUE_FATAL(push_start(r->push, o, r->sentence));
	while (atomic_load(&stage) != 1) {
		(void)push_round(r->push, rig_now(r));
		nanosleep(&pause, NULL);
	}
	for (unsigned i = 0; i < 2000 && live(r) == 2; i++) {
		traffic(r, 100, 45);
	}
	CU_ASSERT_EQUAL(live(r), 1);
	for (unsigned i = 0; i < 100; i++) { /* what was live is swept */
		(void)push_round(r->push, rig_now(r));
	}
	atomic_store(&stage, 2);
	rig_turn(r);
	CU_ASSERT_EQUAL(r->code, CONTROL_CONFLICT);
	CU_ASSERT_EQUAL(live(r), 1);
	free(o);
	rig_free(r);
}

static void test_not_taken(void)
{
	struct rig *r = started();
	struct push_order *o = calloc(1, sizeof(*o));

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	atomic_store(&r->gate.seen, 0);
	o->what = PUSH_PACK;
	o->ticket = ++r->ticket;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "b"));
	CU_ASSERT_TRUE(push_start(r->push, o, r->sentence));
	for (unsigned i = 0; i < 2000 && live(r) != 2; i++) {
		(void)push_round(r->push, rig_now(r));
		usleep(1000);
	}
	atomic_store(&r->runs[1], 1);
	CU_ASSERT_EQUAL(r->n_replies, 0);
	r->ahead_us += 6 * CLOCK_US_PER_S;
	rig_turn(r);
	CU_ASSERT_EQUAL(r->code, CONTROL_PARTIAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "worker 1"));
	CU_ASSERT_PTR_NULL(strstr(r->sentence, "worker 0"));
	expect_event(r, r->n_events - 1, POLICY_NOT_TAKEN, 2);
	CU_ASSERT_EQUAL(r->events[r->n_events - 1].worker, 1);
	CU_ASSERT_PTR_NOT_NULL(push_ruleset(r->push, 1));
	free(o);
	rig_free(r);
}

/* The store after a stop: what was live is; where that is damaged, what was before; where all is, nothing judges. */
static void test_boot(void)
{
	struct rig *r = started();
	char path[STORE_FILE_SIZE];
	char command[STORE_FILE_SIZE + 16];

	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	CU_ASSERT_EQUAL(rig_push(r, "c"), CONTROL_OK);
	rig_stop(r);
	CU_ASSERT_TRUE_FATAL(rig_boot(r, NULL));
	rig_start(r);
	CU_ASSERT_EQUAL(live(r), 3);
	store_path_manifest(&r->boot.store, 3, path);
	rig_stop(r);
	CU_ASSERT_EQUAL(truncate(path, 100), 0);
	CU_ASSERT_TRUE_FATAL(rig_boot(r, NULL));
	r->n_events = 0;
	rig_start(r);
	CU_ASSERT_EQUAL(live(r), 2);
	expect_event(r, 0, POLICY_FALLBACK, 2);
	store_path_parts(&r->boot.store, path);
	rig_stop(r);
	snprintf(command, sizeof(command), "rm -f %s/*", path);
	CU_ASSERT_EQUAL(system(command), 0);
	CU_ASSERT_TRUE_FATAL(rig_boot(r, NULL));
	CU_ASSERT_TRUE(r->boot.record.empty);
	r->n_events = 0;
	rig_start(r);
	expect_event(r, 0, POLICY_EMPTY, 0);
	CU_ASSERT_EQUAL(push_live(r->push)->ruleset->n_rules, 0);
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK); /* and a push ends it */
	CU_ASSERT(live(r) > 3);
	rig_free(r);
}

/* The same policy at each start is one generation; another one is another. */
static void test_boot_from_path(void)
{
	struct rig *r = rig_new();

	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_TRUE_FATAL(rig_boot(r, rules_a));
		rig_start(r);
		CU_ASSERT_EQUAL(live(r), 1);
		rig_stop(r);
	}
	CU_ASSERT_TRUE_FATAL(rig_boot(r, rules_b));
	rig_start(r);
	CU_ASSERT_EQUAL(live(r), 2);
	rig_free(r);
}

/* Many pushes: what is in memory afterwards is what was in the beginning. */
static void test_many(void)
{
	struct rig *r = started();
	size_t used;

	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	used = arena_used(&r->boot.arena);
	for (unsigned i = 0; i < 30; i++) {
		CU_ASSERT_EQUAL_FATAL(rig_push(r, i % 2 == 0 ? "c" : "b"), CONTROL_OK);
	}
	CU_ASSERT_EQUAL(live(r), 32);
	CU_ASSERT_EQUAL(arena_used(&r->boot.arena), used);
	CU_ASSERT(arena_peak(&r->boot.arena) < 8 * used);
	rig_free(r);
}

static void test_merge_keys_tags(void)
{
	struct rig *r = started();
	struct push_order *o = calloc(1, sizeof(*o));
	json_t *keys;
	json_t *before = push_keys(r->push);

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	CU_ASSERT_EQUAL(rig_push(r, "b"), CONTROL_OK);
	o->what = PUSH_PACK;
	o->merge = true;
	strcpy(o->note, "merged");
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, "b"));
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 3);
	CU_ASSERT_TRUE(json_is_true(json_object_get(r->result, "merged")));
	o->what = PUSH_TAG;
	o->generation = 2;
	strcpy(o->tag, "good");
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	o->generation = 22;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_INVALID);
	o->what = PUSH_ROTATE;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	keys = push_keys(r->push);
	CU_ASSERT_FALSE(json_equal(keys, before));
	CU_ASSERT_TRUE(
		json_equal(json_object_get(keys, "public"), json_object_get(r->result, "public")));
	CU_ASSERT_EQUAL(rig_push(r, "c"), CONTROL_INVALID); /* signed with the old one */
	memset(o, 0, sizeof(*o));
	o->what = PUSH_ROLLBACK;
	o->steps = 1;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_EQUAL(live(r), 1); /* not 2, which is the policy of 3 */
	json_decref(keys);
	json_decref(before);
	free(o);
	rig_free(r);
}

/* call: a verb of the table, as a client asks; its code at once. */
static int call(struct rig *r, const char *verb, json_t *args, struct server_answer *a)
{
	struct server_request request = { .verb = verb, .args = args, .ticket = ++r->ticket };
	int code = -100;

	json_decref(a->result);
	memset(a, 0, sizeof(*a));
	for (size_t i = 0; i < policy_verbs_count; i++) {
		if (strcmp(policy_verbs[i].name, verb) == 0) {
			code = policy_verbs[i].run(r->push, &request, a);
		}
	}
	json_decref(args);
	rig_turn(r);
	return code;
}

static void test_verbs(void)
{
	static const struct {
		const char *verb;
		const char *args;
		int code;
	} rows[] = {
		{ "policy.push", "{}", CONTROL_USAGE },
		{ "policy.push", "{\"pack\":\"relative\"}", CONTROL_USAGE },
		{ "policy.push", "{\"pack\":7}", CONTROL_USAGE },
		{ "policy.push", "{\"pack\":\"/p\",\"confirm_s\":0}", CONTROL_USAGE },
		{ "policy.push", "{\"pack\":\"/p\",\"confirm_s\":86401}", CONTROL_USAGE },
		{ "policy.push", "{\"pack\":\"/p\",\"shadow\":1}", CONTROL_USAGE },
		{ "policy.push", "{\"pack\":\"/p\",\"merge\":true,\"shadow\":true}",
			CONTROL_USAGE },
		{ "policy.push", "{\"pack\":\"/p\\u0000q\"}", CONTROL_USAGE },
		{ "policy.rollback", "{\"steps\":1,\"generation\":1}", CONTROL_USAGE },
		{ "policy.rollback", "{\"steps\":101}", CONTROL_USAGE },
		{ "policy.tag", "{\"generation\":1}", CONTROL_USAGE },
		{ "policy.show", "{\"generation\":7}", CONTROL_INVALID },
		{ "policy.show", "{}", CONTROL_OK },
		{ "policy.history", "{}", CONTROL_OK },
		{ "rule.list", "{\"id\":\"nobody\"}", CONTROL_INVALID },
		{ "rule.list", "{\"limit\":0}", CONTROL_USAGE },
		{ "rule.state", "{\"id\":\"nobody\",\"state\":\"on\"}", CONTROL_INVALID },
		{ "rule.state", "{\"id\":\"a.word\",\"state\":\"off\"}", CONTROL_USAGE },
		{ "rule.state", "{\"id\":\"a.word\",\"state\":\"sample=100%\"}", CONTROL_USAGE },
		{ "rule.state", "{\"state\":\"on\"}", CONTROL_USAGE },
		{ "key.show", "{}", CONTROL_OK },
	};
	struct rig *r = started();
	struct server_answer a = { .result = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = call(r, rows[i].verb, json_loads(rows[i].args, 0, NULL), &a);

		CU_ASSERT_EQUAL(code, rows[i].code);
		if (code != rows[i].code) {
			printf("  %s %s: %d\n", rows[i].verb, rows[i].args, code);
		}
	}
	CU_ASSERT_EQUAL(live(r), 1);
	__atomic_store_n(&r->gate.live->counts[1][1].hits, 5, __ATOMIC_RELAXED);
	CU_ASSERT_EQUAL(call(r, "rule.list", json_pack("{s:b, s:i}", "hit", true, "limit", 1), &a),
		CONTROL_OK);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(
			json_array_get(json_object_get(a.result, "rules"), 0), "id")),
		"a.word");
	CU_ASSERT_EQUAL(call(r, "rule.list", json_pack("{s:i}", "limit", 1), &a), CONTROL_OK);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(a.result, "next")), 1);
	CU_ASSERT_EQUAL(call(r, "rule.list", json_pack("{s:s}", "id", "a.word"), &a), CONTROL_OK);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(
			json_array_get(json_object_get(a.result, "rules"), 0), "expression")),
		"hello");
	/* counts stay with the id when the rule stands somewhere else in the next generation */
	CU_ASSERT_EQUAL(call(r, "policy.push", json_pack("{s:s}", "pack", rig_path(r, "c")), &a),
		SERVER_DEFERRED);
	CU_ASSERT_EQUAL(r->code, CONTROL_OK);
	push_fold(r->push);
	CU_ASSERT_EQUAL(push_count(r->push, 0).hits, 5);
	CU_ASSERT_EQUAL(push_count(r->push, 1).hits, 0);
	json_decref(a.result);
	rig_free(r);
}

/* A replay has neither loader nor store. */
static void test_replay(void)
{
	struct rig *r = rig_new();
	struct push_doors doors = {
		.pipelines = r->pipelines, .n_workers = RIG_WORKERS, .guard = &r->config.guard
	};
	static struct push_order o = { .what = PUSH_CONFIRM };
	struct push *p;

	r->config.pipeline.replay = true;
	CU_ASSERT_TRUE_FATAL(rig_boot(r, rules_a));
	CU_ASSERT_FALSE(r->boot.has_store);
	CU_ASSERT_EQUAL(r->first.generation->number, 1);
	p = push_create(&doors, NULL, &r->first);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_FALSE(push_start(p, &o, r->sentence));
	CU_ASSERT_FALSE(push_round(p, 1));
	CU_ASSERT_PTR_EQUAL(push_live(p), r->first.generation);
	push_destroy(p);
	generation_free(r->first.generation);
	push_boot_free(&r->boot);
	CU_ASSERT_EQUAL(access(r->config.state_dir, F_OK), -1);
	rig_free(r);
}

UNIT_MAIN("push", { "goes live", test_push_goes_live },
	{ "stays until drained", test_stays_until_drained }, { "refused", test_refused },
	{ "confirm", test_confirm }, { "rollback", test_rollback },
	{ "shadow and states", test_shadow_and_states }, { "guard rail", test_guard },
	{ "undone while the loader works", test_undone_at_work }, { "not taken", test_not_taken },
	{ "boot", test_boot }, { "boot from a path", test_boot_from_path }, { "many", test_many },
	{ "merge, keys, tags", test_merge_keys_tags }, { "verbs", test_verbs },
	{ "replay", test_replay })
