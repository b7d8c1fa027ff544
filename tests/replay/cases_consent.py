# SPDX-License-Identifier: BSD-3-Clause
"""Consent: whose texts are not to be inspected is not scanned: the matcher's own counters say so.

Where texts are not inspected, by list of numbers, tenant, role, side or link, `scans` and `texts_inspected`
stay at 0 for those messages, nothing of them is kept for the parts that follow, and `content_off` counts them.
"""
import os

import canary
import capture
import mapmake
import traffic
from cases_quarantine import kept

CATEGORIES = 'categories = ({ name = "default"; reject = 100; });\n'
RULES = "seen.word:/parrot/i\n"
SILENT = "447700900714"   # did not agree
OTHER = "447700900999"
WORDS = b"a parrot is here"


def smpp(destination, system_id=b"esme", port=40000, parts=False, ns=traffic.START_NS, answers=None):
    c = traffic.Connection(client_port=port, ns=ns).open(system_id)
    if parts:
        for n, piece in enumerate((WORDS[:5], WORDS[5:]), 1):
            c.send(piece, dst=destination.encode(), part=(5, 2, n))
    else:
        for _ in range(3):
            c.send(WORDS, dst=destination.encode())
    return c.close().frames


def policy(lab, name, conf):
    folder = lab.path("consent-" + name)
    os.makedirs(folder, exist_ok=True)
    lab.file(f"consent-{name}/rules.pat", RULES)
    lab.file(f"consent-{name}/silent.list", SILENT + "\n")
    lab.file(f"consent-{name}/policy.conf", conf + CATEGORIES)
    return folder


SCOPES = {
    "list": 'lists = ({ name = "silent"; kind = "number"; file = "silent.list"; });\n'
            'links = ({ when = { destination = "@silent"; }; content = false; });\n',
    "number": f'links = ({{ when = {{ destination = "{SILENT}"; }}; content = false; }});\n',
    "tenant": 'tenants = ({ name = "quiet"; when = { account = "quiet*"; }; });\n'
              'links = ({ tenant = "quiet"; content = false; });\n',
    "profile": 'profiles = ({ name = "mute"; content = false; });\n'
               f'links = ({{ when = {{ destination = "{SILENT}"; }}; profile = "mute"; }});\n',
}


def counted(run):
    c, r = run.summary["counters"], run.summary["reasons"]
    return c["scans"], c["texts_inspected"], r.get("content_off", 0), c["messages"], c["messages_rejected"]


def ask(lab, name, conf, frames, label, changes=()):
    run = lab.replay(lab.file(f"consent-{label}.pcap", capture.encode(frames)), policy=policy(lab, name, conf),
                     changes=changes).must()
    return counted(run), run


def case_scope(lab, name):
    """Their messages alone: no scan at all. Others' alone: scanned and refused. Both: as many scans as of the others."""
    quiet = b"quiet1" if name == "tenant" else b"esme"
    theirs = smpp(SILENT, quiet)
    others = smpp(OTHER, b"loud", 40001, ns=traffic.START_NS + 10**9)
    conf = SCOPES[name]
    alone, run = ask(lab, name, conf, theirs, f"{name}-theirs")
    assert alone == (0, 0, 3, 3, 0), f"their messages: scans, inspected, content_off, all, refused: {alone}"
    assert {e["reason"] for e in run.messages} == {"content_off"}, run.messages
    loud, _ = ask(lab, name, conf, others, f"{name}-others")
    assert loud[0] > 0 and loud[1:] == (3, 0, 3, 3), f"others' messages: {loud}"
    both, _ = ask(lab, name, conf, theirs + others, f"{name}-both")
    assert both == (loud[0], 3, 3, 6, 3), f"both: {both}, others alone: {loud}"


