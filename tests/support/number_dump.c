/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * number_dump: what numbering.h says, for tests/replay/number_oracle.py. Lines in: "DIGITS", or
 * "HOME DIGITS" for an address as HOME dials it. Lines out: "COUNTRY KIND VALID", or "DIGITS KNOWN".
 */
#include <stdio.h>

#include "dataplane/sms/numbering.h"

int main(void)
{
	char line[128];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct bytes text = bytes_of(line, strcspn(line, "\n"));
		const uint8_t *space = memchr(text.data, ' ', text.len);

		if (space != NULL) {
			size_t len = (size_t)(space - text.data);
			uint16_t home = numbering_country(bytes_slice(text, 0, len));
			uint8_t out[NUMBERING_OUT];
			bool known = false;
			struct bytes n = numbering_normal(
				home, 0, bytes_slice(text, len + 1, text.len), out, &known);

			printf("%.*s %d\n", (int)n.len, (const char *)n.data, known);
		} else {
			struct numbering n;

			(void)numbering_find(text, &n);
			printf("%s %s %d\n", numbering_country_name(n.country),
				numbering_kind_name(n.kind), n.valid);
		}
	}
	return 0;
}
