#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What sigtran_dump reads of M3UA, SCCP, SUA and M2PA against what tshark reads.

Usage: tests/replay/sigtran_oracle.py SIGTRAN_DUMP [CAPTURE...]
       default: messages made here, and the captures of ../shared/material

Both read the same capture; every field of every DATA chunk that is a whole message is compared, segments put
together included. Chunks that are a fragment of a message are left out on both sides, and so are retransmissions,
which tshark does not read again. Exit 0: no difference but those of docs/tshark-differences.md; 1: each difference
as capture:frame: field; 77: skipped, the last line names what is missing.
"""
import glob
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MATERIAL = os.path.join(ROOT, "..", "shared", "material")
CAPTURES = ["own/jss7-*", "own/sigtran-*", "own/usrsctp-*", "pcap/sigtran/*.*cap"]
LAYERS = ("m3ua", "sua", "m2pa")
SHOWN = "frame sctp m3ua sua m2pa mtp3 sccp sccp.msg.fragments"
ABOVE = ("tcap", "sccpmg", "ranap", "bssap", "isup")  # what breaks in them breaks tshark's view of the layers below
UDT, UDTS, XUDT, XUDTS, LUDT, LUDTS = 9, 10, 17, 18, 19, 20
DATA_POINTER = {UDT: 4, UDTS: 4, XUDT: 5, XUDTS: 5, LUDT: 8, LUDTS: 8}  # what the third pointer counts from
SERVICE, LONG = (UDTS, XUDTS, LUDTS), (LUDT, LUDTS)
MADE = 3000


def flatten(pairs):
    for key, value in pairs:
        for one in value if isinstance(value, list) and not (value and isinstance(value[0], tuple)) else [value]:
            if isinstance(one, list):
                yield key, None
                yield from flatten(one)
            else:
                yield key, one


def tshark(path):
    """{(frame, TSN): [(layer, [(field, value)])]} of the chunks that are whole messages."""
    with tempfile.TemporaryDirectory() as home:
        r = subprocess.run(["tshark", "-n", "-r", path, "-o", "sccp.defragment_xudt:TRUE", "-T", "json", "-J", SHOWN,
                            *(x for name in ABOVE for x in ("--disable-protocol", name))],
                           capture_output=True, timeout=600,
                           env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8"})
    if r.returncode != 0:
        raise RuntimeError("tshark: " + r.stderr.decode(errors="replace"))
    out = {}
    for frame in json.loads(r.stdout.decode("utf-8", "replace"), object_pairs_hook=lambda pairs: pairs):
        chunk = None
        number = None
        for layer, fields in dict(dict(frame)["_source"])["layers"]:
            if not isinstance(fields, list):
                continue
            fields = list(flatten(fields))
            values = dict(fields)
            if layer == "frame":
                number = int(values["frame.number"])
            elif layer == "sctp" and "sctp.data_tsn_raw" in values:
                whole = values["sctp.data_b_bit"] in ("1", "True") and values["sctp.data_e_bit"] in ("1", "True")
                chunk = out.setdefault((number, int(values["sctp.data_tsn_raw"])), []) if whole else None
            elif layer in LAYERS + ("mtp3", "sccp", "sccp.msg.fragments") and chunk is not None:
                chunk.append((layer, fields))
    return out


def number(value):
    return int(value, 0)


def flag(value):
    return int(value in ("1", "0x01", "True"))


def read_address(fields, side):
    """An address of SCCP in our names."""
    v = {}
    for key, value in fields:
        if key.startswith(f"sccp.{side}."):
            v.setdefault(key[len(f"sccp.{side}."):], value)
    a = {"by_ssn": flag(v.get("ri", "0")), "gti": number(v.get("gti", "0")),
         "national": flag(v.get("reserved", "0")), "nature": number(v.get("nai", "0")),
         "plan": number(v.get("np", "0")), "translation_type": number(v.get("tt", "0")), "digits": v.get("digits", "")}
    a["encoding"] = number(v["es"]) if "es" in v else 2 - flag(v["oe"]) if "oe" in v else 0
    for name in ("pc", "ssn"):
        if name in v:
            a[name] = number(v[name])
    return a


def read_sccp(fields):
    m, v = {}, {}
    for key, value in fields:
        v.setdefault(key, value)
    kind = number(v["sccp.message_type"])
    m["type"] = kind
    for name, ours in (("sccp.class", "class"), ("sccp.return_cause", "return_cause"), ("sccp.hops", "hops"),
                       ("sccp.importance", "importance"), ("sccp.segmentation.first", "segment_first"),
                       ("sccp.segmentation.class", "segment_class"), ("sccp.segmentation.remaining", "segment_remaining"),
                       ("sccp.segmentation.slr", "segment_reference")):
        if name in v:
            m[ours] = number(v[name])
    if "sccp.handling" in v:
        m["handling"] = int(number(v["sccp.handling"]) == 8)
    lengths = [number(value) for key, value in fields if key == "sccp.parameter_length"]
    if kind in DATA_POINTER:
        m["data_off"] = DATA_POINTER[kind] + number(v["sccp.variable_pointer3"]) + (2 if kind in LONG else 1)
        if kind not in (XUDT, XUDTS):  # of these tshark does not show it
            m["data_len"] = lengths[2]
    m["called"], m["calling"] = read_address(fields, "called"), read_address(fields, "calling")
    return m


def read_chunk(layers):
    """The message of a chunk in our names; None: tshark reads none."""
    m = None
    for layer, fields in layers:
        v = {}
        for key, value in fields:
            v.setdefault(key, value)
        if layer in LAYERS and m is None:
            m = {"layer": layer}
            for name, ours in (("message_class", "message_class"), ("class", "message_class"), ("message_type", "type"),
                               ("type", "type"), ("message_length", "length"), ("length", "length"),
                               ("network_appearance", "appearance"), ("routing_context", "context"),
                               ("correlation_identifier", "correlation"), ("protocol_data_opc", "opc"),
                               ("protocol_data_dpc", "dpc"), ("protocol_data_si", "si"), ("protocol_data_ni", "ni"),
                               ("protocol_data_mp", "mp"), ("protocol_data_sls", "sls"), ("bsn", "bsn"), ("fsn", "fsn"),
                               ("status", "state")):
                if f"{layer}.{name}" in v:
                    m[ours] = number(v[f"{layer}.{name}"])
        elif layer == "mtp3" and m is not None and m["layer"] == "m2pa":
            m["si"], m["ni"] = number(v["mtp3.service_indicator"]), number(v["mtp3.network_indicator"])
        elif layer == "sccp" and m is not None:
            m["sccp"] = read_sccp(fields)
        elif layer == "sccp.msg.fragments" and m is not None and "sccp.msg.reassembled.length" in v:
            m["sccp"]["joined_len"] = number(v["sccp.msg.reassembled.length"])
    return m


def dump(program, path):
    r = subprocess.run([program, path], capture_output=True, timeout=300)
    if r.returncode != 0:
        raise RuntimeError(f"sigtran_dump: {r.stderr.decode(errors='replace')}")
    return [json.loads(line) for line in r.stdout.splitlines()]


M3UA_FIELDS = ("message_class", "type", "length", "appearance", "context", "correlation", "opc", "dpc", "si", "ni", "mp", "sls")
SCCP_FIELDS = ("class", "handling", "return_cause", "importance", "segment_first", "segment_class", "segment_remaining",
               "segment_reference", "data_off", "data_len")
ADDRESS_FIELDS = ("by_ssn", "gti", "national", "pc", "ssn", "nature", "plan", "encoding", "translation_type", "digits")
TYPES = {"UDT": UDT, "UDTS": UDTS, "XUDT": XUDT, "XUDTS": XUDTS, "LUDT": LUDT, "LUDTS": LUDTS, "CR": 1, "CC": 2, "CREF": 3,
         "RLSD": 4, "RLC": 5, "DT1": 6, "DT2": 7, "AK": 8, "ED": 11, "EA": 12, "RSR": 13, "RSC": 14, "ERR": 15, "IT": 16}


def compare_sccp(mine, theirs):
    if TYPES.get(mine["sccp"]) != theirs["type"]:
        return [("sccp", mine["sccp"], theirs["type"])]
    if "sccp_bad" in mine:  # what is connection-oriented is recognised only
        connection = theirs["type"] not in (UDT, UDTS, XUDT, XUDTS, LUDT, LUDTS)
        return [] if connection and mine["sccp_bad"] == "sccp_connection" else [("sccp", mine["sccp_bad"], theirs["type"])]
    out = [(name, mine.get(name), theirs.get(name)) for name in SCCP_FIELDS
           if mine.get(name) != theirs.get(name) and (name != "data_len" or name in theirs)]
    if mine["hops"] != theirs.get("hops", 0):
        out.append(("hops", mine["hops"], theirs.get("hops")))
    if mine.get("joined_len") != theirs.get("joined_len") and mine.get("joined_segments") != 1:
        out.append(("joined_len", mine.get("joined_len"), theirs.get("joined_len")))
    for side in ("called", "calling"):
        out += [(f"{side} {name}", mine[side].get(name), theirs[side].get(name)) for name in ADDRESS_FIELDS
                if mine[side].get(name) != theirs[side].get(name)]
    return out + [("anomaly", name, None) for name in mine["sccp_anomalies"] if name != "sccp_national"]


def compare(mine, theirs):
    if mine["ppid"] != theirs["layer"].upper():
        return [("ppid", mine["ppid"], theirs["layer"])]
    if "bad" in mine:
        return [("bad", mine["bad"], None)]
    fields = {"m3ua": M3UA_FIELDS, "sua": ("message_class", "type"),
              "m2pa": ("type", "bsn", "fsn", "state", "si", "ni")}[theirs["layer"]]
    fields = fields if mine.get("name", "DATA") == "DATA" else fields[:3]  # of management the header
    out = [(name, mine.get(name), theirs.get(name)) for name in fields if mine.get(name) != theirs.get(name)]
    if "sccp" in mine and theirs["layer"] == "m3ua":
        out += compare_sccp(mine, theirs["sccp"]) if "sccp" in theirs else [("sccp", mine["sccp"], None)]
    return out + [("anomaly", name, None) for name in mine.get("anomalies", [])]


def explained(name, difference):
    """The kind of docs/tshark-differences.md, SIGTRAN, that a difference is of; None: a new one."""
    if name == "sample-captures--isup.cap" and difference == ("bad", "m3ua_data", None):
        return "M3UA of a draft"
    return None


def check(program, path, name, truth=None):
    """Prints the differences of one capture, from tshark and from `truth`; (messages, differences, those explained)."""
    theirs = tshark(path)
    seen, n, bad, known = {}, 0, 0, Counter()
    for mine in dump(program, path):
        content = {k: v for k, v in mine.items() if k not in ("frame", "segment", "joined_len", "joined_segments")}
        again = seen.get(mine["tsn"]) == content
        seen[mine["tsn"]] = content
        message = read_chunk(theirs.pop((mine["frame"], mine["tsn"]), []))
        if message is None:
            if again:
                known["retransmission"] += 1
                continue
            differences = [("message", mine, None)]
        else:
            n += 1
            differences = compare(mine, message)
        for field, value in (truth or {}).get(mine["frame"], {}).items():
            if mine.get(field) != value:
                differences.append((f"made {field}", mine.get(field), value))
        for d in differences:
            kind = explained(name, d)
            if kind is not None:
                known[kind] += 1
            else:
                bad += 1
                print(f"{name}:{mine['frame']}: {d[0]}: ours {d[1]!r}, tshark {d[2]!r}")
    for (frame, tsn), layers in theirs.items():
        if read_chunk(layers) is not None:
            bad += 1
            print(f"{name}:{frame}: TSN {tsn}: read by tshark only")
    print(f"{name}: {n} messages, {bad} differences" + "".join(f"; {v} {k}" for k, v in sorted(known.items())))
    return n, bad, known


# Messages made here: what no capture at hand has.

def bcd(digits):
    d = digits + "0" * (len(digits) % 2)
    return bytes(int(d[i + 1], 16) << 4 | int(d[i], 16) for i in range(0, len(d), 2))


def made_address(r):
    gti, parts = r.randrange(5), b""
    indicator = r.randrange(4) | gti << 2 | r.randrange(2) << 6
    if indicator & 1:
        parts += struct.pack("<H", r.randrange(1 << 14))
    if indicator & 2:
        parts += bytes([r.choice([1, 5, 6, 7, 8, 146, 149, 254])])
    digits = "".join(r.choice("0123456789") for _ in range(r.randrange(6, 19)))
    if gti == 2:
        digits += "1" * (len(digits) % 2)
    if gti == 1:
        parts += bytes([len(digits) % 2 << 7 | r.randrange(1, 5)])
    if gti >= 2:
        parts += bytes([r.randrange(256)])
    if gti >= 3:
        parts += bytes([r.choice([1, 3, 7]) << 4 | (1 if len(digits) % 2 else 2)])
    if gti == 4:
        parts += bytes([r.randrange(1, 5)])
    return bytes([indicator]) + parts + (bcd(digits) if gti else b"")


def made_sccp(r):
    kind = r.choice([UDT, UDTS, XUDT, XUDTS, LUDT, LUDTS])
    called, calling = made_address(r), made_address(r)
    data = bytes(r.randrange(256) for _ in range(r.choice([2, 40, 200, 255, 256, 1200] if kind in LONG else [2, 40, 150])))
    fixed = bytes([kind, r.randrange(15) if kind in SERVICE else r.randrange(2) | r.choice([0, 0x80])])
    options, truth = b"", {"data_len": len(data)}
    if kind not in (UDT, UDTS):
        fixed += bytes([r.randrange(1, 16)])
        if r.randrange(2):
            truth["importance"] = r.randrange(8)
            options += bytes([0x12, 1, truth["importance"]])
        if r.randrange(2):  # a single segment
            truth.update(segment_first=1, segment_class=r.randrange(2), segment_remaining=0,
                         segment_reference=r.randrange(1 << 24))
            options += bytes([0x10, 4, 0x80 | truth["segment_class"] << 6])
            options += truth["segment_reference"].to_bytes(3, "little")
        options += b"\0" if options else b""
    parts = [bytes([len(called)]) + called, bytes([len(calling)]) + calling,
             (struct.pack("<H", len(data)) if kind in LONG else bytes([len(data)])) + data]
    n, size = (3 if kind in (UDT, UDTS) else 4), (2 if kind in LONG else 1)
    at, pointers = n * size, b""
    for i, part in enumerate((parts + [options])[:n]):
        pointer = at - (i + 1) * size + 1 if i < 3 or options else 0
        pointers += struct.pack("<H", pointer) if size == 2 else bytes([pointer])
        at += len(part)
    truth["data_off"] = len(fixed) + n * size + sum(map(len, parts)) - len(data)
    return fixed + pointers + b"".join(parts) + options, truth


def tlv(tag, value):
    return struct.pack(">HH", tag, 4 + len(value)) + value + bytes(-len(value) % 4)


def xua(kind, parameters):
    return struct.pack(">BBBBI", 1, 0, kind >> 8, kind & 255, 8 + len(parameters)) + parameters


def made_message(r):
    """(PPID, octets, what must be read of it)"""
    which = r.randrange(20)
    if which == 0:
        return 3, xua(r.choice([0x301, 0x304, 0x303, 0x306, 0x401, 0x403, 0x201, 0x202]), tlv(4, b"made")), {}
    if which == 1:
        return 4, xua(r.choice([0x701, 0x702, 0x301, 0x304]), tlv(6, bytes(4)) + tlv(0x115, bytes(4)) + tlv(0x10B, b"data")), {"data_len": 4}
    parameters = tlv(0x200, struct.pack(">I", r.randrange(1 << 32))) if r.randrange(2) else b""
    parameters += tlv(6, struct.pack(">I", r.randrange(1 << 32))) if r.randrange(2) else b""
    label = struct.pack(">IIBBBB", r.randrange(1 << 14), r.randrange(1 << 14), 3, r.randrange(4), r.randrange(4), r.randrange(16))
    sccp, truth = made_sccp(r)
    parameters += tlv(0x210, label + sccp)
    parameters += tlv(0x13, struct.pack(">I", r.randrange(1 << 32))) if r.randrange(4) == 0 else b""
    return 3, xua(0x101, parameters), truth


def make(path):
    """Writes the capture; what must be read of each frame."""
    r, truths = random.Random(4666), {}
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(MADE):
            ppid, message, truths[i + 1] = made_message(r)
            chunk = struct.pack(">BBHIHHI", 0, 3, 16 + len(message), 1000 + i, i % 16, i // 16, ppid) + message
            sctp = struct.pack(">HHII", 2905, 2905, 0x12345678, 0) + chunk + bytes(-len(chunk) % 4)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(sctp), i, 0, 64, 132, 0, b"\n\0\0\1", b"\n\0\0\2")
            frame = bytes(12) + b"\x08\0" + ip + sctp
            f.write(struct.pack("<IIII", i, 0, len(frame), len(frame)) + frame)
    return truths


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 2
    if not shutil.which("tshark"):
        print("sigtran-oracle: skipped: tshark is not installed")
        return 77
    paths = sys.argv[2:] or sorted(p for c in CAPTURES for p in glob.glob(os.path.join(MATERIAL, c)))
    results = []
    if len(sys.argv) == 2:
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, "made.pcap")
            results.append(check(sys.argv[1], path, "made", make(path)))
    results += [check(sys.argv[1], path, os.path.basename(path)) for path in paths]
    n_bad = sum(r[1] != 0 for r in results)
    print(f"{sum(r[0] for r in results)} messages, {sum(r[1] for r in results)} differences")
    if not paths:
        print("sigtran-oracle: captures skipped: ../shared/material is not there")
    print(f"sigtran-oracle: {len(results) - n_bad} passed, {n_bad} failed" + ("" if paths else ", 1 skipped"))
    return 1 if n_bad or not any(r[0] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
