/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/replay.h"

enum { LINE_SIZE = 1 << 20 };

/* split_word: "FILE:N" into both. False when it is not that. */
static bool split_word(const char *word, char *path, size_t size, uint64_t *number)
{
	const char *colon = strrchr(word, ':');
	char *end = NULL;

	if (colon == NULL || colon == word || (size_t)(colon - word) >= size || colon[1] < '1' ||
		colon[1] > '9') {
		return false;
	}
	errno = 0;
	*number = strtoull(colon + 1, &end, 10);
	(void)snprintf(path, size, "%.*s", (int)(colon - word), word);
	return errno == 0 && *end == '\0' && *number <= UINT32_MAX;
}

/* A private folder with the configuration of the replay and its events. */
struct scratch {
	char folder[64];
	char config[96];
	char events[96];
};

/* scratch_open: the configuration with all events, texts and numbers as they are. */
static int scratch_open(struct ctl_call *call, struct scratch *s, const struct config *config)
{
	struct config *c = malloc(sizeof(*c));
	FILE *f;
	bool ok;

	(void)snprintf(s->folder, sizeof(s->folder), "/tmp/smswall-explain-XXXXXX");
	if (c == NULL || mkdtemp(s->folder) == NULL) {
		s->folder[0] = '\0';
		free(c);
		return ctl_error(
			call, CONTROL_FAILED, "no private folder in /tmp: %s", strerror(errno));
	}
	*c = *config;
	c->pipeline.event_select = EVENTS_ALL;
	c->pipeline.event_text = true;
	c->events_numbers = NUMBERS_CLEAR;
	(void)snprintf(s->config, sizeof(s->config), "%s/explain.conf", s->folder);
	(void)snprintf(s->events, sizeof(s->events), "%s/events.jsonl", s->folder);
	f = fopen(s->config, "we");
	if (f != NULL) {
		config_print(c, f);
	}
	ok = f != NULL && fclose(f) == 0;
	free(c);
	return ok ? 0 : ctl_error(call, CONTROL_FAILED, "%s: %s", s->config, strerror(errno));
}

static void scratch_close(const struct scratch *s)
{
	if (s->folder[0] != '\0') {
		(void)unlink(s->config);
		(void)unlink(s->events);
		(void)rmdir(s->folder);
	}
}

