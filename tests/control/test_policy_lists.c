/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_lists.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/policy_file.h"
#include "dataplane/sms/sms.h"
#include "tests/support/unit.h"

static const char *const links[] = { "core", "edge" };
static const char *const files[] = { "a.pat", "policy.conf", "vip.txt", "bad.txt", "p.pack" };
enum { N_FILES = sizeof(files) / sizeof(files[0]) };

/* A policy's folder, made for one test. */
struct folder {
	char path[64];
	char pack[80];
	struct diag diag;
	struct policy_set set;
};

static void put_file(const struct folder *f, const char *name, const char *text)
{
	char path[128];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	to = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	fputs(text, to);
	fclose(to);
}

static struct folder *folder_make(const char *conf)
{
	struct folder *f = calloc(1, sizeof(*f));

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	snprintf(f->path, sizeof(f->path), "/tmp/test_policy_lists.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->path));
	snprintf(f->pack, sizeof(f->pack), "%s/p.pack", f->path);
	put_file(f, "a.pat", "1:/alpha/\n");
	put_file(f, "policy.conf", conf);
	put_file(f, "vip.txt", "447700900001, chair\n4477009*\n");
	put_file(f, "bad.txt", "MyBank\nPost\n");
	return f;
}

static bool load(struct folder *f, struct policy_load how)
{
	diag_clear(&f->diag);
	memset(&f->diag, 0, sizeof(f->diag));
	how.link_names = links;
	how.n_links = 2;
	how.default_action = ACTION_REJECT;
	return policy_set_load(&f->set, &how, &f->diag);
}

static bool load_folder(struct folder *f)
{
	return load(f, (struct policy_load){ .path = f->path });
}

static void folder_remove(struct folder *f)
{
	char path[128];

	policy_set_free(&f->set);
	diag_clear(&f->diag);
	for (size_t i = 0; i < N_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->path, files[i]);
		unlink(path);
	}
	CU_ASSERT_EQUAL(rmdir(f->path), 0);
	free(f);
}

static bool said(
	const struct diag *d, enum diag_level level, const char *file, int line, const char *words)
{
	for (size_t i = 0; i < d->n_entries; i++) {
		const struct diag_entry *e = &d->entries[i];
		size_t n = e->file != NULL ? strlen(e->file) : 0;

		if (e->level == level && e->line == line && n >= strlen(file) &&
			strcmp(e->file + n - strlen(file), file) == 0 &&
			strstr(e->text, words) != NULL) {
			return true;
		}
	}
	return false;
}

static const char conf[] =
	"lists = (\n"
	"	{ name = \"vip\"; kind = \"number\"; match = [ \"originator\", \"destination\" ];\n"
	"	  effect = \"pass\"; country = \"44\"; },\n"
	"	{ name = \"spoofed\"; kind = \"sender\"; file = \"bad.txt\"; effect = \"reject\";\n"
	"	  status = 0x45; link = \"edge\"; side = \"outside\"; },\n"
	"	{ name = \"spoofed\"; effect = \"report\"; folded = false; }\n"
	");\n";

static void check_uses(const struct policy *p)
{
	static const struct policy_list_use expected[] = {
		{ 0, LIST_MATCH_ORIGINATOR, ACTION_PASS, POLICY_ANY, POLICY_ANY, false, "44", 0 },
		{ 0, LIST_MATCH_DESTINATION, ACTION_PASS, POLICY_ANY, POLICY_ANY, false, "44", 0 },
		{ 1, LIST_MATCH_ORIGINATOR, ACTION_REJECT, 1, SIDE_OUTSIDE, true, "", 0x45 },
		{ 1, LIST_MATCH_ORIGINATOR, ACTION_REPORT, POLICY_ANY, POLICY_ANY, false, "", 0 },
	};

	CU_ASSERT_EQUAL_FATAL(p->n_lists, 2);
	CU_ASSERT_STRING_EQUAL(p->lists[0].name, "vip");
	CU_ASSERT_STRING_EQUAL(p->lists[0].file, "vip.txt");
	CU_ASSERT_EQUAL(p->lists[0].line, 2);
	CU_ASSERT_STRING_EQUAL(p->lists[1].file, "bad.txt");
	CU_ASSERT_EQUAL_FATAL(p->n_list_uses, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct policy_list_use *u = &p->list_uses[i];
		const struct policy_list_use *e = &expected[i];

		CU_ASSERT(u->list == e->list && u->match == e->match && u->action == e->action);
		CU_ASSERT(u->link == e->link && u->side == e->side && u->folded == e->folded);
		CU_ASSERT(u->status == e->status && strcmp(u->country, e->country) == 0);
	}
}

