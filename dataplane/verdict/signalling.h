/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalling: named checks of how short messages travel in MAP: who asks for whom, from where, and
 * whether what was asked for is used. They look at addresses and operations, never at texts; what
 * they find is an anomaly, and what becomes of the message is the link's configuration.
 *
 * Stands between the decoded MAP component and the policy (design.md 7). docs/signalling.md says
 * what each check catches, which place in the network it needs, and when it is wrong.
 *
 * Ownership: one table per worker; it keeps nothing of an event. Owning core only, but for
 * signalling_traffic(), _gauges() and _found(), which control may call at any time.
 * Across workers nothing is joined: an SRI seen by one worker does not vouch for a mobile terminated
 * message seen by another. An association is one worker's; several of them meet in one table only
 * where they are steered to the same worker.
 * Bounds: signalling_size() octets at boot, no allocation; each event costs a bounded number of
 * looks (LIMIT_SIGNALLING_*), whatever it says. Keys are hashed under a secret.
 * Errors: none; a table that is too small forgets its oldest entries first, see signalling_gauges().
 * Source: the fraud classes of GSMA IR.70 (public part), in our words; TS 29.002 12, 23.3 for what
 * an honest delivery looks like: sendRoutingInfoForSM, its answer with the IMSI, mt-forwardSM.
 */
#ifndef SMSWALL_VERDICT_SIGNALLING_H
#define SMSWALL_VERDICT_SIGNALLING_H

#include "dataplane/proto/gsmmap.h"
#include "dataplane/sms/sms.h"

/* X(NAME, key under signalling and reason behind sig_) */
/* clang-format off */
#define SIGNALLING_CHECKS(X)                                                                       \
	X(SMSC_GT, smsc_gt)                 /* service centre of MAP differs from the SCCP address */ \
	X(MT_WITHOUT_SRI, mt_without_sri)   /* MT, but its sender was not told this IMSI */        \
	X(SRI_NO_DELIVERY, sri_no_delivery) /* IMSIs asked for and not used, by GT and window */   \
	X(SRI_RATIO, sri_ratio)             /* SRI to MT, by GT and window */                      \
	X(MO_OUTSIDE, mo_outside)           /* MO of a home subscriber from a foreign GT */        \
	X(GT_SCAN, gt_scan)                 /* many targets that do not answer, or numbers in a row */ \
	X(OPCODE, opcode)                   /* an operation that this link does not expect */      \
	X(BER, ber)                         /* malformed messages, by GT and window */
/* clang-format on */
#define X(NAME, name) SIGNALLING_##NAME,
enum signalling_check { SIGNALLING_CHECKS(X) SIGNALLING_CHECK_COUNT };
#undef X

enum signalling_action { SIGNALLING_OFF, SIGNALLING_REPORT, SIGNALLING_REFUSE };
enum signalling_from { SIGNALLING_FROM_BOTH, SIGNALLING_FROM_OUTSIDE };

/* Leading digits of a number; E.164 and E.214 have 15 at most. */
struct signalling_prefix {
	char digits[16]; /* ends in '\0' */
};
enum {
	SIGNALLING_PREFIXES_MAX = 64,
	SIGNALLING_OPERATIONS_MAX = 64,
	SIGNALLING_SCAN_MAX = 5000, /* of scan_max: the sketch's error is 3 % up to here */
};

/* Per link. Addresses are international, without '+'. */
struct signalling_config {
	uint8_t action[SIGNALLING_CHECK_COUNT]; /* enum signalling_action */
	uint8_t from;                           /* enum signalling_from: whose operations */
	uint8_t n_home_gt, n_home_msisdn, n_roaming_gt, n_operations;
	struct signalling_prefix home_gt[SIGNALLING_PREFIXES_MAX];
	struct signalling_prefix home_msisdn[SIGNALLING_PREFIXES_MAX];
	struct signalling_prefix roaming_gt[SIGNALLING_PREFIXES_MAX];
	uint16_t operations[SIGNALLING_OPERATIONS_MAX]; /* local codes; none: all are expected */
	uint8_t gt_digits;     /* GTs with the same leading digits are one originator's */
	uint64_t window_us;    /* what is counted by GT is counted over this time */
	uint32_t sri_min;      /* sri_ratio: not below this many SRI in a window */
	uint32_t sri_per_mt;   /* sri_ratio: more SRI than this for each MT */
	uint32_t unused_max;   /* sri_no_delivery: more IMSIs than this in a window */
	uint32_t scan_max;     /* gt_scan: more distinct targets than this in a window, ... */
	uint32_t scan_percent; /* ... and at least this share of what was asked, without success */
	uint32_t scan_run;     /* gt_scan: as many numbers in a row, whatever the answers */
	uint32_t ber_max;      /* ber: more malformed messages than this in a window */
};

/* Of the whole table. */
struct signalling_table_config {
	uint32_t entries_max; /* IMSIs told and not yet forgotten, per worker */
	uint64_t age_us;      /* an IMSI that was told vouches for MT this long */
	uint64_t delivery_us; /* ... and is to be used within this time; <= age_us */
	uint64_t learn_us; /* mt_without_sri is silent so long after the first answer to an SRI */
	uint64_t hash_key; /* random; fixed in replay */
};

