# SPDX-License-Identifier: BSD-3-Clause
"""A text and numbers that nobody else writes, and every form in which octets could give them away.

Each form is searched as it is and, as names of hosts and folded texts are in small letters, in small letters
too. self_check() plants each form in a scratch file and finds it there: a search that finds nothing proves
something only where it would have found it.
"""
import base64
import os

TEXT = "Quixotic ZEBRA 7719 vexes"   # behind or before MARK, by which rules meet it: rules do not hold it
MARK = "parrot"
SENDER, RECEIVER, MSISDN = "447700900613", "447700900714", "447700900815"
IMSI = "234150987654321"
NUMBERS = (SENDER, RECEIVER, MSISDN, IMSI)


def septets_packed(text, shift):
    bits = sum(ord(c) << shift + 7 * i for i, c in enumerate(text))
    return bits.to_bytes((shift + 7 * len(text) + 7) // 8, "little")


def inner_base64(octets, lead):
    """What base64 makes of `octets` behind `lead` others, without what depends on its neighbours."""
    coded = base64.b64encode(bytes(lead) + octets)
    return coded[4 if lead else 0:-4]


def text_forms(text):
    utf16 = text.encode("utf-16-be")
    plain = {"utf-8": text.encode(), "utf-16be": utf16, "utf-16le": text.encode("utf-16-le")}
    # within a longer text the first and the last octet have bits of their neighbours
    plain |= {f"gsm packed {n}": septets_packed(text, n)[1:-1] for n in range(8)}
    out = dict(plain)
    for name, octets in plain.items():
        out[f"hex of {name}"] = octets.hex().encode()
        if len(octets) >= 10:  # of fewer too little is left without its neighbours
            for lead in range(3):
                out[f"base64 {lead} of {name}"] = inner_base64(octets, lead)
    return out


def swapped(digits):
    return "".join(digits[i + 1] + digits[i] for i in range(0, len(digits) - 1, 2))


def number_forms(digits):
    even = digits[:len(digits) & ~1]
    odd = digits[1:][:len(digits) - 1 & ~1]
    plain = {"ascii": digits.encode(), "utf-16be": digits.encode("utf-16-be"), "utf-16le": digits.encode("utf-16-le"),
             "semi-octets": bytes.fromhex(swapped(even)), "semi-octets, odd": bytes.fromhex(swapped(odd)),
             "bcd": bytes.fromhex(even), "bcd, odd": bytes.fromhex(odd)}
    plain |= {f"gsm packed {n}": septets_packed(digits, n)[1:-1] for n in range(8)}
    out = dict(plain)
    for name, octets in plain.items():
        out[f"hex of {name}"] = octets.hex().encode()
        if len(octets) >= 10:  # of fewer too little is left without its neighbours
            for lead in range(3):
                out[f"base64 {lead} of {name}"] = inner_base64(octets, lead)
    return out


FORMS = [(f"the text as {name}", form) for name, form in text_forms(TEXT).items()]
FORMS += [(f"{digits} as {name}", form) for digits in NUMBERS for name, form in number_forms(digits).items()]


def find(octets):
    """The forms that are in `octets`."""
    small = octets.lower()
    return [name for name, form in FORMS if form in octets or form.lower() in small]


def find_in(paths, files=None):
    """{path: forms} of every file below `paths` in which there is one; `files` collects all that were read."""
    out = {}
    for root in paths:
        found = [root] if not os.path.isdir(root) else \
            [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
        for path in found:
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                names = find(file.read())
            if files is not None:
                files.append(path)
            if names:
                out[path] = names
    return out


def self_check(folder):
    """Every form is found in a file, between other octets, and a file without any is not blamed."""
    path = os.path.join(folder, "scratch")
    for name, form in FORMS:
        for noise in (b"", b"\x00\xffnoise:"):
            with open(path, "wb") as file:
                file.write(noise + form + noise)
            assert name in find_in([folder]).get(path, ()), f"{name} is not found"
    with open(path, "wb") as file:
        file.write(TEXT.encode()[1:] + RECEIVER.encode()[:-2] + b"Quixotic zebra")
    assert not find_in([folder]), find_in([folder])
    # as a neighbour's bits and octets would have it
    for text in (TEXT, "ab " + TEXT + " cd", "x" + TEXT + " see"):
        for shift in range(8):
            assert find(septets_packed(text, shift)), (text, shift)
        for lead in range(3):
            assert find(base64.b64encode(b"xyz"[:lead] + text.encode() + b"tail")), (text, lead)
    for lead in range(3):
        assert find(base64.b64encode(bytes(lead) + SENDER.encode() + b"tail")), lead
    os.unlink(path)
