/* SPDX-License-Identifier: BSD-3-Clause */
/* list.*: from the request to the list that is live, with a real store and loader. */
#include "control/verbs_list.h"

#include <sys/stat.h>

#include "dataplane/verdict/list_build.h"
#include "tests/control/push_rig.h"

static const char conf[] =
	"lists = (\n"
	"	{ name = \"vip\"; kind = \"number\"; match = [ \"originator\", \"destination\" ];\n"
	"	  effect = \"pass\"; },\n"
	"	{ name = \"spoofed\"; kind = \"sender\"; effect = \"reject\"; side = \"outside\"; }\n"
	");\n";

/* A policy with two lists, read for a start. */
static struct rig *loaded(void)
{
	struct rig *r = rig_new();

	CU_ASSERT_EQUAL_FATAL(mkdir(rig_path(r, "policy"), 0755), 0);
	rig_write(r, "policy/a.pat", "a.lottery:/lottery/ action=reject\n");
	rig_write(r, "policy/policy.conf", conf);
	rig_write(r, "policy/vip.txt", "447700900001, chair\n4477009*\n");
	rig_write(r, "policy/spoofed.txt", "MyBank\nPost\n");
	CU_ASSERT_TRUE_FATAL(push_boot_load(&r->boot, &r->config, rig_path(r, "policy"), &r->diag));
	return r;
}

static struct rig *started(void)
{
	struct rig *r = loaded();

	CU_ASSERT_TRUE_FATAL(push_boot_make(&r->boot, &r->config, &r->first, &r->diag));
	rig_start(r);
	return r;
}

static int call(struct rig *r, const char *verb, const char *args, struct server_answer *a)
{
	json_t *parsed = json_loads(args, JSON_ALLOW_NUL, NULL);
	struct server_request request = { .verb = verb, .args = parsed, .ticket = ++r->ticket };
	int code = -100;

	CU_ASSERT_PTR_NOT_NULL_FATAL(parsed);
	json_decref(a->result);
	memset(a, 0, sizeof(*a));
	r->code = -1;
	for (size_t i = 0; i < list_verbs_count; i++) {
		if (strcmp(list_verbs[i].name, verb) == 0) {
			code = list_verbs[i].run(r->push, &request, a);
		}
	}
	json_decref(parsed);
	rig_turn(r);
	return code == SERVER_DEFERRED ? r->code : code;
}

static const struct list *live(const struct rig *r, const char *name)
{
	const struct list *l = list_set_find(push_live(r->push)->lists, name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	return l;
}

static const json_t *row(const struct server_answer *a, size_t i)
{
	return json_array_get(json_object_get(a->result, "lists"), i);
}

static json_int_t number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static void test_what_there_is(void)
{
	struct rig *r = started();
	struct server_answer a = { .result = NULL };
	const json_t *entries;

	list_tally(live(r, "spoofed"), 1, 77);
	CU_ASSERT_EQUAL(call(r, "list.list", "{}", &a), CONTROL_OK);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(a.result, "lists")), 2);
	CU_ASSERT_STRING_EQUAL(text(row(&a, 0), "name"), "vip");
	CU_ASSERT_STRING_EQUAL(text(row(&a, 0), "kind"), "number");
	CU_ASSERT_STRING_EQUAL(text(row(&a, 0), "match"), "originator, destination");
	CU_ASSERT_STRING_EQUAL(text(row(&a, 0), "effect"), "pass");
	CU_ASSERT_EQUAL(number(row(&a, 0), "entries"), 2);
	CU_ASSERT_EQUAL(number(row(&a, 1), "hits"), 1);
	CU_ASSERT_EQUAL(number(row(&a, 1), "last"), 77);
	CU_ASSERT_STRING_EQUAL(
		text(json_array_get(json_object_get(row(&a, 1), "uses"), 0), "side"), "outside");
	CU_ASSERT_EQUAL(call(r, "list.show", "{\"name\":\"vip\"}", &a), CONTROL_OK);
	entries = json_object_get(a.result, "entries");
	CU_ASSERT_EQUAL(json_array_size(entries), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(entries, 0)), "447700900001,chair");
	CU_ASSERT_EQUAL(number(a.result, "left_out"), 0);
	CU_ASSERT_EQUAL(call(r, "list.show", "{\"name\":\"vip\",\"limit\":1}", &a), CONTROL_OK);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(a.result, "entries")), 1);
	CU_ASSERT_EQUAL(number(a.result, "left_out"), 1);
	json_decref(a.result);
	rig_free(r);
}

