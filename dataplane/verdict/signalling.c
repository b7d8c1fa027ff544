/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/signalling.h"

#include <assert.h>

#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

#include "dataplane/verdict/signalling_table.h"

static_assert(SIGNALLING_SCAN_MAX < 2 * SIGNALLING_SKETCH_BITS + SIGNALLING_SKETCH_BITS / 2,
	"the sketch's error would be above 3 %");

#define BIT(check)  (UINT32_C(1) << SIGNALLING_##check)
#define SEEN(kind)  (UINT32_C(1) << SIGNALLING_SEEN_##kind)
#define GT_MINIMUM  64u
#define GT_MAXIMUM  65536u
#define ASK_MINIMUM 64u

/* What is counted by originator, and so told once a window. */
#define COUNTED (BIT(SRI_NO_DELIVERY) | BIT(SRI_RATIO) | BIT(GT_SCAN) | BIT(BER))

enum kind { KIND_OTHER, KIND_SRI, KIND_MT, KIND_MO };

/* Lines: own, then what control reads. */
struct signalling {
	struct signalling_table_config config;
	uint32_t age, delivery, learn, answer, vouch; /* ticks */
	bool learning;                                /* an answer to an SRI has been seen, at */
	uint32_t learning_tick;
	uint32_t seen_all;
	struct signalling_notes asked; /* questions whose answer is awaited */
	struct signalling_notes told;  /* IMSIs, by who was told */
	struct signalling_origins origins;
	uint16_t estimates[SIGNALLING_SKETCH_BITS + 1];
	struct {
		_Alignas(64) uint32_t seen[LIMIT_LINKS];
		struct signalling_gauges gauges;
		uint64_t found[LIMIT_LINKS][SIGNALLING_CHECK_COUNT];
	} pub;
};

static uint32_t asked_max(const struct signalling_table_config *c)
{
	return c->entries_max / 4 > ASK_MINIMUM ? c->entries_max / 4 : ASK_MINIMUM;
}

static uint32_t origins_max(const struct signalling_table_config *c)
{
	uint32_t n = c->entries_max / 16;

	return n < GT_MINIMUM ? GT_MINIMUM : n > GT_MAXIMUM ? GT_MAXIMUM : n;
}

size_t signalling_size(const struct signalling_table_config *config)
{
	return sizeof(struct signalling) + signalling_origins_size(origins_max(config)) +
	       signalling_notes_size(config->entries_max) +
	       signalling_notes_size(asked_max(config));
}

struct signalling *signalling_init(void *memory, const struct signalling_table_config *config)
{
	struct signalling *s = memory;
	uint8_t *at = memory;

	assert(config->delivery_us <= config->age_us);
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->age = signalling_ticks(config->age_us);
	s->delivery = signalling_ticks(config->delivery_us);
	s->learn = signalling_ticks(config->learn_us);
	s->answer = signalling_ticks(LIMIT_SIGNALLING_ANSWER_US);
	s->vouch = signalling_ticks(LIMIT_SIGNALLING_VOUCH_US);
	signalling_sketch_estimates(s->estimates);
	at += sizeof(*s);
	signalling_origins_init(&s->origins, at, origins_max(config));
	at += signalling_origins_size(origins_max(config));
	signalling_notes_init(&s->told, at, config->entries_max);
	at += signalling_notes_size(config->entries_max);
	signalling_notes_init(&s->asked, at, asked_max(config));
	return s;
}

void signalling_event_map(struct signalling_event *e, const struct gsmmap_message *m)
{
	const struct gsmmap_address *centre = &m->service_centre;

	e->component = (uint8_t)m->type;
	e->operation = m->operation;
	e->error = m->error;
	e->invoke_id = m->invoke_id;
	e->to_mobile = m->to_mobile;
	e->imsi = bytes_of(m->imsi.digits, m->imsi.n_digits);
	e->msisdn = bytes_of(m->msisdn.digits, m->msisdn.n_digits);
	e->smsc = bytes_of(centre->digits, centre->n_digits);
	e->smsc_national = centre->nature == TON_NATIONAL;
}

