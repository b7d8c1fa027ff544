/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcap: TCAP messages: transaction ids, dialogue portion, and the components one after the other.
 *
 * Pure functions over the user data of one SCCP message; nothing is copied, all spans and offsets
 * are into it. Any core. Bounds: LIMIT_BER_DEPTH; a loop over the components takes octets each time.
 * What breaks Q.773 beside the components does not hide them: it is an anomaly of the message.
 * Source: ITU-T Q.773 (06/97) 3 and 4, sections at each use; X.690 for the encoding.
 */
#ifndef SMSWALL_PROTO_TCAP_H
#define SMSWALL_PROTO_TCAP_H

#include "dataplane/proto/ber.h"

/* Q.773 4.2.1: X(NAME, identifier, name as in events) */
#define TCAP_TYPES(X)                             \
	X(UNIDIRECTIONAL, 0x61, "unidirectional") \
	X(BEGIN, 0x62, "begin")                   \
	X(END, 0x64, "end")                       \
	X(CONTINUE, 0x65, "continue")             \
	X(ABORT, 0x67, "abort")

#define X(name, id, text) TCAP_##name = (id),
enum tcap_type { TCAP_TYPES(X) };
#undef X

/* What the dialogue portion holds (Q.773 4.2.3). */
enum tcap_dialogue {
	TCAP_DIALOGUE_NONE,     /* there is no dialogue portion */
	TCAP_DIALOGUE_UNKNOWN,  /* there is one that is none of these */
	TCAP_DIALOGUE_REQUEST,  /* AARQ, or AUDT in a Unidirectional */
	TCAP_DIALOGUE_RESPONSE, /* AARE */
	TCAP_DIALOGUE_ABORT,    /* ABRT */
};

enum tcap_anomaly {                      /* all are R_tcap_message */
	TCAP_ANOMALY_ID = 1u << 0,       /* a transaction id that is missing or not 1..4 octets */
	TCAP_ANOMALY_ELEMENT = 1u << 1,  /* an element that has no place here */
	TCAP_ANOMALY_DIALOGUE = 1u << 2, /* a dialogue portion that cannot be read */
	TCAP_ANOMALY_TRAILING = 1u << 3, /* octets behind the message */
};

struct tcap_message {
	enum tcap_type type;
	enum tcap_dialogue dialogue;
	struct bytes otid; /* empty: none */
	struct bytes dtid;
	int16_t p_abort_cause;         /* -1: none; an Abort without one is the user's (U-Abort) */
	int16_t result;                /* AARE: 0 accepted, 1 refused for good; -1: none */
	struct bytes context;          /* contents of the application-context-name; empty: none */
	struct bytes dialogue_portion; /* the element, or empty */
	struct bytes components;       /* contents of the component portion */
	unsigned anomalies;            /* enum tcap_anomaly */
};

/*
 * tcap_message_read: PARSE_OK fills *m; the components are not looked into. PARSE_BAD leaves *m as
 * it was; *why is tcap_ansi (ANSI T1.114), tcap_message, ber or ber_depth. Never PARSE_MORE.
 */
enum parse tcap_message_read(struct bytes b, struct tcap_message *m, enum reason *why);

const char *tcap_type_name(enum tcap_type type); /* "begin"; "unknown" for others */

/* Q.773 4.2.2: X(NAME, identifier, name as in events) */
#define TCAP_COMPONENTS(X)                       \
	X(INVOKE, 0xA1, "invoke")                \
	X(RESULT_LAST, 0xA2, "returnResultLast") \
	X(ERROR, 0xA3, "returnError")            \
	X(REJECT, 0xA4, "reject")                \
	X(RESULT_NOT_LAST, 0xA7, "returnResultNotLast")

#define X(name, id, text) TCAP_##name = (id),
enum tcap_component_type { TCAP_COMPONENTS(X) };
#undef X

enum { TCAP_NO_CODE = -1, TCAP_NO_ID = INT32_MIN };

/* What a Reject is about, as its problem's tag tells (Q.773 4.2.2.2). */
enum tcap_problem {
	TCAP_PROBLEM_GENERAL = 0x80,
	TCAP_PROBLEM_INVOKE = 0x81,
	TCAP_PROBLEM_RESULT = 0x82,
	TCAP_PROBLEM_ERROR = 0x83,
};

/* One component. Offsets are into the message given to tcap_component_read(). */
struct tcap_component {
	enum tcap_component_type type;
	int32_t invoke_id; /* TCAP_NO_ID: a Reject of what could not be read */
	int32_t linked_id; /* TCAP_NO_ID: none */
	/*
	 * The local operation code of an Invoke or result, error code of an error, problem of a
	 * Reject; TCAP_NO_CODE: there is none, or it is global.
	 */
	int32_t code;
	bool global;          /* the code is an OBJECT IDENTIFIER */
	uint8_t problem_type; /* Reject: enum tcap_problem */
	bool trailing;        /* elements behind the parameter, which Q.773 does not know */
	struct bytes whole;
	size_t off;          /* of the component's identifier octet */
	size_t code_tag_off; /* of the code's identifier octet; 0: no code */
	size_t code_off;     /* of the code's contents */
	uint8_t code_len;    /* octets of its contents; of a code of more than 255: 255 */
	bool has_parameter;
	struct ber_element parameter;
};

/*
 * tcap_component_read: the next component at `c`, a cursor over m->components; `message` is what
 * tcap_message_read() was given. PARSE_BAD (*why tcap_component, ber, ber_depth) leaves *out as it
 * was; where the component had an end, `c` is behind it and the next one can be read. To be called
 * while cursor_left() is not 0. Never PARSE_MORE.
 */
enum parse tcap_component_read(
	struct cursor *c, struct bytes message, struct tcap_component *out, enum reason *why);

const char *tcap_component_name(enum tcap_component_type type); /* "invoke"; "unknown" */

#endif
