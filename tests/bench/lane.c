/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <hs/hs.h>
#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif

#include "dataplane/base/clock.h"
#include "dataplane/sms/from_map.h"
#include "dataplane/verdict/limit.h"
#include "dataplane/verdict/list_build.h"

#ifndef CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_TOGGLE_COLLECT
#endif

enum {
	SMPP_PORT = 2775,
	M3UA_PORT = 2905,
	OTHER_PORT = 8080,
	PER_SESSION = 1,
	BURST = 32,
	CALLS_MAX = 16, /* hs_scan calls of one text that are made again */
	TEXT_ROOM = 1024,
};

/* One hs_scan call, on a text of its own. */
struct bare_call {
	const hs_database_t *database;
	const char *text;
	unsigned len;
};

struct bare_text {
	unsigned n_calls;
	struct bare_call calls[CALLS_MAX];
};

struct lane {
	struct lane_config config;
	struct pipeline_config pipeline_config;
	struct pipeline_turn turn;
	struct pipeline *pipeline;
	struct flowtable *flows;
	struct concat *concat;
	struct limits *limits;
	struct generation *generation;
	struct traffic *traffic;
	const struct texts *texts;
	void *concat_memory;
	void *limits_memory;
	void *memory;
	struct bare_text *bare; /* texts, then lures */
	uint8_t *bare_octets;
	size_t bare_len;
	uint64_t messages;
	uint64_t scans;
	uint64_t refused;
};

/* Where the bare calls look: worker 1 of the generation; the pipeline is worker 0. */
enum { BARE_WORKER = 1, N_WORKERS = 2 };

static void *take_memory(size_t len)
{
	void *memory = aligned_alloc(64, (len + 63) & ~(size_t)63);

	if (memory == NULL) {
		fputs("bench: out of memory\n", stderr);
		exit(1);
	}
	memset(memory, 0, len);
	return memory;
}

/* Every check reports, with its tables at work; a laboratory's traffic finds none of them. */
static void configure_signalling(struct signalling_config *c)
{
	memset(c->action, SIGNALLING_REPORT, sizeof(c->action));
	c->gt_digits = 15;
	c->window_us = 60000000;
	c->sri_min = 100;
	c->sri_per_mt = 10;
	c->unused_max = 100;
	c->scan_max = 100000;
	c->scan_percent = 90;
	c->scan_run = 50;
	c->ber_max = 100;
}

static void configure(struct pipeline_config *c, const struct lane_config *config)
{
	struct link_config *link = &c->links[0];

	*c = (struct pipeline_config){
		.n_links = 1,
		.flows_max = 4096,
		.stream_chunks = 16384,
		.pending_max = 65536,
		.concat = { .messages_max = 4096,
			.blocks_max = 16384,
			.age_us = 60000000,
			.hash_key = 1 },
		.limits = { .cells = 2097152,
			.distinct_keys = 16384,
			.ratio_keys = 1024,
			.hash_key = 1,
			.n_workers = 1 },
		.fragments = { .datagrams_max = 64,
			.per_source_max = 16,
			.frames_max = 256,
			.timeout_us = 2000000 },
		.associations_max = 16,
		.sctp_journal_octets = 16 << 20,
		.dialogues_max = 65536,
		.dialogue_age_us = 120000000,
		.sccp_segments_max = 256,
		.signalling = { .entries_max = 65536,
			.age_us = 3600000000,
			.delivery_us = 300000000,
			.hash_key = 1 },
		.flow_idle_us = 600000000,
		.event_select = config->all_events ? EVENTS_ALL : EVENTS_NON_PASS,
		.event_ring_len = 1 << 22,
		.replay = config->timed,
	};
	snprintf(link->name, sizeof(link->name), "bench");
	link->mode = (uint8_t)config->mode;
	link->checksums = CHECKSUM_VERIFY;
	link->content = true;
	link->to_smsc = (struct refusal_config){
		.style = EDIT_SELF_REJECT, .poison = POISON_DEST | POISON_PRIORITY, .status = 0x45
	};
	link->to_esme = (struct refusal_config){ .style = EDIT_BLANK, .status = 0x65 };
	link->mo = (struct refusal_config){ .style = EDIT_MAP_REJECT, .status = 36 };
	link->mt = (struct refusal_config){ .style = EDIT_MAP_REJECT, .status = 36 };
	link->sctp_hold_us = 20000;
	link->sigtran_ports[0] = M3UA_PORT;
	link->n_sigtran_ports = 1;
	if (config->signalling) {
		configure_signalling(&link->signalling);
	}
	link->smpp_ports[0] = SMPP_PORT;
	link->n_smpp_ports = 1;
	link->tcp = (struct tcp_config){ .hold_us = 20000,
		.history_us = 10000000,
		.release_on_retransmit = true,
		.enforce = config->mode == LINK_ENFORCE };
}

