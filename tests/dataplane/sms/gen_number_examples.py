#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes number_examples.gen.h for test_entity_numbers.c: gen_number_examples.py OUTPUT.h

Libphonenumber's example numbers of fifty countries (Debian: python3-phonenumbers): one of a mobile
telephone, one of a fixed one, and a premium one where there is one.
"""

import sys

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType, phonenumberutil

COUNTRIES = """GB US DE FR ES IT NL BE PT IE AT CH SE NO DK FI PL CZ HU RO BG GR RU UA KZ
TR IL AE SA EG ZA NG KE GH MA IN PK BD LK CN JP KR HK SG MY TH VN ID AU BR""".split()
KINDS = [(PhoneNumberType.MOBILE, "mobile"), (PhoneNumberType.FIXED_LINE, "fixed"),
         (PhoneNumberType.PREMIUM_RATE, "premium")]
TOLD = {PhoneNumberType.MOBILE: "MOBILE", PhoneNumberType.FIXED_LINE: "FIXED",
        PhoneNumberType.FIXED_LINE_OR_MOBILE: "FIXED_OR_MOBILE", PhoneNumberType.PREMIUM_RATE: "PREMIUM"}


def example(region, kind, trunk):
    """(national number, trunk prefix it is dialled with, region, kind) of an example."""
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None:
        return "", "", "", "UNKNOWN"
    national = phonenumberutil.national_significant_number(number)
    if phonenumbers.parse(trunk + national, region) != number:
        trunk = ""  # services of one number for the whole country
    assert phonenumbers.parse(trunk + national, region) == number, (region, national)
    return national, trunk, phonenumbers.region_code_for_number(number), TOLD[phonenumbers.number_type(number)]


def main():
    assert len(COUNTRIES) == len(set(COUNTRIES)) == 50
    rows = []
    for region in COUNTRIES:
        data = PhoneMetadata.metadata_for_region(region)
        trunk = data.national_prefix or ""
        abroad = (data.preferred_international_prefix or data.international_prefix).replace("~", "")
        abroad = abroad if abroad.isdecimal() else ""
        found = ", ".join(f'{{ "{n}", "{t}", "{r}", NUMBERING_{k} }}'
                          for n, t, r, k in (example(region, kind, trunk) for kind, _ in KINDS))
        rows.append(f'\t{{ "{region}", "{data.country_code}", "{abroad}", {{ {found} }} }},\n')
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write("/* Written by tests/dataplane/sms/gen_number_examples.py: do not edit. */\n"
                "static const struct example_country countries[] = {\n" + "".join(rows) + "};\n")


if __name__ == "__main__":
    main()
