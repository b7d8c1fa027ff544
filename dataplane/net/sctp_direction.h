/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_direction: from packets to user messages, and back, for what one end of an association sends.
 * The middlebox's view: it sends nothing of its own, and only decides which messages are whole,
 * which frames may leave, and with which octets. net/tcp.h is the same for TCP.
 *
 *      sctp_receive()  stores new DATA by TSN, first copy wins; a message whose fragments are all
 *                      there is ready, whatever gaps there are in the TSNs
 *      sctp_next_message(), sctp_edit(), sctp_consume()     the layer above judges each ready one
 *      sctp_leave()    frames whose DATA all have a verdict leave in order of arrival
 *
 * A frame waits only for the fragments of unfinished messages; sctp_release_due() bounds that. A
 * message whose frames were released is still given, once, when it is complete. In monitor nothing
 * waits and nothing is changed. What was edited is kept a while after its acknowledgement: a copy
 * that comes late leaves as the first did. Packets with a reason (bad checksum, truncated) keep their place,
 * are accounted under it and never used. DATA that follows an AUTH chunk passes (sctp_authenticated).
 * Ownership: struct sctp_direction is a part of struct sctp_assoc. Owning core only.
 * Bounds: LIMIT_SCTP_DIRECTION_BLOCKS, LIMIT_SCTP_MESSAGE_LEN, LIMIT_HELD_FRAMES; of kept entries
 * LIMIT_SCTP_KEPT_BLOCKS, and none where a quarter of the journal or less is free (sctp_kept_full).
 * Source: RFC 9260 6; RFC 8260 2; RFC 4895 6.
 */
#ifndef SMSWALL_NET_SCTP_DIRECTION_H
#define SMSWALL_NET_SCTP_DIRECTION_H

#include "dataplane/net/sctp_journal.h"
#include "dataplane/net/tcp.h"

struct sctp_list {
	struct sctp_entry *oldest;
	struct sctp_entry *newest;
};

struct sctp_direction {
	struct frame_list held;   /* in order of arrival */
	struct frame *fresh;      /* the first of them that sctp_leave() has not looked at yet */
	struct sctp_list entries; /* not kept ones, by their newest copy */
	struct sctp_list kept;    /* acknowledged and overlaid: for copies that come late */
	struct sctp_entry
		*ready; /* complete messages that are not judged, in order of completion */
	struct sctp_entry *ready_tail;
	uint64_t held_since_us; /* arrival of the oldest held frame; 0: none */
	uint64_t ack_time_us;   /* of the newest cumulative acknowledgement */
	uint32_t id;            /* in the journal */
	uint32_t cum;           /* acknowledged by the receiver, up to and including */
	uint32_t freed_to;      /* the journal is without what is acknowledged up to here */
	uint32_t high;          /* the highest TSN seen */
	uint32_t n_entries;     /* without those that are kept */
	uint32_t n_blocks;      /* that these entries take */
	uint32_t n_kept;        /* blocks of the kept ones */
	uint32_t n_waiting;     /* entries without a verdict */
	uint32_t n_pieces;      /* of them, fragments of unfinished messages */
	uint32_t n_overlaid;    /* entries that frames are made equal to, kept ones too */
	uint32_t pending;       /* octets stored that are not in the ledger yet */
	uint32_t skipped_to;    /* up to here, TSNs may be missing in the journal that were seen */
	uint32_t isn;           /* initial TSN, where isn_known */
	uint16_t n_streams;     /* that its sender may use; 0: not known */
	bool isn_known;
	bool seen;        /* `high` is set */
	bool acked;       /* `cum` is set */
	bool freeing;     /* `freed_to` is set */
	bool skipped;     /* `skipped_to` is set */
	bool stale;       /* entries that are acknowledged got their verdict since */
	bool again;       /* DATA of held frames was sent again */
	bool ended;       /* set by sctp_assoc: the association is over */
	bool plain;       /* DATA was seen */
	bool interleaved; /* I-DATA was seen */
};

/* One user message, valid until it is consumed. */
struct sctp_message {
	struct bytes octets;
	uint64_t time_us; /* arrival of its newest frame */
	uint64_t frame;   /* and its number */
	uint32_t first_tsn;
	uint32_t last_tsn; /* interleaved: not all between are its own */
	uint32_t number;   /* stream sequence number, or message identifier */
	uint32_t ppid;     /* host order: 3 is M3UA (IANA) */
	uint16_t stream;
	uint32_t n_fragments;
	bool unordered;
	bool interleaved;
	struct sctp_entry *first; /* of sctp_direction.c */
};

/* sctp_open: a new direction of a zeroed struct. */
void sctp_open(struct sctp_direction *d, struct sctp_journal *j);

/*
 * sctp_receive: takes `f`, whose packet is `p`, of direction `d` whose other direction is `o`:
 * stores its DATA, notes what it acknowledges of `o`, and appends it to d->held (always; sctp_leave()
 * says which may go). Accounts under f->direction what is not stored: duplicates, authenticated
 * DATA, and what there is no memory for (history_full). True: messages are ready.
 */
bool sctp_receive(struct sctp_direction *d, struct sctp_direction *o, struct frame *f,
	const struct sctp_packet *p, const struct tcp_config *config, struct sctp_journal *j,
	struct stats *stats);

/*
 * sctp_next_message: the oldest complete message that is not judged; the same again until it is
 * consumed. Its octets lie in the journal when they are in one piece, else they are gathered into
 * `scratch` (LIMIT_SCTP_MESSAGE_LEN octets). False: there is none.
 */
bool sctp_next_message(const struct sctp_direction *d, struct sctp_message *m, uint8_t *scratch);

/*
 * sctp_edit: replaces octets of `m` from `off` on, which lie in it. What has left already is not
 * changed. m->octets shows it only where it is no gathered copy.
 */
void sctp_edit(
	struct sctp_direction *d, const struct sctp_message *m, size_t off, struct bytes data);

/*
 * sctp_find_here: the first stretch of the `len` octets from `off` on that has not left: [*from, *to),
 * counted from `off`; both are `len` where all has.
 */
void sctp_find_here(const struct sctp_message *m, size_t off, size_t len, size_t *from, size_t *to);

/* sctp_leaked: how many of the `len` octets from `off` on had already left. */
size_t sctp_leaked(const struct sctp_message *m, size_t off, size_t len);

/* sctp_consume: the message of sctp_next_message() is done; accounted under `r` for `direction`. */
void sctp_consume(struct sctp_direction *d, const struct sctp_message *m, enum reason r,
	unsigned direction, struct stats *stats);

/*
 * sctp_leave: appends to `out` the held frames that may leave, overlaid with the journal's octets;
 * with `all`, every held frame. Frees what is acknowledged, or old where no acknowledgement is seen.
 * Call after judging. Also counts frames_held, frames_edited.
 */
void sctp_leave(struct sctp_direction *d, bool all, uint64_t now_us,
	const struct tcp_config *config, struct sctp_journal *j, struct stats *stats,
	struct frame_list *out);

/* sctp_release_due: true if held frames must leave now (hold time, retransmission, end, ceiling); sets `*why`. */
bool sctp_release_due(const struct sctp_direction *d, uint64_t now_us,
	const struct tcp_config *config, enum reason *why);

/* sctp_age: frees what was kept long enough for late copies; for directions that are quiet. */
void sctp_age(struct sctp_direction *d, uint64_t now_us, struct sctp_journal *j);

/* sctp_close: accounts what is not judged as incomplete and frees the direction's memory; held frames must be out. */
void sctp_close(
	struct sctp_direction *d, unsigned direction, struct sctp_journal *j, struct stats *stats);

#endif
