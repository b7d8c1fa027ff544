/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp: reads one SCTP packet: its common header, its chunks, and the fields of those chunks that
 * the association layer needs. Nothing here has a state or writes into a frame.
 *
 *      frame -> [sctp: what does this packet say?] -> sctp_assoc: of which association is it?
 *                                                  -> sctp_direction: which messages are whole?
 *
 * Ownership: spans borrow the frame's octets. Any core. Bounds: every step of a walk takes at least
 * 4 octets, so a walk ends after payload_len / 4 steps; addresses kept are LIMIT_SCTP_ADDRESSES.
 * Errors: PARSE_BAD with the reason in struct sctp_walk; what was walked before it stands.
 * Source: RFC 9260 3; I-DATA RFC 8260 2.1; AUTH RFC 4895 4.1; ASCONF RFC 5061 4; RFC 3758; RFC 9653.
 */
#ifndef SMSWALL_NET_SCTP_H
#define SMSWALL_NET_SCTP_H

#include "dataplane/net/frame.h"

enum sctp_chunk_type {
	SCTP_DATA = 0,
	SCTP_INIT = 1,
	SCTP_INIT_ACK = 2,
	SCTP_SACK = 3,
	SCTP_HEARTBEAT = 4,
	SCTP_HEARTBEAT_ACK = 5,
	SCTP_ABORT = 6,
	SCTP_SHUTDOWN = 7,
	SCTP_SHUTDOWN_ACK = 8,
	SCTP_ERROR = 9,
	SCTP_COOKIE_ECHO = 10,
	SCTP_COOKIE_ACK = 11,
	SCTP_SHUTDOWN_COMPLETE = 14,
	SCTP_AUTH = 15,            /* RFC 4895 4.1 */
	SCTP_I_DATA = 64,          /* RFC 8260 2.1 */
	SCTP_ASCONF_ACK = 0x80,    /* RFC 5061 4.1.2 */
	SCTP_FORWARD_TSN = 0xC0,   /* RFC 3758 3.2 */
	SCTP_ASCONF = 0xC1,        /* RFC 5061 4.1.1 */
	SCTP_I_FORWARD_TSN = 0xC2, /* RFC 8260 2.3.1 */
};

/* Flags of DATA and I-DATA: RFC 9260 3.3.1; of ABORT and SHUTDOWN COMPLETE: 3.3.7, 3.3.13. */
enum {
	SCTP_END = 0x01,
	SCTP_BEGIN = 0x02,
	SCTP_UNORDERED = 0x04,
	SCTP_IMMEDIATE = 0x08,
	SCTP_REFLECTED = 0x01,
};

struct sctp_chunk {
	uint8_t type;
	uint8_t flags;
	struct bytes value; /* what follows the chunk header, without padding */
};

struct sctp_walk {
	struct cursor c;
	uint8_t reason; /* enum reason, after PARSE_BAD */
};

/* sctp_walk_of: over the chunks of a FRAME_SCTP. */
static inline struct sctp_walk sctp_walk_of(const struct frame *f)
{
	return (struct sctp_walk){ .c = cursor_of(frame_payload(f)) };
}

/*
 * sctp_next_chunk: the next chunk; PARSE_MORE at the end of the packet; PARSE_BAD where a chunk is
 * shorter than its header (sctp_chunk_short) or runs past the packet (sctp_chunk_length).
 */
enum parse sctp_next_chunk(struct sctp_walk *w, struct sctp_chunk *chunk);

/* One DATA or I-DATA chunk. */
struct sctp_data {
	struct bytes user; /* its user data */
	uint32_t tsn;
	uint32_t number; /* stream sequence number of DATA, message identifier of I-DATA */
	uint32_t fsn;    /* I-DATA: fragment number, 0 in the first */
	uint32_t ppid;   /* host order; I-DATA: 0 in all but the first fragment */
	uint16_t stream;
	uint8_t flags;
	bool interleaved; /* it is an I-DATA */
};

static inline bool sctp_is_data(uint8_t type)
{
	return type == SCTP_DATA || type == SCTP_I_DATA;
}

/* sctp_read_data: false when the chunk is too short for its type's header. */
bool sctp_read_data(const struct sctp_chunk *chunk, struct sctp_data *data);

