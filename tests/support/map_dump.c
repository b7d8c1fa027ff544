/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map_dump: what our decoders read of TCAP messages, for comparison with an oracle.
 *
 * Usage: map_dump <messages    one message a line in hex; answers with one JSON object a line
 * Texts and octets are in hex, so that nothing needs escaping.
 */
#include <stdio.h>

#include "dataplane/sms/from_map.h"

enum { MESSAGE_MAX = 8192, TEXT_MAX = 2048 };

static void put_hex(const char *name, struct bytes b)
{
	printf(",\"%s\":\"", name);
	for (size_t i = 0; i < b.len; i++) {
		printf("%02x", b.data[i]);
	}
	printf("\"");
}

static void put_number(const char *name, long value)
{
	printf(",\"%s\":%ld", name, value);
}

static void put_address(const char *name, const struct gsmmap_address *a)
{
	if (a->n_digits != 0) {
		printf(",\"%s\":\"%.*s\"", name, (int)a->n_digits, a->digits);
	}
}

static void put_anomalies(const struct sms *sms)
{
	printf(",\"anomalies\":[");
	for (unsigned r = 0, n = 0; r < R_COUNT; r++) {
		if ((sms->anomalies[r / 64] >> (r % 64) & 1) != 0) {
			printf("%s\"%s\"", n++ != 0 ? "," : "", stats_reason_name((enum reason)r));
		}
	}
	printf("]");
}

static void put_sms(const struct gsmmap_message *m)
{
	static uint8_t text[TEXT_MAX + LIMIT_SCAN_TAIL];
	static struct map_tpdu t;
	static struct sms sms;
	struct sms_buffers buffers = { .text = text, .text_size = TEXT_MAX };
	enum reason why = R_none;

	if (sms_from_map(m, &t, &buffers, &sms, &why) != PARSE_OK) {
		printf(",\"tpdu_bad\":\"%s\"", stats_reason_name(why));
		return;
	}
	printf(",\"command\":\"%s\",\"tpdu\":\"%s\"", sms.command, tpdu_type_name(t.tpdu.type));
	if (t.tpdu.has_address) {
		put_hex("address", bytes_of(t.tpdu.address.text, t.tpdu.address.n));
		put_number("ton", t.tpdu.address.ton);
		put_number("npi", t.tpdu.address.npi);
	}
	put_number("pid", t.tpdu.protocol_id);
	put_number("dcs", t.tpdu.data_coding);
	put_number("udl", t.tpdu.udl);
	put_number("has_ud", t.tpdu.has_ud);
	put_number("ud_len", (long)t.tpdu.ud.len);
	put_hex("udh", sms.udh);
	put_number("reference", sms.concat.reference);
	put_number("part", sms.concat.part);
	put_number("total", sms.concat.total);
	put_number("offset", (long)(sms.n_bodies != 0 ? sms.body[0].offset : 0));
	put_hex("text", sms.n_bodies != 0 ? sms.body[0].text : bytes_of(NULL, 0));
	printf(",\"encoding\":\"%s\"",
		text_encoding_name((enum text_encoding)t.tpdu.coding.encoding));
	put_anomalies(&sms);
}

static void put_component(const struct tcap_component *c, const struct gsmmap_message *m)
{
	put_number("id", c->invoke_id);
	put_number("code", c->code);
	put_number("code_off", (long)c->code_off);
	put_number("version", m->context.version);
	put_address("centre", &m->service_centre);
	put_address("msisdn", &m->msisdn);
	put_address("roaming", &m->roaming);
	put_address("node", &m->node);
	put_address("imsi", &m->imsi);
	put_number("more", m->more_messages);
	put_number("outcome", m->outcome);
	put_number("map_anomalies", m->anomalies);
	if (m->has_ui) {
		put_hex("ui", m->ui);
		put_sms(m);
	}
}

static void put_message(struct bytes b)
{
	struct tcap_message t;
	struct cursor c;
	enum reason why = R_none;

	if (tcap_message_read(b, &t, &why) != PARSE_OK) {
		printf("{\"bad\":\"%s\"}\n", stats_reason_name(why));
		return;
	}
	printf("{\"type\":\"%s\",\"tcap_anomalies\":%u", tcap_type_name(t.type), t.anomalies);
	put_hex("otid", t.otid);
	put_hex("dtid", t.dtid);
	put_number("context", gsmmap_context_of(&t).id);
	put_number("context_version", gsmmap_context_of(&t).version);
	printf(",\"components\":[");
	c = cursor_of(t.components);
	for (unsigned n = 0; cursor_left(&c) != 0; n++) {
		struct tcap_component component;
		struct gsmmap_message m;

		printf("%s{", n != 0 ? "," : "");
		if (tcap_component_read(&c, b, &component, &why) != PARSE_OK ||
			gsmmap_message_read(&component, gsmmap_context_of(&t), b, &m, &why) !=
				PARSE_OK) {
			printf("\"bad\":\"%s\"}", stats_reason_name(why));
			continue;
		}
		printf("\"type\":\"%s\"", tcap_component_name(component.type));
		put_component(&component, &m);
		printf("}");
	}
	printf("]}\n");
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int main(void)
{
	static char line[2 * MESSAGE_MAX + 2];
	static uint8_t message[MESSAGE_MAX];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t n = 0;

		while (digit(line[2 * n]) >= 0 && digit(line[2 * n + 1]) >= 0) {
			message[n] = (uint8_t)(digit(line[2 * n]) << 4 | digit(line[2 * n + 1]));
			n++;
		}
		put_message(bytes_of(message, n));
	}
	return 0;
}