static void keep_call(struct lane *l, struct bare_text *bare, enum rule_field field,
	enum rule_view view, struct bytes text)
{
	const struct ruleset_part *part = &l->generation->ruleset->parts[field][view];
	uint8_t *copy = l->bare_octets + l->bare_len;

	if (text.len == 0 || text.len > TEXT_ROOM || part->n_rules == 0) {
		return;
	}
	memcpy(copy, text.data, text.len);
	for (unsigned i = 0; i < part->n_shards && bare->n_calls < CALLS_MAX; i++) {
		bare->calls[bare->n_calls++] = (struct bare_call){ part->shards[i].database->hs,
			(const char *)copy, (unsigned)text.len };
	}
	l->bare_len += text.len;
}

static void give_up(void)
{
	fputs("bench: its own message is not read\n", stderr);
	exit(1);
}

static void read_smpp(const struct traffic_text *text, struct judge *judge, struct sms *sms)
{
	static struct smpp_message message;
	static uint8_t pdu[512];
	const struct smpp_profile profile = { .default_coding = TEXT_DEFAULT_GSM7 };
	struct bytes b = bytes_of(pdu, traffic_pdu(text, 1, 1, pdu, sizeof(pdu)));
	enum reason why;

	if (smpp_message_read(b, &message, &why) != PARSE_OK) {
		give_up();
	}
	sms_from_smpp(&message, b, &profile, &judge->buffers, sms);
}

static void read_map(
	const struct traffic_text *text, bool to_mobile, struct judge *judge, struct sms *sms)
{
	static uint8_t octets[512];
	static struct gsmmap_message message;
	static struct map_tpdu tpdu;
	struct bytes b = bytes_of(octets, traffic_tcap(text, to_mobile, 1, octets));
	struct tcap_message tcap;
	struct tcap_component component;
	struct cursor c;
	enum reason why;

	if (tcap_message_read(b, &tcap, &why) != PARSE_OK) {
		give_up();
	}
	c = cursor_of(tcap.components);
	if (tcap_component_read(&c, b, &component, &why) != PARSE_OK ||
		gsmmap_message_read(&component, gsmmap_context_of(&tcap), b, &message, &why) !=
			PARSE_OK ||
		sms_from_map(&message, &tpdu, &judge->buffers, sms, &why) != PARSE_OK) {
		give_up();
	}
}

/* Judges one text as the pipeline does and keeps what it looked at. */
static void learn_text(struct lane *l, struct judge *judge, const struct traffic_text *text,
	bool to_mobile, struct bare_text *bare)
{
	static struct stats stats;
	const struct judge_views *w = &judge->views;
	struct verdict verdict;
	struct sms sms = { 0 };

	if (l->config.per_packet != 0) {
		read_map(text, to_mobile, judge, &sms);
	} else {
		read_smpp(text, judge, &sms);
	}
	judge_message(judge, l->generation, &sms, 1, false, &stats, &verdict);
	keep_call(l, bare, FIELD_TEXT, VIEW_SENT, w->text);
	keep_call(l, bare, FIELD_TEXT, VIEW_FOLDED, w->folded);
	keep_call(l, bare, FIELD_SENDER, VIEW_SENT, w->sender);
	keep_call(l, bare, FIELD_SENDER, VIEW_FOLDED, w->sender_folded);
	for (unsigned i = 0; i < w->n_entities; i++) {
		keep_call(l, bare, w->entities[i].kind == ENTITY_URL ? FIELD_URL : FIELD_NUMBER,
			VIEW_SENT, w->entities[i].value);
	}
}