static bool has(const struct list_set *s, const char *name, const char *entry)
{
	const struct list *l = list_set_find(s, name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	return list_has_entry(l, entry);
}

static void test_folder(void)
{
	struct folder *f = folder_make(conf);
	bool good = load_folder(f);

	diag_print(&f->diag, stdout);
	CU_ASSERT_TRUE_FATAL(good);
	CU_ASSERT_EQUAL(f->diag.n_warnings, 1); /* 4477009* covers the chair */
	check_uses(&f->set.policy);
	CU_ASSERT_EQUAL_FATAL(f->set.lists->n, 2);
	CU_ASSERT(has(f->set.lists, "vip", "447700900001"));
	CU_ASSERT(has(f->set.lists, "vip", "4477009*"));
	CU_ASSERT(has(f->set.lists, "spoofed", "MyBank"));
	folder_remove(f);
}

/* A list's file that is missing or wrong: told, and the line that names it, of an included file, too. */
static void test_bad_file(void)
{
	static const char more[] =
		"\n\nlists = ( { name = \"gone\"; kind = \"number\"; match = \"smsc\"; "
		"effect = \"pass\"; },\n"
		"	{ name = \"bad\"; kind = \"number\"; match = \"smsc\"; effect = \"pass\"; } );\n";
	struct folder *f = folder_make("max_action = \"report\";\n@include \"vip.txt\"\n");

	put_file(f, "vip.txt", more);
	CU_ASSERT_FALSE(load_folder(f));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "gone.txt", 0, "No such file"));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "vip.txt", 3,
		"list \"gone\" of kind number is not taken from its file "));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "bad.txt", 1, ""));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "vip.txt", 4,
		"list \"bad\" of kind number is not taken from its file "));
	CU_ASSERT_PTR_NULL(f->set.lists);
	put_file(f, "policy.conf", more);
	CU_ASSERT_FALSE(load_folder(f));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "policy.conf", 3, "list \"gone\""));
	folder_remove(f);
}

static void test_none(void)
{
	struct folder *f = folder_make("");

	CU_ASSERT_TRUE_FATAL(load_folder(f));
	CU_ASSERT_PTR_NULL(f->set.lists);
	CU_ASSERT_TRUE(policy_set_write(
		&f->set, f->pack, &(struct policy_write){ .key = NULL }, &f->diag));
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(load(f, (struct policy_load){ .path = f->pack }));
	CU_ASSERT_PTR_NULL(f->set.lists);
	folder_remove(f);
}

static struct list *changed(const struct list *l, const char *text)
{
	struct diag *diag = calloc(1, sizeof(*diag));
	struct list *next = list_change(l, "change", bytes_str(text), diag);

	CU_ASSERT_PTR_NOT_NULL_FATAL(next);
	diag_clear(diag);
	free(diag);
	return next;
}

/* Through a pack: whole, with a change, and without what lives already. */
static void test_pack(void)
{
	struct folder *f = folder_make(conf);
	struct pack *pack = calloc(1, sizeof(*pack));
	struct policy_write thin = { .thin_pack = pack };
	struct policy_known known;
	struct pack_known in_memory;
	struct list_set *live;
	struct list *before;

	CU_ASSERT_PTR_NOT_NULL_FATAL(pack);
	CU_ASSERT_TRUE_FATAL(load_folder(f));
	before = f->set.lists->lists[0];
	f->set.lists->lists[0] = changed(before, "+15550100\n-4477009*\n");
	list_unref(before);
	CU_ASSERT_TRUE(policy_set_write(
		&f->set, f->pack, &(struct policy_write){ .key = NULL }, &f->diag));
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(load(f, (struct policy_load){ .path = f->pack }));
	check_uses(&f->set.policy);
	CU_ASSERT(has(f->set.lists, "vip", "447700900001"));
	CU_ASSERT(has(f->set.lists, "vip", "15550100"));
	CU_ASSERT_FALSE(has(f->set.lists, "vip", "4477009*"));
	CU_ASSERT(has(f->set.lists, "spoofed", "Post"));
	/* what has not changed is the very list that lives */
	live = list_set_ref(f->set.lists);
	CU_ASSERT_TRUE_FATAL(pack_read(pack, f->pack, NULL, NULL, &f->diag));
	CU_ASSERT_TRUE(policy_set_write(&f->set, f->pack, &thin, &f->diag));
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(load(f, (struct policy_load){ .path = f->pack, .base_lists = live }));
	CU_ASSERT_PTR_EQUAL(f->set.lists->lists[0], live->lists[0]);
	CU_ASSERT_PTR_EQUAL(f->set.lists->lists[1], live->lists[1]);
	policy_set_free(&f->set);
	/* such a pack is of no use without */
	CU_ASSERT_FALSE(load(f, (struct policy_load){ .path = f->pack }));
	CU_ASSERT(f->diag.n_errors != 0);
	in_memory = policy_known(&known, NULL, live);
	CU_ASSERT(in_memory.has(in_memory.context, pack_section(pack, "list.vip")->hash, 0));
	CU_ASSERT_FALSE(
		in_memory.has(in_memory.context, pack_section(pack, "policy.conf")->hash, 0));
	list_set_unref(live);
	pack_free(pack);
	free(pack);
	folder_remove(f);
}

