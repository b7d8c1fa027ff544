/* SPDX-License-Identifier: BSD-3-Clause */
/* version: of the programs, as CHANGELOG.md has it. */
#ifndef SMSWALL_CONTROL_VERSION_H
#define SMSWALL_CONTROL_VERSION_H

#define SMSWALL_VERSION "0.1.0"

#endif
