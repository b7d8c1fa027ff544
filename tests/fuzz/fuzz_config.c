/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_config: any text as a configuration.
 *
 * Properties: it ends; what libconfig takes, our own reading of the text can follow (each value has
 * its token); what loads is printed so that it loads again and prints the same; what does not load
 * has an error.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/config.h"
#include "tests/support/lsan_libconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert(f != NULL);
	config_print(c, f);
	fclose(f);
	return text;
}

static void check_print(struct config *c, struct config *again, struct diag *diag)
{
	char *first = print(c);
	char *second;

	if (!config_load_text(again, "again", first, diag)) {
		diag_print(diag, stderr);
		abort();
	}
	second = print(again);
	assert(strcmp(first, second) == 0);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = calloc(2, sizeof(*c));
	struct diag *diag = calloc(1, sizeof(*diag));
	char *text = calloc(1, size + 1);

	assert(c != NULL && diag != NULL && text != NULL);
	if (size != 0) {
		memcpy(text, data, size);
	}
	if (config_load_text(c, "fuzz", text, diag)) {
		check_print(c, c + 1, diag);
	} else {
		assert(diag->n_errors != 0);
		for (size_t i = 0; i < diag->n_entries; i++) {
			assert(strcmp(diag->entries[i].text,
				       "the text cannot be followed; write it more plainly") != 0);
		}
	}
	diag_clear(diag);
	free(text);
	free(diag);
	free(c);
	return 0;
}
