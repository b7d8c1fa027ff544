# SPDX-License-Identifier: BSD-3-Clause
"""SIGTRAN as the replay tests read it: SCTP chunks, M3UA, SCCP, TCAP, short messages of MAP.

Written for the tests alone. Every octet of a TCAP message keeps its place in the capture (frame, offset), so that
what was changed in OUT can be told octet by octet. Of a TSN that came several times the first copy is the message.
"""
import struct

import capture

SCTP = 132
DATA, INIT, I_DATA = 0, 1, 64
M3UA_PPIDS = (3, 3 << 24)  # some stacks send it in the order of their machine
M3UA_DATA, SCCP_SI = (1, 1), 3
UDT, UDTS, XUDT, XUDTS, LUDT, LUDTS = 9, 10, 17, 18, 19, 20
INVOKE, RESULT, ERROR, REJECT, RESULT_MORE = 0xA1, 0xA2, 0xA3, 0xA4, 0xA7
OPERATIONS = {44: "mt-forwardSM", 46: "mo-forwardSM"}
UI = 0x04  # SM-RP-UI: the octet string of the TPDU


def _crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ 0x82F63B78 if n & 1 else n >> 1
        table.append(n)
    return table


_TABLE = _crc32c_table()


def crc32c(octets):
    """RFC 9260 appendix A."""
    crc = 0xFFFFFFFF
    for o in octets:
        crc = crc >> 8 ^ _TABLE[(crc ^ o) & 0xFF]
    return crc ^ 0xFFFFFFFF


class Chunk:
    """One chunk of a packet; `at` is the offset of its header in the frame."""
    __slots__ = ("kind", "flags", "at", "length")

    def __init__(self, kind, flags, at, length):
        self.kind, self.flags, self.at, self.length = kind, flags, at, length


class Packet:
    """An SCTP packet: offsets into the frame's octets."""
    __slots__ = ("data", "at", "end", "sport", "dport", "tag", "chunks", "src", "dst")

    def __init__(self, data, at, end, src, dst):
        self.data, self.at, self.end, self.src, self.dst = data, at, end, src, dst
        self.sport, self.dport, self.tag = struct.unpack_from(">HHI", data, at)
        self.chunks = []
        at += 12
        while at + 4 <= end:
            kind, flags, length = struct.unpack_from(">BBH", data, at)
            if length < 4 or at + length > end:
                break
            self.chunks.append(Chunk(kind, flags, at, length))
            at += (length + 3) & ~3

    @property
    def direction(self):
        """The same on every path: the receiver's tag and both ports."""
        return self.tag, self.sport, self.dport

    def checksum_right(self):
        """CRC32c, least significant octet first; None where the sender left it 0 (RFC 9653)."""
        d = self.data
        if d[self.at + 8:self.at + 12] == bytes(4):
            return None
        return struct.pack("<I", crc32c(d[self.at:self.at + 8] + bytes(4) + d[self.at + 12:self.end])) == \
            d[self.at + 8:self.at + 12]


def packet(data, link=capture.ETHERNET):
    """The SCTP packet in a frame, or None: another protocol, a fragment, cut."""
    where = capture.network(data, link)
    if where is None:
        return None
    at, version = where
    if version == 4:
        begin = at + (data[at] & 15) * 4
        end = at + struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 9] != SCTP or struct.unpack_from(">H", data, at + 6)[0] & 0x3FFF:
            return None
        src, dst = data[at + 12:at + 16], data[at + 16:at + 20]
    else:
        begin, end = at + 40, at + 40 + struct.unpack_from(">H", data, at + 4)[0]
        if data[at + 6] != SCTP:
            return None
        src, dst = data[at + 8:at + 24], data[at + 24:at + 40]
    return Packet(data, begin, end, src, dst) if begin + 12 <= end <= len(data) else None


