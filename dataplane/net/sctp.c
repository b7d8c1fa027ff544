/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp.h"

enum {
	CHUNK_HEADER_LEN = 4,     /* RFC 9260 3.2 */
	DATA_HEADER_LEN = 12,     /* RFC 9260 3.3.1, behind the chunk header */
	I_DATA_HEADER_LEN = 16,   /* RFC 8260 2.1, behind the chunk header */
	SACK_LEN = 12,            /* RFC 9260 3.3.4, behind the chunk header */
	SHUTDOWN_LEN = 4,         /* RFC 9260 3.3.8 */
	A_RWND_MIN = 1500,        /* RFC 9260 3.3.2: a smaller one must not be sent */
	PARAMETER_HEADER_LEN = 4, /* RFC 9260 3.2.1 */
};

/* Parameters: RFC 9260 3.3.2.1, RFC 5061 4.2, RFC 4895 3, RFC 3758 3.1, RFC 9653 5.1. */
enum {
	PARAMETER_IP4 = 0x0005,
	PARAMETER_IP6 = 0x0006,
	PARAMETER_ZERO_CHECKSUM = 0x8001,
	PARAMETER_RANDOM = 0x8002,
	PARAMETER_EXTENSIONS = 0x8008,
	PARAMETER_FORWARD_TSN = 0xC000,
	PARAMETER_ADD_ADDRESS = 0xC001,
	PARAMETER_DELETE_ADDRESS = 0xC002,
};

/* What a walk met, to be counted once a packet. */
enum { CHUNK_SHORT = 1, DATA_EMPTY = 2 };

enum parse sctp_next_chunk(struct sctp_walk *w, struct sctp_chunk *chunk)
{
	size_t left = cursor_left(&w->c);
	const uint8_t *at = w->c.at;
	size_t len;

	if (left == 0) {
		return PARSE_MORE;
	}
	if (left < CHUNK_HEADER_LEN) {
		w->reason = R_sctp_chunk_short;
		return PARSE_BAD;
	}
	len = be16(at + 2);
	if (len < CHUNK_HEADER_LEN || len > left) {
		w->reason = len > left ? R_sctp_chunk_length : R_sctp_chunk_short;
		return PARSE_BAD;
	}
	chunk->type = at[0];
	chunk->flags = at[1];
	chunk->value = bytes_of(at + CHUNK_HEADER_LEN, len - CHUNK_HEADER_LEN);
	len = (len + 3) & ~(size_t)3;
	w->c.at += len < left ? len : left; /* the last one's padding may be missing */
	return PARSE_OK;
}

bool sctp_read_data(const struct sctp_chunk *chunk, struct sctp_data *data)
{
	bool interleaved = chunk->type == SCTP_I_DATA;
	size_t header_len = interleaved ? I_DATA_HEADER_LEN : DATA_HEADER_LEN;
	const uint8_t *v = chunk->value.data;
	bool begin = (chunk->flags & SCTP_BEGIN) != 0;

	if (chunk->value.len < header_len) {
		return false;
	}
	data->tsn = be32(v);
	data->stream = be16(v + 4);
	data->flags = chunk->flags;
	data->interleaved = interleaved;
	if (interleaved) { /* the last field is the PPID in the first fragment, else the FSN */
		data->number = be32(v + 8);
		data->ppid = begin ? be32(v + 12) : 0;
		data->fsn = begin ? 0 : be32(v + 12);
	} else {
		data->number = be16(v + 6);
		data->ppid = be32(v + 8);
		data->fsn = 0;
	}
	data->user = bytes_of(v + header_len, chunk->value.len - header_len);
	return true;
}

/* cut_user_len: of the DATA chunk that a capture cut, what is there. */
static uint32_t cut_user_len(struct cursor rest)
{
	size_t left = cursor_left(&rest);
	size_t head = CHUNK_HEADER_LEN + DATA_HEADER_LEN;

	if (left < CHUNK_HEADER_LEN || !sctp_is_data(rest.at[0]) || be16(rest.at + 2) <= left) {
		return 0;
	}
	if (rest.at[0] == SCTP_I_DATA) {
		head = CHUNK_HEADER_LEN + I_DATA_HEADER_LEN;
	}
	return left > head ? (uint32_t)(left - head) : 0;
}

