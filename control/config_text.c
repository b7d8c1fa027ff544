/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where the reader stands in the lexical sense: only in LEX_PLAIN is `@include` one. */
enum lex { LEX_PLAIN, LEX_STRING, LEX_LINE_COMMENT, LEX_BLOCK_COMMENT };

/* A file being copied into the text. */
struct layer {
	const char *name;
	char *data;
	size_t len;
	size_t at;
	int line;
};

struct expansion {
	struct config_text *text;
	struct diag *diag;
	struct layer layers[CONFIG_INCLUDES_MAX];
	unsigned n_layers;
	enum lex lex;
	int opened_line; /* of the string or comment we are in */
	bool may_include;
	bool failed;
};

static void fail(
	struct expansion *x, const char *file, int line, const char *what, const char *detail)
{
	diag_add(x->diag, DIAG_ERROR, file, line, 0, "%s%s", what, detail);
	x->failed = true;
}

/* grow: makes room for one more element of `width` octets. */
static void *grow(void *array, size_t used, size_t *size, size_t width)
{
	size_t more = *size != 0 ? *size * 2 : 64;
	void *p = array;

	if (used < *size) {
		return array;
	}
	p = reallocarray(array, more, width);
	if (p != NULL) {
		*size = more;
	}
	return p;
}

static void put_octet(struct expansion *x, char c)
{
	struct config_text *t = x->text;
	char *p = grow(t->text, t->len + 1, &t->size, 1);

	if (p == NULL || t->len >= CONFIG_TEXT_LEN) {
		fail(x, x->layers[0].name, 0,
			p == NULL ? "out of memory" : "too long with all its includes", "");
		return;
	}
	t->text = p;
	t->text[t->len++] = c;
	t->text[t->len] = '\0';
}

static void put_origin(struct expansion *x, const struct layer *l)
{
	struct config_text *t = x->text;
	struct config_origin *p = grow(t->origins, t->n_lines, &t->lines_size, sizeof(*p));

	if (p == NULL) {
		fail(x, l->name, l->line, "out of memory", "");
		return;
	}
	t->origins = p;
	t->origins[t->n_lines++] = (struct config_origin){ l->name, l->line };
}

/* read_file: a regular file of at most CONFIG_FILE_LEN octets, NUL after them; NULL with *why. */
static char *read_file(const char *path, size_t *len, const char **why)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *data = NULL;

	if (f == NULL) {
		*why = strerror(errno);
		return NULL;
	}
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		*why = "not a regular file";
	} else if (st.st_size > CONFIG_FILE_LEN) {
		*why = "above 1 MiB";
	} else if ((data = calloc(1, CONFIG_FILE_LEN + 2)) == NULL) {
		*why = "out of memory";
	} else {
		*len = fread(data, 1, CONFIG_FILE_LEN, f);
		if (ferror(f) || memchr(data, '\0', *len) != NULL) {
			*why = ferror(f) ? strerror(errno) : "not a text: it has a NUL octet";
			free(data);
			data = NULL;
		}
	}
	fclose(f);
	return data;
}

/* push: opens `name` (taken over), whose octets are `data` (taken over), ended by a line feed. */
static void push(struct expansion *x, char *name, char *data, size_t len)
{
	struct config_text *t = x->text;

	t->files[t->n_files++] = name;
	if (len == 0 || data[len - 1] != '\n') {
		/* libconfig 1.5 knows a comment only by the line feed behind it */
		data[len++] = '\n';
	}
	x->layers[x->n_layers] = (struct layer){ name, data, len, 0, 1 };
	if (x->n_layers++ == 0) {
		put_origin(x, &x->layers[0]);
	} else {
		/* the line with `@include` is the included file's first */
		t->origins[t->n_lines - 1] = (struct config_origin){ name, 1 };
	}
}

/* include_path: `name` as seen from the file that includes it. */
static char *include_path(const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');
	char *path = NULL;

	if (name[0] == '/' || slash == NULL) {
		return strdup(name);
	}
	return asprintf(&path, "%.*s/%s", (int)(slash - from), from, name) < 0 ? NULL : path;
}

