/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * condition: what policy.conf's `when` asks of a message: tests of its fields, joined by all, any
 * and not. Made by control/policy_conf_when.c, asked by the judge.
 *
 * Shape: a condition is a tree in prefix order in policy->conditions: a node of kind ALL, ANY or NOT
 * has its children right behind it, `skip` nodes in all; a TEST has values and holds if one of them
 * fits. ALL without children holds, ANY without does not; NOT holds where one of its children does
 * not. A test of a field that the message does not have does not hold. A message of one part is
 * part 1 of 1. Texts are compared without regard to case, but accounts. Immutable once made: any
 * core; a subject is its worker's.
 * Of a submit_multi a condition is asked for each destination by itself, as if it were the only one,
 * and holds if it does for one (or for all, where that is asked): one more destination that is
 * let through does not let another one in.
 * Bounds: CONDITION_NODES_MAX, _VALUES_MAX, _TEXT_MAX of a policy, CONDITION_DEPTH_MAX levels of
 * nodes under one root. Does not allocate. Source of the fields: dataplane/sms/sms.h.
 */
#ifndef SMSWALL_VERDICT_CONDITION_H
#define SMSWALL_VERDICT_CONDITION_H

#include "dataplane/sms/entity.h"
#include "dataplane/sms/numbering.h"
#include "dataplane/sms/sms.h"
#include "dataplane/verdict/lists.h"
#include "patterns/scan.h"

/*
 * X(NAME, text, type, source). Types: NUMBER, ENUM (a name of a fixed set, kept as its number), TEXT,
 * ADDRESS (digits as E.164, or a text), IP, BOOL, TIME. Source: what must be known: MESSAGE, or
 * CONTENT: a view of the text; no test of such a field is made where texts are not inspected.
 */
