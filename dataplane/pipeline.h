/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline: the story of a burst. Frames in, frames out, in their order, each judged on the way.
 *
 *     decode -> fragments -> flow -> stream -> PDU -> text -> parts -> scan -> policy -> edit -> out
 *
 * Ownership: the pipeline owns held frames until they are out. One pipeline per worker; it shares
 * only the concat table and what it is given as const. Owning core only. Does not allocate after
 * pipeline_create(), wait for a lock, log or make a system call.
 * Time is the frames' own (`time_us`): timers run before each frame, so bursts of 1 and of 32 give
 * the same result.
 */
#ifndef SMSWALL_PIPELINE_H
#define SMSWALL_PIPELINE_H

#include "dataplane/event.h"
#include "dataplane/flowtable.h"
#include "dataplane/net/fragments.h"
#include "dataplane/proto/m3ua.h"
#include "dataplane/sms/from_smpp.h"
#include "dataplane/verdict/edit.h"
#include "dataplane/verdict/judge.h"
#include "dataplane/verdict/signalling.h"

enum link_mode { LINK_TAP, LINK_MONITOR, LINK_ENFORCE };
enum on_accept { ON_ACCEPT_PASS, ON_ACCEPT_FORCE };
enum on_release { ON_RELEASE_EARLY, ON_RELEASE_REFUSE };
enum event_select { EVENTS_NON_PASS, EVENTS_ALL };
enum malformed_policy { MALFORMED_PASS, MALFORMED_REFUSE };

/* How to refuse towards one role of the far end. */
struct refusal_config {
	uint8_t style;  /* enum edit_style */
	uint8_t poison; /* enum edit_poison bits */
	uint8_t on_accept;
	uint32_t status; /* command_status of the answer; MAP: its error code */
};

struct prefix {
	uint8_t address[16]; /* IPv4 as ::ffff:0:0/96 */
	uint8_t bits;
};

enum {
	LINK_PORTS_MAX = 16,
	LINK_PREFIXES_MAX = 16,
	LINK_POINT_CODES_MAX = 32,
	LINK_GT_MAX = 32,
	LINK_NAME_SIZE = 32
};

struct link_config {
	char name[LINK_NAME_SIZE];
	uint8_t mode;      /* enum link_mode */
	uint8_t checksums; /* enum checksum_policy */
	bool vlan_in_key;
	bool content; /* inspect texts here */
	uint8_t on_release;
	uint32_t
		dribble_limit; /* releases a minute that expose text, then on_release = refuse; 0: never */
	uint8_t malformed; /* text PDUs whose body cannot be read */
	struct smpp_profile profile;
	struct refusal_config to_smsc; /* refusing what an ESME sends */
	struct refusal_config to_esme; /* refusing what an SMSC sends */
	uint16_t smpp_ports[LINK_PORTS_MAX];
	uint8_t n_smpp_ports;
	uint16_t sigtran_ports[LINK_PORTS_MAX];
	uint8_t n_sigtran_ports;
	struct refusal_config mo; /* refusing a mobile originated message of MAP: style, status */
	struct refusal_config mt;
	uint64_t sctp_hold_us; /* a frame with a piece of a user message waits this long */
	uint32_t inside_point_codes[LINK_POINT_CODES_MAX]; /* who is ours, beside `inside` */
	uint8_t n_inside_point_codes;
	struct signalling_prefix inside_gt[LINK_GT_MAX];
	uint8_t n_inside_gt;
	struct signalling_config signalling;
	bool detect; /* SMPP on any port, recognised by its bind */
	struct prefix inside
		[LINK_PREFIXES_MAX]; /* the inside: by address; none: the SMPP server's side is inside */
	uint8_t n_inside;
	struct tcp_config tcp; /* hold times; tcp.enforce is set from mode */
};

