/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/frame.h"

#include "dataplane/base/crc32c.h"
#include "dataplane/limits.h"

enum {
	ETHERNET_LEN = 14,    /* IEEE 802.3: two addresses and the type */
	VLAN_TAG_LEN = 4,     /* IEEE 802.1Q 9.3 */
	IP4_MIN_LEN = 20,     /* RFC 791 3.1 */
	IP6_LEN = 40,         /* RFC 8200 3 */
	TCP_MIN_LEN = 20,     /* RFC 9293 3.1 */
	SCTP_COMMON_LEN = 12, /* RFC 9260 3.1 */
};

enum {
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86DD,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88A8,
	TYPE_QINQ_OLD = 0x9100
};

/* IANA protocol numbers. The IPv6 ones are extension headers, RFC 8200 4.1 and RFC 7045 4. */
enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_TCP = 6,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_DESTINATION = 60,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
	PROTO_EXPERIMENT_1 = 253,
	PROTO_EXPERIMENT_2 = 254,
};

/*
 * sum_add: the one's complement sum of RFC 1071 over `len` octets in this machine's order: the sum
 * does not depend on the order of octets (RFC 1071 2 (B)), so nothing is swapped but at the ends.
 */
static uint64_t sum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	uint64_t a = 0;
	uint64_t b = 0;
	uint64_t carries = 0; /* of 2^64, which is 1 modulo 2^16 - 1 */
	uint64_t v = 0;

	for (; len >= 16; p += 16, len -= 16) {
		uint64_t w[2];

		memcpy(w, p, sizeof(w));
		a += w[0];
		carries += a < w[0];
		b += w[1];
		carries += b < w[1];
	}
	if (len >= 8) {
		memcpy(&v, p, 8);
		a += v;
		carries += a < v;
		p += 8;
		len -= 8;
	}
	v = 0;
	if ((len & 4) != 0) {
		uint32_t w;

		memcpy(&w, p, sizeof(w));
		v = w;
		p += 4;
	}
	sum += v;
	v = 0;
	memcpy(&v, p, len & 3);
	return sum + v + carries + (a & UINT32_MAX) + (a >> 32) + (b & UINT32_MAX) + (b >> 32);
}

/* sum_add32: as sum_add for `n` words of 32 bits, where n is a constant: headers. */
static inline uint64_t sum_add32(uint64_t sum, const uint8_t *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t w;

		memcpy(&w, p + (size_t)i * 4, sizeof(w));
		sum += w;
	}
	return sum;
}

/* sum_ip4: of an IPv4 header. */
static uint64_t sum_ip4(const uint8_t *ip, uint32_t header_len)
{
	uint64_t sum = sum_add32(0, ip, IP4_MIN_LEN / 4);

	for (uint32_t at = IP4_MIN_LEN; at < header_len; at += 4) {
		sum = sum_add32(sum, ip + at, 1);
	}
	return sum;
}

static uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & 0xFFFF) + (sum >> 16);
	sum = (sum & 0xFFFF) + (sum >> 16);
	return (uint16_t)((sum & 0xFFFF) + (sum >> 16));
}

static uint16_t wire16(uint16_t v)
{
	uint8_t b[2];
	uint16_t wire;

	put_be16(b, v);
	memcpy(&wire, b, sizeof(wire));
	return wire;
}

static uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* pseudo_sum: of RFC 9293 3.1 and RFC 8200 8.1, without the length. */
static uint64_t pseudo_sum(const struct frame *f)
{
	const uint8_t *ip = f->data + f->l3_off;
	uint64_t sum = wire16(PROTO_TCP);

	return f->ip_version == 4 ? sum_add32(sum, ip + 12, 2) : sum_add32(sum, ip + 8, 8);
}

/* segment_len: octets from the TCP or SCTP header to the end of the IP payload. */
static size_t segment_len(const struct frame *f)
{
	return (size_t)(f->payload_off - f->l4_off) + f->payload_len;
}

