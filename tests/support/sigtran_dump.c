/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sigtran_dump: what our decoders read of the SIGTRAN messages of a capture, for an oracle.
 *
 * Usage: sigtran_dump CAPTURE    one JSON object a line for each DATA chunk that is a whole message
 * of M3UA, SUA or M2PA. Fragments of messages are left out: putting them together is not ours to test
 * here. Retransmissions are shown as often as they come.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/net/frame.h"
#include "dataplane/proto/m2pa.h"
#include "dataplane/proto/ppid.h"
#include "dataplane/proto/sccp_segments.h"
#include "dataplane/proto/sua.h"

enum { CHUNK_DATA = 0, DATA_HEADER_LEN = 16, FLAGS_WHOLE = 3, SEGMENTS = 1024 };

struct dump {
	struct sccp_segments *segments;
	struct stats stats;
	unsigned long frame;
	uint64_t time_us;
};

static void put_number(const char *name, unsigned long value)
{
	printf(",\"%s\":%lu", name, value);
}

static void put_anomalies(
	const char *name, unsigned anomalies, unsigned n, enum reason (*reason)(unsigned))
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	for (unsigned i = 0; i < n; i++) {
		if ((anomalies >> i & 1) != 0) {
			printf("%s\"%s\"", comma, stats_reason_name(reason(i)));
			comma = ",";
		}
	}
	printf("]");
}

static void put_address(const char *name, const struct sccp_address *a)
{
	printf(",\"%s\":{\"present\":%d,\"by_ssn\":%d,\"gti\":%u", name, a->present, a->by_ssn,
		a->gti);
	put_number("national", a->national);
	if (a->has_pc) {
		put_number("pc", a->pc);
	}
	if (a->has_ssn) {
		put_number("ssn", a->ssn);
	}
	put_number("nature", a->nature);
	put_number("plan", a->plan);
	put_number("encoding", a->encoding);
	put_number("translation_type", a->translation_type);
	printf(",\"digits\":\"%.*s\"}", (int)a->n_digits, a->digits);
}

static void put_segment(struct dump *d, const struct m3ua_data *data, const struct sccp_message *m)
{
	static uint8_t scratch[LIMIT_SCCP_JOINED_LEN];
	struct sccp_joined joined;
	enum reason why;

	put_number("segment_first", m->segmentation.first);
	put_number("segment_class", m->segmentation.in_sequence);
	put_number("segment_remaining", m->segmentation.remaining);
	put_number("segment_reference", m->segmentation.reference);
	if (sccp_segments_add(d->segments, 0, data->opc, data->dpc, m, d->time_us, scratch,
		    &d->stats, &joined, &why) == PARSE_OK) {
		put_number("joined_len", joined.octets.len);
		put_number("joined_segments", joined.n_segments);
	}
	printf(",\"segment\":\"%s\"", stats_reason_name(why));
}

static void put_sccp(struct dump *d, const struct m3ua_data *data)
{
	struct sccp_message m;
	enum reason why;

	printf(",\"sccp\":\"%s\"",
		data->user_data.len != 0 ? sccp_type_name(data->user_data.data[0]) : "none");
	if (sccp_message_read(data->user_data, &m, &why) != PARSE_OK) {
		printf(",\"sccp_bad\":\"%s\"", stats_reason_name(why));
		return;
	}
	if (m.service) {
		put_number("return_cause", m.return_cause);
	} else {
		put_number("class", m.protocol_class);
		put_number("handling", m.return_on_error);
	}
	put_number("hops", m.hop_counter);
	if (m.has_importance) {
		put_number("importance", m.importance);
	}
	put_address("called", &m.called);
	put_address("calling", &m.calling);
	put_number("data_off", m.data_off);
	put_number("data_len", m.data.len);
	put_anomalies("sccp_anomalies", m.anomalies, SCCP_ANOMALIES, sccp_anomaly_reason);
	if (m.segmentation.present) {
		put_segment(d, data, &m);
	}
}

static void put_m3ua(struct dump *d, struct bytes message)
{
	struct xua_header header;
	struct m3ua_data data;
	enum reason why;

	if (xua_header_read(message, &header, &why) != PARSE_OK) {
		printf(",\"bad\":\"%s\"", stats_reason_name(why));
		return;
	}
	put_number("message_class", header.message_class);
	put_number("type", header.type);
	put_number("length", header.length);
	printf(",\"name\":\"%s\"", m3ua_type_name(xua_type(&header)));
	if (xua_type(&header) != M3UA_DATA) {
		return;
	}
	if (m3ua_data_read(message, 0, &data, &why) != PARSE_OK) {
		printf(",\"bad\":\"%s\"", stats_reason_name(why));
		return;
	}
	if (data.has_appearance) {
		put_number("appearance", data.network_appearance);
	}
	if (data.has_context) {
		put_number("context", data.routing_context);
	}
	if (data.has_correlation) {
		put_number("correlation", data.correlation_id);
	}
	put_number("opc", data.opc);
	put_number("dpc", data.dpc);
	put_number("si", data.si);
	put_number("ni", data.ni);
	put_number("mp", data.mp);
	put_number("sls", data.sls);
	put_anomalies("anomalies", data.anomalies, M3UA_ANOMALIES, m3ua_anomaly_reason);
	if (data.si == M3UA_SI_SCCP) {
		put_sccp(d, &data);
	}
}

