/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and names of nobody: ranges that regulators keep for fiction, and the test network 001 01. */
#include <stdio.h>

#include "control/traffic_parts.h"

void traffic_number_subscriber(struct traffic_maker *m, char out[TRAFFIC_DIGITS_SIZE])
{
	if (traffic_random_below(&m->random, 4) == 0) {
		(void)snprintf(out, TRAFFIC_DIGITS_SIZE, "447700900%03u",
			traffic_random_below(&m->random, 1000));
	} else {
		(void)snprintf(out, TRAFFIC_DIGITS_SIZE, "3363998%04u",
			traffic_random_below(&m->random, 10000));
	}
}

void traffic_number_imsi(struct traffic_maker *m, char out[TRAFFIC_DIGITS_SIZE])
{
	(void)snprintf(out, TRAFFIC_DIGITS_SIZE, "00101%010u",
		traffic_random_below(&m->random, 1000000000));
}

void traffic_number_centre(struct traffic_maker *m, char out[TRAFFIC_DIGITS_SIZE])
{
	(void)snprintf(
		out, TRAFFIC_DIGITS_SIZE, "442079460%03u", traffic_random_below(&m->random, 16));
}

void traffic_number_node(struct traffic_maker *m, unsigned kind, char out[TRAFFIC_DIGITS_SIZE])
{
	(void)snprintf(out, TRAFFIC_DIGITS_SIZE, "3319900%u%03u", kind,
		traffic_random_below(&m->random, 40));
}

void traffic_name(struct traffic_maker *m, struct traffic_address *out)
{
	static const char *const names[] = { "Northbank", "Ellwater", "CafeAlder", "PostLab",
		"Library7", "Lab", "TransitOne", "A1", "Mossclinic", "Townhall", "LongName123" };

	*out = (struct traffic_address){ .ton = 5, .npi = 0 };
	(void)snprintf(out->text, sizeof(out->text), "%s",
		names[traffic_random_below(&m->random, sizeof(names) / sizeof(names[0]))]);
}