static void learn_calls(struct lane *l)
{
	unsigned n = l->texts->n;
	struct judge *judge = take_memory(sizeof(*judge));
	void *memory = take_memory(judge_size());

	l->bare = take_memory(2 * n * sizeof(*l->bare));
	l->bare_octets = take_memory((size_t)2 * n * CALLS_MAX * TEXT_ROOM);
	judge_init(judge, memory, NULL, BARE_WORKER);
	for (unsigned i = 0; i < n; i++) {
		bool to_mobile = traffic_to_mobile(i);

		learn_text(l, judge, &l->texts->text[l->config.texts][i], to_mobile, &l->bare[i]);
		learn_text(
			l, judge, &l->texts->lure[l->config.texts][i], to_mobile, &l->bare[n + i]);
	}
	free(memory);
	free(judge);
}

static void run_frames(struct lane *l, struct frame **frames, unsigned n, struct frame_list *out)
{
	for (unsigned i = 0; i < n; i += BURST) {
		unsigned burst = n - i < BURST ? n - i : BURST;

		pipeline_decode(l->pipeline, frames + i, burst);
		pipeline_run(l->pipeline, &l->turn, frames + i, burst, out);
	}
}

/* The cycles of one round; under callgrind its instructions are what is collected. */
static uint64_t measure(struct lane *l, struct frame **frames, unsigned n)
{
	struct frame_list out = { 0 };
	uint64_t start;
	uint64_t cycles;

	CALLGRIND_TOGGLE_COLLECT;
	start = clock_cycles();
	run_frames(l, frames, n, &out);
	cycles = clock_cycles() - start;
	CALLGRIND_TOGGLE_COLLECT;
	if (out.count != n) {
		fprintf(stderr, "bench: %u of %u frames left\n", out.count, n);
		exit(1);
	}
	return cycles;
}

/* add_list: a list of `n` entries, by a form with one number, and what it is asked for. */
static void add_list(struct policy *p, struct list_set *set, enum list_kind kind, unsigned n,
	enum list_match match, enum rule_action action)
{
	struct policy_list *l = &p->lists[p->n_lists];
	struct diag *diag = take_memory(sizeof(*diag));
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	struct list *list;

	for (unsigned i = 0; to != NULL && i < n; i++) {
		/* one number in a hundred of where the traffic's are, but of another length */
		fprintf(to,
			kind == LIST_NUMBER   ? "4477%09u\n"
			: kind == LIST_HOST   ? "host%u.example\n"
			: kind == LIST_SENDER ? "Sender%u\n"
			: kind == LIST_PAIR   ? "4477%09u 15550100\n"
					      : "account%u\n",
			i * 100);
	}
	list = to != NULL && fclose(to) == 0
	               ? list_read("bench", kind, "bench.txt", bytes_of(text, len), diag)
	               : NULL;
	if (list == NULL || list_set_add(set, list) < 0) {
		fprintf(stderr, "bench: no memory for lists\n");
		exit(1);
	}
	snprintf(l->name, sizeof(l->name), "list%u", p->n_lists);
	l->kind = (uint8_t)kind;
	p->list_uses[p->n_list_uses++] = (struct policy_list_use){ .list = (uint8_t)p->n_lists++,
		.match = (uint8_t)match,
		.action = (uint8_t)action,
		.link = POLICY_ANY,
		.side = POLICY_ANY };
	free(text);
	free(diag);
}

/* take_lists: into the policy; the set goes to the generation. */
static struct list_set *take_lists(struct policy *p)
{
	struct list_set *set = list_set_create();

	if (set == NULL) {
		exit(1);
	}
	add_list(p, set, LIST_NUMBER, 1000000, LIST_MATCH_DESTINATION, ACTION_PASS);
	add_list(p, set, LIST_NUMBER, 1000000, LIST_MATCH_ORIGINATOR, ACTION_REJECT);
	add_list(p, set, LIST_ACCOUNT, 10000, LIST_MATCH_ACCOUNT, ACTION_REPORT);
	add_list(p, set, LIST_HOST, 100000, LIST_MATCH_TEXT, ACTION_REJECT);
	return set;
}