class Octets:
    """Octets with the place of each: runs of (start here, frame, offset in it)."""

    def __init__(self, data=b"", runs=()):
        self.data, self.runs = data, list(runs)

    def __len__(self):
        return len(self.data)

    def cut(self, start, end):
        """[start, end) with its places."""
        runs = []
        for i, (at, frame, off) in enumerate(self.runs):
            until = self.runs[i + 1][0] if i + 1 < len(self.runs) else len(self.data)
            low, high = max(at, start), min(until, end)
            if low < high:
                runs.append((low - start, frame, off + low - at))
        return Octets(self.data[start:end], runs)

    def __add__(self, other):
        return Octets(self.data + other.data,
                      self.runs + [(at + len(self.data), f, o) for at, f, o in other.runs])

    def places(self, start=0, end=None):
        """(frame, offset) of each octet of [start, end)."""
        end = len(self.data) if end is None else end
        for i, (at, frame, off) in enumerate(self.runs):
            until = self.runs[i + 1][0] if i + 1 < len(self.runs) else len(self.data)
            for k in range(max(at, start), min(until, end)):
                yield frame, off + k - at

    def again(self, frames):
        """What stands at the same places of other frames."""
        return bytes(frames[f].data[o] for f, o in self.places())


class Message:
    """A user message of SCTP: its octets and pieces; `frame` (from 1) and `tsn` with which it became whole."""
    __slots__ = ("octets", "ppid", "frame", "tsn", "direction", "stream", "pieces")


class Piece:
    """A DATA or I-DATA chunk that came first with its TSN. Copies of it are in `copies`: (frame, Chunk)."""
    __slots__ = ("tsn", "flags", "stream", "ppid", "frame", "start", "end", "data", "copies")


def piece_of(data, frame, chunk):
    """What a DATA or I-DATA chunk carries, or None."""
    head = 16 if chunk.kind == DATA else 20
    if chunk.kind not in (DATA, I_DATA) or chunk.length <= head:
        return None
    p = Piece()
    p.tsn, p.stream = struct.unpack_from(">IH", data, chunk.at + 4)
    p.ppid = struct.unpack_from(">I", data, chunk.at + (12 if chunk.kind == DATA else 16))[0]
    p.flags, p.frame, p.data, p.copies = chunk.flags, frame, data, [(frame, chunk)]
    p.start, p.end = chunk.at + head, chunk.at + chunk.length
    return p


def user_messages(frames, link=capture.ETHERNET):
    """Every message in the order in which it became whole, and the pieces by (direction, TSN)."""
    pieces, messages, taken = {}, [], set()
    for i, f in enumerate(frames):
        p = packet(f.data, link)
        for c in p.chunks if p else ():
            piece = piece_of(f.data, i, c)
            if piece is None:
                continue
            key = p.direction, piece.tsn
            if key in pieces:
                pieces[key].copies.append((i, c))
                continue
            pieces[key] = piece
            m = _whole(pieces, taken, p.direction, piece.tsn)
            if m is not None:
                m.frame = i + 1
                messages.append(m)
    return messages, pieces


def _whole(pieces, taken, direction, tsn):
    first = last = tsn
    while (direction, first) in pieces and not pieces[direction, first].flags & 2:
        first = (first - 1) & 0xFFFFFFFF
    while (direction, last) in pieces and not pieces[direction, last].flags & 1:
        last = (last + 1) & 0xFFFFFFFF
    if (direction, first) not in pieces or (direction, last) not in pieces or (direction, first) in taken:
        return None
    taken.add((direction, first))
    m, at = Message(), first
    m.octets, m.pieces = Octets(), []
    while True:
        p = pieces[direction, at]
        m.octets += Octets(p.data[p.start:p.end], [(0, p.frame, p.start)])
        m.pieces.append(p)
        if at == last:
            break
        at = (at + 1) & 0xFFFFFFFF
    m.ppid, m.stream = m.pieces[0].ppid, m.pieces[0].stream
    m.tsn, m.direction = last, direction
    return m


def protocol_data(octets):
    """(OPC, DPC, SCCP octets) of each protocol data with SCCP in an M3UA DATA message."""
    b, at = octets.data, 8
    if len(b) < 8 or tuple(b[2:4]) != M3UA_DATA:
        return
    while at + 4 <= len(b):
        tag, length = struct.unpack_from(">HH", b, at)
        if tag == 0x0210 and length >= 16 and b[at + 12] == SCCP_SI:
            yield (*struct.unpack_from(">II", b, at + 4), octets.cut(at + 16, at + length))
        at += (length + 3) & ~3 if length >= 4 else len(b)


