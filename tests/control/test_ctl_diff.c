/* SPDX-License-Identifier: BSD-3-Clause */
/* policy diff with a generation of a real store, which a double of the daemon names. */
#include <sys/stat.h>

#include "control/policy_file.h"
#include "control/store.h"
#include "tests/control/fake_daemon.h"

static const char old_rules[] = "a.one:/one/ category=a weight=60\na.two:/two/\n";
static const char new_rules[] = "a.one:/one/ category=a weight=70\na.three:/three/i\n";
static const char conf[] =
	"categories = ({ name = \"a\"; report = 50; });\nlinks = ({ link = \"%s\"; content = false; });\n";

struct rig {
	struct fake_daemon daemon;
	char folder[64]; /* of the policy */
	char state[64];  /* of the daemon */
	char show[2048]; /* its answer */
	struct store store;
	struct fake_answer script[4];
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

/* store_first: the folder's old rules as generation 1. */
static void store_first(struct rig *r)
{
	const struct policy_load how = { .path = r->folder, .default_action = ACTION_REPORT };
	const struct pack_meta meta = { .schema = PACK_SCHEMA, .created_us = 1 };
	const struct policy_write write = { .meta = &meta };
	char manifest[STORE_FILE_SIZE];
	char parts[STORE_FILE_SIZE];

	CU_ASSERT_TRUE_FATAL(store_open(&r->store, r->state, &r->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_load(&r->set, &how, &r->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_add(&r->set, &write, &r->pack, &r->diag));
	CU_ASSERT_TRUE_FATAL(store_add(&r->store, &r->pack, &r->record, &r->diag));
	pack_free(&r->pack);
	policy_set_free(&r->set);
	store_path_manifest(&r->store, 1, manifest);
	store_path_parts(&r->store, parts);
	(void)snprintf(r->show, sizeof(r->show),
		"{\"record\":{\"generation\":1,\"note\":\"first\"},\"path\":\"%s\",\"parts\":\"%s\"}",
		manifest, parts);
}

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	strcpy(r->folder, "/tmp/smswall-test-policy-XXXXXX");
	strcpy(r->state, "/tmp/smswall-test-state-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->folder));
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->state));
	put(r, "a.pat", old_rules);
	store_first(r);
	put(r, "a.pat", new_rules);
	r->script[0] = (struct fake_answer){ "status", "{\"config\":null}", 0 };
	r->script[1] = (struct fake_answer){ "policy.show", r->show, 0 };
	fake_daemon_start(&r->daemon, r->script);
	return r;
}

static void rig_free(struct rig *r)
{
	char command[192];

	fake_daemon_stop(&r->daemon);
	store_close(&r->store);
	(void)snprintf(command, sizeof(command), "rm -r -- '%s' '%s'", r->folder, r->state);
	CU_ASSERT_EQUAL(system(command), 0);
	diag_clear(&r->diag);
	free(r);
}

static void a_generation_and_a_folder(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	FAKE_CTL(&r->daemon, &c, "policy", "diff", "@1", r->folder);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(c.error, "");
	fake_expect(c.text, "rules       1 added, 1 removed, 1 changed, 0 the same\n");
	fake_expect(c.text, "+ a.three  (");
	fake_expect(c.text, "- a.two  (");
	fake_expect(c.text, "weight      60 -> 70\n");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(
				fake_args(&r->daemon, 1, "policy.show"), "generation")),
		1);
	fake_call_free(&c);

	FAKE_CTL(&r->daemon, &c, "policy", "diff", r->folder, "@live", "--exit-code", "--json");
	CU_ASSERT_EQUAL(c.code, CONTROL_FAILED);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.document, "differences")), 3);
	CU_ASSERT_PTR_NULL(json_object_get(c.document, "record"));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(
			json_object_get(json_object_get(c.document, "new"), "record"), "note")),
		"first");
	fake_call_free(&c);

	FAKE_CTL(&r->daemon, &c, "policy", "diff", "@1", "@1", "--exit-code");
	CU_ASSERT_EQUAL(c.code, 0);
	fake_expect(c.text, "0 added, 0 removed, 0 changed, 2 the same\n");
	fake_call_free(&c);
	rig_free(r);
}

/* Without a configuration the links are those that the policies name. */
static void links_of_the_policies(void)
{
	struct rig *r = rig_new();
	struct fake_call c;
	char text[256];
	char other[64] = "/tmp/smswall-test-policy-XXXXXX";
	char path[96];
	FILE *f;

	(void)snprintf(text, sizeof(text), conf, "north");
	put(r, "policy.conf", text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(other));
	(void)snprintf(path, sizeof(path), "%s/a.pat", other);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(new_rules, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
	FAKE_CTL(&r->daemon, &c, "policy", "diff", other, r->folder);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(c.error, "");
	fake_expect(c.text, "~ link north: (all)\n      content     true -> false\n");
	fake_expect(c.text, "~ everywhere: a\n");
	CU_ASSERT_EQUAL(r->daemon.n_requests, 0); /* none is needed */
	fake_call_free(&c);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(rmdir(other), 0);
	rig_free(r);
}

static void refusals(void)
{
	static const struct {
		const char *old, *option, *value;
		int code;
		const char *error;
	} cases[] = {
		{ "@x", "--samples", "1", CONTROL_USAGE, "a generation is named" },
		{ "/nowhere", "--samples", "1", CONTROL_INVALID, "No such file" },
		{ "@1", "--samples", "1001", CONTROL_USAGE, "--samples" },
		{ "/nowhere", "--capture", "x.pcap", CONTROL_USAGE, "--capture needs --config" },
		{ "@1", "--config", "/nowhere.conf", CONTROL_INVALID, "No such file" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new();
		struct fake_call c;

		FAKE_CTL(&r->daemon, &c, "policy", "diff", cases[i].old, r->folder, cases[i].option,
			cases[i].value);
		CU_ASSERT_EQUAL(c.code, cases[i].code);
		if (c.error[0] != '\0') { /* usage of a number is told at once */
			fake_expect(c.error, cases[i].error);
		}
		fake_call_free(&c);
		rig_free(r);
	}
}

UNIT_MAIN("ctl/diff", { "a generation and a folder", a_generation_and_a_folder },
	{ "links", links_of_the_policies }, { "refusals", refusals })
