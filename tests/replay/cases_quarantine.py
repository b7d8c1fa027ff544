# SPDX-License-Identifier: BSD-3-Clause
"""Quarantine: refused messages as they came, in capture files that tshark dissects; and that nothing that a
run leaves behind has the text or the numbers of messages unless it is asked for."""
import glob
import os
import re
import shutil
import struct
import subprocess

import canary
import capture
import mapmake
import traffic
from program import SIGTRAN, Skip

PRIVATE = (("text = true;", "text = false;"), ('numbers = "clear";', 'numbers = "pseudonym";'))
POLICY = {"rules.pat": "seen.parrot:/parrot/i\n",
          "policy.conf": 'categories = ({ name = "default"; reject = 100; });\n'}


# ---- pcapng, read by ourselves

def blocks(octets):
    at = 0
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        assert length % 4 == 0 and length >= 12 and at + length <= len(octets), f"block of {length} at {at}"
        assert struct.unpack_from("<I", octets, at + length - 4)[0] == length, "the lengths of a block differ"
        yield kind, octets[at + 8:at + length - 4]
        at += length


def options(octets):
    out, at = {}, 0
    while True:
        code, length = struct.unpack_from("<HH", octets, at)
        if code == 0:
            return out
        out[code] = octets[at + 4:at + 4 + length]
        at += 4 + (length + 3 & ~3)


class Packet:
    def __init__(self, body, names):
        interface, high, low, length, whole = struct.unpack_from("<IIIII", body)
        data = body[20:20 + length]
        self.missing = whole - length
        more = options(body[20 + (length + 3 & ~3):])
        self.link, self.time_us = names[interface], high << 32 | low
        self.comment, self.flags = more[1].decode(), struct.unpack("<I", more[2])[0]
        self.says = dict(word.split("=", 1) for word in self.comment.split())
        self.tags, at = {}, 0
        while True:
            tag, size = struct.unpack_from(">HH", data, at)
            at += 4 + size
            if tag == 0:
                break
            self.tags[tag] = data[at - size:at]
        self.octets = data[at:]

    @property
    def dissector(self):
        return self.tags[12].rstrip(b"\0").decode()


def read(path):
    """The packets of a file."""
    with open(path, "rb") as file:
        all_blocks = list(blocks(file.read()))
    assert all_blocks[0][0] == 0x0A0D0D0A and all_blocks[0][1][:4] == struct.pack("<I", 0x1A2B3C4D)
    names = []
    packets = []
    for kind, body in all_blocks[1:]:
        if kind == 1:
            assert struct.unpack_from("<H", body)[0] == 252, "the link type"
            names.append(options(body[8:])[2].decode())
        else:
            assert kind == 6, kind
            packets.append(Packet(body, names))
    return packets


def files(folder):
    return sorted(glob.glob(os.path.join(folder, "*")))


def kept(lab, name, inputs, policy, keys="", changes=()):
    """The run, the packets it kept, and where. `keys` are keys of quarantine."""
    folder = lab.path("kept-" + name)
    shutil.rmtree(folder, ignore_errors=True)
    more = (("guard = {", f"quarantine = {{ {keys} }};\nguard = {{"),) if keys else ()
    run = lab.replay(inputs, policy=policy, options=("--quarantine", folder), changes=changes + more,
                     turn=name).must()
    assert os.stat(folder).st_mode & 0o777 == 0o750, "the folder's mode"
    packets = []
    for path in files(folder):
        assert re.fullmatch(r"smswall-\d{8}T\d{6}Z-\d{6}\.pcapng", os.path.basename(path)), path
        assert os.stat(path).st_mode & 0o777 == 0o640, "a file's mode"
        packets += read(path)
    return run, packets, folder


def tshark(folder, *fields):
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")
    rows = []
    for path in files(folder):
        done = subprocess.run(["tshark", "-r", path, "-T", "fields", "-E", "separator=|",
                               *(a for f in fields for a in ("-e", f))],
                              capture_output=True, text=True, timeout=60, check=True)
        rows += [line.split("|") for line in done.stdout.splitlines()]
    return rows


def check_told(run, packets, verdicts=("blank", "reject")):
    """Each message with such a verdict has its packet, which says what its event says."""
    events = [e for e in run.messages if e["verdict"] in verdicts]
    assert len(packets) == len(events) > 0, f"{len(packets)} packets of {len(events)} messages"
    for p, e in zip(packets, events):
        assert p.says["verdict"] == e["verdict"] and p.says["reason"] == e["reason"], (p.comment, e)
        assert p.says.get("rule") == e["rule"] and int(p.says["event"]) == e["id"], (p.comment, e)
        assert int(p.says["generation"]) == e["generation"] and p.says["link"] == p.link == e["link"]
        assert p.says.get("category") == e.get("category"), (p.comment, e)
        if "part" in e:
            assert p.says["part"] == f"{e['part']}/{e['parts']}", p.comment
    q = run.summary["quarantine"]
    assert q["kept"] == q["written"] == len(packets) and q["state"] == "ok", q
    assert q["lost_in_ring"] == q["lost_in_file"] == 0, q
    return events