/* ---- keys: hashed under the secret, so that nobody can choose two that meet ---- */

/* cut: the first `max` octets; data may be NULL where there are none. */
static struct bytes cut(struct bytes b, size_t max)
{
	return bytes_of(b.data, b.len < max ? b.len : max);
}

static uint64_t hash_of(const struct signalling *s, struct bytes octets)
{
	return XXH3_64bits_withSeed(octets.data, octets.len, s->config.hash_key);
}

/* hash_two: of `a` and the octets behind it, which are cut to what an honest one has. */
static uint64_t hash_two(const struct signalling *s, uint64_t a, uint32_t b, struct bytes octets)
{
	uint8_t key[sizeof(a) + sizeof(b) + LIMIT_MAP_DIGITS];

	octets = cut(octets, LIMIT_MAP_DIGITS);
	memcpy(key, &a, sizeof(a));
	memcpy(key + sizeof(a), &b, sizeof(b));
	memcpy(key + sizeof(a) + sizeof(b), octets.data, octets.len);
	return hash_of(s, bytes_of(key, sizeof(a) + sizeof(b) + octets.len));
}

/* origin_hash: by the leading digits of the global title; without one by link and point code. */
static uint64_t origin_hash(const struct signalling *s, const struct signalling_config *c,
	struct bytes gt, unsigned link, uint32_t point_code)
{
	uint64_t h = gt.len != 0 ? hash_two(s, 0, 0, cut(gt, c->gt_digits))
	                         : hash_two(s, 1 + (uint64_t)link, point_code, bytes_of(NULL, 0));

	return h != 0 ? h : 1; /* 0 is a free place */
}

static unsigned target_of(const struct signalling *s, struct bytes digits)
{
	return (unsigned)(hash_of(s, cut(digits, LIMIT_MAP_DIGITS)) % SIGNALLING_SKETCH_BITS);
}

/* ---- what one event says ---- */

static bool has_prefix(struct bytes digits, const struct signalling_prefix *prefix)
{
	size_t i = 0;

	while (prefix->digits[i] != '\0' && i < digits.len &&
		digits.data[i] == (uint8_t)prefix->digits[i]) {
		i++;
	}
	return prefix->digits[i] == '\0';
}

static bool starts_with(struct bytes digits, const struct signalling_prefix *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (has_prefix(digits, &list[i])) {
			return true;
		}
	}
	return false;
}

/* same_sender: two international numbers with the same leading digits. */
static bool same_sender(struct bytes a, struct bytes b, size_t digits)
{
	return bytes_equal(cut(a, digits), cut(b, digits));
}

/* same_national: `national` has no country code (1 to 3 digits, E.164 6.2.1), maybe a trunk 0. */
static bool same_national(struct bytes gt, struct bytes national, size_t digits)
{
	while (national.len != 0 && national.data[0] == '0') {
		national = bytes_slice(national, 1, national.len);
	}
	for (size_t country = 1; country <= 3; country++) {
		size_t rest = digits > country ? digits - country : 1;

		if (gt.len > country && national.len != 0 &&
			same_sender(bytes_slice(gt, country, gt.len), national, rest)) {
			return true;
		}
	}
	return false;
}

static enum kind kind_of(const struct signalling_event *e)
{
	switch (e->operation) {
	case GSMMAP_SEND_ROUTING_INFO:
		return KIND_SRI;
	case GSMMAP_MT_FORWARD_SM:
	case GSMMAP_MO_FORWARD_SM:
		return e->to_mobile ? KIND_MT : KIND_MO;
	default:
		return KIND_OTHER;
	}
}

static bool is_answer(const struct signalling_event *e)
{
	return e->component == TCAP_RESULT_LAST || e->component == TCAP_RESULT_NOT_LAST ||
	       e->component == TCAP_ERROR || e->component == TCAP_REJECT;
}

