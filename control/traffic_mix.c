/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/traffic_mix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "control/config_text.h"

struct key {
	const char *name; /* "group.key" */
	uint32_t min;
	uint32_t max;
	uint32_t value;
	const char *help;
};

#define X(name, key, min, max, value, help) { key, min, max, value, help },
static const struct key keys[] = { TRAFFIC_KEYS(X) };
#undef X

/* Choices: the weights first..last must not all be 0. */
static const struct {
	enum traffic_key first;
	enum traffic_key last;
} choices[] = {
	{ TRAFFIC_CARRIER_SMPP, TRAFFIC_CARRIER_MAP },
	{ TRAFFIC_PARTS_UDH8, TRAFFIC_PARTS_UDH16 },
	{ TRAFFIC_SMPP_TRANSCEIVER, TRAFFIC_SMPP_RECEIVER },
	{ TRAFFIC_SMPP_SUBMIT_SM, TRAFFIC_SMPP_SUBMIT_MULTI },
	{ TRAFFIC_SCCP_UDT, TRAFFIC_SCCP_LUDT },
	{ TRAFFIC_SCCP_GT1, TRAFFIC_SCCP_GT4 },
	{ TRAFFIC_MAP_MO, TRAFFIC_MAP_COMMAND },
	{ TRAFFIC_MAP_V1, TRAFFIC_MAP_V3 },
};

void traffic_mix_init(struct traffic_mix *mix)
{
	*mix = (struct traffic_mix){ .n_messages = 1000, .seed = 1 };
	for (unsigned i = 0; i < TRAFFIC_KEY_COUNT; i++) {
		mix->value[i] = keys[i].value;
	}
}

static int key_index(const char *name, size_t len)
{
	for (int i = 0; i < TRAFFIC_KEY_COUNT; i++) {
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0) {
			return i;
		}
	}
	return -1;
}

bool traffic_mix_set(struct traffic_mix *mix, const char *setting, struct diag *diag)
{
	const char *equals = strchr(setting, '=');
	size_t len = equals != NULL ? (size_t)(equals - setting) : strlen(setting);
	int i = key_index(setting, len);
	char *end = NULL;
	unsigned long v = 0;

	if (i < 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"there is no setting \"%.*s\" (smswallctl traffic keys lists them)",
			(int)len, setting);
		return false;
	}
	errno = 0;
	if (equals != NULL && equals[1] >= '0' && equals[1] <= '9') {
		v = strtoul(equals + 1, &end, 10);
	}
	if (end == NULL || *end != '\0' || errno != 0 || v < keys[i].min || v > keys[i].max) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"%s is a number from %u to %u: %s=%u, not \"%s\"", keys[i].name,
			keys[i].min, keys[i].max, keys[i].name, keys[i].value, setting);
		return false;
	}
	mix->value[i] = (uint32_t)v;
	return true;
}

struct reader {
	struct traffic_mix *mix;
	const struct config_text *text;
	struct diag *diag;
};

static struct config_origin origin_of(const struct reader *r, const config_setting_t *s)
{
	return config_text_origin(r->text, (int)config_setting_source_line(s));
}

static void read_setting(const struct reader *r, const char *group, const config_setting_t *s)
{
	struct config_origin o = origin_of(r, s);
	char name[64];
	long long v;
	int i;

	(void)snprintf(name, sizeof(name), "%s.%s", group, config_setting_name(s));
	i = key_index(name, strlen(name));
	if (i < 0) {
		diag_add(r->diag, DIAG_ERROR, o.file, o.line, 0,
			"unknown setting \"%s\" (smswallctl traffic keys lists them)", name);
		return;
	}
	if (config_setting_type(s) != CONFIG_TYPE_INT &&
		config_setting_type(s) != CONFIG_TYPE_INT64) {
		diag_add(r->diag, DIAG_ERROR, o.file, o.line, 0,
			"%s: expected a number from %u to %u", name, keys[i].min, keys[i].max);
		return;
	}
	v = config_setting_get_int64(s);
	if (v < keys[i].min || v > keys[i].max) {
		diag_add(r->diag, DIAG_ERROR, o.file, o.line, 0,
			"%s: %lld is out of range: %u to %u", name, v, keys[i].min, keys[i].max);
		return;
	}
	r->mix->value[i] = (uint32_t)v;
}

static void read_groups(const struct reader *r, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *group = config_setting_get_elem(root, (unsigned)i);
		struct config_origin o = origin_of(r, group);

		if (!config_setting_is_group(group)) {
			diag_add(r->diag, DIAG_ERROR, o.file, o.line, 0,
				"%s: expected a group, as in sccp = { udt = 10; };",
				config_setting_name(group));
			continue;
		}
		for (int k = 0; k < config_setting_length(group); k++) {
			read_setting(r, config_setting_name(group),
				config_setting_get_elem(group, (unsigned)k));
		}
	}
}

bool traffic_mix_load(struct traffic_mix *mix, const char *path, struct diag *diag)
{
	size_t errors = diag->n_errors;
	struct config_text text;
	struct reader r = { .mix = mix, .text = &text, .diag = diag };
	config_t parsed;

	if (!config_text_file(&text, path, diag)) {
		config_text_free(&text);
		return false;
	}
	config_init(&parsed);
	if (config_read_string(&parsed, text.text) != CONFIG_TRUE) {
		struct config_origin o = config_text_origin(&text, config_error_line(&parsed));

		diag_add(diag, DIAG_ERROR, o.file, o.line, 0, "%s", config_error_text(&parsed));
	} else {
		read_groups(&r, config_root_setting(&parsed));
	}
	config_destroy(&parsed);
	config_text_free(&text);
	return diag->n_errors == errors;
}

bool traffic_mix_check(const struct traffic_mix *mix, struct diag *diag)
{
	size_t errors = diag->n_errors;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		uint32_t sum = 0;

		for (unsigned k = choices[i].first; k <= choices[i].last; k++) {
			sum += mix->value[k];
		}
		if (sum == 0) {
			diag_add(diag, DIAG_ERROR, NULL, 0, 0,
				"the settings %s to %s are all 0: one of them must have a weight",
				keys[choices[i].first].name, keys[choices[i].last].name);
		}
	}
	return diag->n_errors == errors;
}

void traffic_mix_print(const struct traffic_mix *mix, FILE *to)
{
	const char *group = "";
	size_t group_len = 0;

	for (unsigned i = 0; i < TRAFFIC_KEY_COUNT; i++) {
		const char *dot = strchr(keys[i].name, '.');
		size_t len = (size_t)(dot - keys[i].name);

		if (len != group_len || memcmp(keys[i].name, group, len) != 0) {
			fprintf(to, "%s%.*s = {\n", i != 0 ? "};\n" : "", (int)len, keys[i].name);
			group = keys[i].name;
			group_len = len;
		}
		fprintf(to, "\t%s = %u; # %u..%u: %s\n", dot + 1, mix->value[i], keys[i].min,
			keys[i].max, keys[i].help);
	}
	fputs("};\n", to);
}
