/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * event: what a worker tells control: one fixed record per message, session or anomaly, in a ring
 * of its own. Control (control/events.c) turns records into JSON lines; nothing here formats.
 *
 * Thread-safety: struct event_ring has one producer (the worker) and one consumer (control).
 * Ownership: records are copied in and out; text is copied only when the configuration says that
 * events carry text. Bounds: ring of a power of two octets; a full ring drops and counts
 * (live) or makes replay wait (event_ring_room).
 *
 * Refused messages that are kept for quarantine go through a second ring of the same kind: the
 * message's record, and the carrier's original octets as its tail.
 */
#ifndef SMSWALL_EVENT_H
#define SMSWALL_EVENT_H

#include <stdatomic.h>

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"

enum event_type {
	EVENT_MESSAGE,
	EVENT_SESSION,
	EVENT_ANOMALY,
	EVENT_LINK,
	EVENT_PDU,    /* the octets of a message's PDU as its tail: replay with explain_frame */
	EVENT_WORKER, /* made by control: a worker that stands still */
	EVENT_POLICY, /* made by control: another generation judges, or is to be looked at */
};

enum {
	EVENT_ADDRESS_SIZE = 66,
	EVENT_ACCOUNT_SIZE = 16,
	EVENT_DIGITS_SIZE = 31,
	EVENT_RULES_MAX = 16,
	EVENT_LIST_SIZE = 20,
	EVENT_TENANT_SIZE = 32,
	EVENT_ENTRY_SIZE = 64,
	EVENT_SIDE_UNKNOWN = 2
};

struct event_address {
	uint8_t ton;
	uint8_t npi;
	uint8_t len;
	uint8_t digits[EVENT_ADDRESS_SIZE];
};

/* A number of MAP or SCCP: ASCII digits. */
struct event_digits {
	uint8_t len;
	char digits[EVENT_DIGITS_SIZE];
};

/* What MAP adds to a message: the dialogue, and who asks whom. */
struct event_map {
	uint32_t opc, dpc; /* point codes */
	uint8_t otid[4], dtid[4];
	uint8_t otid_len, dtid_len; /* 0: none */
	uint8_t calling_ssn, called_ssn;
	uint8_t sccp_type;
	uint8_t tcap_type; /* enum tcap_type */
	uint8_t operation; /* local operation code */
	uint8_t version;   /* of MAP; 0: not known */
	uint8_t tpdu_type; /* enum tpdu_type */
	int32_t invoke_id;
	struct event_digits calling, called; /* global titles; empty: none */
	struct event_digits smsc, imsi, msisdn;
};

/* Of a message that is kept for quarantine: what the octets behind the record are. */
enum event_kept_form {
	KEPT_SMPP, /* the PDU */
	KEPT_M3UA, /* the message of M3UA that carried it */
	KEPT_SCCP, /* the message of SCCP, where its M3UA carried others, too */
	KEPT_TCAP, /* its TCAP message, put together from segments of SCCP */
};

struct event_kept {
	uint8_t form;    /* enum event_kept_form */
	bool blanked;    /* without its text */
	uint32_t octets; /* of the whole: above tail_len where its end had not come yet */
};

struct event_message {
	const char *command;  /* static */
	const char *encoding; /* static */
	uint32_t sequence;
	uint8_t side, role;
	uint8_t carrier;
	uint8_t action;  /* enum rule_action: the verdict */
	uint8_t applied; /* enum edit_style: what was done to the PDU; EDIT_NONE in monitor */
	uint8_t reason;  /* enum reason */
	uint8_t n_rules; /* of hits, sorted by id by control */
	uint8_t data_coding, protocol_id, esm_class;
	int8_t message_class;
	uint8_t receipt;
	uint8_t part, parts; /* 0: not concatenated */
	uint16_t reference;
	uint16_t n_destinations;
	uint8_t passed[32]; /* parts that had passed before a condemned message was known */
	uint8_t shadow, shadow_action;
	uint8_t late;
	uint32_t leaked; /* octets of the text that had left before the verdict */
	int32_t score;
	uint16_t category;
	uint32_t generation;
	uint32_t rule; /* index in that generation's ruleset, or VERDICT_NO_RULE */
	uint32_t rules[EVENT_RULES_MAX];
	uint16_t rule_shadow; /* bit i: rules[i] does not act on this message */
	uint32_t octets;      /* of the PDU */
	char sibling_rule[LIMIT_RULE_ID_LEN + 1];
	/* reasons list and never_block; a longer entry is cut */
	char list[EVENT_LIST_SIZE]; /* its name */
	uint8_t entry_len;
	bool entry_number; /* it is a person's number */
	char entry[EVENT_ENTRY_SIZE];
	char tenant[EVENT_TENANT_SIZE]; /* its name; "": none */
	uint16_t scope; /* of policy.conf, index + 1; 0: what holds goes by link and side alone */
	/* reason limit */
	char limit[EVENT_LIST_SIZE]; /* its name */
	uint32_t limit_fill;         /* of its key, per mille, this message included */
	struct event_address source, destination;
	struct event_map map;   /* carrier SMS_MAP */
	struct event_kept kept; /* in the quarantine's ring only */
};

