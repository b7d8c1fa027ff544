/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/guard.h"

#include <string.h>

#include "dataplane/base/clock.h"

enum { PPM = 1000000, PPM_OF_LIMIT = PPM / GUARD_OFF };

#define X(name, text) [GUARD_##name] = text,
static const char *const band_names[GUARD_BANDS_COUNT] = { GUARD_BANDS(X) };
#undef X

const char *guard_band_name(enum guard_band band)
{
	return band < GUARD_BANDS_COUNT ? band_names[band] : "unknown";
}

static struct guard_sample minus(const struct guard_sample *a, const struct guard_sample *b)
{
	return (struct guard_sample){ a->messages - b->messages, a->refused - b->refused,
		a->redacted - b->redacted, a->reported - b->reported };
}

static void add(struct guard_sample *sum, const struct guard_sample *s)
{
	sum->messages += s->messages;
	sum->refused += s->refused;
	sum->redacted += s->redacted;
	sum->reported += s->reported;
}

static uint64_t slot_us(const struct guard *g)
{
	uint64_t us = g->config.window_s * CLOCK_US_PER_S / GUARD_SLOTS;

	return us != 0 ? us : 1;
}

void guard_init(struct guard *g, const struct guard_config *config)
{
	memset(g, 0, sizeof(*g));
	g->config = *config;
}

/* turn: closes the open slot where its time is over; what stood still for longer leaves empty ones. */
static void turn(struct guard *g, uint64_t now_us, const struct guard_sample *now)
{
	if (g->slot_end_us == 0) {
		g->slot_end_us = now_us + slot_us(g);
		g->slot_from = *now;
	}
	for (unsigned i = 0; i < GUARD_SLOTS && now_us >= g->slot_end_us; i++) {
		g->slots[g->at] = minus(now, &g->slot_from);
		g->at = (g->at + 1) % GUARD_SLOTS;
		g->slot_from = *now;
		g->slot_end_us += slot_us(g);
	}
	if (now_us >= g->slot_end_us) {
		g->slot_end_us = now_us + slot_us(g);
	}
}

static struct guard_sample sum_of(const struct guard *g, const struct guard_sample *now)
{
	struct guard_sample sum = minus(now, &g->slot_from);

	for (unsigned i = 0; i < GUARD_SLOTS; i++) {
		add(&sum, &g->slots[i]);
	}
	return sum;
}

void guard_pushed(struct guard *g, uint64_t now_us, const struct guard_sample *now)
{
	if (g->watching) {
		guard_kept(g, now_us, now);
	}
	turn(g, now_us, now);
	g->base = sum_of(g, now);
	g->pushed = *now;
	g->pushed_us = now_us;
	g->watching = true;
}

void guard_kept(struct guard *g, uint64_t now_us, const struct guard_sample *now)
{
	/* the slot that was open at the push stays open: all of the watch falls into it */
	g->watching = false;
	turn(g, now_us, now);
}

void guard_undone(struct guard *g, uint64_t now_us, const struct guard_sample *now)
{
	struct guard_sample open = minus(&g->pushed, &g->slot_from);

	g->watching = false;
	/* what came before the push in the open slot stays in it */
	g->slot_from = minus(now, &open);
	turn(g, now_us, now);
}

static uint32_t share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (uint32_t)(part * PPM / whole) : 0;
}

/* One share as it was and as it is. */
struct change {
	uint32_t base, since;
	bool base_known;
};

static bool rises(const struct change *c, uint32_t limit)
{
	return c->base_known && c->since > c->base && c->since - c->base > limit * PPM_OF_LIMIT;
}

static bool falls(const struct change *c, uint32_t limit)
{
	return c->base_known && c->base > c->since && c->base - c->since > limit * PPM_OF_LIMIT;
}

/* A share that was above the ceiling before the push is no news. */
static bool exceeds(const struct change *c, uint32_t limit)
{
	return c->since > limit * PPM_OF_LIMIT &&
	       (!c->base_known || c->base <= limit * PPM_OF_LIMIT);
}

static bool finds(struct guard_finding *f, enum guard_band band, const struct change *c,
	uint32_t limit, bool breach)
{
	if (breach) {
		f->band = band;
		f->base_ppm = c->base;
		f->since_ppm = c->since;
		f->limit = limit;
	}
	return breach;
}

static struct change change_of(
	const struct guard *g, const struct guard_finding *f, uint64_t base, uint64_t since)
{
	return (struct change){ share(base, f->base.messages), share(since, f->since.messages),
		f->base.messages >= g->config.min_messages && f->base.messages != 0 };
}

/* look: the first limit that is passed, the most telling one first. */
static bool look(const struct guard *g, struct guard_finding *f)
{
	const struct guard_config *c = &g->config;
	struct change refused = change_of(g, f, f->base.refused, f->since.refused);
	struct change redacted = change_of(g, f, f->base.redacted, f->since.redacted);
	struct change reported = change_of(g, f, f->base.reported, f->since.reported);

	f->band = GUARD_NONE;
	f->base_ppm = refused.base;
	f->since_ppm = refused.since;
	f->limit = 0;
	return finds(f, GUARD_REFUSED_SHARE, &refused, c->refused_share_max,
		       exceeds(&refused, c->refused_share_max)) ||
	       finds(f, GUARD_REFUSED_RISE, &refused, c->refused_rise_max,
		       rises(&refused, c->refused_rise_max)) ||
	       finds(f, GUARD_REFUSED_FALL, &refused, c->refused_fall_max,
		       falls(&refused, c->refused_fall_max)) ||
	       finds(f, GUARD_REDACTED_RISE, &redacted, c->redacted_rise_max,
		       rises(&redacted, c->redacted_rise_max)) ||
	       finds(f, GUARD_REPORTED_RISE, &reported, c->reported_rise_max,
		       rises(&reported, c->reported_rise_max));
}

enum guard_state guard_see(struct guard *g, uint64_t now_us, const struct guard_sample *now,
	struct guard_finding *found)
{
	struct guard_finding f = { .band = GUARD_NONE };
	bool enough;
	bool breach;

	if (!g->watching) {
		turn(g, now_us, now);
		return GUARD_IDLE;
	}
	f.base = g->base;
	f.since = minus(now, &g->pushed);
	f.after_us = now_us > g->pushed_us ? now_us - g->pushed_us : 0;
	enough = f.since.messages != 0 && f.since.messages >= g->config.min_messages;
	breach = look(g, &f) && enough;
	if (!breach && f.after_us < g->config.watch_s * CLOCK_US_PER_S) {
		return GUARD_WATCHING;
	}
	*found = f;
	if (breach) {
		return GUARD_BREACH;
	}
	guard_kept(g, now_us, now);
	return enough ? GUARD_GOOD : GUARD_QUIET;
}
