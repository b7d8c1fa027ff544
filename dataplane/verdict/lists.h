/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lists: sets of numbers, senders, addresses and hosts that policy.conf names, as parts of a
 * generation. judge_lists.c asks them of each message; list_build.h makes them.
 *
 * A list is a base, which may have 100 million entries and is shared by all its versions, and a small
 * overlay of entries added and deleted since. A version is immutable: any core may read it. Versions,
 * bases and sets are counted by control, which alone makes and frees them.
 *
 *     look-up:  added? -> hit    deleted? -> miss    base? -> hit      exact entries
 *               ranges, prefixes, networks of this version  -> hit     (list_span.h)
 *
 * Look-ups do not allocate and are bounded: LIMIT_LIST_PROBES slots a key, LIMIT_LIST_LABELS domains
 * and LIMIT_LIST_SEGMENTS paths a URL. Source: ITU-T E.164 6, E.212 (15 digits); RFC 3986 3.
 */
#ifndef SMSWALL_VERDICT_LISTS_H
#define SMSWALL_VERDICT_LISTS_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"

/* X(NAME, text, what an entry is) */
/* clang-format off */
#define LIST_KINDS(X)                                                                              \
	X(NUMBER, "number", "E.164 numbers, ranges and prefixes")                                  \
	X(IMSI, "imsi", "IMSIs, ranges and prefixes")                                              \
	X(GT, "gt", "global titles, ranges and prefixes")                                          \
	X(CODE, "code", "short codes, ranges and prefixes")                                        \
	X(SENDER, "sender", "alphanumeric senders")                                                \
	X(ACCOUNT, "account", "system_ids")                                                        \
	X(IP, "ip", "IPv4 and IPv6 addresses and prefixes")                                        \
	X(HOST, "host", "domains with all below them, and URLs")                                   \
	X(PAIR, "pair", "subscribers, each with a sender of their own list (ITU-T X.1242)")
/* What of a message is looked up: X(NAME, text) */
#define LIST_MATCHES(X)                                                                            \
	X(ORIGINATOR, "originator")                                                                \
	X(DESTINATION, "destination")                                                              \
	X(MSISDN, "msisdn")         /* SM-RP-OA of a mobile originated message */                   \
	X(IMSI, "imsi")                                                                            \
	X(SMSC, "smsc")             /* the service centre that MAP names */                         \
	X(CALLING_GT, "calling_gt") /* SCCP */                                                      \
	X(CALLED_GT, "called_gt")                                                                  \
	X(ACCOUNT, "account")                                                                      \
	X(FROM_IP, "from_ip")       /* of the frame that ends the message */                        \
	X(TO_IP, "to_ip")                                                                          \
	X(TEXT, "text")             /* numbers, URLs and domains found in the text */              \
	X(PAIR, "pair")             /* destination and originator together */
/* clang-format on */
#define X(name, text, help) LIST_##name,
enum list_kind { LIST_KINDS(X) LIST_KIND_COUNT };
#undef X
#define X(name, text) LIST_MATCH_##name,
enum list_match { LIST_MATCHES(X) LIST_MATCH_COUNT };
#undef X

enum {
	LIST_NAME_SIZE = 20, /* "list.NAME.change" is a pack's section name of 32 */
	LIST_DIGITS_MAX = 15,
	LIST_TEXT_MAX = 255, /* octets of a sender, account, host with path */
	LIST_TAG_MAX = 63,
	LIST_SET_MAX = 64,
};

/* The entry that was met. Spans lie in the list, or are the ones that were looked up. */
struct list_hit {
	struct bytes entry; /* as written: "447700900001", "4477009*", "example.com" */
	struct bytes tag;   /* what stood behind its comma; empty: nothing */
	bool number;        /* the entry is one whole number, or a subscriber's: personal */
};

struct list;
struct arena; /* dataplane/base/arena.h */

/*
 * list_find_*: false: not in it; *hit is then untouched. `hit` may be NULL.
 *   digits  number, imsi, gt, code: ASCII digits as list_normal_number() gives them; beyond
 *           LIST_DIGITS_MAX only prefixes can meet them
 *   text    account as it is; sender as sent, or `folded` as list_fold() gives it
 *   ip      16 octets, IPv4 as ::ffff:a.b.c.d
 *   url     an entity's normal form and the host in it (sms/entity.h)
 *   pair    the subscriber's digits, and the sender: digits of a `number`, or a text; one look-up for
 *           the sender, one for each length of prefixes that the list has, one for "*"
 */
