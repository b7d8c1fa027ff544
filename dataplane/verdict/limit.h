/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit: named limits of policy.conf, and the one table of their state that all workers share. It is
 * outside generations: a push that changes a rate goes on with the same cells.
 *
 *   rate      GCRA in its form of virtual scheduling (ITU-T I.371 (2004) A.1): a cell is one time,
 *             TAT, at which its key is at rest again. max per per_us, burst at once.
 *   grey      the first sight of a key is refused, and again until `delay`; admitted from then on
 *             as long as it is seen again within `keep`. A cell of the same table.
 *   distinct  different `of` of one key within the last per_us: linear counting (Whang 1990) over
 *             1,024 one-octet stamps of time, above that of a sample of them. Standard error 2.7 %
 *             of a `max` up to 1,024, 3.9 to 5.1 % above (a sample of 513 to 1,024); the window is exact
 *             to 1/64 of per_us. Of a full key values that are known are let in where `max` is at most
 *             LIMIT_DISTINCT_TOLD (2 % of new ones pass for known then); above, no stamps could tell
 *             them, and none are let in.
 *   ratio     messages from a key, and those to it (answers), in the last per_us, in eighths of it.
 *
 * Cells of rate and grey are 16 octets, four to a cache line; a key may lie in two lines. They are
 * changed by compare-and-swap of TAT alone, bounded tries: no lock that a stopped core could hold
 * lies in the way of a key that is there, and what is admitted of it is exact, whatever the
 * interleaving. A new key takes a cell under a bounded try-lock of its first line, so that it
 * never has two. A cell whose TAT has passed is empty: nothing is swept. In two full lines the cell
 * that would be empty soonest is given away (counted as forgotten): that key's next messages are
 * admitted. Named keys and limits without keys have cells that are never given away (exact).
 * Cells of distinct and ratio lie eight to a bucket under a bounded try-lock.
 * What a table that is too small lets in beyond its limits (tests/dataplane/verdict/test_limit.c,
 * keys sent twice what they may): nothing up to 50 % of its cells, 0.5 % at 75 %, 12 % at 100 %;
 * distinct and ratio: 2 % at 50 %, 18 % at 100 %.
 * All errors are towards admitting, but for the estimates of distinct, which err both ways, and for
 * two keys of one limit that meet in 55 bits of a hash with a secret key.
 *
 * Ownership: memory is the caller's. Any core: limits_look(), _charge(), _refused(), _answered();
 * any thread: all others but _init(). Never waits, does not allocate.
 */
#ifndef SMSWALL_VERDICT_LIMIT_H
#define SMSWALL_VERDICT_LIMIT_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"
#include "dataplane/verdict/condition.h"
#include "dataplane/verdict/lists.h"

/* X(NAME, text, help) */
/* clang-format off */
#define LIMIT_KINDS(X)                                                                             \
	X(RATE, "rate", "messages of a key in a time")                                             \
	X(DISTINCT, "distinct", "different values of a field of a key in a time")                  \
	X(RATIO, "ratio", "messages to a key for those from it")                                   \
	X(GREY, "grey", "a key seen for the first time")
/*
 * X(NAME, text, when, help). When: MESSAGE: known before the text is looked at; RECIPIENT: likewise,
 * one for each recipient; CONTENT: known once the text was looked at, nothing where it is not.
 * A key with digits in its name takes their number: "originator_prefix:6".
 */
#define LIMIT_KEYS(X)                                                                              \
	X(LINK, "link", MESSAGE, "the link's number")                                              \
	X(SIDE, "side", MESSAGE, "inside or outside")                                              \
	X(ACCOUNT, "account", MESSAGE, "system_id; on MAP the calling global title")               \
	X(TENANT, "tenant", MESSAGE, "the tenant's name")                                          \
	X(ORIGINATOR, "originator", MESSAGE, "the sender, E.164 digits or a text in lower case")   \
	X(ORIGINATOR_PREFIX, "originator_prefix", MESSAGE, "its first digits")                     \
	X(ORIGINATOR_COUNTRY, "originator_country", MESSAGE, "its country")                        \
	X(DESTINATION, "destination", RECIPIENT, "each recipient; MAP: its IMSI where only that is told")                                 \
	X(DESTINATION_PREFIX, "destination_prefix", RECIPIENT, "its first digits")                 \
	X(DESTINATION_COUNTRY, "destination_country", RECIPIENT, "its country")                    \
	X(MSISDN, "msisdn", MESSAGE, "MAP: the sender's number")                                   \
	X(IMSI, "imsi", MESSAGE, "MAP: the subscriber")                                            \
	X(SMSC, "smsc", MESSAGE, "MAP: the service centre")                                        \
	X(CALLING_GT, "calling_gt", MESSAGE, "SCCP: the calling address")                          \
	X(CALLED_GT, "called_gt", MESSAGE, "SCCP: the called address")                             \
	X(FROM_IP, "from_ip", MESSAGE, "the address it came from")                                 \
	X(URL_HOST, "url_host", CONTENT, "the host of the first URL of the text")                  \
	X(NUMBER, "number", CONTENT, "the first telephone number of the text")                     \
	X(TEXT, "text", CONTENT, "the folded text")                                                \
	X(TEXT_SHAPE, "text_shape", CONTENT, "the folded text, each run of digits as one")         \
	X(RULE, "rule", CONTENT, "the rule that decided, else the first that hit")
