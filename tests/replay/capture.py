# SPDX-License-Identifier: BSD-3-Clause
"""Capture files and what is in their frames: written for the tests alone, with nothing of smswall in it.

Reads pcap (both byte orders, micro- and nanoseconds) and pcapng, writes pcap; decodes Ethernet, VLAN,
Linux cooked, NULL, raw IP, IPv4, IPv6 and TCP; checks and makes checksums.
"""
import functools
import struct
import threading

ETHERNET, NULL, RAW, LOOP, SLL, SLL2 = 1, 0, 101, 108, 113, 276
# Octets before the IP header of links without Ethernet; 12, 14: raw IP of old files; 228, 229: raw IPv4, IPv6.
LINK_LEN = {SLL: 16, SLL2: 20, NULL: 4, LOOP: 4, RAW: 0, 12: 0, 14: 0, 228: 0, 229: 0}
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def once(function):
    """A function whose result for the same arguments is made once, whichever thread asks first."""
    made, lock = {}, threading.Lock()

    @functools.wraps(function)
    def ask(*key):
        with lock:
            mine, result = made.setdefault(key, (threading.Lock(), []))
        with mine:
            if not result:
                result.append(function(*key))
        return result[0]
    return ask


class Frame:
    """One frame: time in nanoseconds since 1970, octets, length on the wire."""
    __slots__ = ("ns", "data", "wire_len")

    def __init__(self, ns, data, wire_len=None):
        self.ns = ns
        self.data = data
        self.wire_len = len(data) if wire_len is None else wire_len


class Capture:
    """A whole file: `kind` is "pcap" or "pcapng"; `plain` where OUT must be the same octets as IN."""

    def __init__(self, kind, link, frames, snaplen=65535, nano=False, order="<", cut_off=False):
        self.kind, self.link, self.frames, self.snaplen = kind, link, frames, snaplen
        self.nano, self.order, self.cut_off = nano, order, cut_off

    @property
    def plain(self):
        return self.kind == "pcap" and self.link == ETHERNET and not self.nano and not self.cut_off


def read(path):
    with open(path, "rb") as f:
        return parse(f.read())


def parse(b):
    for order in "<>":
        for magic, nano in ((0xA1B2C3D4, False), (0xA1B23C4D, True)):
            if b[:4] == struct.pack(order + "I", magic):
                return _parse_pcap(b, order, nano)
    if b[:4] == b"\x0a\x0d\x0d\x0a":
        return _parse_pcapng(b)
    raise ValueError("neither pcap nor pcapng")


def _parse_pcap(b, order, nano):
    snaplen, link = struct.unpack_from(order + "II", b, 16)
    frames, at, cut_off = [], 24, False
    record = struct.Struct(order + "IIII")
    while at < len(b):
        if at + 16 > len(b):
            cut_off = True
            break
        seconds, part, length, wire = record.unpack_from(b, at)
        if at + 16 + length > len(b):
            cut_off = True
            break
        frames.append(Frame(seconds * 10**9 + part * (1 if nano else 1000),
                            b[at + 16:at + 16 + length], wire))
        at += 16 + length
    return Capture("pcap", link & 0x0FFFFFFF, frames, snaplen, nano, order, cut_off)


