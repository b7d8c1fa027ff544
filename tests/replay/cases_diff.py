# SPDX-License-Identifier: BSD-3-Clause
"""policy diff --capture against two replays compared here, event by event."""
import json
import os
import re
import shutil
from collections import defaultdict

import capture
from program import FAILED, INVALID, OK, ROOT, USAGE

PCAPS = os.path.join(ROOT, "tests", "pcap")
SETS = os.path.join(ROOT, "patterns", "sets")


@capture.once
def stricter(lab):
    """The shipped policy with other weights and thresholds, a rule more and a file less: a folder."""
    folder = lab.path("stricter")
    os.makedirs(folder, exist_ok=True)
    for name in sorted(os.listdir(SETS)):
        with open(os.path.join(SETS, name), encoding="utf-8") as f:
            text = f.read()
        if name == "parcel.pat":
            continue
        if name == "policy.conf":
            text = text.replace('"prize";    report = 80; reject = 100;', '"prize"; report = 50; reject = 60;')
            text += '\nlinks = ( { side = "outside"; max_action = "report"; } );\n'
        text = re.sub(r"(?m)^(link\.[a-z]+:.*)weight=\d+", r"\1weight=100", text)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    with open(os.path.join(folder, "zz.pat"), "w", encoding="utf-8") as f:
        f.write("zz.new:/[0-9]{4}/ category=prize weight=60 state=shadow\nzz.more:/mother|home/i category=prize weight=60\n")
    return folder


@capture.once
def packed(lab, folder):
    """A pack of it: compiled once for all runs."""
    pack = lab.path(os.path.basename(folder) + ".pack")
    code, _, err = lab.ctl("policy", "compile", folder, "--out", pack)
    assert code == OK, err
    return pack


@capture.once
def listed(lab):
    """A policy of lists and one rule: a folder."""
    folder = lab.path("listed")
    os.makedirs(folder, exist_ok=True)
    files = {"a.pat": "some.the:/the|[0-9]{5}/i\n", "bad.txt": "4477009002*\n4477009004*,a tag\n447700900305\n",
             "good.txt": "88000\n4477009001*\n",
             "policy.conf": 'lists = (\n  { name = "bad"; kind = "number"; match = [ "originator", "destination" ]; '
                            'effect = "reject"; },\n'
                            '  { name = "good"; kind = "number"; match = "originator"; effect = "pass"; });\n'}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    return folder


def policy_path(lab, name):
    if name == "listed":
        return listed(lab)
    if name == "stricter":
        return packed(lab, stricter(lab))
    return packed(lab, SETS) if name == "sets" else lab.policy(name)


def messages(run):
    """Events of messages by what they are of, in their order."""
    out = defaultdict(list)
    for e in run.must().messages:
        out[tuple(e.get(m) for m in ("input", "frame", "session", "sequence", "command", "otid", "dtid",
                                     "invoke_id"))].append(e)
    return out


def by(e):
    return e["rule"], None if e["rule"] else e.get("list")


def brute_force(old, new):
    """({(old verdict, rule, new verdict, rule): [(input, frame, sequence)]}, how many have another rule only)"""
    groups, other_rule = defaultdict(list), 0
    before, after = messages(old), messages(new)
    assert before.keys() == after.keys(), "the two replays told of other messages"
    for key, events in after.items():
        assert len(events) == len(before[key]), key
        for a, b in zip(before[key], events):
            if a["verdict"] != b["verdict"]:
                groups[a["verdict"], by(a), b["verdict"], by(b)].append((b["id"], a, b))
            elif by(a) != by(b):
                other_rule += 1
    return groups, other_rule


def place(e):
    return e.get("input"), e["frame"], e["sequence"]


def verdicts(lab, captures, old, new):
    """All groups, their sizes, and each message in them."""
    paths = [os.path.join(PCAPS, c) for c in captures]
    groups, other_rule = brute_force(*(lab.replay(paths, "lab", policy_path(lab, p)) for p in (old, new)))
    arguments = [x for p in paths for x in ("--capture", p)]
    code, out, err = lab.ctl("policy", "diff", policy_path(lab, old), policy_path(lab, new), *arguments, "--config",
                             lab.config("lab"), "--samples", "1000", "--show-text", "--json")
    assert code == OK, err
    told = json.loads(out)["capture"]
    assert told["unmatched"] == 0 and told["other_rule"] == other_rule, (told["other_rule"], other_rule)
    assert told["changed"] == sum(map(len, groups.values())), told["changed"]
    found = {(g["old"]["verdict"], by(g["old"]), g["new"]["verdict"], by(g["new"])): g for g in told["groups"]}
    assert found.keys() == groups.keys(), found.keys() ^ groups.keys()
    for key, wanted in groups.items():
        wanted.sort(key=lambda x: x[0])
        g = found[key]
        assert g["messages"] == len(wanted), (key, g["messages"], len(wanted))
        assert [place(s) for s in g["samples"]] == [place(b) for _, _, b in wanted], key
        for s, (_, a, b) in zip(g["samples"], wanted):
            assert (s["src"], s["dst"], s.get("text")) == (b["src"], b["dst"], b.get("text")), place(s)
            assert (s["old"]["reason"], s["new"]["reason"]) == (a["reason"], b["reason"]), place(s)
    sizes = [g["messages"] for g in told["groups"]]
    assert sizes == sorted(sizes, reverse=True), "the largest group is the first"
    assert groups or old == new, "these policies differ on this capture"
    assert old != new or not groups and not other_rule


