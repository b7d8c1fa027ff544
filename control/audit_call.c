/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/audit_call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/code.h"

struct audit_call {
	struct audit_generation before;
};

bool audit_call_begin(struct server_request *r, const struct audit_generation *live)
{
	struct audit_call *call = malloc(sizeof(*call));

	if (call == NULL) {
		return false;
	}
	call->before = *live;
	r->context = call;
	return true;
}

/* not_audited: what was done stays done, and whoever did it is told that no record says so. */
static int not_audited(int code, int error, struct server_answer *answer)
{
	char done[160];

	if (code != CONTROL_OK && code != CONTROL_PARTIAL) {
		return code; /* nothing was done */
	}
	snprintf(done, sizeof(done), "%.150s",
		code == CONTROL_PARTIAL ? answer->error : "it is done");
	snprintf(answer->error, sizeof(answer->error),
		"%s, but the audit log has no record of it: %.100s", done, strerror(-error));
	return CONTROL_PARTIAL;
}

int audit_call_end(struct audit *a, struct server_request *r, int code,
	struct server_answer *answer, const struct audit_generation *live)
{
	struct audit_call *call = r->context;
	int rc;

	if (call == NULL) {
		return code;
	}
	r->context = NULL;
	rc = a == NULL ? -ENOMEM
	               : audit_put(a, &(struct audit_record){
					      .peer = r->peer,
					      .role = r->role,
					      .verb = r->verb,
					      .args = r->args,
					      .code = code,
					      .error = code != CONTROL_OK ? answer->error : NULL,
					      .before = call->before,
					      .after = *live,
				      });
	free(call);
	if (rc != 0) {
		return not_audited(code, rc, answer);
	}
	if (code == CONTROL_OK) {
		answer->result = answer->result != NULL ? answer->result : json_object();
		json_object_set_new(answer->result, "audit",
			json_pack("{s:I, s:s}", "record", (json_int_t)audit_records(a), "head",
				audit_head(a)));
	}
	return code;
}
