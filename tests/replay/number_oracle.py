#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What numbering.h says of numbers against what python3-phonenumbers says.

Usage: tests/replay/number_oracle.py NUMBER_DUMP [COUNT [SEED]]      default: 20000 numbers

Numbers of all calling codes: examples of each region and kind with digits changed, random ones of
the lengths that exist, and the same as their country dials them (trunk prefix, way abroad, bare).
Exit 0: they agree on 99.9 % or more and no difference is without a name here; 1: the differences
without a name; 77: skipped, the last line names what is missing.
"""
import collections
import random
import subprocess
import sys

try:
    import phonenumbers
    from phonenumbers import PhoneMetadata, phonenumberutil
except ImportError:
    print("skipped: python3-phonenumbers is not installed")
    sys.exit(77)

TYPES = phonenumbers.PhoneNumberType
KINDS = {TYPES.FIXED_LINE: "fixed", TYPES.MOBILE: "mobile", TYPES.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
         TYPES.TOLL_FREE: "toll_free", TYPES.PREMIUM_RATE: "premium", TYPES.SHARED_COST: "shared",
         TYPES.VOIP: "voip", TYPES.PERSONAL_NUMBER: "personal", TYPES.PAGER: "pager", TYPES.UAN: "uan",
         TYPES.VOICEMAIL: "voicemail", TYPES.UNKNOWN: "unknown"}
CODES = sorted(phonenumberutil.COUNTRY_CODE_TO_REGION_CODE.items())


def metadata(code, region):
    return PhoneMetadata.metadata_for_region_or_calling_code(code, region)


def example(code, region):
    """A national number of some kind, as it is or with digits changed."""
    data = metadata(code, region)
    descs = [d for d in (data.fixed_line, data.mobile, data.toll_free, data.premium_rate, data.shared_cost,
                         data.voip, data.personal_number, data.pager, data.uan, data.voicemail)
             if d is not None and d.example_number]
    number = list(random.choice(descs).example_number) if descs else ["1"] * 8
    for _ in range(random.choice([0, 1, 1, 2, 4])):
        # often near the end, where it is still of the same kind
        number[random.randrange(random.choice([0, len(number) // 2]), len(number))] = random.choice("0123456789")
    return "".join(number)


def made(code, region):
    if random.random() < 0.8:
        return example(code, region)
    lengths = [n for n in metadata(code, region).general_desc.possible_length if n > 0] or [8]
    n = max(2, random.choice(lengths) + random.choice([0, 0, 0, 0, -1, 1]))
    return "".join(random.choice("0123456789") for _ in range(n))


def number_of(code, national):
    number = phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
    zeros = len(national) - len(national.lstrip("0"))
    if zeros:
        number.italian_leading_zero = True
        if zeros > 1:
            number.number_of_leading_zeros = zeros
    return number


def ask(program, lines):
    out = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return out.stdout.splitlines()


def told(code, national):
    """(region, kind, valid) by phonenumbers."""
    number = number_of(code, national)
    region = phonenumbers.region_code_for_number(number)
    if region == "001":
        region = str(code)
    return region, KINDS[phonenumbers.number_type(number)], phonenumbers.is_valid_number(number)


def excused(code, national, ours, theirs):
    """Why they may differ, or None."""
    if not theirs[2] and not ours[2]:
        return "not valid: by leading digits, or the main region"  # told where phonenumbers tells nothing
    return None


def compare_numbers(program, count):
    numbers = []
    while len(numbers) < count:
        code, regions = random.choice(CODES) if random.random() < 0.6 else (
            random.choice([c for c in CODES if len(c[1]) > 1]))
        numbers.append((code, made(code, random.choice(regions))))
    same, named, wrong = 0, collections.Counter(), []
    valid = 0
    for (code, national), line in zip(numbers, ask(program, [f"{c}{n}" for c, n in numbers])):
        region, kind, fits = line.split(" ")
        ours, theirs = (region, kind, fits == "1"), told(code, national)
        valid += theirs[2]
        if ours == theirs:
            same += 1
        elif excused(code, national, ours, theirs):
            named[excused(code, national, ours, theirs)] += 1
        else:
            wrong.append(f"+{code} {national}: {ours}, not {theirs}")
    print(f"numbers: {count}, valid {valid}: the same of {same}; by name otherwise: {dict(named)}; wrong {len(wrong)}")
    return wrong, count


def parsed(region, dialled):
    try:
        number = phonenumbers.parse(dialled, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return f"{number.country_code}{phonenumberutil.national_significant_number(number)}"


def number_valid(code, national):
    return phonenumbers.is_valid_number(number_of(code, national))


def code_possible(digits):
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False


def compare_dialled(program, count):
    """As a country dials: where phonenumbers finds a valid number, numbering_normal() finds the same."""
    lines, asked = [], []
    regions = [r for r in phonenumberutil.SUPPORTED_REGIONS]
    regions.sort()
    while len(lines) < count:
        region = random.choice(regions)
        data = metadata(phonenumbers.country_code_for_region(region), region)
        how = random.randrange(3)
        if how == 0:
            dialled = (data.national_prefix or "") + example(data.country_code, region)
        elif how == 1:
            dialled = example(data.country_code, region)
        else:
            abroad = (data.preferred_international_prefix or data.international_prefix or "00").replace("~", "")
            if not abroad.isdecimal():
                continue
            code, others = random.choice(CODES)
            dialled = abroad + str(code) + example(code, random.choice(others))
        theirs = parsed(region, dialled)
        if theirs is not None:
            lines.append(f"{region} {dialled}")
            asked.append((region, dialled, theirs))
    same, named, wrong = 0, collections.Counter(), []
    for (region, dialled, theirs), line in zip(asked, ask(program, lines)):
        ours, known = line.split(" ")
        if ours == theirs and known == "1":
            same += 1
        elif known == "1" and ours == dialled and parsed(None, "+" + dialled) is not None:
            named["a valid international number as it is"] += 1  # parse() never asks for that
        elif known == "1" and ours.startswith("521") and number_valid(52, ours[2:]):
            named["+52 1 is valid, too"] += 1  # Mexico's older form; parse() takes the 1 for a trunk prefix
        elif known == "0" and ours == dialled and code_possible(dialled):
            named["bare, and as long as a number of another country"] += 1  # of plans where nearly anything is valid
        else:
            wrong.append(f"{region} {dialled}: {ours} ({known}), not {theirs}")
    print(f"dialled: {count}, the same of {same}; by name otherwise: {dict(named)}; wrong {len(wrong)}")
    return wrong, count


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    random.seed(int(sys.argv[3]) if len(sys.argv) > 3 else 6)
    failed = False
    for compare in (compare_numbers, compare_dialled):
        wrong, total = compare(program, count)
        for line in wrong[:20]:
            print("  " + line)
        failed |= len(wrong) > total // 1000
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