static void put_sua(struct bytes message)
{
	struct sua_message m;
	enum reason why;

	if (sua_message_read(message, &m, &why) != PARSE_OK) {
		printf(",\"bad\":\"%s\"", stats_reason_name(why));
		return;
	}
	put_number("message_class", m.type >> 8);
	put_number("type", m.type & 0xFF);
	put_number("data_len", m.data.len);
}

static void put_m2pa(struct bytes message)
{
	struct m2pa_message m;
	enum reason why;

	if (m2pa_message_read(message, &m, &why) != PARSE_OK) {
		printf(",\"bad\":\"%s\"", stats_reason_name(why));
		return;
	}
	put_number("type", m.type);
	put_number("bsn", m.bsn);
	put_number("fsn", m.fsn);
	if (m.type == M2PA_LINK_STATUS) {
		put_number("state", m.state);
	} else if (m.has_data) {
		put_number("priority", m.priority);
		put_number("si", m.si);
		put_number("ni", m.ni);
	}
}

static void put_chunk(struct dump *d, uint32_t tsn, uint32_t ppid, struct bytes message)
{
	uint32_t plain = ppid_plain(ppid);

	if (plain != PPID_M3UA && plain != PPID_SUA && plain != PPID_M2PA) {
		return;
	}
	printf("{\"frame\":%lu,\"tsn\":%lu,\"ppid\":\"%s\"", d->frame, (unsigned long)tsn,
		ppid_name(ppid));
	if (plain == PPID_M3UA) {
		put_m3ua(d, message);
	} else if (plain == PPID_SUA) {
		put_sua(message);
	} else {
		put_m2pa(message);
	}
	printf("}\n");
}

/* walk: the chunks of a packet (RFC 9260 3.2, 3.3.1); frame_decode() has put the common header aside. */
static void walk(struct dump *d, struct bytes chunks)
{
	struct cursor c = cursor_of(chunks);

	while (cursor_left(&c) >= 4) {
		uint8_t type = cursor_u8(&c);
		uint8_t flags = cursor_u8(&c);
		uint16_t length = cursor_u16(&c);
		struct cursor chunk = cursor_sub(&c, length < 4 ? SIZE_MAX : length - 4u);
		size_t padding = (4u - length % 4u) % 4u;

		if (type == CHUNK_DATA && (flags & FLAGS_WHOLE) == FLAGS_WHOLE &&
			length >= DATA_HEADER_LEN && cursor_ok(&chunk)) {
			uint32_t tsn = cursor_u32(&chunk);
			uint32_t ppid;

			(void)cursor_u32(&chunk); /* stream and its sequence number */
			ppid = cursor_u32(&chunk);
			put_chunk(d, tsn, ppid, cursor_take(&chunk, cursor_left(&chunk)));
		}
		(void)cursor_take(&c, padding < cursor_left(&c) ? padding : cursor_left(&c));
	}
}

static void put_frame(struct dump *d, const struct pcap_pkthdr *header, const u_char *data)
{
	uint8_t *copy = malloc(header->caplen + (header->caplen == 0));
	struct frame f = { .data = copy, .len = header->caplen, .wire_len = header->len };

	memcpy(copy, data, header->caplen);
	d->frame++;
	d->time_us = (uint64_t)header->ts.tv_sec * 1000000u + (uint64_t)header->ts.tv_usec;
	frame_decode(&f, CHECKSUM_TRUST, false);
	if (f.kind == FRAME_SCTP) {
		walk(d, bytes_of(copy + f.payload_off, f.payload_len));
	}
	free(copy);
}

int main(int argc, char **argv)
{
	const struct sccp_segments_config config = { .messages_max = SEGMENTS, .age_us = 15000000 };
	static struct dump d;
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	void *memory;
	pcap_t *p;
	int r;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: sigtran_dump CAPTURE\n");
		return 2;
	}
	p = pcap_open_offline(argv[1], error);
	if (p == NULL || pcap_datalink(p) != DLT_EN10MB) {
		fprintf(stderr, "sigtran_dump: %s: %s\n", argv[1],
			p == NULL ? error : "not a capture of Ethernet");
		return 1;
	}
	memory = calloc(1, sccp_segments_size(&config));
	d.segments = sccp_segments_init(memory, &config);
	while ((r = pcap_next_ex(p, &header, &data)) == 1) {
		put_frame(&d, header, data);
	}
	free(memory);
	pcap_close(p);
	return r == PCAP_ERROR_BREAK ? 0 : 1;
}
