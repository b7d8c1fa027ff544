# SPDX-License-Identifier: BSD-3-Clause
"""The same capture gives the same octets and the same events, whatever the burst."""
from program import short, smpp_captures

RUNS = [(1, 0), (32, 0), (1, 1)]  # beside the first one, whose burst is the configuration's: 32


def same(lab, path, runs):
    first = lab.replay(path, "lab", "some").must()
    for burst, turn in runs:
        run = lab.replay(path, "lab", "some", burst=burst, turn=turn).must()
        assert run.out == first.out, f"OUT differs with --burst {burst}, run {turn + 1}"
        assert run.events_octets == first.events_octets, f"events differ with --burst {burst}, run {turn + 1}"


def tests():
    for path in smpp_captures():
        yield "determinism/bursts " + short(path), same, path, RUNS
    for path in smpp_captures()[:8]:
        yield "determinism/odd burst " + short(path), same, path, [(7, 0)]