/* What struct sctp_packet.has is made of. */
enum {
	SCTP_HAS_INIT = 0x0001,
	SCTP_HAS_INIT_ACK = 0x0002,
	SCTP_HAS_ACK = 0x0004, /* SACK or SHUTDOWN: cum_tsn is set */
	SCTP_HAS_COOKIE_ECHO = 0x0008,
	SCTP_HAS_COOKIE_ACK = 0x0010,
	SCTP_HAS_ABORT = 0x0020,
	SCTP_HAS_COMPLETE = 0x0040,  /* SHUTDOWN COMPLETE */
	SCTP_HAS_REFLECTED = 0x0080, /* ABORT or SHUTDOWN COMPLETE with the T bit */
	SCTP_HAS_AUTH = 0x0100,      /* what follows it in the packet is authenticated */
	SCTP_HAS_ASCONF = 0x0200,
	SCTP_HAS_FORWARD = 0x0400, /* FORWARD-TSN or I-FORWARD-TSN */
	SCTP_HAS_HEARTBEAT = 0x0800,
	SCTP_HAS_SHUTDOWN = 0x1000,
	SCTP_HAS_ERROR = 0x2000,
	SCTP_HAS_DATA = 0x4000, /* DATA or I-DATA with user data */
	SCTP_HAS_OTHER = 0x8000,
};

/* What one walk over a packet tells. */
struct sctp_packet {
	uint16_t source_port;
	uint16_t target_port;
	uint32_t tag;
	uint32_t checksum; /* as on the wire; 0: none (RFC 9653) */
	uint32_t user_len; /* octets of user data that could be walked: what the ledger counts */
	uint32_t cum_tsn;
	uint32_t first_tsn; /* of the first DATA */
	uint16_t n_chunks;
	uint16_t n_data;
	uint16_t has;        /* SCTP_HAS_ bits */
	struct bytes init;   /* value of the INIT or INIT ACK */
	struct bytes asconf; /* value of the first ASCONF */
};

/*
 * sctp_read_packet: walks `f` once, sets f->user_len, and counts in `stats` what is anomalous about
 * the packet by itself (not in frames with a reason: bad checksum, truncated). A broken chunk ends
 * the walk; an INIT that is bundled, has a tag or breaks its rules is not in `has`.
 */
void sctp_read_packet(struct frame *f, struct sctp_packet *p, struct stats *stats);

/* An INIT or INIT ACK (RFC 9260 3.3.2, 3.3.3). */
struct sctp_init {
	uint32_t tag; /* what packets to its sender carry */
	uint32_t a_rwnd;
	uint32_t tsn;
	uint16_t n_out;
	uint16_t n_in;
	uint8_t n_addresses; /* besides the source address of the packet */
	bool more_addresses; /* it named more than are kept */
	bool zero_checksum;  /* RFC 9653 5.1 */
	bool auth;           /* RFC 4895 3.1, or AUTH among the supported extensions */
	bool asconf;         /* RFC 5061 4.2.7 */
	bool interleaving;   /* I-DATA among the supported extensions, RFC 8260 2.2.1 */
	bool forward_tsn;    /* RFC 3758 3.1 */
	uint8_t addresses[LIMIT_SCTP_ADDRESSES][16];
};

/* sctp_read_init: from the value of the chunk; false when RFC 9260 3.3.2 forbids it or a parameter is broken. */
bool sctp_read_init(struct bytes value, struct sctp_init *init);

/* One step of an ASCONF (RFC 5061 4.2.1, 4.2.2, 4.2.4). */
struct sctp_address_change {
	uint8_t address[16];
	bool add;      /* else delete */
	bool wildcard; /* all zero: the packet's own source (4.2.1), or all others (4.2.2) */
};

/* sctp_asconf_of: a cursor over the parameters of an ASCONF's value, for sctp_next_address_change(). */
struct cursor sctp_asconf_of(struct bytes value);

/* sctp_next_address_change: PARSE_MORE at the end, PARSE_BAD where a parameter breaks RFC 5061. Others are skipped. */
enum parse sctp_next_address_change(struct cursor *c, struct sctp_address_change *change);

/* sctp_is_dtls: user data that is a DTLS record (RFC 6083 4.1, RFC 9147 4): it cannot be judged. */
bool sctp_is_dtls(struct bytes user);

#endif
