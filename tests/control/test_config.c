/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_keys.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/verdict/edit_map.h"
#include "tests/support/lsan_libconfig.h"
#include "tests/support/unit.h"

/* Large objects stay off the stack. */
struct bench {
	struct config config;
	struct config other;
	struct diag diag;
	char *printed;
	char *printed_again;
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	return b;
}

static void bench_free(struct bench *b)
{
	diag_clear(&b->diag);
	free(b->printed);
	free(b->printed_again);
	free(b);
}

/* enter_root: the project's folder, which this file is in, wherever the test was started. */
static void enter_root(void)
{
	static const char self[] = "tests/control/test_config.c";
	char path[1024];
	size_t len = strlen(__FILE__);

	if (access(self, R_OK) == 0) {
		return;
	}
	if (len >= sizeof(path) || len <= strlen(self)) {
		CU_FAIL_FATAL("the project's folder was not found");
	}
	memcpy(path, __FILE__, len - strlen(self));
	path[len - strlen(self)] = '\0';
	CU_ASSERT_FATAL(chdir(path) == 0);
}

static char *print_to_text(void (*print)(const struct config *, FILE *), const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	print(c, f);
	fclose(f);
	return text;
}

static char *diag_to_text(const struct diag *d)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	diag_print(d, f);
	fclose(f);
	return text;
}