/* proves_target: an error that says that the one who was asked for exists (TS 29.002 17.6.6). */
static bool proves_target(const struct signalling_event *e)
{
	static const uint8_t errors[] = { 6, 11, 13, 27, 31, 32, 33 };

	for (size_t i = 0; i < sizeof(errors); i++) {
		if (e->component == TCAP_ERROR && e->error == errors[i]) {
			return true;
		}
	}
	return e->component != TCAP_ERROR && e->component != TCAP_REJECT;
}

static void see_traffic(struct signalling *s, unsigned link, uint32_t kinds)
{
	uint32_t *seen = &s->pub.seen[link % LIMIT_LINKS];

	s->seen_all |= kinds;
	if ((*seen & kinds) != kinds) {
		__atomic_store_n(seen, *seen | kinds, __ATOMIC_RELAXED);
	}
}

/* ---- what time brings ---- */

static void count_failure(struct signalling *s, const struct signalling_note *note)
{
	struct signalling_origin *o = signalling_origins_find(&s->origins, note->origin);

	if (o != NULL) {
		signalling_origin_fail(o, note->target);
	}
}

/* sweep: a bounded slice of what is overdue: answers that did not come, IMSIs that were not used. */
static void sweep(struct signalling *s, uint32_t tick)
{
	struct signalling_origin *o;

	for (unsigned i = 0; i < LIMIT_SIGNALLING_SWEEP; i++) {
		struct signalling_note *note = signalling_notes_due(&s->asked, tick, s->answer);

		if (note == NULL) {
			break;
		}
		if (note->state == NOTE_OPEN) {
			count_failure(s, note);
			signalling_notes_kill(&s->asked, note);
		}
	}
	for (unsigned i = 0; i < LIMIT_SIGNALLING_SWEEP; i++) {
		const struct signalling_note *note =
			signalling_notes_due(&s->told, tick, s->delivery);

		if (note == NULL) {
			break;
		}
		o = note->state == NOTE_OPEN ? signalling_origins_find(&s->origins, note->origin)
		                             : NULL;
		if (o != NULL) {
			o->n_unused++;
		}
	}
	signalling_notes_expire(&s->asked, tick, s->answer, LIMIT_SIGNALLING_SWEEP);
	signalling_notes_expire(&s->told, tick, s->age, LIMIT_SIGNALLING_SWEEP);
}

static void publish(struct signalling *s)
{
	struct signalling_gauges *g = &s->pub.gauges;

	__atomic_store_n(&g->told, s->told.open, __ATOMIC_RELAXED);
	__atomic_store_n(&g->asked, s->asked.open, __ATOMIC_RELAXED);
	__atomic_store_n(&g->gts, s->origins.used, __ATOMIC_RELAXED);
	__atomic_store_n(&g->forgotten, s->told.forgotten, __ATOMIC_RELAXED);
	__atomic_store_n(&g->gts_forgotten, s->origins.forgotten, __ATOMIC_RELAXED);
}

/* ---- answers ---- */

/* take_told: `origin` knows this IMSI from now on. */
static void take_told(
	struct signalling *s, uint64_t origin, const struct signalling_event *e, uint32_t tick)
{
	struct signalling_note *note =
		signalling_notes_add(&s->told, hash_two(s, origin, 0, e->imsi), tick, s->age);

	note->origin = origin;
	see_traffic(s, e->link, SEEN(SRI_ANSWER));
	if (!s->learning) {
		s->learning = true;
		s->learning_tick = tick;
	}
}

/*
 * take_answer: only an answer to a question that was seen tells anything: who could invent answers
 * could vouch for himself.
 */
static void take_answer(struct signalling *s, const struct signalling_config *c,
	const struct signalling_event *e, uint32_t tick)
{
	uint64_t asker = origin_hash(s, c, e->called_gt, e->link, e->dpc);
	struct signalling_note *note;

	if (e->dtid.len == 0) {
		return;
	}
	note = signalling_notes_find(
		&s->asked, hash_two(s, asker, (uint32_t)e->invoke_id, e->dtid), tick, s->answer);
	if (note == NULL) {
		return;
	}
	see_traffic(s, e->link, SEEN(ANSWER));
	if (!proves_target(e)) {
		count_failure(s, note);
	} else if (note->kind == KIND_SRI && e->component != TCAP_ERROR && e->imsi.len != 0) {
		take_told(s, note->origin, e, tick);
	}
	signalling_notes_kill(&s->asked, note);
}