struct pipeline_config {
	uint8_t n_links;
	struct link_config links[LIMIT_LINKS];
	uint32_t flows_max;
	uint32_t stream_chunks; /* per worker */
	uint32_t pending_max;   /* answers awaited, per worker */
	struct concat_config concat;
	struct limits_config limits; /* of policy.conf: one table for all workers */
	struct fragments_config fragments;
	uint32_t associations_max;    /* SCTP, per worker */
	uint32_t sctp_journal_octets; /* edited chunks kept for retransmissions, per worker */
	uint32_t dialogues_max;       /* TCAP, per worker */
	uint64_t dialogue_age_us;
	uint32_t sccp_segments_max; /* XUDT messages being gathered, per worker */
	struct signalling_table_config signalling;
	uint64_t flow_idle_us; /* a connection without frames is removed after this */
	uint8_t event_select;
	bool event_text;
	uint32_t event_ring_len;      /* octets, a power of two */
	uint8_t quarantine_actions;   /* bit per enum rule_action: what is kept; 0: nothing is */
	bool quarantine_text;         /* false: without their texts */
	uint32_t quarantine_ring_len; /* octets, a power of two; of no use without actions */
	bool replay;                  /* wait for room in the event ring instead of dropping */
	uint64_t
		explain_frame; /* PDUs of messages that end in this frame are told as events too; 0: none */
	uint32_t hash_seed;
	uint64_t sample_key; /* of the senders that rules in state sample act on; fixed in replay */
};

struct pipeline;

/* pipeline_budget: octets one worker's pipeline takes without its flow table. */
size_t pipeline_budget(const struct pipeline_config *config);

/*
 * pipeline_create: boot only; `memory` of pipeline_budget() octets, 64-byte aligned, zeroed.
 * `flows`, `concat` and `limits` outlive it. `worker` indexes the generation's scratch and the limits' facts.
 */
struct pipeline *pipeline_create(void *memory, const struct pipeline_config *config,
	struct flowtable *flows, struct concat *concat, struct limits *limits, unsigned worker);

/* What the worker tells the pipeline before each burst (control writes them, the worker reads). */
struct pipeline_turn {
	const struct generation *generation;
	uint64_t panic_links; /* bit per link */
	/* empty frames for acknowledgements of our own, TCP_ACK_LEN_MAX octets of room each; NULL: none are made */
	struct frame_list *spare;
};

/* pipeline_decode: finds the headers of `n` frames just received; before they are steered and run. */
void pipeline_decode(struct pipeline *p, struct frame **frames, unsigned n);

/*
 * pipeline_run: takes `n` decoded frames (<= LIMIT_BURST, time non-decreasing) and appends to `out` what
 * may leave now, in order, edits applied.
 */
void pipeline_run(struct pipeline *p, const struct pipeline_turn *turn, struct frame **frames,
	unsigned n, struct frame_list *out);

/* pipeline_tick: timers alone, when no frame came (live) or up to a time (replay). */
void pipeline_tick(struct pipeline *p, const struct pipeline_turn *turn, uint64_t now_us,
	struct frame_list *out);

/* pipeline_relieve: all held frames leave, judged by what is there: the buffers have run out. */
void pipeline_relieve(struct pipeline *p, const struct pipeline_turn *turn, struct frame_list *out);

/* pipeline_drain: the end: every held frame leaves, judged by what is there; all flows are closed and accounted. */
void pipeline_drain(struct pipeline *p, const struct pipeline_turn *turn, uint64_t now_us,
	struct frame_list *out);

struct stats *pipeline_stats(struct pipeline *p);
struct event_ring *pipeline_events(struct pipeline *p);

/* pipeline_quarantine: messages that are kept, as they came (event.h, struct event_kept); NULL: none are. */
struct event_ring *pipeline_quarantine(struct pipeline *p);

/* pipeline_event_room: the rings have room for everything one frame can cause (replay waits for it). */
bool pipeline_event_room(const struct pipeline *p);

/* Gauges for status; written by the worker, read by control. */
struct pipeline_gauges {
	uint32_t flows;
	uint32_t held_frames;
	uint32_t stream_chunks_used;
	uint32_t pending_answers;
	uint32_t fragments_held;
	uint32_t associations;
	uint32_t sctp_blocks_used;
	uint32_t dialogues;
	uint32_t segments_held;
};
struct pipeline_gauges pipeline_gauges(const struct pipeline *p);