static void test_changes(void)
{
	struct rig *r = started();
	struct server_answer a = { .result = NULL };
	uint8_t before[LIST_HASH_SIZE];
	uint8_t after[LIST_HASH_SIZE];

	list_hash(live(r, "vip"), before);
	list_tally(live(r, "vip"), 0, 5);
	CU_ASSERT_EQUAL(
		call(r, "list.add",
			"{\"name\":\"vip\",\"entries\":[\"+44 7800 900 001, new\",\"4478*\"]}", &a),
		CONTROL_OK);
	CU_ASSERT_EQUAL(push_live(r->push)->number, 2);
	CU_ASSERT(list_has_entry(live(r, "vip"), "447800900001"));
	CU_ASSERT(list_has_entry(live(r, "vip"), "4478*"));
	CU_ASSERT_EQUAL(list_facts(live(r, "vip")).n_entries, 4);
	list_hash(live(r, "vip"), after);
	CU_ASSERT_EQUAL(memcmp(before, after, sizeof(before)), 0); /* the base is the same */
	CU_ASSERT_EQUAL(list_facts(live(r, "vip")).n_decided, 1);  /* and the counts go on */
	CU_ASSERT_EQUAL(call(r, "list.del",
				"{\"name\":\"vip\",\"entries\":[\"447700900001\",\"4478*\"]}", &a),
		CONTROL_OK);
	CU_ASSERT_FALSE(list_has_entry(live(r, "vip"), "447700900001"));
	CU_ASSERT_FALSE(list_has_entry(live(r, "vip"), "4478*"));
	CU_ASSERT(list_has_entry(live(r, "vip"), "447800900001"));
	CU_ASSERT(list_has_entry(live(r, "spoofed"), "Post"));
	/* nothing of a change with an error */
	CU_ASSERT_EQUAL(call(r, "list.del",
				"{\"name\":\"vip\",\"entries\":[\"447800900001\",\"999\"]}", &a),
		CONTROL_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "999 is no entry of the list"));
	CU_ASSERT(list_has_entry(live(r, "vip"), "447800900001"));
	CU_ASSERT_EQUAL(push_live(r->push)->number, 3);
	json_decref(a.result);
	rig_free(r);
}

static void test_replace(void)
{
	struct rig *r = started();
	struct server_answer a = { .result = NULL };
	char args[256];

	rig_write(r, "new.txt", "MyBank\nNewsline\n");
	snprintf(args, sizeof(args), "{\"name\":\"spoofed\",\"path\":\"%s\"}",
		rig_path(r, "new.txt"));
	CU_ASSERT_EQUAL(call(r, "list.add", "{\"name\":\"spoofed\",\"entries\":[\"Gone\"]}", &a),
		CONTROL_OK);
	CU_ASSERT_EQUAL(call(r, "list.replace", args, &a), CONTROL_OK);
	CU_ASSERT(list_has_entry(live(r, "spoofed"), "Newsline"));
	CU_ASSERT_FALSE(list_has_entry(live(r, "spoofed"), "Post"));
	CU_ASSERT_FALSE(list_has_entry(live(r, "spoofed"), "Gone")); /* no change is left over */
	CU_ASSERT_EQUAL(list_change_text(live(r, "spoofed")).len, 0);
	rig_write(r, "new.txt", "Good\nb\001d\n");
	snprintf(args, sizeof(args), "{\"name\":\"spoofed\",\"path\":\"%s\",\"file\":\"mine.txt\"}",
		rig_path(r, "new.txt"));
	CU_ASSERT_EQUAL(call(r, "list.replace", args, &a), CONTROL_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "mine.txt:2"));
	CU_ASSERT(list_has_entry(live(r, "spoofed"), "Newsline"));
	json_decref(a.result);
	rig_free(r);
}

/* A list that memory.generations has no room for is refused by name; what was counted of it is given back. */
static void test_too_big(void)
{
	struct rig *r = started();
	struct server_answer a = { .result = NULL };
	size_t used = arena_used(&r->boot.arena);
	char args[300];
	FILE *f = fopen(rig_path(r, "many"), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (unsigned i = 0; i < 20000; i++) {
		fprintf(f, "44%010u\n", i * 7919u);
	}
	fclose(f);
	snprintf(args, sizeof(args), "{\"name\":\"vip\",\"path\":\"%s\"}", rig_path(r, "many"));
	r->boot.arena.ceiling = used + 10000;
	CU_ASSERT_EQUAL(call(r, "list.replace", args, &a), CONTROL_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "list vip"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r->sentence, "MiB"));
	CU_ASSERT_EQUAL(list_facts(live(r, "vip")).n_entries, 2);
	CU_ASSERT_EQUAL(arena_used(&r->boot.arena), used);
	r->boot.arena.ceiling = 0;
	CU_ASSERT_EQUAL(call(r, "list.replace", args, &a), CONTROL_OK);
	CU_ASSERT_EQUAL(list_facts(live(r, "vip")).n_entries, 20000);
	CU_ASSERT(arena_used(&r->boot.arena) > used + 20000);
	json_decref(a.result);
	rig_free(r);
}

