/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/lab_sigtran.h"

#include <assert.h>
#include <stdlib.h>

#include "dataplane/base/crc32c.h"

enum {
	ETH_LEN = 14,
	IP_LEN = 20,
	SCTP_LEN = 12,
	HEADERS = LAB_HEADERS_LEN,
	PORT = 2905,
	PPID_OF_M3UA = 3,
	FRAGMENTS_SSN = 60000,
};

/* An element around what is already at `from`: tag and short or long length are put in front. */
static size_t wrap(uint8_t *out, size_t from, size_t to, uint8_t tag)
{
	size_t len = to - from;
	size_t head = len < 128 ? 2 : len < 256 ? 3 : 4;

	memmove(out + from + head, out + from, len);
	out[from] = tag;
	if (head == 2) {
		out[from + 1] = (uint8_t)len;
	} else if (head == 3) {
		out[from + 1] = 0x81;
		out[from + 2] = (uint8_t)len;
	} else {
		out[from + 1] = 0x82;
		put_be16(out + from + 2, (uint16_t)len);
	}
	return to + head;
}

static size_t put(uint8_t *out, size_t at, const void *octets, size_t len)
{
	memcpy(out + at, octets, len);
	return at + len;
}

/* TS 23.038 6.1.2.1: seven bits after seven bits, the lowest first. */
static size_t pack(const char *text, uint8_t *out)
{
	size_t n = strlen(text);

	memset(out, 0, (n * 7 + 7) / 8);
	for (size_t i = 0; i < n; i++) {
		for (unsigned b = 0; b < 7; b++) {
			size_t bit = i * 7 + b;

			out[bit / 8] |= (uint8_t)(((uint8_t)text[i] >> b & 1) << (bit % 8));
		}
	}
	return (n * 7 + 7) / 8;
}

static size_t put_tpdu(const struct lab_map *m, uint8_t *out)
{
	static const uint8_t submit[] = { 0x01, 0x00, 0x0B, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10,
		0xF2, 0x00, 0x00 };
	static const uint8_t deliver[] = { 0x04, 0x0B, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10, 0xF1,
		0x00, 0x00, 0x62, 0x11, 0x22, 0x01, 0x00, 0x00, 0x00 };
	size_t at = m->operation == 46 ? put(out, 0, submit, sizeof(submit))
	                               : put(out, 0, deliver, sizeof(deliver));

	out[at++] = (uint8_t)strlen(m->text);
	return at + pack(m->text, out + at);
}

static size_t put_invoke(const struct lab_map *m, unsigned i, uint8_t *out, size_t from)
{
	static const uint8_t imsi[] = { 0x80, 8, 0x00, 0x01, 0x11, 0x21, 0x43, 0x65, 0x87, 0xF9 };
	static const uint8_t centre[] = { 0x84, 7, 0x91, 0x44, 0x77, 0x00, 0x09, 0x00, 0xF0 };
	static const uint8_t msisdn[] = { 0x82, 7, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10, 0xF3 };
	const uint8_t head[] = { 0x02, 0x01, (uint8_t)(m->invoke_id + i), 0x02, 0x01,
		m->operation == 46                   ? 46
		: m->version == 0 || m->version == 3 ? 44
						     : 46 };
	size_t at = put(out, from, head, sizeof(head));
	size_t parameter = at;
	size_t ui;

	if (m->operation == 46) {
		at = put(out, at, centre, sizeof(centre));
		at = put(out, at, msisdn, sizeof(msisdn));
	} else {
		at = put(out, at, imsi, sizeof(imsi));
		at = put(out, at, centre, sizeof(centre));
	}
	ui = at;
	at += put_tpdu(m, out + at);
	at = wrap(out, ui, at, 0x04);
	at = wrap(out, parameter, at, 0x30);
	return wrap(out, from, at, 0xA1);
}

/* AARQ with shortMsgMT-Relay (25) or shortMsgMO-Relay (21), TS 29.002 17.3.3. */
static size_t put_dialogue(const struct lab_map *m, uint8_t *out, size_t from)
{
	const uint8_t octets[] = { 0x6B, 0x1E, 0x28, 0x1C, 0x06, 0x07, 0x00, 0x11, 0x86, 0x05, 0x01,
		0x01, 0x01, 0xA0, 0x11, 0x60, 0x0F, 0x80, 0x02, 0x07, 0x80, 0xA1, 0x09, 0x06, 0x07,
		0x04, 0x00, 0x00, 0x01, 0x00, m->operation == 46 ? 21 : 25,
		m->version == 0 ? 3 : m->version };

	return put(out, from, octets, sizeof(octets));
}

