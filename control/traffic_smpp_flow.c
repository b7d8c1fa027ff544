/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens on SMPP sessions: bind, messages and their answers, receipts, enquire_link, unbind. */
#include <stdio.h>

#include "control/traffic_cut.h"
#include "control/traffic_smpp.h"

enum { FIN_ACK = 0x11, SYN = 0x02, SYN_ACK = 0x12, ACK = 0x10 };
enum { ESM_UDH = 0x40, ESM_RECEIPT = 0x04 };             /* SMPP 3.4 5.2.12 */
enum { STATUS_ADDRESS = 0x0B, STATUS_THROTTLED = 0x58 }; /* 5.1.3 */

/* By the order of TRAFFIC_SMPP_SUBMIT_SM and so on. */
static const struct {
	enum traffic_smpp_command id;
	const char *name;
} commands[] = {
	{ TRAFFIC_SUBMIT_SM, "submit_sm" },
	{ TRAFFIC_DELIVER_SM, "deliver_sm" },
	{ TRAFFIC_DATA_SM, "data_sm" },
	{ TRAFFIC_SUBMIT_MULTI, "submit_multi" },
};

enum { SUBMIT, DELIVER, DATA, MULTI };

static void plan_flags(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint64_t at_us, uint8_t flags)
{
	traffic_plan(m,
		&(struct traffic_event){ .at_us = at_us,
			.link = link,
			.kind = TRAFFIC_EVENT_CONTROL,
			.side = (uint8_t)side,
			.flags = flags },
		bytes_of(NULL, 0));
}

static void plan_pdu(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint64_t at_us, struct traffic_note note, struct bytes pdu)
{
	/* tshark 4.0 reads these with the UDHI of the PDU before them in the frame: docs/traffic.md */
	uint32_t command = be32(pdu.data + 4);
	bool alone = command == TRAFFIC_SUBMIT_MULTI || command == TRAFFIC_DATA_SM;

	traffic_plan(m,
		&(struct traffic_event){ .at_us = at_us,
			.link = link,
			.kind = TRAFFIC_EVENT_SEND,
			.side = (uint8_t)side,
			.note = note,
			.flags = alone ? TRAFFIC_ALONE : TRAFFIC_WAITS },
		pdu);
}

static const struct traffic_note nothing = { NULL, 0, false };

void traffic_smpp_open(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us)
{
	static const enum traffic_smpp_command binds[] = { TRAFFIC_BIND_TRANSCEIVER,
		TRAFFIC_BIND_TRANSMITTER, TRAFFIC_BIND_RECEIVER };
	enum traffic_smpp_command command = binds[link->bind];
	uint8_t pdu[128];
	char id[16];

	(void)snprintf(id, sizeof(id), "esme%03u", link->index + 1u);
	plan_flags(m, link, 0, at_us, SYN);
	plan_flags(m, link, 1, at_us + 150, SYN_ACK);
	plan_flags(m, link, 0, at_us + 300, ACK);
	plan_pdu(m, link, 0, at_us + 400, nothing,
		bytes_of(pdu, traffic_smpp_bind(command, link->sequence[0], id, pdu, sizeof(pdu))));
	plan_pdu(m, link, 1, at_us + 3000, nothing,
		bytes_of(pdu, traffic_smpp_answer(command, 0, link->sequence[0]++, "labsmsc", pdu,
				      sizeof(pdu))));
}

static void plan_pair(
	struct traffic_maker *m, struct traffic_link *link, uint32_t command, uint64_t at_us)
{
	uint32_t sequence = link->sequence[0]++;
	uint8_t pdu[64];

	plan_pdu(m, link, 0, at_us, nothing,
		bytes_of(pdu, traffic_smpp_plain(command, sequence, pdu, sizeof(pdu))));
	plan_pdu(m, link, 1, at_us + TRAFFIC_LATER_US, nothing,
		bytes_of(pdu, traffic_smpp_answer(command, 0, sequence, NULL, pdu, sizeof(pdu))));
}

void traffic_smpp_close(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us)
{
	plan_pair(m, link, TRAFFIC_UNBIND, at_us);
	plan_flags(m, link, 0, at_us + 10000, FIN_ACK);
	plan_flags(m, link, 1, at_us + 10200, FIN_ACK);
	plan_flags(m, link, 0, at_us + 10400, ACK);
}

