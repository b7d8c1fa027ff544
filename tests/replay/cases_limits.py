# SPDX-License-Identifier: BSD-3-Clause
"""Limits through the daemon: the verdict of each message equals that of an exact reference, over SMPP and MAP.

The reference is written here from the definitions (GCRA: ITU-T I.371 A.1; windows and ratios counted one by one); it
shares nothing with the daemon, whose distinct counter is a sketch with a stated error.
"""
import json
import os
import random

import capture
import mapmake
import smpp
import traffic

MS, S, MINUTE = 10**6, 10**9, 60 * 10**9


class Gcra:
    """At most `burst` at once, one every `interval`."""

    def __init__(self, interval, burst):
        self.interval, self.burst, self.rest = interval, burst, {}

    def admits(self, key, ns, units=1):
        rest = max(self.rest.get(key, 0), ns) + units * self.interval
        if rest - ns > self.burst * self.interval:
            return False
        self.rest[key] = rest
        return True


class Grey:
    def __init__(self, delay, keep):
        self.delay, self.keep, self.seen = delay, keep, {}

    def admits(self, key, ns):
        first, last = self.seen.get(key, (ns, ns))
        if ns - last > self.keep:
            first = ns
        self.seen[key] = (first, ns)
        return ns - first >= self.delay


# ---- messages at given times: (ns, sender, receiver, text, part or None), and the captures of them

def submit_sm(sequence, src, dst, text, part):
    octets, ton = text.encode(), 5 if any(x.isalpha() for x in src) else 1
    if part is not None:
        octets = bytes([5, 0, 3, *part]) + octets
    body = b"\0" + bytes([ton, 1]) + src.encode() + b"\0\1\1" + dst.encode() + b"\0" + \
        bytes([0x40 if part else 0, 0, 0]) + b"\0\0" + bytes([0, 0, 0, 0, len(octets)]) + octets
    return traffic.pdu(4, sequence, body)


def connection(messages, **more):
    c = traffic.Connection(ns=traffic.START_NS, **more).open()
    for ns, src, dst, text, part in sorted(messages, key=lambda m: m[0]):
        assert traffic.START_NS + ns >= c.ns, "messages are 2 ms apart at least"
        c.ns = traffic.START_NS + ns
        c.sequence += 1
        c.say(True, submit_sm(c.sequence, src, dst, text, part))
        c.say(False, traffic.pdu(0x80000004, c.sequence, b"id%d\0" % c.sequence))
    return c.close().frames


def at(ns, src="447700900001", dst="447700900002", text="hello", part=None):
    return ns, src, dst, text, part


def policy(lab, name, limits, more=""):
    folder = lab.path(name)
    with lab.lock:
        if not os.path.isdir(folder):
            os.mkdir(folder)
            with open(os.path.join(folder, "a.pat"), "w", encoding="ascii") as f:
                f.write("block.lottery:/lottery/ action=reject\n")
            with open(os.path.join(folder, "policy.conf"), "w", encoding="ascii") as f:
                f.write(f"{more}limits = (\n" + ",\n".join(f"\t{{ {x} }}" for x in limits) + "\n);\n")
    return folder


def run(lab, name, messages, limits, more="", burst=None, config="lab", changes=()):
    path = lab.file(name + ".pcap", capture.encode(connection(messages), nano=True))
    r = lab.replay(path, config=config, policy=policy(lab, name, limits, more), burst=burst,
                   changes=changes).must()
    assert len(r.messages) == len(messages), f"{len(r.messages)} of {len(messages)} messages"
    return r


def refused_by(e, name, action="throttle"):
    if (e["verdict"], e["reason"]) != (action, "limit"):
        return False
    assert e["limit"]["name"] == name, e
    return True


def check(events, wanted, name, action="throttle"):
    """`wanted`: whether each is admitted."""
    for i, (e, admitted) in enumerate(zip(events, wanted)):
        assert refused_by(e, name, action) != admitted, f"message {i} at {e['ts']}: {e['verdict']}, {e['reason']}; " \
            f"the reference {'admits' if admitted else 'refuses'} it"
        assert admitted or e["limit"]["fill"] > 0, e


def ours(e):
    """What of an event is about its verdict."""
    return e["verdict"], e["reason"], e.get("limit"), e["src"], e["dst"], e["ts"]


PER_SENDER = 'name = "minute"; kind = "rate"; key = [ "originator" ]; rate = "60/min"; burst = 10; action = "throttle";'