struct signalling;

/* signalling_size, signalling_init: `memory` is aligned to 64. */
size_t signalling_size(const struct signalling_table_config *config);
struct signalling *signalling_init(void *memory, const struct signalling_table_config *config);

/*
 * One component of a dialogue, or a message that could not be read so far (malformed). Digits are
 * ASCII; what is not known is empty. Spans are borrowed for the call.
 */
struct signalling_event {
	uint64_t now_us;
	uint8_t link;
	uint8_t side;   /* enum sms_side of who sent the SCCP message */
	bool malformed; /* BER, TCAP or MAP that cannot be read: only link, side, addresses count */
	uint8_t component; /* enum tcap_component_type; 0: none */
	int32_t operation; /* TCAP_NO_CODE: not known; of an answer it may be missing */
	int32_t error;     /* of a ReturnError */
	int32_t invoke_id;
	bool to_mobile; /* of operations 44 and 46: an MT, whatever its code (v1, v2) */
	uint32_t opc, dpc;
	struct bytes otid, dtid;
	struct bytes calling_gt; /* SCCP calling party; empty: by point code and subsystem alone */
	struct bytes called_gt;
	struct bytes imsi;   /* of the MT's receiver; told by the answer to an SRI */
	struct bytes msisdn; /* whom the SRI asks for; who sends the MO */
	struct bytes smsc;   /* the service centre that MAP names */
	bool smsc_national;  /* its digits are without a country code */
};

/* signalling_event_map: fills what a MAP component says: operation to to_mobile, imsi to smsc. */
void signalling_event_map(struct signalling_event *e, const struct gsmmap_message *m);

struct signalling_finding {
	uint32_t checks; /* bit per enum signalling_check: what holds of this event */
	/*
	 * Those of `checks` to be told: what is counted by GT is told once a GT and window, but
	 * acted on at every event until the window ends.
	 */
	uint32_t fresh;
	uint8_t action; /* the most severe of the configured ones: enum signalling_action */
	uint8_t check;  /* the first with that action; SIGNALLING_CHECK_COUNT: none */
	uint32_t count; /* what the counted check `check` counted (SRI, IMSIs, targets, messages) */
};

/*
 * signalling_see: takes one event into the table and says what is wrong with it by the `config` of
 * its link: *out is set and its `checks` returned. A check whose action is off finds nothing, but its traffic is still counted.
 * Only an Invoke and a malformed message can have findings. Call it once a component; a
 * retransmission is no event.
 */
uint32_t signalling_see(struct signalling *s, const struct signalling_config *config,
	const struct signalling_event *e, struct signalling_finding *out);

/* signalling_reason: R_sig_...; signalling_check_name: "smsc_gt". Any core. */
enum reason signalling_reason(enum signalling_check check);
const char *signalling_check_name(enum signalling_check check);

/* Kinds of traffic that checks live on: X(NAME, what status calls it) */
#define SIGNALLING_TRAFFIC(X)                            \
	X(SRI, "sendRoutingInfoForSM")                   \
	X(SRI_ANSWER, "answers to sendRoutingInfoForSM") \
	X(MT, "mobile terminated messages")              \
	X(MO, "mobile originated messages")              \
	X(ANSWER, "answers that meet their question")    \
	X(GT, "global titles of the sender")             \
	X(ANY, "MAP at all")
#define X(NAME, text) SIGNALLING_SEEN_##NAME,
enum signalling_traffic_kind { SIGNALLING_TRAFFIC(X) SIGNALLING_TRAFFIC_COUNT };
#undef X
const char *signalling_traffic_name(enum signalling_traffic_kind kind);

/* signalling_traffic: bit per kind that was ever seen on `link`. Any core; or-ed over workers. */
uint32_t signalling_traffic(const struct signalling *s, unsigned link);

/*
 * signalling_blind: what `check` needs and has never been seen, bit per kind; 0: it can see, or is
 * off. `link` is signalling_traffic() of that link, `all` of all links or-ed: an SRI may come by one
 * link and the message by another. Any core.
 */
uint32_t signalling_blind(const struct signalling_config *config, enum signalling_check check,
	uint32_t link, uint32_t all);

/* signalling_unset: the key without which `check` finds nothing; NULL: none is missing, or it is off. */
const char *signalling_unset(const struct signalling_config *config, enum signalling_check check);

struct signalling_gauges {
	uint32_t told;      /* IMSIs told that vouch for MT */
	uint32_t asked;     /* questions without an answer so far */
	uint32_t gts;       /* originators being counted */
	uint64_t forgotten; /* entries that had to go before their time: entries_max is too small */
	uint64_t gts_forgotten; /* originators whose counts had to go for others */
};
struct signalling_gauges signalling_gauges(const struct signalling *s);

/* signalling_found: how often `check` was told (signalling_finding.fresh) on `link`. Any core. */
uint64_t signalling_found(const struct signalling *s, unsigned link, enum signalling_check check);

#endif
