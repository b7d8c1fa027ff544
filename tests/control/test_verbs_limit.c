/* SPDX-License-Identifier: BSD-3-Clause */
/* limit.*: rows, keys and their fill by role, keys emptied; and the file that counts are kept in. */
#include "control/verbs_limit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/limit_state.h"
#include "dataplane/base/clock.h"
#include "tests/control/policy_rig.h"

static const char conf[] =
	"limits = (\n"
	"	{ name = \"minute\"; kind = \"rate\"; key = [ \"originator\" ]; rate = \"60/min\"; "
	"burst = 10; action = \"throttle\"; named = [ \"447700900001\", \"+44 (7700) 900-003\" ]; note = \"a note\"; },\n"
	"	{ name = \"all\"; kind = \"rate\"; key = []; rate = \"10/day\"; action = \"report\"; },\n"
	"	{ name = \"grey\"; kind = \"grey\"; key = [ \"originator\", \"destination\" ]; "
	"delay = \"1 min\"; keep = \"1 day\"; action = \"throttle\"; }\n"
	");\n";

struct bench {
	struct policy_rig rig;
	struct generation generation;
	struct config config;
	struct limits *limits;
	struct control_context ctx;
	struct diag diag;
	char folder[32];
};

static struct limits *table(const struct config *c)
{
	void *memory = aligned_alloc(64, (limits_size(&c->pipeline.limits) + 63) / 64 * 64);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	memset(memory, 0, limits_size(&c->pipeline.limits));
	return limits_init(memory, &c->pipeline.limits);
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_TRUE_FATAL(rig_read(&b->rig, "a:/b/\n", conf, 1));
	strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	config_defaults(&b->config);
	b->config.pipeline.limits = (struct limits_config){
		.cells = 1024, .distinct_keys = 64, .ratio_keys = 64, .hash_key = 77, .n_workers = 2
	};
	b->config.limits_keep = true;
	b->config.limits_save_s = 3600;
	(void)snprintf(b->config.state_dir, sizeof(b->config.state_dir), "%s", b->folder);
	b->limits = table(&b->config);
	b->generation.number = 3;
	b->generation.policy = b->rig.policy;
	b->ctx = (struct control_context){
		.config = &b->config, .generation = &b->generation, .limits = b->limits
	};
	return b;
}

static void bench_free(struct bench *b)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r -- '%s'", b->folder);
	CU_ASSERT_EQUAL(system(command), 0);
	diag_clear(&b->diag);
	rig_free(&b->rig);
	free(b->limits);
	free(b);
}

/* send: `n` messages of one key; how many were let in. */
static unsigned send(struct bench *b, const char *limit, const char *key, unsigned n)
{
	const struct limit_rule *r = b->rig.policy->limits;
	struct limit_key_value value;
	unsigned admitted = 0;

	while (strcmp(r->name, limit) != 0) {
		r++;
	}
	CU_ASSERT_TRUE_FATAL(limit_key_read(r, key, &value));
	for (unsigned i = 0; i < n; i++) {
		struct limit_charge c = { .rule = r,
			.key = limits_key(b->limits, r, &value),
			.units = 1,
			.action = r->action,
			.acts = true };

		admitted += limits_charge(b->limits, 1, &c, 1, clock_realtime_us()) == 1;
	}
	return admitted;
}

static int call(struct bench *b, const char *verb, enum server_role role, const char *args,
	struct server_answer *a)
{
	json_t *parsed = json_loads(args, 0, NULL);
	struct server_request request = { .verb = verb, .args = parsed, .role = role };
	int code = -100;

	CU_ASSERT_PTR_NOT_NULL_FATAL(parsed);
	json_decref(a->result);
	memset(a, 0, sizeof(*a));
	for (size_t i = 0; i < limit_verbs_count; i++) {
		if (strcmp(limit_verbs[i].name, verb) == 0) {
			code = limit_verbs[i].run(&b->ctx, &request, a);
		}
	}
	json_decref(parsed);
	return code;
}