void traffic_smpp_tick(struct traffic_maker *m, struct traffic_link *link)
{
	plan_pair(m, link, TRAFFIC_ENQUIRE_LINK, m->now_us);
}

static bool can_carry(const struct traffic_link *link, unsigned command)
{
	return link->bind == TRAFFIC_TRANSCEIVER || command == DATA ||
	       (command == DELIVER) == (link->bind == TRAFFIC_RECEIVER);
}

/* choose_link: one that carries the command; where none does, one and a command that it carries. */
static struct traffic_link *choose_link(struct traffic_maker *m, unsigned *command)
{
	unsigned first = traffic_random_below(&m->random, m->n_links[0]);

	for (unsigned i = 0; i < m->n_links[0]; i++) {
		struct traffic_link *link = &m->links[0][(first + i) % m->n_links[0]];

		if (can_carry(link, *command)) {
			return link;
		}
	}
	*command = *command == DELIVER ? SUBMIT : DELIVER;
	return &m->links[0][first];
}

/* fill_addresses: who writes to whom; of the n_to ones the first is on the label. */
static void fill_addresses(
	struct traffic_maker *m, struct traffic_label *l, struct traffic_address *to, unsigned n_to)
{
	l->from = (struct traffic_address){ .ton = 1, .npi = 1 };
	traffic_number_subscriber(m, l->from.text);
	if (l->from_client && traffic_percent(m, TRAFFIC_ADDRESS_ALPHANUMERIC)) {
		traffic_name(m, &l->from);
	}
	for (unsigned i = 0; i < n_to; i++) {
		to[i] = (struct traffic_address){ .ton = 1, .npi = 1 };
		traffic_number_subscriber(m, to[i].text);
	}
	if (!l->from_client) { /* a short code of the network */
		to[0] = (struct traffic_address){ .ton = 3, .npi = 0 };
		(void)snprintf(to[0].text, sizeof(to[0].text), "8%04u",
			traffic_random_below(&m->random, 10000));
	}
	l->to = to[0];
}

/* plan_receipt: what the SMSC says later of a message that was submitted (appendix B). */
static void plan_receipt(struct traffic_maker *m, struct traffic_link *link,
	const struct traffic_label *of, const char *id, uint64_t at_us)
{
	struct traffic_case *c = traffic_case_new(m, TRAFFIC_RECEIPT, true);
	struct traffic_smpp_sm sm = {
		.command = TRAFFIC_DELIVER_SM, .esm_class = ESM_RECEIPT, .receipted_id = id
	};
	uint8_t pdu[512];
	struct traffic_label *l;

	if (c == NULL) {
		return;
	}
	l = &c->label;
	l->link = link->index;
	l->ipv6 = link->ipv6;
	l->command = "deliver_sm";
	l->coding = "gsm7";
	l->esm_class = ESM_RECEIPT;
	l->n_parts = 1;
	l->from = of->to;
	l->to = of->from;
	l->text_id = 0;
	(void)snprintf(l->label, sizeof(l->label), "ham");
	(void)snprintf(l->text, sizeof(l->text),
		"id:%s sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD "
		"err:000 text:Lab",
		id);
	l->parts[0].text_len = (uint32_t)strlen(l->text);
	l->parts[0].sequence = sm.sequence = link->sequence[1]++;
	sm.from = &l->from;
	sm.to = &l->to;
	sm.text = bytes_str(l->text);
	plan_pdu(m, link, 1, at_us, (struct traffic_note){ c, 0, false },
		bytes_of(pdu, traffic_smpp_sm(&sm, pdu, sizeof(pdu))));
	plan_pdu(m, link, 0, at_us + TRAFFIC_LATER_US, (struct traffic_note){ c, 0, true },
		bytes_of(pdu, traffic_smpp_answer(
				      TRAFFIC_DELIVER_SM, 0, sm.sequence, "", pdu, sizeof(pdu))));
	traffic_case_let_go(m, c);
}