/* ---- questions ---- */

/* One event on its way through the checks. */
struct look {
	struct signalling *s;
	const struct signalling_config *c;
	const struct signalling_event *e;
	enum kind kind;
	uint32_t tick;
	uint64_t origin_hash;
	struct signalling_origin *origin; /* NULL: nothing is counted of it */
	uint32_t found;
	uint32_t scanned; /* what gt_scan counted */
};

static void look_opcode(struct look *l)
{
	const struct signalling_config *c = l->c;
	bool listed = c->n_operations == 0;

	for (unsigned i = 0; i < c->n_operations && !listed; i++) {
		listed = c->operations[i] == l->e->operation;
	}
	l->found |= listed ? 0 : BIT(OPCODE);
}

static void look_smsc_gt(struct look *l)
{
	const struct signalling_event *e = l->e;
	struct bytes gt = l->kind == KIND_MT ? e->calling_gt : e->called_gt;
	bool same;

	if (gt.len == 0 || e->smsc.len == 0) {
		return;
	}
	same = e->smsc_national ? same_national(gt, e->smsc, l->c->gt_digits)
	                        : same_sender(gt, e->smsc, l->c->gt_digits);
	l->found |= same ? 0 : BIT(SMSC_GT);
}

static void look_mo_outside(struct look *l)
{
	const struct signalling_event *e = l->e;
	const struct signalling_config *c = l->c;
	bool home = e->calling_gt.len != 0
	                    ? starts_with(e->calling_gt, c->home_gt, c->n_home_gt) ||
	                              starts_with(e->calling_gt, c->roaming_gt, c->n_roaming_gt)
	                    : e->side == SIDE_INSIDE;

	if (c->n_home_gt != 0 && !home &&
		starts_with(e->msisdn, c->home_msisdn, c->n_home_msisdn)) {
		l->found |= BIT(MO_OUTSIDE);
	}
}

/* can_vouch: told IMSIs reach back far enough to say that one was not told. */
static bool can_vouch(const struct look *l)
{
	const struct signalling *s = l->s;

	return s->learning && signalling_since(s->learning_tick, l->tick) >= s->learn &&
	       (s->told.forgotten == 0 || signalling_since(s->told.lost_tick, l->tick) >= s->vouch);
}

static void look_sri(struct look *l)
{
	struct signalling *s = l->s;
	struct signalling_note *note;

	if (l->e->imsi.len == 0) {
		return; /* by LMSI, or a further message of a dialogue: nothing to compare */
	}
	note = signalling_notes_find(
		&s->told, hash_two(s, l->origin_hash, 0, l->e->imsi), l->tick, s->age);
	if (note != NULL) {
		note->state = NOTE_USED;
	} else if (can_vouch(l)) {
		l->found |= BIT(MT_WITHOUT_SRI);
	}
}

/* number_of: the digits as a number; 0: they are none. */
static uint64_t number_of(struct bytes digits)
{
	uint64_t n = 0;

	if (digits.len > 15) {
		return 0; /* E.164 6, E.212 4: 15 at most */
	}
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9') {
			return 0;
		}
		n = n * 10 + (uint64_t)(digits.data[i] - '0');
	}
	return n;
}

/* count_run: how many numbers have followed one another closely, either way. */
static void count_run(struct signalling_origin *o, unsigned which, struct bytes digits)
{
	uint64_t n = number_of(digits);
	uint64_t last = o->last_number[which];
	uint64_t step = n > last ? n - last : last - n;

	if (n == 0 || step == 0) {
		return; /* none, or the same again */
	}
	o->last_number[which] = n;
	if (step > LIMIT_SIGNALLING_STEP || last == 0) {
		o->run[which] = 1;
	} else if (o->run[which] < UINT16_MAX) {
		o->run[which]++;
	}
}

