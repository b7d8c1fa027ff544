# SPDX-License-Identifier: BSD-3-Clause
"""The shipped example policies over one capture, each with its golden: the same as check-policies, without writing."""
import policies


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


def tests():
    return [(f"policies/{name}", golden, name) for name in policies.NAMES] + \
        [("policies/bursts", bursts, "mno-border")]