static const json_t *at(const struct server_answer *a, const char *list, size_t i)
{
	return json_array_get(json_object_get(a->result, list), i);
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

static void test_rows(void)
{
	struct bench *b = bench_new();
	struct server_answer a = { .result = NULL };

	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 14), 10);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900002", 3), 3);
	CU_ASSERT_EQUAL(call(b, "limit.list", SERVER_VIEWER, "{}", &a), CONTROL_OK);
	CU_ASSERT_EQUAL(number(a.result, "generation"), 3);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(a.result, "limits")), 3);
	CU_ASSERT_STRING_EQUAL(text(at(&a, "limits", 0), "name"), "minute");
	CU_ASSERT_STRING_EQUAL(text(at(&a, "limits", 0), "allows"), "60/min, 10 at once");
	CU_ASSERT_EQUAL(number(at(&a, "limits", 0), "admitted"), 13);
	CU_ASSERT_EQUAL(number(at(&a, "limits", 0), "exceeded"), 4);
	CU_ASSERT_EQUAL(number(at(&a, "limits", 0), "live"), 2);
	CU_ASSERT_EQUAL(number(at(&a, "limits", 1), "live"), 0);
	json_decref(a.result);
	bench_free(b);
}

/* Who may read only learns of no subscriber what he does. */
static void test_roles(void)
{
	static const char asked[] = "{\"name\":\"minute\",\"keys\":[\"+447700900002\"]}";
	struct bench *b = bench_new();
	struct server_answer a = { .result = NULL };

	(void)send(b, "minute", "447700900001", 4);
	(void)send(b, "minute", "447700900002", 12);
	(void)send(b, "minute", "447700900003", 2);
	CU_ASSERT_EQUAL(call(b, "limit.show", SERVER_VIEWER, asked, &a), CONTROL_NOT_PERMITTED);
	CU_ASSERT_EQUAL(call(b, "limit.show", SERVER_OPERATOR, asked, &a), CONTROL_OK);
	CU_ASSERT_EQUAL(number(at(&a, "keys", 0), "used"), 10);
	CU_ASSERT(number(at(&a, "keys", 0), "per_mille") >= 990);
	CU_ASSERT(number(at(&a, "keys", 0), "wait_us") > 900000);
	CU_ASSERT_STRING_EQUAL(text(at(&a, "named", 1), "key"), "447700900001");
	CU_ASSERT_EQUAL(number(at(&a, "named", 1), "used"), 4);
	CU_ASSERT_STRING_EQUAL(text(at(&a, "named", 0), "key"), "+44 (7700) 900-003");
	CU_ASSERT_EQUAL(number(at(&a, "named", 0), "used"), 2);
	CU_ASSERT_STRING_EQUAL(text(json_object_get(a.result, "limit"), "note"), "a note");
	CU_ASSERT_EQUAL(
		call(b, "limit.show", SERVER_VIEWER, "{\"name\":\"minute\"}", &a), CONTROL_OK);
	CU_ASSERT_STRING_EQUAL(text(at(&a, "named", 1), "key"), "4477********");
	CU_ASSERT_STRING_EQUAL(text(at(&a, "named", 0), "key"), "+44 (77**) ***-***");
	CU_ASSERT_EQUAL(call(b, "limit.show", SERVER_VIEWER, "{\"name\":\"all\"}", &a), CONTROL_OK);
	CU_ASSERT_STRING_EQUAL(text(json_object_get(a.result, "limit"), "name"), "all");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(a.result, "keys")), 1);
	for (size_t i = 0; i < limit_verbs_count; i++) {
		bool changes = strcmp(limit_verbs[i].name, "limit.reset") == 0;

		CU_ASSERT_EQUAL(limit_verbs[i].changes, changes);
		CU_ASSERT_EQUAL(limit_verbs[i].role, changes ? SERVER_OPERATOR : SERVER_VIEWER);
	}
	json_decref(a.result);
	bench_free(b);
}

static void test_reset(void)
{
	struct bench *b = bench_new();
	struct server_answer a = { .result = NULL };

	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 11), 10);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900002", 11), 10);
	CU_ASSERT_EQUAL(call(b, "limit.reset", SERVER_OPERATOR,
				"{\"name\":\"minute\",\"keys\":[\"447700900001\"]}", &a),
		CONTROL_OK);
	CU_ASSERT_EQUAL(number(a.result, "reset"), 1);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 1), 1);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900002", 1), 0);
	CU_ASSERT_EQUAL(
		call(b, "limit.reset", SERVER_OPERATOR, "{\"name\":\"minute\",\"keys\":null}", &a),
		CONTROL_OK);
	CU_ASSERT_EQUAL(number(a.result, "reset"), 2);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900002", 1), 1);
	json_decref(a.result);
	bench_free(b);
}

