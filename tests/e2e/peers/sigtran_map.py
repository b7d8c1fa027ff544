# SPDX-License-Identifier: BSD-3-Clause
"""sigtran_map: short messages of MAP as octets and back: M3UA, SCCP, TCAP, MAP, TPDU, as much of each as the live tests need.

Written from the specifications, and on its own: nothing of it is shared with what it tests. Tests only; anything that is
not as expected raises Bad.
"""
import struct

PPID = 3  # M3UA (RFC 4666 7.1)
# M3UA: class, type (RFC 4666 3.1)
ASPUP, ASPUP_ACK, BEAT, BEAT_ACK = (3, 1), (3, 4), (3, 3), (3, 6)
ASPAC, ASPAC_ACK, NOTIFY, ERROR, DATA = (4, 1), (4, 3), (0, 1), (0, 0), (1, 1)
TAG_ROUTING_CONTEXT, TAG_TRAFFIC_MODE, TAG_STATUS, TAG_PROTOCOL_DATA = 0x0006, 0x000B, 0x000D, 0x0210
SI_SCCP = 3
UDT, XUDT = 0x09, 0x11  # Q.713 2.1
SSN_HLR, SSN_MSC = 6, 8
# TCAP (Q.773 3)
BEGIN, END, CONTINUE, ABORT = 0x62, 0x64, 0x65, 0x67
OTID, DTID, DIALOGUE, COMPONENTS = 0x48, 0x49, 0x6B, 0x6C
INVOKE, RESULT, RETURN_ERROR, REJECT = 0xA1, 0xA2, 0xA3, 0xA4
UNRECOGNIZED_OPERATION, MISTYPED_PARAMETER = 1, 2  # Q.773 table 20
# MAP (TS 29.002 17.5, 17.6)
MO, MT = 46, 44
UNIDENTIFIED_SUBSCRIBER, UNEXPECTED_DATA = 5, 36
CONTEXT_MO, CONTEXT_MT = 21, 25
_CONTEXT = bytes((0x04, 0x00, 0x00, 0x01, 0x00))  # map-ac of TS 29.002 17.3.3, before context and version
_DIALOGUE_AS = bytes((0x06, 0x07, 0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01))  # Q.773 4.2.3


class Bad(Exception):
    """Octets that say nothing to us."""


# ---- BER

def tlv(tag, *values):
    value = b"".join(values)
    n = len(value)
    length = bytes((n,)) if n < 128 else bytes((0x81, n)) if n < 256 else bytes((0x82, n >> 8, n & 255))
    return bytes((tag,)) + length + value


def indefinite(tag, *values):
    """X.690 8.1.3.6"""
    return bytes((tag, 0x80)) + b"".join(values) + b"\0\0"


def elements(octets):
    """(tag, value) of each; definite and indefinite lengths, tags of one octet."""
    found, at = [], 0
    while at < len(octets):
        tag, value, at = _element(octets, at)
        found.append((tag, value))
    return found


def _element(octets, at):
    if at + 2 > len(octets) or octets[at] & 0x1F == 0x1F:
        raise Bad("tag")
    tag, length = octets[at], octets[at + 1]
    at += 2
    if length == 0x80:
        begin = at
        while octets[at:at + 2] != b"\0\0":
            _, _, at = _element(octets, at)
        return tag, octets[begin:at], at + 2
    if length > 0x80:
        n = length & 0x7F
        length = int.from_bytes(octets[at:at + n], "big")
        at += n
    if at + length > len(octets):
        raise Bad("length")
    return tag, octets[at:at + length], at + length


def child(octets, tag):
    """The value of the first element with this tag, or None."""
    for found, value in elements(octets):
        if found == tag:
            return value
    return None


# ---- numbers and texts

def digits(number):
    """TBCD: TS 29.002 17.7.8"""
    number += "f" if len(number) % 2 else ""
    return bytes(int(number[i + 1] + number[i], 16) for i in range(0, len(number), 2))


def undigits(octets):
    return "".join(f"{o & 15:x}{o >> 4:x}" for o in octets).rstrip("f")


