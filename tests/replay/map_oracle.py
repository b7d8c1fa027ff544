#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What map_dump reads of MAP messages against what tshark reads of them.

Usage: tests/replay/map_oracle.py MAP_DUMP [CAPTURE...]      default: the captures of ../shared/material

The SIGTRAN of each capture is taken apart here (SCTP DATA, M3UA, SCCP with segments), each TCAP message is given
to map_dump and, alone in a frame of SCCP, to tshark; every field of both is compared. Exit 0: no difference;
1: each difference as capture:message: field; 77: skipped, the last line names what is missing.
"""
import collections
import glob
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MATERIAL = os.path.join(ROOT, "..", "shared", "material")
CAPTURES = ["own/jss7-*", "own/sigtran-*", "own/usrsctp-*", "pcap/sigtran/*.pcap"]
SCTP, M3UA_PPID, SCCP_SI = 132, 3, 3
UDT, XUDT, LUDT = 9, 17, 19


def classic(path):
    """The octets of a capture in the classic format."""
    data = open(path, "rb").read()
    if data[:4] != b"\x0a\x0d\x0d\x0a":
        return data
    with tempfile.TemporaryDirectory() as home:
        out = os.path.join(home, "classic.pcap")
        subprocess.run(["editcap", "-F", "pcap", path, out], check=True, capture_output=True)
        return open(out, "rb").read()


def frames(path):
    """Octets of each frame behind its Ethernet header, from the IP header on."""
    data = classic(path)
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + length]
        ip = 12
        while frame[ip:ip + 2] in (b"\x81\x00", b"\x88\xa8"):
            ip += 4
        if frame[ip:ip + 2] in (b"\x08\x00", b"\x86\xdd"):
            yield frame[ip + 2:]
        at += 16 + length


def sctp_packets(path):
    for ip in frames(path):
        if ip[0] >> 4 == 4 and ip[9] == SCTP:
            yield ip[(ip[0] & 15) * 4:struct.unpack_from(">H", ip, 2)[0]]
        elif ip[0] >> 4 == 6 and ip[6] == SCTP:
            yield ip[40:40 + struct.unpack_from(">H", ip, 4)[0]]


def user_messages(path):
    """M3UA messages in the order in which they become whole; retransmissions once."""
    pieces = collections.OrderedDict()
    done = set()
    for packet in sctp_packets(path):
        tag, at = packet[:8], 12
        while at + 4 <= len(packet):
            kind, flags, length = struct.unpack_from(">BBH", packet, at)
            if length < 4:
                break
            if kind == 0 and length >= 16:
                tsn, _, _, ppid = struct.unpack_from(">IHHI", packet, at + 4)
                if ppid == M3UA_PPID and (tag, tsn) not in done:
                    pieces[tag, tsn] = (flags & 3, packet[at + 16:at + length])
                    yield from whole(pieces, done, tag, tsn)
            at += (length + 3) & ~3


def whole(pieces, done, tag, tsn):
    """The message that the piece with this TSN completes, if it does."""
    first = tsn
    while (tag, first) in pieces and not pieces[tag, first][0] & 2:
        first = (first - 1) & 0xFFFFFFFF
    last = first
    while (tag, last) in pieces and not pieces[tag, last][0] & 1:
        last = (last + 1) & 0xFFFFFFFF
    if (tag, first) not in pieces or (tag, last) not in pieces:
        return
    octets, at = b"", first
    while True:
        octets += pieces.pop((tag, at))[1]
        done.add((tag, at))
        if at == last:
            break
        at = (at + 1) & 0xFFFFFFFF
    yield octets


def sccp_messages(path):
    for m in user_messages(path):
        if len(m) < 8 or m[2:4] != b"\x01\x01":
            continue
        at = 8
        while at + 4 <= len(m):
            tag, length = struct.unpack_from(">HH", m, at)
            if tag == 0x0210 and m[at + 12] == SCCP_SI:
                yield m[at + 16:at + length]
            at += (length + 3) & ~3 if length >= 4 else len(m)


def variable(m, pointer):
    at = pointer + m[pointer]
    return m[at + 1:at + 1 + m[at]]


def tcap_messages(path):
    """[(called, calling, user data)], segments of XUDT put together."""
    segments = {}
    for m in sccp_messages(path):
        if m[0] == UDT:
            yield variable(m, 2), variable(m, 3), variable(m, 4)
        elif m[0] == XUDT:
            called, calling, data = variable(m, 3), variable(m, 4), variable(m, 5)
            at = 6 + m[6] if m[6] else len(m)
            segmentation = None
            while at + 1 < len(m) and m[at]:
                if m[at] == 0x10:
                    segmentation = m[at + 2:at + 2 + m[at + 1]]
                at += 2 + m[at + 1]
            if segmentation is None or segmentation[0] & 0x8F == 0x80:
                yield called, calling, data
                continue
            key = calling, segmentation[1:4]
            if segmentation[0] & 0x80:
                segments[key] = b""
            if key in segments:
                segments[key] += data
                if segmentation[0] & 0x0F == 0:
                    yield called, calling, segments.pop(key)


def udt(called, calling, data):
    """A UDT, or a LUDT where the data is longer (Q.713 4.10, 4.20)."""
    def short(b):
        return bytes([len(b)]) + b

    if len(data) <= 255:
        return bytes([UDT, 0, 3, 3 + len(called), 3 + len(called) + len(calling)]) + \
            short(called) + short(calling) + short(data)
    pointers = [7, 7 - 2 + 1 + len(called), 7 - 4 + 2 + len(called) + len(calling), 0]
    return bytes([LUDT, 0, 15]) + struct.pack("<4H", *pointers) + short(called) + short(calling) + \
        struct.pack("<H", len(data)) + data


def tshark(messages):
    """The fields that tshark has of each message, as a list of (name, value)."""
    with tempfile.TemporaryDirectory() as home:
        path = os.path.join(home, "tcap.pcap")
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 147))
            for i, (called, calling, data) in enumerate(messages):
                frame = udt(called, calling, data)
                f.write(struct.pack("<IIII", i, 0, len(frame), len(frame)) + frame)
        r = subprocess.run(["tshark", "-n", "-r", path, "-o", 'uat:user_dlts:"User 0 (DLT=147)","sccp","0","","0",""',
                            "-o", "gsm_sms.reassemble:FALSE", "-T", "json"], capture_output=True, timeout=300,
                           env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8"})
        if r.returncode != 0:
            raise RuntimeError("tshark: " + r.stderr.decode(errors="replace"))
    out = []
    for frame in json.loads(r.stdout.decode("utf-8", "replace"), object_pairs_hook=lambda pairs: pairs):
        layers = dict(dict(frame)["_source"])["layers"]
        out.append(flatten([p for p in layers if p[0] not in ("frame", "sccp")], []))
    return out


def flatten(pairs, out):
    for key, value in pairs:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            out.append((key, None))
            flatten(value, out)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, list):
                    out.append((key, None))
                    flatten(one, out)
                else:
                    out.append((key, one))
        else:
            out.append((key, value))
    return out


def ours(map_dump, messages):
    lines = "".join(data.hex() + "\n" for _, _, data in messages)
    r = subprocess.run([map_dump], input=lines.encode(), capture_output=True, timeout=120, check=True)
    return [json.loads(line) for line in r.stdout.splitlines()]


COMPONENT = re.compile(r"gsm_old\.(invoke|returnResultLast|returnResultNotLast|returnError|reject)_element$")
# The raw octets of an address come first, then its digits: our name for each.
ADDRESSES = {"sm_RP_OA.msisdn": "msisdn", "msisdn": "msisdn", "storedMSISDN": "msisdn", "serviceCentreAddress": "centre",
             "serviceCentreAddressDA": "centre", "serviceCentreAddressOA": "centre", "networkNode_Number": "node",
             "msc_Number": "node", "roamingNumber": "node"}
DIGITS = ("e164.msisdn", "gsm_map.address.digits")


def read_component(fields):
    """The fields of one component in our names, from tshark's."""
    c = collections.OrderedDict()
    address = None
    for key, value in fields:
        last = key.split(".")[-1]
        if key.startswith("gsm_old.") or key.startswith("gsm_map.sm."):
            if last in ADDRESSES:
                address = ADDRESSES[last]
            elif last == "sm_RP_UI":
                c["ui"] = value.replace(":", "")
            elif last == "moreMessagesToSend_element":
                c["more"] = 1
            elif last == "sm_DeliveryOutcome":
                c["outcome"] = int(value)
        if key == "gsm_old.invokeID":
            c["id"] = int(value)
        elif key == "gsm_old.localValue":
            c["code"] = int(value)
        elif key == "e212.imsi":
            c["imsi"] = value
        elif key in DIGITS and address:
            c[address], address = value, None
        elif key in ("gsm_sms.tp-oa", "gsm_sms.tp-da", "gsm_sms.tp-ra"):
            c["address"] = value
        elif key == "gsm_sms.dis_field_addr.num_type":
            c["ton"] = int(value)
        elif key == "gsm_sms.dis_field_addr.num_plan":
            c["npi"] = int(value)
        elif key == "gsm_sms.tp-pid":
            c["pid"] = int(value, 0)
        elif key == "gsm_sms.tp-dcs":
            c["dcs"] = int(value, 0)
        elif key == "gsm_sms.tp.user_data_length":
            c["udl"] = int(value)
        elif key == "gsm_sms.sms_text":
            c["text"] = value
        elif key == "gsm_sms.udh.mm.msg_id":
            c["reference"] = int(value, 0)
        elif key == "gsm_sms.udh.mm.msg_part":
            c["part"] = int(value)
        elif key == "gsm_sms.udh.mm.msg_parts":
            c["total"] = int(value)
        elif key == "gsm_sms.tp-mti":
            c["mti"] = int(value)
    return c


