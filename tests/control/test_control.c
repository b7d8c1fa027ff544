/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control thread over doubles of the pipelines: only their doors (events, stats, gauges) exist
 * here, so that its loop, its verbs and its report are tested without a data path.
 */
#include "control/control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/events.h"
#include "tests/support/unit.h"
#include "tests/control/fake_pipeline.h"

struct bench {
	char folder[32];
	char events[64];
	char report[64];
	struct config config;
	struct pipeline pipeline[2];
	struct pipeline *pipelines[2];
	struct rule rule[2];
	char *categories[1];
	struct ruleset rules;
	struct generation generation;
	struct rule_count counts[2][2];
	_Atomic uint64_t panic_links;
	volatile sig_atomic_t stop;
	atomic_uint running;
	atomic_bool port_up[4];
	atomic_bool set_down[4]; /* by control */
	_Atomic uint64_t turns;  /* of worker 0 */
	atomic_uint beats;
	atomic_uint stopping;
	struct control_context ctx;
	pthread_t thread;
	int code;
};

static struct bench *current; /* read_port() gets no argument */
static char category_default[] = "default";

static bool read_port(unsigned port, struct control_port *out)
{
	*out = (struct control_port){ .name = "net_test",
		.driver = "test",
		.up = current->port_up[port],
		.frames_in = 100 + port };
	return true;
}

static bool read_link(unsigned port, bool *up)
{
	*up = current->port_up[port] && !current->set_down[port];
	return true;
}

static int set_port(unsigned port, bool up)
{
	current->set_down[port] = !up;
	return 0;
}

static void take_notice(const char *state)
{
	current->beats += strcmp(state, "WATCHDOG=1") == 0 ? 1 : 0;
	current->stopping += strcmp(state, "STOPPING=1") == 0 ? 1 : 0;
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	signal(SIGPIPE, SIG_IGN);
	current = b;
	strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	snprintf(b->events, sizeof(b->events), "%s/events.jsonl", b->folder);
	snprintf(b->report, sizeof(b->report), "%s/report.json", b->folder);
	config_defaults(&b->config);
	b->config.pipeline.n_links = 2;
	strcpy(b->config.pipeline.links[0].name, "north");
	strcpy(b->config.pipeline.links[1].name, "south");
	for (uint16_t i = 0; i < 2; i++) {
		b->config.pairs[i] =
			(struct config_port_pair){ (uint16_t)(2 * i), (uint16_t)(2 * i + 1), true };
	}
	return b;
}

/* wire: the rest of the context, once the configuration is as the test wants it. */
static void wire(struct bench *b)
{
	static const char *const ids[] = { "1001", "quiet" };

	for (unsigned i = 0; i < 2; i++) {
		b->pipeline[i].octets = calloc(1, RING_LEN);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b->pipeline[i].octets);
		event_ring_init(&b->pipeline[i].ring, b->pipeline[i].octets, RING_LEN);
		b->pipelines[i] = &b->pipeline[i];
		strcpy(b->rule[i].id, ids[i]);
		b->rule[i].action = RULE_ACTION_UNSET;
		b->generation.counts[i] = b->counts[i];
	}
	b->categories[0] = category_default;
	b->rules = (struct ruleset){
		.rules = b->rule, .n_rules = 2, .categories = b->categories, .n_categories = 1
	};
	b->generation.number = 1;
	b->generation.ruleset = &b->rules;
	snprintf(b->config.events_file, sizeof(b->config.events_file), "%s", b->events);
	snprintf(b->config.state_dir, sizeof(b->config.state_dir), "%s", b->folder);
	snprintf(b->config.socket_path, sizeof(b->config.socket_path), "%s/sock", b->folder);
	b->running = 2;
	b->pipeline[1].second = true;
	b->ctx = (struct control_context){ .config = &b->config,
		.config_path = "test.conf",
		.policy_name = "p",
		.generation = &b->generation,
		.pipelines = b->pipelines,
		.n_pipelines = 2,
		.panic_links = &b->panic_links,
		.stop = &b->stop,
		.workers_running = &b->running,
		.n_ports = 4,
		.port_read = read_port,
		.port_link = read_link,
		.port_set = set_port,
		.notify = take_notice,
		.report_path = b->report,
		.started_us = 1,
		.budget_total = 12345 };
}

