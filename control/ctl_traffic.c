/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl traffic make, traffic keys */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/capture.h"
#include "control/capture_file.h"
#include "control/ctl.h"
#include "control/replay_output.h"
#include "control/traffic.h"

enum { LINKTYPE_ETHERNET = 1, LOOK_EVERY = 4096 };

/* What a run writes. */
struct making {
	struct ctl_call *call;
	struct traffic_maker *maker;
	char folder[256];
	struct replay_output frames;
	struct replay_output labels;
	FILE *frames_file;
	FILE *labels_file; /* NULL: not wanted */
	char line[TRAFFIC_LABEL_LINE_SIZE];
};

static int fail(const struct making *k, const char *path, const char *text)
{
	diag_add(&k->call->diag, DIAG_ERROR, path, 0, 0, "%s", text);
	return CONTROL_FAILED;
}

/* ---- arguments ---- */

static int read_u64(const struct ctl_call *call, const char *name, uint64_t max, uint64_t *value)
{
	const char *text = ctl_value(call, name);
	char *end = NULL;
	unsigned long long v = 0;

	if (text == NULL) {
		return 0;
	}
	errno = 0;
	if (text[0] >= '0' && text[0] <= '9') {
		v = strtoull(text, &end, 10);
	}
	if (end == NULL || *end != '\0' || errno != 0 || v > max) {
		fprintf(stderr, "smswallctl: --%s is a number from 0 to %" PRIu64 ", not \"%s\"\n",
			name, max, text);
		return CONTROL_USAGE;
	}
	*value = v;
	return 0;
}

/* read_mix: the file, then each --set in its order. */
static int read_mix(struct ctl_call *call, struct traffic_mix *mix)
{
	const char *path = ctl_value(call, "mix");
	int rc = 0;

	traffic_mix_init(mix);
	if (path != NULL && !traffic_mix_load(mix, path, &call->diag)) {
		rc = CONTROL_INVALID;
	}
	for (unsigned i = 0; i < call->n_values; i++) {
		if (strcmp(call->values[i].option->name, "set") == 0 &&
			!traffic_mix_set(mix, call->values[i].value, &call->diag)) {
			rc = rc != 0 ? rc : CONTROL_USAGE;
		}
	}
	return rc;
}

