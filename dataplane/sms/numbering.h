/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * numbering: whose a telephone number is and of what kind, and the international form of an address
 * as it is dialled or written in one country. Asked by the entities of a text, the lists, the
 * conditions of policy.conf.
 *
 * Data: const tables that dataplane/sms/gen_numbering.py makes of libphonenumber's metadata (Debian:
 * python3-phonenumbers) at build time; nothing is typed by hand, nothing is read at run time.
 * Ownership: pointers are to const data. Any core; does not allocate.
 * Bounds: a look-up reads each digit at most once (ITU-T E.164 6: at most 15; NUMBERING_DIGITS_MAX).
 * Errors: what is no number is country 0, kind unknown.
 */
#ifndef SMSWALL_SMS_NUMBERING_H
#define SMSWALL_SMS_NUMBERING_H

#include "dataplane/base/bytes.h"

/* X(NAME, name): what a number is used for; the order is that of the generated table. */
/* clang-format off */
#define NUMBERING_KINDS(X)                                                                         \
	X(UNKNOWN, "unknown")                                                                      \
	X(FIXED, "fixed")                                                                          \
	X(MOBILE, "mobile")                                                                        \
	X(FIXED_OR_MOBILE, "fixed_or_mobile")                                                      \
	X(TOLL_FREE, "toll_free")                                                                  \
	X(PREMIUM, "premium")                                                                      \
	X(SHARED, "shared")       /* the callee pays a share */                                    \
	X(PERSONAL, "personal")   /* follows a person; often dear to call */                       \
	X(PAGER, "pager")                                                                          \
	X(UAN, "uan")             /* one number of a company for the whole country */              \
	X(VOIP, "voip")                                                                            \
	X(VOICEMAIL, "voicemail")
/* clang-format on */
#define X(name, text) NUMBERING_##name,
enum numbering_kind { NUMBERING_KINDS(X) NUMBERING_KIND_COUNT };
#undef X

enum {
	NUMBERING_NONE = 0,        /* no country: a handle that always works */
	NUMBERING_DIGITS_MAX = 17, /* of a national number: German ones exceed E.164 */
	NUMBERING_OUT = 32,
};

/* What is known of a number. */
struct numbering {
	uint16_t country;      /* handle of its region; 0: no such calling code */
	uint16_t calling_code; /* 1, 44, 852; 0 */
	uint8_t calling_len;   /* digits of it */
	uint8_t kind;          /* enum numbering_kind; by its leading digits also where !valid */
	bool valid;            /* its length and all its digits fit that region's plan */
};

/* A country, a territory, or a code of none ("800", "870": satellites and services of the world). */
struct numbering_country {
	char name[4];     /* ISO 3166-1 alpha 2, or the calling code of what is no country */
	char trunk[4];    /* before a national number: "0", "8", "06"; "": none */
	char idd[8];      /* a way abroad: "00", "011", "810"; its prefixes are all of them */
	uint32_t lengths; /* of national numbers: bit n: n digits */
	uint16_t calling_code;
	uint16_t
		trunk_kinds; /* bit k: numbers of kind k are always written with the trunk prefix */
	bool main;           /* of those with this calling code, the one a bare code means */
	uint16_t prefix_from; /* its n_prefixes of the generated table */
	uint16_t n_prefixes;
};

/*
 * numbering_find: of digits in international form, without '+'. The region of a shared calling code
 * (+1, +7, +44 ...) is what its leading digits tell, else the main one. False: no known calling code;
 * *out is filled all the same.
 */
bool numbering_find(struct bytes e164_digits, struct numbering *out);

/* numbering_country: handle of "GB", "gb", "44", "+44"; NUMBERING_NONE if there is none. */
uint16_t numbering_country(struct bytes name);

/* numbering_country_of: never NULL; of NUMBERING_NONE or a bad handle, one with empty fields. */
const struct numbering_country *numbering_country_of(uint16_t country);

/* numbering_country_name: "GB"; "" of NUMBERING_NONE. */
const char *numbering_country_name(uint16_t country);

/* numbering_countries: handles are 1 to this. */
uint16_t numbering_countries(void);

const char *numbering_kind_name(unsigned kind);
/* numbering_kind_parse: false if there is no such kind. */
bool numbering_kind_parse(const char *name, enum numbering_kind *kind);

/*
 * numbering_normal: an address (digits, perhaps a '+' first) as E.164 digits, without '+', as `home`
 * dials it. International (TON 1, '+'): as it is, but for a
 * trunk prefix in it by mistake ("+44 020"). With a home country: what is behind its way abroad
 * or "00"; behind its trunk prefix or with a carrier's code, as its plan says; and of TON unknown a
 * whole international or national number that is valid (the national one is taken first where
 * numbers are written without a trunk prefix). National (TON 2): always `home`'s. All else, and
 * without a home country: "00" taken off, or as it is. Empty: not digits, or more than fit.
 * *known, where not NULL: it is international for sure, or valid in this form.
 */
struct bytes numbering_normal(
	uint16_t home, unsigned ton, struct bytes digits, uint8_t out[NUMBERING_OUT], bool *known);

#endif
