/* SPDX-License-Identifier: BSD-3-Clause */
/* rule, list, key, audit and policy history, show, tag, confirm, rollback: what is asked, and what is made of the answer. */
#include "tests/control/fake_daemon.h"

#define RULE(id, state, hits, shadow)                                                        \
	"{\"id\":\"" id "\",\"category\":\"prize\",\"state\":\"" state                       \
	"\",\"sample\":10,\"action\":null,"                                                  \
	"\"field\":\"text\",\"view\":\"folded\",\"file\":\"prize.pat\",\"line\":17,"         \
	"\"note\":null,\"weight\":60,\"hits\":" hits ",\"shadow\":" shadow ",\"decided\":1," \
	"\"octets\":1200,\"cycles\":3400,\"last\":\"2026-05-01T12:34:56.123456Z\"}"
#define CHANGE                                                                             \
	"{\"generation\":13,\"hash\":\"0123456789abcdef0123\",\"rules\":20,\"changed\":1," \
	"\"workers\":[{\"worker\":0,\"generation\":13},{\"worker\":1,\"generation\":12}]," \
	"\"took_us\":{\"load\":1500,\"store\":2000,\"publish\":10,\"seen\":300},"          \
	"\"confirm_until\":1777638896000000}"
#define RECORD(number, live, state, note)                                                          \
	"{\"generation\":" number ",\"base\":11,\"created_us\":1777638896000000,"                  \
	"\"pushed_us\":1777638897000000,\"live_us\":1,\"uid\":1000,\"pid\":7,\"rules\":20,"        \
	"\"octets\":4096,\"state\":\"" state "\",\"live\":" live ",\"hash\":\"feedbeef00112233\"," \
	"\"signer\":\"aabb\",\"author\":\"anna\",\"note\":\"" note "\",\"exe\":\"/usr/bin/x\","    \
	"\"tag\":\"\",\"why\":\"\"}"

static const struct fake_answer script[] = {
	{ "rule.list",
		"{\"rules\":[" RULE("prize.cash", "on", "7", "0") "," RULE("prize.call", "sample",
			"0", "9") "," RULE("prize.never", "shadow", "0", "0") "]}",
		0 },
	{ "rule.state", CHANGE, 0 },
	{ "list.list",
		"{\"lists\":[{\"name\":\"vip\",\"kind\":\"number\",\"match\":\"destination\","
		"\"effect\":\"pass\",\"entries\":3,\"added\":1,\"deleted\":0}]}",
		0 },
	{ "list.show", "{\"entries\":[\"447700900001\",\"bad\\u001b[2Jname\"],\"left_out\":0}", 0 },
	{ "list.add", CHANGE, 0 },
	{ "list.del", "!4 list vip has no entry 1", 0 },
	{ "list.replace", CHANGE, 0 },
	{ "key.show",
		"{\"public\":\"PUB=\",\"id\":\"0011\",\"trusted\":[{\"id\":\"0022\","
		"\"public\":\"OTHER=\",\"note\":\"anna\"}]}",
		0 },
	{ "key.rotate", "{\"public\":\"NEW=\",\"id\":\"0033\"}", 0 },
	{ "audit.show",
		"{\"records\":[{\"record\":7,\"time\":\"2026-05-01T12:34:56.1Z\",\"uid\":0,"
		"\"role\":\"admin\",\"verb\":\"policy.push\",\"args\":{\"note\":\"x\"},\"code\":0,"
		"\"before\":{\"generation\":12},\"after\":{\"generation\":13}}]}",
		0 },
	{ "audit.verify", "{\"ok\":true,\"records\":7,\"head\":\"ff\"}", 1 },
	{ "audit.verify",
		"{\"ok\":false,\"records\":3,\"file\":\"audit.log\",\"line\":4,\"why\":\"it was "
		"changed\"}",
		0 },
	{ "policy.history",
		"{\"live\":12,\"generations\":[" RECORD("12", "true", "good", "a\\tb") "," RECORD(
			"11", "false", "undone", "old") "]}",
		0 },
	{ "policy.show",
		"{\"record\":" RECORD(
			"12", "true", "good", "hello") ",\"path\":\"/nowhere/12.pack\","
						       "\"parts\":\"/nowhere/parts\"}",
		0 },
	{ "policy.tag", "{}", 0 },
	{ "policy.confirm", CHANGE, 0 },
	{ "policy.rollback", CHANGE, 0 },
	{ NULL, NULL, 0 },
};

