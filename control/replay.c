/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/code.h"
#include "control/replay_output.h"
#include "control/replay_process.h"

#define MEMORY_MB "1024" /* for --no-huge: conf/lab.conf fits in it */

enum { FOLDER_SIZE = 256, PATH_SIZE = FOLDER_SIZE + 64, CPUS_MAX = 8, WORDS_MAX = 24 };

/* What smswalld is started with. */
struct command {
	char program[4096];
	char plan[PATH_SIZE];
	char report[PATH_SIZE];
	char cores[512];
	char prefix[64];
	char device[PATH_SIZE];
	char env[2][PATH_SIZE];
	const char *env_add[3];
	const char *argv[WORDS_MAX];
};

struct run {
	struct replay *r;
	struct diag *diag;
	char folder[FOLDER_SIZE]; /* "": not made */
	struct replay_output out;
	struct replay_output events;
	struct command command;
	struct replay_process process;
};

static int fail(struct diag *diag, const char *path, const char *what)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "%s: %s", what, strerror(errno));
	return CONTROL_FAILED;
}

/* make_folder: private, and with a name that a DPDK device argument can carry (no comma, no space). */
static int make_folder(struct run *x)
{
	const char *base = getenv("TMPDIR");
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";

	if (base == NULL || base[0] != '/' || strspn(base, plain) != strlen(base) ||
		strlen(base) > FOLDER_SIZE / 2) {
		base = "/tmp";
	}
	(void)snprintf(x->folder, sizeof(x->folder), "%s/smswall-replay-XXXXXX", base);
	if (mkdtemp(x->folder) == NULL) {
		x->folder[0] = '\0';
		return fail(x->diag, base, "a private folder cannot be made");
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

static void remove_folder(const struct run *x)
{
	if (x->folder[0] != '\0') {
		(void)nftw(x->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
}

/* same_file: both names are one file: an input would be overwritten. */
static bool same_file(const char *a, const char *b)
{
	struct stat sa;
	struct stat sb;

	if (a == NULL || b == NULL) {
		return false;
	}
	if (strcmp(a, b) == 0) {
		return true;
	}
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && S_ISREG(sa.st_mode) &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int check_names(const struct run *x)
{
	const struct replay *r = x->r;

	if (same_file(r->out, r->events)) {
		diag_add(x->diag, DIAG_ERROR, r->out, 0, 0,
			"is named for the frames and for the events: name two files");
		return CONTROL_USAGE;
	}
	for (unsigned i = 0; i < r->n_inputs; i++) {
		if (same_file(r->out, r->inputs[i]) || same_file(r->events, r->inputs[i])) {
			diag_add(x->diag, DIAG_ERROR, r->inputs[i], 0, 0,
				"is an input: it would be overwritten");
			return CONTROL_USAGE;
		}
	}
	return 0;
}

static json_t *plan_json(const struct run *x)
{
	const struct capture *c = &x->r->capture;
	char header[2 * CAPTURE_HEADER_LEN + 1];

	for (size_t i = 0; i < CAPTURE_HEADER_LEN; i++) {
		(void)snprintf(header + 2 * i, 3, "%02x", c->header[i]);
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
		"input", c->pcap_path, "index", c->index_path, "out", x->out.path, "events",
		x->events.path, "report", x->command.report, "quarantine",
		x->r->quarantine != NULL ? x->r->quarantine : "", "header", header, "frames",
		(json_int_t)c->frames, "snaplen", (json_int_t)c->snap_len, "burst",
		(json_int_t)x->r->burst, "hold_ms", (json_int_t)x->r->hold_ms, "explain_frame",
		(json_int_t)x->r->explain_frame, "n_inputs", (json_int_t)c->n_inputs);
}

static int write_plan(struct run *x)
{
	char *path = x->command.plan;
	json_t *plan;
	int rc = 0;

	(void)snprintf(path, sizeof(x->command.plan), "%s/plan.json", x->folder);
	(void)snprintf(x->command.report, sizeof(x->command.report), "%s/report.json", x->folder);
	plan = plan_json(x);
	if (plan == NULL || json_dump_file(plan, path, JSON_INDENT(2)) != 0) {
		rc = fail(x->diag, path, "cannot be written");
	}
	json_decref(plan);
	return rc;
}

/*
 * lcores: the main thread and one worker, both floating over the processors we may use ("0@(0,1),
 * 1@(0,1)", EAL's --lcores), so that one processor is enough.
 */
static void lcores(char *out, size_t size)
{
	cpu_set_t set;
	char list[128] = "";
	size_t len = 0;
	unsigned n = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0) {
		CPU_SET(0, &set);
	}
	for (unsigned i = 0; i < CPU_SETSIZE && n < CPUS_MAX; i++) {
		if (CPU_ISSET(i, &set)) {
			len += (size_t)snprintf(
				list + len, sizeof(list) - len, "%s%u", n == 0 ? "" : ",", i);
			n++;
		}
	}
	(void)snprintf(out, size, "0@(%s),1@(%s)", list, list);
}

static void say_process(const struct run *x)
{
	if (x->process.said_len != 0) {
		fprintf(stderr, "--- smswalld said:\n%s%s---\n", x->process.said,
			x->process.said[x->process.said_len - 1] == '\n' ? "" : "\n");
	}
}

/* failed: a failure of smswalld as our own. */
static int failed(const struct run *x, int rc)
{
	say_process(x);
	if (x->diag->n_errors == 0) {
		diag_add(x->diag, DIAG_ERROR, NULL, 0, 0,
			rc == 127
				? "smswalld was not found: it belongs beside smswallctl or in PATH"
				: "smswalld failed with exit code %d; nothing was written",
			rc);
	}
	return rc > 0 && rc <= CONTROL_PARTIAL ? rc : CONTROL_FAILED;
}

/* command_build: everything smswalld is started with, in x->command. */
static void command_build(struct run *x)
{
	struct command *c = &x->command;
	const char *const fixed[] = { "--replay", c->plan, "--", "--no-huge", "-m", MEMORY_MB,
		"--no-pci", "--no-telemetry", "--log-level=*:error", "--file-prefix", c->prefix,
		"--lcores", c->cores, c->device };
	unsigned n = 0;

	lcores(c->cores, sizeof(c->cores));
	(void)snprintf(c->prefix, sizeof(c->prefix), "smswall-replay-%ld", (long)getpid());
	(void)snprintf(
		c->device, sizeof(c->device), "--vdev=net_pcap0,rx_pcap=%s/in.pcap", x->folder);
	/* EAL keeps its runtime files there: RUNTIME_DIRECTORY for root, XDG_RUNTIME_DIR for others */
	(void)snprintf(c->env[0], sizeof(c->env[0]), "RUNTIME_DIRECTORY=%s", x->folder);
	(void)snprintf(c->env[1], sizeof(c->env[1]), "XDG_RUNTIME_DIR=%s", x->folder);
	c->env_add[0] = c->env[0];
	c->env_add[1] = c->env[1];
	c->argv[n++] = replay_program(c->program, sizeof(c->program));
	c->argv[n++] = "--config";
	c->argv[n++] = x->r->config_path;
	if (x->r->policy_path != NULL) {
		c->argv[n++] = "--policy";
		c->argv[n++] = x->r->policy_path;
	}
	memcpy(c->argv + n, fixed, sizeof(fixed));
}

static int run_daemon(struct run *x)
{
	int rc = write_plan(x);

	if (rc != 0) {
		return rc;
	}
	command_build(x);
	x->process.argv = x->command.argv;
	x->process.env_add = x->command.env_add;
	x->process.timeout_s = x->r->timeout_s;
	rc = replay_process_run(&x->process, x->diag);
	return rc == 0 ? 0 : failed(x, rc);
}

static int read_report(struct run *x)
{
	json_error_t error;

	x->r->report = json_load_file(x->command.report, 0, &error);
	if (x->r->report == NULL) {
		say_process(x);
		diag_add(
			x->diag, DIAG_ERROR, NULL, 0, 0, "smswalld left no report: %s", error.text);
		return CONTROL_FAILED;
	}
	return 0;
}

static int run_all(struct run *x)
{
	struct replay *r = x->r;
	int rc = check_names(x);

	rc = rc == 0 ? make_folder(x) : rc;
	rc = rc == 0 ? capture_prepare(&r->capture, r->inputs, r->n_inputs, x->folder, x->diag)
	             : rc;
	rc = rc == 0 ? replay_output_open(&x->out, r->out, x->folder, "out.pcap", x->diag) : rc;
	rc = rc == 0 ? replay_output_open(&x->events, r->events, x->folder, "events.jsonl", x->diag)
	             : rc;
	rc = rc == 0 ? run_daemon(x) : rc;
	rc = rc == 0 ? read_report(x) : rc;
	rc = rc == 0 ? capture_finish(&r->capture, x->out.path, x->diag) : rc;
	rc = rc == 0 ? replay_output_commit(&x->events, x->diag) : rc;
	return rc == 0 ? replay_output_commit(&x->out, x->diag) : rc;
}

int replay_run(struct replay *r, struct diag *diag)
{
	struct run *x = calloc(1, sizeof(*x));
	sigset_t old;
	int rc;

	r->report = NULL;
	if (x == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory");
		return CONTROL_FAILED;
	}
	x->r = r;
	x->diag = diag;
	replay_signals_block(&old);
	rc = run_all(x);
	replay_output_discard(&x->out);
	replay_output_discard(&x->events);
	remove_folder(x);
	replay_signals_restore(&old);
	free(x);
	return rc;
}

void replay_free(struct replay *r)
{
	json_decref(r->report);
	r->report = NULL;
}
