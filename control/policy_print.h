/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_print: a policy as policy.conf says it, in one form: reading it gives the same policy, and
 * printing that the same text. `smswallctl policy print`; a condition's line is the expression of
 * its rule.
 *
 * Control only. Errors are the FILE's.
 */
#ifndef SMSWALL_CONTROL_POLICY_PRINT_H
#define SMSWALL_CONTROL_POLICY_PRINT_H

#include <stdio.h>

#include "control/policy_conf.h"

/* policy_print: all of it, but for the rules of pattern files. */
void policy_print(const struct policy *p, const struct policy_names *names, FILE *to);

/* policy_print_when: a condition in one line, with its outer braces: { side = "outside"; }. */
void policy_print_when(const struct policy *p, const struct policy_names *names,
	const struct condition *when, FILE *to);

/* policy_print_tenant, _scope, _rule, _profile: the group of the i-th, as it stands in the text. */
void policy_print_tenant(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);
void policy_print_profile(const struct policy *p, uint32_t i, FILE *to);
void policy_print_scope(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);
void policy_print_rule(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);

/* policy_print_place: where the i-th entry of `links` holds: link = "edge"; tenant = "acme"; */
void policy_print_place(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);

/* policy_print_link: the name of a link of the policy, also of one that no configuration knows. */
const char *policy_print_link(const struct policy_names *names, unsigned link);

/* policy_print_text: in double quotes, as libconfig reads it again. */
void policy_print_text(const char *text, FILE *to);

/* policy_conf_limits.c: one limit's group, without a comma behind it; all of `limits`. */
void policy_print_limit(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);
void policy_print_limits(const struct policy *p, const struct policy_names *names, FILE *to);

#endif
