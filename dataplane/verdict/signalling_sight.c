/* SPDX-License-Identifier: BSD-3-Clause */
/* signalling_sight: the names of the checks, and what each needs to be seen or set. */
#include <assert.h>

#include "dataplane/verdict/signalling.h"

#define SEEN(kind) (UINT32_C(1) << SIGNALLING_SEEN_##kind)

enum reason signalling_reason(enum signalling_check check)
{
	static const enum reason reasons[] = { R_sig_smsc_gt, R_sig_mt_without_sri,
		R_sig_sri_no_delivery, R_sig_sri_ratio, R_sig_mo_outside, R_sig_gt_scan,
		R_sig_opcode, R_sig_ber };

	static_assert(sizeof(reasons) / sizeof(reasons[0]) == SIGNALLING_CHECK_COUNT,
		"each check has its reason");
	return reasons[check];
}

const char *signalling_check_name(enum signalling_check check)
{
#define X(NAME, name) #name,
	static const char *const names[] = { SIGNALLING_CHECKS(X) };
#undef X
	return names[check];
}

const char *signalling_traffic_name(enum signalling_traffic_kind kind)
{
#define X(NAME, text) text,
	static const char *const names[] = { SIGNALLING_TRAFFIC(X) };
#undef X
	return names[kind];
}

/* Of `one_of` one kind is enough. */
struct needs {
	uint32_t link, one_of, all;
};

uint32_t signalling_blind(const struct signalling_config *config, enum signalling_check check,
	uint32_t link, uint32_t all)
{
	static const struct needs needs[SIGNALLING_CHECK_COUNT] = {
		[SIGNALLING_SMSC_GT] = { SEEN(GT), SEEN(MT) | SEEN(MO), 0 },
		[SIGNALLING_MT_WITHOUT_SRI] = { SEEN(MT), 0, SEEN(SRI) | SEEN(SRI_ANSWER) },
		[SIGNALLING_SRI_NO_DELIVERY] = { SEEN(SRI), 0, SEEN(SRI_ANSWER) | SEEN(MT) },
		[SIGNALLING_SRI_RATIO] = { SEEN(SRI), 0, SEEN(MT) },
		[SIGNALLING_MO_OUTSIDE] = { SEEN(MO), 0, 0 },
		[SIGNALLING_GT_SCAN] = { 0, SEEN(SRI) | SEEN(MT) | SEEN(MO), SEEN(ANSWER) },
		[SIGNALLING_OPCODE] = { SEEN(ANY), 0, 0 },
		[SIGNALLING_BER] = { SEEN(ANY), 0, 0 },
	};
	const struct needs *n = &needs[check];

	if (config->action[check] == SIGNALLING_OFF) {
		return 0;
	}
	return (n->link & ~link) | (n->all & ~all) | ((n->one_of & link) == 0 ? n->one_of : 0);
}

const char *signalling_unset(const struct signalling_config *config, enum signalling_check check)
{
	if (config->action[check] == SIGNALLING_OFF) {
		return NULL;
	}
	if (check == SIGNALLING_OPCODE && config->n_operations == 0) {
		return "operations";
	}
	if (check == SIGNALLING_MO_OUTSIDE && config->n_home_msisdn == 0) {
		return "home_msisdn";
	}
	if (check == SIGNALLING_MO_OUTSIDE && config->n_home_gt == 0) {
		return "home_gt";
	}
	return NULL;
}
