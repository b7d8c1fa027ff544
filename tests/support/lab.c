/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/lab.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/proto/smpp.h"
#include "patterns/compile.h"

enum {
	ETH_LEN = 14,
	IP_LEN = 20,
	TCP_LEN = 20,
	HEADERS = ETH_LEN + IP_LEN + TCP_LEN,
	SMPP_PORT = 2775
};

static void configure(struct pipeline_config *c, enum link_mode mode)
{
	struct link_config *link = &c->links[0];

	*c = (struct pipeline_config){
		.n_links = 1,
		.flows_max = 64,
		.stream_chunks = 2048,
		.pending_max = 4096,
		.concat = { .messages_max = 256,
			.blocks_max = 4096,
			.age_us = 60000000,
			.hash_key = 1 },
		.limits = { .cells = 1024,
			.distinct_keys = 64,
			.ratio_keys = 64,
			.hash_key = 1,
			.n_workers = 1 },
		.fragments = { .datagrams_max = 4,
			.per_source_max = 4,
			.frames_max = 64,
			.timeout_us = 2000000 },
		.associations_max = 16,
		.sctp_journal_octets = 1 << 20,
		.dialogues_max = 1024,
		.dialogue_age_us = 120000000,
		.sccp_segments_max = 16,
		.signalling = { .entries_max = 1024,
			.age_us = 3600000000,
			.delivery_us = 300000000,
			.learn_us = 0,
			.hash_key = 1 },
		.flow_idle_us = 600000000,
		.event_select = EVENTS_ALL,
		.event_text = true,
		.event_ring_len = 1 << 22,
	};
	snprintf(link->name, sizeof(link->name), "lab");
	link->mode = (uint8_t)mode;
	link->checksums = CHECKSUM_VERIFY;
	link->content = true;
	link->to_smsc = (struct refusal_config){
		.style = EDIT_SELF_REJECT, .poison = POISON_DEST | POISON_PRIORITY, .status = 0x45
	};
	link->to_esme = (struct refusal_config){ .style = EDIT_BLANK, .status = 0x65 };
	link->mo = (struct refusal_config){ .style = EDIT_MAP_REJECT, .status = 36 };
	link->mt = (struct refusal_config){ .style = EDIT_MAP_REJECT, .status = 5 };
	link->sctp_hold_us = 20000;
	link->smpp_ports[0] = SMPP_PORT;
	link->n_smpp_ports = 1;
	link->tcp = (struct tcp_config){ .hold_us = 20000,
		.history_us = 10000000,
		.release_on_retransmit = true,
		.enforce = mode == LINK_ENFORCE };
}

struct generation *lab_rules(const char *patterns)
{
	struct diag *diag = calloc(1, sizeof(*diag));
	struct compile_limits limits = compile_default_limits();
	struct policy *policy = calloc(1, sizeof(*policy));
	struct source source;
	struct ruleset *rules;
	struct generation *g;

	source_init(&source);
	if (!source_read_text(&source, "lab", patterns, strlen(patterns), diag) ||
		(rules = compile_source(&source, &limits, NULL, NULL, diag)) == NULL) {
		diag_print(diag, stderr);
		abort();
	}
	policy_default(policy, rules, ACTION_REJECT);
	g = generation_create(1, rules, policy, 1);
	ruleset_unref(rules);
	source_free(&source);
	free(policy);
	diag_clear(diag);
	free(diag);
	return g;
}

enum { ALIGNMENT = 64 };

/* zeroed: by calloc, which takes pages that are zero already and leaves those alone that nobody uses. */
static void *zeroed(size_t len)
{
	uint8_t *block = calloc(1, len + 2 * ALIGNMENT);
	size_t skip;

	assert(block != NULL);
	skip = ALIGNMENT + (ALIGNMENT - (uintptr_t)block % ALIGNMENT);
	memcpy(block + skip - sizeof(block), &block, sizeof(block));
	return block + skip;
}

static void zeroed_free(void *memory)
{
	uint8_t *block;

	memcpy(&block, (uint8_t *)memory - sizeof(block), sizeof(block));
	free(block);
}

struct lab *lab_create_on(struct generation *rules, enum link_mode mode)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert(lab != NULL);
	configure(&lab->config, mode);
	lab->flows = flowtable_create("lab", lab->config.flows_max, 0, 0);
	lab->concat_memory = zeroed(concat_size(&lab->config.concat));
	lab->concat = concat_init(lab->concat_memory, &lab->config.concat);
	lab->limits_memory = zeroed(limits_size(&lab->config.limits));
	lab->limits = limits_init(lab->limits_memory, &lab->config.limits);
	lab->memory = zeroed(pipeline_budget(&lab->config));
	lab->pipeline =
		pipeline_create(lab->memory, &lab->config, lab->flows, lab->concat, lab->limits, 0);
	lab->generation = rules;
	lab->borrowed = true;
	lab->turn.generation = lab->generation;
	lab->now_us = 1700000000000000;
	lab->client_port = 40000;
	return lab;
}

