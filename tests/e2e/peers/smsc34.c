/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smsc34: an SMSC on libsmpp34, for the live tests only (nothing of smswall links that library, which is LGPL).
 *
 * Usage: smsc34 PORT LOG [accept]     one session after the other, IPv4 and IPv6
 * Each PDU is unpacked and each answer packed by the library; what it cannot unpack is answered by generic_nack.
 * An empty destination gets ESME_RINVDSTADR, a priority above 3 ESME_RINVPRTFLG (SMPP 3.4 5.1.3, 5.2.14), unless
 * `accept`. LOG gets a line for each: "submit DST DATA_CODING HEX" (DST "-" when empty), "beat" for an enquire_link
 * that was answered, "asked" and "answered" for our own, "bound", "unbound", "closed", "bad". Prints "listening".
 *
 * Bounds: one PDU of PDU_MAX octets; the library takes TLVs of up to 1024 octets.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <smpp34.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>

enum {
	PDU_MAX = 8192,
	ANSWER_MAX = 512,
	HEADER_LEN = 16,
	PRIORITY_MAX = 3,
	BEAT_MS = 150,
	TLV_PAYLOAD = 0x0424
};

struct session {
	int fd;
	FILE *log;
	bool accepts;
	bool bound, unbound;
	uint32_t n_submits, n_asked;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_pdu(struct session *s, void *pdu)
{
	uint8_t octets[ANSWER_MAX];
	int len = 0;

	if (smpp34_pack2(octets, sizeof(octets), &len, pdu) != 0) {
		fprintf(stderr, "smsc34: pack: %s\n", smpp34_strerror);
		exit(1);
	}
	if (send(s->fd, octets, (size_t)len, MSG_NOSIGNAL) != len) {
		fprintf(s->log, "bad send\n");
	}
}

static void answer_bind(struct session *s, uint32_t command, uint32_t sequence)
{
	bind_transceiver_resp_t resp = { .command_id = command | 0x80000000,
		.sequence_number = sequence };

	memcpy(resp.system_id, "E2E-34", sizeof("E2E-34"));
	put_pdu(s, &resp);
	s->bound = true;
	fprintf(s->log, "bound\n");
}

/* Answers that are a header alone (SMPP 3.4 4.2.2, 4.11.2, 4.3.1): the library's types of them are all alike. */
static void answer_header(struct session *s, uint32_t command, uint32_t status, uint32_t sequence)
{
	generic_nack_t resp = {
		.command_id = command, .command_status = status, .sequence_number = sequence
	};

	put_pdu(s, &resp);
}

static uint32_t judge(const struct session *s, const submit_sm_t *pdu)
{
	if (s->accepts) {
		return ESME_ROK;
	}
	if (pdu->destination_addr[0] == '\0') {
		return ESME_RINVDSTADR;
	}
	return pdu->priority_flag > PRIORITY_MAX ? ESME_RINVPRTFLG : ESME_ROK;
}

static void log_submit(struct session *s, const submit_sm_t *pdu)
{
	const uint8_t *text = pdu->short_message;
	size_t len = pdu->sm_length;

	for (const tlv_t *t = pdu->tlv; t != NULL; t = t->next) {
		if (t->tag == TLV_PAYLOAD && len == 0) {
			text = t->value.octet;
			len = t->length;
		}
	}
	fprintf(s->log, "submit %s %u ",
		pdu->destination_addr[0] != '\0' ? (const char *)pdu->destination_addr : "-",
		pdu->data_coding);
	for (size_t i = 0; i < len; i++) {
		fprintf(s->log, "%02x", text[i]);
	}
	fprintf(s->log, "\n");
}

static void take_submit(struct session *s, const uint8_t *octets, size_t len)
{
	submit_sm_t pdu = { 0 };
	submit_sm_resp_t resp = { .command_id = SUBMIT_SM_RESP,
		.sequence_number = get32(octets + 12) };

	if (smpp34_unpack2(&pdu, octets, (int)len) != 0) {
		fprintf(s->log, "bad submit_sm: %s\n", smpp34_strerror);
		answer_header(s, GENERIC_NACK, ESME_RINVCMDLEN, get32(octets + 12));
		return;
	}
	log_submit(s, &pdu);
	resp.command_status = judge(s, &pdu);
	if (resp.command_status == ESME_ROK) {
		snprintf((char *)resp.message_id, sizeof(resp.message_id), "c%u", ++s->n_submits);
	}
	put_pdu(s, &resp);
	destroy_tlv(pdu.tlv);
}

static void take_pdu(struct session *s, const uint8_t *octets, size_t len)
{
	const uint32_t command = get32(octets + 4), sequence = get32(octets + 12);

	switch (command) {
	case BIND_TRANSCEIVER:
	case BIND_TRANSMITTER:
		answer_bind(s, command, sequence);
		break;
	case SUBMIT_SM:
		take_submit(s, octets, len);
		break;
	case ENQUIRE_LINK:
		answer_header(s, ENQUIRE_LINK_RESP, ESME_ROK, sequence);
		fprintf(s->log, "beat\n");
		break;
	case ENQUIRE_LINK_RESP:
		fprintf(s->log, "answered\n");
		break;
	case UNBIND:
		answer_header(s, UNBIND_RESP, ESME_ROK, sequence);
		s->unbound = true;
		fprintf(s->log, "unbound\n");
		break;
	default:
		fprintf(s->log, "bad command %08x\n", command);
		answer_header(s, GENERIC_NACK, ESME_RINVCMDID, sequence);
	}
}

static void ask(struct session *s)
{
	answer_header(s, ENQUIRE_LINK, ESME_ROK, 0x10000000 + ++s->n_asked);
	fprintf(s->log, "asked\n");
}

static void serve(struct session *s)
{
	static uint8_t buffer[2 * PDU_MAX];
	size_t used = 0;

	for (;;) {
		struct pollfd at = { .fd = s->fd, .events = POLLIN };
		ssize_t got;
		size_t from = 0;

		if (poll(&at, 1, BEAT_MS) == 0) {
			if (s->bound && !s->unbound) {
				ask(s);
			}
			continue;
		}
		got = recv(s->fd, buffer + used, sizeof(buffer) - used, 0);
		if (got <= 0) {
			break;
		}
		used += (size_t)got;
		while (used - from >= HEADER_LEN) {
			const size_t len = get32(buffer + from);

			if (len < HEADER_LEN || len > PDU_MAX) {
				fprintf(s->log, "bad length %zu\n", len);
				return;
			}
			if (used - from < len) {
				break;
			}
			take_pdu(s, buffer + from, len);
			from += len;
		}
		used -= from;
		memmove(buffer, buffer + from, used);
	}
	fprintf(s->log, "closed\n");
}

int main(int argc, char **argv)
{
	const int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	FILE *log;

	if (argc < 3 || (log = fopen(argv[2], "a")) == NULL) {
		fprintf(stderr, "usage: smsc34 PORT LOG [accept]\n");
		return 2;
	}
	at.sin6_port = htons((uint16_t)atoi(argv[1]));
	setvbuf(log, NULL, _IOLBF, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 4) != 0) {
		perror("smsc34");
		return 1;
	}
	puts("listening");
	fflush(stdout);
	for (;;) {
		struct session s = { .fd = accept(fd, NULL, NULL),
			.log = log,
			.accepts = argc > 3 && strcmp(argv[3], "accept") == 0 };

		if (s.fd < 0) {
			return 1;
		}
		serve(&s);
		close(s.fd);
	}
}
