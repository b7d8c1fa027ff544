# SPDX-License-Identifier: BSD-3-Clause
"""Texts of SMPP messages: the octets of a PDU as a text, and texts as octets. The tests' own reading.

data_coding as of SMPP 3.4 5.2.19 and, for 0x10 and above, 3GPP TS 23.038 4; 0 is GSM 7-bit, an octet a
character, as conf/lab.conf has it.
"""

GSM7 = ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
             0x65: "€"}
UNREAD = "\ufffd"


def encoding(data_coding):
    """What an event calls the encoding."""
    plain = {0: "gsm7", 1: "ascii", 2: "binary", 3: "latin1", 4: "binary", 5: "shift-jis", 6: "cyrillic", 7: "hebrew",
             8: "utf16"}
    if data_coding in plain:
        return plain[data_coding]
    if data_coding < 0x80:
        return {0: "gsm7", 4: "binary", 8: "utf16", 12: "gsm7"}[data_coding & 12]
    if data_coding >= 0xF0:
        return "binary" if data_coding & 4 else "gsm7"
    if data_coding >= 0xE0:
        return "utf16"
    return "gsm7" if data_coding >= 0xC0 else None


def gsm7(octets, high=None):
    """GSM 7-bit, an octet a character. `high`: what an octet above 0x7F becomes; itself as Latin-1 without."""
    out, i = [], 0
    while i < len(octets):
        c = octets[i]
        i += 1
        if c == 0x1B and i < len(octets) and octets[i] in EXTENSION:
            out.append(EXTENSION[octets[i]])
            i += 1
        elif c > 0x7F:
            out.append(chr(c) if high is None else high)
        else:
            out.append(GSM7[c])
    return "".join(out)


def decode(data_coding, octets):
    """The text as smswall is to report it: NUL is U+2400."""
    kind = encoding(data_coding)
    if kind == "gsm7":
        text = gsm7(octets)
    elif kind == "utf16":
        text = octets.decode("utf-16-be", "replace")
    else:
        text = octets.decode("latin-1")
    return text.replace("\0", "\u2400")


def decode_as_tshark(data_coding, octets):
    """The text as tshark 4.0 shows it: nothing for what it does not decode, and its ways (docs/tshark-differences.md)."""
    if not octets or data_coding not in (0, 1, 3, 6, 7, 8, 0xF0, 0xF1, 0xF2, 0xF3):
        return None
    if data_coding == 0 or data_coding >= 0xF0:
        return gsm7(octets, high=UNREAD)
    if data_coding == 1:
        return octets.decode("ascii", "replace")
    if data_coding == 8:
        text = octets[:len(octets) & ~1].decode("utf-16-be", "surrogatepass")
        return "".join(UNREAD * 6 if ord(c) > 0xFFFF else c for c in text)
    return octets.decode({3: "latin-1", 6: "iso8859-5", 7: "iso8859-8"}[data_coding])


def encode_gsm7(text):
    back = {c: bytes([0x1B, i]) for i, c in EXTENSION.items()}
    back.update({c: bytes([i]) for i, c in enumerate(GSM7)})
    return b"".join(back[c] for c in text)


def encode(data_coding, text):
    """A text as octets: GSM 7-bit, ASCII, Latin-1 or UCS-2."""
    if data_coding == 0:
        return encode_gsm7(text)
    return text.encode({1: "ascii", 3: "latin-1", 8: "utf-16-be"}[data_coding])