def _parse_pcapng(b):
    frames, at, order, links = [], 0, "<", []
    while at + 12 <= len(b):
        if b[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if b[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, length = struct.unpack_from(order + "II", b, at)
        body = b[at + 8:at + length - 4]
        if kind == 1:
            links.append(_interface(body, order))
        elif kind == 6:
            interface, high, low, n, wire = struct.unpack_from(order + "IIIII", body)
            per_second = links[interface][1]
            frames.append(Frame((high << 32 | low) * 10**9 // per_second, body[20:20 + n], wire))
        elif kind == 3:
            wire = struct.unpack_from(order + "I", body)[0]
            frames.append(Frame(0, body[4:4 + wire], wire))
        at += length
    return Capture("pcapng", links[0][0] if links else ETHERNET, frames)


def _interface(body, order):
    per_second, at = 10**6, 8
    while at + 4 <= len(body):
        code, n = struct.unpack_from(order + "HH", body, at)
        if code == 9:  # if_tsresol
            value = body[at + 4]
            per_second = 2 ** (value & 127) if value & 128 else 10 ** value
        if code == 0:
            break
        at += 4 + (n + 3) // 4 * 4
    return struct.unpack_from(order + "H", body)[0], per_second


def encode(frames, link=ETHERNET, snaplen=262144, nano=False, order="<"):
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link)]
    unit = 1 if nano else 1000
    for f in frames:
        out.append(struct.pack(order + "IIII", f.ns // 10**9, f.ns % 10**9 // unit, len(f.data), f.wire_len))
        out.append(f.data)
    return b"".join(out)


def encode_pcapng(frames, link=ETHERNET):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", link, 0, 0))]
    for f in frames:
        us = f.ns // 1000
        out.append(block(6, struct.pack("<IIIII", 0, us >> 32, us & 0xFFFFFFFF, len(f.data), f.wire_len) + f.data))
    return b"".join(out)


def write(path, frames, **how):
    with open(path, "wb") as f:
        f.write(encode(frames, **how))


def ones_sum(b):
    """The sum of RFC 1071, folded, not inverted."""
    if len(b) & 1:
        b += b"\0"
    s = sum(struct.unpack(f"!{len(b) // 2}H", b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return s


class Segment:
    """A TCP segment in a frame. Offsets are into the frame's octets."""
    __slots__ = ("ip", "tcp", "body", "end", "src", "dst", "sport", "dport", "seq", "ack", "flags", "version",
                 "ip_ok", "tcp_ok", "cut", "data")

    @property
    def payload(self):
        return self.data[self.body:self.end]

    @property
    def direction(self):
        return (self.src, self.sport, self.dst, self.dport)

    @property
    def flow(self):
        a, b = (self.src, self.sport), (self.dst, self.dport)
        return (a, b) if a < b else (b, a)


def network(data, link=ETHERNET):
    """(offset, version) of the IP header in a frame, or None."""
    at = {ETHERNET: 12, SLL: 14, SLL2: 0}.get(link, LINK_LEN.get(link, 0))
    if link in (ETHERNET, SLL, SLL2):
        ethertype = struct.unpack_from("!H", data, at)[0] if len(data) >= at + 2 else 0
        at = 20 if link == SLL2 else at + 2
        while ethertype in (0x8100, 0x88A8, 0x9100) and len(data) >= at + 4:
            ethertype = struct.unpack_from("!H", data, at + 2)[0]
            at += 4
        if ethertype not in (0x0800, 0x86DD):
            return None
    if len(data) < at + 20:
        return None
    version = data[at] >> 4
    return (at, version) if version in (4, 6) else None


def segment(data, link=ETHERNET):
    """The TCP segment in a frame, or None: no TCP, a fragment, a broken header."""
    where = network(data, link)
    if where is None:
        return None
    s = Segment()
    s.data, (s.ip, s.version) = data, where
    at = s.ip
    if s.version == 4:
        n = (data[at] & 15) * 4
        end = at + struct.unpack_from("!H", data, at + 2)[0]
        if data[at + 9] != 6 or struct.unpack_from("!H", data, at + 6)[0] & 0x3FFF or n < 20:
            return None
        s.src, s.dst = data[at + 12:at + 16], data[at + 16:at + 20]
        s.ip_ok = ones_sum(data[at:at + n]) == 0xFFFF
        s.tcp = at + n
    else:
        if len(data) < at + 40:
            return None
        end = at + 40 + struct.unpack_from("!H", data, at + 4)[0]
        s.src, s.dst = data[at + 8:at + 24], data[at + 24:at + 40]
        s.ip_ok = True
        s.tcp = _walk_extensions(data, at)
        if s.tcp is None:
            return None
    s.cut = end > len(data)
    s.end = min(end, len(data))
    if s.tcp + 20 > s.end:
        return None
    s.sport, s.dport, s.seq, s.ack = struct.unpack_from("!HHII", data, s.tcp)
    s.body = s.tcp + (data[s.tcp + 12] >> 4) * 4
    s.flags = data[s.tcp + 13]
    if s.body < s.tcp + 20 or s.body > s.end:
        return None
    pseudo = s.src + s.dst + struct.pack("!II", s.end - s.tcp, 6)
    s.tcp_ok = not s.cut and ones_sum(pseudo + data[s.tcp:s.end]) == 0xFFFF
    return s


def _walk_extensions(data, ip):
    kind, at = data[ip + 6], ip + 40
    while kind in (0, 43, 44, 60):
        if len(data) < at + 8:
            return None
        if kind == 44 and struct.unpack_from("!H", data, at + 2)[0] & 0xFFF9:
            return None
        kind, at = data[at], at + (8 if kind == 44 else 8 + 8 * data[at + 1])
    return at if kind == 6 else None
