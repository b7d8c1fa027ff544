/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy push against a real store and a double of the daemon, which reads what is pushed as the daemon would: is it
 * signed, thin, whole, the right rules?
 */
#include <sys/stat.h>

#include "control/policy_file.h"
#include "control/store.h"
#include "tests/control/fake_daemon.h"

#define STATUS "{\"links\":[{\"name\":\"lab\"},{\"name\":\"north\"}],\"config\":null}"
#define CHANGE(n)                                                              \
	"{\"generation\":" n                                                   \
	",\"hash\":\"00\",\"rules\":4,\"added\":1,\"workers\":[{\"worker\":0," \
	"\"generation\":" n "}],\"took_us\":{\"load\":1,\"store\":1,\"publish\":1,\"seen\":1}}"

static const char first_rules[] = "a.one:/one/ category=a weight=60\n"
				  "a.two:/two/ category=a weight=60 view=folded\n"
				  "a.three:/three/\n";
static const char more_rules[] = "a.four:/four/\n";

enum { PUSHES_MAX = 4 };

/* What the double saw in one pushed pack. */
struct seen {
	bool good;
	bool is_signed;
	uint32_t n_rules;
	uint32_t n_sections;
	uint32_t n_outside;
	struct pack_meta meta;
};

struct rig {
	struct fake_daemon daemon;
	char folder[64]; /* of the policy */
	char state[64];  /* of the daemon */
	char show[2048]; /* its answer */
	char parts[600];
	struct store store;
	struct seen seen[PUSHES_MAX];
	unsigned n_seen;
	struct fake_answer script[8];
	struct diag diag;
	struct pack pack;
	struct policy_set set;
	struct store_record record;
};

static void put(const struct rig *r, const char *name, const char *text)
{
	char path[160];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", r->folder, name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

/* see: reads what is pushed, as the daemon does. */
static void see(struct fake_daemon *d, const json_t *request)
{
	struct rig *r = d->arg;
	const char *path =
		json_string_value(json_object_get(json_object_get(request, "args"), "pack"));
	struct seen *s;
	struct pack *p;
	struct source examples;
	struct ruleset *rules;

	if (path == NULL) {
		return;
	}
	CU_ASSERT_FATAL(r->n_seen < PUSHES_MAX);
	s = &r->seen[r->n_seen++];
	p = calloc(1, sizeof(*p));
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	s->good = pack_read(p, path, r->parts, &r->store.trusted, &r->diag);
	if (!s->good) {
		diag_print(&r->diag, stderr);
		diag_clear(&r->diag);
		free(p);
		return;
	}
	s->is_signed = p->is_signed;
	s->n_sections = p->n_sections;
	for (uint32_t i = 0; i < p->n_sections; i++) {
		s->n_outside += p->sections[i].outside;
	}
	CU_ASSERT_TRUE(pack_meta(p, path, &s->meta, &r->diag));
	rules = pack_load_ruleset(p, path, NULL, NULL, &examples, &r->diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rules);
	s->n_rules = rules->n_rules;
	ruleset_unref(rules);
	source_free(&examples);
	pack_free(p);
	free(p);
}

/* store_first: the rules of the folder as generation 1 of the store. */
static void store_first(struct rig *r)
{
	static const char *const links[] = { "lab", "north" };
	struct policy_load how = { .path = r->folder,
		.link_names = links,
		.n_links = 2,
		.default_action = ACTION_REPORT };
	struct pack_meta meta = { .schema = PACK_SCHEMA, .created_us = 1777638896000000 };
	struct policy_write write = { .meta = &meta };
	char manifest[STORE_FILE_SIZE];

	r->record.n_rules = 3;
	r->record.state = STORE_GOOD;
	CU_ASSERT_TRUE_FATAL(policy_set_load(&r->set, &how, &r->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_add(&r->set, &write, &r->pack, &r->diag));
	CU_ASSERT_TRUE_FATAL(store_add(&r->store, &r->pack, &r->record, &r->diag));
	CU_ASSERT_EQUAL(r->record.number, 1);
	CU_ASSERT_EQUAL(store_set_current(&r->store, 1, 1), 0);
	pack_free(&r->pack);
	policy_set_free(&r->set);
	store_path_manifest(&r->store, 1, manifest);
	store_path_parts(&r->store, r->parts);
	(void)snprintf(r->show, sizeof(r->show),
		"{\"record\":{\"generation\":1,\"state\":\"good\",\"live\":true},"
		"\"path\":\"%s\",\"parts\":\"%s\"}",
		manifest, r->parts);
}

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	strcpy(r->folder, "/tmp/smswall-test-policy-XXXXXX");
	strcpy(r->state, "/tmp/smswall-test-state-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->folder));
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->state));
	CU_ASSERT_EQUAL(setenv("XDG_CACHE_HOME", r->state, 1), 0);
	put(r, "a.pat", first_rules);
	CU_ASSERT_TRUE_FATAL(store_open(&r->store, r->state, &r->diag));
	store_first(r);
	r->script[0] = (struct fake_answer){ "status", STATUS, 0 };
	r->script[1] = (struct fake_answer){ "policy.show", r->show, 0 };
	r->script[2] = (struct fake_answer){ "policy.push", CHANGE("2"), 1 };
	r->script[3] = (struct fake_answer){ "policy.push", CHANGE("3"), 1 };
	fake_daemon_start(&r->daemon, r->script);
	r->daemon.seen = see;
	r->daemon.arg = r;
	return r;
}