int ctl_traffic_keys(struct ctl_call *call)
{
	struct traffic_mix mix;
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	int rc = read_mix(call, &mix);

	if (rc != 0) {
		return rc;
	}
	f = open_memstream(&text, &len);
	if (f == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	traffic_mix_print(&mix, f);
	if (fclose(f) != 0 || text == NULL) {
		free(text);
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	ctl_out(call, "%s", text);
	ctl_set(call, "mix", ctl_json_string(text));
	free(text);
	return 0;
}

/* ---- making ---- */

/* interrupted: signals wait while files are under way (making_run()), and one does. */
static bool interrupted(void)
{
	sigset_t set;

	return sigpending(&set) == 0 &&
	       (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1 ||
		       sigismember(&set, SIGHUP) == 1);
}

static int put_labels(struct making *k)
{
	const struct traffic_label *label;

	while ((label = traffic_maker_label(k->maker)) != NULL) {
		size_t len = k->labels_file == NULL
		                     ? 0
		                     : traffic_label_line(label, k->line, sizeof(k->line));

		if (k->labels_file != NULL && len == 0) {
			return fail(k, k->labels.name, "a label is too long");
		}
		if (len != 0 && fwrite(k->line, 1, len, k->labels_file) != len) {
			return fail(k, k->labels.name, strerror(errno));
		}
	}
	return 0;
}

static int put_header(struct making *k)
{
	const uint16_t version[2] = { 2, 4 };
	const uint32_t head[] = { CAPTURE_MAGIC_US };
	const uint32_t tail[] = { 0, 0, CAPTURE_SNAP_LEN, LINKTYPE_ETHERNET };

	if (fwrite(head, sizeof(head), 1, k->frames_file) != 1 ||
		fwrite(version, sizeof(version), 1, k->frames_file) != 1 ||
		fwrite(tail, sizeof(tail), 1, k->frames_file) != 1) {
		return fail(k, k->frames.name, strerror(errno));
	}
	return 0;
}

static int put_frame(struct making *k, const struct traffic_frame *f)
{
	const uint32_t head[] = { (uint32_t)(f->time_us / 1000000),
		(uint32_t)(f->time_us % 1000000), (uint32_t)f->octets.len,
		(uint32_t)f->octets.len };

	if (fwrite(head, sizeof(head), 1, k->frames_file) != 1 ||
		fwrite(f->octets.data, 1, f->octets.len, k->frames_file) != f->octets.len) {
		return fail(k, k->frames.name, strerror(errno));
	}
	return 0;
}

static int put_all(struct making *k)
{
	struct traffic_frame frame;
	int rc = put_header(k);

	while (rc == 0 && traffic_maker_next(k->maker, &frame)) {
		rc = put_frame(k, &frame);
		rc = rc == 0 ? put_labels(k) : rc;
		if (rc == 0 && frame.number % LOOK_EVERY == 0 && interrupted()) {
			rc = fail(k, NULL, "interrupted");
		}
	}
	if (rc == 0 && traffic_maker_failed(k->maker)) {
		rc = fail(k, NULL, "no memory");
	}
	return rc == 0 ? put_labels(k) : rc;
}

static int open_file(const struct making *k, const struct replay_output *o, FILE **file)
{
	*file = fopen(o->path, "wb");
	return *file != NULL ? 0 : fail(k, o->name, strerror(errno));
}

static int close_file(const struct making *k, const struct replay_output *o, FILE *file, int rc)
{
	if (file != NULL && fclose(file) != 0 && rc == 0) {
		rc = fail(k, o->name, "cannot be written: is the disk full?");
	}
	return rc;
}

static int make_files(struct making *k)
{
	int rc = open_file(k, &k->frames, &k->frames_file);

	if (rc == 0 && k->labels.name != NULL) {
		rc = open_file(k, &k->labels, &k->labels_file);
	}
	rc = rc == 0 ? put_all(k) : rc;
	rc = close_file(k, &k->frames, k->frames_file, rc);
	rc = close_file(k, &k->labels, k->labels_file, rc);
	rc = rc == 0 ? replay_output_commit(&k->frames, &k->call->diag) : rc;
	return rc == 0 ? replay_output_commit(&k->labels, &k->call->diag) : rc;
}

static void remove_folder(const struct making *k)
{
	(void)unlink(k->frames.path);
	(void)unlink(k->labels.path);
	(void)rmdir(k->folder);
}

/* making_run: both files appear whole, or neither. */
static int making_run(struct making *k)
{
	const char *tmp = getenv("TMPDIR");
	sigset_t wait;
	sigset_t old;
	int rc;

	(void)snprintf(k->folder, sizeof(k->folder), "%.200s/smswall-traffic-XXXXXX",
		tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
	sigemptyset(&wait);
	sigaddset(&wait, SIGINT);
	sigaddset(&wait, SIGTERM);
	sigaddset(&wait, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &wait, &old);
	if (mkdtemp(k->folder) == NULL) {
		rc = fail(k, k->folder, strerror(errno));
	} else {
		rc = replay_output_open(&k->frames, ctl_value(k->call, "output"), k->folder,
			"frames", &k->call->diag);
		if (rc == 0) {
			rc = replay_output_open(&k->labels, ctl_value(k->call, "labels"), k->folder,
				"labels", &k->call->diag);
		}
		rc = rc == 0 ? make_files(k) : rc;
		replay_output_discard(&k->frames);
		replay_output_discard(&k->labels);
		remove_folder(k);
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static void tell(struct ctl_call *call, const struct traffic_totals *t, uint64_t begin_us)
{
	ctl_out(call,
		"%-10s %12" PRIu64 "\n%-10s %12" PRIu64 "\n%-10s %12" PRIu64 "\n%-10s %12" PRIu64
		"\n%-10s %12.3f\n",
		"frames", t->n_frames, "octets", t->n_octets, "messages", t->n_messages, "labels",
		t->n_labels, "seconds", (double)(t->last_us - begin_us) / 1e6);
	ctl_set(call, "frames", json_integer((json_int_t)t->n_frames));
	ctl_set(call, "octets", json_integer((json_int_t)t->n_octets));
	ctl_set(call, "messages", json_integer((json_int_t)t->n_messages));
	ctl_set(call, "labels", json_integer((json_int_t)t->n_labels));
}

static int check_arguments(struct ctl_call *call, struct traffic_mix *mix)
{
	const char *output = ctl_value(call, "output");
	const char *labels = ctl_value(call, "labels");
	int rc = read_mix(call, mix);

	rc = rc == 0 ? read_u64(call, "messages", UINT64_C(1000000000), &mix->n_messages) : rc;
	rc = rc == 0 ? read_u64(call, "seed", UINT64_MAX, &mix->seed) : rc;
	mix->texts_path = ctl_value(call, "texts");
	mix->same_texts = ctl_value(call, "same-texts") != NULL;
	if (rc == 0 && output == NULL) {
		rc = ctl_error(call, CONTROL_USAGE, "traffic make needs --output FILE.pcap");
	}
	if (rc == 0 && labels != NULL && strcmp(labels, output) == 0) {
		rc = ctl_error(call, CONTROL_USAGE, "--labels and --output are the same file");
	}
	return rc;
}

int ctl_traffic_make(struct ctl_call *call)
{
	struct traffic_mix mix;
	struct making *k;
	int rc = check_arguments(call, &mix);

	if (rc != 0) {
		return rc;
	}
	k = calloc(1, sizeof(*k));
	if (k == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	k->call = call;
	k->maker = traffic_maker_open(&mix, &call->diag, &rc);
	if (k->maker != NULL) {
		rc = making_run(k);
	}
	if (rc == 0) {
		tell(call, traffic_maker_totals(k->maker), traffic_maker_begin_us());
	}
	traffic_maker_close(k->maker);
	free(k);
	return rc;
}
