/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * code: how a command ended: exit codes of the programs and codes of answers on the control socket
 * (research/ecosystem.md 2; docs/control-protocol.md).
 */
#ifndef SMSWALL_CONTROL_CODE_H
#define SMSWALL_CONTROL_CODE_H

enum control_code {
	CONTROL_OK = 0,
	CONTROL_FAILED = 1,
	CONTROL_USAGE = 2,
	CONTROL_NO_DAEMON = 3,
	CONTROL_INVALID = 4,
	CONTROL_NOT_PERMITTED = 5,
	CONTROL_CONFLICT = 6,
	CONTROL_TIMEOUT = 7,
	CONTROL_PARTIAL = 8,
};

#endif
