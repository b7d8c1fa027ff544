/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * session_json: one session of SMPP or association of SCTP, as a worker told it (pipeline_report.c), as
 * a JSON document: docs/control-protocol.md, "Sessions". Pure; control only.
 */
#ifndef SMSWALL_CONTROL_SESSION_JSON_H
#define SMSWALL_CONTROL_SESSION_JSON_H

#include <jansson.h>

#include "control/config.h"

/* session_json: of `worker`; link names are those of `config`. A new reference. */
json_t *session_json(
	const struct config *config, unsigned worker, const struct pipeline_session *s);

/* session_census_json: how many there are in which state. A new reference. */
json_t *session_census_json(const struct pipeline_census *c, bool complete);

#endif