/* take_list: one list, asked for what lists of its kind are asked for. */
static struct list_set *take_list(struct policy *p, const struct lane_config *c)
{
	struct list_set *set = list_set_create();

	if (set == NULL) {
		exit(1);
	}
	add_list(p, set, c->list_kind, c->list_n,
		c->list_kind == LIST_HOST   ? LIST_MATCH_TEXT
		: c->list_kind == LIST_PAIR ? LIST_MATCH_PAIR
					    : LIST_MATCH_ORIGINATOR,
		ACTION_REJECT);
	return set;
}

/* take_limit: a limit by sender that refuses nobody. */
static void take_limit(struct policy *p)
{
	struct limit_rule *r = &p->limits[p->n_limits++];

	*r = (struct limit_rule){ .name = "bench",
		.kind = LIMIT_RATE,
		.n_keys = 1,
		.keys = { LIMIT_KEY_ORIGINATOR },
		.action = ACTION_THROTTLE,
		.state = RULE_ON,
		.max = 1000000,
		.burst = 1000000,
		.per_us = LIMIT_PER_MAX_US };
	if (limit_prepare(r) != NULL) {
		exit(1);
	}
}

/* fill_limits: keys of senders that the traffic has none of. */
static void fill_limits(struct lane *l)
{
	const struct limit_rule *rule = &l->generation->policy->limits[0];

	for (unsigned i = 0; i < l->config.limit_keys; i++) {
		struct limit_charge charge = {
			.rule = rule, .units = 1, .action = rule->action, .acts = true
		};
		struct limit_key_value key;
		char number[16];

		limit_key_begin(&key);
		limit_key_put(&key,
			bytes_of(number, (size_t)snprintf(number, sizeof(number), "4999%09u", i)));
		charge.key = limits_key(l->limits, rule, &key);
		(void)limits_charge(l->limits, 0, &charge, 1, 1000000);
	}
}

struct lane *lane_create(const struct lane_config *config, const struct texts *texts,
	struct ruleset *rules, unsigned n_sessions)
{
	struct lane *l = take_memory(sizeof(*l));
	struct policy *policy = take_memory(sizeof(*policy));
	struct list_set *lists = NULL;
	struct traffic_config traffic = { .texts = texts->text[config->texts],
		.lures = texts->lure[config->texts],
		.n_texts = texts->n,
		.lure_every = config->lure_every,
		.n_sessions = n_sessions,
		.per_session = PER_SESSION,
		.server_port = config->other ? OTHER_PORT : SMPP_PORT,
		.refusing = config->mode == LINK_ENFORCE,
		.pure_acks = config->pure_acks,
		.per_packet = config->per_packet };
	struct frame_list out = { 0 };
	unsigned n;
	struct frame **frames;

	l->config = *config;
	l->texts = texts;
	configure(&l->pipeline_config, config);
	policy_default(policy, rules, ACTION_REJECT);
	lists = config->lists         ? take_lists(policy)
	        : config->list_n != 0 ? take_list(policy, config)
	                              : NULL;
	if (config->limit_keys != 0) {
		take_limit(policy);
	}
	l->generation = generation_create(1, rules, policy, N_WORKERS);
	generation_set_lists(l->generation, lists);
	list_set_unref(lists);
	free(policy);
	l->flows = flowtable_create("bench", l->pipeline_config.flows_max, 0, 0);
	l->concat_memory = take_memory(concat_size(&l->pipeline_config.concat));
	l->concat = concat_init(l->concat_memory, &l->pipeline_config.concat);
	l->memory = take_memory(pipeline_budget(&l->pipeline_config));
	l->limits_memory = take_memory(limits_size(&l->pipeline_config.limits));
	l->limits = limits_init(l->limits_memory, &l->pipeline_config.limits);
	if (config->limit_keys != 0) {
		fill_limits(l);
	}
	l->pipeline =
		pipeline_create(l->memory, &l->pipeline_config, l->flows, l->concat, l->limits, 0);
	l->turn.generation = l->generation;
	l->traffic = traffic_create(&traffic);
	learn_calls(l);
	frames = traffic_open(l->traffic, &n);
	run_frames(l, frames, n, &out);
	CALLGRIND_START_INSTRUMENTATION; /* from here on; compiling rules under it takes minutes */
	return l;
}