/* clang-format off */
#define CONDITION_FIELDS(X)                                                                        \
	X(LINK, "link", ENUM, MESSAGE)                                                             \
	X(SIDE, "side", ENUM, MESSAGE)                                                             \
	X(ROLE, "role", ENUM, MESSAGE)                                                             \
	X(CARRIER, "carrier", ENUM, MESSAGE)                                                       \
	X(COMMAND, "command", TEXT, MESSAGE)                                                       \
	X(ACCOUNT, "account", TEXT, MESSAGE)                                                       \
	X(TENANT, "tenant", ENUM, MESSAGE)                                                         \
	X(ORIGINATOR, "originator", ADDRESS, MESSAGE)                                              \
	X(ORIGINATOR_TON, "originator_ton", NUMBER, MESSAGE)                                       \
	X(ORIGINATOR_NPI, "originator_npi", NUMBER, MESSAGE)                                       \
	X(ORIGINATOR_LENGTH, "originator_length", NUMBER, MESSAGE)                                 \
	X(ORIGINATOR_ALPHANUMERIC, "originator_alphanumeric", BOOL, MESSAGE)                       \
	X(ORIGINATOR_COUNTRY, "originator_country", TEXT, MESSAGE)                                 \
	X(ORIGINATOR_KIND, "originator_kind", ENUM, MESSAGE)                                       \
	X(DESTINATION, "destination", ADDRESS, MESSAGE)                                            \
	X(DESTINATION_TON, "destination_ton", NUMBER, MESSAGE)                                     \
	X(DESTINATION_NPI, "destination_npi", NUMBER, MESSAGE)                                     \
	X(DESTINATION_LENGTH, "destination_length", NUMBER, MESSAGE)                               \
	X(DESTINATION_COUNTRY, "destination_country", TEXT, MESSAGE)                               \
	X(DESTINATION_KIND, "destination_kind", ENUM, MESSAGE)                                     \
	X(RECIPIENTS, "recipients", NUMBER, MESSAGE)                                               \
	X(PAIR, "pair", TEXT, MESSAGE) /* lists of kind pair only: destination and originator */   \
	X(MSISDN, "msisdn", ADDRESS, MESSAGE)                                                      \
	X(MSISDN_COUNTRY, "msisdn_country", TEXT, MESSAGE)                                         \
	X(IMSI, "imsi", ADDRESS, MESSAGE)                                                          \
	X(SMSC, "smsc", ADDRESS, MESSAGE)                                                          \
	X(SMSC_COUNTRY, "smsc_country", TEXT, MESSAGE)                                             \
	X(CALLING_GT, "calling_gt", ADDRESS, MESSAGE)                                              \
	X(CALLING_GT_COUNTRY, "calling_gt_country", TEXT, MESSAGE)                                 \
	X(CALLED_GT, "called_gt", ADDRESS, MESSAGE)                                                \
	X(CALLED_GT_COUNTRY, "called_gt_country", TEXT, MESSAGE)                                   \
	X(FROM_IP, "from_ip", IP, MESSAGE)                                                         \
	X(TO_IP, "to_ip", IP, MESSAGE)                                                             \
	X(PROTOCOL_ID, "protocol_id", NUMBER, MESSAGE)                                             \
	X(DATA_CODING, "data_coding", NUMBER, MESSAGE)                                             \
	X(MESSAGE_CLASS, "message_class", NUMBER, MESSAGE)                                         \
	X(ESM_CLASS, "esm_class", NUMBER, MESSAGE)                                                 \
	X(CODING, "coding", ENUM, MESSAGE) /* enum of text.h: gsm7, ucs2, octets, ... */           \
	X(COMPRESSED, "compressed", BOOL, MESSAGE)                                                 \
	X(MESSAGE_WAITING, "message_waiting", BOOL, MESSAGE)                                       \
	X(UDH_ELEMENT, "udh_element", NUMBER, MESSAGE)                                             \
	X(SOURCE_PORT, "source_port", NUMBER, MESSAGE)                                             \
	X(DESTINATION_PORT, "destination_port", NUMBER, MESSAGE)                                   \
	X(PART, "part", NUMBER, MESSAGE)                                                           \
	X(PARTS, "parts", NUMBER, MESSAGE)                                                         \
	X(REFERENCE, "reference", NUMBER, MESSAGE)                                                 \
	X(OPERATION, "operation", NUMBER, MESSAGE)                                                 \
	X(MAP_VERSION, "map_version", NUMBER, MESSAGE)                                             \
	X(TPDU_TYPE, "tpdu_type", NUMBER, MESSAGE)                                                 \
	X(TO_MOBILE, "to_mobile", BOOL, MESSAGE)                                                   \
	X(MORE_MESSAGES, "more_messages", BOOL, MESSAGE)                                           \
	X(ANOMALY, "anomaly", ENUM, MESSAGE) /* a reason's name */                                 \
	X(HOURS, "hours", TIME, MESSAGE)                                                           \
	X(DAYS, "days", TIME, MESSAGE)                                                             \
	X(FROM, "from", TIME, MESSAGE)                                                             \
	X(UNTIL, "until", TIME, MESSAGE)                                                           \
	X(TEXT_LENGTH, "text_length", NUMBER, CONTENT) /* characters of the joined text */         \
	X(URLS, "urls", NUMBER, CONTENT)                                                           \
	X(NUMBERS, "numbers", NUMBER, CONTENT)                                                     \
	X(URL, "url", TEXT, CONTENT)                                                               \
	X(URL_HOST, "url_host", TEXT, CONTENT)                                                     \
	X(TEXT_NUMBER, "number", ADDRESS, CONTENT)                                                 \
	X(TEXT_NUMBER_COUNTRY, "number_country", TEXT, CONTENT)                                    \
	X(TEXT_NUMBER_KIND, "number_kind", ENUM, CONTENT)                                          \
	X(HIT, "hit", ENUM, MESSAGE) /* of a pattern: CONTENT, see condition.content */
/* clang-format on */
#define X(name, text, type, source) CONDITION_##name,
enum condition_field { CONDITION_FIELDS(X) CONDITION_FIELD_COUNT };
#undef X