static void include(struct expansion *x, const struct layer *l, const char *name)
{
	const char *why = "out of memory";
	char *path = include_path(l->name, name);
	char *data = NULL;
	size_t len = 0;

	if (!x->may_include) {
		why = "a text that is no file cannot include one";
	} else if (x->n_layers == CONFIG_INCLUDES_MAX || x->text->n_files == CONFIG_FILES_MAX) {
		why = "too many files, or a file that includes itself";
	} else if (path != NULL) {
		data = read_file(path, &len, &why);
	}
	if (data == NULL) {
		diag_add(x->diag, DIAG_ERROR, l->name, l->line, 0, "cannot include \"%s\": %s",
			name, why);
		x->failed = true;
		free(path);
		return;
	}
	push(x, path, data, len);
}

/*
 * take_include: at the start of a line: `@include "name"` is replaced by that file. False when the
 * line is another one.
 */
static bool take_include(struct expansion *x)
{
	struct layer *l = &x->layers[x->n_layers - 1];
	const char *p = l->data + l->at;
	const char *end;
	char name[512];

	p += strspn(p, " \t");
	if (x->lex != LEX_PLAIN || strncmp(p, "@include", 8) != 0) {
		return false;
	}
	p += 8;
	if (strspn(p, " \t") == 0 || p[strspn(p, " \t")] != '"') {
		return false; /* libconfig says what is wrong */
	}
	p += strspn(p, " \t") + 1;
	end = p + strcspn(p, "\"\n");
	if (*end != '"' || end == p || (size_t)(end - p) >= sizeof(name)) {
		fail(x, l->name, l->line, "@include wants a file name in double quotes", "");
		return true;
	}
	memcpy(name, p, (size_t)(end - p));
	name[end - p] = '\0';
	l->at = (size_t)(end + 1 - l->data);
	include(x, l, name);
	return true;
}

/* step: copies one octet (two for an escape or the ends of comments) and follows the lexical state. */
static void step(struct expansion *x, struct layer *l)
{
	const char *p = l->data + l->at;
	size_t n = 1;

	switch (x->lex) {
	case LEX_PLAIN:
		if (p[0] == '"') {
			x->lex = LEX_STRING;
		} else if (p[0] == '#' || (p[0] == '/' && p[1] == '/')) {
			x->lex = LEX_LINE_COMMENT;
		} else if (p[0] == '/' && p[1] == '*') {
			x->lex = LEX_BLOCK_COMMENT;
			n = 2;
		}
		x->opened_line = l->line;
		break;
	case LEX_STRING:
		if (p[0] == '\\' && (p[1] == '\\' || p[1] == '"')) {
			n = 2;
		} else if (p[0] == '"') {
			x->lex = LEX_PLAIN;
		}
		break;
	case LEX_LINE_COMMENT:
		x->lex = p[0] == '\n' ? LEX_PLAIN : LEX_LINE_COMMENT;
		break;
	case LEX_BLOCK_COMMENT:
		if (p[0] == '*' && p[1] == '/') {
			x->lex = LEX_PLAIN;
			n = 2;
		}
		break;
	}
	for (size_t i = 0; i < n; i++) {
		put_octet(x, p[i]);
	}
	l->at += n;
	if (p[0] == '\n') {
		l->line++;
		if (l->at < l->len || x->n_layers > 1) {
			put_origin(x, l);
		}
	}
}

/* pop: the innermost file is at its end. */
static void pop(struct expansion *x)
{
	struct layer *l = &x->layers[--x->n_layers];

	if (x->lex != LEX_PLAIN && !x->failed) {
		fail(x, l->name, x->opened_line,
			x->lex == LEX_STRING ? "string without its closing quote"
					     : "comment without its */",
			"");
	}
	free(l->data);
	if (x->n_layers > 0 && x->text->n_lines > 0) {
		/* what follows the name in the including line stands behind the included text */
		struct layer *outer = &x->layers[x->n_layers - 1];

		x->text->origins[x->text->n_lines - 1] =
			(struct config_origin){ outer->name, outer->line };
	}
}