static char *file_to_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, CONFIG_KEYS_MAX * 2048);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	if (f != NULL) {
		text[fread(text, 1, CONFIG_KEYS_MAX * 2048 - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

static void test_defaults(void)
{
	struct bench *b = bench_new();
	const struct link_config *l = &b->config.pipeline.links[LIMIT_LINKS - 1];

	config_defaults(&b->config);
	CU_ASSERT_EQUAL(b->config.pipeline.n_links, 0);
	CU_ASSERT_EQUAL(b->config.n_workers, 1);
	CU_ASSERT_EQUAL(b->config.burst, 32);
	CU_ASSERT_EQUAL(b->config.pipeline.event_select, EVENTS_NON_PASS);
	CU_ASSERT_FALSE(b->config.pipeline.event_text);
	CU_ASSERT_EQUAL(b->config.events_numbers, NUMBERS_PSEUDONYM);
	CU_ASSERT_EQUAL(b->config.pipeline.fragments.timeout_us, 2000000);
	CU_ASSERT_EQUAL(l->mode, LINK_MONITOR);
	CU_ASSERT_EQUAL(l->checksums, CHECKSUM_VERIFY);
	CU_ASSERT_EQUAL(l->tcp.hold_us, 20000);
	CU_ASSERT_TRUE(l->tcp.release_on_retransmit);
	CU_ASSERT_FALSE(l->tcp.enforce);
	CU_ASSERT_EQUAL(l->to_smsc.style, EDIT_SELF_REJECT);
	CU_ASSERT_EQUAL(l->to_smsc.poison, POISON_DEST | POISON_PRIORITY);
	CU_ASSERT_EQUAL(l->to_smsc.status, 0x45);
	CU_ASSERT_EQUAL(l->to_esme.style, EDIT_BLANK);
	CU_ASSERT_EQUAL(l->n_smpp_ports, 1);
	CU_ASSERT_EQUAL(l->smpp_ports[0], 2775);
	CU_ASSERT_EQUAL(l->n_sigtran_ports, 4);
	CU_ASSERT_EQUAL(l->mo.style, EDIT_MAP_REJECT);
	CU_ASSERT_EQUAL(l->mt.style, EDIT_MAP_REJECT);
	CU_ASSERT_EQUAL(l->mo.status, 36);
	CU_ASSERT_EQUAL(l->mt.status, 36);
	CU_ASSERT_EQUAL(l->sctp_hold_us, 20000);
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		CU_ASSERT_EQUAL(l->signalling.action[i], SIGNALLING_REPORT);
	}
	CU_ASSERT_EQUAL(l->signalling.n_operations, 0);
	CU_ASSERT_EQUAL(l->signalling.window_us, 600000000);
	CU_ASSERT_EQUAL(b->config.pipeline.signalling.age_us, 3600000000u);
	bench_free(b);
}

static void load_shipped(struct bench *b, const char *path)
{
	enter_root();
	if (!config_load(&b->config, path, &b->diag) || b->diag.n_warnings != 0) {
		diag_print(&b->diag, stderr);
		CU_FAIL("a shipped configuration is not clean");
	}
}

/* What scripts rely on: issue 2, "The contract". */
static void test_lab(void)
{
	struct bench *b = bench_new();
	const struct link_config *l = &b->config.pipeline.links[0];

	load_shipped(b, "conf/lab.conf");
	CU_ASSERT_EQUAL(b->config.pipeline.n_links, 1);
	CU_ASSERT_STRING_EQUAL(l->name, "lab");
	CU_ASSERT_EQUAL(b->config.pairs[0].inside_port, 0);
	CU_ASSERT_EQUAL(b->config.pairs[0].outside_port, 1);
	CU_ASSERT_EQUAL(l->mode, LINK_ENFORCE);
	CU_ASSERT_TRUE(l->tcp.enforce);
	CU_ASSERT_EQUAL(l->checksums, CHECKSUM_TRUST);
	CU_ASSERT_EQUAL(b->config.pipeline.fragments.checksums, CHECKSUM_TRUST);
	CU_ASSERT_TRUE(l->detect);
	CU_ASSERT_EQUAL(l->smpp_ports[0], 2775);
	CU_ASSERT_EQUAL(b->config.pipeline.event_select, EVENTS_ALL);
	CU_ASSERT_TRUE(b->config.pipeline.event_text);
	CU_ASSERT_EQUAL(b->config.events_numbers, NUMBERS_CLEAR);
	CU_ASSERT_EQUAL(b->config.default_action, ACTION_REJECT);
	CU_ASSERT_FALSE(b->config.memory_lock);
	bench_free(b);
}

/* monitor.conf is lab.conf but for the mode. */
static void test_monitor(void)
{
	struct bench *b = bench_new();
	char *at;

	load_shipped(b, "conf/lab.conf");
	b->printed = print_to_text(config_print, &b->config);
	load_shipped(b, "conf/monitor.conf");
	CU_ASSERT_EQUAL(b->config.pipeline.links[0].mode, LINK_MONITOR);
	CU_ASSERT_FALSE(b->config.pipeline.links[0].tcp.enforce);
	b->printed_again = print_to_text(config_print, &b->config);
	at = strstr(b->printed, "\"enforce\"");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	memcpy(at, "\"monitor\"", 9);
	CU_ASSERT_STRING_EQUAL(b->printed, b->printed_again);
	bench_free(b);
}

static void test_production(void)
{
	struct bench *b = bench_new();

	load_shipped(b, "conf/smswall.conf");
	CU_ASSERT_EQUAL(b->config.pipeline.links[0].mode, LINK_MONITOR);
	CU_ASSERT_FALSE(b->config.pipeline.event_text);
	CU_ASSERT_EQUAL(b->config.events_numbers, NUMBERS_PSEUDONYM);
	CU_ASSERT_EQUAL(b->config.pipeline.links[0].n_inside, 2);
	CU_ASSERT_EQUAL(b->config.pipeline.links[0].inside[0].bits, 96 + 24);
	CU_ASSERT_EQUAL(b->config.pipeline.links[0].inside[0].address[12], 192);
	CU_ASSERT_EQUAL(b->config.pipeline.links[0].inside[1].bits, 48);
	bench_free(b);
}

/* What conf/smswall.conf says are defaults, behind a #, are. */
static void test_production_comments(void)
{
	struct bench *b = bench_new();
	char *text;

	load_shipped(b, "conf/smswall.conf");
	b->printed = print_to_text(config_print, &b->config);
	text = file_to_text("conf/smswall.conf");
	for (char *p = text; p != NULL; p = strstr(p, "\n#\t")) {
		p += p == text ? 0 : 1;
		*p = *p == '#' && p[1] == '\t' ? ' ' : *p;
	}
	if (!config_load_text(&b->other, "uncommented", text, &b->diag)) {
		diag_print(&b->diag, stderr);
		CU_FAIL("the commented keys cannot be read");
	}
	b->printed_again = print_to_text(config_print, &b->other);
	CU_ASSERT_STRING_EQUAL(b->printed, b->printed_again);
	free(text);
	bench_free(b);
}

/* Each tests/conf/NAME.in gives NAME.ok, word for word: all errors, each with its place. */
static void test_goldens(void)
{
	glob_t found;

	enter_root();
	CU_ASSERT_FATAL(chdir("tests/conf") == 0);
	CU_ASSERT_FATAL(glob("*.in", 0, NULL, &found) == 0);
	CU_ASSERT(found.gl_pathc >= 23);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct bench *b = bench_new();
		char ok[256];
		bool loaded = config_load(&b->config, found.gl_pathv[i], &b->diag);

		snprintf(ok, sizeof(ok), "%.*s.ok", (int)strlen(found.gl_pathv[i]) - 3,
			found.gl_pathv[i]);
		b->printed = diag_to_text(&b->diag);
		b->printed_again = file_to_text(ok);
		if (strcmp(b->printed, b->printed_again) != 0) {
			fprintf(stderr, "%s gives:\n%s", found.gl_pathv[i], b->printed);
			CU_FAIL("not as its .ok has it");
		}
		CU_ASSERT_EQUAL(loaded, strstr(b->printed, "error:") == NULL);
		bench_free(b);
	}
	globfree(&found);
	CU_ASSERT_FATAL(chdir("../..") == 0);
}

/* with_value: a configuration of one link in which key `k` is `value`. */
static void with_value(const struct config_key *k, const char *value, char *text, size_t size)
{
	char groups[256] = "";
	char end[64] = "";
	const char *p = k->path;
	const char *dot;

	for (; (dot = strchr(p, '.')) != NULL; p = dot + 1) {
		snprintf(groups + strlen(groups), sizeof(groups) - strlen(groups), "%.*s = { ",
			(int)(dot - p), p);
		snprintf(end + strlen(end), sizeof(end) - strlen(end), " };");
	}
	if (k->scope == CONFIG_TOP) {
		snprintf(text, size, "links = ({ name = \"a\"; ports = [0, 1]; });\n%s%s = %s;%s\n",
			groups, p, value, end);
	} else {
		snprintf(text, size, "links = ({ name = \"a\"; ports = [0, 1];\n%s%s = %s;%s });\n",
			groups, p, value, end);
	}
}

static bool is_out_of_range(struct bench *b, const struct config_key *k, const char *value)
{
	char text[1024];
	bool out = false;

	diag_clear(&b->diag);
	with_value(k, value, text, sizeof(text));
	config_load_text(&b->config, "range", text, &b->diag);
	for (size_t i = 0; i < b->diag.n_entries; i++) {
		if (strstr(b->diag.entries[i].text, "out of range") != NULL) {
			out = true;
			CU_ASSERT_EQUAL(b->diag.entries[i].line, 2);
			CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[i].text, k->path));
		}
	}
	return out;
}