struct lab *lab_create(const char *patterns, enum link_mode mode)
{
	struct lab *lab = lab_create_on(lab_rules(patterns), mode);

	lab->borrowed = false;
	return lab;
}

static void free_results(struct lab *lab)
{
	for (unsigned i = 0; i < lab->n_out; i++) {
		free(lab->out[i].octets);
	}
	for (unsigned i = 0; i < lab->n_events; i++) {
		free(lab->events[i].text);
	}
	lab->n_out = 0;
	lab->n_ours = 0;
	lab->n_events = 0;
}

void lab_destroy(struct lab *lab)
{
	free_results(lab);
	for (unsigned i = 0; i < LAB_FRAMES; i++) {
		free(lab->octets[i]);
	}
	if (!lab->borrowed) {
		generation_free(lab->generation);
	}
	flowtable_destroy(lab->flows);
	zeroed_free(lab->memory);
	zeroed_free(lab->concat_memory);
	zeroed_free(lab->limits_memory);
	free(lab);
}

void lab_clear(struct lab *lab)
{
	assert(lab->n_out == lab->n_sent + lab->n_ours);
	free_results(lab);
	lab->n_sent = 0;
}

static void give_back(struct lab *lab, struct frame *f)
{
	bool ours = f >= lab->spare_frames && f < lab->spare_frames + LAB_SPARE;

	if (ours) {
		lab->n_ours++;
		lab->out[lab->n_out - 1].ours = true;
		frame_list_add(&lab->spare, f);
		return;
	}
	free(lab->octets[f->number - 1]);
	lab->octets[f->number - 1] = NULL;
}

static void note_out(struct lab *lab, struct frame *f)
{
	struct lab_out *out = &lab->out[lab->n_out++];
	struct frame check;

	assert(lab->n_out <= LAB_FRAMES);
	*out = (struct lab_out){ .len = f->len, .number = f->number, .time_us = f->time_us };
	out->octets = malloc(f->len);
	assert(out->octets != NULL);
	memcpy(out->octets, f->data, f->len);
	check = (struct frame){ .data = out->octets, .len = f->len, .wire_len = f->len };
	frame_decode(&check, CHECKSUM_VERIFY, false);
	out->checksum_right = check.reason == R_none;
	out->from_client = f->from_side == 1;
	out->seq = check.seq;
	out->payload = frame_payload(&check);
	give_back(lab, f);
}

static void take_results(struct lab *lab, struct frame_list *out)
{
	static uint8_t text[LIMIT_TEXT_LEN];
	struct event event;
	struct frame *f;

	while ((f = frame_list_take(out)) != NULL) {
		note_out(lab, f);
	}
	while (event_ring_take(pipeline_events(lab->pipeline), &event, text, sizeof(text))) {
		struct lab_event *e = &lab->events[lab->n_events++];

		assert(lab->n_events <= LAB_EVENTS);
		e->event = event;
		e->text = calloc(1, event.tail_len + 1);
		assert(e->text != NULL);
		memcpy(e->text, text, event.tail_len);
	}
}

static void put_ip_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < IP_LEN; i += 2) {
		sum += be16(ip + i);
	}
	sum = (sum & 0xFFFF) + (sum >> 16);
	put_be16(ip + 10, (uint16_t) ~((sum & 0xFFFF) + (sum >> 16)));
}

