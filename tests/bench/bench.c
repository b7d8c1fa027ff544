/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench: cycles per message of the SMPP and SIGTRAN paths, stage by stage, beside bare hs_scan over the same texts.
 * One core, plain memory, no DPDK: what a worker does between rx and tx. docs/performance.md says how
 * to read it. It judges nothing by time: it fails only where the pipeline did not do what it was asked.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "dataplane/base/clock.h"
#include "patterns/compile.h"
#include "tests/bench/lane.h"

enum { ROUNDS_MAX = 5000, TRIES = 4, PEAK_MESSAGES = 52000, N_RULES = 1000 };

static const struct lane_config lanes[] = {
	{ .name = "other traffic, per frame",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.other = true },
	{ .name = "no rules, monitor", .rules = "none", .mode = LINK_MONITOR },
	{ .name = "no rules", .rules = "none", .mode = LINK_ENFORCE },
	{ .name = "no rules, lists", .rules = "none", .mode = LINK_ENFORCE, .lists = true },
	/* links and numbers are looked for where a list asks for hosts of the text */
	{ .name = "entities, plain",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_HOST,
		.list_n = 100 },
	{ .name = "entities, 1 link",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_HOST,
		.list_n = 100,
		.texts = TEXTS_LINK },
	{ .name = "entities, 3 links, number",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_HOST,
		.list_n = 100,
		.texts = TEXTS_LINKS },
	{ .name = "list, 100 number",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_NUMBER,
		.list_n = 100 },
	{ .name = "list, 10,000 number",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_NUMBER,
		.list_n = 10000 },
	{ .name = "list, 1,000,000 number",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_NUMBER,
		.list_n = 1000000 },
	{ .name = "list, 100 sender",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_SENDER,
		.list_n = 100 },
	{ .name = "list, 10,000 sender",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_SENDER,
		.list_n = 10000 },
	{ .name = "list, 1,000,000 sender",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_SENDER,
		.list_n = 1000000 },
	{ .name = "list, 100 host",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_HOST,
		.list_n = 100,
		.texts = TEXTS_LINK },
	{ .name = "list, 10,000 host",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_HOST,
		.list_n = 10000,
		.texts = TEXTS_LINK },
	{ .name = "list, 1,000,000 host",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_HOST,
		.list_n = 1000000,
		.texts = TEXTS_LINK },
	{ .name = "list, 100 pair",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_PAIR,
		.list_n = 100 },
	{ .name = "list, 10,000 pair",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_PAIR,
		.list_n = 10000 },
	{ .name = "list, 1,000,000 pair",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.list_kind = LIST_PAIR,
		.list_n = 1000000 },
	{ .name = "limit, 100 keys", .rules = "none", .mode = LINK_ENFORCE, .limit_keys = 100 },
	{ .name = "limit, 10,000 keys",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.limit_keys = 10000 },
	{ .name = "limit, 1,000,000 keys",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.limit_keys = 1000000 },
	{ .name = "shipped sets", .rules = "sets", .mode = LINK_ENFORCE },
	{ .name = "1,000 rules, monitor", .rules = "mixed", .mode = LINK_MONITOR },
	{ .name = "1,000 rules", .rules = "mixed", .mode = LINK_ENFORCE },
	{ .name = "1,000 rules, 2 % refused",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.lure_every = 50 },
	{ .name = "1,000 rules, disguised",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.texts = TEXTS_DISGUISED },
	{ .name = "1,000 rules, as found",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.texts = TEXTS_FOUND },
	{ .name = "1,000 rules, all events",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.all_events = true },
	{ .name = "1,000 rules, ACK frames",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.pure_acks = true },
	/* DATA chunks a packet, with the signalling checks on */
	{ .name = "SIGTRAN x1, no checks", .rules = "none", .mode = LINK_ENFORCE, .per_packet = 1 },
	{ .name = "SIGTRAN x1, no rules",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.per_packet = 1,
		.signalling = true },
	{ .name = "SIGTRAN x1, shipped sets",
		.rules = "sets",
		.mode = LINK_ENFORCE,
		.per_packet = 1,
		.signalling = true },
	{ .name = "SIGTRAN x1, 1,000 rules",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.per_packet = 1,
		.signalling = true },
	{ .name = "SIGTRAN x1, 2 % refused",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.per_packet = 1,
		.signalling = true,
		.lure_every = 50 },
	{ .name = "SIGTRAN x4, no rules",
		.rules = "none",
		.mode = LINK_ENFORCE,
		.per_packet = 4,
		.signalling = true },
	{ .name = "SIGTRAN x4, shipped sets",
		.rules = "sets",
		.mode = LINK_ENFORCE,
		.per_packet = 4,
		.signalling = true },
	{ .name = "SIGTRAN x4, 1,000 rules",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.per_packet = 4,
		.signalling = true },
	{ .name = "SIGTRAN x4, 2 % refused",
		.rules = "mixed",
		.mode = LINK_ENFORCE,
		.per_packet = 4,
		.signalling = true,
		.lure_every = 50 },
};
enum { N_LANES = sizeof(lanes) / sizeof(lanes[0]) };