bool list_find_digits(const struct list *l, struct bytes digits, struct list_hit *hit);
bool list_find_text(const struct list *l, struct bytes text, bool folded, struct list_hit *hit);
bool list_find_ip(const struct list *l, const uint8_t ip[16], struct list_hit *hit);
bool list_find_url(const struct list *l, struct bytes url, struct bytes host, struct list_hit *hit);
/* list_find_look_alike: a host of the list, or one below it, that `host` or a part of it looks like. */
bool list_find_look_alike(const struct list *l, struct bytes host, struct list_hit *hit);
bool list_find_pair(const struct list *l, struct bytes subscriber, struct bytes sender, bool number,
	struct list_hit *hit);

/* list_prefetch_digits: asks memory for what list_find_digits() reads first. */
void list_prefetch_digits(const struct list *l, struct bytes digits);

/*
 * list_normal_number: an address as E.164 digits: without '+' or "00"; what is not international is
 * what it means in country `home` (numbering_normal(), sms/numbering.h), where that is not
 * NUMBERING_NONE. Empty when it is no number. `out` of LIST_DIGITS_OUT octets.
 */
enum { LIST_DIGITS_OUT = 32 };
struct bytes list_normal_number(
	unsigned ton, struct bytes address, uint16_t home, uint8_t out[LIST_DIGITS_OUT]);

/* list_fold: the folded view in lower case. `out` of LIST_FOLD_SIZE octets; longer ones are cut. */
enum { LIST_FOLD_SIZE = 3 * LIST_TEXT_MAX + 4 };
struct bytes list_fold(struct bytes text, uint8_t out[LIST_FOLD_SIZE]);

const char *list_kind_name(enum list_kind k);
bool list_kind_parse(const char *name, enum list_kind *k);
const char *list_match_name(enum list_match m);
bool list_match_parse(const char *name, enum list_match *m);
/* list_kind_matches: a list of this kind can be asked for that. */
bool list_kind_matches(enum list_kind k, enum list_match m);

/*
 * list_tally: a message was decided by it, on this worker. Counts are shared by all versions of a list,
 * so they go on over pushes. Each slot has one writer; list_facts() reads them at any time.
 */
enum { LIST_WORKERS_MAX = 32 };
void list_tally(const struct list *l, unsigned worker, uint64_t now_us);

const char *list_name(const struct list *l);
enum list_kind list_kind(const struct list *l);
struct list_facts {
	uint64_t n_entries;
	uint64_t n_added; /* of them, in the overlay; and base entries deleted by it */
	uint64_t n_deleted;
	uint64_t octets;    /* of memory, the shared base included */
	uint64_t n_decided; /* messages, since the list was made first in this process */
	uint64_t last_us;   /* the newest of them; 0: none */
};
struct list_facts list_facts(const struct list *l);

/* Control only. */
struct list *list_ref(struct list *l);
void list_unref(struct list *l); /* NULL is accepted */

/* The lists of a generation; policy.conf's uses (verdict/policy.h) name them by index. */
struct list_set {
	uint32_t n;
	struct list *lists[LIST_SET_MAX];
	_Atomic int references;
};

/* list_set_create: with one reference, empty; NULL when out of memory. Control only. */
struct list_set *list_set_create(void);
/* list_set_add: takes over the caller's reference to `l`; its index, or -1: full (released then). */
int list_set_add(struct list_set *s, struct list *l);
struct list *list_set_find(const struct list_set *s, const char *name); /* NULL: none */
/*
 * list_set_charge: charges the memory of the lists to `a`, which outlives them: what versions share once, and
 * what was charged before not again. It is given back when the last version goes. False: over the ceiling with
 * list *name, which asked for *asked octets; what was charged until then goes with the set. `s` may be NULL.
 */
bool list_set_charge(const struct list_set *s, struct arena *a, const char **name, size_t *asked);
struct list_set *list_set_ref(struct list_set *s);
void list_set_unref(struct list_set *s); /* NULL is accepted */

#endif