static json_t *read_events(struct ctl_call *call, const char *path, int *rc)
{
	FILE *f = fopen(path, "re");
	char *line = malloc(LINE_SIZE);
	json_t *list = json_array();

	while (f != NULL && line != NULL && fgets(line, LINE_SIZE, f) != NULL) {
		json_t *event = json_loads(line, 0, NULL);

		if (event == NULL) {
			*rc = ctl_error(
				call, CONTROL_FAILED, "an event of the replay cannot be read");
			break;
		}
		json_array_append_new(list, event);
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	free(line);
	return list;
}

static const char *text_of(const json_t *event, const char *name)
{
	const char *s = json_string_value(json_object_get(event, name));

	return s != NULL ? s : "";
}

static json_int_t number_of(const json_t *event, const char *name)
{
	return json_integer_value(json_object_get(event, name));
}

static bool is_type(const json_t *event, const char *type)
{
	return strcmp(text_of(event, "type"), type) == 0;
}

/* is_sibling: a part of the same long message. */
static bool is_sibling(const json_t *a, const json_t *b)
{
	return is_type(b, "message") && number_of(a, "parts") == number_of(b, "parts") &&
	       number_of(a, "reference") == number_of(b, "reference") &&
	       strcmp(text_of(a, "src"), text_of(b, "src")) == 0 &&
	       strcmp(text_of(a, "dst"), text_of(b, "dst")) == 0 &&
	       strcmp(text_of(a, "imsi"), text_of(b, "imsi")) == 0;
}

/* join: the texts of the parts told up to event `last`, each part's first copy, in part order. */
static void join(const json_t *events, size_t last, struct ctl_frame_message *m)
{
	const json_t *mine = json_array_get(events, last);
	json_int_t total = number_of(mine, "parts");
	char *text = calloc(1, LIMIT_TEXT_LEN + 1);
	size_t len = 0;

	m->joined_parts = json_array();
	for (json_int_t part = 1; text != NULL && part <= total; part++) {
		for (size_t i = 0; i <= last; i++) {
			const json_t *e = json_array_get(events, i);
			const char *t = text_of(e, "text");

			if (!is_sibling(mine, e) || number_of(e, "part") != part ||
				len + strlen(t) > LIMIT_TEXT_LEN) {
				continue;
			}
			memcpy(text + len, t, strlen(t));
			len += strlen(t);
			json_array_append_new(m->joined_parts, json_integer(part));
			break;
		}
	}
	m->memory[1] = text;
	m->joined = bytes_of(text, len);
}

static void take_pdu(struct ctl_frame_message *m, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *octets = malloc(len + 1);

	for (size_t i = 0; octets != NULL && i < len; i++) {
		unsigned v = 0;

		(void)sscanf(hex + 2 * i, "%2x", &v);
		octets[i] = (uint8_t)v;
	}
	m->memory[0] = octets;
	m->pdu = bytes_of(octets, octets != NULL ? len : 0);
}

/* collect: each event of type "pdu" is followed by its message's. */
static void collect(struct ctl_frame *f)
{
	for (size_t i = 0; i < json_array_size(f->events) && f->n < CTL_FRAME_MESSAGES_MAX; i++) {
		const json_t *pdu = json_array_get(f->events, i);
		json_t *event = json_array_get(f->events, i + 1);
		struct ctl_frame_message *m = &f->messages[f->n];
		const char *role;

		if (!is_type(pdu, "pdu") || !is_type(event, "message")) {
			continue;
		}
		*m = (struct ctl_frame_message){ .event = event };
		take_pdu(m, text_of(pdu, "pdu"));
		m->side =
			strcmp(text_of(event, "side"), "inside") == 0 ? SIDE_INSIDE : SIDE_OUTSIDE;
		role = text_of(event, "role");
		m->role = strcmp(role, "esme") == 0   ? ROLE_ESME
		          : strcmp(role, "smsc") == 0 ? ROLE_SMSC
		                                      : ROLE_UNKNOWN;
		m->map = (struct explain_map){ .invoke_id = number_of(event, "invoke_id"),
			.version = (uint8_t)number_of(event, "map_version") };
		if (number_of(event, "parts") > 1) {
			join(f->events, i + 1, m);
		}
		f->n++;
	}
}

static int run(
	struct ctl_call *call, const struct scratch *s, const char *path, struct ctl_frame *f)
{
	struct replay *r = calloc(1, sizeof(*r));
	const char *inputs[] = { path };
	int rc;

	if (r == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	*r = (struct replay){ .config_path = s->config,
		.policy_path = ctl_value(call, "policy"),
		.inputs = inputs,
		.n_inputs = 1,
		.events = s->events,
		.hold_ms = -1,
		.explain_frame = f->number,
		.timeout_s = call->timeout_s };
	rc = replay_run(r, &call->diag);
	if (rc == 0 && f->number > r->capture.frames) {
		rc = ctl_error(call, CONTROL_INVALID, "%s has %llu frames, no frame %llu", path,
			(unsigned long long)r->capture.frames, (unsigned long long)f->number);
	}
	replay_free(r);
	free(r);
	return rc;
}

int ctl_frame_read(struct ctl_call *call, const struct config *config, struct ctl_frame *f)
{
	struct scratch s = { .folder = "" };
	char path[1024];
	int rc;

	memset(f, 0, sizeof(*f));
	if (!split_word(call->words[0], path, sizeof(path), &f->number)) {
		return ctl_error(call, CONTROL_USAGE,
			"\"%s\" is not FILE.pcap:N, N a frame's number from 1", call->words[0]);
	}
	rc = scratch_open(call, &s, config);
	rc = rc == 0 ? run(call, &s, path, f) : rc;
	if (rc == 0) {
		f->events = read_events(call, s.events, &rc);
	}
	scratch_close(&s);
	if (rc == 0) {
		collect(f);
	}
	return rc;
}

void ctl_frame_free(struct ctl_frame *f)
{
	for (size_t i = 0; f != NULL && i < f->n; i++) {
		free(f->messages[i].memory[0]);
		free(f->messages[i].memory[1]);
		json_decref(f->messages[i].joined_parts);
	}
	json_decref(f != NULL ? f->events : NULL);
}