static struct frame *make_frame(struct lab *lab, bool from_client, uint32_t seq, uint32_t ack,
	uint8_t flags, uint16_t window, struct bytes payload)
{
	/* SACK-permitted, a window scale of 4 */
	static const uint8_t offer[8] = { 4, 2, 3, 3, 4, 1, 1, 1 };
	bool syn = (flags & TCP_SYN) != 0;
	size_t options_len = !lab->options ? 0 : syn ? 12 + 8 : 12;
	size_t len = HEADERS + options_len + payload.len;
	uint8_t *o = calloc(1, len);
	struct frame *f = &lab->frames[lab->n_sent];
	uint8_t *ip;
	uint8_t *tcp;

	assert(o != NULL && lab->n_sent < LAB_FRAMES);
	ip = o + ETH_LEN;
	tcp = ip + IP_LEN;
	o[12] = 0x08;
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(IP_LEN + TCP_LEN + options_len + payload.len));
	ip[8] = 64;
	ip[9] = 6;
	put_be32(ip + 12, from_client ? 0x0A000001 : 0x0A000002);
	put_be32(ip + 16, from_client ? 0x0A000002 : 0x0A000001);
	put_ip_checksum(ip);
	put_be16(tcp, from_client ? lab->client_port : SMPP_PORT);
	put_be16(tcp + 2, from_client ? SMPP_PORT : lab->client_port);
	put_be32(tcp + 4, seq);
	put_be32(tcp + 8, ack);
	tcp[12] = (uint8_t)((TCP_LEN + options_len) / 4 << 4);
	tcp[13] = flags;
	put_be16(tcp + 14, window);
	if (options_len != 0) {
		lab->ts_value[from_client] = (uint32_t)(lab->now_us / 1000);
		put_be32(tcp + TCP_LEN, 0x0101080A); /* RFC 7323 appendix A */
		put_be32(tcp + TCP_LEN + 4, lab->ts_value[from_client]);
		put_be32(tcp + TCP_LEN + 8, lab->ts_value[!from_client]);
		memcpy(tcp + TCP_LEN + 12, offer, options_len - 12);
	}
	memcpy(tcp + TCP_LEN + options_len, payload.data, payload.len);
	lab->octets[lab->n_sent] = o;
	*f = (struct frame){ .data = o,
		.len = (uint32_t)len,
		.wire_len = (uint32_t)len,
		.time_us = lab->now_us,
		.number = ++lab->n_sent,
		.direction = from_client ? 1 : 0,
		.from_side = from_client ? 1 : 0 };
	frame_decode(f, CHECKSUM_TRUST, false);
	frame_mend_checksums(f);
	return f;
}

static void send_frame(struct lab *lab, struct frame *f)
{
	struct frame_list out = { 0 };

	lab->now_us += 10;
	f->time_us = lab->now_us;
	pipeline_decode(lab->pipeline, &f, 1);
	pipeline_run(lab->pipeline, &lab->turn, &f, 1, &out);
	take_results(lab, &out);
}

void lab_frame(struct lab *lab, bool from_client, struct bytes octets)
{
	uint8_t *o = malloc(octets.len);
	struct frame *f = &lab->frames[lab->n_sent];

	assert(o != NULL && lab->n_sent < LAB_FRAMES);
	memcpy(o, octets.data, octets.len);
	lab->octets[lab->n_sent] = o;
	*f = (struct frame){ .data = o,
		.len = (uint32_t)octets.len,
		.wire_len = (uint32_t)octets.len,
		.number = ++lab->n_sent,
		.direction = from_client ? 1 : 0,
		.from_side = from_client ? 1 : 0 };
	send_frame(lab, f);
}

void lab_segment(
	struct lab *lab, bool from_client, uint32_t seq, uint8_t flags, struct bytes payload)
{
	uint32_t ack = (flags & TCP_ACK) == 0 ? 0
	               : from_client          ? lab->server_next
	                                      : lab->client_next;

	send_frame(lab, make_frame(lab, from_client, seq, ack, flags, 65535, payload));
}

void lab_send(struct lab *lab, bool from_client, uint32_t seq, uint32_t ack, uint8_t flags,
	uint16_t window, struct bytes payload)
{
	send_frame(lab, make_frame(lab, from_client, seq, ack, flags, window, payload));
}

void lab_live(struct lab *lab)
{
	lab->options = true;
	lab->turn.spare = &lab->spare;
	for (unsigned i = 0; i < LAB_SPARE; i++) {
		lab->spare_frames[i] = (struct frame){ .data = lab->spare_octets[i] };
		frame_list_add(&lab->spare, &lab->spare_frames[i]);
	}
}

void lab_ack(struct lab *lab, bool from_client, uint32_t ack)
{
	uint32_t seq = from_client ? lab->client_next : lab->server_next;

	send_frame(lab, make_frame(lab, from_client, seq, ack, TCP_ACK, 65535, bytes_of(NULL, 0)));
}

void lab_connect(struct lab *lab, uint32_t client_isn, uint32_t server_isn)
{
	lab->client_port++;
	lab->client_next = client_isn + 1;
	lab->server_next = server_isn + 1;
	lab_segment(lab, true, client_isn, TCP_SYN, bytes_of(NULL, 0));
	lab_segment(lab, false, server_isn, TCP_SYN | TCP_ACK, bytes_of(NULL, 0));
	lab_segment(lab, true, client_isn + 1, TCP_ACK, bytes_of(NULL, 0));
}

void lab_say(struct lab *lab, bool from_client, struct bytes payload)
{
	uint32_t *next = from_client ? &lab->client_next : &lab->server_next;
	uint32_t seq = *next;

	*next += (uint32_t)payload.len;
	lab_segment(lab, from_client, seq, TCP_ACK | TCP_PSH, payload);
}

