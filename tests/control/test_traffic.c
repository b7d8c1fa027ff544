/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Made traffic: the decoders read from it what its labels say; the same seed gives the same octets;
 * every mix runs; settings and texts are checked. What tshark reads: tests/replay/check-traffic.
 */
#include "control/traffic.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/code.h"
#include "dataplane/net/sctp.h"
#include "dataplane/proto/m3ua.h"
#include "dataplane/proto/sccp_segments.h"
#include "dataplane/sms/from_map.h"
#include "dataplane/sms/from_smpp.h"
#include "tests/support/unit.h"

enum { FOUND_MAX = 20000, LABELS_MAX = 6000, TEXT_BUFFER = 8192, M3UA = 3 };

/* What the decoders read of one PDU or Invoke, in the terms of a label. */
struct found {
	uint64_t frame;
	bool map;
	uint32_t sequence; /* MAP: invoke id */
	uint32_t otid;
	uint32_t dtid;
	int32_t operation;
	uint8_t version;
	const char *command;
	const char *tpdu;
	struct traffic_address from;
	struct traffic_address to;
	char imsi[40];
	char msisdn[40];
	char centre[40];
	char calling[40];
	char called[40];
	uint8_t data_coding;
	struct sms_concat concat;
	char *text; /* NULL: there is none */
	size_t n_octets;
	uint8_t octets[TRAFFIC_BINARY_LEN + 1];
};

struct reader {
	struct found *found;
	size_t n_found;
	struct traffic_label *labels;
	size_t n_labels;
	struct sccp_segments *segments;
	struct stats stats;
	uint8_t text[TEXT_BUFFER + LIMIT_SCAN_TAIL];
	uint8_t joined[LIMIT_SCCP_JOINED_LEN];
	uint64_t last_us;
	uint64_t n_bad; /* frames with a wrong checksum or that are no TCP or SCTP */
	uint64_t n_unread;
};

static void put_string(char *out, size_t size, struct bytes s)
{
	(void)snprintf(out, size, "%.*s", (int)s.len, (const char *)s.data);
}

static void put_digits(char *out, size_t size, const struct gsmmap_address *a)
{
	put_string(out, size, bytes_of(a->digits, a->n_digits));
}

static struct traffic_address address_of(const struct sms_address *a)
{
	struct traffic_address out = { .ton = a->ton, .npi = a->npi };

	put_string(out.text, sizeof(out.text), a->digits);
	return out;
}

static struct found *find_room(struct reader *r)
{
	CU_ASSERT_TRUE_FATAL(r->n_found < FOUND_MAX);
	return &r->found[r->n_found++];
}

static void take_sms(struct found *f, const struct sms *sms)
{
	f->command = sms->command;
	f->from = address_of(&sms->source);
	f->to = address_of(&sms->destination);
	f->data_coding = sms->data_coding;
	f->concat = sms->concat;
	for (unsigned i = 0; i < sms->n_bodies; i++) {
		const struct sms_body *b = &sms->body[i];

		if (b->octets.len == 0) {
			continue;
		}
		f->text = strndup((const char *)b->text.data, b->text.len);
		if (b->input.encoding == TEXT_BINARY && b->input.data.len <= TRAFFIC_BINARY_LEN) {
			f->n_octets = b->input.data.len;
			memcpy(f->octets, b->input.data.data, f->n_octets);
		}
	}
}

/* ---- SMPP ---- */

static void read_pdu(struct reader *r, uint64_t frame, struct bytes pdu, uint32_t sequence)
{
	static struct smpp_message m;
	static struct sms sms;
	const struct smpp_profile profile = { .default_coding = TEXT_DEFAULT_GSM7 };
	struct sms_buffers buffers = { .text = r->text, .text_size = TEXT_BUFFER };
	enum reason why = R_none;
	struct found *f;

	if (smpp_message_read(pdu, &m, &why) != PARSE_OK || m.anomalies != 0) {
		r->n_unread++;
		return;
	}
	sms_from_smpp(&m, pdu, &profile, &buffers, &sms);
	f = find_room(r);
	*f = (struct found){ .frame = frame, .sequence = sequence };
	take_sms(f, &sms);
}

/* read_pdus: without cork, in large segments, a frame has whole PDUs. */
static void read_pdus(struct reader *r, const struct frame *f)
{
	struct bytes left = frame_payload(f);

	while (left.len != 0) {
		struct smpp_header h;
		enum reason why = R_none;

		if (smpp_header_read(left, &h, &why) != PARSE_OK || h.length > left.len) {
			r->n_unread++;
			return;
		}
		if (smpp_carries_text(h.command)) {
			read_pdu(r, f->number, bytes_slice(left, 0, h.length), h.sequence);
		}
		left = bytes_slice(left, h.length, left.len);
	}
}

