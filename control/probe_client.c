/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/probe_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/verdict/answer.h"

enum {
	UNBIND_MS = 500,          /* a good-bye is not waited for any longer */
	INTERFACE_VERSION = 0x34, /* SMPP 3.4 5.2.4 */
};

int64_t probe_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* wait_fd: until `fd` is ready or the time has come; false then. */
static bool wait_fd(int fd, short what, int64_t deadline_ms)
{
	for (;;) {
		int64_t left = deadline_ms - probe_now_ms();
		struct pollfd p = { .fd = fd, .events = what };
		int rc = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (rc >= 0 || errno != EINTR) {
			return rc > 0;
		}
	}
}

static int connect_one(const struct addrinfo *a, int64_t deadline_ms)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(int);
	int error = 0;

	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
		error = errno;
		if (error == EINPROGRESS) {
			error = wait_fd(fd, POLLOUT, deadline_ms) ? 0 : ETIMEDOUT;
			if (error == 0) {
				(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
			}
		}
	}
	if (error != 0) {
		close(fd);
		return -error;
	}
	return fd;
}

int probe_client_connect(
	struct probe_client *c, const struct probe_target *t, char *error, size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(t->host, t->port, &hints, &list);
	int fd = -ENOENT;

	c->fd = -1;
	c->sequence = 0;
	c->closed = false;
	c->in_len = 0;
	if (rc != 0) {
		snprintf(error, size, "%s: %s", t->host, gai_strerror(rc));
		return -ENOENT;
	}
	for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
		fd = connect_one(a, probe_now_ms() + t->wait_ms);
	}
	freeaddrinfo(list);
	if (fd < 0) {
		snprintf(error, size, "%s port %s: %s", t->host, t->port, strerror(-fd));
		return fd;
	}
	c->fd = fd;
	return 0;
}

static void send_all(struct probe_client *c, struct bytes b, int64_t deadline_ms)
{
	while (b.len != 0 && !c->closed) {
		ssize_t n = send(c->fd, b.data, b.len, MSG_NOSIGNAL);

		if (n > 0) {
			b = bytes_slice(b, (size_t)n, b.len - (size_t)n);
		} else if (errno == EAGAIN) {
			if (!wait_fd(c->fd, POLLOUT, deadline_ms)) {
				return; /* it reads no more: what follows will find it mute */
			}
		} else if (errno != EINTR) {
			c->closed = true;
		}
	}
}

static void send_header(struct probe_client *c, uint32_t command, uint32_t status,
	uint32_t sequence, bool empty_id, int64_t deadline_ms)
{
	uint8_t pdu[SMPP_HEADER_LEN + 1] = { 0 };
	uint32_t len = SMPP_HEADER_LEN + (empty_id ? 1 : 0);

	put_be32(pdu, len);
	put_be32(pdu + 4, command);
	put_be32(pdu + 8, status);
	put_be32(pdu + 12, sequence);
	send_all(c, bytes_of(pdu, len), deadline_ms);
}

/* What the SMSC asks of us. SMPP 3.4 4.6.2, 4.7.2: these answers carry an empty message_id. */
static void serve(struct probe_client *c, const struct smpp_header *h, int64_t deadline_ms)
{
	switch (h->command) {
	case SMPP_ENQUIRE_LINK:
		send_header(c, h->command | SMPP_RESPONSE, 0, h->sequence, false, deadline_ms);
		break;
	case SMPP_UNBIND:
		send_header(c, h->command | SMPP_RESPONSE, 0, h->sequence, false, deadline_ms);
		c->closed = true;
		break;
	case SMPP_DELIVER_SM:
	case SMPP_DATA_SM:
		send_header(c, h->command | SMPP_RESPONSE, SMPP_ESME_RX_T_APPN, h->sequence, true,
			deadline_ms);
		break;
	default:
		break; /* alert_notification wants no answer */
	}
}