/* A command line, what it asks, and parts of what it prints. */
struct line_case {
	const char *words[8];
	int code;
	const char *verb;
	const char *args; /* compact, keys sorted */
	const char *parts[5];
	const char *error;
};

static const struct line_case lines[] = {
	{ { "rule", "list" }, 0, "rule.list", "{\"from\":0,\"hit\":false}",
		{ "RULE         STATE       CATEGORY  HITS  SHADOW  DECIDED  OCTETS  CYCLES  LAST HIT\n",
			"prize.cash   on          prize        7       0        1    1200    3400  "
			"2026-05-01 12:34:56\n",
			"prize.call   sample=10%  prize ", "prize.never" },
		NULL },
	{ { "rule", "list", "--state", "shadow" }, 0, "rule.list",
		"{\"from\":0,\"hit\":false,\"state\":\"shadow\"}", { "prize" }, NULL },
	{ { "rule", "list", "--hit" }, 0, "rule.list", "{\"from\":0,\"hit\":true}",
		{ "prize.call" }, NULL },
	{ { "rule", "list", "--state", "off" }, 2, NULL, NULL, { NULL },
		"--state is on, shadow or sample" },
	{ { "rule", "show", "prize.cash" }, 0, "rule.list", "{\"id\":\"prize.cash\"}",
		{ "rule prize.cash\n", "written      prize.pat:17\n", "prize, weight 60",
			"7, and 0 in state shadow; decided 1\n" },
		NULL },
	{ { "rule", "state", "prize.cash", "sample=10%" }, 0, "rule.state",
		"{\"id\":\"prize.cash\",\"state\":\"sample=10%\"}",
		{ "prize.cash is sample=10%\n", "generation  13, live on 1 of 2 workers\n",
			"worker 1 still judges by generation 12\n",
			"load 1.5 ms, store 2.0 ms, publish 0.0 ms, seen 0.3 ms\n",
			"undone at 2026-05-01 12:34:56 UTC unless confirmed" },
		NULL },
	{ { "rule", "state", "prize.cash", "sample=100%" }, 2, NULL, NULL, { NULL },
		"a state is on, shadow or sample=N%" },
	{ { "rule", "state", "prize.cash", "off" }, 2, NULL, NULL, { NULL }, "a state is on" },
	{ { "list", "list" }, 0, "list.list", "{}", { "vip   number  destination  pass" }, NULL },
	{ { "list", "show", "vip", "--limit", "5" }, 0, "list.show",
		"{\"limit\":5,\"name\":\"vip\"}", { "447700900001\nbad?[2Jname\n" }, NULL },
	{ { "list", "add", "vip", "1", "2", "--note", "why" }, 0, "list.add",
		"{\"entries\":[\"1\",\"2\"],\"name\":\"vip\",\"note\":\"why\"}",
		{ "generation  13" }, NULL },
	{ { "list", "del", "vip", "1" }, 4, "list.del", "{\"entries\":[\"1\"],\"name\":\"vip\"}",
		{ NULL }, "list vip has no entry 1" },
	{ { "list", "add", "vip", "\xff" }, 2, NULL, NULL, { NULL }, "UTF-8" },
	{ { "list", "replace", "vip", "/nowhere/x" }, 4, NULL, NULL, { NULL },
		"/nowhere/x: No such file" },
	{ { "key", "show" }, 0, "key.show", "{}",
		{ "key      0011\npublic   PUB=\ntrusted  0022  OTHER=  anna\n" }, NULL },
	{ { "key", "rotate" }, 0, "key.rotate", "{}", { "public   NEW=\n" }, NULL },
	{ { "audit", "show", "--limit", "3" }, 0, "audit.show", "{\"limit\":3}",
		{ "7  2026-05-01 12:34:56    0  admin  policy.push     0  12 > 13     "
		  "{\"note\":\"x\"}" },
		NULL },
	{ { "audit", "verify" }, 0, "audit.verify", "{}", { "7 records as they were written\n" },
		NULL },
	{ { "audit", "verify", "--head", "ff" }, 1, "audit.verify", "{\"head\":\"ff\"}", { NULL },
		"audit.log:4: it was changed" },
	{ { "audit", "verify", "/nowhere/audit.log" }, 1, NULL, NULL, { NULL }, "" },
	{ { "policy", "history" }, 0, "policy.history", "{}",
		{ "GEN  STATE   PUSHED (UTC)         BY    RULES  TAG  HASH          NOTE\n",
			" 12  live    2026-05-01 12:34:57  anna     20  -    feedbeef0011  a?b\n",
			" 11  undone  2026" },
		NULL },
	{ { "policy", "show" }, 0, "policy.show", "{}",
		{ "generation  12, live\n",
			"created     2026-05-01 12:34:56 UTC, from generation 11\n",
			"by anna (uid 1000, pid 7, /usr/bin/x)\n", "note        hello\n" },
		NULL },
	{ { "policy", "show", "@12" }, 0, "policy.show", "{\"generation\":12}", { "12, live" },
		NULL },
	{ { "policy", "show", "12", "--full" }, 1, "policy.show", "{\"generation\":12}", { NULL },
		"/nowhere/12.pack: No such file" },
	{ { "policy", "show", "x12" }, 2, NULL, NULL, { NULL }, "a generation is named by" },
	{ { "policy", "show", "@0" }, 2, NULL, NULL, { NULL }, "a generation is named by" },
	{ { "policy", "tag", "@12", "xmas" }, 0, "policy.tag",
		"{\"generation\":12,\"tag\":\"xmas\"}", { "generation 12 is tagged xmas\n" },
		NULL },
	{ { "policy", "confirm" }, 0, "policy.confirm", "{}", { "generation  13" }, NULL },
	{ { "policy", "rollback" }, 0, "policy.rollback", "{\"steps\":1}", { "generation  13" },
		NULL },
	{ { "policy", "rollback", "3" }, 0, "policy.rollback", "{\"steps\":3}",
		{ "generation  13" }, NULL },
	{ { "policy", "rollback", "@9" }, 0, "policy.rollback", "{\"generation\":9}",
		{ "generation  13" }, NULL },
	{ { "policy", "rollback", "0" }, 2, NULL, NULL, { NULL }, "policy rollback takes" },
	{ { "policy", "rollback", "@live" }, 2, NULL, NULL, { NULL }, "policy rollback takes" },
};