/* Each number is taken at both ends of its range and refused one beyond, and where libconfig wraps. */
static void test_ranges(void)
{
	struct bench *b = bench_new();
	unsigned n = 0;

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];
		char value[64];

		if (k->type != CONFIG_INT) {
			continue;
		}
		n++;
		snprintf(value, sizeof(value), "%" PRId64, k->min);
		CU_ASSERT_FALSE(is_out_of_range(b, k, value));
		snprintf(value, sizeof(value), "%" PRId64, k->max);
		CU_ASSERT_FALSE(is_out_of_range(b, k, value));
		snprintf(value, sizeof(value), "%" PRId64, k->min - 1);
		CU_ASSERT_TRUE(is_out_of_range(b, k, value));
		snprintf(value, sizeof(value), "%" PRId64, k->max + 1);
		CU_ASSERT_TRUE(is_out_of_range(b, k, value));
		/* these arrive from libconfig 1.5 as min, and as -1294967296 */
		snprintf(value, sizeof(value), "%" PRId64, k->min + (INT64_C(1) << 32));
		CU_ASSERT_TRUE(is_out_of_range(b, k, value));
		snprintf(
			value, sizeof(value), "0x%" PRIx64, (uint64_t)k->min + (UINT64_C(1) << 32));
		CU_ASSERT_TRUE(is_out_of_range(b, k, value));
		CU_ASSERT_TRUE(is_out_of_range(b, k, "3000000000"));
		CU_ASSERT_TRUE(is_out_of_range(b, k, "18446744073709551617"));
	}
	CU_ASSERT(n > 20);
	bench_free(b);
}

/* Each choice of each key is taken or refused with its reason, and stored. */
static void test_choices(void)
{
	struct bench *b = bench_new();
	unsigned n_refused = 0;

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		for (const struct config_choice *c = k->choices;
			k->type == CONFIG_ENUM && c->name != NULL; c++) {
			char text[1024];
			char value[64];
			bool ok;

			snprintf(value, sizeof(value), "\"%s\"", c->name);
			with_value(k, value, text, sizeof(text));
			diag_clear(&b->diag);
			ok = config_load_text(&b->config, "choice", text, &b->diag);
			CU_ASSERT_EQUAL(ok, c->refused == NULL);
			if (!ok) {
				n_refused++;
				CU_ASSERT_PTR_NOT_NULL_FATAL(b->diag.entries[0].text);
				CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[0].text, c->refused));
			} else if (k->size != 0) {
				CU_ASSERT_EQUAL(
					((const uint8_t *)&b->config)[config_key_base(k->scope, 0) +
								      k->offset],
					c->value);
			}
		}
	}
	CU_ASSERT(n_refused > 15);
	bench_free(b);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* random_value: one that key `k` takes. */