static void *run(void *arg)
{
	struct bench *b = arg;

	b->code = control_run(&b->ctx);
	return NULL;
}

static void bench_free(struct bench *b)
{
	static const char *const left[] = { "events.jsonl", "report.json", "panic", "pseudonym.key",
		"audit.log" };

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", b->folder, left[i]);
		(void)unlink(path);
	}
	CU_ASSERT_EQUAL(rmdir(b->folder), 0); /* and nothing else was left */
	free(b->pipeline[0].octets);
	free(b->pipeline[1].octets);
	free(b);
}

static void pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* put: one message event into ring `i`, waiting for room as a worker in a replay does. */
static void put(struct bench *b, unsigned i, uint64_t id)
{
	struct event e = { .type = EVENT_MESSAGE,
		.worker = (uint8_t)i,
		.id = id,
		.frame = id,
		.u.message = { .command = "submit_sm",
			.encoding = "gsm7",
			.rule = VERDICT_NO_RULE,
			.source = { .len = 3, .digits = "123" } } };

	while (!event_ring_put(&b->pipeline[i].ring, &e, bytes_str("some text"))) {
		pause_ms(1);
	}
}

static unsigned lines_of(const char *path, const char *needle)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	unsigned n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		n += strstr(line, needle) != NULL ? 1 : 0;
	}
	if (f != NULL) {
		fclose(f);
	}
	return n;
}

/* A replay: more events than the rings hold, none lost, all in the file when control ends. */
static void test_replay(void)
{
	enum { EVENTS = 20000 };
	struct bench *b = bench_new();
	json_t *report;

	b->config.pipeline.replay = true;
	b->config.pipeline.event_text = true;
	wire(b);
	b->counts[0][0] = (struct rule_count){ .hits = 3, .decided = 2, .last_us = 1000000 };
	b->counts[1][0] = (struct rule_count){ .hits = 4, .decided = 4, .last_us = 2000000 };
	stats_add(&b->pipeline[0].stats, STAT_messages, 5);
	stats_add(&b->pipeline[1].stats, STAT_messages, 6);
	stats_ledger(&b->pipeline[0].stats, 0, R_judged, 70);
	stats_waiting(&b->pipeline[0].stats, 0, 40);
	stats_waiting(&b->pipeline[0].stats, 0, -4);
	stats_forwarded(&b->pipeline[0].stats, 0, 70 + 36);
	stats_forwarded(&b->pipeline[1].stats, 1, 1);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	for (uint64_t id = 1; id <= EVENTS; id++) {
		put(b, (unsigned)(id % 2), id);
	}
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	CU_ASSERT_EQUAL(b->code, CONTROL_OK);
	CU_ASSERT_EQUAL(lines_of(b->events, "\"text\":\"some text\"}"), EVENTS);

	report = json_load_file(b->report, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	CU_ASSERT_EQUAL(json_integer_value(
				json_object_get(json_object_get(report, "counters"), "messages")),
		11);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(report, "rules")), 1);
	json_t *rule = json_array_get(json_object_get(report, "rules"), 0);

	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(rule, "id")), "1001");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(rule, "hits")), 7);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(rule, "last")), "1970-01-01T00:00:02.000000Z");
	json_t *ledger = json_object_get(report, "ledger");

	CU_ASSERT_TRUE(json_is_true(json_object_get(json_array_get(ledger, 0), "balanced")));
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_array_get(ledger, 0), "waiting")), 36);
	CU_ASSERT_FALSE(json_is_true(json_object_get(json_array_get(ledger, 1), "balanced")));
	json_decref(report);
	bench_free(b);
}

/* A replay whose events cannot be written has failed. */
static void test_replay_disk_full(void)
{
	struct bench *b = bench_new();

	b->config.pipeline.replay = true;
	strcpy(b->events, "/dev/full");
	wire(b);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	put(b, 0, 1);
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	CU_ASSERT_EQUAL(b->code, CONTROL_FAILED);
	bench_free(b);
}

static int open_client(const struct bench *b)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const struct timeval patience = { 5, 0 };

	strcpy(address.sun_path, b->config.socket_path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < 500; i++) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
			return fd;
		}
		pause_ms(10);
	}
	CU_FAIL_FATAL("control does not listen");
	return -1;
}

