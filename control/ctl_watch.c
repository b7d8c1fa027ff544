/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_watch.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int run_once(struct ctl_call *call, int *code)
{
	char name[64];

	call->document = json_pack("{s:i, s:s}", "schema_version", CTL_SCHEMA_VERSION, "command",
		ctl_verb_name(call->verb, name, sizeof(name)));
	if (call->document == NULL) {
		fputs("smswallctl: no memory\n", stderr);
		return CONTROL_FAILED;
	}
	*code = call->verb->run(call);
	return 0;
}

static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

/* stop: what interrupts between two documents: nothing is left to be done. */
static void stop(int number)
{
	(void)number;
	_exit(0);
}

/* read_seconds: --watch: 0.1 to 86400. */
static int read_seconds(const struct ctl_call *call, double *seconds)
{
	const char *text = ctl_value(call, "watch");
	char *end;

	*seconds = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(*seconds) || *seconds < 0.1 ||
		*seconds > 86400) {
		fprintf(stderr,
			"smswallctl: --watch is a number of seconds from 0.1 to 86400, not "
			"\"%s\"\n",
			text);
		return CONTROL_USAGE;
	}
	return 0;
}

/* goes_on: after a first good answer a daemon that is away may come back. */
static bool goes_on(int code, unsigned rounds)
{
	return code == 0 || code == CONTROL_PARTIAL ||
	       (rounds != 0 && (code == CONTROL_NO_DAEMON || code == CONTROL_TIMEOUT));
}

/*
 * one_round: asks while signals end us at once, as a daemon that is stuck would hold us else; text is
 * kept back until it is whole.
 */
static int one_round(struct ctl_call *call, const sigset_t *signals, bool clear, int *code)
{
	FILE *terminal = stdout;
	char *text = NULL;
	size_t len = 0;
	int rc;

	stdout = open_memstream(&text, &len);
	if (stdout == NULL) {
		stdout = terminal;
		return CONTROL_FAILED;
	}
	rc = run_once(call, code);
	(void)sigprocmask(SIG_BLOCK, signals, NULL);
	(void)fclose(stdout);
	stdout = terminal;
	if (rc == 0) {
		fputs(clear ? "\033[H\033[2J" : "", stdout);
		(void)fwrite(text, 1, len, stdout);
		*code = ctl_finish(call, *code);
		rc = ferror(stdout) ? CONTROL_FAILED : 0;
	}
	free(text);
	return rc;
}

static int watch(struct ctl_call *call)
{
	struct sigaction action = { .sa_handler = stop };
	bool clear = !call->json && isatty(STDOUT_FILENO);
	struct timespec pause;
	sigset_t signals;
	double seconds;
	int code = 0;
	int rc = read_seconds(call, &seconds);

	if (rc != 0) {
		return rc;
	}
	pause.tv_sec = (time_t)seconds;
	pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
	stop_signals(&signals);
	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	call->lines = true;
	for (unsigned rounds = 0;; rounds++) {
		rc = one_round(call, &signals, clear, &code);
		if (rc != 0 || !goes_on(code, rounds)) {
			return rc != 0 ? rc : code;
		}
		(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
		(void)nanosleep(&pause, NULL);
	}
}

int ctl_run(struct ctl_call *call)
{
	int code = 0;
	int rc;

	if (ctl_value(call, "watch") != NULL) {
		return watch(call);
	}
	rc = run_once(call, &code);
	return rc == 0 ? ctl_finish(call, code) : rc;
}