static uint32_t sctp_crc(const uint8_t *l4, size_t len)
{
	static const uint8_t zeros[4];
	uint32_t crc = crc32c_add(0, bytes_of(l4, 8));

	/* RFC 9260 6.8: the field itself counts as zero */
	crc = crc32c_add(crc, bytes_of(zeros, sizeof(zeros)));
	return crc32c_add(crc, bytes_of(l4 + SCTP_COMMON_LEN, len - SCTP_COMMON_LEN));
}

static void put_sctp_crc(uint8_t *l4, uint32_t crc)
{
	for (unsigned i = 0; i < 4; i++) {
		l4[8 + i] = (uint8_t)(crc >> (8 * i));
	}
}

static enum reason tcp_checksum_reason(const struct frame *f)
{
	const uint8_t *l4 = f->data + f->l4_off;
	size_t len = segment_len(f);
	uint64_t pseudo = pseudo_sum(f);
	uint64_t whole = pseudo + wire16((uint16_t)len);
	uint16_t field = load16(l4 + 16);

	if (sum_fold(sum_add(whole, l4, len)) == 0xFFFF) {
		return R_none;
	}
	/* Linux leaves the pseudo-header's sum for the interface to finish; for TSO some drivers
	 * leave the length out of it. */
	if (field == sum_fold(whole) || field == sum_fold(pseudo)) {
		return R_offload_partial;
	}
	return R_bad_checksum;
}

static enum reason sctp_checksum_reason(const struct frame *f)
{
	const uint8_t *l4 = f->data + f->l4_off;
	uint8_t good[SCTP_COMMON_LEN];

	/* RFC 9653: zero where both ends agreed on another error detection. */
	if (be32(l4 + 8) == 0) {
		return R_none;
	}
	put_sctp_crc(good, sctp_crc(l4, segment_len(f)));
	return memcmp(good + 8, l4 + 8, 4) == 0 ? R_none : R_bad_checksum;
}

static void set_endpoint(
	struct endpoint *e, const uint8_t *address, uint8_t ip_version, uint16_t port)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF }; /* RFC 4291 2.5.5.2 */

	if (ip_version == 4) {
		memcpy(e->address, mapped, sizeof(mapped));
		memcpy(e->address + sizeof(mapped), address, 4);
	} else {
		memcpy(e->address, address, sizeof(e->address));
	}
	e->port = port;
}

/* set_key: compares the addresses where they lie: they are loaded once and each end is written once. */
static void set_key(struct frame *f, uint8_t protocol, uint16_t source_port, uint16_t target_port)
{
	const uint8_t *ip = f->data + f->l3_off;
	const uint8_t *source = f->ip_version == 4 ? ip + 12 : ip + 8;
	const uint8_t *target = f->ip_version == 4 ? ip + 16 : ip + 24;
	int64_t order = f->ip_version == 4 ? (int64_t)be32(source) - be32(target)
	                                   : memcmp(source, target, 16);
	bool from_lo = order < 0 || (order == 0 && source_port <= target_port);

	set_endpoint(from_lo ? &f->key.lo : &f->key.hi, source, f->ip_version, source_port);
	set_endpoint(from_lo ? &f->key.hi : &f->key.lo, target, f->ip_version, target_port);
	f->from_lo = from_lo;
	f->key.protocol = protocol;
}

static void decode_other(struct frame *f, enum reason reason)
{
	f->kind = FRAME_OTHER;
	f->reason = (uint8_t)reason;
}

/* decode_short: a header does not fit: `end` is where the layer below says that its payload ends. */
static void decode_short(struct frame *f, uint32_t need, uint32_t end, enum reason malformed)
{
	bool cut = need > f->len && (end > f->len || f->wire_len > f->len);

	decode_other(f, cut && need <= end ? R_truncated : malformed);
}