class Tcap:
    """A TCAP message: its octets, those of the last segment alone and its local reference, and who sends it to whom."""
    __slots__ = ("message", "octets", "own", "reference", "opc", "dpc", "sccp", "segments", "called", "calling")


def _variable(octets, at, wide):
    b = octets.data
    if wide:
        at += struct.unpack_from("<H", b, at)[0] + 1
        return octets.cut(at + 2, at + 2 + struct.unpack_from("<H", b, at)[0])
    at += b[at]
    return octets.cut(at + 1, at + 1 + b[at])


def _sccp(octets):
    """(type, called, calling, data, segmentation or None), or None for other types."""
    b = octets.data
    if b[:1] not in (bytes([UDT]), bytes([XUDT]), bytes([LUDT])):
        return None
    kind = b[0]
    if kind == UDT:
        return kind, _variable(octets, 2, False), _variable(octets, 3, False), _variable(octets, 4, False), None
    if kind == XUDT:
        parts = [_variable(octets, at, False) for at in (3, 4, 5)]
        at = 6 + b[6] if b[6] else len(b)
    else:
        # the addresses have a length of one octet, the data of two (Q.713 4.20)
        called, calling = (octets.cut(at + struct.unpack_from("<H", b, at)[0] + 1, len(b)) for at in (3, 5))
        parts = [called.cut(1, 1 + called.data[0]), calling.cut(1, 1 + calling.data[0]), _variable(octets, 7, True)]
        offset = struct.unpack_from("<H", b, 9)[0]
        at = 10 + offset if offset else len(b)
    segmentation = None
    while at + 1 < len(b) and b[at]:
        if b[at] == 0x10:
            segmentation = octets.cut(at + 2, at + 2 + b[at + 1])
        at += 2 + b[at + 1]
    return (kind, *parts, segmentation)


def subsystem(address):
    """The subsystem number in an address, or None (Q.713 3.4)."""
    at = 3 if address[:1] and address[0] & 1 else 1
    return address[at] if address[:1] and address[0] & 2 and at < len(address) else None


def tcap_messages(frames, link=capture.ETHERNET):
    """Every TCAP message, segments put together; the pieces by (direction, TSN)."""
    messages, pieces = user_messages(frames, link)
    out, begun = [], {}
    for m in messages:
        if m.ppid not in M3UA_PPIDS:
            continue
        for opc, dpc, octets in protocol_data(m.octets):
            read = _sccp(octets)
            if read is None or subsystem(read[1].data) == 1:  # SCCP management
                continue
            t = Tcap()
            t.message, t.opc, t.dpc, t.sccp = m, opc, dpc, read[0]
            t.called, t.calling = read[1].data, read[2].data
            t.octets = t.own = read[3]
            t.segments = 1
            t.reference = Octets()
            if read[4] is not None and read[4].data[0] & 0x8F != 0x80:
                first_and_remaining, t.reference = read[4].data[0], read[4].cut(1, 4)
                key = opc, dpc, t.calling, t.reference.data
                if first_and_remaining & 0x80:
                    begun[key] = Octets(), 0
                if key not in begun:
                    continue
                octets_before, n = begun.pop(key)
                t.octets, t.segments = octets_before + t.own, n + 1
                if first_and_remaining & 0x0F:
                    begun[key] = t.octets, t.segments
                    continue
            out.append(t)
    return out, pieces


class Element:
    """A BER element: tag octets, [start, end) with header, [body, body_end) of its content."""
    __slots__ = ("tag", "start", "body", "body_end", "end")

    def __init__(self, tag, start, body, body_end, end):
        self.tag, self.start, self.body, self.body_end, self.end = tag, start, body, body_end, end


def elements(b, at, end, depth=0):
    """The elements in [at, end), in their order; indefinite lengths end at their EOC."""
    assert depth < 20, "BER too deep for the tests"
    out = []
    while at < end and b[at:at + 2] != b"\0\0":
        start = at
        tag = b[at]
        at += 1
        if tag & 0x1F == 0x1F:
            while b[at] & 0x80:
                at += 1
            at += 1
        length = b[at]
        at += 1
        if length == 0x80:
            inside = elements(b, at, end, depth + 1)
            body_end = inside[-1].end if inside else at
            out.append(Element(tag, start, at, body_end, body_end + 2))
        else:
            if length & 0x80:
                n = length & 0x7F
                length = int.from_bytes(b[at:at + n], "big")
                at += n
            out.append(Element(tag, start, at, at + length, at + length))
        at = out[-1].end
    return out