static void expand(struct expansion *x)
{
	bool line_start = true;

	while (x->n_layers > 0) {
		struct layer *l = &x->layers[x->n_layers - 1];

		if (x->failed || l->at >= l->len) {
			pop(x);
			line_start = false;
		} else if (line_start && take_include(x)) {
			line_start = true; /* of the included file */
		} else {
			line_start = l->data[l->at] == '\n';
			step(x, l);
		}
	}
}

static bool is_name_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '*';
}

static size_t digits(const char *p)
{
	return strspn(p, "0123456789");
}

static size_t exponent_len(const char *p)
{
	size_t sign = p[0] != '\0' && (p[1] == '-' || p[1] == '+') ? 2 : 1;
	size_t n;

	if (p[0] != 'e' && p[0] != 'E') {
		return 0;
	}
	n = digits(p + sign);
	return n != 0 ? sign + n : 0;
}

/* number_len: octets of the number at `p`, 0: none; the longest of libconfig's forms. */
static size_t number_len(const char *p)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	size_t sign = p[0] == '-' || p[0] == '+' ? 1 : 0;
	size_t n = sign + digits(p + sign);

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && strspn(p + 2, hex) != 0) {
		n = 2 + strspn(p + 2, hex);
	} else if (p[n] == '.') {
		n += 1 + digits(p + n + 1);
		return n + exponent_len(p + n);
	} else if (n == sign) {
		return 0;
	} else if (exponent_len(p + n) != 0) {
		return n + exponent_len(p + n);
	}
	for (int i = 0; i < 2 && p[n] == 'L'; i++) {
		n++;
	}
	return n;
}

static size_t string_len(const char *p)
{
	size_t n = 1;

	while (p[n] != '"' && p[n] != '\0') {
		n += p[n] == '\\' && (p[n + 1] == '\\' || p[n + 1] == '"') ? 2 : 1;
	}
	return n + 1;
}

static size_t comment_len(const char *p)
{
	const char *end;

	if (p[0] == '#' || (p[0] == '/' && p[1] == '/')) {
		return strcspn(p, "\n");
	}
	if (p[0] != '/' || p[1] != '*') {
		return 0;
	}
	end = strstr(p + 2, "*/");
	return end != NULL ? (size_t)(end - p) + 2 : strlen(p);
}

/* token_at: kind and length of the name or value at `p`; 0: something else. */
static size_t token_at(const char *p, enum config_token_kind *kind)
{
	size_t n = 0;

	if (*p == '"') {
		*kind = TOKEN_STRING;
		return string_len(p);
	}
	*kind = TOKEN_NUMBER;
	n = number_len(p);
	if (n != 0 || *p == '-' || !is_name_octet(*p) || *p == '_') {
		return n;
	}
	while (is_name_octet(p[n])) {
		n++;
	}
	*kind = (n == 4 && strncasecmp(p, "true", 4) == 0) ||
	                        (n == 5 && strncasecmp(p, "false", 5) == 0)
	                ? TOKEN_BOOL
	                : TOKEN_NAME;
	return n;
}

struct place {
	size_t at;
	int line;
	size_t line_start;
};

static void advance(const struct config_text *t, struct place *p, size_t n)
{
	for (size_t end = p->at + n; p->at < end && p->at < t->len; p->at++) {
		if (t->text[p->at] == '\n') {
			p->line++;
			p->line_start = p->at + 1;
		}
	}
}

static bool put_token(struct config_text *t, const struct place *p, enum config_token_kind kind,
	size_t len, unsigned group)
{
	struct config_token *tokens =
		grow(t->tokens, t->n_tokens, &t->tokens_size, sizeof(*tokens));

	if (tokens == NULL) {
		return false;
	}
	t->tokens = tokens;
	t->tokens[t->n_tokens++] = (struct config_token){ kind, p->at, len, p->line,
		(int)(p->at - p->line_start) + 1, group, false };
	return true;
}