size_t lab_tcap(const struct lab_map *m, uint8_t *out)
{
	unsigned n = m->n_components == 0 ? 1 : m->n_components;
	uint8_t ids[12] = { 0x48, 4 };
	size_t at = 6;
	size_t components;

	put_be32(ids + 2, m->otid);
	if (m->continues) {
		ids[6] = 0x49;
		ids[7] = 4;
		put_be32(ids + 8, m->dtid);
		at = 12;
	}
	memcpy(out, ids, at);
	if (!m->continues && m->version != 1) {
		at = put_dialogue(m, out, at);
	}
	components = at;
	for (unsigned i = 0; i < n; i++) {
		at = put_invoke(m, i, out, at);
	}
	at = wrap(out, components, at, 0x6C);
	return wrap(out, 0, at, m->continues ? 0x65 : 0x62);
}

size_t lab_answer(uint32_t dtid, struct bytes component, uint8_t *out)
{
	size_t at;

	out[0] = 0x49;
	out[1] = 4;
	put_be32(out + 2, dtid);
	at = put(out, 6, component.data, component.len);
	at = wrap(out, 6, at, 0x6C);
	return wrap(out, 0, at, 0x64);
}

/* Called and calling party: routed by global title of format 4 (Q.713 3.4.2.3.4). */
static const uint8_t client_party[] = { 0x0B, 0x12, 0x08, 0x00, 0x11, 0x04, 0x44, 0x77, 0x00, 0x09,
	0x00, 0x01 };
static const uint8_t server_party[] = { 0x0B, 0x12, 0x08, 0x00, 0x11, 0x04, 0x44, 0x77, 0x00, 0x09,
	0x00, 0x00 };

static size_t put_m3ua(bool from_client, size_t sccp_len, uint8_t *out)
{
	size_t value_len = 12 + sccp_len;
	size_t padded = (4 + value_len + 3) & ~(size_t)3;

	/* RFC 4666 3.3.1: class 1 type 1; protocol data 0x0210 */
	out[0] = 1;
	out[1] = 0;
	out[2] = 1;
	out[3] = 1;
	put_be32(out + 4, (uint32_t)(8 + padded));
	put_be16(out + 8, 0x0210);
	put_be16(out + 10, (uint16_t)(4 + value_len));
	put_be32(out + 12, from_client ? 101 : 202);
	put_be32(out + 16, from_client ? 202 : 101);
	out[20] = 3;
	out[21] = 2;
	out[22] = 0;
	out[23] = 7;
	memset(out + 24 + sccp_len, 0, padded - 4 - value_len);
	return 8 + padded;
}

static size_t put_parties(bool from_client, uint8_t *out, size_t at)
{
	at = put(out, at, from_client ? server_party : client_party, sizeof(server_party));
	return put(out, at, from_client ? client_party : server_party, sizeof(client_party));
}

size_t lab_udt(bool from_client, struct bytes tcap, uint8_t *out)
{
	uint8_t *s = out + 24;
	size_t at = 5;

	assert(tcap.len <= 255);
	s[0] = 9;
	s[1] = 0;
	s[2] = 3;
	s[3] = (uint8_t)(2 + sizeof(server_party));
	s[4] = (uint8_t)(1 + 2 * sizeof(server_party));
	at = put_parties(from_client, s, at);
	s[at++] = (uint8_t)tcap.len;
	at = put(s, at, tcap.data, tcap.len);
	return put_m3ua(from_client, at, out);
}

size_t lab_xudt(bool from_client, struct bytes tcap, size_t from, size_t to, unsigned i, unsigned n,
	uint8_t *out)
{
	uint8_t *s = out + 24;
	size_t at = 7;

	assert(to - from <= 254);
	s[0] = 17;
	s[1] = 1;
	s[2] = 15;
	s[3] = 4;
	s[4] = (uint8_t)(3 + sizeof(server_party));
	s[5] = (uint8_t)(2 + 2 * sizeof(server_party));
	at = put_parties(from_client, s, at);
	s[at++] = (uint8_t)(to - from);
	at = put(s, at, tcap.data + from, to - from);
	s[6] = (uint8_t)(at - 6);
	/* Q.713 3.17: segmentation, local reference 0x0A0B0C */
	s[at++] = 0x10;
	s[at++] = 4;
	s[at++] = (uint8_t)((i == 0 ? 0x80 : 0) | (n - 1 - i));
	s[at++] = 0x0A;
	s[at++] = 0x0B;
	s[at++] = 0x0C;
	s[at++] = 0;
	return put_m3ua(from_client, at, out);
}

