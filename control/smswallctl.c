/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl: the program that a person needs besides the daemon: it checks configuration and
 * policy, explains verdicts, replays captures, asks the daemon and looks at the machine.
 * It links no DPDK. From here: ctl_grammar.c (the verbs), ctl_*.c (what they do).
 */
#include <signal.h>
#include <stdlib.h>

#include "control/ctl_watch.h"
#include "control/version.h"

static int dispatch(struct ctl_call *call)
{
	if (call->version) {
		puts("smswallctl " SMSWALL_VERSION);
		return 0;
	}
	if (call->verb == NULL) {
		ctl_help(call->help ? stdout : stderr);
		return call->help ? 0 : CONTROL_USAGE;
	}
	if (call->help) {
		ctl_help_verb(call->verb, stdout);
		return 0;
	}
	return ctl_run(call);
}

int main(int argc, char **argv)
{
	struct ctl_call *call = calloc(1, sizeof(*call));
	int rc;

	(void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write */
	if (call == NULL) {
		fputs("smswallctl: no memory\n", stderr);
		return CONTROL_FAILED;
	}
	rc = ctl_read_arguments(call, argc, argv);
	if (rc == 0) {
		rc = dispatch(call);
	}
	free(call);
	return rc;
}
