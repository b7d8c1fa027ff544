/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/quarantine_packet.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#include "dataplane/verdict/verdict.h"

/* Tags of an exported PDU; types and lengths are in network order, values padded to 32 bits. */
enum {
	TAG_END = 0,
	TAG_DISSECTOR = 12,
	TAG_IPV4_SRC = 20,
	TAG_IPV4_DST = 21,
	TAG_IPV6_SRC = 22,
	TAG_IPV6_DST = 23,
	TAG_PORT_TYPE = 24,
	TAG_SRC_PORT = 25,
	TAG_DST_PORT = 26,
	TAG_SS7_OPC = 28,
	TAG_SS7_DPC = 29,
	PORT_TYPE_SCTP = 1,
	PORT_TYPE_TCP = 2,
	TAGS_SIZE = 256,
};

struct tags {
	uint8_t octets[TAGS_SIZE];
	size_t len;
};

/* put_tag: every value here is short and known: TAGS_SIZE does for all of them. */
static void put_tag(struct tags *t, uint16_t type, const void *value, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;
	uint8_t *at = t->octets + t->len;

	put_be16(at, type);
	put_be16(at + 2, (uint16_t)padded);
	memset(at + 4, 0, padded);
	if (len != 0) {
		memcpy(at + 4, value, len);
	}
	t->len += 4 + padded;
}

static void put_number(struct tags *t, uint16_t type, uint32_t v)
{
	uint8_t octets[4];

	put_be32(octets, v);
	put_tag(t, type, octets, sizeof(octets));
}

static void put_address(struct tags *t, const uint8_t address[16], uint16_t v4, uint16_t v6)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF }; /* RFC 4291 2.5.5.2 */

	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		put_tag(t, v4, address + sizeof(mapped), 4);
	} else {
		put_tag(t, v6, address, 16);
	}
}

static const char *dissector_of(uint8_t form)
{
	switch ((enum event_kept_form)form) {
	case KEPT_SMPP:
		return "smpp";
	case KEPT_M3UA:
		return "m3ua";
	case KEPT_SCCP:
		return "sccp";
	case KEPT_TCAP:
		return "tcap";
	}
	return "data";
}

static void put_tags(struct tags *t, const struct event *e)
{
	const struct event_message *m = &e->u.message;
	const char *dissector = dissector_of(m->kept.form);

	put_tag(t, TAG_DISSECTOR, dissector, strlen(dissector));
	put_address(t, e->lo_address, TAG_IPV4_SRC, TAG_IPV6_SRC);
	put_address(t, e->hi_address, TAG_IPV4_DST, TAG_IPV6_DST);
	put_number(t, TAG_PORT_TYPE, m->carrier == SMS_MAP ? PORT_TYPE_SCTP : PORT_TYPE_TCP);
	put_number(t, TAG_SRC_PORT, e->lo_port);
	put_number(t, TAG_DST_PORT, e->hi_port);
	if (m->kept.form == KEPT_SCCP || m->kept.form == KEPT_TCAP) {
		put_number(t, TAG_SS7_OPC, m->map.opc);
		put_number(t, TAG_SS7_DPC, m->map.dpc);
	}
	put_tag(t, TAG_END, NULL, 0);
}

/* Where the comment grows. */
struct comment {
	char *out;
	size_t size;
	size_t len;
};

static void say(struct comment *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* say: one "name=value", with a space before all but the first; what does not fit is cut. */
static void say(struct comment *c, const char *format, ...)
{
	va_list args;
	int n;

	if (c->len != 0 && c->len + 1 < c->size) {
		c->out[c->len++] = ' ';
	}
	va_start(args, format);
	n = vsnprintf(c->out + c->len, c->size - c->len, format, args);
	va_end(args);
	if (n > 0) {
		c->len += (size_t)n < c->size - c->len ? (size_t)n : c->size - c->len - 1;
	}
}

#define X(name, text) text,
static const char *const actions[] = { RULE_ACTIONS(X) };
#undef X

/* say_rule: which rule, or a list's or a limit's name; what the sum was. */
static void say_rule(struct comment *c, const struct events_names *names, const struct event *e)
{
	const struct event_message *m = &e->u.message;
	const struct ruleset *r = names->ruleset;

	if (m->reason == R_sibling && m->sibling_rule[0] != '\0') {
		say(c, "rule=%.*s", (int)sizeof(m->sibling_rule), m->sibling_rule);
	} else if (m->rule != VERDICT_NO_RULE && r != NULL && m->rule < r->n_rules) {
		say(c, "rule=%s", r->rules[m->rule].id);
	} else if (m->rule != VERDICT_NO_RULE) {
		say(c, "rule=#%u", m->rule);
	}
	if (m->rule != VERDICT_NO_RULE && r != NULL && m->category < r->n_categories) {
		say(c, "category=%s score=%d", r->categories[m->category], m->score);
	}
	if (m->limit[0] != '\0') {
		say(c, "limit=%.*s fill=%u", (int)sizeof(m->limit), m->limit, m->limit_fill);
	}
	if (m->list[0] != '\0') {
		say(c, "list=%.*s entry=%s", (int)sizeof(m->list), m->list,
			m->entry_number ? "number" : "name");
	}
}

void quarantine_packet_comment(
	const struct events_names *names, const struct event *e, char *out, size_t size)
{
	const struct event_message *m = &e->u.message;
	const struct pipeline_config *p = &names->config->pipeline;
	struct comment c = { out, size, 0 };

	out[0] = '\0';
	say(&c, "verdict=%s", m->action < ACTIONS ? actions[m->action] : "unknown");
	say(&c, "reason=%s",
		m->reason < R_COUNT ? stats_reason_name((enum reason)m->reason) : "unknown");
	say_rule(&c, names, e);
	if (m->parts != 0) {
		say(&c, "part=%u/%u", m->part, m->parts);
	}
	say(&c, "generation=%u event=%llu", m->generation,
		(unsigned long long)events_session_id(e->worker, e->id));
	say(&c, "link=%s", e->link < p->n_links ? p->links[e->link].name : "unknown");
	if (m->kept.blanked) {
		say(&c, "text=removed");
	}
	if (m->kept.form == KEPT_TCAP) {
		say(&c, "segments=joined");
	}
}

size_t quarantine_packet_put(const struct events_names *names, const struct event *e,
	struct bytes octets, uint8_t *out, size_t size)
{
	const struct event_message *m = &e->u.message;
	char comment[PCAPNG_COMMENT_MAX];
	struct tags tags = { .len = 0 };
	struct pcapng_packet packet = { .interface = e->link,
		.time_us = e->time_us,
		.direction = m->side == SIDE_INSIDE ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
		.comment = comment,
		.octets = octets,
		.octets_whole =
			m->kept.octets > octets.len ? m->kept.octets : (uint32_t)octets.len };

	quarantine_packet_comment(names, e, comment, sizeof(comment));
	put_tags(&tags, e);
	packet.head = bytes_of(tags.octets, tags.len);
	return pcapng_put_packet(out, size, &packet);
}
