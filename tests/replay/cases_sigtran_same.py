# SPDX-License-Identifier: BSD-3-Clause
"""The same rule gives the same verdict on the same text, whatever carried it."""
from collections import Counter, defaultdict

import cases_sigtran_traffic as traffic
from program import MATERIAL, MERGED, sigtran_captures, sigtran_path, sigtran_replay

# captures with the same SM-RP-UI octets (../shared/material/README.md)
SAME = {"usrsctp": ["jss7-plain", "usrsctp-bundle", "usrsctp-frag48", "usrsctp-frag100"],
        "udt": ["sigtran-udt-a", "sigtran-udt-b"], "xudt": ["sigtran-xudt-a", "sigtran-xudt-b"],
        "lossy": ["sigtran-lossy-a", "sigtran-lossy-b"]}
PASS, REFUSED = "pass", "refused"
MESSAGES = 2500


def verdict_of(event):
    return PASS if event["verdict"] == "pass" else REFUSED


def short_ones(run):
    """[(what it says, what was done)] of messages in one part: exactly."""
    return Counter((e["opcode"], e["src"], e["dst"], e.get("imsi"), e["data_coding"], e["protocol_id"], e["text"],
                    e["verdict"], e["action"], e["rule"], tuple(e["rules"]), e["reason"], e.get("category"))
                   for e in run.messages if "parts" not in e)


def long_ones(run):
    """{long message: (the texts of its parts, whether any was refused)}; which one was depends on their order."""
    out = defaultdict(lambda: [Counter(), PASS])
    for e in (e for e in run.messages if "parts" in e):
        one = out[e["src"], e["dst"], e.get("imsi"), e["parts"], e["reference"]]
        one[0][e["part"], e["text"]] += 1
        if verdict_of(e) == REFUSED:
            one[1] = REFUSED
    return dict(out)


def same_order(a, b):
    keys = [[(e["opcode"], e["text"]) for e in run.messages] for run in (a, b)]
    return keys[0] == keys[1]


def captures(lab, group):
    """Two captures of the same messages: the same verdicts, list by list where they came in one order."""
    runs = [sigtran_replay(lab, f"{MATERIAL}/own/{name}.pcap", "some") for name in SAME[group]]
    first = runs[0]
    assert first.messages and any(e["verdict"] != "pass" for e in first.messages), "nothing was refused"
    for name, run in zip(SAME[group][1:], runs[1:]):
        a, b = short_ones(first), short_ones(run)
        assert a == b, f"{name}: {list((a - b) | (b - a))[:3]}"
        assert long_ones(first) == long_ones(run), f"{name}: long messages differ"
        if same_order(first, run):
            lists = [[(e["verdict"], e["action"], e["rule"], e["rules"], e["reason"]) for e in r.messages]
                     for r in (first, run)]
            assert lists[0] == lists[1], f"{name}: another list of verdicts"


def paths(lab):
    """Over two paths as over one: messages in one part."""
    one, two = (sigtran_replay(lab, sigtran_path(lab, p), "some") for p in (f"{MATERIAL}/own/jss7-plain.pcap", MERGED))
    verdicts = [Counter((e["text"], e["verdict"], tuple(e["rules"])) for e in r.messages if "parts" not in e)
                for r in (one, two)]
    both = {text for text, _, _ in verdicts[0]} & {text for text, _, _ in verdicts[1]}
    assert len(both) > 50, f"only {len(both)} texts are in both"
    judged = [{text: (verdict, rules) for text, verdict, rules in v if text in both} for v in verdicts]
    assert judged[0] == judged[1], "another verdict on the same text"


def texts(lab, coding):
    """One text over SMPP and MAP, all commands, versions, codings, ways to cut it: one verdict, the same rules."""
    settings = "text = { binary = 0; long = 30; " + coding + "};"
    path, labels_path = traffic.made(lab, "same " + coding[:4], settings, MESSAGES, "--same-texts")
    run = traffic.replayed(lab, path, "lab", "some", keys="hold_ms = 20;")
    events = defaultdict(list)
    for e in run.messages:
        events[traffic.key_of_event(e)].append(e)
    judged, ways, in_parts = defaultdict(set), defaultdict(set), set()
    for label in traffic.labels_of(labels_path):
        if label["kind"] != "message":
            continue
        found, rules = PASS, set()
        for part in label["parts"]:
            mine = [e for e in events[traffic.key_of_part(label, part)]
                    if e["text"] == traffic.text_of(label, part)]
            assert mine, f"label {label['number']}: not told"
            found = REFUSED if verdict_of(mine[0]) == REFUSED else found
            rules |= set(mine[0]["rules"])
        judged[label["text_id"]].add((found, tuple(sorted(rules)), label["text"]))
        if len(label["parts"]) != 1:
            in_parts.add(label["text_id"])
        ways[label["text_id"]].add((label["carrier"], label["command"], label.get("version")))
    # once it is condemned the later parts of a long message are not looked into: their rules stay unknown
    differ = {i: v for i, v in judged.items() if len({x[:1] if i in in_parts else x for x in v}) != 1}
    assert not differ, f"{len(differ)} texts have several verdicts: {list(differ.items())[:2]}"
    counts = Counter(found for v in judged.values() for found, _, _ in v)
    assert counts[PASS] and counts[REFUSED] and in_parts, f"verdicts {dict(counts)}"
    everywhere = [w for w in ways.values() if {carrier for carrier, _, _ in w} == {"smpp", "map"} and len(w) >= 8]
    assert everywhere, "no text went over both carriers"


def tests():
    if sigtran_captures():
        for group in SAME:
            yield "sigtran-same/captures " + group, captures, group
        yield "sigtran-same/paths", paths
    yield "sigtran-same/texts", texts, ""
    yield "sigtran-same/texts latin1", texts, "latin1 = 60; shift = 100; "
