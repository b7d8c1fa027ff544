/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_conf_parts: what the files of policy_conf.h share; nobody else includes it.
 *
 *   policy_conf.c         thresholds, tenants, profiles, and where which of them hold
 *   policy_conf_word.c    values of all kinds, and what is said of wrong ones
 *   policy_conf_lists.c   which lists there are, and what they are asked for
 *   policy_conf_when.c    conditions: groups, any, all, not
 *   policy_conf_test.c    conditions: FIELD = VALUE
 *   policy_conf_time.c    hours, days, dates, durations
 *   policy_conf_rules.c   rules that have a condition instead of an expression
 *   policy_conf_limits.c  limits
 */
#ifndef SMSWALL_CONTROL_POLICY_CONF_PARTS_H
#define SMSWALL_CONTROL_POLICY_CONF_PARTS_H

#include <libconfig.h>

#include "control/policy_conf.h"

enum { CONF_STATUS_MAX = 0x4FF, CONF_STATUS_VENDOR = 0x400 }; /* SMPP 3.4 5.1.3 */

struct conf_reader {
	const struct config_text *text;
	const struct policy_conf *how;
	struct policy_names names; /* grow as `rules` are added to a source */
	struct policy *policy;
	struct diag *diag;
	bool *told; /* [i]: number i of text->tokens is no int, and that was said */
	bool list_named[LIST_SET_MAX];        /* a condition or a limit asks it */
	const config_setting_t *links_unseen; /* a link was named, and none are known; or NULL */
};

/* ---- what is said */

void conf_say(const struct conf_reader *r, enum diag_level level, const config_setting_t *s,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* conf_line: where `s` was written. conf_file: likewise. */
int conf_line(const struct conf_reader *r, const config_setting_t *s);
const char *conf_file(const struct conf_reader *r, const config_setting_t *s);

/* conf_written: a number as it was written; false: it is no int. */
bool conf_written(const struct config_text *text, const struct config_token *t, long long *v);
/* conf_wrapped: says of `key` that `s` is what libconfig 1.5 made of such a number, if it is. */
bool conf_wrapped(const struct conf_reader *r, const config_setting_t *s, const char *key,
	int64_t min, int64_t max);

/* conf_unknown: says that `word` is none: `did you mean X?`, or `known are ...`. "WHAT: "word" ...". */
void conf_unknown(const struct conf_reader *r, const config_setting_t *s, const char *what,
	const char *word, const char *const *names, size_t n);

/* conf_known_keys: every name in group `s` is one of `keys` (NULL at the end). */
void conf_known_keys(
	const struct conf_reader *r, const config_setting_t *s, const char *const *keys);

/* ---- values of a group's keys: false or NULL: it is not there, or wrong (that was said) */

bool conf_integer(const struct conf_reader *r, const config_setting_t *s, const char *key, int min,
	int max, int *v);
const char *conf_string(const struct conf_reader *r, const config_setting_t *s, const char *key);
bool conf_bool(const struct conf_reader *r, const config_setting_t *s, const char *key, bool *v);

/* conf_choice: one of `n` names: its index. */
bool conf_choice(const struct conf_reader *r, const config_setting_t *s, const char *key,
	const char *const *names, size_t n, unsigned *index);

/* conf_action: one of the actions in `allowed`, bit per enum rule_action. */
bool conf_action(const struct conf_reader *r, const config_setting_t *s, const char *key,
	unsigned allowed, enum rule_action *action);

/* conf_state: "on", "shadow", "sample=5%" or "sample:5%". */
bool conf_state(const struct conf_reader *r, const config_setting_t *s, const char *key,
	uint8_t *state, uint8_t *sample);

/* conf_status: command_status of a reject: 1 to CONF_STATUS_MAX; a warning from CONF_STATUS_VENDOR on. */
bool conf_status(
	const struct conf_reader *r, const config_setting_t *s, const char *key, uint32_t *status);

/*
 * conf_duration: "60 s", "5 min", "12 hours", "1 day", "90 days", "250 ms"; also 's', 'm', 'h', 'd',
 * and "minute" for 1 minute. In microseconds, min_us to max_us.
 */
bool conf_duration(const struct conf_reader *r, const config_setting_t *s, const char *key,
	uint64_t min_us, uint64_t max_us, uint64_t *us);
/* conf_duration_text: the same of a text: false if it is none; nothing is said. */
bool conf_duration_text(const char *text, uint64_t *us);
/* conf_duration_print: the canonical form of it. Returns `out`. */
enum { CONF_DURATION_SIZE = 32 };
const char *conf_duration_print(uint64_t us, char out[CONF_DURATION_SIZE]);

/* conf_texts: one text or [ texts ] or ( texts ): how many were put into `texts`; 0: none. */
unsigned conf_texts(const struct conf_reader *r, const config_setting_t *s, const char *key,
	const char **texts, unsigned max);

/* conf_name: the key `name` of a group of `what` ("limit"): letters, digits, '-', '_', '.'; fewer than `size`. */
const char *conf_name(
	const struct conf_reader *r, const config_setting_t *s, const char *what, size_t size);

/* conf_groups: `s` is a list of groups; also says what is wrong. */
bool conf_groups(const struct conf_reader *r, const config_setting_t *s);

/* conf_link, conf_side: what a group says of them; untouched where it says nothing. */
void conf_link(struct conf_reader *r, const config_setting_t *s, uint8_t *link);
void conf_side(const struct conf_reader *r, const config_setting_t *s, uint8_t *side);

/* ---- names of the policy: -1: there is none (that was said, at `s`) */

/* conf_link_index: a link's, or one from POLICY_LINK_UNSEEN downwards. */
int conf_link_index(struct conf_reader *r, const config_setting_t *s, const char *name);
int conf_tenant_index(const struct conf_reader *r, const config_setting_t *s, const char *name);
int conf_list_index(struct conf_reader *r, const config_setting_t *s, const char *name);
long conf_rule_index(const struct conf_reader *r, const config_setting_t *s, const char *id);

/* conf_country: key `country`: "GB" or "44": a handle of numbering.h. */
bool conf_country(const struct conf_reader *r, const config_setting_t *s, uint16_t *country);

/* ---- conditions */

/* What a condition may ask. */
enum conf_when {
	CONF_WHEN_ALL,    /* rules, limits: every field */
	CONF_WHEN_SCOPE,  /* no fields of the text, no hits */
	CONF_WHEN_TENANT, /* neither these nor the tenant */
};

/* conf_when: key `when` of group `s`; *when is untouched where there is none. False after errors. */
bool conf_when(struct conf_reader *r, const config_setting_t *s, enum conf_when allowed,
	struct condition *when);

/* conf_same_when: both ask the very same. */
bool conf_same_when(
	const struct conf_reader *r, const struct condition *a, const struct condition *b);

/* conf_rules_changed: rules were added to the source: r->names is taken anew. */
void conf_rules_changed(struct conf_reader *r);

/* ---- the parts of the file, in the order in which they are read */

void policy_conf_lists(struct conf_reader *r, const config_setting_t *root);
/* policy_conf_lists_used: warns of those that nothing asks; after all others. */
void policy_conf_lists_used(const struct conf_reader *r, const config_setting_t *root);
void policy_conf_rules(struct conf_reader *r, const config_setting_t *root);
void policy_conf_limits(struct conf_reader *r, const config_setting_t *root);

#endif