/* ask: one request, one answer. */
static json_t *ask(int fd, const char *request)
{
	size_t size = 1 << 20;
	char *text = calloc(1, size);
	size_t len = 0;
	json_t *answer;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	if (request != NULL) {
		CU_ASSERT_EQUAL(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	}
	while (len + 1 < size && read(fd, text + len, 1) == 1 && text[len] != '\n') {
		len++;
	}
	text[len] = '\0';
	answer = json_loads(text, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
	free(text);
	return answer;
}

static json_int_t code_of(int fd, const char *request)
{
	json_t *answer = ask(fd, request);
	json_int_t code = json_is_true(json_object_get(answer, "ok"))
	                          ? 0
	                          : json_integer_value(json_object_get(answer, "code"));

	json_decref(answer);
	return code;
}

static long long number_at(const json_t *o, const char *name, const char *member)
{
	return json_integer_value(json_object_get(json_object_get(o, name), member));
}

static void expect_change(int follower, const char *change, const char *port)
{
	json_t *event = ask(follower, NULL);

	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "change")), change);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "port")), port);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "link")), "south");
	json_decref(event);
}

static void expect_breaker(const json_t *link, const char *style, json_int_t breaks)
{
	const json_t *b = json_array_get(json_object_get(link, "breaker"), 0);

	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(b, "towards")), "smsc");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(b, "style")), style);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(b, "configured")), "self_reject");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(b, "breaks")), breaks);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(b, "closes")), 4); /* of both workers */
	CU_ASSERT_EQUAL(json_is_true(json_object_get(link, "dribbling")), breaks == 0);
}

static const json_t *check_of(const json_t *links, unsigned link, const char *name)
{
	const json_t *l = json_array_get(links, link);

	return json_object_get(json_object_get(json_object_get(l, "signalling"), "checks"), name);
}

/* expect_check: `blind` kinds of traffic are missing; `unset` is the key that is, or NULL. */
static void expect_check(
	const json_t *check, const char *action, json_int_t found, size_t blind, const char *unset)
{
	const json_t *key = json_object_get(check, "unset");

	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(check, "action")), action);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(check, "found")), found);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(check, "blind")), blind);
	if (unset == NULL) {
		CU_ASSERT_TRUE(json_is_null(key));
	} else {
		CU_ASSERT_STRING_EQUAL(json_string_value(key), unset);
	}
}

/* Link 0 has seen MT (one worker) with global titles (the other); link 1 nothing. */
static void expect_checks(const json_t *links)
{
	const json_t *first = json_object_get(json_array_get(links, 0), "signalling");
	const json_t *seen = json_object_get(first, "seen");

	CU_ASSERT_EQUAL(json_array_size(seen), 2);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_array_get(seen, 0)), "mobile terminated messages");
	expect_check(check_of(links, 0, "smsc_gt"), "report", 6, 0, NULL);
	expect_check(check_of(links, 0, "mt_without_sri"), "refuse", 0, 2, NULL);
	expect_check(check_of(links, 0, "mo_outside"), "report", 0, 1, "home_msisdn");
	expect_check(check_of(links, 0, "ber"), "off", 0, 0, NULL);
	expect_check(check_of(links, 1, "smsc_gt"), "report", 0, 3, NULL);
	expect_check(check_of(links, 1, "opcode"), "report", 0, 1, "operations");
}

static void expect_gauges(const json_t *worker)
{
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(worker, "associations")), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(worker, "sctp_blocks_used")), 4);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(worker, "dialogues")), 5);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(worker, "segments_held")), 6);
	CU_ASSERT_EQUAL(number_at(worker, "signalling", "told"), 10);
	CU_ASSERT_EQUAL(number_at(worker, "signalling", "asked"), 20);
	CU_ASSERT_EQUAL(number_at(worker, "signalling", "senders"), 30);
	CU_ASSERT_EQUAL(number_at(worker, "signalling", "forgotten"), 40);
	CU_ASSERT_EQUAL(number_at(worker, "signalling", "senders_forgotten"), 50);
}

static void set_checks(struct config *c)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *action = c->pipeline.links[i].signalling.action;

		memset(action, SIGNALLING_REPORT, SIGNALLING_CHECK_COUNT);
		action[SIGNALLING_MT_WITHOUT_SRI] = SIGNALLING_REFUSE;
		action[SIGNALLING_BER] = SIGNALLING_OFF;
	}
}

