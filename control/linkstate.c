/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/linkstate.h"

/* What has changed by itself: a port that is set down by us, or was a moment ago, says nothing. */
static void take(
	struct linkstate *l, const bool up[2], uint64_t now_ms, struct linkstate_news *news)
{
	for (int i = 0; i < 2; i++) {
		if (l->settle_until_ms[i] != 0 && (up[i] || now_ms >= l->settle_until_ms[i])) {
			l->settle_until_ms[i] = 0;
		}
		if (l->forced[i] || l->settle_until_ms[i] != 0) {
			continue;
		}
		news->changed[i] =
			l->known ? l->up[i] != up[i] : !up[i]; /* up is what is expected */
		l->n_downs += news->changed[i] && !up[i] ? 1 : 0;
		l->up[i] = up[i];
	}
	l->known = true;
}

struct linkstate_news linkstate_see(
	struct linkstate *l, bool inside_up, bool outside_up, bool propagate, uint64_t now_ms)
{
	const bool up[2] = { inside_up, outside_up };
	struct linkstate_news news = { .side = -1 };

	take(l, up, now_ms, &news);
	if (!propagate || l->error != 0) {
		return news;
	}
	for (int i = 0; i < 2 && news.side < 0; i++) {
		int other = 1 - i;

		if (l->forced[other] && l->up[i]) {
			l->forced[other] = false;
			l->settle_until_ms[other] = now_ms + LINKSTATE_SETTLE_MS;
			news.side = other;
			news.set_up = true;
		} else if (!l->up[i] && !l->forced[i] && l->settle_until_ms[i] == 0 &&
			   !l->forced[other] && l->up[other]) {
			l->forced[other] = true;
			l->settle_until_ms[other] = 0;
			l->n_propagated++;
			news.side = other;
			news.set_up = false;
		}
	}
	return news;
}

void linkstate_failed(struct linkstate *l, const struct linkstate_news *news, int error)
{
	if (news->side >= 0) {
		l->forced[news->side] = false;
		l->settle_until_ms[news->side] = 0;
		l->n_propagated -= news->set_up ? 0 : 1;
	}
	l->error = error;
}
