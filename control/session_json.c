/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_json.h"

#include <stdio.h>
#include <string.h>

#include "control/events.h"
#include "control/json_line.h"
#include "dataplane/base/clock.h"
#include "dataplane/net/sctp_assoc.h"
#include "dataplane/proto/smpp_session.h"

static const char *const syncs[] = { [TCP_CLOSED] = "SILENT",
	[TCP_RESYNC] = "RESYNC",
	[TCP_SYNCED] = "SYNCED",
	[TCP_OPAQUE] = "OPAQUE" };
static const char *const binds[] = { [SMPP_OPEN] = "open",
	[SMPP_BINDING] = "binding",
	[SMPP_BOUND_TX] = "transmitter",
	[SMPP_BOUND_RX] = "receiver",
	[SMPP_BOUND_TRX] = "transceiver",
	[SMPP_UNBOUND] = "unbound" };
static const char *const associations[] = { [SCTP_FREE] = "unknown",
	[SCTP_HALF] = "HALF",
	[SCTP_OPEN] = "OPEN",
	[SCTP_CLOSING] = "CLOSING",
	[SCTP_OVER] = "OVER" };
/* RFC 4666 3.7.1, traffic mode type; 0: not said */
static const char *const traffic_modes[] = { NULL, "override", "loadshare", "broadcast" };
static const char *const sides[] = { [SIDE_INSIDE] = "inside", [SIDE_OUTSIDE] = "outside" };

static const char *name_of(const char *const *table, size_t n, size_t i)
{
	return i < n ? table[i] : "unknown";
}
#define NAME_OF(table, i) name_of(table, sizeof(table) / sizeof((table)[0]), i)

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)(v > INT64_MAX ? (uint64_t)INT64_MAX : v));
}

static json_t *way_json(const struct pipeline_way *w)
{
	return json_pack("{s:s, s:s?, s:I, s:I, s:I}", "state", NAME_OF(syncs, w->sync), "why",
		w->sync == TCP_OPAQUE ? stats_reason_name((enum reason)w->opaque_reason) : NULL,
		"held_frames", (json_int_t)w->held_frames, "waiting_octets",
		(json_int_t)w->waiting_octets, "journal_octets", (json_int_t)w->journal_octets);
}

/* worst: RESYNC and OPAQUE are what an operator looks for; one word for both directions. */
static const char *worst(const struct pipeline_session *s)
{
	uint8_t a = s->way[0].sync;
	uint8_t b = s->way[1].sync;

	if (a == TCP_OPAQUE || b == TCP_OPAQUE) {
		return syncs[TCP_OPAQUE];
	}
	if (a == TCP_RESYNC || b == TCP_RESYNC) {
		return syncs[TCP_RESYNC];
	}
	return syncs[a == TCP_SYNCED || b == TCP_SYNCED ? TCP_SYNCED : TCP_CLOSED];
}

/* An account is an identifier of ours or a partner's, not of a person; it may hold any octet. */
static json_t *account_json(const struct pipeline_session *s)
{
	char line[16 + 6 * EVENT_ACCOUNT_SIZE];
	struct json_line l = { .at = line, .size = sizeof(line) };
	size_t len = strnlen(s->account, sizeof(s->account));
	json_t *pair;
	json_t *text;

	if (len == 0) {
		return json_null();
	}
	json_line_open(&l, '{');
	json_line_key(&l, "a");
	json_line_string(&l, bytes_of(s->account, len), JSON_LATIN1);
	json_line_close(&l, '}');
	pair = json_loads(line, 0, NULL);
	text = json_incref(json_object_get(pair, "a"));
	json_decref(pair);
	return text;
}

static void add_smpp(json_t *row, const struct pipeline_session *s)
{
	json_object_set_new(row, "account", account_json(s));
	json_object_set_new(row, "bind", json_string(NAME_OF(binds, s->bind_state)));
	json_object_set_new(row, "esme_side",
		s->esme_side < EVENT_SIDE_UNKNOWN ? json_string(sides[s->esme_side]) : json_null());
	json_object_set_new(row, "pending_answers", number(s->pending_answers));
}

static json_t *addresses_json(const struct pipeline_session *s, unsigned side)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->n_addresses[side] && i < LIMIT_SCTP_ADDRESSES; i++) {
		char host[EVENTS_ENDPOINT_SIZE];

		(void)events_host(s->address[side][i], host);
		json_array_append_new(list, json_string(host));
	}
	return list;
}