/* ---- SIGTRAN ---- */

static uint32_t id_of(struct bytes id)
{
	return id.len == 4 ? be32(id.data) : 0;
}

static void read_component(struct reader *r, uint64_t frame, const struct sccp_message *sccp,
	const struct tcap_message *tcap, const struct tcap_component *c, struct bytes message)
{
	static struct gsmmap_message m;
	static struct map_tpdu t;
	static struct sms sms;
	struct sms_buffers buffers = { .text = r->text, .text_size = TEXT_BUFFER };
	enum reason why = R_none;
	struct found *f;

	if (gsmmap_message_read(c, gsmmap_context_of(tcap), message, &m, &why) != PARSE_OK ||
		m.anomalies != 0) {
		r->n_unread++;
		return;
	}
	if (c->type != TCAP_INVOKE) {
		return;
	}
	f = find_room(r);
	*f = (struct found){ .frame = frame,
		.map = true,
		.sequence = (uint32_t)c->invoke_id,
		.otid = id_of(tcap->otid),
		.dtid = id_of(tcap->dtid),
		.operation = m.operation,
		.version = m.context.version,
		.command = gsmmap_operation_name(m.operation) };
	put_digits(f->imsi, sizeof(f->imsi), &m.imsi);
	put_digits(f->msisdn, sizeof(f->msisdn), &m.msisdn);
	put_digits(f->centre, sizeof(f->centre), &m.service_centre);
	put_string(f->calling, sizeof(f->calling),
		bytes_of(sccp->calling.digits, sccp->calling.n_digits));
	put_string(
		f->called, sizeof(f->called), bytes_of(sccp->called.digits, sccp->called.n_digits));
	if (!m.has_ui) {
		return;
	}
	if (sms_from_map(&m, &t, &buffers, &sms, &why) != PARSE_OK || t.tpdu.anomalies != 0) {
		r->n_unread++;
		return;
	}
	take_sms(f, &sms);
	f->tpdu = tpdu_type_name(t.tpdu.type);
}

static void read_tcap(
	struct reader *r, uint64_t frame, const struct sccp_message *sccp, struct bytes message)
{
	struct tcap_message tcap;
	struct tcap_component c;
	enum reason why = R_none;
	struct cursor at;

	if (tcap_message_read(message, &tcap, &why) != PARSE_OK || tcap.anomalies != 0) {
		r->n_unread++;
		return;
	}
	at = cursor_of(tcap.components);
	while (cursor_left(&at) != 0) {
		if (tcap_component_read(&at, message, &c, &why) != PARSE_OK) {
			r->n_unread++;
			return;
		}
		read_component(r, frame, sccp, &tcap, &c, message);
	}
}

static void read_user(struct reader *r, const struct frame *f, struct bytes user)
{
	struct xua_header h;
	struct m3ua_data d;
	struct sccp_message m;
	struct sccp_joined joined;
	enum reason why = R_none;

	if (xua_header_read(user, &h, &why) != PARSE_OK || !m3ua_type_known(xua_type(&h))) {
		r->n_unread++;
		return;
	}
	if (xua_type(&h) != M3UA_DATA) {
		return;
	}
	if (m3ua_data_read(user, 0, &d, &why) != PARSE_OK || d.anomalies != 0 ||
		sccp_message_read(d.user_data, &m, &why) != PARSE_OK || m.anomalies != 0) {
		r->n_unread++;
		return;
	}
	if (m.service) {
		return;
	}
	if (!m.segmentation.present) {
		read_tcap(r, f->number, &m, m.data);
	} else if (sccp_segments_add(r->segments, f->from_lo, d.opc, d.dpc, &m, f->time_us,
			   r->joined, &r->stats, &joined, &why) == PARSE_OK) {
		read_tcap(r, f->number, &m, joined.octets);
	}
}

static void read_chunks(struct reader *r, const struct frame *f)
{
	struct sctp_walk w = sctp_walk_of(f);
	struct sctp_chunk chunk;
	struct sctp_data data;
	enum parse p;

	while ((p = sctp_next_chunk(&w, &chunk)) == PARSE_OK) {
		if (!sctp_is_data(chunk.type)) {
			continue;
		}
		if (!sctp_read_data(&chunk, &data) || data.ppid != M3UA ||
			(data.flags & (SCTP_BEGIN | SCTP_END)) != (SCTP_BEGIN | SCTP_END)) {
			r->n_unread++;
			continue;
		}
		read_user(r, f, data.user);
	}
	r->n_unread += p == PARSE_BAD;
}

