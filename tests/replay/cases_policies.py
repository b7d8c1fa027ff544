# SPDX-License-Identifier: BSD-3-Clause
"""The shipped example policies over one capture, each with its golden: the same as check-policies, without writing."""
import json
import os
import subprocess

import policies
from program import ROOT


def golden(lab, name):
    with open(policies.golden_path(name), encoding="utf-8") as f:
        expected = f.read().splitlines()
    got = policies.golden_text(name, policies.run(lab, name)).splitlines()
    wrong = [f"- {a}\n+ {b}" for a, b in zip(expected, got) if a != b]
    assert expected == got, "\n".join(wrong[:8]) or f"{len(got)} lines, not {len(expected)}"


def bursts(lab, name):
    """The same verdicts whatever the burst: limits count messages, not frames."""
    one = policies.run(lab, name, burst=1)
    assert policies.golden_text(name, one) == policies.golden_text(name, policies.run(lab, name)), "burst 1 differs"


LABELLED = [("smish", "Your card has been suspended. Verify at http://203.0.113.7/login now")] + \
    [("ham", f"see you at {n}, bring the blue umbrella") for n in ("seven", "noon")]


def accuracy(lab, name):
    """tests/replay/accuracy: one line for each label, by what the filter did."""
    path = lab.file("labelled.jsonl", "".join(json.dumps({"label": a, "text": t}) + "\n" for a, t in LABELLED))
    done = subprocess.run([os.path.join(ROOT, "tests/replay/accuracy"), "--program", lab.program, "--show", "smish", path],
                          capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["ham", "2", "0", "0"] in rows and ["smish", "1", "0", "1"] in rows, done.stdout
    assert f"reject: {LABELLED[0][1]}" in done.stdout, done.stdout
    del name


def tests():
    return [(f"policies/{name}", golden, name) for name in policies.NAMES] + \
        [("policies/bursts", bursts, "mno-border"), ("policies/accuracy", accuracy, "")]