size_t lab_data(
	uint8_t *chunks, size_t at, uint8_t flags, uint32_t tsn, uint16_t stream, struct bytes user)
{
	uint8_t *c = chunks + at;
	size_t padded = (16 + user.len + 3) & ~(size_t)3;

	memset(c, 0, padded);
	c[1] = flags;
	put_be16(c + 2, (uint16_t)(16 + user.len));
	put_be32(c + 4, tsn);
	put_be16(c + 8, stream);
	/* all fragments of a message have one stream sequence number (RFC 9260 3.3.1) */
	put_be16(c + 10, flags == 3 ? (uint16_t)(tsn & 0xFFFF) : FRAGMENTS_SSN);
	put_be32(c + 12, PPID_OF_M3UA);
	memcpy(c + 16, user.data, user.len);
	return at + padded;
}

static bool is_init(struct bytes chunks)
{
	return chunks.len != 0 && chunks.data[0] == 1;
}

size_t lab_packet(const struct lab_packet *p, struct bytes chunks, uint8_t *out)
{
	uint8_t *ip = out + ETH_LEN;
	uint8_t *sctp = ip + IP_LEN;
	uint32_t network = p->path == 0 ? 0x0A000000 : 0x0A010000;
	uint32_t sum = 0;
	uint32_t crc;

	memset(out, 0, HEADERS);
	out[12] = 0x08;
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(IP_LEN + SCTP_LEN + chunks.len));
	ip[8] = 64;
	ip[9] = 132;
	put_be32(ip + 12, network | (p->from_client ? 1 : 2));
	put_be32(ip + 16, network | (p->from_client ? 2 : 1));
	for (unsigned i = 0; i < IP_LEN; i += 2) {
		sum += be16(ip + i);
	}
	sum = (sum & 0xFFFF) + (sum >> 16);
	put_be16(ip + 10, (uint16_t) ~((sum & 0xFFFF) + (sum >> 16)));
	put_be16(sctp, p->port);
	put_be16(sctp + 2, p->port);
	put_be32(sctp + 4, p->tag);
	memcpy(sctp + SCTP_LEN, chunks.data, chunks.len);
	/* RFC 9260 appendix A: least significant octet first */
	crc = crc32c_add(0, bytes_of(sctp, SCTP_LEN + chunks.len));
	for (unsigned i = 0; i < 4; i++) {
		out[LAB_CRC_AT + i] = (uint8_t)(crc >> (8 * i));
	}
	return HEADERS + chunks.len;
}

static void send_packet(
	struct lab *lab, const struct lab_packet *p, struct bytes chunks, bool checksum)
{
	uint8_t *o = malloc(HEADERS + chunks.len);
	size_t len;

	assert(o != NULL);
	len = lab_packet(p, chunks, o);
	if (!checksum) {
		memset(o + LAB_CRC_AT, 0, 4);
	}
	lab_frame(lab, p->from_client, bytes_of(o, len));
	free(o);
}

void lab_sctp(struct lab *lab, bool from_client, unsigned path, struct bytes chunks, bool checksum)
{
	struct lab_packet p = { from_client, path, PORT, 0 };

	if (!is_init(chunks)) {
		p.tag = from_client ? LAB_SERVER_TAG : LAB_CLIENT_TAG;
	}
	send_packet(lab, &p, chunks, checksum);
}

void lab_tagged(struct lab *lab, bool from_client, uint32_t tag, struct bytes chunks)
{
	struct lab_packet p = { from_client, 0, PORT, tag };

	send_packet(lab, &p, chunks, true);
}

static void send_init(struct lab *lab, bool from_client, uint8_t type)
{
	uint8_t c[28] = { type, 0, 0, 20 };

	put_be32(c + 4, from_client ? LAB_CLIENT_TAG : LAB_SERVER_TAG);
	put_be32(c + 8, 100000);
	put_be16(c + 12, 16);
	put_be16(c + 14, 16);
	put_be32(c + 16, from_client ? 1000 : 2000);
	if (type == 2) {
		/* a state cookie, RFC 9260 3.3.3.1 */
		c[3] = 28;
		put_be16(c + 20, 7);
		put_be16(c + 22, 8);
	}
	lab_sctp(lab, from_client, 0, bytes_of(c, c[3]), true);
}

void lab_associate(struct lab *lab)
{
	const uint8_t echo[] = { 10, 0, 0, 8, 0, 0, 0, 0 };
	const uint8_t ack[] = { 11, 0, 0, 4 };

	send_init(lab, true, 1);
	send_init(lab, false, 2);
	lab_sctp(lab, true, 0, bytes_of(echo, sizeof(echo)), true);
	lab_sctp(lab, false, 0, bytes_of(ack, sizeof(ack)), true);
}

void lab_sack(struct lab *lab, bool from_client, uint32_t tsn)
{
	uint8_t c[16] = { 3, 0, 0, 16 };

	put_be32(c + 4, tsn);
	put_be32(c + 8, 100000);
	lab_sctp(lab, from_client, 0, bytes_of(c, sizeof(c)), true);
}