def read_message(fields):
    """A message's type, ids and context, and its components."""
    m = {"type": None, "otid": "", "dtid": "", "context": 0, "context_version": 0, "components": []}
    at = [i for i, (key, _) in enumerate(fields) if COMPONENT.match(key)]
    for key, value in fields[:at[0] if at else len(fields)]:
        if re.match(r"tcap\.(begin|continue|end|abort|unidirectional)_element$", key):
            m["type"] = key[5:-8]
        elif key in ("tcap.otid", "tcap.dtid"):
            m[key[5:]] = value.replace(":", "")
        elif key == "tcap.application_context_name":
            arcs = value.split(".")
            m["context"], m["context_version"] = int(arcs[-2]), int(arcs[-1])
    m["user"] = next((key for key, _ in fields if key in ("gsm_map", "camel", "inap", "ansi_map")), "gsm_map")
    for i, j in zip(at, at[1:] + [len(fields)]):
        c = read_component(fields[i:j])
        c["type"] = COMPONENT.match(fields[i][0]).group(1)
        m["components"].append(c)
    if m.get("type") == "begin" and m["context"] == 0 and m["components"]:
        m["context_version"] = 1  # ours alone: MAP v1 has no dialogue portion
    return m


def texts(component):
    """Ours in tshark's shape: texts and alphanumeric addresses as text."""
    c = dict(component)
    for name in ("text", "address"):
        if name in c:
            c[name] = bytes.fromhex(c[name]).decode()
    return c