/* read_more: false at the end of the connection or of the time. */
static bool read_more(struct probe_client *c, int64_t deadline_ms)
{
	ssize_t n;

	if (c->closed || !wait_fd(c->fd, POLLIN, deadline_ms)) {
		return false;
	}
	n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
	if (n > 0) {
		c->in_len += (size_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return true;
	}
	c->closed = true;
	return false;
}

/* take_pdu: the next whole PDU's header, removed from what was received. */
static enum parse take_pdu(struct probe_client *c, struct smpp_header *h)
{
	enum reason why;
	enum parse parsed = smpp_header_read(bytes_of(c->in, c->in_len), h, &why);

	if (parsed != PARSE_OK) {
		return parsed;
	}
	if (h->length > c->in_len) {
		return h->length > sizeof(c->in) ? PARSE_BAD : PARSE_MORE;
	}
	c->in_len -= h->length;
	memmove(c->in, c->in + h->length, c->in_len);
	return PARSE_OK;
}

/* wait_answer: the answer to `command`, or whatever comes that could only be meant as one. */
static void wait_answer(
	struct probe_client *c, uint32_t command, int64_t deadline_ms, struct probe_answer *a)
{
	for (;;) {
		struct smpp_header h;

		switch (take_pdu(c, &h)) {
		case PARSE_OK:
			break;
		case PARSE_MORE:
			if (!read_more(c, deadline_ms)) {
				return;
			}
			continue;
		case PARSE_BAD:
			c->closed = true; /* no SMPP any more */
			return;
		}
		if ((h.command & SMPP_RESPONSE) == 0) {
			serve(c, &h, deadline_ms);
			continue;
		}
		if (h.sequence != c->sequence && h.command != SMPP_GENERIC_NACK &&
			h.command != (command | SMPP_RESPONSE)) {
			continue; /* late, of an earlier request */
		}
		a->answered = true;
		a->command = h.command;
		a->status = h.status;
		a->len = h.length;
		a->sequence_right = h.sequence == c->sequence;
		return;
	}
}

void probe_client_ask(
	struct probe_client *c, struct bytes pdu, unsigned wait_ms, struct probe_answer *a)
{
	int64_t begin = probe_now_ms();

	*a = (struct probe_answer){ .answered = false };
	send_all(c, pdu, begin + wait_ms);
	wait_answer(c, be32(pdu.data + 4), begin + wait_ms, a);
	a->closed = c->closed;
	a->took_ms = (unsigned)(probe_now_ms() - begin);
}

void probe_client_bind(struct probe_client *c, const struct probe_target *t, struct probe_answer *a)
{
	uint8_t pdu[256];
	struct writer w = writer_of(pdu, sizeof(pdu));

	writer_u32(&w, 0);
	writer_u32(&w, t->transceiver ? SMPP_BIND_TRANSCEIVER : SMPP_BIND_TRANSMITTER);
	writer_u32(&w, 0);
	writer_u32(&w, ++c->sequence);
	writer_put(&w, bytes_of(t->system_id, strlen(t->system_id) + 1));
	writer_put(&w, bytes_of(t->password, strlen(t->password) + 1));
	writer_put(&w, bytes_of(t->system_type, strlen(t->system_type) + 1));
	writer_u8(&w, INTERFACE_VERSION);
	writer_fill(&w, 0, 3); /* addr_ton, addr_npi, address_range "" */
	put_be32(pdu, (uint32_t)(w.at - pdu));
	probe_client_ask(c, bytes_of(pdu, (size_t)(w.at - pdu)), t->wait_ms, a);
}

bool probe_client_enquire(struct probe_client *c, unsigned wait_ms)
{
	uint8_t pdu[SMPP_HEADER_LEN];
	struct probe_answer a;

	put_be32(pdu, sizeof(pdu));
	put_be32(pdu + 4, SMPP_ENQUIRE_LINK);
	put_be32(pdu + 8, 0);
	put_be32(pdu + 12, ++c->sequence);
	probe_client_ask(c, bytes_of(pdu, sizeof(pdu)), wait_ms, &a);
	return a.answered && a.command == (SMPP_ENQUIRE_LINK | SMPP_RESPONSE) && a.sequence_right;
}

void probe_client_close(struct probe_client *c)
{
	struct probe_answer a = { .answered = false };

	if (c->fd < 0) {
		return;
	}
	if (!c->closed) {
		int64_t deadline_ms = probe_now_ms() + UNBIND_MS;

		send_header(c, SMPP_UNBIND, 0, ++c->sequence, false, deadline_ms);
		wait_answer(c, SMPP_UNBIND, deadline_ms, &a);
	}
	close(c->fd);
	c->fd = -1;
}
