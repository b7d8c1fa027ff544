/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config_text: a configuration as one text with all its `@include "file"` lines opened up, and
 * where in which file each name and value stands.
 *
 * libconfig 1.5 is given that one text, so it opens no file itself; what it does not tell (the
 * column of a value, the digits of a number it wrapped) comes from the tokens found here. The
 * lexical rules are those of libconfig's manual, section 3.
 *
 * Control only. Ownership: a struct config_text owns its text, tokens and file names.
 * Bounds: CONFIG_FILE_LEN octets a file, CONFIG_TEXT_LEN in all, CONFIG_INCLUDES_MAX files open at
 * once, CONFIG_NESTING_MAX brackets deep.
 */
#ifndef SMSWALL_CONTROL_CONFIG_TEXT_H
#define SMSWALL_CONTROL_CONFIG_TEXT_H

#include "dataplane/base/diag.h"

enum {
	CONFIG_FILE_LEN = 1 << 20,
	CONFIG_TEXT_LEN = 1 << 22,
	CONFIG_INCLUDES_MAX = 8,
	CONFIG_FILES_MAX = 64,
	CONFIG_NESTING_MAX =
		24, /* conditions of a policy: CONDITION_DEPTH_MAX, and what is around them */
};

enum config_token_kind { TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_BOOL };

struct config_token {
	enum config_token_kind kind;
	size_t at;      /* in the text */
	size_t len;     /* a string's, quotes included: of its first piece */
	int line;       /* of the text, from 1 */
	int column;     /* octets, from 1 */
	unsigned group; /* a number of the brackets it stands in */
	bool repeated; /* a name given before in these brackets: config.c has written another over it */
};

/* Where a line of the text was written. */
struct config_origin {
	const char *file;
	int line;
};

struct config_text {
	char *text;
	size_t len;
	size_t size;
	struct config_origin *origins; /* [i]: of line i + 1 */
	size_t n_lines;
	size_t lines_size;
	struct config_token *tokens; /* in order of the text */
	size_t n_tokens;
	size_t tokens_size;
	char *files[CONFIG_FILES_MAX]; /* names, for origins */
	size_t n_files;
};

/* config_text_file: reads `path` and what it includes. False when `diag` got an error. */
bool config_text_file(struct config_text *t, const char *path, struct diag *diag);

/* config_text_memory: the same of a text in memory, which may not include. */
bool config_text_memory(
	struct config_text *t, const char *name, const char *text, struct diag *diag);

/* config_text_origin: of a line of the text; a line outside it has that of the nearest. */
struct config_origin config_text_origin(const struct config_text *t, int line);

void config_text_free(struct config_text *t);

#endif