static void take_data(struct sctp_packet *p, const struct sctp_chunk *chunk, uint32_t *anomalies)
{
	struct sctp_data data;

	if (!sctp_read_data(chunk, &data)) {
		*anomalies |= CHUNK_SHORT;
		return;
	}
	if (data.user.len == 0) {
		*anomalies |= DATA_EMPTY; /* RFC 9260 3.3.1: its receiver sends an ABORT */
		return;
	}
	if (p->n_data++ == 0) {
		p->first_tsn = data.tsn;
	}
	p->has |= SCTP_HAS_DATA;
	p->user_len += (uint32_t)data.user.len;
}

/* has_of: the bit of a chunk that is no DATA. */
static uint16_t has_of(uint8_t type)
{
	switch (type) {
	case SCTP_INIT:
		return SCTP_HAS_INIT;
	case SCTP_INIT_ACK:
		return SCTP_HAS_INIT_ACK;
	case SCTP_SACK:
		return SCTP_HAS_ACK;
	case SCTP_HEARTBEAT:
	case SCTP_HEARTBEAT_ACK:
		return SCTP_HAS_HEARTBEAT;
	case SCTP_ABORT:
		return SCTP_HAS_ABORT;
	case SCTP_SHUTDOWN:
		return SCTP_HAS_SHUTDOWN | SCTP_HAS_ACK;
	case SCTP_ERROR:
		return SCTP_HAS_ERROR;
	case SCTP_COOKIE_ECHO:
		return SCTP_HAS_COOKIE_ECHO;
	case SCTP_COOKIE_ACK:
		return SCTP_HAS_COOKIE_ACK;
	case SCTP_SHUTDOWN_COMPLETE:
		return SCTP_HAS_COMPLETE;
	case SCTP_AUTH:
		return SCTP_HAS_AUTH;
	case SCTP_ASCONF:
		return SCTP_HAS_ASCONF;
	case SCTP_FORWARD_TSN:
	case SCTP_I_FORWARD_TSN:
		return SCTP_HAS_FORWARD;
	default:
		return SCTP_HAS_OTHER;
	}
}

static void take_control(struct sctp_packet *p, const struct sctp_chunk *chunk, uint32_t *anomalies)
{
	uint16_t bit = has_of(chunk->type);

	if ((bit & SCTP_HAS_ACK) != 0) { /* RFC 9260 3.3.4, 3.3.8: both begin with it */
		if (chunk->value.len < (chunk->type == SCTP_SACK ? SACK_LEN : SHUTDOWN_LEN)) {
			*anomalies |= CHUNK_SHORT;
			return;
		}
		p->cum_tsn = be32(chunk->value.data);
	}
	if ((bit & (SCTP_HAS_INIT | SCTP_HAS_INIT_ACK)) != 0) {
		p->init = chunk->value;
	}
	if (bit == SCTP_HAS_ASCONF && (p->has & SCTP_HAS_ASCONF) == 0) {
		p->asconf = chunk->value;
	}
	if ((bit & (SCTP_HAS_ABORT | SCTP_HAS_COMPLETE)) != 0 &&
		(chunk->flags & SCTP_REFLECTED) != 0) {
		bit |= SCTP_HAS_REFLECTED;
	}
	p->has |= bit;
}

