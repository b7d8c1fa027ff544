/* SPDX-License-Identifier: BSD-3-Clause */
/* config_parse: a configuration's text through libconfig, and on behind names that are given twice. */
#include "control/config_read.h"

#include <limits.h>
#include <string.h>

enum { REPEATED_MAX = 64 }; /* each costs a reading of the whole text */

static bool same_name(
	const struct config_text *t, const struct config_token *a, const struct config_token *b)
{
	return a->kind == TOKEN_NAME && b->kind == TOKEN_NAME && a->group == b->group &&
	       a->len == b->len && memcmp(t->text + a->at, t->text + b->at, a->len) == 0;
}

/* find_repeated: the last name up to `line` that was given before in its group, and where; NULL: none. */
static struct config_token *find_repeated(
	const struct config_text *t, int line, const struct config_token **first)
{
	for (size_t i = t->n_tokens; i-- > 0;) {
		struct config_token *token = &t->tokens[i];

		for (size_t j = 0; token->line <= line && j < i; j++) {
			if (same_name(t, &t->tokens[j], token)) {
				*first = &t->tokens[j];
				return token;
			}
		}
	}
	return NULL;
}

/* rename_repeated: writes the n-th unlikely name over `token`, so that libconfig reads on. */
static void rename_repeated(struct config_text *t, struct config_token *token, unsigned n)
{
	char *name = t->text + token->at;

	name[0] = '*';
	for (size_t i = 1; i < token->len; i++) {
		name[i] = i <= CHAR_BIT * sizeof(n) && (n >> (i - 1) & 1) != 0 ? '-' : '*';
	}
	token->repeated = true;
}

bool config_parse(config_t *parsed, struct config_text *t, struct diag *diag)
{
	for (unsigned n = 0; config_read_string(parsed, t->text) != CONFIG_TRUE; n++) {
		int line = config_error_line(parsed);
		struct config_origin o = config_text_origin(t, line);
		const struct config_token *first = NULL;
		struct config_token *token = NULL;

		if (n < REPEATED_MAX &&
			strcmp(config_error_text(parsed), "duplicate setting name") == 0) {
			token = find_repeated(t, line, &first);
		}
		if (token == NULL) {
			diag_add(diag, DIAG_ERROR, o.file, o.line, 0, "%s",
				config_error_text(parsed));
			return false;
		}
		o = config_text_origin(t, token->line);
		diag_add(diag, DIAG_ERROR, o.file, o.line, token->column,
			"%.*s is given twice, before at line %d", (int)token->len,
			t->text + token->at, config_text_origin(t, first->line).line);
		rename_repeated(t, token, n);
	}
	return true;
}