def pack(text):
    """GSM 7-bit (TS 23.038 6.1.2.1), of letters that it has where ASCII has them."""
    bits = sum(ord(c) << 7 * i for i, c in enumerate(text))
    return bits.to_bytes((7 * len(text) + 7) // 8, "little")


def unpack(octets, n):
    bits = int.from_bytes(octets, "little")
    return "".join(chr(bits >> 7 * i & 127) for i in range(n))


# ---- TPDU (TS 23.040 9.2.2)

def tpdu(message):
    """SMS-SUBMIT for MO, SMS-DELIVER for MT. `text`, in UCS-2 when `ucs2`."""
    address = message["dst"] if message["kind"] == "mo" else message["oa"]
    text = message["text"]
    dcs, user_data, count = (8, text.encode("utf-16-be"), 2 * len(text)) if message.get("ucs2") else (
        0, pack(text), len(text))
    head = bytes((0x01, message["n"] & 255)) if message["kind"] == "mo" else b"\x04"
    stamp = b"" if message["kind"] == "mo" else bytes((0x62, 0x11, 0x22, 0x50, 0x01, 0x20, 0x00))
    return (head + bytes((len(address), 0x91)) + digits(address) + bytes((0, dcs)) + stamp +
            bytes((count,)) + user_data)


def read_tpdu(octets):
    """kind, address, dcs, text."""
    at = 2 if octets[0] & 3 == 1 else 1
    n = octets[at]
    address = undigits(octets[at + 2:at + 2 + (n + 1) // 2])[:n]
    at += 2 + (n + 1) // 2
    dcs = octets[at + 1]
    at += 2 + (0 if octets[0] & 3 == 1 else 7)
    count, user_data = octets[at], octets[at + 1:]
    if octets[0] & 3 == 1 and octets[0] & 0x18:
        raise Bad("validity period")
    ucs2 = dcs & 0x0C == 8
    if (count if ucs2 else (7 * count + 7) // 8) > len(user_data):
        raise Bad("user data")
    text = user_data[:count].decode("utf-16-be") if ucs2 else unpack(user_data, count)
    return "mo" if octets[0] & 3 == 1 else "mt", address, dcs, text


# ---- MAP and TCAP

def invoke(message):
    """The component with the operation."""
    centre = b"\x91" + digits(message["centre"])
    if message["kind"] == "mo":
        code, da, oa = MO, tlv(0x84, centre), tlv(0x82, b"\x91", digits(message["oa"]))
    else:
        code, da, oa = MT, tlv(0x80, digits(message["imsi"])), tlv(0x84, centre)
    if message.get("version") == 2:
        code = MO  # forwardSM of version 2: one code for both ways (TS 29.002 of release 96)
    make = indefinite if message.get("indefinite") else tlv
    # an element of a later release behind the text, so that a last segment can be without any of it
    more = tlv(0x30, tlv(0x80, bytes(message["behind"]))) if message.get("behind") else b""
    argument = make(0x30, da, oa, tlv(0x04, tpdu(message)), more)
    return make(INVOKE, tlv(0x02, bytes((message["invoke"],))), tlv(0x02, bytes((code,))), argument)


def context_of(message):
    return CONTEXT_MO if message["kind"] == "mo" else CONTEXT_MT


def request(message, otid, components=None):
    """Begin: AARQ (Q.773 4.2.3) and components, if there are any."""
    context = tlv(0x06, _CONTEXT, bytes((context_of(message), message.get("version", 3))))
    aarq = tlv(0x60, tlv(0x80, b"\x07\x80"), tlv(0xA1, context))
    return tlv(BEGIN, tlv(OTID, otid), tlv(DIALOGUE, tlv(0x28, _DIALOGUE_AS, tlv(0xA0, aarq))),
               tlv(COMPONENTS, components) if components else b"")


def response(kind, otid, dtid, context, components=None):
    """End or Continue: AARE that accepts, if there is a context to name."""
    dialogue = b""
    if context is not None:
        aare = tlv(0x61, tlv(0x80, b"\x07\x80"), tlv(0xA1, tlv(0x06, context)), tlv(0xA2, b"\x02\x01\x00"),
                   tlv(0xA3, tlv(0xA1, b"\x02\x01\x00")))
        dialogue = tlv(DIALOGUE, tlv(0x28, _DIALOGUE_AS, tlv(0xA0, aare)))
    return tlv(kind, tlv(OTID, otid) if kind == CONTINUE else b"", tlv(DTID, dtid), dialogue,
               tlv(COMPONENTS, components) if components else b"")


def next_step(otid, dtid, components):
    """Continue of the one that began."""
    return response(CONTINUE, otid, dtid, None, components)


def component(kind, invoke_id, code):
    """Result without parameter; error; Reject with a problem of an invoke (Q.773 3.2)."""
    number = tlv(0x02, bytes((invoke_id,)))
    if kind == RESULT:
        return tlv(RESULT, number)
    return tlv(kind, number, tlv(0x02 if kind == RETURN_ERROR else 0x81, bytes((code,))))


def read_tcap(octets):
    """{type, otid, dtid, context, components}; components: (tag, value) of each."""
    outer = elements(octets)
    if len(outer) != 1:
        raise Bad("octets behind TCAP")
    kind, value = outer[0]
    parts = dict(reversed(elements(value)))
    context = None
    if kind != ABORT and DIALOGUE in parts:
        dialogue = child(child(parts[DIALOGUE], 0x28), 0xA0)
        context = child(child(elements(dialogue)[0][1], 0xA1), 0x06)
    return {"type": kind, "otid": parts.get(OTID), "dtid": parts.get(DTID), "context": context,
            "components": elements(parts[COMPONENTS]) if COMPONENTS in parts else []}


# ---- SCCP (Q.713)

def address(number, ssn):
    """Global title of format 4 (Q.713 3.4.2.3.4), routed on it."""
    odd = len(number) % 2
    title = bytes((0x00, 0x11 if odd else 0x12, 0x04)) + digits(number + ("0" if odd else ""))
    return bytes((0x12, ssn)) + title


def read_address(octets):
    """The digits of a global title of format 4."""
    at = (2 if octets[0] & 1 else 0) + (1 if octets[0] & 2 else 0) + 1
    if octets[0] >> 2 & 15 != 4:
        raise Bad("global title")
    number = undigits(octets[at + 3:])
    return number[:-1] if octets[at + 1] & 15 == 1 else number


def _variable(first, called, calling, data, optional=None):
    """The pointers (Q.713 2.3) and what they point to."""
    n = 4 if optional is not None else 3
    parts = [bytes((len(p),)) + p for p in (called, calling, data)] + ([optional] if optional is not None else [])
    pointers, at = b"", 0
    for i, part in enumerate(parts):
        pointers += bytes((n - i + at,))
        at += len(part)
    return first + pointers + b"".join(parts)


def sccp(called, calling, tcap, segments=0, reference=0):
    """UDT when segments is 0; XUDT; or that many XUDT segments (Q.713 3.17)."""
    if segments == 0:
        return [_variable(bytes((UDT, 0x00)), called, calling, tcap)]
    size = -(-len(tcap) // segments)
    made = []
    for i in range(segments):
        protocol_class = 0x01 if segments > 1 else 0x00
        optional = b"\0"
        if segments > 1:
            first = 0xC0 if i == 0 else 0x40  # first segment; class 1
            optional = (bytes((0x10, 4, first | (segments - 1 - i))) + reference.to_bytes(3, "little") + b"\0")
        made.append(_variable(bytes((XUDT, protocol_class, 15)), called, calling,
                              tcap[i * size:(i + 1) * size], optional))
    return made


class Reassembly:
    """Q.714 4.1.1.2.3: segments of one calling address and reference, in their order; anything else gives them up."""

    def __init__(self):
        self.waiting = {}
        self.given_up = 0

    def take(self, octets):
        """(called, calling, TCAP), or None while there is more to come."""
        kind = octets[0]
        if kind not in (UDT, XUDT):
            raise Bad(f"SCCP message {kind}")
        at = 2 if kind == UDT else 3
        called, calling, data = (octets[at + i + octets[at + i]:] for i in range(3))
        called, calling, data = (p[1:1 + p[0]] for p in (called, calling, data))
        option = kind == XUDT and octets[at + 3] and octets[at + 3 + octets[at + 3]:]
        if not option or option[0] != 0x10:
            return called, calling, data
        key = (calling, option[3:6])
        left = option[2] & 15
        if option[2] & 0x80:
            self.given_up += key in self.waiting
            self.waiting[key] = (left, data)
        else:
            wanted, before = self.waiting.pop(key, (None, b""))
            if wanted is None or left != wanted - 1:
                self.given_up += 1
                return None
            self.waiting[key] = (left, before + data)
        if left:
            return None
        return called, calling, self.waiting.pop(key)[1]


# ---- M3UA (RFC 4666)

def m3ua(kind, *parameters):
    body = b"".join(struct.pack("!HH", tag, 4 + len(v)) + v + bytes(-len(v) % 4) for tag, v in parameters)
    return struct.pack("!BBBBI", 1, 0, *kind, 8 + len(body)) + body


def data(opc, dpc, sls, user_data, routing_context):
    return m3ua(DATA, (TAG_ROUTING_CONTEXT, struct.pack("!I", routing_context)),
                (TAG_PROTOCOL_DATA, struct.pack("!IIBBBB", opc, dpc, SI_SCCP, 2, 0, sls) + user_data))


def read_m3ua(octets):
    """(class, type), parameters by tag."""
    version, _, group, kind, length = struct.unpack("!BBBBI", octets[:8])
    if version != 1 or length != len(octets):
        raise Bad("M3UA header")
    parameters, at = {}, 8
    while at < length:
        tag, size = struct.unpack("!HH", octets[at:at + 4])
        if size < 4:
            raise Bad("M3UA parameter")
        parameters[tag] = octets[at + 4:at + size]
        at += (size + 3) // 4 * 4
    return (group, kind), parameters


def read_protocol_data(octets):
    """(opc, dpc, si, user data)"""
    opc, dpc, si = struct.unpack("!IIB", octets[:9])
    return opc, dpc, si, octets[12:]