static void expect_args(const struct fake_daemon *d, unsigned i, const struct line_case *k)
{
	const json_t *args = fake_args(d, i, k->verb);
	char *text = args != NULL ? json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text, k->args);
	free(text);
}

static void lines_are_asked_and_told(void)
{
	struct fake_daemon *d = calloc(1, sizeof(*d));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct line_case *k = &lines[i];
		unsigned given[16];
		struct fake_call c;

		memcpy(given, d->given, sizeof(given));
		fake_daemon_start(d, script);
		memcpy(d->given, given, sizeof(given));
		fake_ctl(d, &c, k->words);
		CU_ASSERT_EQUAL(c.code, k->code);
		CU_ASSERT_EQUAL(d->n_requests, k->verb != NULL);
		if (k->verb != NULL) {
			expect_args(d, 0, k);
		}
		for (size_t p = 0; p < 5 && k->parts[p] != NULL; p++) {
			fake_expect(c.text, k->parts[p]);
		}
		if (k->error != NULL) {
			fake_expect(c.error, k->error);
		}
		fake_call_free(&c);
		fake_daemon_stop(d);
	}
	free(d);
}

/* What --json has, by member. */
static void json_has_the_answer(void)
{
	struct fake_daemon *d = calloc(1, sizeof(*d));
	struct fake_call c;
	const json_t *note;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	fake_daemon_start(d, script);
	FAKE_CTL(d, &c, "rule", "list", "--hit", "--json");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(c.document, "rules")), 3);
	CU_ASSERT_STRING_EQUAL(c.text, "");
	fake_call_free(&c);
	FAKE_CTL(d, &c, "rule", "show", "prize.cash", "--json");
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_object_get(c.document, "rule"), "hits")),
		7);
	fake_call_free(&c);
	FAKE_CTL(d, &c, "policy", "rollback", "--json");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.document, "generation")), 13);
	fake_call_free(&c);
	FAKE_CTL(d, &c, "policy", "history", "--json");
	note = json_object_get(
		json_array_get(json_object_get(c.document, "generations"), 0), "note");
	CU_ASSERT_STRING_EQUAL(json_string_value(note), "a\tb"); /* as it is */
	fake_call_free(&c);
	fake_daemon_stop(d);
	free(d);
}