/* ---- a run ---- */

static void reader_init(struct reader *r)
{
	const struct sccp_segments_config config = { .messages_max = 64, .age_us = 20000000 };
	size_t size = (sccp_segments_size(&config) + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	memset(memory, 0, size);
	memset(r, 0, sizeof(*r));
	r->segments = sccp_segments_init(memory, &config);
	r->found = calloc(FOUND_MAX, sizeof(*r->found));
	r->labels = calloc(LABELS_MAX, sizeof(*r->labels));
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->found);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->labels);
}

static void reader_free(struct reader *r)
{
	for (size_t i = 0; i < r->n_found; i++) {
		free(r->found[i].text);
	}
	free(r->segments);
	free(r->found);
	free(r->labels);
	free(r);
}

static void read_frame(struct reader *r, const struct traffic_frame *t)
{
	static uint8_t octets[65536];
	struct frame f = { .data = octets,
		.len = (uint32_t)t->octets.len,
		.wire_len = (uint32_t)t->octets.len,
		.time_us = t->time_us,
		.number = t->number };

	memcpy(octets, t->octets.data, t->octets.len);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	if (f.reason != R_none || (f.kind != FRAME_TCP && f.kind != FRAME_SCTP) ||
		t->time_us < r->last_us) {
		r->n_bad++;
	}
	r->last_us = t->time_us;
	if (f.kind == FRAME_TCP) {
		read_pdus(r, &f);
	} else if (f.kind == FRAME_SCTP) {
		read_chunks(r, &f);
	}
}

static struct traffic_maker *open_maker(const struct traffic_mix *mix)
{
	static struct diag diag;
	struct traffic_maker *m;
	int code = 0;

	m = traffic_maker_open(mix, &diag, &code);
	diag_print(&diag, stderr);
	diag_clear(&diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	return m;
}

static struct reader *read_all(const struct traffic_mix *mix)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct traffic_maker *m = open_maker(mix);
	const struct traffic_label *label;
	struct traffic_frame frame;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	reader_init(r);
	while (traffic_maker_next(m, &frame)) {
		read_frame(r, &frame);
		while ((label = traffic_maker_label(m)) != NULL) {
			CU_ASSERT_TRUE_FATAL(r->n_labels < LABELS_MAX);
			r->labels[r->n_labels++] = *label;
		}
	}
	CU_ASSERT_FALSE(traffic_maker_failed(m));
	CU_ASSERT_PTR_NULL(traffic_maker_label(m));
	CU_ASSERT_EQUAL(traffic_maker_totals(m)->n_labels, r->n_labels);
	traffic_maker_close(m);
	return r;
}

static void set_all(struct traffic_mix *mix, const char *const *settings)
{
	static struct diag diag;

	for (; *settings != NULL; settings++) {
		CU_ASSERT_TRUE(traffic_mix_set(mix, *settings, &diag));
	}
	diag_clear(&diag);
}

/* ---- comparison ---- */

static const struct found *find(
	const struct reader *r, const struct traffic_label *l, const struct traffic_part *p)
{
	for (size_t i = 0; i < r->n_found; i++) {
		const struct found *f = &r->found[i];

		if (f->frame == p->frame && f->map == l->map &&
			f->sequence == (l->map ? p->invoke_id : p->sequence) &&
			f->otid == p->otid && f->dtid == p->dtid &&
			(l->map || strcmp(f->command, l->command) == 0)) {
			return f;
		}
	}
	return NULL;
}

static unsigned differ(
	const struct traffic_label *l, const char *what, const char *a, const char *b)
{
	if (strcmp(a, b) != 0) {
		fprintf(stderr, "label %llu (%s): %s: \"%s\", read as \"%s\"\n",
			(unsigned long long)l->number, l->command, what, a, b);
		return 1;
	}
	return 0;
}

static unsigned differ_number(const struct traffic_label *l, const char *what, long a, long b)
{
	if (a != b) {
		fprintf(stderr, "label %llu (%s): %s: %ld, read as %ld\n",
			(unsigned long long)l->number, l->command, what, a, b);
		return 1;
	}
	return 0;
}