static void set_payload(struct frame *f, uint32_t l4_off, uint32_t payload_off, uint32_t end)
{
	uint32_t have = end < f->len ? end : f->len;

	f->l4_off = (uint16_t)l4_off;
	f->payload_off = (uint16_t)payload_off;
	f->payload_len = (uint16_t)(have - payload_off);
	f->user_len = f->payload_len;
	f->cut_len = (uint16_t)(end - have);
}

static void decode_tcp(struct frame *f, uint32_t off, uint32_t end, enum checksum_policy checksums)
{
	const uint8_t *tcp = f->data + off;
	uint32_t have = end < f->len ? end : f->len;
	uint32_t header_len;

	if (off + TCP_MIN_LEN > have) {
		decode_short(f, off + TCP_MIN_LEN, end, R_tcp_header);
		return;
	}
	header_len = (uint32_t)(tcp[12] >> 4) * 4;
	if (header_len < TCP_MIN_LEN || off + header_len > have) {
		decode_short(f, header_len < TCP_MIN_LEN ? 0 : off + header_len, end, R_tcp_header);
		return;
	}
	f->kind = FRAME_TCP;
	set_payload(f, off, off + header_len, end);
	f->seq = be32(tcp + 4);
	f->ack = be32(tcp + 8);
	f->tcp_flags = tcp[13];
	f->window = be16(tcp + 14);
	set_key(f, PROTO_TCP, be16(tcp), be16(tcp + 2));
	if (f->cut_len != 0) {
		f->reason = R_truncated;
	} else if (checksums == CHECKSUM_VERIFY && f->reason == R_none) {
		f->reason = (uint8_t)tcp_checksum_reason(f);
	}
}

static void decode_sctp(struct frame *f, uint32_t off, uint32_t end, enum checksum_policy checksums)
{
	const uint8_t *sctp = f->data + off;
	uint32_t have = end < f->len ? end : f->len;

	if (off + SCTP_COMMON_LEN > have) {
		decode_short(f, off + SCTP_COMMON_LEN, end, R_sctp_header);
		return;
	}
	f->kind = FRAME_SCTP;
	set_payload(f, off, off + SCTP_COMMON_LEN, end);
	set_key(f, PROTO_SCTP, be16(sctp), be16(sctp + 2));
	if (f->cut_len != 0) {
		f->reason = R_truncated;
	} else if (checksums == CHECKSUM_VERIFY && f->reason == R_none) {
		f->reason = (uint8_t)sctp_checksum_reason(f);
	}
}

static void decode_fragment(struct frame *f, uint8_t protocol, uint32_t off, uint32_t end)
{
	if (off > end || off > f->len) {
		decode_short(f, off, end, R_ip_header);
		return;
	}
	f->kind = FRAME_FRAGMENT;
	set_payload(f, off, off, end);
	set_key(f, protocol, 0, 0);
	if (f->cut_len != 0) {
		f->reason = R_truncated;
	}
}

static void decode_l4(struct frame *f, uint8_t protocol, uint32_t off, uint32_t end,
	enum checksum_policy checksums)
{
	if (protocol == PROTO_TCP) {
		decode_tcp(f, off, end, checksums);
	} else if (protocol == PROTO_SCTP) {
		decode_sctp(f, off, end, checksums);
	} else {
		decode_other(f, protocol == PROTO_ESP ? R_ip_encrypted : R_other_protocol);
	}
}

/* offload_end: the end of a frame whose IP length is 0 because it is longer than a packet may be (TSO). */
static uint32_t offload_end(const struct frame *f, uint32_t payload)
{
	uint32_t end = f->wire_len > f->len ? f->wire_len : f->len;

	return end < payload + UINT16_MAX ? end : payload + UINT16_MAX;
}

