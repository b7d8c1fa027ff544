# SPDX-License-Identifier: BSD-3-Clause
"""
sigtran: MAP short messages over M3UA and SCTP between real stacks, through smswalld.

    msc (namespace esme) -- e0 ==== a -- [ filter ] -- b ==== s0 -- smsc

Both ends are tests/e2e/peers/sigtran_node.py on libusrsctp (tests/e2e/peers/sigtran_peer.c), over raw sockets, so the host's
kernel needs no SCTP; sigtran_uml.py has the kernel's. The MSC sends MO and MT short messages in dialogues of all shapes,
the SMSC answers as public stacks do, and both write down what they see. Of every run:

- each clean message arrives as it was sent, to the octet of its TCAP, once, and is accepted;
- of a refused one nobody sees the text, and its sender gets the answer that docs/refusals.md promises;
- the association comes up once, is never lost or restarted, every M3UA BEAT is answered, and it ends by SHUTDOWN.
"""
import json
import os
import random
import re
import sys

import live
from lab import BUILD, ESME, PEERS, SMSC, Skip, check, check_equal, wait_for
from smpp import MARK, PHRASE

sys.path.insert(0, PEERS)
import sigtran_map as m  # noqa: E402

PEER = os.path.join(BUILD, "tests", "sigtran_peer")
NODE = os.path.join(PEERS, "sigtran_node.py")
M3UA_PORT = 2905
MSC_GT, SMSC_GT = "447700900001", "447700900002"
MSC_PC, SMSC_PC = 641, 2130
SESSION_S = 60
# told apart from what the far end says by itself (36, 5)
MO_ERROR, MT_ERROR = 21, 9  # facilityNotSupported, illegalSubscriber (TS 29.002 17.6.6)
# hold_ms: as lab.HOLD_MS
ERRORS = 'hold_ms = 150; mo_error = "facilityNotSupported"; mt_error = "illegalSubscriber";'
_WORDS = ("meet me at the station tonight we bring bread milk and two tickets please call when "
          "your train has arrived thanks for the lovely evening see you soon").split()


# ---- messages

def _text(rng, refused, most):
    words = [rng.choice(_WORDS) for _ in range(rng.randint(2, 9))]
    if refused:
        words.insert(rng.randint(0, len(words)), f"{MARK}{rng.randint(0, 9999)} {PHRASE}")
    while len(" ".join(words)) > most:
        words.pop(0 if not refused or PHRASE not in words[0] else -1)
    return " ".join(words)


# What a dialogue can look like; each with MO and MT.
SHAPES = (
    {}, {"ucs2": True}, {"segments": 1}, {"version": 2}, {"unordered": True}, {"indefinite": True},
    {"empty_begin": True}, {"invoke": 127, "unordered": True}, {"empty_begin": True, "ucs2": True},
    {"segments": 1, "ucs2": True},
)
SEGMENTED = ({"segments": 2}, {"segments": 3}, {"segments": 2, "empty_begin": True}, {"segments": 4, "behind": 40})


