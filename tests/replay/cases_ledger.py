# SPDX-License-Identifier: BSD-3-Clause
"""Every octet is accounted for, on every capture there is; what cannot be read is refused by name."""
from collections import Counter

import capture
from capture import LINK_LEN
from cases_monitor import check_identical
from program import INVALID, OK, read, short, other_captures, smpp_captures

INPUTS_AT_ONCE = 16

def replayed(lab, path, config, policy):
    """The run, or None for a capture that was rightly refused by the name of its link type."""
    run = lab.replay(path, config, policy)
    if run.code == INVALID:
        link = read(path).link
        assert link not in LINK_LEN and link != capture.ETHERNET, run.stderr
        assert any(f"({link})" in d and "link type" in d for d in run.diagnostics()), f"refused without a name: {run.stderr}"
        return None
    return run.must(OK)


def check_ledger(run, n):
    """`n`: frames of the capture."""
    s = run.summary
    counters = s["counters"]
    assert counters["frames_in"] == n, f"{counters['frames_in']} frames in, the capture has {n}"
    assert counters["frames_out"] == n, f"{n} frames in, {counters['frames_out']} out"
    assert len(capture.parse(run.out).frames) == n, "OUT has another number of frames"
    assert counters["octets_in"] == counters["octets_out"], "octets were lost"
    assert counters["tx_full"] == 0 and counters["events_lost"] == 0, "frames or events were lost"
    for side in s["ledger"]:
        total = sum(side["octets"].values())
        assert total == side["accounted"], f"from {side['from']}: {total} by reason, accounted {side['accounted']}"
        assert side["accounted"] == side["forwarded"] and side["balanced"], \
            f"from {side['from']}: {side['accounted']} accounted, {side['forwarded']} forwarded"


def payload_octets(path):
    """Octets of TCP payload in a capture, or None where not every frame is a whole TCP segment or no IP at all."""
    total = 0
    c = read(path)
    for f in c.frames:
        s = capture.segment(f.data, c.link) if c.link in LINK_LEN or c.link == capture.ETHERNET else None
        if s is not None and not s.cut:
            total += s.end - s.body
        elif s is not None or capture.network(f.data, c.link):
            return None
    return total


def monitored(lab, path):
    run = replayed(lab, path, "monitor", "all")
    if run is None:
        return
    check_identical(path, run)
    check_ledger(run, len(read(path).frames))
    octets = payload_octets(path)
    forwarded = sum(side["forwarded"] for side in run.summary["ledger"])
    assert octets in (None, forwarded), f"{forwarded} octets forwarded, the capture has {octets} of TCP payload"


def enforced(lab, paths):
    """In mode enforce, too; several captures at once, merged by time."""
    paths = [p for p in paths if replayed(lab, p, "monitor", "all") is not None]
    run = lab.replay(paths, "lab", "all").must()
    check_ledger(run, sum(len(read(p).frames) for p in paths))
    before = Counter()
    for path in paths:
        before.update(f.data for f in capture.parse(lab.replay(path, "monitor", "all").out).frames)
    after = Counter(f.data for f in capture.parse(run.out).frames)
    changed, edited = sum((before - after).values()), run.summary["counters"]["frames_edited"]
    assert changed == edited, f"{changed} frames left with other octets, {edited} were edited"


def tests():
    for path in smpp_captures() + other_captures():
        yield "ledger/monitor " + short(path), monitored, path
    for path in smpp_captures():
        yield "ledger/enforce " + short(path), enforced, [path]
    others = other_captures()
    for at in range(0, len(others), INPUTS_AT_ONCE):
        some = others[at:at + INPUTS_AT_ONCE]
        yield f"ledger/enforce {short(some[0])} .. {short(some[-1])}", enforced, some