def rate_boundaries(lab):
    """Ten at once, then one a second: to the millisecond, on both sides of the boundary."""
    times = [i * 2 * MS for i in range(12)]
    times += [1 * S - 2 * MS, 1 * S, 1 * S + 4 * MS, 2 * S - 2 * MS, 2 * S, 2 * S + 4 * MS]
    times += [30 * S + i * 2 * MS for i in range(12)]
    times += [60 * S + i * 100 * MS for i in range(40)]
    times = [t + 20 * MS for t in times]
    messages = [at(t) for t in times]
    reference = Gcra(S, 10)
    # the first moment is that of the first message; all others are multiples from it
    wanted = [reference.admits(1, t) for t in times]
    assert 0 < sum(wanted) < len(wanted)
    events = [run(lab, "limits-rate", messages, [PER_SENDER], burst=b).messages for b in (1, 32)]
    check(events[0], wanted, "minute")
    assert [ours(e) for e in events[0]] == [ours(e) for e in events[1]], "bursts of 1 and 32 differ"
    assert 990 <= events[0][10]["limit"]["fill"] <= 1000, events[0][10]


def rate_random(lab):
    """Some senders at random times, each by itself; other spellings of a number are the same sender."""
    rng = random.Random(7)
    senders = ["447700900001", "+447700900001", "447700900002", "MyBank", "447700900003"]
    key = {"+447700900001": "447700900001"}
    now, messages = 20 * MS, []
    for _ in range(1500):
        now += rng.choice((2, 3, 5, 20, 50, 400)) * MS
        messages.append(at(now, rng.choice(senders)))
    reference = Gcra(S, 10)
    wanted = [reference.admits(key.get(m[1], m[1]), m[0]) for m in messages]
    check(run(lab, "limits-random", messages, [PER_SENDER]).messages, wanted, "minute")
    assert 200 < sum(wanted) < 1400, sum(wanted)