void lane_destroy(struct lane *l)
{
	generation_free(l->generation);
	flowtable_destroy(l->flows);
	traffic_destroy(l->traffic);
	free(l->bare_octets);
	free(l->bare);
	free(l->memory);
	free(l->concat_memory);
	free(l);
}

static int ignore_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	(void)context;
	return 0;
}

static const struct bare_text *bare_of(const struct lane *l, unsigned message)
{
	const struct traffic_text *text = traffic_text_of(l->traffic, message);
	const struct traffic_text *base = l->texts->text[l->config.texts];

	return text->lure
	               ? &l->bare[l->texts->n + (unsigned)(text - l->texts->lure[l->config.texts])]
	               : &l->bare[text - base];
}

static uint64_t measure_bare(struct lane *l, unsigned n_messages)
{
	hs_scratch_t *scratch = (hs_scratch_t *)(void *)l->generation->scratch[BARE_WORKER];
	uint64_t start = clock_cycles();

	for (unsigned i = 0; i < n_messages; i++) {
		const struct bare_text *bare = bare_of(l, i);

		for (unsigned k = 0; k < bare->n_calls; k++) {
			const struct bare_call *c = &bare->calls[k];

			hs_scan(c->database, c->text, c->len, 0, scratch, ignore_match, NULL);
		}
	}
	return clock_cycles() - start;
}

static void drain_events(struct lane *l)
{
	static uint8_t text[LIMIT_TEXT_LEN];
	struct event event;

	while (event_ring_take(pipeline_events(l->pipeline), &event, text, sizeof(text))) {
	}
}

/* The figures of stream, sctp and map hold those of what they call. */
static void make_exclusive(double *stage, bool sigtran)
{
	double inner =
		stage[STAGE_text] + stage[STAGE_scan] + stage[STAGE_policy] + stage[STAGE_edit];

	if (sigtran) {
		stage[STAGE_sctp] -= stage[STAGE_map];
		stage[STAGE_map] -= inner;
	} else {
		stage[STAGE_stream] -= stage[STAGE_smpp] + inner;
	}
}

struct lane_round lane_run(struct lane *l)
{
	struct stats *stats = pipeline_stats(l->pipeline);
	static struct stats before;
	struct lane_round r = { 0 };
	struct rusage usage;
	long switches;
	unsigned n;
	struct frame **frames = traffic_round(l->traffic, &n);
	unsigned messages = traffic_messages(l->traffic);
	double per = l->config.other ? n : messages;

	before = *stats;
	(void)getrusage(RUSAGE_SELF, &usage);
	switches = usage.ru_nivcsw;
	r.total = (double)measure(l, frames, n) / per;
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		r.stage[i] = (double)(stats->cycles[i] - before.cycles[i]) / per;
	}
	make_exclusive(r.stage, l->config.per_packet != 0);
	if (!l->config.other) {
		r.scan = (double)measure_bare(l, messages) / per;
	}
	(void)getrusage(RUSAGE_SELF, &usage);
	r.disturbed = usage.ru_nivcsw != switches;
	l->messages += stats->counter[STAT_messages] - before.counter[STAT_messages];
	l->scans += stats->counter[STAT_scans] - before.counter[STAT_scans];
	l->refused +=
		stats->counter[STAT_messages_rejected] - before.counter[STAT_messages_rejected];
	drain_events(l);
	return r;
}

struct lane_facts lane_facts(const struct lane *l)
{
	double messages = l->messages != 0 ? (double)l->messages : 1;

	return (struct lane_facts){ .scans_per_message = (double)l->scans / messages,
		.refused = (double)l->refused / messages,
		.octets = l->texts->octets[l->config.texts],
		.messages = l->messages };
}