/* The brackets around a place; each pair has a number of its own. Closed more than opened: libconfig's to tell. */
struct nesting {
	unsigned groups[CONFIG_NESTING_MAX + 2];
	unsigned n_groups;
	int depth;
};

static void nest(struct nesting *n, char c)
{
	if (c == '{' || c == '[' || c == '(') {
		n->depth++;
		n->groups[n->depth] = ++n->n_groups;
	} else if ((c == '}' || c == ']' || c == ')') && n->depth > 0) {
		n->depth--;
	}
}

static bool tokenise(struct config_text *t, struct diag *diag)
{
	struct place p = { 0, 1, 0 };
	struct nesting nesting = { .depth = 0 };
	bool after_string = false;

	while (p.at < t->len) {
		const char *s = t->text + p.at;
		enum config_token_kind kind = TOKEN_NAME;
		size_t n = comment_len(s);

		if (n == 0 && (n = token_at(s, &kind)) != 0) {
			/* "a" "b" is one string (libconfig manual 3.7) */
			if (!(kind == TOKEN_STRING && after_string) &&
				!put_token(t, &p, kind, n, nesting.groups[nesting.depth])) {
				diag_add(diag, DIAG_ERROR, t->files[0], 0, 0, "out of memory");
				return false;
			}
			after_string = kind == TOKEN_STRING;
		} else if (n == 0) {
			n = 1;
			after_string = after_string && strchr(" \t\r\n\f\v", *s) != NULL;
			nest(&nesting, *s);
		}
		if (nesting.depth > CONFIG_NESTING_MAX) {
			struct config_origin o = config_text_origin(t, p.line);

			diag_add(diag, DIAG_ERROR, o.file, o.line, (int)(p.at - p.line_start) + 1,
				"groups and lists nested deeper than %d", CONFIG_NESTING_MAX);
			return false;
		}
		advance(t, &p, n);
	}
	return true;
}

static bool finish(struct expansion *x)
{
	expand(x);
	return !x->failed && tokenise(x->text, x->diag);
}

bool config_text_file(struct config_text *t, const char *path, struct diag *diag)
{
	struct expansion x = { .text = t, .diag = diag, .may_include = true };
	const char *why = "out of memory";
	size_t len = 0;
	char *name = strdup(path);
	char *data = name != NULL ? read_file(path, &len, &why) : NULL;

	*t = (struct config_text){ 0 };
	if (data == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "%s", why);
		free(name);
		return false;
	}
	push(&x, name, data, len);
	return finish(&x);
}

bool config_text_memory(
	struct config_text *t, const char *name, const char *text, struct diag *diag)
{
	struct expansion x = { .text = t, .diag = diag };
	size_t len = strlen(text);
	char *copy = len <= CONFIG_FILE_LEN ? calloc(1, len + 2) : NULL;
	char *name_copy = strdup(name);

	*t = (struct config_text){ 0 };
	if (copy == NULL || name_copy == NULL) {
		diag_add(diag, DIAG_ERROR, name, 0, 0,
			len > CONFIG_FILE_LEN ? "above 1 MiB" : "out of memory");
		free(copy);
		free(name_copy);
		return false;
	}
	memcpy(copy, text, len);
	push(&x, name_copy, copy, len);
	return finish(&x);
}

struct config_origin config_text_origin(const struct config_text *t, int line)
{
	size_t i = line > 0 ? (size_t)line - 1 : 0;

	if (t->n_lines == 0) {
		return (struct config_origin){ t->n_files > 0 ? t->files[0] : "", line };
	}
	return t->origins[i < t->n_lines ? i : t->n_lines - 1];
}

void config_text_free(struct config_text *t)
{
	for (size_t i = 0; i < t->n_files; i++) {
		free(t->files[i]);
	}
	free(t->text);
	free(t->origins);
	free(t->tokens);
	*t = (struct config_text){ 0 };
}
