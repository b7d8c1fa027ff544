/* SPDX-License-Identifier: BSD-3-Clause */
/* A label as a line of JSON; docs/traffic.md explains each member. */
#include "control/json_line.h"
#include "control/traffic.h"

static void put_address(struct json_line *j, const char *name, const struct traffic_address *a)
{
	if (a->text[0] == '\0') {
		return;
	}
	json_line_key(j, name);
	json_line_open(j, '{');
	json_line_put_string(j, "text", a->text);
	json_line_put_unsigned(j, "ton", a->ton);
	json_line_put_unsigned(j, "npi", a->npi);
	json_line_close(j, '}');
}

static void put_given(struct json_line *j, const char *name, const char *s)
{
	if (s != NULL && s[0] != '\0') {
		json_line_put_string(j, name, s);
	}
}

static void put_flag(struct json_line *j, const char *name, bool v)
{
	json_line_key(j, name);
	json_line_bool(j, v);
}

static void put_id(struct json_line *j, const char *name, uint32_t id)
{
	uint8_t octets[4];

	if (id != 0) {
		put_be32(octets, id);
		json_line_key(j, name);
		json_line_hex(j, bytes_of(octets, sizeof(octets)));
	}
}

static void put_part(
	struct json_line *j, const struct traffic_label *l, const struct traffic_part *p)
{
	json_line_open(j, '{');
	json_line_put_unsigned(j, "frame", p->frame);
	json_line_put_unsigned(j, "frame_whole", p->frame_whole);
	if (p->answer_frame != 0) {
		json_line_put_unsigned(j, "answer_frame", p->answer_frame);
	}
	if (!l->map) {
		json_line_put_unsigned(j, "sequence", p->sequence);
	} else {
		put_id(j, "otid", p->otid);
		put_id(j, "dtid", p->dtid);
		json_line_put_unsigned(j, "invoke_id", p->invoke_id);
		json_line_put_string(j, "sccp", p->sccp);
	}
	if (p->number != 0) {
		json_line_put_unsigned(j, "reference", p->reference);
		json_line_put_unsigned(j, "part", p->number);
		json_line_put_unsigned(j, "total", p->total);
	}
	if (l->has_text) {
		json_line_key(j, "text");
		json_line_string(j, bytes_of(l->text + p->text_at, p->text_len), JSON_REPLACE);
	}
	json_line_close(j, '}');
}

static void put_map(struct json_line *j, const struct traffic_label *l)
{
	json_line_put_unsigned(j, "version", l->version);
	json_line_put_unsigned(j, "operation", l->operation);
	json_line_put_unsigned(j, "gt_format", l->gt_format);
	json_line_put_string(j, "calling", l->calling);
	json_line_put_unsigned(j, "calling_ssn", l->calling_ssn);
	json_line_put_string(j, "called", l->called);
	json_line_put_unsigned(j, "called_ssn", l->called_ssn);
	put_given(j, "imsi", l->imsi);
	put_given(j, "msisdn", l->msisdn);
	put_given(j, "centre", l->centre);
	put_given(j, "node", l->node);
	put_given(j, "tpdu", l->tpdu);
	put_flag(j, "empty_begin", l->empty_begin);
	put_flag(j, "more_messages", l->more_messages);
}

static void put_content(struct json_line *j, const struct traffic_label *l)
{
	put_address(j, "from", &l->from);
	put_address(j, "to", &l->to);
	if (l->coding != NULL) {
		json_line_put_string(j, "coding", l->coding);
		json_line_put_unsigned(j, "data_coding", l->data_coding);
		json_line_put_unsigned(j, "protocol_id", l->protocol_id);
		json_line_put_unsigned(j, "language_single", l->language_single);
		json_line_put_unsigned(j, "language_locking", l->language_locking);
		json_line_put_string(j, "method", l->method);
	}
	if (l->n_octets != 0) {
		json_line_key(j, "octets");
		json_line_hex(j, bytes_of(l->octets, l->n_octets));
	}
	if (l->has_text) {
		json_line_put_unsigned(j, "text_id", l->text_id);
		json_line_put_string(j, "text", l->text);
	}
}

size_t traffic_label_line(const struct traffic_label *label, char *out, size_t size)
{
	static const char *const kinds[] = { "message", "receipt", "signalling" };
	struct json_line j = { .at = out, .size = size - 1 };

	json_line_open(&j, '{');
	json_line_put_unsigned(&j, "number", label->number);
	json_line_put_time(&j, "time", label->time_us);
	json_line_put_string(&j, "kind", kinds[label->kind]);
	json_line_put_string(&j, "carrier", label->map ? "map" : "smpp");
	json_line_put_string(&j, "command", label->command);
	put_given(&j, "label", label->label);
	json_line_put_unsigned(&j, "link", label->link);
	put_flag(&j, "ipv6", label->ipv6);
	json_line_put_string(&j, "from_side", label->from_client ? "client" : "server");
	put_content(&j, label);
	if (label->map) {
		put_map(&j, label);
	} else {
		json_line_put_unsigned(&j, "esm_class", label->esm_class);
		put_flag(&j, "in_payload", label->in_payload);
	}
	json_line_put_string(&j, "outcome", label->outcome);
	json_line_put_unsigned(&j, "outcome_code", label->outcome_code);
	json_line_key(&j, "parts");
	json_line_open(&j, '[');
	for (unsigned i = 0; i < label->n_parts; i++) {
		put_part(&j, label, &label->parts[i]);
	}
	json_line_close(&j, ']');
	json_line_close(&j, '}');
	if (j.full) {
		return 0;
	}
	out[j.len] = '\n';
	out[j.len + 1] = '\0';
	return j.len + 1;
}