/* clang-format on */
#define X(name, text, help) LIMIT_##name,
enum limit_kind { LIMIT_KINDS(X) LIMIT_KIND_COUNT };
#undef X
#define X(name, text, when, help) LIMIT_KEY_##name,
enum limit_key { LIMIT_KEYS(X) LIMIT_KEY_COUNT };
#undef X
enum limit_key_when { LIMIT_WHEN_MESSAGE, LIMIT_WHEN_RECIPIENT, LIMIT_WHEN_CONTENT };

/*
 * What a long message costs: one, or one for each part. What a submit_multi costs: one for each
 * recipient, of those for whom `when` holds.
 */
enum limit_count { LIMIT_COUNT_MESSAGES, LIMIT_COUNT_PARTS, LIMIT_COUNTS };

enum {
	LIMIT_RULES_MAX = 64, /* of a policy */
	LIMIT_KEYS_MAX = 4,   /* of a limit */
	LIMIT_NAME_SIZE = LIST_NAME_SIZE,
	LIMIT_NAMED_MAX = 1024, /* named keys of a policy */
	LIMIT_NAMED_SIZE = 56,
	LIMIT_NOTE_SIZE = 96,
	LIMIT_VALUE_LEN = 62, /* octets of a key's value; a longer one is cut and hashed */
	LIMIT_KEY_SIZE = LIMIT_KEYS_MAX * (LIMIT_VALUE_LEN + 2),
	LIMIT_SLOTS = 255, /* limits that have state: those of this policy and of earlier ones */
	LIMIT_DISTINCT_STAMPS = 1024,
	LIMIT_DISTINCT_TOLD = 128, /* up to such a max, known values are told from new ones */
	LIMIT_SLOT_NONE = 0xFF,    /* there is no slot left: the limit admits */
};
#define LIMIT_RATE_MAX     1000000u /* a second */
#define LIMIT_BURST_MAX    10000000u
#define LIMIT_DISTINCT_MAX 1000000u
#define LIMIT_PER_MIN_US   1000u                         /* 1 ms */
#define LIMIT_PER_MAX_US   (UINT64_C(366) * 86400000000) /* a year */

/* A limit, as policy.conf says it. The upper part is written by who reads it, the rest by limit_prepare(). */
struct limit_rule {
	char name[LIMIT_NAME_SIZE];
	uint8_t kind;                   /* enum limit_kind */
	uint8_t n_keys;                 /* 0: one cell for all */
	uint8_t keys[LIMIT_KEYS_MAX];   /* enum limit_key */
	uint8_t digits[LIMIT_KEYS_MAX]; /* of a prefix: how many; else 0 */
	uint8_t of;                     /* distinct: enum limit_key that is counted */
	uint8_t of_digits;
	uint8_t action;        /* enum rule_action: report, throttle, blank, reject */
	uint8_t state;         /* enum rule_state */
	uint8_t sample;        /* RULE_SAMPLE: percent of senders */
	uint8_t count;         /* enum limit_count */
	uint32_t status;       /* of a reject; 0: the link's */
	uint32_t max;          /* rate: messages per per_us; distinct: of values; ratio: messages */
	uint32_t burst;        /* rate: at once; 0: max */
	uint32_t percent;      /* ratio: fewer answers than this of 100 messages */
	uint64_t per_us;       /* rate, distinct, ratio */
	uint64_t delay_us;     /* grey */
	uint64_t keep_us;      /* grey */
	struct condition when; /* of policy->conditions; n == 0: always */
	uint16_t named;        /* the first of n_named in policy->limit_named, sorted by key */
	uint16_t n_named;
	int line; /* of policy.conf */