struct event_session {
	uint8_t change; /* 0 opened, 1 bound, 2 bind refused, 3 unbound, 4 closed, 5 aged, 6 resync */
	uint8_t bind;   /* enum smpp_bind_state asked for */
	uint8_t protocol;  /* IP protocol number: TCP or SCTP */
	uint8_t esme_side; /* enum sms_side, or EVENT_SIDE_UNKNOWN */
	uint64_t messages, refused, answers;
};

struct event_anomaly {
	uint8_t reason;
	uint8_t direction;
	uint32_t sequence; /* SMPP, 0: none */
	uint64_t octets;
};

struct event_link {
	uint8_t what; /* 0 up, 1 down, 2 panic on, 3 panic off, 4 set up, 5 set down */
	uint8_t port; /* 0: it is about the link, 1: its inside port, 2: its outside port */
};

struct event_worker {
	uint8_t change; /* 0 stuck, 1 moves again, 2 the process ends for it */
	uint8_t worker;
	uint32_t stood_ms;
};

enum event_policy_change {
	POLICY_LIVE,        /* a push: it judges from now on */
	POLICY_ROLLED_BACK, /* an older one was asked back */
	POLICY_CONFIRMED,
	POLICY_KEPT,        /* the guard rail's time is over: it is good */
	POLICY_UNDONE,      /* alarm: taken back by itself; the one of before judges again */
	POLICY_NOT_TAKEN,   /* alarm: a worker has not taken it in time */
	POLICY_FALLBACK,    /* alarm: at start: what was live does not verify, an older one does */
	POLICY_EMPTY,       /* alarm: at start: nothing verifies: everything passes */
	POLICY_LIMITS_LOST, /* alarm: at start: counts of limits that were kept are not whole */
	POLICY_CHANGES,
};

struct event_policy {
	uint8_t change; /* enum event_policy_change */
	uint8_t why;    /* POLICY_UNDONE: enum guard_band of control/guard.h; 0: not confirmed */
	uint32_t generation; /* it is about this one */
	uint32_t live;       /* this one judges now */
	uint32_t n_rules;    /* of `generation` */
	uint32_t worker;     /* POLICY_NOT_TAKEN: the first of them */
	uint32_t share_ppm;  /* why != 0: of the messages since the push */
	uint32_t base_ppm;   /* of those before it */
	uint32_t limit;      /* thousandths */
	uint64_t messages;   /* since the push */
	uint64_t refused;    /* of these */
	uint64_t after_us;   /* since the push */
};

/* A record; `tail_len` octets of text follow it in the ring. */
struct event {
	uint32_t len; /* of the record with its tail, a multiple of 8 */
	uint8_t type; /* enum event_type */
	uint8_t link;
	uint8_t input; /* replay: which input, from 0 */
	uint8_t worker;
	uint64_t id; /* of the event, unique in this worker, from 1 */
	uint64_t time_us;
	uint64_t session; /* flow id */
	uint64_t frame;   /* frame number, from 1 */
	char account[EVENT_ACCOUNT_SIZE];
	/* session events; quarantine: sender and receiver */
	uint8_t lo_address[16], hi_address[16];
	uint16_t lo_port, hi_port;
	uint32_t tail_len; /* UTF-8 text */
	union {
		struct event_message message;
		struct event_session session_change;
		struct event_anomaly anomaly;
		struct event_link link_change;
		struct event_worker worker_change;
		struct event_policy policy_change;
	} u;
};

struct event_ring {
	uint8_t *octets;
	uint32_t size;                         /* a power of two */
	_Alignas(64) _Atomic uint64_t written; /* worker writes, control reads */
	_Alignas(64) _Atomic uint64_t read;    /* control writes, worker reads */
};

/* event_ring_init: over `size` octets (a power of two) of the caller. Boot only. */
void event_ring_init(struct event_ring *r, void *octets, uint32_t size);

/* event_ring_room: octets that can be put. Worker only. */
uint32_t event_ring_room(const struct event_ring *r);

/* event_ring_put: copies `e` and its text (`text.len` becomes tail_len) in. False when full. Worker only. */
bool event_ring_put(struct event_ring *r, struct event *e, struct bytes text);

/* event_ring_take: copies the oldest record to *e and its text to `text` (LIMIT_TEXT_LEN octets). False when empty. Control only. */
bool event_ring_take(struct event_ring *r, struct event *e, uint8_t *text, size_t size);

#endif