def case_smpp(lab):
    """The octets of each PDU as they came; tshark calls each what it is, with its comment."""
    frames = smpp_frames()
    run, packets, folder = kept(lab, "smpp", lab.file("kept-smpp.pcap", capture.encode(frames)), "all")
    check_told(run, packets)
    stream = b"".join(capture.segment(f.data).payload for f in frames if capture.segment(f.data))
    for p in packets:
        assert p.dissector == "smpp" and p.octets in stream and p.missing == 0
        assert p.tags[20] == b"\xc0\0\2\1" and p.tags[21] == b"\xc0\0\2\2" and p.tags[26][-2:] == b"\x0a\xd7"
        assert struct.unpack_from(">I", p.octets)[0] == len(p.octets)
    rows = tshark(folder, "frame.protocols", "smpp.command_id", "smpp.source_addr", "frame.comment")
    assert len(rows) == len(packets)
    for row, p in zip(rows, packets):
        assert row[0].startswith("exported_pdu:smpp") and row[1] == "0x00000004", row
        assert row[2] == canary.SENDER and row[3] == p.comment, row


def case_map(lab):
    """The M3UA message of each; of segments of SCCP the TCAP message; tshark reads MAP in all of them."""
    run, packets, folder = kept(lab, "map", SIGTRAN, "all")
    check_told(run, packets)
    octets = capture.read(SIGTRAN).frames
    whole = b"".join(f.data for f in octets)
    assert {p.dissector for p in packets} == {"m3ua", "tcap"}, {p.dissector for p in packets}
    for p in packets:
        # fragments of a user message lie apart
        assert p.dissector == "tcap" or p.octets[:64] in whole
        assert (p.says.get("segments") == "joined") == (p.dissector == "tcap")
    rows = tshark(folder, "frame.protocols", "frame.comment")
    assert all("gsm_map" in row[0] for row in rows), [r for r in rows if "gsm_map" not in r[0]][:2]
    assert [row[1] for row in rows] == [p.comment for p in packets]


def case_same(lab):
    """A replay gives the same files each time; other bursts change nothing."""
    first = kept(lab, "same-1", SIGTRAN, "some")[2]
    second = kept(lab, "same-2", SIGTRAN, "some")[2]
    octets = []
    for folder in (first, second):
        content = []
        for path in files(folder):
            with open(path, "rb") as file:
                content.append((os.path.basename(path), file.read()))
        octets.append(content)
    assert octets[0] == octets[1] and octets[0], "two runs differ"


def case_off(lab):
    """Without --quarantine a replay keeps nothing, whatever its configuration says."""
    folder = lab.path("not-kept")
    run = lab.replay(SIGTRAN, policy="all",
                     changes=(("guard = {", f'quarantine = {{ path = "{folder}"; }};\nguard = {{'),)).must()
    assert not os.path.exists(folder), "a replay wrote to the daemon's folder"
    assert run.summary["quarantine"]["kept"] == 0 and run.summary["quarantine"]["state"] == "off"


def case_actions(lab):
    """Only what quarantine.actions names."""
    run, packets, _ = kept(lab, "actions", SIGTRAN, "some", 'actions = ["blank"];')
    assert not packets and run.summary["quarantine"]["kept"] == 0


# ---- privacy

def smpp_frames(refused=True, port=40000):
    """A session with the canary in every place a text can stand in, refused or passed by MARK."""
    c = traffic.Connection(client_port=port).open(b"esme")
    who = {"src": canary.SENDER.encode(), "dst": canary.RECEIVER.encode()}
    mark = canary.MARK if refused else "sparrow"
    text = f"{canary.TEXT} {mark}"
    utf16 = text.encode("utf-16-be")
    c.send(text.encode(), **who)
    c.send(utf16, data_coding=8, **who)
    c.send(text.encode(), data_coding=4, **who)
    c.sequence += 1
    payload = text.encode() + b" and so on" * 40
    body = b"\0\1\1" + who["src"] + b"\0\1\1" + who["dst"] + b"\0\0\0\0\0\0\0\0\0\0\0" + \
        struct.pack("!HH", 0x0424, len(payload)) + payload
    c.say(True, traffic.pdu(4, c.sequence, body))
    c.say(False, traffic.pdu(0x80000004, c.sequence, b"idp\0"))
    half = len(text) // 2
    for n, piece in enumerate((text[:half], text[half:]), 1):
        c.send(piece.encode(), part=(77, 2, n), **who)
    for n, piece in enumerate((utf16[:2 * half], utf16[2 * half:]), 1):
        c.send(piece, data_coding=8, part=(78, 2, n), how=traffic.SAR, **who)
    return c.close().frames


