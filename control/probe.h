/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe: how an SMSC takes the PDUs that smswall would send it in place of a refused message
 * (research/inline-blocking.md 1.1, 2.5): bound with a test account, each style and poison once, over
 * submit_sm, data_sm and submit_multi. What is sent comes from verdict/edit, so it is what the
 * appliance sends, octet for octet.
 *
 *   probe_client.c  a small SMPP client: connect, bind, ask, wait
 *   probe_judge.c   what an answer means, and which configuration follows from all of them (pure)
 *   probe.c         case after case
 *
 * Control only (smswallctl). Bounds: PROBE_RESULTS_MAX cases, each waited for `wait_ms`.
 */
#ifndef SMSWALL_CONTROL_PROBE_H
#define SMSWALL_CONTROL_PROBE_H

#include <stdbool.h>

#include "dataplane/verdict/edit.h"

enum { PROBE_POISONS = 7, PROBE_COMMANDS = 3, PROBE_RESULTS_MAX = 32 };

/* What comes back, from best to worst: X(NAME, text) */
#define PROBE_OUTCOMES(X)             \
	X(REFUSED, "refused")         \
	X(ACCEPTED, "accepted")       \
	X(UNSUPPORTED, "unsupported") \
	X(WRONG, "wrong answer")      \
	X(MUTE, "mute")               \
	X(CLOSED, "closed")           \
	X(SKIPPED, "skipped")
#define X(name, text) PROBE_##name,
enum probe_outcome { PROBE_OUTCOMES(X) };
#undef X

struct probe_case {
	uint32_t command;
	enum edit_style style;
	unsigned poison; /* enum edit_poison bits; 0 for blank */
	bool large;      /* of a text that goes by message_payload */
};

/* What came after one PDU. */
struct probe_answer {
	bool answered;
	bool closed; /* by the SMSC, before or after its answer */
	bool alive;  /* enquire_link was answered afterwards */
	bool sequence_right;
	uint32_t command, status;
	uint32_t len;
	unsigned took_ms;
};

struct probe_result {
	struct probe_case what;
	uint32_t sent_len;
	struct probe_answer answer;
	enum probe_outcome outcome;
};

struct probe_target {
	const char *host;
	const char *port;
	const char *system_id, *password, *system_type;
	const char *source;      /* "": none */
	const char *destination; /* NULL: only PDUs without a recipient are sent */
	bool transceiver;
	unsigned wait_ms;    /* for each answer */
	int64_t deadline_ms; /* CLOCK_MONOTONIC, for all of it; 0: none */
};

/* The configuration that follows. */
struct probe_advice {
	bool usable; /* false: no style is answered well: do not enforce here */
	enum edit_style style;
	unsigned poison;
	bool force;                   /* on_accept = force: the SMSC takes some of them */
	bool ignored[PROBE_COMMANDS]; /* a command that this SMSC does not speak */
};

enum probe_end {
	PROBE_DONE,
	PROBE_NO_CONNECTION,
	PROBE_BIND_REFUSED,
	PROBE_BIND_MUTE,
	PROBE_LOST,    /* could not be bound again after a session was closed */
	PROBE_TIMEOUT, /* of all of it */
};

struct probe_run {
	enum probe_end end;
	uint32_t bind_status;
	char error[256]; /* a sentence for any end but PROBE_DONE */
	unsigned n_binds;
	unsigned n_results;
	struct probe_result results[PROBE_RESULTS_MAX];
	struct probe_advice advice;
};

extern const uint32_t probe_commands[PROBE_COMMANDS]; /* submit_sm, data_sm, submit_multi */
extern const unsigned probe_poisons[PROBE_POISONS];   /* in order of preference */

/* probe_run: all of it. `tell` is called after each result; may be NULL. */
void probe_run(const struct probe_target *t, struct probe_run *run,
	void (*tell)(void *arg, const struct probe_result *r), void *arg);

/* probe_judge: what an answer to `command` means. Pure. */
enum probe_outcome probe_judge(uint32_t command, const struct probe_answer *a);

/* probe_advise: from all results. Pure. */
void probe_advise(const struct probe_result *results, unsigned n, struct probe_advice *advice);

/* probe_find: the result of a case, NULL where there is none. */
const struct probe_result *probe_find(const struct probe_result *results, unsigned n,
	uint32_t command, enum edit_style style, unsigned poison);

/*
 * probe_build: the PDU that replaces a message of this command: `out` of `size` octets; its length,
 * or 0 where it cannot be made in this style.
 */
uint32_t probe_build(const struct probe_target *t, const struct probe_case *c, uint32_t sequence,
	uint8_t *out, uint32_t size);

const char *probe_outcome_name(enum probe_outcome o);
const char *probe_status_name(uint32_t status); /* SMPP 3.4 5.1.3; "" for others */

#endif
