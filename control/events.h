/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * events: records of the workers' rings as JSON lines (schema: docs/events.md and
 * docs/events.schema.json; every line has schema_version).
 *
 * Control thread only. Privacy (design.md law 8): numbers are pseudonyms (keyed BLAKE2b, 16 hex
 * digits, key of this installation) unless events.numbers = "clear"; text is there only with
 * events.text = true. Lines are valid UTF-8 and valid JSON whatever was on the wire.
 */
#ifndef SMSWALL_CONTROL_EVENTS_H
#define SMSWALL_CONTROL_EVENTS_H

#include "control/config.h"

enum { EVENTS_KEY_LEN = 32, EVENTS_LINE_SIZE = 6 * LIMIT_TEXT_LEN + 16384 };

struct events_writer;

/* What names a link, a rule and a category; the ruleset is that of the record's generation. */
struct events_names {
	const struct config *config;
	const struct ruleset *ruleset;
};

/* events_format: one record as one line without newline; returns its length, < size. */
size_t events_format(const struct events_names *names, const uint8_t key[EVENTS_KEY_LEN],
	const struct event *e, struct bytes text, char *line, size_t size);

/* events_pseudonym: what stands for an address in an event. `out` of 17 octets. */
void events_pseudonym(const uint8_t key[EVENTS_KEY_LEN], struct bytes digits, char *out);

/*
 * events_key_load: the key of `path`, made (0600) where missing; `replay` gives the fixed key of
 * replays, so that the same capture gives the same events. 0 or -errno with a sentence in `diag`.
 */
int events_key_load(const char *path, bool replay, uint8_t key[EVENTS_KEY_LEN], struct diag *diag);

#endif
