# SPDX-License-Identifier: BSD-3-Clause
"""The shipped example policies (conf/policies) over tests/pcap/policies.pcap: what each does to each message.

The goldens in tests/replay/policies are for people, too: a line a message, in the order of the capture.
"""
import collections
import json
import os

import capture
from program import ROOT

NAMES = ["a2p-hub", "mno-border", "iot", "family", "lab"]
FOLDER = os.path.join(ROOT, "conf/policies")
CAPTURE = os.path.join(ROOT, "tests/pcap/policies.pcap")
LABELS = os.path.join(ROOT, "tests/pcap/policies.jsonl")
GOLDENS = os.path.join(ROOT, "tests/replay/policies")



@capture.once
def labels():
    with open(LABELS, encoding="utf-8") as f:
        return {label["frame"]: label for label in map(json.loads, f)}


def folder(name):
    return os.path.join(FOLDER, name)


def told(events, known=None):
    """{name: event} of all messages, which must be those of the labels, each once."""
    known = labels() if known is None else known
    out = {}
    for e in events:
        assert e["frame"] in known, f"frame {e['frame']} has no label"
        name = known[e["frame"]]["name"]
        assert name not in out, f"{name} is told twice"
        out[name] = e
    missing = {label["name"] for label in known.values()} - set(out)
    assert not missing, f"not told: {sorted(missing)[:5]}"
    return out


def run(lab, name, **how):
    """{name of message: event} of one example policy."""
    return told(lab.replay(CAPTURE, policy=folder(name), **how).must().messages)


def decided_by(e):
    """Whatever decided: a list and its entry, a limit, or a rule."""
    if "list" in e:
        return f"{e['list']}: {e['entry']}"
    return e["limit"]["name"] if "limit" in e else e.get("rule") or ""


def line(name, e):
    """name, verdict, reason, by what; then category and score, and what was seen and did not decide."""
    more = []
    if "category" in e:
        more.append(f"{e['category']} {e['score']}")
    others = [r for r in e["rules"] if r != decided_by(e)]
    if others:
        more.append("hit " + " ".join(others))
    if e.get("shadow_rules"):
        more.append("shadow " + " ".join(e["shadow_rules"]))
    if "shadow_verdict" in e:
        more.append("would be " + e["shadow_verdict"])
    return f"{name:24} {e['verdict']:8} {e['reason']:13} {decided_by(e):26} {', '.join(more)}".rstrip()


def totals(events):
    """How often each verdict, and what decided those that are not pass."""
    verdicts = collections.Counter(e["verdict"] for e in events)
    out = ["", "TOTAL".ljust(24) + str(len(events))]
    out += [f"  {v:22}{n}" for v, n in sorted(verdicts.items())]
    by = collections.Counter((e["verdict"], e["reason"], e.get("list") or decided_by(e)) for e in events
                             if e["verdict"] != "pass" or e["reason"] == "never_block")
    return out + ["", "DECIDED BY"] + [f"  {v:8} {reason:13} {what:26} {n}" for (v, reason, what), n in
                                       sorted(by.items())]


def golden_text(name, told_events):
    head = [f"# {name}: conf/policies/{name} over tests/pcap/policies.pcap (tests/replay/check-policies --update).",
            "# message, verdict, reason, what decided; category and score, what else hit", ""]
    return "\n".join(head + [line(n, e) for n, e in told_events.items()] + totals(list(told_events.values()))) + "\n"


def golden_path(name):
    return os.path.join(GOLDENS, name + ".golden")