enum condition_type {
	CONDITION_TYPE_NUMBER,
	CONDITION_TYPE_ENUM,
	CONDITION_TYPE_TEXT,
	CONDITION_TYPE_ADDRESS,
	CONDITION_TYPE_IP,
	CONDITION_TYPE_BOOL,
	CONDITION_TYPE_TIME
};

enum condition_kind { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT, CONDITION_TEST };

enum {
	CONDITION_NODES_MAX = 8192,
	CONDITION_VALUES_MAX = 16384,
	CONDITION_TEXT_MAX = 131072, /* octets of texts */
	CONDITION_DEPTH_MAX = 16,    /* nodes on the way to a test, the test not counted */
};

struct condition_node {
	uint8_t kind;   /* enum condition_kind */
	uint8_t field;  /* TEST: enum condition_field */
	uint16_t skip;  /* nodes of this one's children, all levels */
	uint16_t value; /* TEST: the first of n_values in values[] */
	uint16_t n_values;
};

enum condition_value_kind {
	CONDITION_VALUE_RANGE, /* numbers, enums, bools, times: min <= v <= max; hours and days may wrap */
	CONDITION_VALUE_TEXT,   /* the whole of it */
	CONDITION_VALUE_PREFIX, /* TEXT* */
	CONDITION_VALUE_SUFFIX, /* *TEXT */
	CONDITION_VALUE_PART,   /* *TEXT* */
	CONDITION_VALUE_NET,    /* IP: text = 16 octets, min = bits of the IPv6 form */
	CONDITION_VALUE_LIST, /* @NAME: min = index in the generation's list set; max = 1: kind sender, look-alikes meet, too */
};

/*
 * Countries: a TEXT, "GB", or a calling code, "44". Enums: see condition_enum_parse(); link: its
 * index; tenant: index in policy->tenants; hit: index in the ruleset; bools: 0 or 1.
 * Times: hours: minutes of the day, both included: "22:00-06:00" is 1320..359; days: 0 = Monday; from:
 * us of UTC up to INT64_MAX; until: INT64_MIN up to us of UTC.
 */
struct condition_value {
	uint8_t kind; /* enum condition_value_kind */
	bool digits;  /* ADDRESS: compared with E.164 digits; else with the address as it is */
	uint16_t len;
	uint32_t text; /* offset in text[] */
	int64_t min;
	int64_t max;
};

/* All conditions of a policy. */
struct condition_store {
	uint32_t n_nodes;
	uint32_t n_values;
	uint32_t n_text;
	struct condition_node nodes[CONDITION_NODES_MAX];
	struct condition_value values[CONDITION_VALUES_MAX];
	char text[CONDITION_TEXT_MAX];
};

/* One condition: where its root is. n == 0: none, it always holds. */
struct condition {
	uint16_t root;
	uint16_t n;   /* nodes, the root included */
	bool content; /* it names a field of source CONTENT, or a hit of a pattern: not asked where texts are not inspected */
	bool lists;   /* it asks lists */
};

/* When local time changes: from from_us on it is UTC + offset. Sorted; [0] holds before all. */
enum { CONDITION_ZONE_MAX = 64, CONDITION_ZONE_NAME = 48 };
struct condition_zone {
	char name[CONDITION_ZONE_NAME]; /* "Europe/London" */
	uint32_t n;
	struct {
		int64_t from_us;
		int32_t offset_s;
	} change[CONDITION_ZONE_MAX];
};

/* A number in its normal form, made when it is first asked for. */
struct condition_number {
	bool known; /* the rest is made */
	bool found; /* `numbering` is, too */
	uint8_t len;
	uint8_t digits[NUMBERING_OUT]; /* E.164, without '+'; len 0: it is no number */
	struct numbering numbering;
};