def several(lab):
    """Of several limits one refuses: what was charged to the others is given back."""
    limits = [PER_SENDER.replace("burst = 10", "burst = 30"),
              'name = "pair"; kind = "rate"; key = [ "originator", "destination" ]; rate = "1/s"; burst = 3; '
              'action = "reject"; status = 0x58;',
              'name = "all"; kind = "rate"; key = []; rate = "10/s"; burst = 15; action = "throttle";']
    rng = random.Random(3)
    now, messages = 20 * MS, []
    for _ in range(1500):
        now += rng.choice((2, 4, 10, 60)) * MS
        messages.append(at(now, f"44770090000{rng.randint(1, 3)}", f"44770090010{rng.randint(1, 4)}"))
    minute, pair, all_ = Gcra(S, 30), Gcra(S, 3), Gcra(S // 10, 15)
    events = run(lab, "limits-several", messages, limits).messages
    by = {"minute": 0, "pair": 0, "all": 0}
    for i, (ns, src, dst, _, _) in enumerate(messages):
        name = None
        for limit, n, key in ((minute, "minute", src), (pair, "pair", (src, dst)), (all_, "all", 0)):
            before = dict(limit.rest)
            fits = limit.admits(key, ns)
            limit.rest = before
            if not fits:
                name = n
                break
        if name is None:
            assert minute.admits(src, ns) and pair.admits((src, dst), ns) and all_.admits(0, ns)
            assert events[i]["verdict"] == "pass", (i, events[i])
        else:
            by[name] += 1
            assert refused_by(events[i], name, "reject" if name == "pair" else "throttle"), (i, name, events[i])
    assert all(by.values()), by


def refused_is_free(lab):
    """A message that a rule refuses costs nothing; one that a limit reports does."""
    messages = [at(20 * MS + i * 2 * MS, text="a lottery" if i % 2 else "hello") for i in range(30)]
    events = run(lab, "limits-free", messages, [PER_SENDER]).messages
    passed = [e["verdict"] for e in events if e["text"] == "hello"]
    assert passed == ["pass"] * 10 + ["throttle"] * 5, passed
    # the limit comes before the text is looked at: nothing is matched for what it refuses
    assert {e["reason"] for e in events[20:]} == {"limit"}, events[20:]


def parts(lab):
    """A long message costs one, whatever it has of parts; none of its parts is cut off; throttled ones as a whole."""
    messages, now = [], 20 * MS
    for m in range(14):
        for part in range(1, 4):
            messages.append(at(now, text=f"part {part} of {m}", part=(m + 1, 3, part)))
            now += 2 * MS
    events = run(lab, "limits-parts", messages, [PER_SENDER]).messages
    by_message = [{e["verdict"] for e in events[3 * m:3 * m + 3]} for m in range(14)]
    assert by_message == [{"pass"}] * 10 + [{"throttle"}] * 4, by_message
    counted = run(lab, "limits-count-parts", messages, [PER_SENDER + ' count = "parts";']).messages
    assert sum(e["verdict"] == "pass" for e in counted) == 10, [e["verdict"] for e in counted]


def distinct(lab):
    """Receivers of a sender within a minute: those known already pass, a new one above `max` does not."""
    limit = 'name = "spread"; kind = "distinct"; key = [ "originator" ]; of = "destination"; max = 100; ' \
            'per = "1 min"; action = "throttle";'
    messages, now = [], 20 * MS
    for i in range(130):
        messages.append(at(now, dst=f"4477009{i:05}"))
        now += 10 * MS
    for i in range(50):  # known ones
        messages.append(at(now, dst=f"4477009{i:05}"))
        now += 10 * MS
    messages.append(at(now + 63 * S, dst="447700999999"))  # all are older than the minute by then
    events = run(lab, "limits-distinct", messages, [limit]).messages
    admitted = [not refused_by(e, "spread") for e in events]
    n = sum(admitted[:130])
    assert 95 <= n <= 105, f"{n} receivers of 100"
    assert all(admitted[130:]), "a known receiver, or the first of the next minute, is refused"
    exact = 100
    assert abs(n - exact) <= 5 and admitted[:90] == [True] * 90, n


def ratio(lab):
    """Who is answered may send; who never is may not."""
    limit = 'name = "farm"; kind = "ratio"; key = [ "originator" ]; answered = 10; messages = 50; per = "1 hour"; ' \
            'action = "reject";'
    messages, now = [], 20 * MS
    for i in range(80):
        messages.append(at(now, "447700900001", f"44770091{i:04}"))
        messages.append(at(now + 2 * MS, "447700900003", f"44770092{i:04}"))
        if i % 5 == 0:
            messages.append(at(now + 4 * MS, f"44770092{i:04}", "447700900003"))
        now += 10 * MS
    events = run(lab, "limits-ratio", messages, [limit]).messages
    verdicts = {}
    for e in events:
        verdicts.setdefault(e["src"], []).append(e["verdict"])
    assert verdicts["447700900003"] == ["pass"] * 80, verdicts["447700900003"]
    assert verdicts["447700900001"] == ["pass"] * 50 + ["reject"] * 30, verdicts["447700900001"]


def grey(lab):
    """The first sight waits; from then on it passes, as long as it is seen now and then."""
    limit = 'name = "grey"; kind = "grey"; key = [ "originator", "destination" ]; delay = "60 s"; keep = "10 min"; ' \
            'action = "throttle";'
    times = [20 * MS, 30 * S, 59 * S, 60 * S + 20 * MS, 61 * S, 400 * S, 900 * S, 1600 * S, 1661 * S]
    reference = Grey(60 * S, 10 * MINUTE)
    wanted = [reference.admits(1, t) for t in times]
    assert wanted == [False, False, False, True, True, True, True, False, True]
    events = run(lab, "limits-grey", [at(t) for t in times], [limit]).messages
    for i, (e, admitted) in enumerate(zip(events, wanted)):
        assert refused_by(e, "grey") != admitted, (i, e)


def states(lab):
    """Shadow counts and does not refuse; report passes and is told; max_action is a ceiling."""
    messages = [at(20 * MS + i * 2 * MS) for i in range(20)]
    shadow = run(lab, "limits-shadow", messages, [PER_SENDER + ' state = "shadow";'])
    assert [e["verdict"] for e in shadow.messages] == ["pass"] * 20
    assert [e.get("shadow_verdict") for e in shadow.messages] == [None] * 10 + ["throttle"] * 10
    told = shadow.summary["limits"]
    assert [told[0][k] for k in ("name", "admitted", "exceeded", "shadow")] == ["minute", 10, 0, 10], told
    report = run(lab, "limits-report", messages, [PER_SENDER.replace("throttle", "report")])
    assert [e["verdict"] for e in report.messages] == ["pass"] * 10 + ["report"] * 10
    ceiling = run(lab, "limits-ceiling", messages, [PER_SENDER], more='max_action = "report";\n')
    assert [e["verdict"] for e in ceiling.messages] == ["pass"] * 10 + ["report"] * 10
    monitor = run(lab, "limits-monitor", messages, [PER_SENDER], config="monitor")
    assert [(e["verdict"], e["action"]) for e in monitor.messages[10:]] == [("throttle", "none")] * 10


def answers(lab):
    """What is throttled leaves without its text, and its answer says ESME_RTHROTTLED."""
    messages = [at(20 * MS + i * 2 * MS, text=f"canary {i}") for i in range(15)]
    # the recorded SMSC had accepted them all: the link is to say what it was
    r = run(lab, "limits-answers", messages, [PER_SENDER], changes=(
        ('default_coding = "gsm7";', 'default_coding = "gsm7"; to_smsc = { on_accept = "force"; };'),))
    out = capture.read(r.out_path).frames
    pdus = smpp.all_pdus(out)
    status = [p.status for p in pdus if p.command == 0x80000004]
    assert status == [0] * 10 + [0x58] * 5, status
    octets = b"".join(f.data for f in out)
    assert all((b"canary %d" % i in octets) == (i < 10) for i in range(15)), "the text of a throttled message left"


def explained(lab):
    """explain of a frame tells the limit, its key and its fill, and comes to the same verdict; each reason."""
    messages = [at(20 * MS + i * 2 * MS) for i in range(12)] + [at(60 * MS, "447700900005", text="a lottery")]
    r = run(lab, "limits-explain", messages, [PER_SENDER])
    path = lab.path("limits-explain.pcap")
    for e in (r.messages[0], r.messages[11], r.messages[12]):
        code, stdout, stderr = lab.ctl("explain", f"{path}:{e['frame']}", "--config", lab.config("lab"), "--policy",
                                       lab.path("limits-explain"), "--json")
        assert code == 0, stderr
        m = json.loads(stdout)["messages"][0]
        assert (m["verdict"]["action"], m["verdict"]["reason"]) == (e["verdict"], e["reason"]), (m["verdict"], e)
        assert [(x["name"], x["key"]) for x in m["limits"]] == [("minute", e["src"])], m["limits"]
        if e["reason"] == "limit":
            assert m["verdict"]["limit"] == {"name": "minute", "fill": 1000}, m["verdict"]
            assert m["edit"]["answer_status"] == 0x58, m["edit"]


def sigtran(lab):
    """The same over MAP: refused with systemFailure (34)."""
    a = mapmake.Association(traffic.START_NS).open()
    for i in range(16):
        a.forward(False, mapmake.MO, mapmake.mo_forward("447700900360", "447700900900", mapmake.submit(
            "447700900361", f"no {i}"), "234150000000001"), "447700900700", "447700900900")
    path = lab.file("limits-map.pcap", capture.encode(a.close().frames))
    limit = 'name = "subscriber"; kind = "rate"; key = [ "msisdn" ]; rate = "60/min"; burst = 10; action = "throttle";'
    r = lab.replay(path, policy=policy(lab, "limits-map", [limit])).must()
    verdicts = [e["verdict"] for e in r.messages if e["proto"] == "map" and e["text"].startswith("no ")]
    assert verdicts == ["pass"] * 10 + ["throttle"] * 6, verdicts
    e = [e for e in r.messages if e["verdict"] == "throttle"][0]
    assert e["limit"]["name"] == "subscriber" and e["action"] == "map_reject", e
    code, stdout, stderr = lab.ctl("explain", f"{path}:{e['frame']}", "--config", lab.config("lab"), "--policy",
                                   lab.path("limits-map"), "--json")
    assert code == 0, stderr
    m = json.loads(stdout)["messages"][0]
    assert m["verdict"]["action"] == "throttle" and "34" in str(m["edit"].get("answer_error")) or \
        "systemFailure" in str(m["edit"].get("answer_error")), (m["verdict"], m["edit"])


def tests():
    return [("limits/rate-boundaries", rate_boundaries), ("limits/rate-random", rate_random),
            ("limits/several", several), ("limits/refused-is-free", refused_is_free), ("limits/parts", parts),
            ("limits/distinct", distinct), ("limits/ratio", ratio), ("limits/grey", grey),
            ("limits/states", states), ("limits/answers", answers), ("limits/explained", explained),
            ("limits/sigtran", sigtran)]