static unsigned compare_map(const struct traffic_label *l, const struct found *f)
{
	unsigned n = differ_number(l, "operation", l->operation, f->operation);

	n += differ(l, "calling", l->calling, f->calling);
	n += differ(l, "called", l->called, f->called);
	n += differ(l, "centre", l->centre, f->centre);
	if (l->operation != 45) { /* the IMSI of a query is in its answer */
		n += differ(l, "imsi", l->imsi, f->imsi);
	}
	n += differ(l, "msisdn", l->msisdn, f->msisdn);
	n += differ(l, "tpdu", l->tpdu != NULL ? l->tpdu : "", f->tpdu != NULL ? f->tpdu : "");
	if (f->otid != 0 && f->dtid == 0 && f->version != 0) {
		n += differ_number(l, "version", l->version, f->version);
	}
	return n;
}

static unsigned compare_content(
	const struct traffic_label *l, const struct traffic_part *p, const struct found *f)
{
	unsigned n = 0;
	static char text[TRAFFIC_TEXT_SIZE_MAX];

	if (l->coding == NULL) {
		return 0;
	}
	n += differ_number(l, "data_coding", l->data_coding, f->data_coding);
	n += differ_number(l, "reference", p->reference, f->concat.reference);
	n += differ_number(l, "part", p->number, f->concat.part);
	n += differ_number(l, "total", p->total, f->concat.total);
	if (l->n_octets != 0) {
		n += differ_number(l, "octets", l->n_octets, (long)f->n_octets);
		return n + (memcmp(l->octets, f->octets, l->n_octets) != 0);
	}
	(void)snprintf(text, sizeof(text), "%.*s", (int)p->text_len, l->text + p->text_at);
	return n + differ(l, "text", text, f->text != NULL ? f->text : "");
}

static unsigned compare_addresses(const struct traffic_label *l, const struct found *f)
{
	unsigned n = 0;

	if (!l->map || strcmp(l->tpdu, "SMS-SUBMIT") == 0 || strcmp(l->tpdu, "SMS-DELIVER") == 0) {
		n += differ(l, "from", l->from.text, f->from.text);
		n += differ_number(l, "from ton", l->from.ton, f->from.ton);
	}
	if (!l->map || strcmp(l->tpdu, "SMS-SUBMIT") == 0) {
		n += differ(l, "to", l->to.text, f->to.text);
		n += differ_number(l, "to ton", l->to.ton, f->to.ton);
	}
	return n;
}

static unsigned compare_label(const struct reader *r, const struct traffic_label *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->n_parts; i++) {
		const struct found *f = find(r, l, &l->parts[i]);

		if (f == NULL) {
			fprintf(stderr, "label %llu (%s): part %u is not found\n",
				(unsigned long long)l->number, l->command, i + 1);
			n++;
			continue;
		}
		if (l->map) {
			n += compare_map(l, f);
		}
		if (f->command != NULL && (!l->map || l->tpdu != NULL)) {
			n += differ(l, "command", l->command, f->command);
			n += compare_addresses(l, f);
		}
		n += compare_content(l, &l->parts[i], f);
	}
	return n;
}