/* plan_part: one PDU of the message and its answer. */
static void plan_part(struct traffic_maker *m, struct traffic_link *link, struct traffic_case *c,
	const struct traffic_cut *cut, struct traffic_smpp_sm sm, unsigned i)
{
	struct traffic_label *l = &c->label;
	unsigned side = l->from_client ? 0 : 1;
	uint64_t at_us = m->now_us + i * 400;
	uint8_t udh[TRAFFIC_UDH_SIZE];
	uint8_t *pdu = m->pdu;
	char id[TRAFFIC_MESSAGE_ID_LEN + 1] = "";
	bool refused = l->outcome_code != 0;

	sm.udh = bytes_of(udh, traffic_cut_udh(m, cut, i, udh));
	sm.text = bytes_of(m->text, traffic_cut_octets(m, cut, i, m->text, sizeof(m->text)));
	sm.esm_class = sm.udh.len != 0 ? ESM_UDH : 0;
	sm.sequence = link->sequence[side]++;
	if (cut->method == TRAFFIC_METHOD_SAR) {
		sm.sar_reference = cut->reference;
		sm.sar_total = (uint8_t)cut->n;
		sm.sar_number = (uint8_t)(i + 1);
	}
	l->esm_class = sm.esm_class;
	l->parts[i].sequence = sm.sequence;
	plan_pdu(m, link, side, at_us, (struct traffic_note){ c, (uint8_t)i, false },
		bytes_of(pdu, traffic_smpp_sm(&sm, pdu, TRAFFIC_PDU_SIZE)));
	if (sm.command != TRAFFIC_DELIVER_SM) {
		(void)snprintf(id, sizeof(id), "%08x", link->message_id++);
	}
	at_us += TRAFFIC_LATER_US + traffic_random_below(&m->random, 12000);
	plan_pdu(m, link, 1 - side, at_us, (struct traffic_note){ c, (uint8_t)i, true },
		bytes_of(pdu, traffic_smpp_answer(sm.command, l->outcome_code, sm.sequence,
				      refused ? NULL : id, pdu, TRAFFIC_PDU_SIZE)));
	if (sm.registered_delivery != 0 && !refused) {
		plan_receipt(
			m, link, l, id, at_us + 100000 + traffic_random_below(&m->random, 400000));
	}
}

void traffic_smpp_message(struct traffic_maker *m, unsigned command)
{
	struct traffic_link *link = choose_link(m, &command);
	struct traffic_case *c = traffic_case_new(m, TRAFFIC_MESSAGE, true);
	struct traffic_address to[TRAFFIC_DESTINATIONS_MAX];
	struct traffic_smpp_sm sm = { .command = commands[command].id, .to = to, .n_to = 1 };
	struct traffic_cut cut;
	struct traffic_label *l;

	if (c == NULL) {
		return;
	}
	l = &c->label;
	traffic_cut_text(m, false, &cut);
	traffic_cut_tell(m, &cut, false, l);
	l->link = link->index;
	l->ipv6 = link->ipv6;
	l->command = commands[command].name;
	l->from_client = command == DATA && link->bind == TRAFFIC_TRANSCEIVER
	                         ? traffic_random_below(&m->random, 2) == 0
	                         : command != DELIVER && link->bind != TRAFFIC_RECEIVER;
	if (command == MULTI) {
		sm.n_to = 1 + traffic_random_below(&m->random, TRAFFIC_DESTINATIONS_MAX);
		sm.list = traffic_random_below(&m->random, 4) == 0 ? "lablist" : NULL;
	}
	fill_addresses(m, l, to, sm.n_to);
	sm.from = &l->from;
	sm.data_coding = l->data_coding;
	sm.payload = cut.method == TRAFFIC_METHOD_PAYLOAD ||
	             (cut.n == 1 && traffic_percent(m, TRAFFIC_SMPP_PAYLOAD));
	l->in_payload = sm.payload || command == DATA;
	if (traffic_percent(m, TRAFFIC_SMPP_REFUSED)) {
		l->outcome = "error";
		l->outcome_code = traffic_random_below(&m->random, 2) == 0 ? STATUS_ADDRESS
		                                                           : STATUS_THROTTLED;
	}
	sm.registered_delivery = command == SUBMIT && link->bind == TRAFFIC_TRANSCEIVER &&
	                         traffic_percent(m, TRAFFIC_SMPP_RECEIPTS);
	for (unsigned i = 0; i < cut.n; i++) {
		plan_part(m, link, c, &cut, sm, i);
	}
	traffic_case_let_go(m, c);
}