enum condition_number_of {
	CONDITION_NUMBER_ORIGINATOR,
	CONDITION_NUMBER_DESTINATION, /* the first */
	CONDITION_NUMBER_MSISDN,
	CONDITION_NUMBER_SMSC,
	CONDITION_NUMBER_CALLING_GT,
	CONDITION_NUMBER_CALLED_GT,
	CONDITION_NUMBER_COUNT
};

enum { CONDITION_NO_TENANT = 0xFFFF };

/*
 * What conditions are asked of: one message, and what is known of it so far. What a test needs is
 * made when it is first asked for and then kept: a hundred rules that ask for the originator's number
 * cost one normal form. condition_begin() begins a message; the upper part may be set between two
 * questions.
 * One a worker (16 KB, most of it for a submit_multi).
 */
struct condition_subject {
	const struct condition_store *store;
	const struct condition_zone *zone; /* NULL: UTC */
	const struct list_set *lists;      /* NULL: nothing is in a list */
	const struct scan_hits *hits;      /* NULL: none so far */
	uint64_t acting;       /* bit i: hits->hits[i] is of a rule that acts on this message */
	uint16_t tenant;       /* index, or CONDITION_NO_TENANT */
	bool all_destinations; /* it must hold for each destination; else for one */
	bool acts;             /* who asks acts: then only hits of rules that act count, else all */

	/* set by functions only */
	const struct sms *sms;
	uint64_t now_us;
	uint16_t home;   /* country of national numbers */
	bool has_text;   /* the text was looked at */
	bool has_time;   /* minute and day are made */
	uint8_t day;     /* local; 0 = Monday */
	uint16_t minute; /* of the day, local */
	uint16_t at; /* which destination is asked for: of sms->destinations, if there are any */
	uint32_t n_characters; /* of the text; UINT32_MAX: not counted */
	struct bytes text;
	const struct entity *entities;
	uint32_t n_entities;
	struct condition_number numbers[CONDITION_NUMBER_COUNT];
	struct condition_number in_text[LIMIT_ENTITIES];
	struct condition_number others[LIMIT_SMPP_DESTS]; /* destinations of a submit_multi */
};

/* condition_begin: `s` is of message `m`, whose text was not looked at; sms, time and home are set, the upper part is empty. */
void condition_begin(
	struct condition_subject *s, const struct sms *m, uint64_t now_us, uint16_t home);

/* condition_set_home: another home country: numbers are made anew. */
void condition_set_home(struct condition_subject *s, uint16_t home);

/* condition_set_text: what is in the text; it must stay until the next message. */
void condition_set_text(struct condition_subject *s, struct bytes text,
	const struct entity *entities, uint32_t n_entities);

/* condition_number: a number of the message, or of its destination `at`; len 0: it has none, or no number. */
const struct condition_number *condition_number(
	struct condition_subject *s, enum condition_number_of which);
/* condition_text_number: of entity `i`, which is a number. */
const struct condition_number *condition_text_number(struct condition_subject *s, uint32_t i);

/* condition_holds: `c` holds for the message; c->n == 0: always. */
bool condition_holds(struct condition_subject *s, const struct condition *c);

/* condition_parts_destinations: of a message to several, `c` may hold for some and not for others. */
bool condition_parts_destinations(const struct condition_subject *s, const struct condition *c);
/* condition_holds_for: `c` holds for destination `at` by itself. */
bool condition_holds_for(struct condition_subject *s, const struct condition *c, unsigned at);

const char *condition_field_name(enum condition_field f);
bool condition_field_parse(const char *name, enum condition_field *f);
enum condition_type condition_field_type(enum condition_field f);
bool condition_field_content(enum condition_field f);

/*
 * condition_enum_name: of a field of type ENUM with a fixed set (side, role, carrier, coding,
 * *_kind, anomaly): the name of value `v`, NULL if there is none. condition_enum_parse: the reverse.
 * link, tenant and hit are named by the policy and its ruleset.
 */
const char *condition_enum_name(enum condition_field f, int64_t v);
bool condition_enum_parse(enum condition_field f, const char *name, int64_t *v);

#endif