def case_parts(lab):
    """A part of theirs leaves no text behind: no phrase of it is found when the next part comes with consent."""
    conf = SCOPES["number"]
    (scans, inspected, off, *_), run = ask(lab, "parts", conf, smpp(SILENT, parts=True), "parts-theirs")
    assert (scans, inspected, off) == (0, 0, 2), (scans, inspected, off)
    assert run.summary["counters"]["parts_joined"] == 0, "parts of theirs were joined"
    (_, inspected, off, *_), run = ask(lab, "parts", conf, smpp(OTHER, parts=True), "parts-others")
    assert (inspected, off) == (2, 0) and run.summary["counters"]["parts_joined"] > 0, run.summary["counters"]
    assert run.messages[-1]["verdict"] == "reject", "the phrase over two parts was not seen"


def case_link(lab):
    """content = false of smswall.conf, on the link, is above all that policy says."""
    off = (("checksum = \"trust\";", "content = false; checksum = \"trust\";"),)
    got, run = ask(lab, "link", "", smpp(OTHER), "link-smpp", off)
    assert got == (0, 0, 3, 3, 0) and {e["reason"] for e in run.messages} == {"content_off"}, got
    got, _ = ask(lab, "link", "", smpp(OTHER), "link-smpp")
    assert got[1:] == (3, 0, 3, 3), got


def map_frames():
    a = mapmake.Association(traffic.START_NS).open()
    text = WORDS.decode()
    for who in (SILENT, OTHER):
        a.forward(False, mapmake.MO, mapmake.mo_forward(who, "447700900900", mapmake.submit(
            "447700900001", text), "234150000000001"), "447700900901", "447700900900")
    a.forward(True, mapmake.MT, mapmake.mt_forward("234150000000009", "447700900900", mapmake.deliver(
        OTHER, text)), "447700900900", "447700900901")
    return a.close().frames


def case_map(lab):
    """By the MSISDN that sends, and by role: what a service centre sends is looked at, what mobiles send is not."""
    got, run = ask(lab, "msisdn", f'links = ({{ when = {{ msisdn = "{SILENT}"; }}; content = false; }});\n',
                   map_frames(), "map")
    assert got[1:] == (2, 1, 3, 2), got
    assert [e["reason"] == "content_off" for e in run.messages] == [True, False, False], run.messages
    got, run = ask(lab, "role", 'links = ({ when = { role = "msc"; }; content = false; });\n', map_frames(), "map")
    assert got[1:] == (1, 2, 3, 1), got
    assert [e["reason"] == "content_off" for e in run.messages] == [True, True, False], run.messages


def case_quarantine(lab):
    """A list refuses a message whose text is not inspected: what is kept of it has no text, whatever is configured."""
    frames = []
    c = traffic.Connection().open(b"esme")
    c.send(canary.TEXT.encode(), src=canary.SENDER.encode(), dst=canary.RECEIVER.encode())
    c.send(canary.TEXT.encode(), src=canary.SENDER.encode(), dst=OTHER.encode())
    frames += c.close().frames
    folder = policy(lab, "kept", 'lists = ({ name = "bad"; kind = "account"; file = "bad.list"; '
                                 'effect = "reject"; });\n' + SCOPES["number"])
    lab.file("consent-kept/bad.list", "esme\n")
    path = lab.file("consent-kept.pcap", capture.encode(frames))
    run, packets, _ = kept(lab, "consent", path, folder)
    assert [p.says["list"] for p in packets] == ["bad", "bad"], [p.comment for p in packets]
    assert run.summary["counters"]["scans"] == 0
    found = [any(f.startswith("the text") for f in canary.find(p.octets)) for p in packets]
    assert found == [False, True], f"texts in what was kept: {found}"
    assert "text" not in packets[1].says and packets[0].says["text"] == "removed"


def tests():
    return [(f"consent/{name}", case_scope, name) for name in SCOPES] + [
        ("consent/parts", case_parts), ("consent/link", case_link), ("consent/map", case_map),
        ("consent/quarantine", case_quarantine)]
