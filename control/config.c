/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/config_read.h"
#include "dataplane/verdict/edit_map.h"

/* Fixed here for replays; the daemon replaces them by random ones before it makes its tables. */
#define REPLAY_HASH_SEED   UINT32_C(0x736D7331)
#define REPLAY_CONCAT_HASH UINT64_C(0x736D7377616C6C31)

static void __attribute__((format(printf, 5, 0)))
report(const struct config_reader *r, enum diag_level level, const config_setting_t *s, bool value,
	const char *format, va_list args)
{
	const struct config_token *t = s != NULL ? config_setting_get_hook(s) : NULL;
	struct config_origin o;
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
	}
	if (t != NULL && value && config_setting_name(s) != NULL && config_setting_is_scalar(s)) {
		t++; /* the value stands behind its name */
	}
	o = config_text_origin(r->text, t != NULL   ? t->line
					: s != NULL ? (int)config_setting_source_line(s)
						    : 1);
	diag_add(r->diag, level, o.file, o.line, t != NULL ? t->column : 0, "%s",
		text != NULL ? text : "out of memory");
	free(text);
}

void config_read_error(const struct config_reader *r, const config_setting_t *s, bool value,
	const char *format, ...)
{
	va_list args;

	if (r->text == NULL) {
		abort(); /* a default of our own table does not fit its own key */
	}
	va_start(args, format);
	report(r, DIAG_ERROR, s, value, format, args);
	va_end(args);
}

void config_read_warning(
	const struct config_reader *r, const config_setting_t *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(r, DIAG_WARNING, s, true, format, args);
	va_end(args);
}

static uint8_t *key_base(const struct config_reader *r, const struct config_key *k, int link)
{
	return (uint8_t *)r->config + config_key_base(k->scope, link >= 0 ? (unsigned)link : 0);
}

static bool is_link_key(const struct config_key *k)
{
	return k->scope != CONFIG_TOP;
}

static bool has_default(const struct config_key *k)
{
	return k->initial != NULL && k->size != 0;
}

/* set_defaults: the table's defaults are written as in a file and read as from one. */
static void set_defaults(const struct config_reader *r)
{
	config_t parsed;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	unsigned next = 0;

	if (f == NULL) {
		abort(); /* out of memory at the very start */
	}
	for (size_t i = 0; i < config_keys_count; i++) {
		if (has_default(&config_keys[i])) {
			fprintf(f, "v%zu = %s;\n", i, config_keys[i].initial);
		}
	}
	fclose(f);
	config_init(&parsed);
	if (config_read_string(&parsed, text) != CONFIG_TRUE) {
		abort(); /* a default of our own table that cannot be read */
	}
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (has_default(k)) {
			(void)config_value_set(r, k,
				config_setting_get_elem(config_root_setting(&parsed), next++),
				key_base(r, k, 0));
		}
	}
	config_destroy(&parsed);
	free(text);
}

void config_quarantine(struct config *c, const char *path)
{
	if (path != c->quarantine_path) {
		snprintf(c->quarantine_path, sizeof(c->quarantine_path), "%s", path);
	}
	c->pipeline.quarantine_actions = c->quarantine_path[0] != '\0' ? c->quarantine_actions : 0;
}

static void finish(struct config *c)
{
	for (unsigned i = 0; i < LIMIT_LINKS; i++) {
		struct link_config *l = &c->pipeline.links[i];

		l->tcp.enforce = l->mode == LINK_ENFORCE;
	}
	/* fragments of several links share a table: one link that verifies makes it verify */
	c->pipeline.fragments.checksums = CHECKSUM_TRUST;
	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		if (c->pipeline.links[i].checksums == CHECKSUM_VERIFY) {
			c->pipeline.fragments.checksums = CHECKSUM_VERIFY;
		}
	}
	config_quarantine(c, c->quarantine_path);
}