	uint64_t name_hash;   /* what its state is found by */
	uint64_t interval_ns; /* rate: of one message */
	uint64_t full_ns;     /* rate: interval * burst */
	uint8_t sample_bits;  /* distinct: one in 2^n values is counted */
	uint8_t n_stamps;     /* distinct: stamps of a value */
	bool needs_text; /* key, `of` or `when` are of the text: not asked where it is not looked at */
	bool late;       /* asked after the scan only */
	bool needs_entities; /* a key or `of` is a link or a number of the text */
	bool per_recipient;  /* a key is RECIPIENT: each recipient is a key of its own */

	char note[LIMIT_NOTE_SIZE]; /* for people */
};

struct limit_named {
	uint64_t key;                /* limit_key_plain() */
	char text[LIMIT_NAMED_SIZE]; /* as written: values in the order of keys, "," between two */
};

/* A key's values, each as its length and its octets. */
struct limit_key_value {
	size_t len;
	uint8_t octets[LIMIT_KEY_SIZE];
};

const char *limit_kind_name(enum limit_kind k);
bool limit_kind_parse(const char *name, enum limit_kind *k);
const char *limit_key_name(enum limit_key k);
enum limit_key_when limit_key_when(enum limit_key k);
const char *limit_count_name(enum limit_count c);
bool limit_count_parse(const char *name, enum limit_count *c);

/* limit_key_parse: "originator", "originator_prefix:6" (1 to 15 digits). */
bool limit_key_parse(const char *text, uint8_t *key, uint8_t *digits);
/* limit_key_text: what limit_key_parse() reads. Returns `text`. */
enum { LIMIT_KEY_TEXT_SIZE = 32 };
const char *limit_key_text(unsigned key, unsigned digits, char text[LIMIT_KEY_TEXT_SIZE]);

/*
 * limit_prepare: checks the upper part and sets the lower one. NULL, or what is wrong, for the
 * operator: "max: 1 to 1000000". Control only.
 */
const char *limit_prepare(struct limit_rule *r);

/* limit_key_begin, _put: a key's values, one after the other, in normal form. */
void limit_key_begin(struct limit_key_value *k);
void limit_key_put(struct limit_key_value *k, struct bytes value);

/*
 * limit_text_hash: what stands for a text in a key: of the folded text in lower case, each run of
 * digits as one '#' if `shape`. limit_key_put_text: puts it.
 */
uint64_t limit_text_hash(struct bytes text, bool shape);
void limit_key_put_text(struct limit_key_value *k, uint64_t hash);

/* limit_key_plain: a hash that is the same everywhere: what named keys are found by. */
uint64_t limit_key_plain(const struct limit_key_value *k);

/*
 * limit_key_read: the key that `text` names: the values of r's keys in their order, ',' between two;
 * numbers in international form, also as people write them ("+44 7700 900001"), a country as its
 * region, a link by its number, a text as it was folded. False: it has another number of values, or
 * one of them cannot be. Empty text: a limit without keys.
 */
bool limit_key_read(const struct limit_rule *r, const char *text, struct limit_key_value *k);

/* limit_named_sort: those of one limit, once all keys are in. Control only. */
void limit_named_sort(struct limit_named *named, unsigned n);
bool limit_named_has(const struct limit_named *named, unsigned n, uint64_t key);

/* ---- the table ---- */

struct limits_config {
	uint32_t cells;         /* keys of rate and grey limits: 16 octets each */
	uint32_t distinct_keys; /* keys of distinct limits: 1,040 octets each */
	uint32_t ratio_keys;    /* 80 octets each */
	uint64_t hash_key;      /* random; fixed in replay; kept with the saved state */
	unsigned n_workers;     /* that count facts: 1 to WORKERS_MAX */
};
struct limits;

/* `memory` is aligned to 64 and zeroed; what nobody uses of it is not touched. */
size_t limits_size(const struct limits_config *config);
struct limits *limits_init(void *memory, const struct limits_config *config);
const struct limits_config *limits_config_of(const struct limits *l);

/* limits_key: the key of a cell: keyed by the table's secret, the limit's name and the values. */
uint64_t limits_key(
	const struct limits *l, const struct limit_rule *r, const struct limit_key_value *k);