/* RFC 791 3.1. */
static void decode_ip4(struct frame *f, uint32_t off, enum checksum_policy checksums)
{
	const uint8_t *ip = f->data + off;
	uint32_t header_len;
	uint32_t end;

	if (off + IP4_MIN_LEN > f->len) {
		decode_short(f, off + IP4_MIN_LEN, off + IP4_MIN_LEN, R_ip_header);
		return;
	}
	header_len = (uint32_t)(ip[0] & 15) * 4;
	end = off + be16(ip + 2);
	if (end == off && ip[9] == PROTO_TCP) {
		end = offload_end(f, off);
	}
	if (ip[0] >> 4 != 4 || header_len < IP4_MIN_LEN || off + header_len > end ||
		off + header_len > f->len) {
		decode_short(f, ip[0] >> 4 == 4 ? off + header_len : 0, end, R_ip_header);
		return;
	}
	f->ip_version = 4;
	f->l3_off = (uint16_t)off;
	if (checksums == CHECKSUM_VERIFY && sum_fold(sum_ip4(ip, header_len)) != 0xFFFF) {
		/* 0 is what a sending host leaves for its interface */
		f->reason = be16(ip + 10) == 0 ? R_offload_partial : R_bad_checksum;
	}
	if ((be16(ip + 6) & 0x3FFF) != 0) {
		decode_fragment(f, ip[9], off + header_len, end); /* MF or an offset */
		return;
	}
	decode_l4(f, ip[9], off + header_len, end, checksums);
}

static bool is_extension(uint8_t protocol)
{
	switch (protocol) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_AH:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
	case PROTO_EXPERIMENT_1:
	case PROTO_EXPERIMENT_2:
		return true;
	default:
		return false;
	}
}

/* extension_len: octets of a header that can be walked, by its second octet; 0 for any other. */
static uint32_t extension_len(uint8_t protocol, uint8_t len)
{
	switch (protocol) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
		return 8 * ((uint32_t)len + 1); /* RFC 8200 4.3, 4.4, 4.6 */
	case PROTO_AH:
		return 4 * ((uint32_t)len + 2); /* RFC 4302 2.2 */
	case PROTO_FRAGMENT:
		return 8; /* RFC 8200 4.5 */
	default:
		return 0;
	}
}

/* decode_ip6_chain: RFC 8200 4: walks to the upper layer; `off` is at the header that `next` names. */
static void decode_ip6_chain(
	struct frame *f, uint8_t next, uint32_t off, uint32_t end, enum checksum_policy checksums)
{
	for (unsigned n = 0; is_extension(next); n++) {
		const uint8_t *header = f->data + off;
		uint8_t protocol = next;
		uint32_t len;

		if (off + 8 > end || off + 8 > f->len) {
			decode_short(f, off + 8, end, R_ip_header);
			return;
		}
		len = extension_len(protocol, header[1]);
		if (len == 0 || n == LIMIT_IP6_EXTENSION) {
			decode_other(f, R_ip6_extension);
			return;
		}
		next = header[0];
		off += len;
		/* RFC 6946: offset 0 and no more fragments is a whole datagram */
		if (protocol == PROTO_FRAGMENT && (be16(header + 2) & 0xFFF9) != 0) {
			decode_fragment(f, next, off, end);
			return;
		}
	}
	decode_l4(f, next, off, end, checksums);
}

/* RFC 8200 3. */
static void decode_ip6(struct frame *f, uint32_t off, enum checksum_policy checksums)
{
	const uint8_t *ip = f->data + off;
	uint32_t end;

	if (off + IP6_LEN > f->len) {
		decode_short(f, off + IP6_LEN, off + IP6_LEN, R_ip_header);
		return;
	}
	if (ip[0] >> 4 != 6) {
		decode_other(f, R_ip_header);
		return;
	}
	f->ip_version = 6;
	f->l3_off = (uint16_t)off;
	end = off + IP6_LEN + be16(ip + 4);
	if (be16(ip + 4) == 0 && ip[6] == PROTO_TCP) {
		end = offload_end(f, off + IP6_LEN);
	}
	decode_ip6_chain(f, ip[6], off + IP6_LEN, end, checksums);
}