void config_defaults(struct config *c)
{
	struct config_reader r = { .config = c };

	memset(c, 0, sizeof(*c));
	set_defaults(&r);
	for (unsigned i = 1; i < LIMIT_LINKS; i++) {
		c->pipeline.links[i] = c->pipeline.links[0];
	}
	c->pipeline.hash_seed = REPLAY_HASH_SEED;
	c->pipeline.concat.hash_key = REPLAY_CONCAT_HASH;
	c->pipeline.limits.hash_key = REPLAY_CONCAT_HASH;
	c->pipeline.sample_key = REPLAY_CONCAT_HASH;
	c->pipeline.signalling.hash_key = REPLAY_CONCAT_HASH;
	finish(c);
}

/* token_fits: `t` can be the value of scalar `s`. */
static bool token_fits(const struct config_token *t, const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		return t->kind == TOKEN_STRING;
	case CONFIG_TYPE_BOOL:
		return t->kind == TOKEN_BOOL;
	default:
		return t->kind == TOKEN_NUMBER;
	}
}

struct visit {
	config_setting_t *setting;
	unsigned next;
	size_t path_len; /* of the group in the path; walk only */
};

/*
 * attach: hooks each setting to its token: its name's, or its value's where it has none. Settings
 * in depth-first order are the tokens in text order, one by one.
 */
static bool attach(config_t *parsed, const struct config_text *text)
{
	struct visit stack[CONFIG_NESTING_MAX + 2] = { { config_root_setting(parsed), 0, 0 } };
	size_t used = 0;
	unsigned depth = 1;

	while (depth > 0) {
		struct visit *v = &stack[depth - 1];
		config_setting_t *s;
		const char *name;

		if (v->next == (unsigned)config_setting_length(v->setting)) {
			depth--;
			continue;
		}
		s = config_setting_get_elem(v->setting, v->next++);
		name = config_setting_name(s);
		if (name != NULL || config_setting_is_scalar(s)) {
			config_setting_set_hook(
				s, used < text->n_tokens ? &text->tokens[used] : NULL);
		}
		if (name != NULL &&
			(used >= text->n_tokens || text->tokens[used++].kind != TOKEN_NAME)) {
			return false;
		}
		if (config_setting_is_scalar(s)) {
			if (used >= text->n_tokens || !token_fits(&text->tokens[used++], s)) {
				return false;
			}
		} else if (depth == sizeof(stack) / sizeof(stack[0])) {
			return false;
		} else {
			stack[depth++] = (struct visit){ s, 0, 0 };
		}
	}
	return used == text->n_tokens;
}

/* is_repeated: has been told as given twice. */
static bool is_repeated(const config_setting_t *s)
{
	const struct config_token *token = config_setting_get_hook(s);

	return token != NULL && token->repeated;
}

/* suggest: the name nearest to `name` in group `path`, or the key of that name elsewhere; "": none. */
static void suggest(
	bool link, const char *path, size_t path_len, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);
	size_t best = 3;

	out[0] = '\0';
	if (!link && path_len == 0 && diag_distance("links", name) < best) {
		snprintf(out, size, ": did you mean links?");
		return;
	}
	for (size_t i = 0; i < config_keys_count; i++) {
		const char *p = config_keys[i].path;
		char part[64];
		size_t d;

		if (is_link_key(&config_keys[i]) != link || strncmp(p, path, path_len) != 0) {
			continue;
		}
		snprintf(part, sizeof(part), "%.*s", (int)strcspn(p + path_len, "."), p + path_len);
		d = diag_distance(part, name);
		if (d < best && d < len) {
			best = d;
			snprintf(out, size, ": did you mean %s?", part);
		}
	}
	for (size_t i = 0; i < config_keys_count && out[0] == '\0'; i++) {
		const char *dot = strrchr(config_keys[i].path, '.');
		const char *where = is_link_key(&config_keys[i]) ? "a link" : "the file";

		if (strcmp(dot != NULL ? dot + 1 : config_keys[i].path, name) == 0) {
			snprintf(out, size, ": %s is a key of %s", config_keys[i].path, where);
		} else if (strncmp(config_keys[i].path, name, len) == 0 &&
			   config_keys[i].path[len] == '.') {
			snprintf(out, size, ": it is a group of %s", where);
		}
	}
}