/* A section of another kind than policy.conf says, and none at all. */
static void test_wrong_sections(void)
{
	struct folder *f = folder_make(conf);
	struct pack *pack = calloc(1, sizeof(*pack));
	const struct pack_section *s;
	struct bytes section;

	CU_ASSERT_PTR_NOT_NULL_FATAL(pack);
	CU_ASSERT_TRUE_FATAL(load_folder(f));
	CU_ASSERT_TRUE_FATAL(
		policy_set_add(&f->set, &(struct policy_write){ .key = NULL }, pack, &f->diag));
	policy_set_free(&f->set);
	s = pack_section(pack, "list.spoofed");
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_TRUE_FATAL(pack_find(pack, "list.vip", &section));
	CU_ASSERT_TRUE_FATAL(pack_replace(pack, "list.spoofed", section));
	CU_ASSERT_FALSE(load(f, (struct policy_load){ .path = "x.pack", .pack = pack }));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "x.pack", 0,
		"list spoofed is of kind number, policy.conf says sender"));
	pack_remove(pack, "list.spoofed");
	CU_ASSERT_FALSE(load(f, (struct policy_load){ .path = "x.pack", .pack = pack }));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "x.pack", 0, "section list.spoofed: missing"));
	CU_ASSERT_TRUE_FATAL(pack_replace(pack, "list.spoofed", bytes_str("SMSWLIST and no more")));
	CU_ASSERT_FALSE(load(f, (struct policy_load){ .path = "x.pack", .pack = pack }));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "x.pack", 0, "list spoofed:"));
	CU_ASSERT_TRUE_FATAL(pack_replace(pack, "list.vip.change", bytes_str("-999\n")));
	CU_ASSERT_FALSE(load(f, (struct policy_load){ .path = "x.pack", .pack = pack }));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "list.vip.change", 1, "999 is no entry"));
	CU_ASSERT_PTR_NULL(f->set.lists);
	pack_free(pack);
	free(pack);
	folder_remove(f);
}