static void remove_all(const char *folder)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -r -- '%s'", folder);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void rig_free(struct rig *r)
{
	fake_daemon_stop(&r->daemon); /* and finds no pack left behind */
	store_close(&r->store);
	remove_all(r->folder);
	remove_all(r->state);
	diag_clear(&r->diag);
	free(r);
}

/* push_args: of the pushed pack `i`. */
static const json_t *push_args(const struct rig *r, unsigned i)
{
	for (unsigned k = 0; k < r->daemon.n_requests; k++) {
		const json_t *args = fake_args(&r->daemon, k, "policy.push");

		if (args != NULL && i-- == 0) {
			return args;
		}
	}
	return NULL;
}

static json_int_t number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* One rule more: a thin pack with a delta, then the whole in its place. */
static void delta_then_whole(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	put(r, "b.pat", more_rules);
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder, "--note", "one more");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(c.error, "");
	CU_ASSERT_EQUAL_FATAL(r->n_seen, 2);
	CU_ASSERT_TRUE(r->seen[0].good && r->seen[0].is_signed);
	CU_ASSERT_EQUAL(r->seen[0].n_rules, 4);
	CU_ASSERT_TRUE(r->seen[0].n_outside > 0); /* databases that the store has */
	CU_ASSERT_EQUAL(r->seen[0].meta.base, 1);
	CU_ASSERT_TRUE(r->seen[0].meta.created_us > 1777638896000000);
	CU_ASSERT_STRING_EQUAL(r->seen[0].meta.note, "one more");
	CU_ASSERT_TRUE(r->seen[1].good && r->seen[1].is_signed);
	CU_ASSERT_EQUAL(r->seen[1].n_outside, 0);
	CU_ASSERT_EQUAL(r->seen[1].n_rules, 4);
	CU_ASSERT_TRUE(json_is_true(json_object_get(push_args(r, 1), "merge")));
	CU_ASSERT_FALSE(json_is_true(json_object_get(push_args(r, 0), "merge")));
	CU_ASSERT_EQUAL(number(push_args(r, 1), "if_generation"), 2);
	CU_ASSERT_EQUAL(number(push_args(r, 0), "if_generation"), 0);
	fake_expect(c.text, " databases of generation 1 kept, in ");
	fake_expect(c.text, "generation  2, live on 1 of 1 workers\n");
	fake_expect(c.text, "merged: the same rules in whole databases\ngeneration  3, live");
	fake_call_free(&c);
	rig_free(r);
}

static void json_tells_both(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	put(r, "b.pat", more_rules);
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder, "--json");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_EQUAL(number(c.document, "generation"), 3);
	CU_ASSERT_EQUAL(number(json_object_get(c.document, "delta"), "generation"), 2);
	CU_ASSERT_TRUE(json_is_true(json_object_get(c.document, "merged")));
	CU_ASSERT_TRUE(number(json_object_get(c.document, "compiled"), "rules") > 0);
	CU_ASSERT_TRUE(number(json_object_get(c.document, "compiled"), "reused") > 0);
	CU_ASSERT_PTR_NULL(json_object_get(c.document, "record"));
	fake_call_free(&c);
	rig_free(r);
}