/* find_key: the key of this path, and whether there are keys below it. */
static const struct config_key *find_key(bool link, const char *path, bool *is_group)
{
	size_t len = strlen(path);

	*is_group = false;
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (is_link_key(k) != link || strncmp(k->path, path, len) != 0) {
			continue;
		}
		if (k->path[len] == '\0') {
			return k;
		}
		*is_group = *is_group || k->path[len] == '.';
	}
	return NULL;
}

static void read_links(struct config_reader *r, config_setting_t *links);

/*
 * read_group: the keys in `top` and the groups below it, in the order of the file. `link` is -1 for
 * the file itself, else the number of the link.
 */
static void read_group(struct config_reader *r, config_setting_t *top, int link)
{
	struct visit stack[CONFIG_NESTING_MAX + 2] = { { top, 0, 0 } };
	char path[256] = "";
	char hint[160];
	unsigned depth = 1;

	while (depth > 0) {
		struct visit *v = &stack[depth - 1];
		const struct config_key *k;
		config_setting_t *s;
		bool is_group;

		if (v->next == (unsigned)config_setting_length(v->setting)) {
			depth--;
			continue;
		}
		s = config_setting_get_elem(v->setting, v->next++);
		snprintf(path + v->path_len, sizeof(path) - v->path_len, "%s",
			config_setting_name(s));
		if (is_repeated(s)) {
			continue;
		}
		k = find_key(link >= 0, path, &is_group);
		if (k != NULL) {
			r->given[link + 1][k - config_keys] = (struct config_given){ s,
				config_value_set(r, k, s, key_base(r, k, link)) };
		} else if (is_group && !config_setting_is_group(s)) {
			config_read_error(r, s, true, "%s: expected a group { ... }, not %s", path,
				config_type_name(s));
		} else if (is_group) {
			size_t len = strlen(path);

			path[len] = '.';
			stack[depth++] = (struct visit){ s, 0, len + 1 };
		} else if (link < 0 && depth == 1 && strcmp(path, "links") == 0) {
			read_links(r, s);
		} else {
			suggest(link >= 0, path, v->path_len, config_setting_name(s), hint,
				sizeof(hint));
			config_read_error(r, s, false, "unknown key %.64s%s", path, hint);
		}
	}
}

static void read_links(struct config_reader *r, config_setting_t *links)
{
	struct pipeline_config *p = &r->config->pipeline;

	if (!config_setting_is_list(links) || config_setting_length(links) == 0) {
		config_read_error(
			r, links, true, "links: expected a list of groups ({ ... }, { ... })");
		return;
	}
	if (config_setting_length(links) > (int)LIMIT_LINKS) {
		config_read_error(r, links, false, "links: %d are too many: at most %u",
			config_setting_length(links), LIMIT_LINKS);
		return;
	}
	p->n_links = (uint8_t)config_setting_length(links);
	for (int i = 0; i < p->n_links; i++) {
		config_setting_t *l = config_setting_get_elem(links, (unsigned)i);

		if (!config_setting_is_group(l)) {
			config_read_error(r, l, true,
				"links: element %d: expected a group { ... }, not %s", i + 1,
				config_type_name(l));
			continue;
		}
		read_group(r, l, i);
		for (size_t k = 0; k < config_keys_count; k++) {
			if (is_link_key(&config_keys[k]) && config_keys[k].initial == NULL &&
				r->given[i + 1][k].at == NULL) {
				config_read_error(r, l, false, "link %d has no %s", i + 1,
					config_keys[k].path);
			}
		}
	}
}

/* read_root: the file itself: its keys and groups, and the links where they stand. */
static void read_root(struct config_reader *r, config_setting_t *root)
{
	read_group(r, root, -1);
	if (config_setting_get_member(root, "links") == NULL) {
		config_read_error(
			r, NULL, false, "no links: links = ({ name = \"...\"; ports = [0, 1]; });");
	}
}

/* given: where key `path` was given; NULL: it has its default, or what was given is already called wrong. */
static const config_setting_t *given(const struct config_reader *r, int link, const char *path)
{
	bool is_group;
	const struct config_key *k = find_key(link >= 0, path, &is_group);
	const struct config_given *g = k != NULL ? &r->given[link + 1][k - config_keys] : NULL;

	return g != NULL && g->ok ? g->at : NULL;
}