def map_frames(ns, refused=True):
    a = mapmake.Association(ns, client_port=2906 if refused else 2907).open()
    text = f"{canary.TEXT} {canary.MARK if refused else 'sparrow'}"
    centre, network = "447700900900", "447700900901"
    mo = lambda tpdu: mapmake.mo_forward(canary.MSISDN, centre, tpdu, canary.IMSI)  # noqa: E731
    for dcs in (0, 4, 8):
        words = text if dcs == 0 else text.encode() if dcs == 4 else text.encode("utf-16-be")
        a.forward(False, mapmake.MO, mo(mapmake.submit(canary.RECEIVER, words, dcs=dcs)), network, centre)
        a.forward(True, mapmake.MT, mapmake.mt_forward(canary.IMSI, centre, mapmake.deliver(
            canary.SENDER, words, dcs=dcs)), centre, network)
    half = len(text) // 2
    for n, piece in enumerate((text[:half], text[half:]), 1):
        a.forward(False, mapmake.MO, mo(mapmake.submit(canary.RECEIVER, piece, udh=bytes([0, 3, 9, 2, n]))),
                  network, centre)
    return a.close().frames


def traffic_of_canaries(lab):
    frames = smpp_frames() + map_frames(traffic.START_NS + 10**9)
    return lab.file("canary.pcap", capture.encode(frames))


def policy_of(lab):
    folder = lab.path("canary-policy")
    os.makedirs(folder, exist_ok=True)
    for name, text in POLICY.items():
        lab.file(os.path.join("canary-policy", name), text)
    return folder


def case_self_check(lab):
    folder = lab.path("canary-scratch")
    os.makedirs(folder, exist_ok=True)
    canary.self_check(folder)
    for frames in (smpp_frames(), map_frames(traffic.START_NS)):
        assert canary.find(capture.encode(frames)), "the traffic has no canary in a form that is searched for"


def case_privacy(lab):
    """Events, report and what is said: no text, no number. With events.text the text is there, and there alone."""
    path, policy = traffic_of_canaries(lab), policy_of(lab)
    run = lab.replay(path, policy=policy, changes=PRIVATE).must()
    verdicts = [e["verdict"] for e in run.messages]
    assert verdicts.count("reject") >= 12, verdicts
    for what, octets in (("the events", run.events_octets), ("the report", run.stdout.encode()),
                         ("what was said", run.stderr.encode())):
        assert not canary.find(octets), f"{what}: {canary.find(octets)}"
    told = lab.replay(path, policy=policy, changes=PRIVATE[1:]).must()
    assert any("the text as utf-8" == name for name in canary.find(told.events_octets))
    assert not canary.find((told.stdout + told.stderr).encode())


def case_content(lab):
    """quarantine.content = false: texts are gone from SMPP and MAP, addresses are there, tshark reads it."""
    path, policy = traffic_of_canaries(lab), policy_of(lab)
    for name, keys in (("with", ""), ("without", "content = false;")):
        run, packets, folder = kept(lab, "content-" + name, path, policy, keys, PRIVATE)
        found = {form for p in packets for form in canary.find(p.octets)}
        assert any(form.startswith(canary.RECEIVER) for form in found), found
        assert any(form.startswith(canary.IMSI) for form in found), found
        text = {form for form in found if form.startswith("the text")}
        assert bool(text) == (name == "with"), text
        assert all((p.says.get("text") == "removed") == (name == "without") for p in packets)
        assert all("smpp" in row[0] or "gsm_map" in row[0] for row in tshark(folder, "frame.protocols"))
        # nothing of it in the comments, and nowhere but in the folder
        assert not canary.find("\n".join(p.comment for p in packets).encode())
        assert not canary.find(run.events_octets + run.stdout.encode() + run.stderr.encode())


def tests():
    return [("quarantine/smpp", case_smpp), ("quarantine/map", case_map), ("quarantine/same", case_same),
            ("quarantine/off", case_off), ("quarantine/actions", case_actions),
            ("privacy/self_check", case_self_check), ("privacy/replay", case_privacy),
            ("privacy/quarantine_content", case_content)]