def text_hidden(lab):
    """Without --show-text no text; addresses as the configuration has them."""
    config = lab.config("lab", ('numbers = "clear"', 'numbers = "pseudonym"'))
    arguments = ["policy", "diff", lab.policy("none"), lab.policy("all"), "--capture", os.path.join(PCAPS, "demo.pcap"),
                 "--config", config, "--samples", "2"]
    code, out, err = lab.ctl(*arguments, "--json")
    samples = [s for g in json.loads(out)["capture"]["groups"] for s in g["samples"]]
    assert code == OK and len(samples) == 2, err
    assert not any("text" in s for s in samples)
    assert all(re.fullmatch(r"[0-9a-f]{16}|[A-Za-z][\w ]*", s["src"]) for s in samples), samples
    code, out, _ = lab.ctl(*arguments)
    assert code == OK and "pass (-) -> reject (all)" in out and out.count("      frame ") == 2, out


def exit_codes(lab):
    none, all_ = lab.policy("none"), lab.policy("all")
    for arguments, wanted in ((["--exit-code"], FAILED), ([], OK), (["--capture", "x.pcap"], USAGE),
                              (["--capture", "/nonexistent", "--config", lab.config("lab")], INVALID)):
        code, _, err = lab.ctl("policy", "diff", none, all_, *arguments)
        assert code == wanted, (arguments, code, err)
    code, out, err = lab.ctl("policy", "diff", none, none, "--exit-code", "--json")
    assert code == OK and json.loads(out)["differences"] == 0, err
    code, _, err = lab.ctl("policy", "diff", none, lab.file("unclosed.pat", "a:/(/\n"), "--capture",
                           os.path.join(PCAPS, "demo.pcap"), "--config", lab.config("lab"))
    assert code == INVALID and "unclosed.pat:1" in err, err


def pack_is_its_folder(lab):
    """A pack and the folder that it was made of: no difference, without and with a capture."""
    pack = packed(lab, SETS)
    code, out, err = lab.ctl("policy", "diff", SETS, pack, "--exit-code", "--json", "--capture",
                             os.path.join(PCAPS, "demo.pcap"), "--config", lab.config("lab"))
    assert code == OK, err or out[-400:]
    assert json.loads(out)["capture"]["messages"] > 100


def printed(lab, name):
    """policy print: the same policy, and the same text again; what it includes is in it."""
    folder = os.path.join(ROOT, "conf", "policies", name)
    copy = lab.path("printed-" + name)
    code, text, err = lab.ctl("policy", "print", folder)
    assert code == OK and "@include" not in text and 'id = "special.silent"' in text, err
    shutil.copytree(folder, copy)
    with open(os.path.join(copy, "policy.conf"), "w", encoding="utf-8") as f:
        f.write(text)
    code, again, err = lab.ctl("policy", "print", copy)
    assert code == OK and again == text, err
    code, out, err = lab.ctl("policy", "diff", folder, copy, "--exit-code")
    assert code == OK, err + out
    code, out, err = lab.ctl("policy", "print", copy, "--json")
    assert code == OK and json.loads(out)["text"] == text, err


def print_mistakes(lab):
    """Each mistake at its line, exit code 4."""
    folder = lab.path("mistakes")
    os.makedirs(folder)
    with open(os.path.join(folder, "policy.conf"), "w", encoding="utf-8") as f:
        f.write('rules = (\n{ id = "a"; when = { orignator = "1"; }; },\n{ id = "b"; when = { hours = "6-7"; }; } );\n')
    code, out, err = lab.ctl("policy", "print", folder)
    assert code == INVALID and out == "", out
    assert 'policy.conf:2: error: unknown field "orignator": did you mean "originator"?' in err, err
    assert 'policy.conf:3: error: hours: "6-7": expected' in err, err


RUNS = [(["demo.pcap"], "none", "some"), (["demo.pcap"], "some", "all"), (["demo.pcap"], "sets", "stricter"),
        (["demo.pcap"], "sets", "sets"), (["demo.pcap"], "some", "listed"), (["demo.pcap"], "listed", "none"),
        (["parts.pcap"], "some", "none"), (["sigtran.pcap"], "sets", "stricter"),
        (["demo.pcap", "sigtran.pcap"], "stricter", "sets")]


def tests():
    for captures, old, new in RUNS:
        yield f"diff/verdicts {old} {new} {'+'.join(captures)}", verdicts, captures, old, new
    for name in sorted(os.listdir(os.path.join(ROOT, "conf", "policies"))):
        yield f"diff/printed {name}", printed, name
    yield "diff/mistakes", print_mistakes
    yield "diff/text is hidden", text_hidden
    yield "diff/exit codes", exit_codes
    yield "diff/a pack is its folder", pack_is_its_folder