static void check_name(const struct config_reader *r, int link)
{
	const struct link_config *l = r->config->pipeline.links;
	const config_setting_t *s = given(r, link, "name");
	const char *name = l[link].name;

	if (s == NULL) {
		return;
	}
	if (name[0] == '\0') {
		config_read_error(r, s, true, "name: a link's name is empty");
	}
	for (const char *p = name; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && strchr("_.-", *p) == NULL) {
			config_read_error(
				r, s, true, "name: \"%s\": only letters, digits, _ . -", name);
			break;
		}
	}
	for (int i = 0; i < link && name[0] != '\0'; i++) {
		if (strcmp(l[i].name, name) == 0) {
			config_read_error(
				r, s, true, "name: link %d is called \"%s\" too", i + 1, name);
			break;
		}
	}
}

static void check_ports(const struct config_reader *r, int link)
{
	const struct config_port_pair *pairs = r->config->pairs;
	const config_setting_t *s = given(r, link, "ports");

	if (s == NULL) {
		return;
	}
	for (int i = 0; i < link; i++) {
		const uint16_t both[2] = { pairs[i].inside_port, pairs[i].outside_port };

		for (unsigned j = 0; j < 2; j++) {
			if (given(r, i, "ports") != NULL &&
				(both[j] == pairs[link].inside_port ||
					both[j] == pairs[link].outside_port)) {
				config_read_error(r, s, false,
					"ports: port %u is one of link %d too", both[j], i + 1);
			}
		}
	}
}

/* Statuses on which real ESMEs send the same message again (research/inline-blocking.md 0). */
static bool is_temporary(uint32_t status)
{
	return status == 0x08 || status == 0x14 || status == 0x58 || status == 0x64;
}

/* warn_temporary: a MAP error after which the sender tries again. */
static void warn_temporary(
	const struct config_reader *r, int link, const char *path, uint32_t error)
{
	const config_setting_t *s = given(r, link, path);

	if (s != NULL && (edit_map_error_traits(error) & MAP_ERROR_TEMPORARY) != 0) {
		config_read_warning(r, s, "%s: %s is temporary: the message comes again", path,
			edit_map_error_name(error));
	}
}

/* warn_idle: a check that was asked for and finds nothing without another key. */
static void warn_idle(const struct config_reader *r, int link)
{
	const struct signalling_config *c = &r->config->pipeline.links[link].signalling;

	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		const char *missing = signalling_unset(c, (enum signalling_check)i);
		char path[64];
		const config_setting_t *s;

		snprintf(path, sizeof(path), "signalling.%s",
			signalling_check_name((enum signalling_check)i));
		s = given(r, link, path);
		if (s != NULL && missing != NULL) {
			config_read_warning(
				r, s, "%s: finds nothing without signalling.%s", path, missing);
		}
	}
}

/* warn_digits: what one link was told vouches for what another carries only by the same digits. */
static void warn_digits(const struct config_reader *r, int link)
{
	const struct link_config *l = r->config->pipeline.links;
	const config_setting_t *s = given(r, link, "signalling.gt_digits");

	if (s != NULL && l[link].signalling.gt_digits != l[0].signalling.gt_digits) {
		config_read_warning(r, s,
			"signalling.gt_digits: %u, and %u on link 1: nothing is joined across the two",
			l[link].signalling.gt_digits, l[0].signalling.gt_digits);
	}
}

static void check_link(const struct config_reader *r, int link)
{
	const struct link_config *l = &r->config->pipeline.links[link];
	const config_setting_t *poison = given(r, link, "smpp.to_smsc.poison");
	const config_setting_t *status = given(r, link, "smpp.to_smsc.status");
	const config_setting_t *ports = given(r, link, "smpp.ports");

	check_name(r, link);
	check_ports(r, link);
	warn_temporary(r, link, "sigtran.mo_error", l->mo.status);
	warn_temporary(r, link, "sigtran.mt_error", l->mt.status);
	warn_idle(r, link);
	warn_digits(r, link);
	if (poison != NULL && l->to_smsc.style == EDIT_SELF_REJECT &&
		config_setting_length(poison) == 0) {
		config_read_error(r, poison, false,
			"smpp.to_smsc.poison: without any, a self_reject is a valid message");
	}
	if (status != NULL && is_temporary(l->to_smsc.status)) {
		config_read_warning(r, status,
			"smpp.to_smsc.status: 0x%02X is temporary: real ESMEs send the message again for ever",
			l->to_smsc.status);
	}
	if (ports != NULL && config_setting_length(ports) == 0 && !l->detect && l->content) {
		config_read_warning(
			r, ports, "smpp.ports: none, and smpp.detect is off: no text will be seen");
	}
}