/* The stages that the pipeline counts, in the table's order. */
static const enum stage stages[] = { STAGE_frame, STAGE_flow, STAGE_stream, STAGE_sctp, STAGE_map,
	STAGE_text, STAGE_scan, STAGE_policy, STAGE_edit, STAGE_out };
enum { N_STAGES = sizeof(stages) / sizeof(stages[0]) };

struct options {
	unsigned rounds;
	unsigned sessions;
	const char *texts;
	const char *sets;
	const char *only; /* part of a lane's name, or '=' and the whole of it */
	bool once;        /* no round is repeated, none is for warming up: what callgrind needs */
	bool json;
};

/* Medians of a lane's rounds. */
struct result {
	const struct lane_config *lane;
	struct lane_facts facts;
	double total, total_least;
	double scan, scan_least;
	double own, own_least;
	double stage[STAGE_COUNT];
};

static struct ruleset *compile_rules(const char *name, const char *sets)
{
	static struct diag diag;
	const struct compile_limits limits = compile_default_limits();
	char *text = strcmp(name, "mixed") == 0 ? texts_rules(N_RULES) : strdup("");
	struct source source;
	struct ruleset *rules = NULL;
	bool good;

	source_init(&source);
	good = strcmp(name, "sets") == 0
	               ? source_read_path(&source, sets, &diag)
	               : source_read_text(&source, name, text, strlen(text), &diag);
	rules = good ? compile_source(&source, &limits, NULL, NULL, &diag) : NULL;
	if (rules == NULL) {
		diag_print(&diag, stderr);
		exit(1);
	}
	source_free(&source);
	free(text);
	return rules;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median; *least becomes the lowest. Sorts `v`. */
static double median(double *v, unsigned n, double *least)
{
	qsort(v, n, sizeof(*v), compare);
	*least = v[0];
	return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void summarise(const struct lane_round *rounds, unsigned n, struct result *r)
{
	static double v[ROUNDS_MAX];
	double ignored;

	for (unsigned i = 0; i < n; i++) {
		v[i] = rounds[i].total;
	}
	r->total = median(v, n, &r->total_least);
	for (unsigned i = 0; i < n; i++) {
		v[i] = rounds[i].scan;
	}
	r->scan = median(v, n, &r->scan_least);
	for (unsigned i = 0; i < n; i++) {
		v[i] = rounds[i].total - rounds[i].scan;
	}
	r->own = median(v, n, &ignored);
	r->own_least =
		r->total_least - r->scan_least; /* not of one round: either may be disturbed */
}

static void summarise_stages(const struct lane_round *rounds, unsigned n, struct result *r)
{
	static double v[ROUNDS_MAX];
	double ignored;

	for (unsigned s = 0; s < STAGE_COUNT; s++) {
		for (unsigned i = 0; i < n; i++) {
			v[i] = rounds[i].stage[s];
		}
		r->stage[s] = median(v, n, &ignored);
	}
}

static bool is_wanted(const struct options *o, const char *name)
{
	if (o->only == NULL) {
		return true;
	}
	return o->only[0] == '=' ? strcmp(o->only + 1, name) == 0 : strstr(name, o->only) != NULL;
}

static bool did_its_work(const struct result *r)
{
	double refused = r->lane->lure_every != 0 ? 1.0 / r->lane->lure_every : 0;

	return r->lane->other ? r->facts.messages == 0
	                      : r->facts.messages != 0 && r->facts.refused >= refused - 0.001;
}

static void run_lane(const struct lane_config *config, const struct texts *texts,
	struct ruleset *rules, const struct options *o, unsigned n, struct result *r)
{
	static struct lane_round rounds[ROUNDS_MAX];
	struct lane *l = lane_create(config, texts, rules, o->sessions);

	for (unsigned i = 0; !o->once && i < n / 10 + 1; i++) {
		(void)lane_run(l); /* caches and branches learn */
	}
	/* a round in which the kernel gave the core away is made again, a few times */
	for (unsigned tries = 0, i = 0; i < n; tries++) {
		rounds[i] = lane_run(l);
		i += o->once || !rounds[i].disturbed || tries >= TRIES * n;
	}
	if (config->timed) {
		summarise_stages(rounds, n, r);
	} else {
		r->facts = lane_facts(l);
		summarise(rounds, n, r);
	}
	lane_destroy(l);
}

static struct result measure(
	const struct lane_config *config, const struct texts *texts, const struct options *o)
{
	struct lane_config timed = *config;
	struct ruleset *rules = compile_rules(config->rules, o->sets);
	struct result r = { .lane = config };

	run_lane(config, texts, rules, o, o->rounds, &r);
	timed.timed = true;
	if (!o->once) {
		run_lane(&timed, texts, rules, o, o->rounds / 4 + 1, &r);
	}
	ruleset_unref(rules);
	return r;
}

static double cycles_per_ns(void)
{
	struct timespec a;
	struct timespec b;
	uint64_t from;
	uint64_t to;
	double ns;

	clock_gettime(CLOCK_MONOTONIC, &a);
	from = clock_cycles();
	do {
		clock_gettime(CLOCK_MONOTONIC, &b);
		ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
	} while (ns < 5e7);
	to = clock_cycles();
	return (double)(to - from) / ns;
}

static void print_head(const struct options *o, const struct texts *t, double rate)
{
	printf("%u sessions, %u rounds of %u messages, %u texts of %.0f octets; %.3f cycles a ns\n",
		o->sessions, o->rounds, o->sessions, t->n, t->octets[TEXTS_PLAIN], rate);
	printf("TSC cycles per message (request and answer frame), medians; own = total less bare hs_scan\n\n");
	printf("%-26s %7s %7s %7s %7s %7s %6s %6s %7s %8s\n", "", "total", "least", "hs_scan",
		"own", "own-min", "scans", "refus%", "ns", "core/52k");
}

static void print_result(const struct result *r, double rate)
{
	printf("%-26s %7.0f %7.0f %7.0f %7.0f %7.0f %6.2f %6.1f %7.0f", r->lane->name, r->total,
		r->total_least, r->scan, r->own, r->own_least, r->facts.scans_per_message,
		100 * r->facts.refused, r->total / rate);
	if (!r->lane->other) {
		printf(" %8.4f", r->total / rate * PEAK_MESSAGES / 1e9);
	}
	putchar('\n');
}

static void print_stages(const struct result *results, unsigned n)
{
	printf("\n%-26s", "by stage, exclusive");
	for (unsigned s = 0; s < N_STAGES; s++) {
		printf(" %7s", stats_stage_name(stages[s]));
	}
	putchar('\n');
	for (unsigned i = 0; i < n; i++) {
		printf("%-26s", results[i].lane->name);
		for (unsigned s = 0; s < N_STAGES; s++) {
			printf(" %7.0f", results[i].stage[stages[s]]);
		}
		putchar('\n');
	}
}

static json_t *result_json(const struct result *r, double rate)
{
	json_t *by_stage = json_object();

	for (unsigned s = 0; s < N_STAGES; s++) {
		json_object_set_new(
			by_stage, stats_stage_name(stages[s]), json_real(r->stage[stages[s]]));
	}
	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "name",
		r->lane->name, "unit", r->lane->other ? "frame" : "message", "cycles", r->total,
		"cycles_min", r->total_least, "scan_cycles", r->scan, "own_cycles", r->own,
		"own_cycles_min", r->own_least, "ns", r->total / rate, "scans",
		r->facts.scans_per_message, "refused", r->facts.refused, "cores_per_52000",
		r->total / rate * PEAK_MESSAGES / 1e9, "stage_cycles", by_stage);
}

static int usage(void)
{
	fputs("bench [--rounds N] [--sessions N] [--texts FILE] [--sets DIR] [--only WORD|=NAME]\n"
	      "      [--once] [--json]\n",
		stderr);
	return 2;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "rounds", 1, NULL, 'r' },
		{ "sessions", 1, NULL, 's' }, { "texts", 1, NULL, 't' }, { "sets", 1, NULL, 'p' },
		{ "only", 1, NULL, 'o' }, { "once", 0, NULL, '1' }, { "json", 0, NULL, 'j' },
		{ 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->rounds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			o->sessions = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			o->texts = optarg;
			break;
		case 'p':
			o->sets = optarg;
			break;
		case 'o':
			o->only = optarg;
			break;
		case '1':
			o->once = true;
			break;
		case 'j':
			o->json = true;
			break;
		default:
			return false;
		}
	}
	return o->rounds >= 1 && o->rounds <= ROUNDS_MAX && o->sessions >= 1 &&
	       o->sessions <= 4000 && optind == argc;
}

