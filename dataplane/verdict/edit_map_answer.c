/* SPDX-License-Identifier: BSD-3-Clause */
/* edit_map_answer: MAP errors by name, and answers that become them. Part of edit_map.h. */
#include "dataplane/verdict/edit_map.h"

const char *edit_map_error_name(unsigned code)
{
	switch (code) {
#define X(name, value, text, traits) \
	case MAP_ERROR_##name:       \
		return text;
		EDIT_MAP_ERRORS(X)
#undef X
	}
	return "unknown";
}

int edit_map_error_code(const char *name)
{
#define X(id, value, text, traits)       \
	if (strcmp(name, (text)) == 0) { \
		return value;            \
	}
	EDIT_MAP_ERRORS(X)
#undef X
	return -1;
}

unsigned edit_map_error_traits(unsigned code)
{
	switch (code) {
#define X(name, value, text, traits) \
	case MAP_ERROR_##name:       \
		return traits;
		EDIT_MAP_ERRORS(X)
#undef X
	}
	return 0;
}

/* The code or problem has a tag of one octet, a length of one and a value of one. */
static bool code_is_short(struct bytes message, const struct tcap_component *c)
{
	return c->code_tag_off != 0 && c->code_len == 1 && c->code_off == c->code_tag_off + 2 &&
	       (message.data[c->code_tag_off] & BER_LONG_TAG) != BER_LONG_TAG;
}

/*
 * reject_to_error: A4 06 02 01 id 81 01 p has the octets of A3 06 02 01 id 02 01 e (Q.773 4.2.2: the
 * error code is a local INTEGER).
 */
static bool reject_to_error(struct bytes message, const struct tcap_component *c, unsigned error,
	size_t editable_from, uint8_t *edited)
{
	if (c->off < editable_from || message.data[c->off] != TCAP_REJECT || c->trailing ||
		c->invoke_id == TCAP_NO_ID || !code_is_short(message, c)) {
		return false;
	}
	edited[c->off] = TCAP_ERROR;
	edited[c->code_tag_off] = BER_INTEGER;
	edited[c->code_off] = (uint8_t)error;
	return true;
}

/* error_to_error: the parameter belongs to the code: only an empty SEQUENCE does for every one. */
static bool error_to_error(struct bytes message, const struct tcap_component *c, unsigned error,
	size_t editable_from, uint8_t *edited)
{
	bool bare = !c->has_parameter ||
	            (c->parameter.identifier == BER_SEQUENCE && c->parameter.value.len == 0);

	if (!c->global && c->code == (int32_t)error) {
		return true;
	}
	if (c->global || c->trailing || !bare || c->code_off < editable_from ||
		!code_is_short(message, c)) {
		return false;
	}
	edited[c->code_off] = (uint8_t)error;
	return true;
}

enum edit_map_answer edit_map_answer(struct bytes message, const struct tcap_component *c,
	unsigned error, size_t editable_from, uint8_t *edited, enum reason *why)
{
	bool can = error != 0 && error <= INT8_MAX &&
	           (edit_map_error_traits(error) & MAP_ERROR_PARAMETER) == 0;
	bool done = false;

	*why = R_none;
	switch (c->type) {
	case TCAP_INVOKE:
		return MAP_ANSWER_NONE;
	case TCAP_RESULT_LAST:
	case TCAP_RESULT_NOT_LAST:
		*why = R_smsc_accepted;
		return MAP_ANSWER_ACCEPTED;
	case TCAP_REJECT:
		if (c->problem_type == TCAP_PROBLEM_RESULT ||
			c->problem_type == TCAP_PROBLEM_ERROR) {
			return MAP_ANSWER_NONE;
		}
		done = can && reject_to_error(message, c, error, editable_from, edited);
		break;
	case TCAP_ERROR:
		done = can && error_to_error(message, c, error, editable_from, edited);
		break;
	}
	if (!done && error != 0) {
		*why = R_map_answer_kept;
	}
	return done ? MAP_ANSWER_REWRITTEN : MAP_ANSWER_KEPT;
}
