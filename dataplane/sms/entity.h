/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entity: URLs, bare and defanged domains, and phone numbers found in a text, in the text's own
 * order, as spans and in a normal form for matching.
 *
 * Normal forms: URL: scheme in lower case ("http://" before a bare domain), host in one form: lower
 * case, Unicode also where it was Punycode, an address dotted or as RFC 5952 has it, no root's dot;
 * port, path as they are; no user information, no trailing punctuation. Disguises that are undone:
 * docs/links.md. Number: '+' and E.164 digits where it is written
 * internationally or is a valid number of the home country; else its digits as they are.
 * Ownership: normal forms lie in the caller's buffer. Any core.
 * Bounds: LIMIT_ENTITIES; more are not taken. Source: RFC 3986, RFC 1035 2.3.1, RFC 3492, ITU-T E.164.
 */
#ifndef SMSWALL_SMS_ENTITY_H
#define SMSWALL_SMS_ENTITY_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"
#include "dataplane/sms/numbering.h"

enum entity_kind { ENTITY_URL, ENTITY_NUMBER };

struct entity {
	uint8_t kind;  /* enum entity_kind */
	uint32_t from; /* octets of the text: [from, to) */
	uint32_t to;
	struct bytes value;      /* normal form, in `buffer` */
	struct bytes host;       /* URL: host part of value */
	struct numbering number; /* NUMBER: country 0 where it is not known to be international */
};

/*
 * entity_find: fills entities[LIMIT_ENTITIES] from valid UTF-8 `text`; returns how many. `home`: the
 * country whose national numbers are understood (numbering_country()), NUMBERING_NONE: none's.
 */
uint32_t entity_find(
	struct bytes text, uint16_t home, struct entity *entities, uint8_t *buffer, size_t size);

#endif