static void test_arguments(void)
{
	static const struct {
		const char *verb;
		const char *args;
		int code;
	} rows[] = {
		{ "limit.show", "{}", CONTROL_INVALID },
		{ "limit.show", "{\"name\":\"minit\"}", CONTROL_INVALID },
		{ "limit.show", "{\"name\":7}", CONTROL_INVALID },
		{ "limit.show", "{\"name\":\"minute\",\"keys\":\"447700900001\"}", CONTROL_USAGE },
		{ "limit.show", "{\"name\":\"minute\",\"keys\":[7]}", CONTROL_INVALID },
		{ "limit.show", "{\"name\":\"grey\",\"keys\":[\"447700900001\"]}",
			CONTROL_INVALID },
		{ "limit.show", "{\"name\":\"all\",\"keys\":[\"x\"]}", CONTROL_INVALID },
		{ "limit.reset", "{\"name\":\"grey\",\"keys\":[\"447700900001\"]}",
			CONTROL_INVALID },
		{ "limit.reset", "{}", CONTROL_INVALID },
	};
	struct bench *b = bench_new();
	struct server_answer a = { .result = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = call(b, rows[i].verb, SERVER_ADMIN, rows[i].args, &a);

		CU_ASSERT_EQUAL(code, rows[i].code);
		CU_ASSERT(a.error[0] != '\0');
		if (code != rows[i].code) {
			printf("  %s %s: %d\n", rows[i].verb, rows[i].args, code);
		}
	}
	b->ctx.limits = NULL; /* a daemon without a table, or a policy without limits */
	CU_ASSERT_EQUAL(call(b, "limit.list", SERVER_VIEWER, "{}", &a), CONTROL_OK);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(a.result, "limits")), 0);
	CU_ASSERT_EQUAL(
		call(b, "limit.show", SERVER_ADMIN, "{\"name\":\"minute\"}", &a), CONTROL_INVALID);
	json_decref(a.result);
	bench_free(b);
}

/* ---- kept over a restart ---- */

/* restart: another table, with what the file says; how many of five more are let in. */
static unsigned restart(struct bench *b, bool *lost)
{
	struct limit_saved saved;

	b->config.pipeline.limits.hash_key = 99; /* another one at each start */
	limit_state_read(&saved, &b->config, &b->diag);
	free(b->limits);
	b->limits = table(&b->config);
	limit_state_load(&saved, b->limits, clock_realtime_us(), &b->diag, &b->config);
	*lost = saved.lost;
	return send(b, "minute", "447700900001", 5);
}

static void damage(const struct bench *b, long where, bool cut)
{
	char path[64];
	FILE *f;
	int c;

	(void)snprintf(path, sizeof(path), "%s/limits.state", b->folder);
	f = fopen(path, "r+be");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	if (cut) {
		CU_ASSERT_EQUAL(ftruncate(fileno(f), where), 0);
	} else {
		CU_ASSERT_EQUAL(fseek(f, where, SEEK_SET), 0);
		c = fgetc(f);
		CU_ASSERT_EQUAL(fseek(f, where, SEEK_SET), 0);
		(void)fputc(c ^ 1, f);
	}
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void test_kept(void)
{
	static const struct {
		long where;
		bool cut;
	} damages[] = { { 0, false }, { 20, false }, { 48, false }, { 60, false }, { 47, true },
		{ 60, true }, { 0, true } };
	struct bench *b = bench_new();
	struct stat st;
	char path[64];
	bool lost;

	(void)snprintf(path, sizeof(path), "%s/limits.state", b->folder);
	CU_ASSERT_EQUAL(restart(b, &lost), 5); /* there is none yet */
	CU_ASSERT_FALSE(lost);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 9), 5);
	CU_ASSERT_EQUAL(limit_state_save(&b->config, b->limits, clock_realtime_us()), 0);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	CU_ASSERT_EQUAL(restart(b, &lost), 0);
	CU_ASSERT_FALSE(lost);
	CU_ASSERT_EQUAL(b->diag.n_entries, 0);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		(void)send(b, "minute", "447700900001", 20);
		CU_ASSERT_EQUAL(limit_state_save(&b->config, b->limits, clock_realtime_us()), 0);
		damage(b, damages[i].where, damages[i].cut);
		CU_ASSERT_EQUAL(restart(b, &lost), 5);
		CU_ASSERT_TRUE(lost);
		CU_ASSERT_EQUAL(b->diag.n_warnings, i + 1);
		CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	}
	b->config.limits_keep = false;
	(void)send(b, "minute", "447700900001", 20);
	CU_ASSERT_EQUAL(limit_state_save(&b->config, b->limits, clock_realtime_us()), 0);
	CU_ASSERT_EQUAL(restart(b, &lost), 5); /* nothing is asked for */
	CU_ASSERT_FALSE(lost);
	bench_free(b);
}

