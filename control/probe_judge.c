/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "control/probe.h"

enum { RINVCMDID = 0x03 }; /* SMPP 3.4 5.1.3 */

const uint32_t probe_commands[PROBE_COMMANDS] = { SMPP_SUBMIT_SM, SMPP_DATA_SM, SMPP_SUBMIT_MULTI };

/* First the default, then those that reach no recipient where they are accepted. */
const unsigned probe_poisons[PROBE_POISONS] = { POISON_DEST | POISON_PRIORITY, POISON_DEST,
	POISON_DEST | POISON_PRIORITY | POISON_ESM_CLASS, POISON_DEST | POISON_ESM_CLASS,
	POISON_PRIORITY, POISON_PRIORITY | POISON_ESM_CLASS, POISON_ESM_CLASS };

const char *probe_outcome_name(enum probe_outcome o)
{
	switch (o) {
#define X(name, text)      \
	case PROBE_##name: \
		return text;
		PROBE_OUTCOMES(X)
#undef X
	}
	return "unknown";
}

const char *probe_status_name(uint32_t status)
{
	static const struct {
		uint32_t status;
		const char *name;
	} names[] = { { 0x00, "ROK" }, { 0x01, "RINVMSGLEN" }, { 0x02, "RINVCMDLEN" },
		{ 0x03, "RINVCMDID" }, { 0x04, "RINVBNDSTS" }, { 0x05, "RALYBND" },
		{ 0x06, "RINVPRTFLG" }, { 0x07, "RINVREGDLVFLG" }, { 0x08, "RSYSERR" },
		{ 0x0A, "RINVSRCADR" }, { 0x0B, "RINVDSTADR" }, { 0x0C, "RINVMSGID" },
		{ 0x0D, "RBINDFAIL" }, { 0x0E, "RINVPASWD" }, { 0x0F, "RINVSYSID" },
		{ 0x14, "RMSGQFUL" }, { 0x15, "RINVSERTYP" }, { 0x33, "RINVNUMDESTS" },
		{ 0x34, "RINVDLNAME" }, { 0x40, "RINVDESTFLAG" }, { 0x42, "RINVSUBREP" },
		{ 0x43, "RINVESMCLASS" }, { 0x44, "RCNTSUBDL" }, { 0x45, "RSUBMITFAIL" },
		{ 0x48, "RINVSRCTON" }, { 0x49, "RINVSRCNPI" }, { 0x50, "RINVDSTTON" },
		{ 0x51, "RINVDSTNPI" }, { 0x53, "RINVSYSTYP" }, { 0x54, "RINVREPFLAG" },
		{ 0x55, "RINVNUMMSGS" }, { 0x58, "RTHROTTLED" }, { 0x61, "RINVSCHED" },
		{ 0x62, "RINVEXPIRY" }, { 0x63, "RINVDFTMSGID" }, { 0x64, "RX_T_APPN" },
		{ 0x65, "RX_P_APPN" }, { 0x66, "RX_R_APPN" }, { 0xC0, "RINVOPTPARSTREAM" },
		{ 0xC1, "ROPTPARNOTALLWD" }, { 0xC2, "RINVPARLEN" }, { 0xC3, "RMISSINGOPTPARAM" },
		{ 0xC4, "RINVOPTPARAMVAL" }, { 0xFE, "RDELIVERYFAILURE" },
		{ 0xFF, "RUNKNOWNERR" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].status == status) {
			return names[i].name;
		}
	}
	return "";
}

enum probe_outcome probe_judge(uint32_t command, const struct probe_answer *a)
{
	bool nack = a->command == SMPP_GENERIC_NACK;

	if (a->closed) {
		return PROBE_CLOSED;
	}
	if (!a->answered) {
		return PROBE_MUTE;
	}
	/* an ESME matches its answer by type and number */
	if (!a->sequence_right || (!nack && a->command != (command | SMPP_RESPONSE))) {
		return PROBE_WRONG;
	}
	if (a->status == RINVCMDID) {
		return PROBE_UNSUPPORTED; /* as it would answer any message of this command */
	}
	if (nack) {
		return PROBE_WRONG; /* some ESMEs close on it, others do not see whose answer it is */
	}
	if (!a->alive) {
		return PROBE_MUTE; /* it has answered, and was not heard of again */
	}
	return a->status == 0 ? PROBE_ACCEPTED : PROBE_REFUSED;
}

const struct probe_result *probe_find(const struct probe_result *results, unsigned n,
	uint32_t command, enum edit_style style, unsigned poison)
{
	for (unsigned i = 0; i < n; i++) {
		const struct probe_case *c = &results[i].what;

		if (c->command == command && c->style == style && c->poison == poison &&
			!c->large) {
			return &results[i];
		}
	}
	return NULL;
}

/* A command that is never answered, however it looks, or never spoken, is not this SMSC's. */
static bool is_not_spoken(const struct probe_result *results, unsigned n, uint32_t command)
{
	for (unsigned i = 0; i < n; i++) {
		enum probe_outcome o = results[i].outcome;

		if (results[i].what.command == command && o != PROBE_MUTE &&
			o != PROBE_UNSUPPORTED && o != PROBE_SKIPPED) {
			return false;
		}
	}
	return command != SMPP_SUBMIT_SM; /* that one every SMSC has to take */
}

enum fit { FIT_WELL, FIT_FORCED, FIT_NOT };

/* How a style would do for all commands that are spoken. */
static enum fit fit_of(const struct probe_result *results, unsigned n, enum edit_style style,
	unsigned poison, const bool ignored[PROBE_COMMANDS])
{
	enum fit fit = FIT_WELL;

	for (unsigned i = 0; i < PROBE_COMMANDS; i++) {
		const struct probe_result *r =
			probe_find(results, n, probe_commands[i], style, poison);

		if (ignored[i]) {
			continue;
		}
		if (r == NULL || (r->outcome != PROBE_REFUSED && r->outcome != PROBE_ACCEPTED)) {
			return FIT_NOT;
		}
		fit = r->outcome == PROBE_ACCEPTED ? FIT_FORCED : fit;
	}
	return fit;
}

void probe_advise(const struct probe_result *results, unsigned n, struct probe_advice *advice)
{
	*advice = (struct probe_advice){ .style = EDIT_NONE };
	for (unsigned i = 0; i < PROBE_COMMANDS; i++) {
		advice->ignored[i] = is_not_spoken(results, n, probe_commands[i]);
	}
	for (int wanted = FIT_WELL; wanted <= FIT_FORCED; wanted++) {
		for (unsigned p = 0; p < PROBE_POISONS; p++) {
			if (fit_of(results, n, EDIT_SELF_REJECT, probe_poisons[p],
				    advice->ignored) == (enum fit)wanted) {
				advice->usable = true;
				advice->style = EDIT_SELF_REJECT;
				advice->poison = probe_poisons[p];
				advice->force = wanted == FIT_FORCED;
				return;
			}
		}
	}
	if (fit_of(results, n, EDIT_BLANK, 0, advice->ignored) != FIT_NOT) {
		advice->usable = true;
		advice->style = EDIT_BLANK;
	}
}