/* Options that reach the daemon, and what keeps the second push away. */
static void options_reach_the_daemon(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	put(r, "b.pat", more_rules);
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder, "--no-merge", "--shadow",
		"--allow-older", "--if-generation", "@1");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_TRUE(json_is_true(json_object_get(push_args(r, 0), "shadow")));
	CU_ASSERT_TRUE(json_is_true(json_object_get(push_args(r, 0), "allow_older")));
	CU_ASSERT_EQUAL(number(push_args(r, 0), "if_generation"), 1);
	CU_ASSERT_PTR_NULL(json_object_get(push_args(r, 0), "confirm_s"));
	fake_call_free(&c);
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder, "--confirm", "30");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_EQUAL(number(push_args(r, 1), "confirm_s"), 30);
	CU_ASSERT_EQUAL(r->n_seen, 2);
	fake_call_free(&c);
	rig_free(r);
}

/* Nothing new: everything is of the base, and there is nothing to be merged. */
static void nothing_new_needs_no_merge(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_EQUAL(r->n_seen, 1);
	fake_expect(c.text, "compiled    0 rules anew, 2 databases");
	fake_call_free(&c);
	rig_free(r);
}

/* A push that came in between is not overwritten, and that is no failure. */
static void a_push_in_between_is_left(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	put(r, "b.pat", more_rules);
	r->script[3].result = "!6 generation 5 is live, not 2";
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_TRUE(json_is_false(json_object_get(c.document, "merged")));
	fake_expect(c.error, "something else was pushed");
	fake_expect(c.error, "generation 5 is live");
	fake_call_free(&c);
	rig_free(r);
}

static void a_failed_merge_is_partial(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	put(r, "b.pat", more_rules);
	r->script[3].result = "!1 disk full";
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder);
	CU_ASSERT_EQUAL(c.code, CONTROL_PARTIAL);
	fake_expect(c.error, "generation 2 is live, but");
	fake_expect(c.error, "disk full");
	fake_call_free(&c);
	rig_free(r);
}

/* What is refused on the way: by code; nothing was pushed unless said. */
static void refusals(void)
{
	static const struct {
		const char *file, *text, *option, *value, *push;
		int code;
		const char *error;
		unsigned n_seen;
	} cases[] = {
		{ "b.pat", "b.bad:/(/\n", NULL, NULL, NULL, CONTROL_INVALID, "", 0 },
		{ "b.pat", "b.x:/x/\n+ \"nothing\"\n", NULL, NULL, NULL, CONTROL_INVALID, "", 0 },
		{ "policy.conf", "nonsense = 1;\n", NULL, NULL, NULL, CONTROL_INVALID, "", 0 },
		{ "b.pat", "", "--if-generation", "x", NULL, CONTROL_USAGE, "a generation is", 0 },
		{ "b.pat", "", "--key", "/nowhere/key", NULL, CONTROL_INVALID,
			"/nowhere/key: No such file", 0 },
		{ "b.pat", "", "--note", "n", "!4 too old", CONTROL_INVALID, "too old", 1 },
		{ "b.pat", "", "--note", "n", "!5 authors only", CONTROL_NOT_PERMITTED,
			"authors only", 1 },
		{ "b.pat", "", "--note", "n", "!6 another one", CONTROL_CONFLICT, "another one",
			1 },
		{ "b.pat", "", "--note", "n", "!8 worker 1 stands", CONTROL_PARTIAL, "worker 1",
			1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new();
		struct fake_call c;

		put(r, cases[i].file, cases[i].text);
		if (cases[i].push != NULL) {
			r->script[2].result = cases[i].push;
		}
		if (cases[i].option != NULL) {
			FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder, cases[i].option,
				cases[i].value);
		} else {
			FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder);
		}
		CU_ASSERT_EQUAL(c.code, cases[i].code);
		CU_ASSERT_STRING_NOT_EQUAL(c.error, "");
		fake_expect(c.error, cases[i].error);
		CU_ASSERT_EQUAL(r->n_seen, cases[i].n_seen);
		fake_call_free(&c);
		rig_free(r);
	}
}