/* The circuit breaker of a link towards the SMSC (0) or the ESME (1), as this worker has it. */
struct pipeline_breaker {
	uint8_t style;         /* enum edit_style in force */
	uint8_t closes, mutes; /* strikes since it was put in force */
	uint32_t n_moves;
};
/* Control may call both while the worker runs. */
struct pipeline_breaker pipeline_breaker(const struct pipeline *p, unsigned link, unsigned towards);
/* pipeline_dribbles: the link refuses messages that are let go in pieces, until a minute was quiet. */
bool pipeline_dribbles(const struct pipeline *p, unsigned link);

/* The signalling checks as this worker has them. Control may call all three while the worker runs. */
uint32_t pipeline_signalling_traffic(const struct pipeline *p, unsigned link);
uint64_t pipeline_signalling_found(
	const struct pipeline *p, unsigned link, enum signalling_check check);
struct signalling_gauges pipeline_signalling_gauges(const struct pipeline *p);

/*
 * Sessions of SMPP and associations of SCTP, read while they live (pipeline_report.c): control asks,
 * the worker answers within some turns, a slice of its tables in each, and never waits. One question
 * at a time.
 */
enum { PIPELINE_SESSIONS_MAX = 256, PIPELINE_ANY_LINK = 0xFF };

struct pipeline_ask {
	uint64_t id;       /* of one session; 0: all */
	uint32_t position; /* 0, or that of the answer before: the next page */
	uint32_t rows_max; /* at most PIPELINE_SESSIONS_MAX; 0: only count */
	uint8_t link;      /* its index, or PIPELINE_ANY_LINK */
};

/* One direction of a session, by the sender's side: [0] from the inside. */
struct pipeline_way {
	uint8_t sync;          /* enum tcp_sync; SCTP: SYNCED where a packet was seen, or CLOSED */
	uint8_t opaque_reason; /* enum reason, R_none where it is not opaque */
	uint32_t held_frames;
	uint32_t waiting_octets; /* seen, without a verdict */
	uint32_t journal_octets; /* memory kept for retransmissions */
};

enum pipeline_transport { PIPELINE_TCP, PIPELINE_SCTP };

/* What an SCTP association has beside. */
struct pipeline_association {
	uint8_t state;   /* enum sctp_state */
	uint8_t n_paths; /* pairs of addresses between which packets were seen */
	bool joined;     /* mid-life: its handshake was not seen */
	bool has_m3ua;   /* there was room to follow the layer above */
	struct m3ua_state m3ua;
};

struct pipeline_session {
	uint64_t id; /* of the flow or association; unique in this worker */
	uint64_t age_us, idle_us;
	uint64_t messages, refused, answers;
	uint8_t transport; /* enum pipeline_transport */
	uint8_t link;
	uint8_t n_addresses[2];
	uint16_t port[2];
	uint8_t address[2][LIMIT_SCTP_ADDRESSES]
		       [16]; /* of each side; the first is that of its first frame */
	struct pipeline_way way[2];
	/* TCP */
	uint32_t pending_answers;
	uint8_t bind_state; /* enum smpp_bind_state */
	uint8_t bind_kind;
	uint8_t esme_side; /* enum sms_side, or EVENT_SIDE_UNKNOWN */
	char account[EVENT_ACCOUNT_SIZE];
	/* SCTP */
	struct pipeline_association association;
};

enum { PIPELINE_ASP_STATES = M3UA_ASP_ACTIVE + 1 };

/* What was looked at for an answer: sessions by the worse of two directions; associations that are not over. */
struct pipeline_census {
	uint32_t sessions, resync, opaque;
	uint32_t associations, half, joined;
	uint32_t m3ua[PIPELINE_ASP_STATES]; /* of those that are not half-open */
};

struct pipeline_answer {
	uint32_t n_rows;
	uint32_t position;
	bool more; /* there may be others: ask again from `position` */
	struct pipeline_census census;
	struct pipeline_session rows[PIPELINE_SESSIONS_MAX];
};

/* pipeline_sessions_ask: false while the question before is not answered. Control only. */
bool pipeline_sessions_ask(struct pipeline *p, const struct pipeline_ask *ask);

/* pipeline_sessions_answer: NULL while there is none; valid until the next question. Control only. */
const struct pipeline_answer *pipeline_sessions_answer(struct pipeline *p);

/* pipeline_sessions_turn: the worker's part, between bursts. Owning core only. */
void pipeline_sessions_turn(struct pipeline *p);

#endif
