/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_complete: what the grammar's placeholders stand for while one types. Control only; apart for tests: a
 * placeholder that nobody knows is completed by nothing, in silence.
 */
#ifndef SMSWALL_CONTROL_CTL_COMPLETE_H
#define SMSWALL_CONTROL_CTL_COMPLETE_H

#include "control/ctl.h"

/* What a word can become. */
enum ctl_source {
	COMPLETE_NOTHING,
	COMPLETE_FILES,
	COMPLETE_POLICIES, /* a path, or @ and a generation */
	COMPLETE_WORDS,    /* of a text "a|b" */
	COMPLETE_RULES,
	COMPLETE_GENERATIONS,
	COMPLETE_LISTS,
	COMPLETE_LIMITS,
	COMPLETE_LINKS,
	COMPLETE_SESSIONS,
	COMPLETE_VERBS,
};

/*
 * ctl_complete_source: of the placeholder `name` behind a verb of `object` (or the option "--NAME"); *words: of
 * COMPLETE_WORDS. False: it is not known.
 */
bool ctl_complete_source(
	const char *object, const char *name, enum ctl_source *source, const char **words);

/* ctl_complete_argument: the placeholder of argument `n` (from 0) of "NAME ENTRY..."; false: there is none. */
bool ctl_complete_argument(const char *arguments, unsigned n, char *out, size_t size);

#endif