static void test_live(void)
{
	struct bench *b = bench_new();
	json_t *answer;
	json_t *result;
	int fd;
	int follower;

	set_checks(&b->config);
	wire(b);
	b->port_up[0] = b->port_up[1] = b->port_up[2] = b->port_up[3] = true;
	b->pipeline[1].silent = true;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	fd = open_client(b);
	CU_ASSERT_EQUAL(code_of(fd, "{\"v\":1,\"verb\":\"ping\"}\n"), 0);
	CU_ASSERT_EQUAL(code_of(fd, "{\"v\":1,\"verb\":\"version\"}\n"), 0);
	CU_ASSERT_EQUAL(code_of(fd, "{\"v\":1,\"verb\":\"sudo\"}\n"), CONTROL_USAGE);

	answer = ask(fd, "{\"v\":1,\"verb\":\"status\",\"args\":{\"all_rules\":true}}\n");
	result = json_object_get(answer, "result");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result, "links")), 2);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result, "workers")), 2);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result, "rules")), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(result, "memory_octets")), 12345);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(json_object_get(result, "events"), "state")),
		"ok");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(result, "mode")), "monitor");
	CU_ASSERT_EQUAL(number_at(result, "sessions", "sessions"), 2);
	CU_ASSERT_EQUAL(number_at(result, "sessions", "resync"), 1);
	CU_ASSERT_EQUAL(number_at(result, "sessions", "associations"), 3);
	CU_ASSERT_EQUAL(number_at(result, "sessions", "half_open"), 1);
	CU_ASSERT_EQUAL(number_at(result, "sessions", "joined"), 2);
	CU_ASSERT_EQUAL(number_at(json_object_get(result, "sessions"), "m3ua", "active"), 2);
	CU_ASSERT_TRUE(json_is_false(
		json_object_get(json_object_get(result, "sessions"), "complete"))); /* worker 1 */
	expect_breaker(json_array_get(json_object_get(result, "links"), 0), "blank", 1);
	expect_breaker(json_array_get(json_object_get(result, "links"), 1), "self_reject", 0);
	expect_checks(json_object_get(result, "links"));
	expect_gauges(json_array_get(json_object_get(result, "workers"), 1));
	json_decref(answer);

	follower = open_client(b);
	CU_ASSERT_EQUAL(code_of(follower, "{\"v\":1,\"verb\":\"events.follow\"}\n"), 0);
	put(b, 0, 77);
	answer = ask(follower, NULL);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answer, "id")), 77);
	CU_ASSERT_NOT_EQUAL(strcmp(json_string_value(json_object_get(answer, "src")), "123"), 0);
	json_decref(answer);
	/* the other port of the pair follows, down and up */
	pause_ms(200);
	b->port_up[2] = false;
	expect_change(follower, "down", "inside");
	expect_change(follower, "set_down", "outside");
	CU_ASSERT_TRUE(b->set_down[3] && !b->set_down[0] && !b->set_down[1]);
	b->port_up[2] = true;
	expect_change(follower, "up", "inside");
	expect_change(follower, "set_up", "outside");
	CU_ASSERT_FALSE(b->set_down[3]);

	close(fd);
	close(follower);
	b->stop = 1;
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	CU_ASSERT_EQUAL(b->code, CONTROL_OK);
	CU_ASSERT_EQUAL(lines_of(b->events, "\"id\":77,"), 1);
	bench_free(b);
}

