/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_frame: the PDUs that end in one frame of a capture, with what the data path said of them: the
 * capture is replayed in a private folder with all events, and read from them. Control only.
 */
#ifndef SMSWALL_CONTROL_CTL_FRAME_H
#define SMSWALL_CONTROL_CTL_FRAME_H

#include "control/config.h"
#include "control/ctl.h"
#include "control/explain.h"

struct ctl_frame_message {
	struct bytes pdu;
	enum sms_side side;
	enum sms_role role;
	struct explain_map map; /* where the PDU is a TCAP message */
	struct bytes joined;    /* long messages: the text of the parts known by then; else empty */
	json_t *event;          /* NULL: none */
	json_t *joined_parts;   /* their numbers */
	void *memory[2];        /* of pdu and joined */
};

enum { CTL_FRAME_MESSAGES_MAX = 256 };

struct ctl_frame {
	uint64_t number;
	size_t n;
	struct ctl_frame_message messages[CTL_FRAME_MESSAGES_MAX];
	json_t *events; /* what the messages borrow from */
};

/* ctl_frame_read: the call's only word is FILE.pcap:N. 0 or a control_code; free it in any case. */
int ctl_frame_read(struct ctl_call *call, const struct config *config, struct ctl_frame *f);
void ctl_frame_free(struct ctl_frame *f); /* NULL is accepted */

#endif