/* A damaged file that cannot be set aside is not told as if it were. */
static void test_not_aside(void)
{
	struct bench *b = bench_new();
	char path[64];
	char aside[64];
	bool lost;

	(void)snprintf(path, sizeof(path), "%s/limits.state", b->folder);
	(void)snprintf(aside, sizeof(aside), "%s/limits.state.damaged", b->folder);
	CU_ASSERT_EQUAL(limit_state_save(&b->config, b->limits, clock_realtime_us()), 0);
	damage(b, 20, false);
	CU_ASSERT_EQUAL_FATAL(mkdir(aside, 0700), 0);
	CU_ASSERT_EQUAL(restart(b, &lost), 5);
	CU_ASSERT_TRUE(lost);
	CU_ASSERT_EQUAL_FATAL(b->diag.n_warnings, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[0].text, "they begin anew"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[0].text, "cannot be set aside"));
	CU_ASSERT_PTR_NULL(strstr(b->diag.entries[0].text, " now"));
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(rmdir(aside), 0);
	bench_free(b);
}

/* The thread writes at the end, and not where nothing is kept. */
static void test_keeper(void)
{
	struct bench *b = bench_new();
	struct limit_keeper *k = limit_keeper_start(&b->config, b->limits, &b->diag);
	bool lost;

	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 20), 10);
	CU_ASSERT_EQUAL(limit_keeper_stop(k), 0);
	CU_ASSERT_EQUAL(restart(b, &lost), 0);
	b->config.limits_keep = false;
	CU_ASSERT_PTR_NULL(limit_keeper_start(&b->config, b->limits, &b->diag));
	CU_ASSERT_EQUAL(limit_keeper_stop(NULL), 0);
	bench_free(b);
}

/* What cannot be written is known while it runs. */
static void test_keeper_error(void)
{
	struct bench *b = bench_new();
	struct limit_keeper *k;
	char folder[sizeof(b->config.state_dir)];

	memcpy(folder, b->config.state_dir, sizeof(folder));
	(void)snprintf(b->config.state_dir, sizeof(b->config.state_dir), "/proc/self/no");
	b->config.limits_save_s = 1;
	k = limit_keeper_start(&b->config, b->limits, &b->diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT_EQUAL(limit_keeper_error(k), 0);
	for (unsigned i = 0; i < 100 && limit_keeper_error(k) == 0; i++) {
		(void)usleep(100000);
	}
	CU_ASSERT(limit_keeper_error(k) < 0);
	CU_ASSERT(limit_keeper_stop(k) < 0);
	memcpy(b->config.state_dir, folder, sizeof(folder));
	k = limit_keeper_start(&b->config, b->limits, &b->diag);
	CU_ASSERT_EQUAL(limit_keeper_stop(k), 0);
	CU_ASSERT_EQUAL(limit_keeper_error(NULL), 0);
	bench_free(b);
}

/* A push keeps what both policies name, and what only the one before does; the next one forgets that. */
static void test_pushed(void)
{
	struct bench *b = bench_new();
	struct policy *other = calloc(1, sizeof(*other));
	struct generation *next = calloc(1, sizeof(*next));
	struct limit_facts f;

	CU_ASSERT_FATAL(other != NULL && next != NULL);
	next->policy = other;
	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 20), 10);
	limit_state_pushed(b->limits, &b->generation, next);
	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 1), 0);
	CU_ASSERT_TRUE(limits_facts(b->limits, "minute", &f));
	limit_state_pushed(b->limits, next, next);
	CU_ASSERT_FALSE(limits_facts(b->limits, "minute", &f));
	CU_ASSERT_EQUAL(send(b, "minute", "447700900001", 1), 1);
	limit_state_pushed(NULL, next, next);
	free(other);
	free(next);
	bench_free(b);
}

UNIT_MAIN("control/verbs_limit", { "rows", test_rows }, { "roles", test_roles },
	{ "reset", test_reset }, { "arguments", test_arguments }, { "kept", test_kept },
	{ "not_aside", test_not_aside }, { "keeper", test_keeper },
	{ "keeper_error", test_keeper_error }, { "pushed", test_pushed })
