# SPDX-License-Identifier: BSD-3-Clause
"""Made traffic: what is told of each message is what its label says; one text has one verdict on every carrier."""
import json
import os
import re
from collections import Counter, defaultdict

import capture
import cases_sigtran_fields
import tsharkfields
from cases_ledger import check_ledger
from program import Skip

WANTED = 100_000  # text-carrying messages of the large run
# name: settings of the mix, messages
MIXES = {
    "plain": ("", 3500),
    "hard": ("net = { ipv6 = 50; }; sctp = { bundle = 10; fragment = 100; unordered = 30; multihomed = 100; "
             "retransmit = 50; streams = 16; }; map = { indefinite = 30; }; text = { long = 40; };", 1200),
    "idata": ("sctp = { idata = 1; bundle = 6; unordered = 20; fragment = 150; }; carrier = { smpp = 0; };", 1200),
    "titles": ("sccp = { gt1 = 10; gt2 = 10; gt3 = 10; gt4 = 10; udt = 10; xudt = 10; segments = 10; ludt = 10; "
               "returned = 100; }; map = { error = 30; reject = 20; }; carrier = { smpp = 0; };", 1200),
}
LARGE = ("", 130_000)


@capture.once
def made(lab, name, settings, messages, *arguments):
    """(capture, labels) of a mix."""
    stem = lab.path("made " + re.sub(r"\W", "-", name))
    mix = lab.file("made " + name + ".mix", settings)
    code, _, stderr = lab.ctl("traffic", "make", "--output", stem + ".pcap", "--labels", stem + ".jsonl", "--mix", mix,
                              "--messages", str(messages), "--seed", "17", *arguments)
    assert code == 0, f"traffic make: {stderr}"
    return stem + ".pcap", stem + ".jsonl"


def labels_of(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            label = json.loads(line)
            if label["kind"] != "signalling":
                yield label


def text_of(label, part):
    """The text as events have it: 8-bit data as Latin-1, NUL as U+2400."""
    if label["coding"] == "binary":
        octets = bytes.fromhex(part.get("octets", label.get("octets", "")))
        return octets.decode("latin-1").replace("\0", "\u2400")
    return part.get("text", label.get("text"))


def expected_map(label, part):
    """The members of an event, from a label of MAP."""
    submit = label["tpdu"] in ("SMS-SUBMIT", "SMS-COMMAND")
    out = {"opcode": label["operation"], "map_version": label["version"], "tpdu": label["tpdu"],
           "otid": part["otid"], "dtid": part.get("dtid"), "invoke_id": part["invoke_id"],
           "calling_gt": label["calling"], "called_gt": label["called"], "calling_ssn": label["calling_ssn"],
           "called_ssn": label["called_ssn"], "smsc": label["centre"]}
    # a recipient named by LMSI has no IMSI in the operation
    if label["command"] == "mo-forwardSM" or label.get("imsi"):
        out["imsi"] = label.get("imsi")
    if submit:
        out.update(src=label["msisdn"], msisdn=label["msisdn"], dst=label["to"]["text"], dst_ton=label["to"]["ton"])
    else:
        out.update(src=label["from"]["text"], src_ton=label["from"]["ton"])
    return out


def expected(label, part):
    out = {"command": label["command"], "proto": label["carrier"]}
    if label["carrier"] == "map":
        out.update(expected_map(label, part))
    else:
        out.update(sequence=part["sequence"], src=label["from"]["text"], src_ton=label["from"]["ton"],
                   dst=label["to"]["text"], dst_ton=label["to"]["ton"], esm_class=label["esm_class"])
    if label.get("coding"):
        out.update(data_coding=label["data_coding"], protocol_id=label["protocol_id"], text=text_of(label, part))
    if "part" in part:
        out.update(part=part["part"], parts=part["total"], reference=part["reference"])
    return out


def key_of_event(e):
    if e["proto"] == "map":
        return e["frame"], e.get("otid"), e.get("dtid"), e["invoke_id"]
    return e["frame"], e["session"] * 0, e["command"], e["sequence"]


def key_of_part(label, part):
    if label["carrier"] == "map":
        return part["frame"], part["otid"], part.get("dtid"), part["invoke_id"]
    return part["frame"], 0, label["command"], part["sequence"]


def compare_labels(run, labels_path):
    """Counter of what was compared; raises with the differences."""
    events, out, n = defaultdict(list), [], Counter()
    for e in run.messages:
        events[key_of_event(e)].append(e)
    for label in labels_of(labels_path):
        for part in label["parts"]:
            found = events.get(key_of_part(label, part))
            if not found:
                out.append((label["number"], "not told", label["command"]))
                continue
            wanted = expected(label, part)
            # two sessions can have one sequence number in one frame
            e = max(found, key=lambda e: sum(e.get(k) == v for k, v in wanted.items()))
            found.remove(e)
            n[label["carrier"], label.get("version")] += 1
            n["messages"] += 1
            out += [(label["number"], k, e.get(k), v) for k, v in wanted.items() if (e.get(k) or None) != (v or None)]
    out += [("told, not in the labels", e["frame"], e["command"]) for found in events.values() for e in found]
    assert not out, f"{len(out)} differences: {out[:5]}"
    return n


def replayed(lab, path, config="monitor", policy="none", keys=""):
    changes = (("ports = [2904, 2905, 3565, 14001];", "ports = [2904, 2905, 3565, 14001]; " + keys),
               ("concat_messages", 4096), ("concat_blocks", 16384)) if keys or config != "monitor" else ()
    return lab.replay(path, config, policy, changes=changes).must()


def labels(lab, name):
    """Every label has its event, every event its label, member by member."""
    settings, messages = MIXES[name]
    path, labels_path = made(lab, name, settings, messages)
    run = replayed(lab, path)
    n = compare_labels(run, labels_path)
    assert n["messages"] > messages // 2 and n["map", 1] and n["map", 2] and n["map", 3], f"compared {dict(n)}"
    with open(path, "rb") as f:
        assert f.read() == run.out, "OUT is not IN octet by octet"
    check_ledger(run, run.summary["counters"]["frames_in"])
    malformed = [e for e in run.events if e["type"] == "anomaly" and not e["reason"].startswith("sig_") and
                 e["reason"] not in ("ber_pieces", "hold_timeout", "sctp_path_unseen")]
    assert not malformed, f"an anomaly in lawful traffic: {malformed[0]}"


def large(lab):
    """The same of at least 100,000 messages, over all carriers and MAP versions."""
    path, labels_path = made(lab, "large", *LARGE)
    run = replayed(lab, path)
    n = compare_labels(run, labels_path)
    assert n["messages"] >= WANTED, f"only {n['messages']} messages"
    assert all(n[carrier] for carrier in (("smpp", None), ("map", 1), ("map", 2), ("map", 3))), f"compared {dict(n)}"
    check_ledger(run, run.summary["counters"]["frames_in"])
    for member in (path, labels_path, run.out_path, run.events_path):
        os.unlink(member)


def fields(lab, name):
    """What is told equals what tshark shows, on a sample of made traffic."""
    why = tsharkfields.missing()
    if why:
        raise Skip(why)
    path = made(lab, name, *MIXES[name])[0]
    assert cases_sigtran_fields.compare_with_tshark(path, replayed(lab, path)) > MIXES[name][1] // 4


def tests():
    for name in MIXES:
        yield "sigtran-traffic/labels " + name, labels, name
        if name != "idata":
            yield "sigtran-traffic/tshark " + name, fields, name
    yield "sigtran-large/labels", large