/* judge_packet: rules that concern the packet as a whole; what breaks them is not acted upon. */
static void judge_packet(struct sctp_packet *p, struct stats *stats)
{
	const uint16_t alone = SCTP_HAS_INIT | SCTP_HAS_INIT_ACK | SCTP_HAS_COMPLETE;

	if (p->n_chunks == 0) {
		stats_reason(stats, R_sctp_packet_short);
	}
	if (p->n_chunks > LIMIT_SCTP_CHUNKS) {
		stats_reason(stats, R_sctp_chunks);
	}
	if (p->n_data > LIMIT_SCTP_DATA_CHUNKS) {
		stats_reason(stats, R_sctp_data_chunks);
	}
	if (p->tag == 0 && p->n_data != 0) {
		stats_reason(stats, R_sctp_data_tag);
	}
	if ((p->has & SCTP_HAS_INIT) != 0 && p->tag != 0) { /* RFC 9260 8.5.1 A */
		stats_reason(stats, R_sctp_init_tag);
		p->has &= (uint16_t)~SCTP_HAS_INIT;
	}
	if ((p->has & alone) != 0 && p->n_chunks > 1) { /* RFC 9260 6.10 */
		stats_reason(stats, R_sctp_init_bundled);
		p->has &= (uint16_t)~alone;
	}
}

static void count_anomalies(
	struct stats *stats, const struct sctp_walk *w, enum parse end, uint32_t anomalies)
{
	if (end == PARSE_BAD) {
		stats_reason(stats, (enum reason)w->reason);
	}
	if ((anomalies & CHUNK_SHORT) != 0) {
		stats_reason(stats, R_sctp_chunk_short);
	}
	if ((anomalies & DATA_EMPTY) != 0) {
		stats_reason(stats, R_sctp_data_empty);
	}
}

void sctp_read_packet(struct frame *f, struct sctp_packet *p, struct stats *stats)
{
	const uint8_t *header = f->data + f->l4_off;
	struct sctp_walk w = sctp_walk_of(f);
	struct sctp_chunk chunk;
	uint32_t anomalies = 0;
	enum parse end;

	*p = (struct sctp_packet){ .source_port = be16(header),
		.target_port = be16(header + 2),
		.tag = be32(header + 4),
		.checksum = be32(header + 8) };
	while ((end = sctp_next_chunk(&w, &chunk)) == PARSE_OK) {
		p->n_chunks++;
		if (sctp_is_data(chunk.type)) {
			take_data(p, &chunk, &anomalies);
		} else {
			take_control(p, &chunk, &anomalies);
		}
	}
	if (f->reason == R_truncated) {
		p->user_len += cut_user_len(w.c);
	}
	f->user_len = (uint16_t)p->user_len;
	if (f->reason == R_none) {
		if (anomalies != 0 || end == PARSE_BAD) {
			count_anomalies(stats, &w, end, anomalies);
		}
		judge_packet(p, stats);
	}
}

/* next_parameter: type and value; as sctp_next_chunk(). */
static enum parse next_parameter(struct cursor *c, uint16_t *type, struct bytes *value)
{
	size_t left = cursor_left(c);
	size_t len;

	if (left == 0) {
		return PARSE_MORE;
	}
	len = left < PARAMETER_HEADER_LEN ? 0 : be16(c->at + 2);
	if (len < PARAMETER_HEADER_LEN || len > left) {
		return PARSE_BAD;
	}
	*type = be16(c->at);
	*value = bytes_of(c->at + PARAMETER_HEADER_LEN, len - PARAMETER_HEADER_LEN);
	len = (len + 3) & ~(size_t)3;
	(void)cursor_take(c, len < left ? len : left);
	return PARSE_OK;
}

/* read_address: IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), as in struct endpoint. */
static bool read_address(uint16_t type, struct bytes value, uint8_t *address)
{
	if (type == PARAMETER_IP4 && value.len == 4) {
		memset(address, 0, 10);
		memset(address + 10, 0xFF, 2);
		memcpy(address + 12, value.data, 4);
		return true;
	}
	if (type == PARAMETER_IP6 && value.len == 16) {
		memcpy(address, value.data, 16);
		return true;
	}
	return false;
}

static void read_extensions(struct bytes types, struct sctp_init *init)
{
	for (size_t i = 0; i < types.len; i++) {
		init->auth |= types.data[i] == SCTP_AUTH;
		init->asconf |= types.data[i] == SCTP_ASCONF;
		init->interleaving |= types.data[i] == SCTP_I_DATA;
		init->forward_tsn |= types.data[i] == SCTP_FORWARD_TSN;
	}
}