/* Messages by the names of RFC 4666; what they are counted as: dataplane/proto/m3ua.h. */
static json_t *m3ua_counts(const struct m3ua_state *m)
{
	const struct {
		const char *name;
		uint32_t n;
	} counts[] = { { "data_from_inside", m->n_data[SIDE_INSIDE] },
		{ "data_from_outside", m->n_data[SIDE_OUTSIDE] }, { "duna", m->n_unavailable },
		{ "dava", m->n_available }, { "scon", m->n_congested }, { "daud", m->n_audit },
		{ "dupu", m->n_user_part }, { "drst", m->n_restricted }, { "beat", m->n_beats },
		{ "beat_ack", m->n_beat_acks }, { "ntfy", m->n_notify }, { "err", m->n_errors },
		{ "registration", m->n_registration }, { "unknown", m->n_unknown } };
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		json_object_set_new(out, counts[i].name, number(counts[i].n));
	}
	return out;
}

static const char *asp_name(uint8_t state)
{
	return m3ua_asp_state_name((enum m3ua_asp_state)state);
}

static json_t *m3ua_json(const struct m3ua_state *m)
{
	size_t n_modes = sizeof(traffic_modes) / sizeof(traffic_modes[0]);

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:o}", "state",
		m3ua_asp_state_name(m3ua_state_of(m)), "asp_inside", asp_name(m->asp[SIDE_INSIDE]),
		"asp_outside", asp_name(m->asp[SIDE_OUTSIDE]), "traffic_mode",
		m->traffic_mode < n_modes ? traffic_modes[m->traffic_mode] : "unknown", "notify",
		m->notify_type != 0 ? m3ua_notify_name(m) : NULL, "error",
		m->n_errors != 0 ? m3ua_error_name(m->error_code) : NULL, "counts", m3ua_counts(m));
}

static void add_sigtran(json_t *row, const struct pipeline_session *s)
{
	const struct pipeline_association *a = &s->association;

	json_object_set_new(row, "joined", json_boolean(a->joined));
	json_object_set_new(row, "paths", number(a->n_paths));
	json_object_set_new(row, "inside_addresses", addresses_json(s, SIDE_INSIDE));
	json_object_set_new(row, "outside_addresses", addresses_json(s, SIDE_OUTSIDE));
	json_object_set_new(row, "m3ua", a->has_m3ua ? m3ua_json(&a->m3ua) : json_null());
}

json_t *session_json(const struct config *config, unsigned worker, const struct pipeline_session *s)
{
	bool sctp = s->transport == PIPELINE_SCTP;
	char end[2][EVENTS_ENDPOINT_SIZE];
	json_t *row;

	for (unsigned i = 0; i < 2; i++) {
		events_endpoint(s->address[i][0], s->port[i], end[i]);
	}
	row = json_pack("{s:o, s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "session",
		number(events_session_id(worker, s->id)), "worker", (int)worker, "link",
		s->link < config->pipeline.n_links ? config->pipeline.links[s->link].name
						   : "unknown",
		"service", sctp ? "sigtran" : "smpp", "transport", sctp ? "sctp" : "tcp", "state",
		sctp ? NAME_OF(associations, s->association.state) : worst(s), "inside",
		end[SIDE_INSIDE], "outside", end[SIDE_OUTSIDE]);
	if (sctp) {
		add_sigtran(row, s);
	} else {
		add_smpp(row, s);
	}
	json_object_set_new(row, "age_s", number(s->age_us / CLOCK_US_PER_S));
	json_object_set_new(row, "idle_s", number(s->idle_us / CLOCK_US_PER_S));
	json_object_set_new(row, "messages", number(s->messages));
	json_object_set_new(row, "refused", number(s->refused));
	json_object_set_new(row, "answers", number(s->answers));
	json_object_set_new(row, "from_inside", way_json(&s->way[SIDE_INSIDE]));
	json_object_set_new(row, "from_outside", way_json(&s->way[SIDE_OUTSIDE]));
	return row;
}

json_t *session_census_json(const struct pipeline_census *c, bool complete)
{
	json_t *m3ua = json_object();

	for (unsigned i = 0; i < PIPELINE_ASP_STATES; i++) {
		json_object_set_new(m3ua, asp_name((uint8_t)i), number(c->m3ua[i]));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "sessions",
		number(c->sessions), "resync", number(c->resync), "opaque", number(c->opaque),
		"associations", number(c->associations), "half_open", number(c->half), "joined",
		number(c->joined), "m3ua", m3ua, "complete", complete);
}