static int print_json(const struct options *o, const struct texts *t, const struct result *results,
	unsigned n, double rate)
{
	json_t *rows = json_array();
	json_t *document;
	int status;

	for (unsigned i = 0; i < n; i++) {
		json_array_append_new(rows, result_json(&results[i], rate));
	}
	document = json_pack("{s:i, s:i, s:i, s:f, s:f, s:o}", "schema_version", 1, "sessions",
		(int)o->sessions, "rounds", (int)o->rounds, "text_octets", t->octets[TEXTS_PLAIN],
		"cycles_per_ns", rate, "lanes", rows);
	status = json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(document);
	return status;
}

int main(int argc, char **argv)
{
	static struct texts texts;
	static struct result results[N_LANES];
	struct options o = { .rounds = 400,
		.sessions = 500,
		.texts = "tests/pcap/demo-texts.json",
		.sets = "patterns/sets" };
	double rate = cycles_per_ns();
	unsigned n = 0;
	unsigned failed = 0;
	uint64_t messages = 0;

	if (!read_options(argc, argv, &o)) {
		return usage();
	}
	if (!texts_load(&texts, o.texts)) {
		return 1;
	}
	if (!o.json) {
		print_head(&o, &texts, rate);
	}
	for (unsigned i = 0; i < N_LANES; i++) {
		if (!is_wanted(&o, lanes[i].name)) {
			continue;
		}
		results[n] = measure(&lanes[i], &texts, &o);
		failed += !did_its_work(&results[n]);
		messages += results[n].facts.messages;
		if (!o.json) {
			print_result(&results[n], rate);
			fflush(stdout);
		}
		n++;
	}
	if (o.json) {
		(void)print_json(&o, &texts, results, n, rate);
	} else {
		print_stages(results, n);
		printf("\n%llu messages measured\n", (unsigned long long)messages);
	}
	if (failed != 0) {
		fprintf(stderr, "bench: %u lanes did not do their work\n", failed);
	}
	return failed != 0;
}