static void test_panic(void)
{
	struct bench *b = bench_new();
	int fd;

	wire(b);
	CU_ASSERT_EQUAL(control_panic_load(&b->config), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	fd = open_client(b);
	CU_ASSERT_EQUAL(code_of(fd, "{\"v\":1,\"verb\":\"panic\"}\n"), CONTROL_USAGE);
	CU_ASSERT_EQUAL(
		code_of(fd, "{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"maybe\"}}\n"),
		CONTROL_USAGE);
	CU_ASSERT_EQUAL(
		code_of(fd,
			"{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"on\",\"link\":\"west\"}}\n"),
		CONTROL_INVALID);
	CU_ASSERT_EQUAL(
		code_of(fd,
			"{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"on\",\"link\":7}}\n"),
		CONTROL_INVALID);
	CU_ASSERT_EQUAL(b->panic_links, 0);
	CU_ASSERT_EQUAL(
		code_of(fd,
			"{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"on\",\"link\":\"south\"}}\n"),
		0);
	CU_ASSERT_EQUAL(b->panic_links, 2);
	CU_ASSERT_EQUAL(control_panic_load(&b->config), 2); /* as after a restart */
	CU_ASSERT_EQUAL(
		code_of(fd, "{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"on\"}}\n"), 0);
	CU_ASSERT_EQUAL(b->panic_links, 3);
	CU_ASSERT_EQUAL(
		code_of(fd, "{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"off\"}}\n"), 0);
	CU_ASSERT_EQUAL(b->panic_links, 0);
	CU_ASSERT_EQUAL(control_panic_load(&b->config), 0);

	/* where it cannot be kept it is on all the same, and the answer says so */
	strcpy(b->config.state_dir, "/proc/nowhere");
	CU_ASSERT_EQUAL(code_of(fd, "{\"v\":1,\"verb\":\"panic\",\"args\":{\"state\":\"on\"}}\n"),
		CONTROL_PARTIAL);
	CU_ASSERT_EQUAL(b->panic_links, 3);
	close(fd);
	b->stop = 1;
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	CU_ASSERT_EQUAL(lines_of(b->events, "\"change\":\"panic_on\""), 4);
	CU_ASSERT_EQUAL(lines_of(b->events, "\"change\":\"panic_off\""), 2);
	bench_free(b);
}

static json_t *sessions_of(int fd, const char *args)
{
	char request[256];
	json_t *answer;
	json_t *result;

	snprintf(request, sizeof(request), "{\"v\":1,\"verb\":\"sessions\",\"args\":%s}\n", args);
	answer = ask(fd, request);
	result = json_incref(json_object_get(answer, "result"));
	json_decref(answer);
	return result;
}

static void expect_text(const json_t *o, const char *name, const char *text)
{
	const char *have = json_string_value(json_object_get(o, name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(have);
	CU_ASSERT_STRING_EQUAL(have, text);
}

static void expect_association(const json_t *row)
{
	const json_t *m3ua = json_object_get(row, "m3ua");
	const json_t *outside = json_object_get(row, "outside_addresses");

	expect_text(row, "service", "sigtran");
	expect_text(row, "transport", "sctp");
	expect_text(row, "state", "OPEN");
	expect_text(row, "link", "south");
	expect_text(row, "inside", "10.0.0.2:2905");
	expect_text(row, "outside", "10.0.0.1:2906");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(row, "inside_addresses")), 1);
	CU_ASSERT_EQUAL_FATAL(json_array_size(outside), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(outside, 1)), "2001:db8::1");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "paths")), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "messages")), 4);
	CU_ASSERT_TRUE(json_is_true(json_object_get(row, "joined")));
	CU_ASSERT_PTR_NULL(json_object_get(row, "bind"));
	CU_ASSERT_EQUAL(number_at(row, "from_outside", "journal_octets"), 512);
	expect_text(m3ua, "state", "active");
	expect_text(m3ua, "asp_inside", "unknown");
	expect_text(m3ua, "asp_outside", "active");
	expect_text(m3ua, "traffic_mode", "loadshare");
	expect_text(m3ua, "notify", "AS-ACTIVE");
	expect_text(m3ua, "error", "protocol error");
	CU_ASSERT_EQUAL(number_at(m3ua, "counts", "data_from_outside"), 12);
	CU_ASSERT_EQUAL(number_at(m3ua, "counts", "beat"), 13);
	CU_ASSERT_EQUAL(number_at(m3ua, "counts", "scon"), 0);
}

