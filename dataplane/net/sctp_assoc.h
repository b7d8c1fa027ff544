/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_assoc: the associations of one worker, and of which one a packet is. A packet is known by its
 * ports and verification tag (RFC 9260 8.5), whatever addresses it travels between, so the paths of a
 * multihomed association meet. Addresses are learnt from INIT, INIT ACK, ASCONF and from packets
 * with the right tag; where two associations share ports and tag they decide.
 *
 *      INIT -> (half) -> INIT ACK -> COOKIE ECHO, COOKIE ACK or DATA -> open -> ... -> over
 *      DATA, SACK or HEARTBEAT of unknown tag: joined; its other direction is found when a SACK proves it
 *
 * A new INIT on a live association opens another one beside it; only when that handshake is complete
 * is the old one over (restart, RFC 9260 5.2). A packet whose tag is not that of the association
 * that lives between its addresses and ports passes untouched and is never used (sctp_wrong_tag).
 *
 * Sides: 0 is the end whose packet was seen first; direction[s] and tag[s] are of what side s sends.
 * Ownership: the table owns its associations, they do not move; `session` and `hold` belong to the
 * caller and are freed by it before sctp_assocs_remove(). Owning core only.
 * Bounds: associations fixed at boot; half-open ones take a quarter at most, the oldest gives way.
 * Source: RFC 9260 5, 8, 9; RFC 5061; RFC 5062 (what an attacker without the tag may not achieve).
 */
#ifndef SMSWALL_NET_SCTP_ASSOC_H
#define SMSWALL_NET_SCTP_ASSOC_H

#include "dataplane/net/sctp_direction.h"

enum sctp_state {
	SCTP_FREE,
	SCTP_HALF,    /* INIT or INIT ACK was seen, nothing that proves that both ends agree */
	SCTP_OPEN,    /* also when joined mid-life */
	SCTP_CLOSING, /* SHUTDOWN was seen */
	SCTP_OVER,    /* ABORT, SHUTDOWN COMPLETE or restarted; kept a while for late copies */
};

struct sctp_assoc;

/* A place in the caller's queue of directions that hold frames, oldest first. */
struct sctp_hold {
	struct sctp_assoc *next;
	struct sctp_assoc *prev;
	uint64_t since_us;
	bool queued;
};

struct sctp_assoc {
	struct flow_key key; /* the addresses and ports of its first packet */
	uint64_t last_us;    /* arrival of its newest packet */
	uint64_t opened_us;
	uint64_t id;   /* the caller's: unique in this worker, from 1; in events */
	void *session; /* the caller's: state of the layer above, or NULL */
	uint32_t tag[2];
	uint16_t port[2]; /* of each side */
	uint8_t state;    /* enum sctp_state */
	uint8_t link;     /* of its first packet */
	bool tag_known[2];
	bool tag_proven[2];  /* a packet that only its true sender makes carried it */
	bool lo_is_inside;   /* the caller's: side 0 is inside */
	bool reported;       /* the caller's: a session event has told of it */
	bool panicked;       /* the caller's: frames passed during panic */
	bool joined;         /* its handshake was not seen */
	bool interleaving;   /* both ends offered I-DATA */
	bool authentication; /* both ends offered AUTH */
	bool zero_checksum;  /* an end accepts packets without checksum */
	bool restarted;      /* over, because another one took its place */
	uint8_t service;     /* the caller's */
	uint8_t n_addresses[2];
	uint8_t n_paths; /* pairs of addresses between which packets were seen */
	uint64_t paths;  /* bit (i * 8 + j): from or to address i of side 0 and j of side 1 */
	uint64_t n_packets[2];
	struct sctp_hold hold[2];
	/* of the table */
	uint64_t over_us; /* when it was over, if it is */
	uint32_t tag_next[2];
	uint32_t path_next;
	uint32_t half_prev;
	uint32_t half_next;
	uint32_t acks[2]; /* the newest cumulative TSN that each side acknowledged, where */
	bool acks_seen[2];
	bool echoed;       /* COOKIE ECHO was seen */
	uint8_t offers[2]; /* extensions, by side */
	uint16_t n_out[2]; /* streams that each side asked for, and */
	uint16_t n_in[2];  /* accepts */
	uint8_t address[2][LIMIT_SCTP_ADDRESSES][16];
	struct sctp_direction direction[2] __attribute__((aligned(64)));
};

struct sctp_assocs;

/* sctp_assocs_size: octets of a table of `assocs_max`. */
size_t sctp_assocs_size(uint32_t assocs_max);

/* sctp_assocs_init: makes the table in `memory` (aligned 64); `seed` keys its hash (fixed in replay). */
struct sctp_assocs *sctp_assocs_init(void *memory, uint32_t assocs_max, uint64_t seed);

/* What sctp_assocs_find() found. */
struct sctp_found {
	struct sctp_assoc *assoc; /* NULL: the packet passes, `reason` says why */
	/*
	 * An association to be removed now, or NULL: a half-open one that gives way, or one that
	 * turned out to be the other direction of `assoc`, into which its direction has moved. It
	 * holds no frames. The caller frees its session, closes its directions and calls
	 * sctp_assocs_remove().
	 */
	struct sctp_assoc *gone;
	uint8_t reason; /* enum reason, LEDGER: of the packet's user data, not counted yet */
	uint8_t side;   /* its sender */
	bool opened;    /* `assoc` is new: id, session, lo_is_inside, service are to be set */
	bool closed;    /* it ended by this packet: what it holds is due (sctp_release_due()) */
};

/*
 * sctp_assocs_find: the association of `f`, whose packet is `p`; opens one where the packet may,
 * and takes in what it says of the association itself: handshake, addresses, end. A frame with a
 * reason (bad checksum, truncated) opens and changes nothing. Counts anomalies. Each frame is to be
 * given to sctp_receive() before the next is looked up.
 */
void sctp_assocs_find(struct sctp_assocs *t, const struct frame *f, const struct sctp_packet *p,
	struct sctp_journal *j, struct stats *stats, struct sctp_found *found);

/* sctp_assocs_remove: frees the association; both directions must have been closed (sctp_close()). */
void sctp_assocs_remove(struct sctp_assocs *t, struct sctp_assoc *a);

/* sctp_assocs_idle: it has ended, or was silent, long enough to be removed; `idle_us` is for open ones. */
bool sctp_assocs_idle(const struct sctp_assoc *a, uint64_t now_us, uint64_t idle_us);

uint32_t sctp_assocs_count(const struct sctp_assocs *t);

/* sctp_assocs_next: the first association at or after `*position`, or NULL; advances it. */
struct sctp_assoc *sctp_assocs_next(struct sctp_assocs *t, uint32_t *position);

/* sctp_assocs_next_before: the same, looking at no place from `end` on: a bounded amount of work. */
struct sctp_assoc *sctp_assocs_next_before(struct sctp_assocs *t, uint32_t *position, uint32_t end);

#endif
