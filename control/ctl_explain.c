/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl explain: a text, a PDU, or a frame of a capture. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/ctl_about.h"
#include "control/ctl_client.h"
#include "control/ctl_daemon.h"
#include "control/ctl_frame.h"
#include "control/ctl_store.h"
#include "control/explain.h"

/* What explain works with: loaded once for all three kinds of input. */
struct work {
	struct ctl_call *call;
	struct config *config;
	struct policy_set *policy;
	unsigned link;
	enum sms_side side;
	json_t *messages;
	char limit[LIMIT_NAME_SIZE]; /* of --fill */
};

/* default_link: without a configuration there is one link, as conf/lab.conf has it. */
static int default_link(struct work *w)
{
	static const char text[] =
		"links = ({ name = \"lab\"; ports = [0, 1]; mode = \"enforce\"; checksum = \"trust\";\n"
		"smpp = { ports = [2775]; detect = true; }; });\n"
		"memory = { mbufs = 16384; jumbo_buffers = 32; flows = 16384; stream_chunks = 65536;\n"
		"pending_answers = 32768; concat_messages = 16384; concat_blocks = 65536;\n"
		"event_ring = 16777216; lock = false; };\n";

	if (w->config->pipeline.n_links != 0 ||
		config_load_text(w->config, "default", text, &w->call->diag)) {
		return 0;
	}
	return CONTROL_FAILED;
}

static int choose_link(struct work *w)
{
	const char *link = ctl_value(w->call, "link");
	const char *side = ctl_value(w->call, "side");

	w->side = SIDE_OUTSIDE;
	if (side != NULL && strcmp(side, "inside") == 0) {
		w->side = SIDE_INSIDE;
	} else if (side != NULL && strcmp(side, "outside") != 0) {
		return ctl_error(w->call, CONTROL_USAGE, "--side is inside or outside");
	}
	for (unsigned i = 0; i < w->config->pipeline.n_links; i++) {
		if (link == NULL || strcmp(link, w->config->pipeline.links[i].name) == 0) {
			w->link = i;
			return 0;
		}
	}
	return ctl_error(w->call, CONTROL_INVALID, "the configuration has no link \"%s\"",
		link != NULL ? link : "");
}

/* open_live: --live, --at: configuration and policy are the daemon's. */
static int open_live(struct work *w)
{
	const char *at = ctl_value(w->call, "at");
	struct ctl_store store = { .number = 0 };
	json_t *status = NULL;
	long long number = 0;
	int rc = at != NULL ? ctl_read_generation(w->call, at, &number) : 0;

	rc = rc == 0 ? ctl_client_request(w->call, "status", NULL, &status) : rc;
	rc = rc == 0 ? ctl_config_live(w->call, status, &w->config) : rc;
	rc = rc == 0 ? default_link(w) : rc;
	rc = rc == 0 ? choose_link(w) : rc;
	rc = rc == 0 ? ctl_store_find(w->call, number, &store) : rc;
	rc = rc == 0 ? ctl_store_policy(w->call, &store, w->config, w->policy) : rc;
	if (rc == 0) {
		ctl_out(w->call, "generation %lld\n\n", store.number);
		ctl_set(w->call, "generation", json_integer(store.number));
	}
	ctl_store_close(&store);
	json_decref(status);
	return rc;
}

static int work_open(struct work *w)
{
	bool live = ctl_value(w->call, "live") != NULL || ctl_value(w->call, "at") != NULL;
	int rc;

	w->messages = json_array();
	w->policy = calloc(1, sizeof(*w->policy));
	if (w->policy == NULL) {
		return ctl_error(w->call, CONTROL_FAILED, "no memory");
	}
	if (live && ctl_value(w->call, "policy") != NULL) {
		return ctl_error(w->call, CONTROL_USAGE,
			"--live and --at judge by the daemon's policy: --policy does not go with them");
	}
	if (live) {
		return open_live(w);
	}
	rc = ctl_config_load(w->call, &w->config);
	if (rc != 0) {
		return rc;
	}
	rc = default_link(w);
	rc = rc == 0 ? choose_link(w) : rc;
	return rc == 0 ? ctl_policy_load(
				 w->call, ctl_value(w->call, "policy"), w->config, w->policy)
	               : rc;
}

static void work_close(struct work *w)
{
	if (w->policy != NULL) {
		policy_set_free(w->policy);
	}
	free(w->policy);
	free(w->config);
}

/* check_fill: the limit of --fill is one of the policy. */
static int check_fill(const struct work *w)
{
	const struct policy *p = &w->policy->policy;

	for (uint32_t i = 0; i < p->n_limits; i++) {
		if (strcmp(p->limits[i].name, w->limit) == 0) {
			return 0;
		}
	}
	return w->limit[0] == '\0' ? 0
	                           : ctl_error(w->call, CONTROL_INVALID,
					     "--fill: the policy has no limit \"%s\"", w->limit);
}