static void random_value(const struct config_key *k, uint64_t *seed, char *value, size_t size)
{
	const struct config_choice *c = k->choices;
	uint32_t r = next_random(seed);

	switch (k->type) {
	case CONFIG_BOOL:
		snprintf(value, size, "%s", (r & 1) != 0 ? "TRUE" : "false");
		break;
	case CONFIG_INT:
		snprintf(value, size, (r & 1) != 0 ? "%" PRId64 : "0x%" PRIx64,
			k->min + (int64_t)(next_random(seed) % (uint64_t)(k->max - k->min + 1)));
		break;
	case CONFIG_ENUM:
		do {
			c = c[1].name != NULL && next_random(seed) % 3 != 0 ? c + 1 : k->choices;
		} while (c->refused != NULL);
		snprintf(value, size, "\"%s\"", c->name);
		break;
	case CONFIG_FLAGS:
		snprintf(value, size, "[\"%s\", \"%s\"]", c[r % k->most].name,
			c[r / 3 % k->most].name);
		break;
	case CONFIG_CODE:
		snprintf(
			value, size, (r & 1) != 0 ? "%u" : "\"facilityNotSupported\"", 40 + r % 80);
		break;
	case CONFIG_CODES:
		snprintf(value, size, "(\"mt-forwardSM\", %u, \"%s\")", 100 + r % 100, c[1].name);
		break;
	case CONFIG_DIGITS:
		snprintf(value, size, "[\"4%u\", \"%.*s\"]", r % 100000, (int)(1 + r % 15),
			"123456789012345");
		break;
	case CONFIG_STRING:
		snprintf(value, size, "\"%x\" \"\\\\\\\"/%x\"", r, r);
		break;
	case CONFIG_INTS:
		snprintf(value, size, (r & 1) != 0 ? "[%u, %u]" : "(%u, %u)", 1 + r % 1000,
			2000 + r % 60000);
		break;
	case CONFIG_PREFIXES:
		snprintf(value, size, "[\"10.%u.0.0/16\", \"2001:db8:%x::/48\"]", r % 256,
			r % 65536);
		break;
	case CONFIG_TWO_INTS:
		snprintf(value, size, "[%u, %u]", r % 16, 16 + r % 16);
		break;
	}
}

/* Whatever was read is printed so that reading it again gives the same. */
static void test_canonical(void)
{
	struct bench *b = bench_new();
	uint64_t seed = 1;
	unsigned n_loaded = 0;

	for (unsigned round = 0; round < 2000; round++) {
		const struct config_key *k = &config_keys[next_random(&seed) % config_keys_count];
		char value[256];
		char text[1024];

		if (k->initial == NULL) {
			continue; /* name and ports stand in every text */
		}
		random_value(k, &seed, value, sizeof(value));
		with_value(k, value, text, sizeof(text));
		diag_clear(&b->diag);
		if (!config_load_text(&b->config, "canonical", text, &b->diag)) {
			continue; /* a ring that is no power of two, say */
		}
		n_loaded++;
		b->printed = print_to_text(config_print, &b->config);
		CU_ASSERT_TRUE(config_load_text(&b->other, "again", b->printed, &b->diag));
		CU_ASSERT_EQUAL(memcmp(&b->config, &b->other, sizeof(b->config)), 0);
		b->printed_again = print_to_text(config_print, &b->other);
		CU_ASSERT_STRING_EQUAL(b->printed, b->printed_again);
		free(b->printed);
		free(b->printed_again);
		b->printed = NULL;
		b->printed_again = NULL;
	}
	CU_ASSERT(n_loaded > 1000);
	bench_free(b);
}

static void print_keys(const struct config *c, FILE *to)
{
	(void)c;
	config_print_keys(to);
}

/* The manual's list of keys is the table's. To renew it: smswallctl config keys. */
static void test_manual(void)
{
	struct bench *b = bench_new();

	enter_root();
	b->printed = print_to_text(print_keys, NULL);
	b->printed_again = file_to_text("control/man/smswall.conf.5.scd");
	CU_ASSERT(strlen(b->printed) > 4000);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->printed_again, b->printed));
	bench_free(b);
}

