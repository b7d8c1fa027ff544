# SPDX-License-Identifier: BSD-3-Clause
"""Mode monitor changes nothing: OUT is IN."""
import capture
from capture import LINK_LEN
from program import read, short, smpp_captures


def check_frames(before, after):
    """OUT has IN's frames, one by one; converted ones behind their link header; times to the microsecond."""
    assert after.link == capture.ETHERNET and not after.nano, "OUT is no microsecond Ethernet pcap"
    assert len(before.frames) == len(after.frames), f"{len(before.frames)} frames in, {len(after.frames)} out"
    skip = LINK_LEN.get(before.link, 0)
    put = 14 if before.link in LINK_LEN else 0
    for i, (a, b) in enumerate(zip(before.frames, after.frames), 1):
        assert a.data[skip:] == b.data[put:], f"frame {i} is not the same"
        assert a.ns // 1000 == b.ns // 1000, f"frame {i} has another time"
        assert a.wire_len - skip == b.wire_len - put, f"frame {i} has another length on the wire"


def check_identical(path, run):
    before = read(path)
    if before.plain:
        with open(path, "rb") as f:
            assert f.read() == run.out, "OUT is not IN octet by octet"
    else:
        check_frames(before, capture.parse(run.out))


def identical(lab, path):
    run = lab.replay(path, "monitor", "all").must()
    check_identical(path, run)
    refused = [e for e in run.messages if e["action"] != "none"]
    assert not refused, f"mode monitor has acted on message {refused[0]['id']}" if refused else ""


def tests():
    for path in smpp_captures():
        yield "monitor/identical " + short(path), identical, path
