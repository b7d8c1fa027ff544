/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * events: records of the workers' rings as JSON lines (schema: docs/events.md and
 * docs/events.schema.json; every line has schema_version).
 *
 * Control thread only. Privacy (design.md law 8): numbers are pseudonyms (keyed BLAKE2b, 16 hex
 * digits, key of this installation) unless events.numbers = "clear"; text is there only with
 * events.text = true. Lines are valid UTF-8 and valid JSON whatever was on the wire; keys stand in
 * one order.
 */
#ifndef SMSWALL_CONTROL_EVENTS_H
#define SMSWALL_CONTROL_EVENTS_H

#include "control/config.h"

enum { EVENTS_SCHEMA_VERSION = 1 };

/* A line without text takes less than EVENTS_LINE_BASE; an octet of text at most 6 (\u0000). */
enum {
	EVENTS_KEY_LEN = 32,
	EVENTS_ENDPOINT_SIZE = 64,
	EVENTS_LINE_BASE = 16384,
	EVENTS_LINE_SIZE = 6 * LIMIT_TEXT_LEN + EVENTS_LINE_BASE,
};

/* What names a link, a rule and a category; the ruleset is that of the record's generation. */
struct events_names {
	const struct config *config;
	const struct ruleset *ruleset; /* NULL: rules are called by their index, "#17" */
};

/*
 * events_format: one record as one line without newline, NUL behind it; returns its length, which
 * is below `size`. A text that does not fit is left out and "text_omitted" says so. `size` below
 * EVENTS_LINE_BASE may give an empty line (0).
 */
size_t events_format(const struct events_names *names, const uint8_t key[EVENTS_KEY_LEN],
	const struct event *e, struct bytes text, char *line, size_t size);

/* events_session_id: a connection's number as events and sessions tell it, and its two halves back. */
uint64_t events_session_id(unsigned worker, uint64_t id);
unsigned events_session_worker(uint64_t session);
uint64_t events_session_local(uint64_t session);

/* events_endpoint: "192.0.2.1:2775", "[2001:db8::1]:2775"; `address` as in struct flow_key. */
void events_endpoint(const uint8_t address[16], uint16_t port, char text[EVENTS_ENDPOINT_SIZE]);

/* events_host: the same without the port and without brackets; true: it is IPv4. */
bool events_host(const uint8_t address[16], char text[EVENTS_ENDPOINT_SIZE]);

/* events_pseudonym: what stands for an address in an event. `out` of 17 octets. */
void events_pseudonym(const uint8_t key[EVENTS_KEY_LEN], struct bytes digits, char *out);

/*
 * events_key_load: the key of `path`, made (0600) where missing; `replay` gives the fixed key of
 * replays, so that the same capture gives the same events. 0 or -errno with a sentence in `diag`.
 */
int events_key_load(const char *path, bool replay, uint8_t key[EVENTS_KEY_LEN], struct diag *diag);

/* events_key_random: a key that is kept nowhere. 0, or -EIO. */
int events_key_random(uint8_t key[EVENTS_KEY_LEN]);

/*
 * events_sample_key: which senders rules in state sample act on: by the key of pseudonyms, so that they
 * are the same after a restart; random where it cannot be had (control_create() tells why).
 */
uint64_t events_sample_key(const struct config *c);

/* events_key_path: where the key of this configuration lies. `out` of `size` octets. */
void events_key_path(const struct config *c, char *out, size_t size);

/* events_policy_change_name: "live", "undone": `change` of an event of type policy. */
const char *events_policy_change_name(enum event_policy_change change);

#endif