static void test_conf_errors(void)
{
	static const struct {
		const char *text; /* the group that is wrong: line 2 */
		enum diag_level level;
		const char *words;
	} cases[] = {
		{ "{ kind = \"number\"; }", DIAG_ERROR, "a list without a name" },
		{ "{ name = \"a b\"; }", DIAG_ERROR, "letters, digits" },
		{ "{ name = \"a_name_of_twenty_chr\"; }", DIAG_ERROR, "1 to 19" },
		{ "{ name = \"vip\"; effect = \"pass\"; match = \"smsc\"; }", DIAG_ERROR,
			"its kind is missing" },
		{ "{ name = \"vip\"; kind = \"numbers\"; }", DIAG_ERROR,
			"did you mean \"number\"" },
		{ "{ name = \"vip\"; kind = \"number\"; match = \"smsc\"; }", DIAG_ERROR,
			"its effect is missing" },
		{ "{ name = \"vip\"; kind = \"number\"; effect = \"pass\"; }", DIAG_ERROR,
			"match is missing" },
		{ "{ name = \"vip\"; kind = \"number\"; match = \"smsc\"; effect = \"redact\"; }",
			DIAG_ERROR, "unknown value \"redact\"" },
		{ "{ name = \"vip\"; kind = \"number\"; match = \"imsi\"; effect = \"pass\"; }",
			DIAG_ERROR, "kind number cannot be asked for \"imsi\"" },
		{ "{ name = \"vip\"; kind = \"number\"; match = 3; effect = \"pass\"; }",
			DIAG_ERROR, "expected a text" },
		{ "{ name = \"vip\"; kind = \"number\"; match = [ \"smsc\", \"smsc\" ];"
		  " effect = \"pass\"; }",
			DIAG_ERROR, "\"smsc\" is here twice" },
		{ "{ name = \"vip\"; kind = \"number\"; match = \"smsc\"; effect = \"pass\";"
		  " file = \"../x\"; }",
			DIAG_ERROR, "no file of the policy's folder" },
		{ "{ name = \"vip\"; kind = \"number\"; match = \"smsc\"; effect = \"pass\";"
		  " country = \"044\"; }",
			DIAG_ERROR, "country: \"044\" is none" },
		{ "{ name = \"bad\"; kind = \"sender\"; effect = \"reject\"; country = \"44\"; }",
			DIAG_ERROR, "country is for" },
		{ "{ name = \"vip\"; kind = \"number\"; match = \"smsc\"; effect = \"reject\";"
		  " folded = true; }",
			DIAG_ERROR, "folded is for" },
		{ "{ name = \"bad\"; kind = \"sender\"; effect = \"pass\"; folded = true; }",
			DIAG_WARNING, "whatever looks like an entry" },
		{ "{ name = \"bad\"; kind = \"sender\"; effect = \"blank\"; status = 3; }",
			DIAG_WARNING, "status has no effect" },
		{ "{ name = \"bad\"; kind = \"sender\"; effect = \"reject\"; link = \"cor\"; }",
			DIAG_ERROR, "no link \"cor\"" },
		{ "{ name = \"bad\"; kind = \"sender\"; effect = \"reject\"; side = \"left\"; }",
			DIAG_ERROR, "unknown value \"left\"" },
		{ "{ name = \"bad\"; kind = \"sender\"; effect = \"reject\"; entries = 3; }",
			DIAG_ERROR, "unknown key \"entries\"" },
		{ "3", DIAG_ERROR, "element 1 is no group" },
	};
	char text[512];
	bool all = true;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder *f;
		bool loaded;

		snprintf(text, sizeof(text), "lists = (\n%s );\n", cases[i].text);
		f = folder_make(text);
		loaded = load_folder(f);
		/* what is wrong with the list itself is told at its name in libconfig's count */
		if (!(said(&f->diag, cases[i].level, "policy.conf", 2, cases[i].words) ||
			    said(&f->diag, cases[i].level, "policy.conf", 1, cases[i].words)) ||
			loaded != (cases[i].level == DIAG_WARNING)) {
			all = false;
			printf("case %zu:\n", i);
			diag_print(&f->diag, stdout);
		}
		folder_remove(f);
	}
	CU_ASSERT_TRUE(all);
}

/* The second time a list is named it says only what else it is asked for. */
static void test_named_twice(void)
{
	struct folder *f = folder_make(
		"lists = ( { name = \"bad\"; kind = \"sender\"; effect = \"reject\"; },\n"
		"{ name = \"bad\"; kind = \"sender\"; effect = \"report\"; } );\n");

	CU_ASSERT_FALSE(load_folder(f));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "policy.conf", 2, "is on line 1 already"));
	folder_remove(f);
}

static void test_file_errors(void)
{
	struct folder *f = folder_make(
		"lists = ( { name = \"vip\"; kind = \"number\"; match = \"smsc\"; effect = \"pass\"; },\n"
		"{ name = \"gone\"; kind = \"ip\"; match = \"from_ip\"; effect = \"reject\"; } );\n");

	put_file(f, "vip.txt", "447700900001\n0770\n\n44*x\n");
	CU_ASSERT_FALSE(load_folder(f));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "/vip.txt", 2, "country code"));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "/vip.txt", 4, "'*' stands at the end"));
	CU_ASSERT(said(&f->diag, DIAG_ERROR, "/gone.txt", 0, "No such file"));
	CU_ASSERT_PTR_NULL(f->set.ruleset);
	folder_remove(f);
}

UNIT_MAIN("policy_lists", { "folder", test_folder }, { "none", test_none },
	{ "bad_file", test_bad_file }, { "pack", test_pack },
	{ "wrong sections", test_wrong_sections }, { "errors of policy.conf", test_conf_errors },
	{ "named twice", test_named_twice }, { "errors of files", test_file_errors })