/* ask: the question is kept until its answer comes; one under the same ids was never answered. */
static void ask(struct look *l, struct bytes target)
{
	struct signalling *s = l->s;
	uint64_t hash = hash_two(s, l->origin_hash, (uint32_t)l->e->invoke_id, l->e->otid);
	struct signalling_note *note;

	if (l->e->otid.len == 0) {
		return;
	}
	note = signalling_notes_find(&s->asked, hash, l->tick, s->answer);
	if (note != NULL) {
		count_failure(s, note);
	}
	note = signalling_notes_add(&s->asked, hash, l->tick, s->answer);
	note->origin = l->origin_hash;
	note->target = (uint16_t)target_of(s, target);
	note->kind = (uint8_t)l->kind;
}

static void count_question(struct look *l)
{
	const struct signalling_event *e = l->e;
	struct signalling_origin *o = l->origin;

	o->n_asked++;
	switch (l->kind) {
	case KIND_SRI:
		o->n_sri++;
		count_run(o, 0, e->msisdn);
		ask(l, e->msisdn);
		break;
	case KIND_MT:
		o->n_mt++;
		count_run(o, 1, e->imsi);
		ask(l, e->imsi);
		break;
	case KIND_MO:
		ask(l, e->called_gt.len != 0 ? e->called_gt : e->smsc);
		break;
	case KIND_OTHER:
		break;
	}
}

static void look_scan(struct look *l)
{
	const struct signalling_origin *o = l->origin;
	uint32_t targets = l->s->estimates[o->n_bits];
	uint32_t run = o->run[l->kind == KIND_MT ? 1 : 0];
	bool in_vain = targets > l->c->scan_max &&
	               (uint64_t)o->n_failed * 100 >= (uint64_t)o->n_asked * l->c->scan_percent &&
	               (l->s->seen_all & SEEN(ANSWER)) != 0;
	bool in_a_row = l->kind != KIND_MO && run >= l->c->scan_run;

	if (in_vain || in_a_row) {
		l->found |= BIT(GT_SCAN);
		l->scanned = in_vain ? targets : run;
	}
}

/* look_harvest: only where mobile terminated messages could have been seen. */
static void look_harvest(struct look *l)
{
	const struct signalling_config *c = l->c;
	const struct signalling_origin *o = l->origin;

	if ((l->s->seen_all & SEEN(MT)) == 0) {
		return;
	}
	if (o->n_sri >= c->sri_min && o->n_sri > (uint64_t)o->n_mt * c->sri_per_mt) {
		l->found |= BIT(SRI_RATIO);
	}
	if (o->n_unused > c->unused_max) {
		l->found |= BIT(SRI_NO_DELIVERY);
	}
}

static void look_question(struct look *l)
{
	static const uint32_t seen[] = { [KIND_OTHER] = SEEN(ANY),
		[KIND_SRI] = SEEN(ANY) | SEEN(SRI),
		[KIND_MT] = SEEN(ANY) | SEEN(MT),
		[KIND_MO] = SEEN(ANY) | SEEN(MO) };

	see_traffic(l->s, l->e->link, seen[l->kind]);
	look_opcode(l);
	if (l->kind == KIND_OTHER) {
		return;
	}
	l->origin = signalling_origins_take(&l->s->origins, l->origin_hash, l->tick);
	signalling_origin_roll(l->origin, l->tick, signalling_ticks(l->c->window_us));
	count_question(l);
	look_scan(l);
	if (l->kind == KIND_SRI) {
		look_harvest(l);
	} else {
		look_smsc_gt(l);
	}
	if (l->kind == KIND_MT) {
		look_sri(l);
	}
	if (l->kind == KIND_MO) {
		look_mo_outside(l);
	}
}