TYPES = {"SMS-DELIVER": (0, 3), "SMS-SUBMIT": (1, 3), "SMS-COMMAND": (2,), "SMS-STATUS-REPORT": (2,),
         "SMS-SUBMIT-REPORT": (1,), "SMS-DELIVER-REPORT": (0,)}
# What tshark does not show when it is absent, and what we then say.
ABSENT = {"more": 0, "outcome": -1, "part": 0, "total": 0, "reference": 0, "pid": 0, "dcs": 0, "udl": 0, "code": -1}


SMS_OPERATIONS = (44, 45, 46, 47, 49, 63, 64, 66)
FIELDS = ("type", "id", "code", "centre", "msisdn", "node", "imsi", "more", "outcome", "ui", "address", "ton", "npi",
          "pid", "dcs", "udl", "text", "reference", "part", "total")


def compare_component(a, b):
    """(field, ours, tshark's) where they differ; of operations that are not ours the first three are compared."""
    a, out = texts(a), []
    if "bad" in a or "tpdu_bad" in a:
        return [("bad", a.get("bad") or a.get("tpdu_bad"), None)]
    for name in FIELDS[:None if b.get("code") in SMS_OPERATIONS else 3]:
        mine, theirs = a.get(name, ABSENT.get(name)), b.get(name, ABSENT.get(name))
        if name == "text" and theirs is None and a.get("encoding") in ("binary", None, "compressed"):
            continue
        if mine != theirs:
            out.append((name, mine, theirs))
    if "tpdu" in a and b.get("mti") not in TYPES[a["tpdu"]]:
        out.append(("tpdu", a["tpdu"], b.get("mti")))
    return out