static void check_memory(const struct config_reader *r)
{
	const struct config *c = r->config;
	const struct pipeline_config *p = &c->pipeline;
	const config_setting_t *ring = given(r, -1, "memory.event_ring");
	const config_setting_t *source = given(r, -1, "memory.fragment_per_source");
	const config_setting_t *mbufs = given(r, -1, "memory.mbufs");
	const config_setting_t *rings = given(r, -1, "ports.rx_descriptors");
	uint32_t needed = c->rx_descriptors + c->tx_descriptors + 2 * c->burst;

	if ((p->event_ring_len & (p->event_ring_len - 1)) != 0) {
		config_read_error(r, ring, true, "memory.event_ring: %u is not a power of two",
			p->event_ring_len);
	}
	if ((p->quarantine_ring_len & (p->quarantine_ring_len - 1)) != 0) {
		config_read_error(r, given(r, -1, "memory.quarantine_ring"), true,
			"memory.quarantine_ring: %u is not a power of two", p->quarantine_ring_len);
	}
	if (p->fragments.per_source_max > p->fragments.datagrams_max) {
		config_read_error(r,
			source != NULL ? source : given(r, -1, "memory.fragment_datagrams"), true,
			"memory.fragment_per_source (%u) is above memory.fragment_datagrams (%u)",
			p->fragments.per_source_max, p->fragments.datagrams_max);
	}
	if (c->mbufs < needed) {
		config_read_error(r,
			mbufs != NULL   ? mbufs
			: rings != NULL ? rings
					: given(r, -1, "ports.tx_descriptors"),
			true,
			"memory.mbufs (%u) does not cover the descriptors of a queue and two bursts (%u)",
			c->mbufs, needed);
	}
}

static void check_quarantine(const struct config_reader *r)
{
	const struct config *c = r->config;
	const config_setting_t *total = given(r, -1, "quarantine.total_size");
	const config_setting_t *size = given(r, -1, "quarantine.file_size");
	const config_setting_t *path = given(r, -1, "quarantine.path");

	if (c->quarantine_total_size < c->quarantine_file_size) {
		config_read_error(r, total != NULL ? total : size, true,
			"quarantine.total_size (%" PRIu64
			" MiB) is below quarantine.file_size (%" PRIu64 " MiB)",
			c->quarantine_total_size >> 20, c->quarantine_file_size >> 20);
	}
	if (path != NULL && c->quarantine_path[0] != '\0' && c->quarantine_actions == 0) {
		config_read_warning(
			r, path, "quarantine.path: nothing is kept without quarantine.actions");
	}
}

static void check_timers(const struct config_reader *r)
{
	const struct signalling_table_config *t = &r->config->pipeline.signalling;
	const config_setting_t *s = given(r, -1, "timers.signalling_delivery_s");

	if (t->delivery_us > t->age_us) {
		config_read_error(r, s != NULL ? s : given(r, -1, "timers.signalling_age_s"), true,
			"timers.signalling_delivery_s (%" PRIu64
			") is above timers.signalling_age_s (%" PRIu64 ")",
			t->delivery_us / CLOCK_US_PER_S, t->age_us / CLOCK_US_PER_S);
	}
}