static void decode_clear(struct frame *f)
{
	f->flow = NULL;
	f->fragments = NULL;
	f->gathered = 0;
	f->l3_off = 0;
	f->l4_off = 0;
	f->payload_off = 0;
	f->payload_len = 0;
	f->user_len = 0;
	f->cut_len = 0;
	f->kind = FRAME_OTHER;
	f->ip_version = 0;
	f->from_lo = 0;
	f->reason = R_none;
	f->edited = 0;
	f->held = 0;
	f->seq = 0;
	f->ack = 0;
	f->window = 0;
	f->tcp_flags = 0;
	memset(&f->key, 0, sizeof(f->key));
}

void frame_decode(struct frame *f, enum checksum_policy checksums, bool vlan_in_key)
{
	uint32_t off = ETHERNET_LEN;
	unsigned vlan = 0;
	unsigned n_tags = 0;
	uint16_t type;

	decode_clear(f);
	if (f->len < ETHERNET_LEN) {
		decode_short(f, ETHERNET_LEN, ETHERNET_LEN, R_other_ethertype);
		return;
	}
	type = be16(f->data + 12);
	while (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD) {
		if (n_tags++ == LIMIT_VLAN_TAGS) {
			decode_other(f, R_vlan_depth);
			return;
		}
		if (off + VLAN_TAG_LEN > f->len) {
			decode_short(f, off + VLAN_TAG_LEN, off + VLAN_TAG_LEN, R_other_ethertype);
			return;
		}
		vlan = vlan << 4 ^
		       (be16(f->data + off) & 0x0FFFu); /* two of 12 bits folded in 16 */
		type = be16(f->data + off + 2);
		off += VLAN_TAG_LEN;
	}
	if (type == TYPE_IP4) {
		decode_ip4(f, off, checksums);
	} else if (type == TYPE_IP6) {
		decode_ip6(f, off, checksums);
	} else {
		decode_other(f, R_other_ethertype);
	}
	f->key.vlan = vlan_in_key ? (uint16_t)vlan : 0;
}

void frame_mend_checksums(struct frame *f)
{
	uint8_t *l4 = f->data + f->l4_off;
	size_t len = segment_len(f);
	uint16_t sum;

	if (f->cut_len != 0) {
		return;
	}
	if (f->kind == FRAME_TCP) {
		memset(l4 + 16, 0, 2);
		sum = sum_fold(sum_add(pseudo_sum(f) + wire16((uint16_t)len), l4, len));
		sum = (uint16_t)~sum;
		memcpy(l4 + 16, &sum, sizeof(sum));
	} else if (f->kind == FRAME_SCTP && be32(l4 + 8) != 0) {
		put_sctp_crc(l4, sctp_crc(l4, len));
	}
}

void frame_mend_ip4_header(struct frame *f)
{
	uint8_t *ip = f->data + f->l3_off;
	uint16_t sum;

	memset(ip + 10, 0, 2);
	sum = (uint16_t)~sum_fold(sum_ip4(ip, (uint32_t)(ip[0] & 15) * 4));
	memcpy(ip + 10, &sum, sizeof(sum));
}

void frame_clear_urgent(struct frame *f)
{
	uint8_t *tcp = f->data + f->l4_off;

	tcp[13] &= (uint8_t)~TCP_URG;
	put_be16(tcp + 18, 0);
	f->tcp_flags &= (uint8_t)~TCP_URG;
	f->edited = 1;
	frame_mend_checksums(f);
}

struct bytes frame_tcp_options(const struct frame *f)
{
	return bytes_of(f->data + f->l4_off + TCP_MIN_LEN,
		(size_t)(f->payload_off - f->l4_off) - TCP_MIN_LEN);
}