def compare(mine, theirs):
    if "bad" in mine or theirs["type"] is None:  # subsystem management is no TCAP to both
        return [] if "bad" in mine and theirs["type"] is None else [("type", mine.get("bad"), theirs["type"])]
    if theirs["user"] != "gsm_map":  # CAP and others: their codes and parameters are not ours to read
        return []
    out = [(name, mine[name], theirs[name]) for name in ("type", "otid", "dtid", "context", "context_version")
           if mine[name] != theirs[name]]
    if len(mine["components"]) != len(theirs["components"]):
        return out + [("components", len(mine["components"]), len(theirs["components"]))]
    for a, b in zip(mine["components"], theirs["components"]):
        out += compare_component(a, b)
    return out


def check(map_dump, path):
    """Prints the differences of one capture; (messages, short messages, differences)."""
    messages = list(tcap_messages(path))
    if not messages:
        print(f"{os.path.basename(path)}: no TCAP over M3UA")
        return 0, 0, 0
    read = ours(map_dump, messages)
    fields = [read_message(f) for f in tshark(messages)]
    assert len(read) == len(messages) == len(fields), f"{path}: {len(messages)}, {len(read)}, {len(fields)} messages"
    n = 0
    for i, (mine, theirs) in enumerate(zip(read, fields)):
        for name, a, b in compare(mine, theirs):
            n += 1
            print(f"{os.path.basename(path)}:{i}: {name}: ours {a!r}, tshark {b!r}: {messages[i][2].hex()}")
    shorts = sum("ui" in c for m in read for c in m.get("components", []))
    print(f"{os.path.basename(path)}: {len(messages)} TCAP messages, {shorts} with a TPDU, {n} differences")
    return len(messages), shorts, n


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 2
    if not shutil.which("tshark") or not shutil.which("editcap"):
        print("map-oracle: skipped: tshark is not installed")
        return 77
    paths = sys.argv[2:] or sorted(p for c in CAPTURES for p in glob.glob(os.path.join(MATERIAL, c)))
    results = [check(sys.argv[1], path) for path in paths]
    if not results:
        print("map-oracle: skipped: ../shared/material is not there")
        return 77
    n_bad = sum(r[2] != 0 for r in results)
    print(f"{sum(r[0] for r in results)} TCAP messages, {sum(r[1] for r in results)} TPDUs, "
          f"{sum(r[2] for r in results)} differences")
    print(f"map-oracle: {len(results) - n_bad} passed, {n_bad} failed")
    return 1 if n_bad or not any(r[1] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