static void check_metrics(const struct config_reader *r)
{
	const struct config *c = r->config;
	const config_setting_t *address = given(r, -1, "metrics.address");
	const config_setting_t *rules = given(r, -1, "metrics.rules");

	if (c->metrics_socket[0] != '\0' && strcmp(c->metrics_socket, c->socket_path) == 0) {
		config_read_error(r, given(r, -1, "metrics.socket"), true,
			"metrics.socket: control.socket is the same");
	}
	if (address != NULL && c->metrics_port == 0) {
		config_read_warning(r, address, "metrics.address: nothing without metrics.port");
	}
	if (rules != NULL && c->metrics_rules >= c->metrics_series / METRICS_OF_RULE) {
		config_read_warning(r, rules,
			"metrics.rules: %u rules have %u series, metrics.series is %u",
			c->metrics_rules, c->metrics_rules * METRICS_OF_RULE, c->metrics_series);
	}
}

struct role_key {
	const struct config_reader *reader;
	const config_setting_t *at;
	const char *path;
};

static void tell_role(void *arg, enum roles_trouble what, const char *name)
{
	const struct role_key *k = arg;

	switch (what) {
	case ROLES_BAD_NAME:
		config_read_error(k->reader, k->at, true,
			"%s: \"%.64s\": expected users and @groups with commas between", k->path,
			name);
		break;
	case ROLES_NO_USER:
		config_read_warning(
			k->reader, k->at, "%s: this machine has no user %.64s", k->path, name);
		break;
	case ROLES_NO_GROUP:
		config_read_warning(
			k->reader, k->at, "%s: this machine has no group %.64s", k->path, name + 1);
		break;
	case ROLES_TOO_MANY:
		config_read_error(k->reader, k->at, true,
			"%s: %.64s: more than %d users and groups have roles", k->path, name,
			ROLES_MAX);
		break;
	}
}

/* check_roles: names that nobody has are told where they stand; they give nobody a right. */
static void check_roles(const struct config_reader *r)
{
	const struct {
		const char *path;
		enum server_role role;
		const char *text;
	} keys[] = {
		{ "control.operators", SERVER_OPERATOR, r->config->operators },
		{ "control.authors", SERVER_AUTHOR, r->config->authors },
		{ "control.admins", SERVER_ADMIN, r->config->admins },
	};
	struct roles *all = calloc(1, sizeof(*all));

	for (size_t i = 0; all != NULL && i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct role_key k = { r, given(r, -1, keys[i].path), keys[i].path };

		if (k.at != NULL) {
			roles_add(all, keys[i].role, keys[i].text, tell_role, &k);
		}
	}
	free(all);
}

static void read_settings(struct config_reader *r, config_setting_t *root)
{
	read_root(r, root);
	for (int i = 0; i < r->config->pipeline.n_links; i++) {
		check_link(r, i);
	}
	check_memory(r);
	check_timers(r);
	check_metrics(r);
	check_quarantine(r);
	check_roles(r);
	finish(r->config);
}

/* load: `text` has been read, or `diag` says why not. */
static bool load(struct config *c, struct config_text *text, struct diag *diag)
{
	struct config_reader r = { .config = c, .text = text, .diag = diag };
	config_t parsed;

	config_init(&parsed);
	config_defaults(c);
	r.given = calloc(1 + LIMIT_LINKS, sizeof(r.given[0]));
	if (r.given == NULL) {
		diag_add(diag, DIAG_ERROR, text->files[0], 0, 0, "out of memory");
	} else if (config_parse(&parsed, text, diag)) {
		if (attach(&parsed, text)) {
			read_settings(&r, config_root_setting(&parsed));
		} else {
			/* our reading of the text and libconfig's differ: numbers could not be trusted */
			diag_add(diag, DIAG_ERROR, text->files[0], 0, 0,
				"the text cannot be followed; write it more plainly");
		}
	}
	config_destroy(&parsed);
	free(r.given);
	return diag->n_errors == 0;
}

bool config_load(struct config *c, const char *path, struct diag *diag)
{
	struct config_text text = { 0 };
	bool ok = config_text_file(&text, path, diag) && load(c, &text, diag);

	config_text_free(&text);
	return ok;
}

bool config_load_text(struct config *c, const char *name, const char *text, struct diag *diag)
{
	struct config_text t = { 0 };
	bool ok = config_text_memory(&t, name, text, diag) && load(c, &t, diag);

	config_text_free(&t);
	return ok;
}
