/* SPDX-License-Identifier: BSD-3-Clause */
/* The signalling checks of each link, as doctor.h has it. */
#include <stdio.h>
#include <string.h>

#include "control/doctor.h"

/* Some key of the link says that SIGTRAN is meant; sigtran.ports and the checks are on by default. */
static bool means_sigtran(const struct link_config *l)
{
	const struct signalling_config *s = &l->signalling;

	return l->n_inside_gt != 0 || l->n_inside_point_codes != 0 || s->n_home_gt != 0 ||
	       s->n_home_msisdn != 0 || s->n_roaming_gt != 0 || s->n_operations != 0;
}

static void say_unset(struct doctor *d, const struct link_config *l, enum signalling_check check)
{
	const char *key = signalling_unset(&l->signalling, check);
	const char *name = signalling_check_name(check);
	char fix[128];

	if (key == NULL) {
		return;
	}
	(void)snprintf(
		fix, sizeof(fix), "set signalling.%s, or signalling.%s = \"off\"", key, name);
	doctor_say(d, means_sigtran(l) ? DOCTOR_WARNING : DOCTOR_NOTE, "signalling", fix,
		"link %s: %s is on and finds nothing without signalling.%s", l->name, name, key);
}

void doctor_signalling_keys(struct doctor *d, const struct pipeline_config *config)
{
	for (unsigned i = 0; i < config->n_links; i++) {
		for (unsigned k = 0; k < SIGNALLING_CHECK_COUNT; k++) {
			say_unset(d, &config->links[i], (enum signalling_check)k);
		}
	}
}

/* list: the words of an array of strings, with commas. */
static void list(char *out, size_t size, const json_t *words)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < json_array_size(words) && len < size; i++) {
		len += (size_t)snprintf(out + len, size - len, "%s%s", i == 0 ? "" : ", ",
			json_string_value(json_array_get(words, i)));
	}
}

static void say_blind(struct doctor *d, const char *link, const json_t *checks)
{
	for (unsigned k = 0; k < SIGNALLING_CHECK_COUNT; k++) {
		const char *name = signalling_check_name((enum signalling_check)k);
		const json_t *blind = json_object_get(json_object_get(checks, name), "blind");
		char missing[256];

		if (json_array_size(blind) == 0) {
			continue;
		}
		list(missing, sizeof(missing), blind);
		doctor_say(d, DOCTOR_WARNING, "signalling", NULL,
			"link %s: %s is blind: never seen since the daemon's start: %s", link, name,
			missing);
	}
}

void doctor_signalling_seen(struct doctor *d, const json_t *report)
{
	const json_t *links = json_object_get(report, "links");
	const json_t *opened =
		json_object_get(json_object_get(report, "counters"), "associations_opened");

	for (size_t i = 0; i < json_array_size(links) && json_integer_value(opened) != 0; i++) {
		const json_t *l = json_array_get(links, i);
		const json_t *signalling = json_object_get(l, "signalling");
		const char *name = json_string_value(json_object_get(l, "name"));

		if (json_array_size(json_object_get(signalling, "seen")) != 0) {
			say_blind(d, name != NULL ? name : "-",
				json_object_get(signalling, "checks"));
		} else {
			doctor_say(d, DOCTOR_NOTE, "signalling", NULL,
				"link %s: no MAP was seen since the daemon's start: its signalling "
				"checks are blind",
				name != NULL ? name : "-");
		}
	}
}