/* expect_read: nothing unread, and each label is what the decoders read. */
static void expect_read(const struct traffic_mix *mix)
{
	struct reader *r = read_all(mix);
	size_t n_parts = 0;
	unsigned n_wrong = 0;

	CU_ASSERT_EQUAL(r->n_bad, 0);
	CU_ASSERT_EQUAL(r->n_unread, 0);
	CU_ASSERT_TRUE(r->n_labels >= mix->n_messages);
	for (size_t i = 0; i < r->n_labels && n_wrong < 20; i++) {
		n_wrong += compare_label(r, &r->labels[i]);
		n_parts += r->labels[i].n_parts;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT_EQUAL(n_parts, r->n_found);
	reader_free(r);
}

static void decoders_read_what_labels_say(void)
{
	static const char *const cases[][8] = {
		{ "smpp.payload=30", NULL },
		{ "text.shift=100", "text.ucs2=0", "text.latin1=0", "text.long=50", NULL },
		{ "text.ucs2=100", "text.long=50", "carrier.smpp=80", NULL },
		{ "map.indefinite=50", "map.enhanced=50", "carrier.smpp=0", "map.lmsi=50", NULL },
		{ "sccp.gt1=50", "sccp.gt2=50", "sccp.gt3=50", "sccp.ludt=50", "sccp.segments=50",
			"carrier.smpp=0", "sctp.bundle=10", NULL },
		{ "text.binary=100", NULL },
		{ "sctp.idata=1", "sctp.unordered=50", "sctp.multihomed=100", "carrier.smpp=0",
			NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct traffic_mix mix;

		traffic_mix_init(&mix);
		mix.n_messages = 500;
		mix.seed = 100 + i;
		set_all(&mix, (const char *const[]){ "tcp.mss=8960", "tcp.cork=0", NULL });
		set_all(&mix, cases[i]);
		expect_read(&mix);
	}
}

static uint64_t digest(const struct traffic_mix *mix)
{
	struct traffic_maker *m = open_maker(mix);
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	struct traffic_frame f;

	while (traffic_maker_next(m, &f)) {
		for (size_t i = 0; i < f.octets.len; i++) {
			hash = (hash ^ f.octets.data[i]) * UINT64_C(1099511628211);
		}
		hash = (hash ^ f.time_us) * UINT64_C(1099511628211);
	}
	traffic_maker_close(m);
	return hash;
}

static void a_seed_is_a_capture(void)
{
	struct traffic_mix mix;
	uint64_t first;

	traffic_mix_init(&mix);
	mix.n_messages = 300;
	first = digest(&mix);
	CU_ASSERT_EQUAL(digest(&mix), first);
	mix.seed++;
	CU_ASSERT_NOT_EQUAL(digest(&mix), first);
}

/* Every setting at its ends: the maker comes to its end, and every label is told. */
static void every_setting_runs(void)
{
	static struct diag diag;

	for (unsigned k = 0; k < TRAFFIC_KEY_COUNT; k++) {
#define X(name, key, min, max, value, help) { min, max },
		static const uint32_t ends[][2] = { TRAFFIC_KEYS(X) };
#undef X

		for (unsigned end = 0; end < 2; end++) {
			struct traffic_maker *m;
			struct traffic_mix mix;
			struct traffic_frame f;
			uint64_t n_labels = 0;

			traffic_mix_init(&mix);
			mix.n_messages = 40;
			mix.value[k] = ends[k][end];
			CU_ASSERT_TRUE_FATAL(traffic_mix_check(&mix, &diag));
			m = open_maker(&mix);
			while (traffic_maker_next(m, &f)) {
				const struct traffic_label *l;

				while ((l = traffic_maker_label(m)) != NULL) {
					n_labels++;
					CU_ASSERT_NOT_EQUAL(l->parts[0].frame, 0);
				}
			}
			CU_ASSERT_FALSE(traffic_maker_failed(m));
			CU_ASSERT_TRUE(n_labels >= 40);
			traffic_maker_close(m);
		}
	}
	diag_clear(&diag);
}

/* A maker that is closed early gives back what is under way (ASan looks). */
static void it_can_be_closed_early(void)
{
	struct traffic_mix mix;

	traffic_mix_init(&mix);
	for (unsigned n = 0; n < 2000; n += 199) {
		struct traffic_maker *m = open_maker(&mix);
		struct traffic_frame f;

		for (unsigned i = 0; i < n; i++) {
			CU_ASSERT_TRUE(traffic_maker_next(m, &f));
		}
		traffic_maker_close(m);
	}
	traffic_maker_close(NULL);
}

/* Four SMPP commands, and MO and MT in three versions. */
static void same_texts_go_everywhere(void)
{
	struct traffic_mix mix;
	struct reader *r;
	unsigned seen[100][2] = { { 0 } };
	unsigned n_ten = 0;

	traffic_mix_init(&mix);
	mix.n_messages = 300;
	mix.same_texts = true;
	set_all(&mix, (const char *const[]){ "tcp.mss=8960", "tcp.cork=0", "text.binary=0", NULL });
	r = read_all(&mix);
	for (size_t i = 0; i < r->n_labels; i++) {
		const struct traffic_label *l = &r->labels[i];

		if (l->kind == TRAFFIC_MESSAGE && l->text_id < 100) {
			seen[l->text_id][l->map]++;
		}
	}
	for (unsigned i = 1; i <= 30; i++) {
		n_ten += seen[i][0] == 4 && seen[i][1] == 6;
	}
	CU_ASSERT_EQUAL(n_ten, 30);
	reader_free(r);
}

/* ---- texts ---- */

static void samples_survive_every_coding(void)
{
	static const struct traffic_language none = { 0, 0 };
	static struct traffic_units u;
	unsigned n_shift = 0;

	for (size_t i = 0; i < traffic_n_samples; i++) {
		const char *text = traffic_samples[i].text;
		struct traffic_language language = none;
		struct traffic_piece pieces[TRAFFIC_PARTS_MAX];
		static uint8_t octets[TRAFFIC_UNITS_MAX * 2];
		static uint8_t out[TEXT_SIZE(TRAFFIC_UNITS_MAX * 2)];

		for (enum traffic_coding c = TRAFFIC_GSM7; c <= TRAFFIC_LATIN1; c++) {
			struct text_input in = { .encoding = c == TRAFFIC_GSM7 ? TEXT_GSM7_UNPACKED
				                             : c == TRAFFIC_UCS2 ? TEXT_UTF16BE
				                                                 : TEXT_LATIN1 };
			size_t len;

			if (!traffic_units_encode(&u, text, c, none) &&
				(c != TRAFFIC_GSM7 ||
					!traffic_units_language(&u, text, &language))) {
				CU_ASSERT_NOT_EQUAL(c, TRAFFIC_UCS2);
				continue;
			}
			n_shift += c == TRAFFIC_GSM7 && language.single != 0;
			CU_ASSERT_EQUAL(traffic_units_split(&u, TRAFFIC_UNITS_MAX, 60, pieces), 1);
			in.data = bytes_of(octets,
				traffic_units_octets(&u, pieces[0], octets, sizeof(octets)));
			in.language = (struct text_language){ language.locking, language.single };
			len = text_decode(&in, out, sizeof(out), NULL, NULL);
			CU_ASSERT_TRUE(
				bytes_equal(bytes_of(out, len), bytes_of(text, strlen(text))));
		}
	}
	CU_ASSERT_TRUE(n_shift >= 3);
}

static void national_characters_survive(void)
{
	static const struct {
		struct traffic_language language;
		const char *text;
	} cases[] = { { { 1, 0 }, "ĞİŞçğış€[~]^{|}\\" },
		{ { 1, 1 }, "ĞİŞçğış€[~]^{|}\\é@ÄÖÑÜ§äöñüà" }, { { 2, 0 }, "çÁÍÓÚáíóú€[~]^{|}\\" },
		{ { 3, 0 }, "êçÔôÁáÊÀÍÓÚÃÕÂíóúãõâ€[~]^{|}\\" },
		{ { 0, 0 }, "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà^{}\\[~]|€" } };
	static struct traffic_units u;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct traffic_language language = cases[i].language;
		struct text_input in = { .encoding = TEXT_GSM7_UNPACKED,
			.language = { language.locking, language.single } };
		uint8_t octets[200];
		uint8_t out[TEXT_SIZE(200)];
		size_t len;

		CU_ASSERT_TRUE_FATAL(
			traffic_units_encode(&u, cases[i].text, TRAFFIC_GSM7, language));
		in.data =
			bytes_of(octets, traffic_units_octets(&u, (struct traffic_piece){ 0, u.n },
						 octets, sizeof(octets)));
		len = text_decode(&in, out, sizeof(out), NULL, NULL);
		CU_ASSERT_TRUE(bytes_equal(bytes_of(out, len), bytes_str(cases[i].text)));
	}
}

static void no_character_is_cut(void)
{
	static struct traffic_units u;
	static const struct {
		const char *text;
		enum traffic_coding coding;
	} cases[] = {
		{ "a€€€€€€€€€€€€", TRAFFIC_GSM7 },
		{ "a\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80",
			TRAFFIC_UCS2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct traffic_piece pieces[TRAFFIC_PARTS_MAX];
		unsigned n;
		uint32_t sum = 0;

		CU_ASSERT_TRUE_FATAL(traffic_units_encode(
			&u, cases[i].text, cases[i].coding, (struct traffic_language){ 0, 0 }));
		n = traffic_units_split(&u, 2, 4, pieces);
		CU_ASSERT_TRUE(n > 1);
		for (unsigned k = 0; k < n; k++) {
			CU_ASSERT_EQUAL(pieces[k].first, sum);
			CU_ASSERT_TRUE(k == 0 || u.from[sum] != u.from[sum - 1]);
			sum += pieces[k].n;
		}
		CU_ASSERT_EQUAL(sum, u.n);
	}
}

UNIT_MAIN("control/traffic", { "decoders read what labels say", decoders_read_what_labels_say },
	{ "a seed is a capture", a_seed_is_a_capture },
	{ "every setting runs", every_setting_runs },
	{ "it can be closed early", it_can_be_closed_early },
	{ "the same texts go everywhere", same_texts_go_everywhere },
	{ "samples survive every coding", samples_survive_every_coding },
	{ "national characters survive", national_characters_survive },
	{ "no character is cut", no_character_is_cut })