/* A start for whose lists, or for whose rest, there is no room: told, and nothing stays charged. */
static void test_no_room_at_start(void)
{
	static const char *const told[] = { "too small for list vip", "too small for the policy" };
	struct rig *r = loaded();

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		r->boot.arena.ceiling = arena_used(&r->boot.arena) + 10;
		CU_ASSERT_FALSE(push_boot_make(&r->boot, &r->config, &r->first, &r->diag));
		CU_ASSERT_PTR_NULL(r->first.generation);
		CU_ASSERT_EQUAL_FATAL(r->diag.n_errors, i + 1);
		CU_ASSERT_PTR_NOT_NULL(
			strstr(r->diag.entries[r->diag.n_entries - 1].text, told[i]));
		r->boot.arena.ceiling = 0; /* for the lists there is room, next time */
		if (i == 0) {
			const char *list;
			size_t size;

			CU_ASSERT(list_set_charge(r->boot.set.lists, &r->boot.arena, &list, &size));
		}
	}
	rig_stop(r);
	rig_free(r);
}

/* From the store after a restart, and back to the one before. */
static void test_kept(void)
{
	struct rig *r = started();
	struct server_answer a = { .result = NULL };
	struct push_order *o = calloc(1, sizeof(*o));

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	CU_ASSERT_EQUAL(call(r, "list.add", "{\"name\":\"vip\",\"entries\":[\"15550100\"]}", &a),
		CONTROL_OK);
	rig_stop(r);
	CU_ASSERT_TRUE_FATAL(rig_boot(r, NULL));
	rig_start(r);
	CU_ASSERT_EQUAL(push_live(r->push)->number, 2);
	CU_ASSERT(list_has_entry(live(r, "vip"), "15550100"));
	CU_ASSERT(list_has_entry(live(r, "vip"), "4477009*"));
	o->what = PUSH_ROLLBACK;
	o->generation = 1;
	CU_ASSERT_EQUAL(rig_order(r, o), CONTROL_OK);
	CU_ASSERT_FALSE(list_has_entry(live(r, "vip"), "15550100"));
	CU_ASSERT(list_has_entry(live(r, "vip"), "447700900001"));
	free(o);
	json_decref(a.result);
	rig_free(r);
}

static void test_arguments(void)
{
	static const struct {
		const char *verb;
		const char *args;
		int code;
	} rows[] = {
		{ "list.show", "{}", CONTROL_INVALID },
		{ "list.show", "{\"name\":\"other\"}", CONTROL_INVALID },
		{ "list.show", "{\"name\":\"vip\",\"limit\":0}", CONTROL_USAGE },
		{ "list.add", "{\"name\":\"other\",\"entries\":[\"1\"]}", CONTROL_INVALID },
		{ "list.add", "{\"name\":\"vip\"}", CONTROL_USAGE },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[]}", CONTROL_USAGE },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[7]}", CONTROL_USAGE },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[\"1\\n-2\"]}", CONTROL_USAGE },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[\"1\\u00002\"]}", CONTROL_USAGE },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[\"word\"]}", CONTROL_INVALID },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[\"\"]}", CONTROL_INVALID },
		{ "list.add", "{\"name\":\"vip\",\"entries\":[\"1\"],\"if_generation\":7}",
			CONTROL_CONFLICT },
		{ "list.replace", "{\"name\":\"vip\"}", CONTROL_USAGE },
		{ "list.replace", "{\"name\":\"vip\",\"path\":\"relative\"}", CONTROL_USAGE },
		{ "list.replace", "{\"name\":\"vip\",\"path\":\"/nonexistent\"}", CONTROL_INVALID },
		{ "list.replace", "{\"name\":\"vip\",\"path\":\"/dev/null\"}", CONTROL_INVALID },
	};
	struct rig *r = started();
	struct server_answer a = { .result = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = call(r, rows[i].verb, rows[i].args, &a);

		CU_ASSERT_EQUAL(code, rows[i].code);
		if (code != rows[i].code) {
			printf("  %s %s: %d\n", rows[i].verb, rows[i].args, code);
		}
	}
	CU_ASSERT_EQUAL(push_live(r->push)->number, 1);
	json_decref(a.result);
	rig_free(r);
}

UNIT_MAIN("verbs_list", { "what there is", test_what_there_is }, { "changes", test_changes },
	{ "replace", test_replace }, { "too big", test_too_big },
	{ "no room at start", test_no_room_at_start }, { "kept", test_kept },
	{ "arguments", test_arguments })