static void look_malformed(struct look *l)
{
	see_traffic(l->s, l->e->link, SEEN(ANY));
	l->origin = signalling_origins_take(&l->s->origins, l->origin_hash, l->tick);
	signalling_origin_roll(l->origin, l->tick, signalling_ticks(l->c->window_us));
	if (++l->origin->n_ber > l->c->ber_max) {
		l->found |= BIT(BER);
	}
}

/* count_of: what the check counted, for the event. */
static uint32_t count_of(const struct look *l, unsigned check)
{
	switch (check) {
	case SIGNALLING_SRI_NO_DELIVERY:
		return l->origin->n_unused;
	case SIGNALLING_SRI_RATIO:
		return l->origin->n_sri;
	case SIGNALLING_GT_SCAN:
		return l->scanned;
	case SIGNALLING_BER:
		return l->origin->n_ber;
	default:
		return 0;
	}
}

/* conclude: what was found, less what is off, and the most severe of the actions. */
static void conclude(struct look *l, struct signalling_finding *out)
{
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		uint32_t bit = UINT32_C(1) << i;

		if (l->c->action[i] == SIGNALLING_OFF) {
			l->found &= ~bit;
		}
		if ((l->found & bit) != 0 && l->c->action[i] > out->action) {
			out->action = l->c->action[i];
			out->check = (uint8_t)i;
			out->count = count_of(l, i);
		}
	}
	out->checks = l->found;
	out->fresh = l->found;
	if (l->origin != NULL) {
		out->fresh &= ~(l->origin->told & COUNTED);
		l->origin->told |= l->found & COUNTED;
	}
}

/* count_found: for status; control reads while this is written. */
static void count_found(struct signalling *s, unsigned link, uint32_t fresh)
{
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT && fresh >> i != 0; i++) {
		uint64_t *n = &s->pub.found[link % LIMIT_LINKS][i];

		__atomic_store_n(n, *n + (fresh >> i & 1), __ATOMIC_RELAXED);
	}
}

uint32_t signalling_see(struct signalling *s, const struct signalling_config *config,
	const struct signalling_event *e, struct signalling_finding *out)
{
	struct look l = {
		.s = s, .c = config, .e = e, .tick = signalling_ticks(e->now_us), .kind = kind_of(e)
	};

	*out = (struct signalling_finding){ .check = SIGNALLING_CHECK_COUNT };
	sweep(s, l.tick);
	if (!e->malformed && is_answer(e)) {
		take_answer(s, config, e, l.tick);
	} else if (config->from == SIGNALLING_FROM_BOTH || e->side == SIDE_OUTSIDE) {
		l.origin_hash = origin_hash(s, config, e->calling_gt, e->link, e->opc);
		see_traffic(s, e->link, e->calling_gt.len != 0 ? SEEN(GT) : 0);
		if (e->malformed) {
			look_malformed(&l);
		} else if (e->component == TCAP_INVOKE) {
			look_question(&l);
		}
		conclude(&l, out);
		count_found(s, e->link, out->fresh);
	}
	publish(s);
	return out->checks;
}

uint32_t signalling_traffic(const struct signalling *s, unsigned link)
{
	return __atomic_load_n(&s->pub.seen[link % LIMIT_LINKS], __ATOMIC_RELAXED);
}

struct signalling_gauges signalling_gauges(const struct signalling *s)
{
	const struct signalling_gauges *g = &s->pub.gauges;

	return (struct signalling_gauges){
		.told = __atomic_load_n(&g->told, __ATOMIC_RELAXED),
		.asked = __atomic_load_n(&g->asked, __ATOMIC_RELAXED),
		.gts = __atomic_load_n(&g->gts, __ATOMIC_RELAXED),
		.forgotten = __atomic_load_n(&g->forgotten, __ATOMIC_RELAXED),
		.gts_forgotten = __atomic_load_n(&g->gts_forgotten, __ATOMIC_RELAXED),
	};
}

uint64_t signalling_found(const struct signalling *s, unsigned link, enum signalling_check check)
{
	return __atomic_load_n(&s->pub.found[link % LIMIT_LINKS][check], __ATOMIC_RELAXED);
}