static bool read_init_parameter(uint16_t type, struct bytes value, struct sctp_init *init)
{
	switch (type) {
	case PARAMETER_IP4:
	case PARAMETER_IP6:
		if (init->n_addresses == LIMIT_SCTP_ADDRESSES) {
			init->more_addresses = true;
			return true;
		}
		if (!read_address(type, value, init->addresses[init->n_addresses])) {
			return false;
		}
		init->n_addresses++;
		return true;
	case PARAMETER_EXTENSIONS:
		read_extensions(value, init);
		return true;
	case PARAMETER_ZERO_CHECKSUM:
		init->zero_checksum = true;
		return true;
	case PARAMETER_RANDOM:
		init->auth = true;
		return true;
	case PARAMETER_FORWARD_TSN:
		init->forward_tsn = true;
		return true;
	default:
		return true;
	}
}

bool sctp_read_init(struct bytes value, struct sctp_init *init)
{
	struct cursor c = cursor_of(value);
	struct sctp_init read;
	uint16_t type;
	enum parse end;

	memset(&read, 0, sizeof(read));
	read.tag = cursor_u32(&c);
	read.a_rwnd = cursor_u32(&c);
	read.n_out = cursor_u16(&c);
	read.n_in = cursor_u16(&c);
	read.tsn = cursor_u32(&c);
	if (!cursor_ok(&c) || read.tag == 0 || read.n_out == 0 || read.n_in == 0 ||
		read.a_rwnd < A_RWND_MIN) {
		return false;
	}
	while ((end = next_parameter(&c, &type, &value)) == PARSE_OK) {
		if (!read_init_parameter(type, value, &read)) {
			return false;
		}
	}
	if (end == PARSE_BAD) {
		return false;
	}
	*init = read;
	return true;
}

struct cursor sctp_asconf_of(struct bytes value)
{
	struct cursor c = cursor_of(value);
	uint16_t type;

	/* RFC 5061 4.1.1: the serial number, and an address by which a receiver may look it up */
	(void)cursor_u32(&c);
	if (!cursor_ok(&c) || next_parameter(&c, &type, &value) != PARSE_OK) {
		(void)cursor_take(&c, cursor_left(&c) + 1);
	}
	return c;
}

static bool read_change(uint16_t type, struct bytes value, struct sctp_address_change *change)
{
	static const uint8_t zeros[16];
	struct cursor c = cursor_of(value);
	struct bytes address;
	uint16_t kind;

	(void)cursor_u32(&c); /* correlation */
	if (!cursor_ok(&c) || next_parameter(&c, &kind, &address) != PARSE_OK ||
		!read_address(kind, address, change->address)) {
		return false;
	}
	change->add = type == PARAMETER_ADD_ADDRESS;
	change->wildcard = memcmp(address.data, zeros, address.len) == 0;
	return true;
}

enum parse sctp_next_address_change(struct cursor *c, struct sctp_address_change *change)
{
	struct bytes value;
	uint16_t type;
	enum parse step;

	if (!cursor_ok(c)) {
		return PARSE_BAD;
	}
	while ((step = next_parameter(c, &type, &value)) == PARSE_OK) {
		if (type == PARAMETER_ADD_ADDRESS || type == PARAMETER_DELETE_ADDRESS) {
			return read_change(type, value, change) ? PARSE_OK : PARSE_BAD;
		}
	}
	return step;
}

bool sctp_is_dtls(struct bytes user)
{
	enum { HEADER_LEN = 13 }; /* RFC 6347 4.1 */

	/* content type 20 to 25 and version 254.x, RFC 6347 4.1; the unified header 001xxxxx of 1.3 is M3UA's no version either */
	return user.len >= HEADER_LEN && user.data[0] >= 20 && user.data[0] <= 25 &&
	       user.data[1] == 0xFE && (user.data[2] == 0xFF || user.data[2] == 0xFD);
}
