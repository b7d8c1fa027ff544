# SPDX-License-Identifier: BSD-3-Clause
"""Makes SIGTRAN captures: short messages of MAP over TCAP, SCCP, M3UA and SCTP, every field as wanted.

A writer of its own, as traffic.py is for SMPP: it shares nothing with smswall or its traffic maker.
TPDUs: 3GPP TS 23.040 9.2.2; MAP: TS 29.002 17.7.6; TCAP: Q.773 4.2; SCCP: Q.713 4.10; M3UA: RFC 4666 3.3.1.
"""
import struct

import capture
from capture import Frame
from sigtran import crc32c

MT, MO = 44, 46
SSN_MSC = 8
GSM7_EXTRA = {"@": 0, "£": 1, "$": 2, "_": 0x11, "\n": 0x0A}
DATA, INIT, INIT_ACK, SACK, COOKIE_ECHO, COOKIE_ACK = 0, 1, 2, 3, 10, 11
SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE = 7, 8, 14


# ---- TPDUs ----

def semi_octets(digits, filler="f"):
    digits += filler * (len(digits) % 2)
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))


def septets(text):
    return [GSM7_EXTRA.get(c, ord(c)) for c in text]


def packed(values, shift=0):
    """Septets as octets, the first one `shift` bits in (TS 23.038 6.1.2.1.1)."""
    bits = sum(v << shift + 7 * i for i, v in enumerate(values))
    return bits.to_bytes((shift + 7 * len(values) + 7) // 8, "little")


def address(text, ton=None):
    """TP-OA, TP-DA (9.1.2.5): digits, or a name in 7 bits."""
    if not text.lstrip("+").isdigit():
        octets = packed(septets(text))
        return bytes([(len(text) * 7 + 3) // 4, 0xD0]) + octets
    ton = (0 if len(text) < 7 else 1) if ton is None else ton
    return bytes([len(text), 0x81 | ton << 4]) + semi_octets(text)


def coding_width(dcs):
    if dcs & 0xF0 == 0xF0:
        return 8 if dcs & 4 else 7
    if dcs & 0xC0 == 0xC0:
        return 16 if dcs & 0xF0 == 0xE0 else 7
    return {0: 7, 4: 8, 8: 16, 12: 7}[dcs & 12]


def user_data(text, dcs, udh):
    """TP-UDL and TP-UD; `text` may be octets. `udh` is without its length."""
    head = bytes([len(udh)]) + udh if udh else b""
    if isinstance(text, str) and coding_width(dcs) == 7:
        fill = -len(head) * 8 % 7
        n = (len(head) * 8 + fill) // 7
        return bytes([n + len(text)]) + head + packed(septets(text), fill)
    body = text if isinstance(text, bytes) else text.encode("utf-16-be")
    return bytes([len(head) + len(body)]) + head + body


def deliver(originator, text, pid=0, dcs=0, udh=b"", when="260303100000"):
    return bytes([0x44 if udh else 0x04]) + address(originator) + bytes([pid, dcs]) + semi_octets(when) + b"\0" + \
        user_data(text, dcs, udh)


def submit(destination, text, pid=0, dcs=0, udh=b"", reference=1):
    return bytes([0x41 if udh else 0x01, reference & 0xFF]) + address(destination) + bytes([pid, dcs]) + \
        user_data(text, dcs, udh)


# ---- MAP, TCAP ----

def ber(tag, *contents):
    body = b"".join(contents)
    n = len(body)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else struct.pack("!BH", 0x82, n)) + \
        body


def isdn(digits):
    return b"\x91" + semi_octets(digits)


def mo_forward(msisdn, centre, tpdu, imsi):
    return ber(0x30, ber(0x84, isdn(centre)), ber(0x82, isdn(msisdn)), ber(4, tpdu), ber(4, semi_octets(imsi)))


def mt_forward(imsi, centre, tpdu):
    return ber(0x30, ber(0x80, semi_octets(imsi)), ber(0x84, isdn(centre)), ber(4, tpdu))


def dialogue(context, answer):
    name = ber(0xA1, ber(6, bytes([4, 0, 0, 1, 0, context, 3])))  # 0.4.0.0.1.0.context.3
    version = b"\x80\x02\x07\x80"
    apdu = ber(0x61, version, name, ber(0xA2, b"\2\1\0"), ber(0xA3, ber(0xA1, b"\2\1\0"))) if answer else \
        ber(0x60, version, name)
    return ber(0x6B, ber(0x28, ber(6, b"\0\x11\x86\5\1\1\1"), ber(0xA0, apdu)))


def begin(otid, operation, argument):
    context = 21 if operation == MO else 25
    return ber(0x62, ber(0x48, struct.pack("!I", otid)), dialogue(context, False),
               ber(0x6C, ber(0xA1, b"\2\1\1", bytes([2, 1, operation]), argument)))


def end(dtid, operation):
    context = 21 if operation == MO else 25
    return ber(0x64, ber(0x49, struct.pack("!I", dtid)), dialogue(context, True), ber(0x6C, ber(0xA2, b"\2\1\1")))


# ---- SCCP, M3UA, SCTP ----

def title(digits, ssn=SSN_MSC):
    """An address with a global title of format 4 (Q.713 3.4.2.3.4)."""
    return bytes([0x12, ssn, 0, 0x11 if len(digits) % 2 else 0x12, 4]) + semi_octets(digits, "0")


def unitdata(called, calling, data):
    called, calling = title(called), title(calling)
    if len(data) <= 254:
        head = bytes([9, 1, 3, 3 + len(called), 3 + len(called) + len(calling)])
        return head + b"".join(bytes([len(x)]) + x for x in (called, calling, data))
    # LUDT (4.20): pointers of two octets, low one first
    pointers = (7, 5 + 1 + len(called), 3 + 2 + len(called) + len(calling), 0)
    return bytes([0x13, 1, 15]) + struct.pack("<4H", *pointers) + bytes([len(called)]) + called + \
        bytes([len(calling)]) + calling + struct.pack("<H", len(data)) + data


def m3ua(opc, dpc, sccp, sls):
    data = struct.pack("!IIBBBB", opc, dpc, 3, 2, 0, sls) + sccp
    parameter = struct.pack("!HH", 0x210, 4 + len(data)) + data + bytes(-len(data) % 4)
    return struct.pack("!BBBBI", 1, 0, 1, 1, 8 + len(parameter)) + parameter


def chunk(kind, flags, body):
    return struct.pack("!BBH", kind, flags, 4 + len(body)) + body + bytes(-len(body) % 4)


class Association:
    """An SCTP association of other networks (client) with the operator, a frame at a time."""

    def __init__(self, ns, client_port=2906):
        self.ns, self.ports = ns, {True: client_port, False: 2905}
        self.address = {True: b"\xc0\0\2\x0a", False: b"\xc0\0\2\x14"}
        self.tag = {True: 0x11111111, False: 0x22222222}  # of whom it is sent to
        self.tsn = {True: 1000, False: 5000}
        self.point_code = {True: 100, False: 200}
        self.owes = {True: None, False: None}  # a TSN to be acknowledged
        self.ssn = {True: 0, False: 0}
        self.frames, self.otid = [], 0x1000

    def put(self, client, chunks, tag=None):
        tag = self.tag[not client] if tag is None else tag
        packet = struct.pack("!HHII", self.ports[client], self.ports[not client], tag, 0) + chunks
        packet = packet[:8] + struct.pack("<I", crc32c(packet)) + packet[12:]
        src, dst = self.address[client], self.address[not client]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(packet), 0, 0x4000, 64, 132, 0)
        ip = ip[:10] + struct.pack("!H", 0xFFFF - capture.ones_sum(ip + src + dst)) + src + dst
        mac = b"\2\0\0\0\0\2\2\0\0\0\0\1" if client else b"\2\0\0\0\0\1\2\0\0\0\0\2"
        frame = Frame(self.ns, mac + b"\x08\0" + ip + packet)
        self.frames.append(frame)
        self.ns += 1_000_000
        return frame

    def open(self):
        for client, kind in ((True, INIT), (False, INIT_ACK)):
            body = struct.pack("!IIHHI", self.tag[client], 65536, 2, 2, self.tsn[client])
            cookie = struct.pack("!HH", 7, 8) + b"abcd" if kind == INIT_ACK else b""
            self.put(client, chunk(kind, 0, body + cookie), 0 if kind == INIT else None)
        self.put(True, chunk(COOKIE_ECHO, 0, b"abcd"))
        self.put(False, chunk(COOKIE_ACK, 0, b""))
        return self

    def sack(self, client):
        tsn, self.owes[client] = self.owes[client], None
        return b"" if tsn is None else chunk(SACK, 0, struct.pack("!IIHH", tsn, 65536, 0, 0))

    def say(self, client, octets):
        """One user message in one packet, with an acknowledgement if one is due."""
        data = struct.pack("!IHHI", self.tsn[client], 1, self.ssn[client] & 0xFFFF, 3) + octets
        self.owes[not client] = self.tsn[client]
        self.tsn[client] += 1
        self.ssn[client] += 1
        return self.put(client, self.sack(client) + chunk(DATA, 3, data))

    def forward(self, client, operation, argument, calling, called):
        """A short message in a Begin, and its answer; the frame of the Begin."""
        self.otid += 1
        codes = self.point_code[client], self.point_code[not client]
        frame = self.say(client, m3ua(*codes, unitdata(called, calling, begin(self.otid, operation, argument)),
                                      self.otid & 15))
        self.say(not client, m3ua(*reversed(codes), unitdata(calling, called, end(self.otid, operation)),
                                  self.otid & 15))
        return frame

    def close(self):
        for client in (True, False):
            if self.owes[client] is not None:
                self.put(client, self.sack(client))
        self.put(True, chunk(SHUTDOWN, 0, struct.pack("!I", self.tsn[False] - 1)))
        self.put(False, chunk(SHUTDOWN_ACK, 0, b""))
        self.put(True, chunk(SHUTDOWN_COMPLETE, 0, b""))
        return self