def make_messages(count, seed, every=6, shapes=SHAPES):
    """`count` messages, one of `every` to be refused; n tells them apart in everything that is written down."""
    rng = random.Random(seed)
    made = []
    for n in range(count):
        shape = shapes[n // 2 % len(shapes)]
        refused = rng.randrange(every) == 0 if every else False
        made.append({"n": n, "kind": "mo" if n % 2 == 0 else "mt", "invoke": 1 + n % 3, "centre": SMSC_GT, "to_gt": SMSC_GT,
                     "dst": f"4477{seed % 100:02d}{n:06d}", "oa": f"4478{seed % 100:02d}{n:06d}",
                     "imsi": f"23415{seed % 100:02d}{n:08d}",
                     "text": _text(rng, refused, 60 if shape.get("ucs2") else 100), "refused": refused, **shape})
    return made


# ---- two nodes and what they wrote down

class Record:
    """The log of a node."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.lines = [json.loads(line) for line in file if line.endswith("\n")]

    def of(self, key):
        return [line for line in self.lines if key in line]

    def events(self):
        return [line["event"] for line in self.of("event")]


class Session:
    """An association, its two nodes, and the judgement of it. `paths`: the addresses of both ends, link by link."""

    def __init__(self, lab, messages, paths=(("10.99.0.1", "10.99.0.2"),), options=(), back=(), **job):
        self.lab, self.messages, self.back = lab, messages, list(back)
        self.logs = [lab.path(lab.unique("sigtran") + ".log") for _ in range(2)]
        common = {"program": PEER, "options": list(options), "context": 34, "port": M3UA_PORT, "peer_port": M3UA_PORT, **job}
        self.smsc = self._start(SMSC, {**common, "listens": True, "serves": True, "local": [p[1] for p in paths], "opc": SMSC_PC,
                                       "dpc": MSC_PC, "gt": SMSC_GT, "log": self.logs[1], "messages": self.back,
                                       "tids": 0x02000000})
        wait_for("sigtran_peer to listen", 10, lambda: "listening" in self.smsc.err() or not self.smsc.running())
        self.msc = self._start(ESME, {**common, "local": [p[0] for p in paths], "peer": [p[1] for p in paths], "opc": MSC_PC,
                                      "dpc": SMSC_PC, "gt": MSC_GT, "log": self.logs[0], "messages": messages})

    def _start(self, place, job):
        return self.lab.start(place, "sigtran", "python3", NODE, live.write_job(self.lab, "sigtran", job))

    def answers(self):
        """How many messages are done so far."""
        return len(Record(self.logs[0]).of("answer")) if os.path.exists(self.logs[0]) else 0

    def finish(self):
        """Waits for the end of both: their records."""
        try:
            check_equal(self.msc.wait(SESSION_S), 0, f"exit code of the MSC ({self.msc.tail()})")
            check_equal(self.smsc.wait(10), 0, f"exit code of the SMSC ({self.smsc.tail()})")
        finally:
            self.msc.kill()
            self.smsc.kill()
        return [Record(path) for path in self.logs]


def check_associations(records):
    """Both ends saw one association, from its beginning to an orderly end, and all M3UA in it was well."""
    for name, record in zip(("MSC", "SMSC"), records):
        words = [w for w in record.events() if w not in ("available", "unreachable")]
        check_equal(words, ["up", "shutdown"], f"association as the {name} saw it")
        check_equal(record.of("bad"), [], f"what the {name} did not understand")
        sent, answered = record.of("beats")[0]["beats"]
        # the MSC ends when its own are answered, whatever else is under way
        check(answered == sent > 0 if name == "MSC" else answered >= sent - 1, f"BEATs of the {name}: {sent}, answered {answered}")


class Expected:
    """What becomes of the refused messages of one configuration."""

    def __init__(self, mo=("error", MO_ERROR), mt=("error", MT_ERROR), seen=False, late=()):
        self.answer = {"mo": mo, "mt": mt}
        self.seen = seen  # an empty message is accepted
        self.late = late  # answers beside, where the first segments had left


def check_messages(sender, receiver, messages, expected=Expected(), unjudged=None):
    """The two records of one way against what was sent. unjudged: told of each that went past the filter."""
    sent, answers = {}, {}
    for line in sender.of("sent"):
        sent.setdefault(line["sent"], []).append(line["tcap"])
    for line in sender.of("answer"):
        check(line["answer"] not in answers, "two answers to", line["answer"])
        answers[line["answer"]] = (line["what"], line["code"])
    got = {}
    for line in receiver.of("got"):
        got[line["got"]] = got.get(line["got"], 0) + 1
    texts = [(line["accepted"], line["address"], line["text"]) for line in receiver.of("accepted")]
    refused_texts = [t for t in texts if MARK in t[2]]
    for message in messages:
        n, operation = message["n"], sent[message["n"]][-1]
        told = (message["kind"], message["dst"] if message["kind"] == "mo" else message["oa"], message["text"])
        if not message["refused"]:
            check_equal(answers.get(n), ("result", None), f"answer to {message}")
            check_equal(got.get(operation, 0), 1, f"copies of {message}")
            check_equal(texts.count(told), 1, f"times that the text was seen of {message}")
            continue
        if unjudged is not None and (told in texts or answers.get(n) != expected.answer[message["kind"]]):
            unjudged.append((message, answers.get(n), told in texts))
            refused_texts = [t for t in refused_texts if t[:2] != told[:2]]
            continue
        check(operation not in got, "arrived as it was:", message)
        allowed = (expected.answer[message["kind"]], *(expected.late if message.get("segments", 0) > 1 else ()))
        check(answers.get(n) in allowed, f"answer {answers.get(n)}, not of {allowed}, to", message)
        if not expected.seen:
            check(not [t for t in texts if t[:2] == told[:2]], "accepted:", message)
    check_equal(refused_texts, [], "refused texts that were seen")
    check_equal(len(answers), len(messages), "answers")
    if not unjudged and not expected.late:
        check_raw(receiver)


def check_raw(receiver):
    """The mark is nowhere in what came, in either alphabet, wherever its septets begin."""
    for line in receiver.of("got"):
        octets = bytes.fromhex(line["got"])
        check(MARK.encode("utf-16-be") not in octets, "the mark in UCS-2 in", line)
        for bit in range(7):
            bits = int.from_bytes(octets, "little") >> bit
            check(MARK not in m.unpack(bits.to_bytes(len(octets) + 1, "little"), 8 * len(octets) // 7), "the mark in", line)


def check_told(daemon, before, messages, actions):
    """Every message has its event, with what was done."""
    def told():
        events = [e for e in daemon.events(type="message")[before:] if e["proto"] == "map"]
        return events if len(events) >= len(messages) else None
    events = wait_for(f"{len(messages)} message events", 5, told)
    check_equal(len(events), len(messages), "message events")
    for kind, command in (("mo", "mo-forwardSM"), ("mt", "mt-forwardSM")):
        mine = [e for e in events if e["command"] in (command, "forwardSM")
                and e["dst" if kind == "mo" else "src"] in {x["dst" if kind == "mo" else "oa"] for x in messages
                                                             if x["kind"] == kind}]
        wanted = sum(x["refused"] for x in messages if x["kind"] == kind)
        check_equal(sum(e["action"] != "none" for e in mine), wanted, f"edits of {command}")
        seen = {e["action"] for e in mine if e["action"] != "none"}
        check(seen <= actions[kind], f"actions of {command}: {seen}, not only {actions[kind]}")


def sigtran_session(lab, messages, expected=Expected(), back=(), **more):
    """One session from its beginning to its end, judged."""
    session = Session(lab, messages, back=back, **more)
    records = session.finish()
    check_associations(records)
    check_messages(records[0], records[1], messages, expected)
    if back:
        check_messages(records[1], records[0], list(back), expected)
    return records


def need_peer():
    if not os.access(PEER, os.X_OK):
        raise Skip("libusrsctp was not there when tests/sigtran_peer was to be built (libusrsctp-dev)")


def write_config(lab, sigtran=ERRORS, links=1, **changes):
    """conf/lab.conf with keys of group sigtran, and as many links as there are pairs of ports."""
    path = lab.write_config(**changes)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text, n = re.subn(r"(?m)^\tsigtran = \{", lambda found: f"{found[0]} {sigtran}", text)
    check_equal(n, 1, "group sigtran in conf/lab.conf")
    if links == 2:
        begin, end = text.index("links = (") + len("links = ("), text.index("\n});") + 2
        first = text[begin:end]
        second = first.replace('"lab"', '"lab2"').replace("ports = [0, 1]", "ports = [2, 3]")
        text = text[:end] + ", " + second + text[end:]
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def start_daemon(lab, sigtran=ERRORS, **more):
    need_peer()
    return lab.start_daemon(write_config(lab, sigtran, **more))


# ---- cases with the daemon of their group

def case_refusals(lab, daemon):
    """All shapes, both ways at once: map_reject, and the Reject is the configured error for who sent it."""
    before, rewritten = len(daemon.events(type="message")), daemon.counter("answers_rewritten")
    messages, back = make_messages(120, lab.next_seed()), make_messages(40, lab.next_seed())
    for x in back:
        x["to_gt"] = MSC_GT
    sigtran_session(lab, messages, back=back, window=12)
    reject = {"map_reject"}
    check_told(daemon, before, messages + back, {"mo": reject, "mt": reject})
    check_equal(daemon.counter("answers_rewritten") - rewritten, sum(x["refused"] for x in messages + back),
                "answers rewritten")


def case_segments(lab, daemon):
    """XUDT segments: nothing is undone of those that have left, and the message is not accepted all the same."""
    messages = make_messages(80, lab.next_seed(), every=3, shapes=SEGMENTED)
    records = sigtran_session(lab, messages, Expected(late=(("timeout", None),)), timer_s=2, window=30)
    what = [a["what"] for a in records[0].of("answer") if messages[a["answer"]]["refused"]]
    check("error" in what, f"no refused segmented message is answered: {what}")
    del daemon


# user messages of many DATA chunks, in packets so small that they go over several
FRAGMENTS = ("--maxseg", "100", "--mtu", "512", "--streams", "15")


def case_fragments(lab, daemon):
    """Small DATA chunks: user messages of many fragments, ordered and not, in 15 streams, bundled, over several packets."""
    before, held = daemon.counter("releases"), daemon.counter("frames_held")
    sigtran_session(lab, make_messages(100, lab.next_seed()), options=FRAGMENTS, streams=15, window=20)
    sigtran_session(lab, make_messages(60, lab.next_seed()), options=("--maxseg", "48", "--nodelay"), window=20)
    check_equal(daemon.counter("releases") - before, 0, "fragments that had to leave early")
    check(daemon.counter("frames_held") > held, "no frame waited for the rest of a message")


def case_ipv6(lab, daemon):
    sigtran_session(lab, make_messages(60, lab.next_seed()), paths=(("fd99::1", "fd99::2"),), window=30)
    del daemon


def case_panic(lab, daemon):
    """In the middle of an association: everything passes at once; off again, refused again, by the same policy."""
    messages = make_messages(160, lab.next_seed(), every=3)
    until = lab.path(lab.unique("until"))
    session = Session(lab, messages, window=6, per_s=100, until=until)
    wait_for("answers", 10, lambda: session.answers() > 30)
    check_equal(daemon.ctl("panic", "on")["panic"], ["lab"], "links in panic")
    on = session.answers()
    wait_for("answers in panic", 10, lambda: session.answers() > on + 40)
    check_equal(daemon.ctl("panic", "off")["panic"], [], "links in panic")
    off = session.answers()
    with open(until, "w", encoding="ascii"):
        pass
    records = session.finish()
    unjudged = []
    check_associations(records)
    check_messages(records[0], records[1], messages, unjudged=unjudged)
    # those under way when it was switched may be on either side
    passed = {u[0]["n"] for u in unjudged}
    early = [x["n"] for x in messages if x["refused"] and x["n"] < on - 6 and x["n"] in passed]
    late = [x["n"] for x in messages if x["refused"] and x["n"] > off + 12 and x["n"] in passed]
    within = [x["n"] for x in messages if x["refused"] and on + 12 < x["n"] < off - 6]
    check_equal((early, late), ([], []), "passed before and after panic")
    check_equal([n for n in within if n not in passed], [], "refused in panic")
    check(within and [x for x in messages if x["refused"] and x["n"] > off + 12], "nothing was to be refused in or after panic")


def case_status(lab, daemon):
    """While an association lives: session list and show, status and doctor tell of it."""
    until = lab.path(lab.unique("until"))
    session = Session(lab, make_messages(80, lab.next_seed()), window=6, per_s=100, until=until)
    wait_for("answers", 10, lambda: session.answers() > 20)
    # one that a case before has left is over and goes within seconds
    rows = [row for row in daemon.ctl("session", "list")["sessions"] if row["state"] != "OVER"]
    check_equal([(row["service"], row["transport"], row["state"], row["joined"], row["paths"]) for row in rows],
                [("sigtran", "sctp", "OPEN", False, 1)], "associations")
    row = daemon.ctl("session", "show", str(rows[0]["session"]))["session"]
    check_equal((row["inside"], row["outside"]), (f"10.99.0.2:{M3UA_PORT}", f"10.99.0.1:{M3UA_PORT}"), "its ends")
    check(row["messages"] > 20 and row["refused"] > 0 and row["answers"] > 0, "counts of", row)
    m3ua = row["m3ua"]
    check_equal((m3ua["state"], m3ua["asp_outside"], m3ua["error"]), ("active", "active", None), "M3UA")
    check(min(m3ua["counts"][name] for name in ("data_from_inside", "data_from_outside", "beat", "beat_ack")) > 0,
          "counts of", m3ua)
    status = daemon.ctl("status")
    check_equal((status["sessions"]["associations"], status["sessions"]["half_open"], status["sessions"]["m3ua"]["active"]),
                (1, 0, 1), "associations in status")
    check(status["workers"][0]["associations"] >= 1, "gauges", status["workers"])
    checks = status["links"][0]["signalling"]["checks"]
    check("sendRoutingInfoForSM" in checks["mt_without_sri"]["blind"], "no SRI was sent:", checks["mt_without_sri"])
    check_equal((checks["ber"]["blind"], checks["opcode"]["unset"]), ([], "operations"), "checks that see, or lack a key")
    told = [f["text"] for f in daemon.ctl("doctor", "--config", daemon.config)["findings"] if f["what"] == "signalling"]
    check(any("mt_without_sri is blind" in text for text in told), "doctor says", told)
    check(any("opcode is on and finds nothing without" in text for text in told), "doctor says", told)
    with open(until, "w", encoding="ascii"):
        pass
    check_associations(session.finish())


LIVE = [  # the daemon of the group; its name's first word gives a case a second try where holds ran out
    ("live-sigtran-refusals", case_refusals),
    ("live-sigtran-segments", case_segments),
    ("live-sigtran-fragments", case_fragments),
    ("live-sigtran-ipv6", case_ipv6),
    ("live-sigtran-panic", case_panic),
    ("live-sigtran-status", case_status),
]


# ---- cases with daemons of their own

TIMEOUT = ("timeout", None)
# keys of group sigtran, what comes of a refused message, actions that are told
STYLES = {
    "tpdu_refuse, imsi_unknown": (
        'mo_style = "tpdu_refuse"; mt_style = "imsi_unknown"; ' + ERRORS, Expected(),
        {"mo": {"tpdu_refuse"}, "mt": {"imsi_unknown"}}),
    "tpdu_refuse by destination": (
        'mo_style = "tpdu_refuse"; mo_poison = ["da"]; ' + ERRORS, Expected(), {"mo": {"tpdu_refuse"}, "mt": {"map_reject"}}),
    "tcap_ghost": (
        'mo_style = "tcap_ghost"; mt_style = "tcap_ghost"; ', Expected(TIMEOUT, TIMEOUT),
        {"mo": {"tcap_ghost"}, "mt": {"tcap_ghost"}}),
    "blank": (
        'mo_style = "blank"; mt_style = "blank"; ', Expected(("result", None), ("result", None), seen=True),
        {"mo": {"blank"}, "mt": {"blank"}}),
}


def run_style(lab, name, count=40):
    keys, expected, actions = STYLES[name]
    daemon = start_daemon(lab, keys)
    messages = make_messages(count, lab.next_seed(), every=4)
    # what a timer is started for holds a place in the window until it ends
    records = sigtran_session(lab, messages, expected, window=30, timer_s=3)
    check_told(daemon, 0, messages, actions)
    if expected.seen:
        check_blanks(records[1], messages)
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def check_blanks(receiver, messages):
    seen = {(line["accepted"], line["address"]): line["text"] for line in receiver.of("accepted")}
    for x in messages:
        if x["refused"]:
            text = seen[x["kind"], x["dst"] if x["kind"] == "mo" else x["oa"]]
            check_equal(text, " " * len(x["text"]), "a blanked text")


def case_styles(name):
    return lambda lab: run_style(lab, name)


def case_redact(lab):
    """Redaction: the words that matched become spaces, the rest is accepted as it was."""
    daemon = start_daemon(lab, default_action='"redact"')
    messages = make_messages(40, lab.next_seed(), every=3)
    session = Session(lab, messages)
    records = session.finish()
    check_associations(records)
    check_equal({(a["what"], a["code"]) for a in records[0].of("answer")}, {("result", None)}, "answers")
    check_equal(len(records[0].of("answer")), len(messages), "answers")
    seen = {(line["accepted"], line["address"]): line["text"] for line in records[1].of("accepted")}
    for x in messages:
        text = seen[x["kind"], x["dst"] if x["kind"] == "mo" else x["oa"]]
        check_equal(text, x["text"].replace(PHRASE, " " * len(PHRASE)), "a text after redaction")
    check(any(x["refused"] for x in messages), "nothing to redact")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


SIGTRAN = [(f"sigtran-{name.replace(', ', '-').replace(' ', '-').replace('_', '-')}", case_styles(name)) for name in STYLES] + [
    ("sigtran-redact", case_redact),
]
