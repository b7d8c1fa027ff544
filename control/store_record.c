/* SPDX-License-Identifier: BSD-3-Clause */
/* The records of the store: a JSON document beside each manifest, and which generations there are. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store_parts.h"
#include "patterns/durable.h"

enum { RECORD_LEN_MAX = 65536, FILE_MODE = 0640, NUMBER_LEN = 10 };

static const char *const state_names[STORE_STATES] = { "pending", "good", "undone" };

const char *store_state_name(enum store_state state)
{
	return state_names[state];
}

/* ---- texts ---- */

void store_copy_text(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size);

	if (n == size) {
		n--;
		while (n != 0 && ((unsigned char)from[n] & 0xC0) == 0x80) {
			n--; /* not within a character */
		}
	}
	memmove(to, from, n);
	to[n] = '\0';
}

/* What is no UTF-8 has its octets beyond ASCII replaced. */
static json_t *text_json(const char *text)
{
	json_t *j = json_string(text);
	char *copy;

	if (j != NULL) {
		return j;
	}
	copy = strdup(text);
	for (char *at = copy; at != NULL && *at != '\0'; at++) {
		*at = ((unsigned char)*at & 0x80) != 0 ? '?' : *at;
	}
	j = json_string(copy != NULL ? copy : "");
	free(copy);
	return j;
}

/* ---- one record ---- */

json_t *store_record_json(const struct store_record *r)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:s, s:s, s:o, s:o, "
		"s:o, s:o, s:o}",
		"generation", (json_int_t)r->number, "base", (json_int_t)r->base, "created_us",
		(json_int_t)r->created_us, "pushed_us", (json_int_t)r->pushed_us, "live_us",
		(json_int_t)r->live_us, "uid", (json_int_t)r->uid, "pid", (json_int_t)r->pid,
		"rules", (json_int_t)r->n_rules, "octets", (json_int_t)r->n_octets, "state",
		state_names[r->state], "live", r->live, "hash", r->hash, "signer", r->signer,
		"author", text_json(r->author), "note", text_json(r->note), "exe",
		text_json(r->exe), "tag", text_json(r->tag), "why", text_json(r->why));
}

int store_record_write(const struct store *s, const struct store_record *r)
{
	char path[STORE_FILE_SIZE];
	json_t *j = store_record_json(r);
	char *text = j != NULL ? json_dumps(j, JSON_INDENT(1)) : NULL;
	struct bytes runs[2];
	int error = -ENOMEM;

	if (text != NULL) {
		store_path_record(s, r->number, path);
		runs[0] = bytes_str(text);
		runs[1] = bytes_str("\n");
		error = durable_write(path, FILE_MODE, runs, 2, false);
	}
	free(text);
	json_decref(j);
	return error;
}

static uint64_t read_number(const json_t *j, const char *name, uint64_t max)
{
	json_int_t v = json_integer_value(json_object_get(j, name));

	return v < 0 || (uint64_t)v > max ? 0 : (uint64_t)v;
}

static void read_text(const json_t *j, const char *name, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(j, name));

	store_copy_text(to, size, text != NULL ? text : "");
}

static enum store_state read_state(const json_t *j)
{
	const char *text = json_string_value(json_object_get(j, "state"));

	for (unsigned i = 0; text != NULL && i < STORE_STATES; i++) {
		if (strcmp(text, state_names[i]) == 0) {
			return (enum store_state)i;
		}
	}
	return STORE_PENDING;
}

static void read_record(const json_t *j, struct store_record *r)
{
	r->base = (uint32_t)read_number(j, "base", UINT32_MAX);
	r->created_us = read_number(j, "created_us", INT64_MAX);
	r->pushed_us = read_number(j, "pushed_us", INT64_MAX);
	r->live_us = read_number(j, "live_us", INT64_MAX);
	r->uid = (uint32_t)read_number(j, "uid", UINT32_MAX);
	r->pid = (int32_t)read_number(j, "pid", INT32_MAX);
	r->n_rules = (uint32_t)read_number(j, "rules", UINT32_MAX);
	r->n_octets = read_number(j, "octets", INT64_MAX);
	r->state = read_state(j);
	read_text(j, "hash", r->hash, sizeof(r->hash));
	read_text(j, "signer", r->signer, sizeof(r->signer));
	read_text(j, "author", r->author, sizeof(r->author));
	read_text(j, "note", r->note, sizeof(r->note));
	read_text(j, "exe", r->exe, sizeof(r->exe));
	read_text(j, "tag", r->tag, sizeof(r->tag));
	read_text(j, "why", r->why, sizeof(r->why));
}