/* Sessions by their workers; what one does not tell in time is missing, and the answer says so. */
static void test_sessions(void)
{
	struct bench *b = bench_new();
	json_t *result;
	json_t *row;
	int fd;

	wire(b);
	b->pipeline[1].silent = true;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	fd = open_client(b);
	result = sessions_of(fd, "{}");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result, "sessions")), 3);
	CU_ASSERT_TRUE(json_is_false(json_object_get(result, "complete")));
	row = json_array_get(json_object_get(result, "sessions"), 0);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "session")), 7);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "age_s")), 61);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "state")), "RESYNC");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "bind")), "transceiver");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "inside")), "10.0.0.2:2775");
	CU_ASSERT_EQUAL(number_at(row, "from_outside", "held_frames"), 3);
	row = json_array_get(json_object_get(result, "sessions"), 1);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(row, "account")), "caf\xC3\xA9"); /* as UTF-8 */
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "service")), "smpp");
	expect_association(json_array_get(json_object_get(result, "sessions"), 2));
	json_decref(result);

	/* the numbers of worker 1 begin at 2^47 */
	result = sessions_of(fd, "{\"id\":8}");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result, "sessions")), 1);
	CU_ASSERT_TRUE(
		json_is_true(json_object_get(result, "complete"))); /* only worker 0 was asked */
	json_decref(result);
	b->pipeline[1].silent = false;
	result = sessions_of(fd, "{\"id\":140737488355336}");
	row = json_array_get(json_object_get(result, "sessions"), 0);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "session")), 140737488355336);
	json_decref(result);
	result = sessions_of(fd, "{\"limit\":4}");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result, "sessions")), 4);
	json_decref(result);
	CU_ASSERT_EQUAL(code_of(fd, "{\"v\":1,\"verb\":\"sessions\",\"args\":{\"limit\":0}}\n"),
		CONTROL_USAGE);
	CU_ASSERT_EQUAL(
		code_of(fd, "{\"v\":1,\"verb\":\"sessions\",\"args\":{\"link\":\"west\"}}\n"),
		CONTROL_INVALID);
	close(fd);
	b->stop = 1;
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	bench_free(b);
}

/* systemd is told that all is well only while every worker turns. */
static void test_watchdog(void)
{
	struct bench *b = bench_new();
	unsigned before;

	wire(b);
	b->ctx.turns[0] = &b->turns;
	b->ctx.notify_watchdog_us = 90000;
	b->config.watchdog_abort_ms = 0;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	for (int i = 0; i < 60; i++) {
		b->turns++;
		pause_ms(10);
	}
	CU_ASSERT_TRUE(b->beats >= 3);
	pause_ms(1000); /* it stands still: beats end */
	before = b->beats;
	pause_ms(300);
	CU_ASSERT_EQUAL(b->beats, before);
	b->turns++;
	pause_ms(500);
	b->stop = 1;
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	CU_ASSERT_TRUE(b->beats > before);
	CU_ASSERT_EQUAL(b->stopping, 1);
	CU_ASSERT_TRUE(lines_of(b->events, "\"change\":\"stuck\"") >= 1);
	CU_ASSERT_TRUE(lines_of(b->events, "\"change\":\"moves\"") >= 1);
	CU_ASSERT_EQUAL(lines_of(b->events, "\"change\":\"abort\""), 0);
	bench_free(b);
}

/* watchdog.abort_ms: the process ends by itself, its last events are written. */
static void test_watchdog_aborts(void)
{
	struct bench *b = bench_new();
	int status = 0;
	pid_t child;

	wire(b);
	b->ctx.turns[0] = &b->turns;
	b->config.watchdog_abort_ms = 300;
	child = fork();
	CU_ASSERT_TRUE_FATAL(child >= 0);
	if (child == 0) {
		_exit(freopen("/dev/null", "w", stderr) != NULL ? control_run(&b->ctx) : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CU_ASSERT_EQUAL(lines_of(b->events, "\"change\":\"abort\""), 1);
	(void)unlink(b->config.socket_path);
	bench_free(b);
}

/* Forwarding does not depend on the socket or on the events file. */
static void test_degraded(void)
{
	struct bench *b = bench_new();

	strcpy(b->events, "/nonexistent/events.jsonl");
	wire(b);
	strcpy(b->config.socket_path, "/proc/nowhere/sock");
	strcpy(b->config.state_dir, "/proc/nowhere");
	b->ctx.report_path = NULL;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, run, b), 0);
	put(b, 0, 1);
	pause_ms(50);
	b->stop = 1;
	atomic_store(&b->running, 0);
	pthread_join(b->thread, NULL);
	CU_ASSERT_EQUAL(b->code, CONTROL_OK);
	CU_ASSERT_EQUAL(event_ring_room(&b->pipeline[0].ring), RING_LEN);
	bench_free(b);
}

UNIT_MAIN("control/control", { "replay", test_replay },
	{ "replay, disk full", test_replay_disk_full }, { "live", test_live },
	{ "panic", test_panic }, { "sessions", test_sessions },
	{ "systemd hears only while workers turn", test_watchdog },
	{ "a stuck worker ends the process", test_watchdog_aborts }, { "degraded", test_degraded })