/* Without the key: exit code 5, and what to do. The default key lies in the daemon's state folder. */
static void no_key_is_not_permitted(void)
{
	struct rig *r = rig_new();
	char key[STORE_FILE_SIZE];
	struct fake_call c;

	store_path_key(&r->store, key);
	CU_ASSERT_EQUAL(unlink(key), 0);
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder);
	CU_ASSERT_EQUAL(c.code, CONTROL_NOT_PERMITTED);
	fake_expect(c.error, "keys/sign.key");
	fake_expect(c.error, "--key FILE");
	CU_ASSERT_EQUAL(r->n_seen, 0);
	fake_call_free(&c);
	rig_free(r);
}

/* Nothing is live, or its files cannot be read: all is compiled, and that is said. */
static void without_a_base_all_is_compiled(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	(void)snprintf(r->show, sizeof(r->show),
		"{\"record\":{\"generation\":1},\"path\":\"%s/generations/none.pack\",\"parts\":"
		"\"%s\"}",
		r->state, r->parts);
	FAKE_CTL(&r->daemon, &c, "policy", "push", r->folder);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_EQUAL(r->n_seen, 1);
	CU_ASSERT_EQUAL(r->seen[0].n_outside, 0);
	fake_expect(c.text, "compiled    3 rules anew");
	fake_expect(c.text, "; all of it, as ");
	fake_call_free(&c);
	rig_free(r);
}

/* A pack: signed by another one it goes as it is, unsigned with our signature. */
static void packs_are_sent(void)
{
	static const char *const links[] = { "lab", "north" };
	struct rig *r = rig_new();
	struct policy_load how = { .path = r->folder,
		.link_names = links,
		.n_links = 2,
		.default_action = ACTION_REPORT };
	struct pack_meta meta = { .schema = PACK_SCHEMA, .created_us = 5 };
	struct policy_write write = { .meta = &meta };
	struct key_secret other;
	struct fake_call c;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/x.pack", r->folder);
	CU_ASSERT_TRUE_FATAL(policy_set_load(&r->set, &how, &r->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_write(&r->set, path, &write, &r->diag));
	FAKE_CTL(&r->daemon, &c, "policy", "push", path);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_TRUE(r->seen[0].good && r->seen[0].is_signed);
	CU_ASSERT_EQUAL(r->seen[0].meta.created_us, 5);
	fake_call_free(&c);

	CU_ASSERT_TRUE_FATAL(key_make(&other));
	write.key = &other;
	CU_ASSERT_TRUE_FATAL(policy_set_write(&r->set, path, &write, &r->diag));
	CU_ASSERT_EQUAL(store_trust(&r->store, &other.public, "other"), 0);
	FAKE_CTL(&r->daemon, &c, "policy", "push", path);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_TRUE(r->seen[1].good && r->seen[1].is_signed);
	CU_ASSERT_EQUAL(r->n_seen, 2);
	fake_call_free(&c);
	policy_set_free(&r->set);
	rig_free(r);
}

static void no_daemon_no_push(void)
{
	struct fake_call c;

	FAKE_CTL(NULL, &c, "policy", "push", "/tmp");
	CU_ASSERT_EQUAL(c.code, CONTROL_NO_DAEMON);
	fake_call_free(&c);
	FAKE_CTL(NULL, &c, "policy", "push", "/nowhere/at/all");
	CU_ASSERT_EQUAL(c.code, CONTROL_INVALID);
	fake_call_free(&c);
}

UNIT_MAIN("control/ctl_push", { "a delta, then the whole", delta_then_whole },
	{ "--json tells both", json_tells_both },
	{ "options reach the daemon", options_reach_the_daemon },
	{ "nothing new needs no merge", nothing_new_needs_no_merge },
	{ "a push in between is left", a_push_in_between_is_left },
	{ "a failed merge is partial", a_failed_merge_is_partial }, { "refusals", refusals },
	{ "no key is not permitted", no_key_is_not_permitted },
	{ "without a base all is compiled", without_a_base_all_is_compiled },
	{ "packs are sent", packs_are_sent }, { "no daemon, no push", no_daemon_no_push })
