/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_conf_parts: what the files of policy_conf.h share; nobody else includes it.
 *
 *   policy_conf.c        thresholds, and where which of them hold
 *   policy_conf_lists.c  which lists there are, and what they are asked for
 */
#ifndef SMSWALL_CONTROL_POLICY_CONF_PARTS_H
#define SMSWALL_CONTROL_POLICY_CONF_PARTS_H

#include <libconfig.h>

#include "control/policy_conf.h"

enum { CONF_LINK_UNSEEN = 0xFE };                             /* no link has this index */
enum { CONF_STATUS_MAX = 0x4FF, CONF_STATUS_VENDOR = 0x400 }; /* SMPP 3.4 5.1.3 */

struct conf_reader {
	const struct config_text *text;
	const struct policy_names *names;
	struct policy *policy;
	struct diag *diag;
	const config_setting_t *scopes[POLICY_SCOPES_MAX]; /* where each was written */
	const config_setting_t *links_unseen; /* a link was named, and none are known; or NULL */
};

void conf_say(const struct conf_reader *r, enum diag_level level, const config_setting_t *s,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* conf_known_keys: every name in group `s` is one of `keys` (NULL at the end). */
void conf_known_keys(
	const struct conf_reader *r, const config_setting_t *s, const char *const *keys);

/* conf_integer: `key` of group `s`; false if it is not there or wrong. */
bool conf_integer(const struct conf_reader *r, const config_setting_t *s, const char *key, int min,
	int max, int *v);

/* conf_string: NULL if it is not there or no string. */
const char *conf_string(const struct conf_reader *r, const config_setting_t *s, const char *key);

/* conf_groups: `s` is a list of groups; also says what is wrong. */
bool conf_groups(const struct conf_reader *r, const config_setting_t *s);

/* conf_link, conf_side: what a group says of them; untouched where it says nothing. */
void conf_link(struct conf_reader *r, const config_setting_t *s, uint8_t *link);
void conf_side(const struct conf_reader *r, const config_setting_t *s, uint8_t *side);

/* policy_conf_lists: `lists` of the file. */
void policy_conf_lists(struct conf_reader *r, const config_setting_t *root);

#endif