/* explain_one: adds the explanation of `pdu`; `side` and the rest as in explain_pdu(). */
static int explain_one(struct work *w, const struct ctl_frame_message *m)
{
	struct explain *x = explain_open(w->config, w->policy, w->link, m->side, &w->call->diag);
	struct explain_about about = { .account = NULL };
	json_t *doc = NULL;
	int rc;

	if (m->event != NULL) {
		ctl_about_event(m->event, &about);
	}
	rc = ctl_about_options(w->call, &about, w->limit);
	rc = rc == 0 ? check_fill(w) : rc;
	if (rc != 0) {
		explain_close(x);
		return rc;
	}
	if (x != NULL) {
		explain_about(x, &about);
	}
	if (x != NULL && explain_is_tcap(m->pdu)) {
		doc = explain_tcap(x, m->pdu, &m->map, m->joined, &w->call->diag);
	} else if (x != NULL) {
		doc = explain_pdu(x, m->pdu, m->role, m->joined, &w->call->diag);
	}

	explain_close(x);
	if (doc == NULL) {
		return CONTROL_INVALID;
	}
	if (m->event != NULL) {
		json_object_set(doc, "event", m->event);
		json_object_set(doc, "joined_parts", m->joined_parts);
	}
	if (ctl_value(w->call, "live") != NULL) {
		ctl_about_live(w->call, doc);
	}
	return json_array_append_new(w->messages, doc) == 0 ? 0 : CONTROL_FAILED;
}

static int explain_text(struct work *w)
{
	uint8_t *pdu = malloc(EXPLAIN_PDU_SIZE);
	const char *from = ctl_value(w->call, "from");
	const char *to = ctl_value(w->call, "to");
	struct explain_message m = { .text = ctl_value(w->call, "text"),
		.from = from != NULL ? from : "",
		.to = to != NULL ? to : "" };
	long dcs = -1;
	int rc = ctl_number(w->call, "dcs", 0, 255, &dcs);
	size_t len;

	if (rc != 0 || pdu == NULL) {
		free(pdu);
		return rc != 0 ? rc : ctl_error(w->call, CONTROL_FAILED, "no memory");
	}
	m.data_coding = (int)dcs;
	len = explain_compose(&m, &w->config->pipeline.links[w->link].profile, pdu, &w->call->diag);
	rc = len == 0 ? CONTROL_INVALID
	              : explain_one(w, &(struct ctl_frame_message){
					       .pdu = bytes_of(pdu, len), .side = w->side });
	free(pdu);
	return rc;
}

/* read_hex: digits with spaces, colons and line ends between; "0x" before. -1 when it is no hex. */
static long read_hex(const char *text, uint8_t *out, size_t size)
{
	size_t n = 0;
	bool half = false;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		unsigned digit;

		if (isspace(c) || c == ':') {
			continue;
		}
		if (c == '0' && (text[1] == 'x' || text[1] == 'X') && n == 0 && !half) {
			text++;
			continue;
		}
		if (!isxdigit(c) || n == size) {
			return -1;
		}
		digit = (unsigned)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
		out[n] = half ? (uint8_t)((unsigned)out[n] << 4 | digit) : (uint8_t)digit;
		n += half;
		half = !half;
	}
	return half ? -1 : (long)n;
}

/* read_input: all of standard input, as a string to be freed. */
static char *read_input(void)
{
	size_t size = 8 * EXPLAIN_PDU_SIZE;
	char *text = calloc(1, size + 1);
	size_t n = text != NULL ? fread(text, 1, size, stdin) : 0;

	if (text != NULL) {
		text[n] = '\0';
	}
	return text;
}

static int explain_hex(struct work *w)
{
	const char *text = ctl_value(w->call, "pdu");
	char *input = strcmp(text, "-") == 0 ? read_input() : NULL;
	uint8_t *pdu = malloc(EXPLAIN_PDU_SIZE);
	long len = -1;
	int rc;

	if (pdu != NULL) {
		len = read_hex(input != NULL ? input : text, pdu, EXPLAIN_PDU_SIZE);
	}
	rc = len < 0 ? ctl_error(w->call, CONTROL_INVALID,
			       "--pdu is no PDU (of SMPP, or a TCAP message) in hexadecimal of at "
			       "most %d octets",
			       EXPLAIN_PDU_SIZE)
	             : explain_one(
			       w, &(struct ctl_frame_message){ .pdu = bytes_of(pdu, (size_t)len),
					  .side = w->side,
					  .map = { .invoke_id = EXPLAIN_ANY_INVOKE } });
	free(input);
	free(pdu);
	return rc;
}

static int explain_frame(struct work *w)
{
	struct ctl_frame *frame = calloc(1, sizeof(*frame));
	int rc = frame != NULL ? ctl_frame_read(w->call, w->config, frame)
	                       : ctl_error(w->call, CONTROL_FAILED, "no memory");

	for (size_t i = 0; rc == 0 && i < frame->n; i++) {
		rc = explain_one(w, &frame->messages[i]);
	}
	if (rc == 0 && frame->n == 0) {
		rc = ctl_error(w->call, CONTROL_FAILED,
			"no text-carrying PDU ends in frame %llu (smswallctl replay --events tells "
			"the frames)",
			(unsigned long long)frame->number);
	}
	ctl_frame_free(frame);
	free(frame);
	return rc;
}

static int explain_any(struct work *w)
{
	bool text = ctl_value(w->call, "text") != NULL;
	bool pdu = ctl_value(w->call, "pdu") != NULL;
	int rc;

	if (text + pdu + (w->call->n_words != 0) != 1) {
		return ctl_error(w->call, CONTROL_USAGE,
			"explain wants one of: --text TEXT, --pdu HEX, FILE.pcap:N");
	}
	rc = work_open(w);
	if (rc != 0) {
		return rc;
	}
	return text ? explain_text(w) : pdu ? explain_hex(w) : explain_frame(w);
}

int ctl_explain(struct ctl_call *call)
{
	struct work w = { .call = call };
	int rc = explain_any(&w);

	for (size_t i = 0; rc == 0 && !call->json && i < json_array_size(w.messages); i++) {
		fputs(i != 0 ? "\n" : "", stdout);
		explain_print(json_array_get(w.messages, i), stdout);
	}
	ctl_set(call, "messages", w.messages);
	work_close(&w);
	return rc;
}