class Component:
    """One component of a TCAP message: where it and its parts stand in the message."""
    __slots__ = ("tag", "element", "invoke_id", "code", "code_at", "ui", "imsi", "last")


TRANSACTION_IDS = (0x48, 0x49)


def read_tcap(b):
    """(tag, {0x48: otid, 0x49: dtid}, [Component]) of a TCAP message."""
    top = elements(b, 0, len(b))[0]
    ids, components = {}, []
    for e in elements(b, top.body, top.body_end):
        if e.tag in TRANSACTION_IDS:
            ids[e.tag] = b[e.body:e.body_end].hex()
        elif e.tag == 0x6C:
            components += [_component(b, c) for c in elements(b, e.body, e.body_end)]
    return top.tag, ids, components


def _component(b, e):
    c = Component()
    c.tag, c.element, c.ui, c.imsi, c.code, c.code_at, c.last = e.tag, e, [], None, None, (0, 0), None
    parts = elements(b, e.body, e.body_end)
    numbers = [p for p in parts if p.tag == 0x02]
    c.invoke_id = b[numbers[0].body] if numbers else None
    if len(numbers) > 1 and e.tag in (INVOKE, ERROR):
        c.code_at = numbers[1].body, numbers[1].body_end
        c.code = int.from_bytes(b[c.code_at[0]:c.code_at[1]], "big")
    for p in parts:
        if p.tag in (0x30, 0xA1):
            inside = elements(b, p.body, p.body_end)
            for x in inside:
                if x.tag in (UI, UI | 0x20) and not c.ui:  # a second one is the IMSI of mo-forwardSM
                    c.ui = strings(b, x)
                elif x.tag == 0x80 and c.imsi is None:
                    c.imsi = x.body, x.body_end
            c.last = inside[-1] if inside else None
    return c


def strings(b, e):
    """[(start, end)] of the octets of a string, which may come in pieces."""
    if not e.tag & 0x20:
        return [(e.body, e.body_end)]
    return [s for x in elements(b, e.body, e.body_end) for s in strings(b, x)]


class Tpdu:
    """A SUBMIT, or a DELIVER (TS 23.040 9.2.2.1, 9.2.2.2): offsets into it."""
    __slots__ = ("mti", "dcs_at", "udl_at", "text", "address", "udhi", "dcs", "head", "end")

    def __init__(self, b):
        submit = b[0] & 3 == 1
        self.mti, self.udhi = b[0] & 3, bool(b[0] & 0x40)
        at = 2 if submit else 1
        self.address = at, at + 2 + (b[at] + 1) // 2
        at = self.address[1] + 1
        self.dcs_at, self.dcs = at, b[at]
        at += 1 + ({0: 0, 1: 7, 2: 1, 3: 7}[b[0] >> 3 & 3] if submit else 7)
        self.udl_at, self.end = at, len(b)
        self.head = 1 + b[at + 1] if self.udhi and len(b) > at + 1 else 0
        self.text = at + 1 + self.head


def width(dcs):
    """What a data coding makes of octets: 7 packed septets, 8 octets, 16 UCS-2 (TS 23.038 4)."""
    if dcs & 0xF0 == 0xE0:
        return 16
    if dcs & 0xF0 == 0xF0:
        return 8 if dcs & 4 else 7
    return 7 if dcs & 0x80 else {0: 7, 4: 8, 8: 16, 12: 7}[dcs & 12]


def septets(b, head, count):
    """The `count` septets of user data `b` behind a header of `head` octets, and the fill bits before them."""
    fill = -head * 8 % 7
    bits = int.from_bytes(b[head:], "little")
    n = count - (head * 8 + fill) // 7
    return [bits >> fill + 7 * i & 0x7F for i in range(n)], bits & (1 << fill) - 1
