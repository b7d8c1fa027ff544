/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcap_dialogues: what one message of a TCAP dialogue has told that a later one does not repeat:
 * the application context, whose invokes were refused, and so which answers are to be rewritten.
 *
 * Only dialogues of the short message service are remembered: a Begin with one of its application
 * contexts, or with one of its operations. A dialogue is found by either of its two transaction
 * ids: the Begin tells the first, the first Continue the second. An id is its giver's own, so it
 * is kept with the giver's point code; where the answers of a network come back through another
 * point code (mated STPs), give 0 for both.
 * Ownership: one table per worker. Owning core only. Copies, never borrows.
 * Bounds: `dialogues_max`, LIMIT_TCAP_REFUSED invokes a dialogue, LIMIT_TCAP_CHAIN entries of a hash
 * bucket looked at. Full: the dialogue silent for longest gives way if it is past its age, else the
 * new one is not remembered (R_tcap_dialogues_full): a flood of Begins takes nobody else's place.
 * Retransmissions are not for here: the SCTP journal keeps them away.
 * Source: ITU-T Q.774 3.2.1, 3.3; Q.773 3.1.
 */
#ifndef SMSWALL_PROTO_TCAP_DIALOGUES_H
#define SMSWALL_PROTO_TCAP_DIALOGUES_H

#include "dataplane/proto/gsmmap.h"

struct tcap_dialogues_config {
	uint32_t dialogues_max; /* at least 1 */
	uint64_t age_us;        /* since its last message */
	uint64_t hash_key;      /* random; fixed in replay */
};

struct tcap_dialogues;

/* `memory` is aligned to 64. */
size_t tcap_dialogues_size(const struct tcap_dialogues_config *config);
struct tcap_dialogues *tcap_dialogues_init(
	void *memory, const struct tcap_dialogues_config *config);

/* Where a message was seen and between which point codes it goes. */
struct tcap_path {
	uint8_t link;
	uint32_t origin;      /* OPC, or 0 */
	uint32_t destination; /* DPC, or 0 */
};

#define TCAP_DIALOGUE_NO_INDEX UINT32_MAX

/* What is known of the dialogue of one message; valid until tcap_dialogues_leave(). */
struct tcap_dialogue_seen {
	uint32_t index;    /* TCAP_DIALOGUE_NO_INDEX: it is not remembered */
	uint8_t sender;    /* which of its two ends sends: 0 who sent Begin, or 1 */
	bool begin_empty;  /* its Begin had no components: the operation comes in a Continue */
	bool ended;        /* by this message */
	uint8_t n_refused; /* invokes of either end whose answer is awaited */
	struct gsmmap_context context; /* of the message, else of its dialogue */
};

/*
 * tcap_dialogues_enter: takes each message before its components are looked into; `whole` is what it
 * was read from. *why is R_none or R_tcap_dialogues_full. A Begin that gives an id again ends the
 * dialogue that had it.
 */
void tcap_dialogues_enter(struct tcap_dialogues *t, const struct tcap_path *path,
	const struct tcap_message *m, struct bytes whole, uint64_t now_us,
	struct tcap_dialogue_seen *seen, enum reason *why);

/* A refused invoke whose answer is awaited. */
struct tcap_refused {
	uint64_t message_id; /* of its event */
	uint64_t sent_us;
	int32_t invoke_id;
	int32_t operation; /* as it came */
	uint8_t style;     /* enum edit_style */
	uint8_t error;     /* what the answer's error is to become; 0: leave it */
	uint8_t direction; /* the invoke's, of the link: the caller's own */
	bool blanked;      /* it is to be delivered without its text: a result is no alarm */
};

/*
 * tcap_dialogues_refuse: remembers an invoke of this message. A dialogue that was joined late is
 * remembered from here on. False (R_tcap_dialogues_full, to be counted): its answer will pass as it
 * is.
 */
bool tcap_dialogues_refuse(struct tcap_dialogues *t, const struct tcap_path *path,
	const struct tcap_message *m, uint64_t now_us, struct tcap_dialogue_seen *seen,
	const struct tcap_refused *refused);

/*
 * tcap_dialogues_take: finds and removes the refused invoke that component `c` answers: a result, an
 * error, or a Reject that is not about one of these; from the other end, with the same invoke id.
 */
bool tcap_dialogues_take(struct tcap_dialogues *t, struct tcap_dialogue_seen *seen,
	const struct tcap_component *c, struct tcap_refused *refused);

/* tcap_dialogues_leave: behind the last component: End and Abort free the dialogue. */
void tcap_dialogues_leave(struct tcap_dialogues *t, struct tcap_dialogue_seen *seen);

/* tcap_dialogues_expire: a slice of housekeeping: frees at most `n_max` that are past their age. */
void tcap_dialogues_expire(struct tcap_dialogues *t, uint64_t now_us, uint32_t n_max);

uint32_t tcap_dialogues_count(const struct tcap_dialogues *t);

#endif