/* More rules than the daemon tells at once, and the number of what is live. */
static void answers_of_several_questions(void)
{
	static const struct fake_answer pages[] = {
		{ "rule.list", "{\"rules\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"next\":2}", 1 },
		{ "rule.list", "{\"rules\":[{\"id\":\"c\"}],\"next\":null}", 1 },
		{ "policy.history", "{\"live\":14}", 0 },
		{ "policy.tag", "{}", 0 },
		{ NULL, NULL, 0 },
	};
	struct fake_daemon *d = calloc(1, sizeof(*d));
	struct fake_call c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	fake_daemon_start(d, pages);
	FAKE_CTL(d, &c, "rule", "list", "--json");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(c.document, "rules")), 3);
	CU_ASSERT_PTR_NULL(json_object_get(c.document, "next"));
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(fake_args(d, 1, "rule.list"), "from")), 2);
	fake_call_free(&c);
	FAKE_CTL(d, &c, "policy", "tag", "live", "-");
	CU_ASSERT_EQUAL(c.code, 0);
	fake_expect(c.text, "generation 14 is not tagged\n");
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(fake_args(d, 3, "policy.tag"), "generation")),
		14);
	fake_call_free(&c);
	fake_daemon_stop(d);
	free(d);
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	(void)fclose(f);
}

/* The file that the daemon is to read, as it was while it was asked. */
static char seen_text[64];

static void read_spool(struct fake_daemon *d, const json_t *request)
{
	const char *path =
		json_string_value(json_object_get(json_object_get(request, "args"), "path"));
	FILE *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(path);
	CU_ASSERT_EQUAL(strncmp(path, d->folder, strlen(d->folder)), 0);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	seen_text[fread(seen_text, 1, sizeof(seen_text) - 1, f)] = '\0';
	(void)fclose(f);
}

static void list_replace_hands_a_copy_over(void)
{
	struct fake_daemon *d = calloc(1, sizeof(*d));
	char path[] = "/tmp/smswall-test-list-XXXXXX";
	struct fake_call c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	(void)close(mkstemp(path));
	put_file(path, "447700900001\n447700900002\n");
	fake_daemon_start(d, script);
	d->seen = read_spool;
	FAKE_CTL(d, &c, "list", "replace", "vip", path);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(seen_text, "447700900001\n447700900002\n");
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(fake_args(d, 0, "list.replace"), "file")), path);
	fake_call_free(&c);
	fake_daemon_stop(d); /* and nothing of it is left in the folder */
	(void)unlink(path);
	free(d);
}

static void key_make_overwrites_nothing(void)
{
	char path[] = "/tmp/smswall-test-key-XXXXXX";
	struct fake_call c;

	(void)close(mkstemp(path));
	FAKE_CTL(NULL, &c, "key", "make", path);
	CU_ASSERT_EQUAL(c.code, CONTROL_CONFLICT);
	fake_call_free(&c);
	(void)unlink(path);
	FAKE_CTL(NULL, &c, "key", "make", path);
	CU_ASSERT_EQUAL(c.code, 0);
	fake_expect(c.text, "\npublic   ");
	CU_ASSERT_EQUAL(access(path, R_OK), 0);
	fake_call_free(&c);
	(void)unlink(path);
}

static void nobody_is_there(void)
{
	struct fake_call c;

	FAKE_CTL(NULL, &c, "rule", "list");
	CU_ASSERT_EQUAL(c.code, CONTROL_NO_DAEMON);
	fake_expect(c.error, "no daemon");
	fake_call_free(&c);
}

UNIT_MAIN("control/ctl_rule", { "lines are asked and told", lines_are_asked_and_told },
	{ "--json has the answer", json_has_the_answer },
	{ "answers of several questions", answers_of_several_questions },
	{ "list replace hands a copy over", list_replace_hands_a_copy_over },
	{ "key make overwrites nothing", key_make_overwrites_nothing },
	{ "nobody is there", nobody_is_there })
