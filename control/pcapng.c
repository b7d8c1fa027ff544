/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/pcapng.h"

/* draft-ietf-opsawg-pcapng 4.1, 4.2, 4.3: block types; 3.5, 4.1 to 4.3: options. */
enum {
	BLOCK_SECTION = 0x0A0D0D0A,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1A2B3C4D,
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	TSRESOL_US = 6, /* 10^-6 s */
};

/* Where a block grows; `full` once something did not fit. */
struct block {
	uint8_t *out;
	size_t size;
	size_t len;
	bool full;
};

static void put(struct block *b, const void *octets, size_t len)
{
	if (b->full || len > b->size - b->len) {
		b->full = true;
		return;
	}
	if (len != 0) {
		memcpy(b->out + b->len, octets, len);
	}
	b->len += len;
}

static void put16(struct block *b, uint16_t v)
{
	const uint8_t octets[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	put(b, octets, sizeof(octets));
}

static void put32(struct block *b, uint32_t v)
{
	put16(b, (uint16_t)v);
	put16(b, (uint16_t)(v >> 16));
}

/* pad: everything in a block is aligned to 32 bits (3.1, 3.5). */
static void pad(struct block *b, size_t len)
{
	static const uint8_t zeros[3];

	put(b, zeros, -len & 3);
}

static void put_option(struct block *b, uint16_t code, const void *value, size_t len)
{
	put16(b, code);
	put16(b, (uint16_t)len);
	put(b, value, len);
	pad(b, len);
}

static void put_text(struct block *b, uint16_t code, const char *text, size_t most)
{
	size_t len = strlen(text);

	if (len > most) {
		len = most;
		/* not within a character of several octets */
		while (len != 0 && ((uint8_t)text[len] & 0xC0) == 0x80) {
			len--;
		}
	}
	put_option(b, code, text, len);
}

static struct block begin(uint8_t *out, size_t size, uint32_t type)
{
	struct block b = { out, size, 0, false };

	put32(&b, type);
	put32(&b, 0); /* its length: end() */
	return b;
}

/* end: a block ends with its length, which stands behind its type as well (3.1). */
static size_t end(struct block *b)
{
	struct block length = { b->out + 4, 4, 0, false };

	put16(b, OPT_END);
	put16(b, 0);
	put32(b, (uint32_t)b->len + 4);
	if (b->full) {
		return 0;
	}
	put32(&length, (uint32_t)b->len);
	return b->len;
}

size_t pcapng_put_section(uint8_t *out, size_t size, const char *application)
{
	struct block b = begin(out, size, BLOCK_SECTION);

	put32(&b, BYTE_ORDER_MAGIC);
	put16(&b, 1); /* version 1.0 */
	put16(&b, 0);
	put32(&b, UINT32_MAX); /* the section's length: not told */
	put32(&b, UINT32_MAX);
	put_text(&b, SHB_USERAPPL, application, PCAPNG_NAME_MAX);
	return end(&b);
}

size_t pcapng_put_interface(uint8_t *out, size_t size, uint16_t link_type, const char *name)
{
	static const uint8_t resolution = TSRESOL_US;
	struct block b = begin(out, size, BLOCK_INTERFACE);

	put16(&b, link_type);
	put16(&b, 0);
	put32(&b, 0); /* SnapLen: no limit */
	put_text(&b, IF_NAME, name, PCAPNG_NAME_MAX);
	put_option(&b, IF_TSRESOL, &resolution, sizeof(resolution));
	return end(&b);
}

size_t pcapng_put_packet(uint8_t *out, size_t size, const struct pcapng_packet *p)
{
	struct block b = begin(out, size, BLOCK_PACKET);
	size_t len = p->head.len + p->octets.len;
	/* bits 0 and 1: direction (4.3.1) */
	const uint8_t flags[4] = { (uint8_t)p->direction };

	put32(&b, p->interface);
	put32(&b, (uint32_t)(p->time_us >> 32));
	put32(&b, (uint32_t)p->time_us);
	put32(&b, (uint32_t)len);
	put32(&b, (uint32_t)p->head.len + p->octets_whole);
	put(&b, p->head.data, p->head.len);
	put(&b, p->octets.data, p->octets.len);
	pad(&b, len);
	put_text(&b, OPT_COMMENT, p->comment, PCAPNG_COMMENT_MAX);
	put_option(&b, EPB_FLAGS, flags, sizeof(flags));
	return end(&b);
}