bool store_record_read(const struct store *s, uint32_t number, struct store_record *r)
{
	char path[STORE_FILE_SIZE];
	size_t len;
	int error;
	char *text;
	json_t *j;

	if (!store_has(s, number)) {
		return false;
	}
	memset(r, 0, sizeof(*r));
	r->number = number;
	r->live = store_current(s) == number;
	store_path_record(s, number, path);
	text = durable_read(path, RECORD_LEN_MAX, &len, &error);
	j = text != NULL ? json_loadb(text, len, 0, NULL) : NULL;
	if (j != NULL) {
		read_record(j, r);
	}
	json_decref(j);
	free(text);
	return true;
}

int store_set_state(struct store *s, uint32_t number, enum store_state state, const char *why)
{
	struct store_record r;

	if (!s->can_write) {
		return -EROFS;
	}
	if (!store_record_read(s, number, &r)) {
		return -ENOENT;
	}
	r.state = state;
	if (why != NULL) {
		store_copy_text(r.why, sizeof(r.why), why);
	}
	return store_record_write(s, &r);
}

int store_set_tag(struct store *s, uint32_t number, const char *tag)
{
	struct store_record r;

	if (!s->can_write) {
		return -EROFS;
	}
	if (!store_record_read(s, number, &r)) {
		return -ENOENT;
	}
	store_copy_text(r.tag, sizeof(r.tag), tag);
	return store_record_write(s, &r);
}

/* ---- all of them ---- */

/* "0000000012" and `end`, exactly; 0: another file. */
static uint32_t number_of(const char *name, const char *end)
{
	uint64_t v = 0;

	if (strlen(name) != NUMBER_LEN + strlen(end) || strcmp(name + NUMBER_LEN, end) != 0) {
		return 0;
	}
	for (size_t i = 0; i < NUMBER_LEN; i++) {
		if (name[i] < '0' || name[i] > '9') {
			return 0;
		}
		v = v * 10 + (uint64_t)(name[i] - '0');
	}
	return v <= UINT32_MAX ? (uint32_t)v : 0;
}

static int compare_descending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x > y ? -1 : x < y;
}

static bool grow(uint32_t **numbers, size_t n, size_t *size)
{
	uint32_t *grown;

	if (n < *size) {
		return true;
	}
	grown = realloc(*numbers, (*size + 64) * 2 * sizeof(**numbers));
	if (grown == NULL) {
		return false;
	}
	*numbers = grown;
	*size = (*size + 64) * 2;
	return true;
}

uint32_t *store_numbers(const struct store *s, bool also_records, size_t *n, int *error)
{
	char path[STORE_FILE_SIZE];
	uint32_t *numbers = NULL;
	const struct dirent *e;
	size_t size = 0;
	DIR *folder;

	*n = 0;
	store_path(s, "generations", path);
	folder = opendir(path);
	*error = folder == NULL ? -errno : 0;
	while (*error == 0 && (e = readdir(folder)) != NULL) {
		uint32_t number = number_of(e->d_name, ".pack");

		if (number == 0 && also_records) {
			number = number_of(e->d_name, ".json");
		}
		if (number != 0 && !grow(&numbers, *n, &size)) {
			*error = -ENOMEM;
		} else if (number != 0) {
			numbers[(*n)++] = number;
		}
	}
	if (folder != NULL) {
		(void)closedir(folder);
	}
	if (*error != 0 || *n == 0) {
		free(numbers);
		*n = 0;
		return NULL;
	}
	qsort(numbers, *n, sizeof(*numbers), compare_descending);
	return numbers;
}

struct store_record *store_records(const struct store *s, size_t *n, int *error)
{
	size_t n_numbers = 0;
	uint32_t *numbers = store_numbers(s, false, &n_numbers, error);
	struct store_record *records = NULL;

	*n = 0;
	if (n_numbers > STORE_GENERATIONS_MAX) {
		n_numbers = STORE_GENERATIONS_MAX;
	}
	if (n_numbers != 0) {
		records = calloc(n_numbers, sizeof(*records));
		*error = records == NULL ? -ENOMEM : 0;
	}
	for (size_t i = 0; records != NULL && i < n_numbers; i++) {
		*n += store_record_read(s, numbers[i], &records[*n]);
	}
	free(numbers);
	if (*n == 0) {
		free(records);
		records = NULL;
	}
	return records;
}