/* The table is well made: unique paths, help in whole sentences, defaults in range. */
static void test_table(void)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		CU_ASSERT_PTR_NOT_NULL_FATAL(k->help);
		CU_ASSERT_EQUAL(k->help[strlen(k->help) - 1], '.');
		CU_ASSERT(k->type != CONFIG_INT || k->min < k->max);
		for (size_t j = 0; j < i; j++) {
			CU_ASSERT_FALSE(
				strcmp(k->path, config_keys[j].path) == 0 &&
				(k->scope == CONFIG_TOP) == (config_keys[j].scope == CONFIG_TOP));
		}
	}
}

static void test_files(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_FALSE(config_load(&b->config, "/nonexistent/smswall.conf", &b->diag));
	CU_ASSERT_FALSE(config_load(&b->config, "/dev/zero", &b->diag));
	CU_ASSERT_FALSE(config_load(&b->config, "/", &b->diag));
	CU_ASSERT_FALSE(
		config_load_text(&b->config, "text", "@include \"/etc/passwd\"\n", &b->diag));
	CU_ASSERT_EQUAL(b->diag.n_errors, 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[0].text, "No such file"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[1].text, "not a regular file"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[3].text, "cannot include"));
	bench_free(b);
}

/* What lists of digits, of codes and of wide numbers hold, and how they are printed. */
static void test_sigtran(void)
{
	struct bench *b = bench_new();
	const struct link_config *l = &b->config.pipeline.links[0];
	static const char text[] =
		"links = ({ name = \"a\"; ports = [0, 1];\n"
		"sigtran = { inside_point_codes = [16777215, 7]; inside_gt = [\"43664\", \"1907\"];\n"
		"	mo_error = 99; mt_error = \"systemFailure\"; mo_poison = [\"dcs\", \"da\"]; };\n"
		"signalling = { operations = (\"mo-forwardSM\", 44, 200); gt_scan = \"refuse\";\n"
		"	ber = \"off\"; roaming_gt = (\"49\"); from = \"outside\"; }; });\n";

	CU_ASSERT_TRUE(config_load_text(&b->config, "sigtran", text, &b->diag));
	CU_ASSERT_EQUAL(l->n_inside_point_codes, 2);
	CU_ASSERT_EQUAL(l->inside_point_codes[0], 16777215);
	CU_ASSERT_EQUAL(l->inside_point_codes[1], 7);
	CU_ASSERT_EQUAL(l->n_inside_gt, 2);
	CU_ASSERT_STRING_EQUAL(l->inside_gt[1].digits, "1907");
	CU_ASSERT_EQUAL(l->mo.status, 99);
	CU_ASSERT_EQUAL(l->mt.status, 34);
	CU_ASSERT_EQUAL(l->mo.poison, MAP_POISON_DCS | MAP_POISON_DA);
	CU_ASSERT_EQUAL(l->signalling.n_operations, 3);
	CU_ASSERT_EQUAL(l->signalling.operations[0], 46);
	CU_ASSERT_EQUAL(l->signalling.operations[2], 200);
	CU_ASSERT_EQUAL(l->signalling.action[SIGNALLING_GT_SCAN], SIGNALLING_REFUSE);
	CU_ASSERT_EQUAL(l->signalling.action[SIGNALLING_BER], SIGNALLING_OFF);
	CU_ASSERT_EQUAL(l->signalling.from, SIGNALLING_FROM_OUTSIDE);
	b->printed = print_to_text(config_print, &b->config);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(b->printed, "operations = (\"mo-forwardSM\", \"mt-forwardSM\", 200);"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->printed, "mo_error = 99;"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->printed, "mt_error = \"systemFailure\";"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->printed, "inside_gt = [\"43664\", \"1907\"];"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->printed, "inside_point_codes = [16777215, 7];"));
	bench_free(b);
}

UNIT_MAIN("control/config", { "defaults", test_defaults }, { "conf/lab.conf", test_lab },
	{ "conf/monitor.conf", test_monitor }, { "conf/smswall.conf", test_production },
	{ "its comments", test_production_comments }, { "goldens", test_goldens },
	{ "ranges", test_ranges }, { "choices", test_choices },
	{ "canonical form", test_canonical }, { "manual", test_manual }, { "table", test_table },
	{ "files", test_files }, { "sigtran", test_sigtran })