/* One limit and one key that a message is charged to. */
struct limit_charge {
	const struct limit_rule *rule;
	uint64_t key;             /* limits_key() */
	const uint64_t *elements; /* distinct: the values counted, limits_element(); else NULL */
	uint32_t n_elements;
	uint32_t units; /* rate, ratio */
	uint8_t action; /* enum rule_action: the rule's, or less where that is not allowed */
	bool exact;     /* named, or without keys */
	bool acts;      /* false: shadow: counted, never refuses */
	bool exceeded;  /* out: it is over its limit */
	bool charged;   /* out */
};
uint64_t limits_element(const struct limits *l, struct bytes value);

/*
 * limits_look: which of `n` would refuse the message: the index of the first that acts, refuses
 * (action above report) and is exceeded; else `n`. Sets `exceeded` of those before it, too; nothing
 * changes, nothing is counted.
 */
unsigned limits_look(struct limits *l, struct limit_charge *charges, unsigned n, uint64_t now_us);

/*
 * limits_charge: as limits_look(), and charges all: those that are not exceeded, and where one refuses
 * none: what was charged before it is given back. Counts facts of `worker`. A grey limit that
 * refuses remembers its key.
 */
unsigned limits_charge(struct limits *l, unsigned worker, struct limit_charge *charges, unsigned n,
	uint64_t now_us);

/* limits_refused: counts and remembers what limits_look() refused: charges[0] to [n - 1]. */
void limits_refused(struct limits *l, unsigned worker, struct limit_charge *charges, unsigned n,
	uint64_t now_us);

/* limits_answered: an answer to `key` of a ratio limit; nothing if the key is not there. */
void limits_answered(struct limits *l, unsigned worker, const struct limit_rule *r, uint64_t key,
	uint64_t now_us);

/* How full a key is. */
struct limit_fill {
	bool known;         /* it has a live cell */
	uint32_t used;      /* rate: of `max` at once; distinct, ratio: how many (estimate) */
	uint32_t max;       /* rate: burst */
	uint32_t per_mille; /* of max; may be above 1000 */
	uint32_t answers;   /* ratio */
	bool admitted;      /* grey: past its delay */
	uint64_t
		wait_us; /* until a next message is admitted; 0: at once (distinct, ratio: not known) */
};
void limits_fill(struct limits *l, const struct limit_rule *r, uint64_t key, uint64_t now_us,
	struct limit_fill *f);

/* limits_reset: one key, or all of them; the number of live cells that are no more. */
uint64_t limits_reset_key(
	struct limits *l, const struct limit_rule *r, uint64_t key, uint64_t now_us);
uint64_t limits_reset(struct limits *l, const char *name, uint64_t now_us);

/* limits_retire: frees the slots, cells and facts of limits whose name `listed` does not say true to. */
uint32_t limits_retire(
	struct limits *l, bool (*listed)(void *arg, const char *name), void *arg, uint64_t now_us);

/* Facts of one limit, of all workers together. */
struct limit_facts {
	uint64_t admitted;  /* messages charged */
	uint64_t exceeded;  /* reported, throttled, blanked or rejected by it */
	uint64_t shadow;    /* would have been: in shadow, or a sender outside the sample */
	uint64_t forgotten; /* live keys given away to others */
	uint64_t contended; /* not asked: another core was at it for too long */
};
bool limits_facts(const struct limits *l, const char *name, struct limit_facts *f);

/* limits_walk: live cells of each limit that has state; reads the whole table. Returns how many. */
struct limits_walked {
	char name[LIMIT_NAME_SIZE];
	uint64_t live; /* cells */
};
uint32_t limits_walk(struct limits *l, uint64_t now_us, struct limits_walked out[LIMIT_SLOTS]);

/* ---- across restarts (limit_save.c) ---- */

/*
 * limits_save: live cells with the names of their limits, as octets of a versioned format with times
 * relative to `now_us` (of the wall clock). Returns what it needs; writes nothing above `size`, and
 * if it needs more than `size` the octets are of no use. What other cores do meanwhile may be in it
 * or not. limits_load: adds them to an empty table that has the hash_key of the saved one; cells
 * that have run out since are left out. False: not whole, of another version or another hash_key:
 * nothing was changed.
 */
size_t limits_save(struct limits *l, uint64_t now_us, uint8_t *out, size_t size);
bool limits_load(struct limits *l, struct bytes saved, uint64_t now_us);
/* limits_saved_key: the hash_key of a saved state, for limits_config. */
bool limits_saved_key(struct bytes saved, uint64_t *hash_key);

#endif