void lab_bind(struct lab *lab, const char *system_id)
{
	uint8_t body[64] = { 0 };
	uint8_t pdu[128];
	size_t id_len = strlen(system_id);
	size_t len;

	memcpy(body, system_id, id_len);
	/* password "", system_type "", version, TON, NPI, range "" (SMPP 3.4 4.1.5) */
	body[id_len + 3] = 0x34;
	len = lab_pdu(pdu, sizeof(pdu), SMPP_BIND_TRANSCEIVER, 0, 1, bytes_of(body, id_len + 7));
	lab_say(lab, true, bytes_of(pdu, len));
	len = lab_pdu(
		pdu, sizeof(pdu), SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE, 0, 1, bytes_of("smsc", 5));
	lab_say(lab, false, bytes_of(pdu, len));
}

void lab_wait(struct lab *lab, uint64_t us)
{
	struct frame_list out = { 0 };

	lab->now_us += us;
	pipeline_tick(lab->pipeline, &lab->turn, lab->now_us, &out);
	take_results(lab, &out);
}

void lab_end(struct lab *lab)
{
	struct frame_list out = { 0 };

	pipeline_drain(lab->pipeline, &lab->turn, lab->now_us, &out);
	take_results(lab, &out);
	lab->ended = true;
}

struct bytes lab_received(const struct lab *lab, bool from_client, uint32_t from, size_t len)
{
	uint8_t *octets = calloc(1, len + 1);
	uint8_t *have = calloc(1, len + 1);
	size_t n = 0;

	assert(octets != NULL && have != NULL);
	for (unsigned i = 0; i < lab->n_out; i++) {
		const struct lab_out *o = &lab->out[i];

		for (size_t k = 0; o->from_client == from_client && k < o->payload.len; k++) {
			uint32_t at = o->seq + (uint32_t)k - from;

			if (at < len && !have[at]) {
				octets[at] = o->payload.data[k];
				have[at] = 1;
			}
		}
	}
	while (n < len && have[n]) {
		n++;
	}
	free(have);
	return bytes_of(octets, n);
}

unsigned lab_messages(const struct lab *lab)
{
	unsigned n = 0;

	for (unsigned i = 0; i < lab->n_events; i++) {
		n += lab->events[i].event.type == EVENT_MESSAGE;
	}
	return n;
}

const struct lab_event *lab_message(const struct lab *lab, unsigned i)
{
	for (unsigned k = 0; k < lab->n_events; k++) {
		if (lab->events[k].event.type == EVENT_MESSAGE && i-- == 0) {
			return &lab->events[k];
		}
	}
	return NULL;
}

unsigned lab_anomalies(const struct lab *lab, enum reason why)
{
	unsigned n = 0;

	for (unsigned i = 0; i < lab->n_events; i++) {
		n += lab->events[i].event.type == EVENT_ANOMALY &&
		     lab->events[i].event.u.anomaly.reason == why;
	}
	return n;
}

bool lab_ledger_adds_up(const struct lab *lab)
{
	const struct ledger *l = &pipeline_stats(lab->pipeline)->ledger;

	for (unsigned d = 0; d < STATS_DIRECTIONS; d++) {
		uint64_t sum = 0;

		for (unsigned r = 0; r < R_COUNT; r++) {
			sum += l->octets[d][r];
		}
		if (sum + l->waiting[d] != l->forwarded[d] || (lab->ended && l->waiting[d] != 0)) {
			fprintf(stderr,
				"ledger of direction %u: %llu in reasons, %llu wait, %llu forwarded\n",
				d, (unsigned long long)sum, (unsigned long long)l->waiting[d],
				(unsigned long long)l->forwarded[d]);
			return false;
		}
	}
	return true;
}

size_t lab_pdu(uint8_t *out, size_t size, uint32_t command, uint32_t status, uint32_t sequence,
	struct bytes body)
{
	struct writer w = writer_of(out, size);

	writer_u32(&w, (uint32_t)(SMPP_HEADER_LEN + body.len));
	writer_u32(&w, command);
	writer_u32(&w, status);
	writer_u32(&w, sequence);
	writer_put(&w, body);
	assert(writer_ok(&w));
	return SMPP_HEADER_LEN + body.len;
}

size_t lab_submit(uint8_t *out, size_t size, uint32_t sequence, const char *text)
{
	uint8_t body[512];
	struct writer w = writer_of(body, sizeof(body));

	assert(strlen(text) <= 254);
	writer_u8(&w, 0);                          /* service_type */
	writer_put(&w, bytes_of("\5\0SENDER", 9)); /* source: alphanumeric */
	writer_put(&w, bytes_of("\1\1"
				"447700900123",
			       15));                       /* destination */
	writer_put(&w, bytes_of("\0\0\0\0\0\0\0\0\0", 9)); /* esm_class .. sm_default_msg_id */
	writer_u8(&w, (uint8_t)strlen(text));
	writer_put(&w, bytes_str(text));
	return lab_pdu(out, size, SMPP_SUBMIT_SM, 0, sequence,
		bytes_of(body, sizeof(body) - writer_left(&w)));
}
