# SPDX-License-Identifier: BSD-3-Clause
"""
traffic: one session between any of the ESMEs and any of the SMSCs, judged message by message.

ESMEs: node, perl, kannel. SMSCs: node-strict, node-accept, perl, libsmpp34. Whatever they are, what was sent, what was
answered and what came is brought into one form first (struct Outcome), and judged there.
"""
import collections
import json
import os
import random
import re
import shutil

import live
from lab import ADDRESS, BUILD, ESME, PEERS, PORT, SMSC, Skip, check, check_equal, wait_for
from smpp import MARK, PHRASE, RSUBMITFAIL, SUBMIT_SM, SUBMIT_SM_RESP, read_record

ESMES = ("node", "perl", "kannel")
SMSCS = ("node-strict", "node-accept", "perl", "libsmpp34")
SMSC34 = os.path.join(BUILD, "tests", "smsc34")
INNER_PORT = 2776  # where a program behind pieces.py listens
BEAT, BEAT_RESP, UNBIND = 0x15, 0x80000015, 0x06  # SMPP 3.4 5.1.2.1
TLV_PAYLOAD = 0x0424
PAYLOAD_OCTETS = 900  # libsmpp34 takes TLVs of up to 1024

_WORDS = ("meet me at the station tonight we bring bread milk and two tickets please call when your train "
          "has arrived thanks for the lovely evening see you soon").split()
_LETTERS = {0: "", 8: " žluťoučký кот 猫", 3: " déjà vu à Köln"}
_NAMES = {0: "ascii", 8: "utf-16-be", 3: "latin-1"}


# ---- messages

def make_message(rng, n, refused, base):
    """The mark stands behind the phrase: where it arrives, the whole of the phrase was not judged in time."""
    dc = rng.choice((0, 0, 0, 8, 3))
    words = [rng.choice(_WORDS) for _ in range(rng.randint(2, 8))]
    payload = n % 40 == 33
    if payload:
        dc = 0
        while len(" ".join(words)) < PAYLOAD_OCTETS - 40:
            words.append(rng.choice(_WORDS))
    if refused:
        words.insert(rng.randint(0, len(words)), f"{PHRASE} {MARK}{rng.randint(0, 9999)}")
    text = " ".join(words) + ("" if refused else _LETTERS[dc])
    return {"dst": f"44{base:04d}{n:06d}", "src": "E2E", "dc": dc, "esm": 0, "text": text,
            "hex": text.encode(_NAMES[dc]).hex(), "payload": payload, "refused": refused}


def make_messages(count, seed, share=50):
    """`count` messages, one of `share` to be refused, at places that differ by seed."""
    rng = random.Random(seed)
    refused = set(rng.sample(range(count), -(-count // share)))
    return [make_message(rng, n, n in refused, seed % 10000) for n in range(count)]


# ---- what the programs have recorded, in one form

class Outcome:
    """Of one side of a session, or of both."""

    def __init__(self):
        self.answers = collections.defaultdict(list)  # recipient: statuses
        self.texts = collections.defaultdict(list)    # recipient: (data_coding, octets) of each PDU
        self.blanks = 0                               # submit_sm without a recipient
        self.asked = self.answered = 0                # enquire_link of this side, and answers to them
        self.beats = 0                                # enquire_link of the far side that were answered
        self.sessions = self.unbinds = 0
        self.bad = []                                 # what this side did not understand
        self.torn = []                                # texts without a recipient: a refusal of which not all came

    def add_text(self, dst, dc, octets):
        if dst == "":
            self.blanks += 1
            if octets.replace(b"\0", b"").strip():
                self.torn.append(octets)
        else:
            self.texts[dst].append((dc, octets))


def parse_submit(octets):
    """Of a submit_sm: recipient, data_coding, text (SMPP 3.4 4.4.1), wherever it stands (5.3.2.32)."""
    at = octets.index(b"\0", 16) + 3
    at = octets.index(b"\0", at) + 3
    end = octets.index(b"\0", at)
    dst = octets[at:end].decode("ascii")
    at = octets.index(b"\0", end + 4) + 1
    at = octets.index(b"\0", at) + 1
    dc, length = octets[at + 2], octets[at + 4]
    text, at = octets[at + 5:at + 5 + length], at + 5 + length
    while at + 4 <= len(octets):
        tag, length = int.from_bytes(octets[at:at + 2], "big"), int.from_bytes(octets[at + 2:at + 4], "big")
        if tag == TLV_PAYLOAD and not text:
            text = octets[at + 4:at + 4 + length]
        at += 4 + length
    return dst, dc, text


def count_beats(outcome, received, sent):
    outcome.asked = sum(p.command == BEAT for p in sent)
    outcome.answered = sum(p.command == BEAT_RESP for p in received)
    outcome.beats = sum(p.command == BEAT_RESP for p in sent)


def read_node_smsc(log):
    outcome = Outcome()
    with open(log, encoding="utf-8") as file:
        outcome.sessions = len({json.loads(line)["session"] for line in file})
    received, sent = read_record(log)
    for pdu in received:
        if pdu.command == SUBMIT_SM:
            outcome.add_text(*parse_submit(pdu.octets))
    outcome.unbinds = sum(p.command == UNBIND for p in received)
    count_beats(outcome, received, sent)
    return outcome


def read_line_smsc(log):
    """smsc.pl and smsc34: a line for each thing; a submit_sm is "[submit] DST DATA_CODING HEX"."""
    outcome, n = Outcome(), collections.Counter()
    with open(log, encoding="ascii") as file:
        for line in file:
            words = line.rstrip("\n").split(" ")
            if words[0] == "bad":
                outcome.bad.append(line.strip())
            elif len(words) >= 3:
                dst, dc, text = words[-3:]
                outcome.add_text("" if dst == "-" else dst, int(dc), bytes.fromhex(text))
            else:
                n[words[0]] += 1
    outcome.sessions, outcome.unbinds, outcome.beats = n["bound"], n["unbound"], n["beat"]
    outcome.asked, outcome.answered = n["asked"], n["answered"]
    return outcome


def read_node_esme(log):
    outcome = Outcome()
    received, sent = read_record(log)
    recipients = {p.sequence: parse_submit(p.octets)[0] for p in sent if p.command == SUBMIT_SM}
    for pdu in received:
        if pdu.command == SUBMIT_SM_RESP:
            outcome.answers[recipients[pdu.sequence]].append(pdu.status)
    count_beats(outcome, received, sent)
    return outcome


def read_perl_esme(out):
    outcome = Outcome()
    for line in out.splitlines():
        words = line.split()
        if words[0] == "beats":
            outcome.asked, outcome.answered = int(words[1]), int(words[2])
        else:
            outcome.answers[words[0]].append(int(words[1]))
    return outcome


def read_kannel(log):
    """bearerbox's dumps of PDUs: each begins with its way."""
    outcome, recipients, way, pdu = Outcome(), {}, None, {}
    field = re.compile(r"DEBUG:   (type_name|command_status|sequence_number|destination_addr): \"?([^\" \n]*)")
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = field.search(line)
            if found:
                pdu[found[1]] = found[2]
            elif "]: Sending " in line or "Got PDU:" in line:
                way, pdu = "out" if "Sending" in line else "in", {}
            elif "SMPP PDU dump ends" in line:
                kind = (way, pdu.get("type_name"))
                if kind == ("out", "submit_sm"):
                    recipients[pdu["sequence_number"]] = pdu["destination_addr"]
                elif kind == ("in", "submit_sm_resp"):
                    outcome.answers[recipients[pdu["sequence_number"]]].append(int(pdu["command_status"]))
                outcome.asked += kind == ("out", "enquire_link")
                outcome.answered += kind == ("in", "enquire_link_resp")
                outcome.beats += kind == ("out", "enquire_link_resp")
    return outcome


# ---- programs

def need(esme, smsc):
    if "node" in esme + smsc:
        live.need_node()
    if "perl" in (esme, smsc):
        live.need_perl()
    if esme == "kannel" and not (shutil.which("bearerbox") and shutil.which("smsbox")):
        raise Skip("Kannel is not installed")
    if smsc == "libsmpp34" and not os.access(SMSC34, os.X_OK):
        raise Skip("tests/smsc34 is not built (libsmpp34-dev)")


def start_pieces(lab, place, listen, to, **job):
    """pieces.py in front of a program that lacks something."""
    process = lab.start(place, "pieces", "python3", os.path.join(PEERS, "pieces.py"),
                        live.write_job(lab, "pieces", {"listen": listen, "to": to, **job}))
    wait_for("pieces.py to listen", 10, lambda: "listening" in process.out() or not process.running())
    check(process.running(), f"pieces.py: {process.tail()}")
    return process


def start_smsc(lab, smsc, family=4, **job):
    """Processes to stop, and a function that reads the outcome once they have ended."""
    if smsc.startswith("node"):
        process, log = live.start_smsc(lab, persona=smsc[5:], **job)
        return [process], lambda: read_node_smsc(log)
    log = lab.path(lab.unique(smsc) + ".log")
    if smsc == "libsmpp34":
        process = lab.start(SMSC, smsc, SMSC34, str(PORT), log)
        more = []
    else:
        port = INNER_PORT if family == 6 else PORT
        process = live.start_peer(lab, SMSC, "smsc.pl", {"port": port, "log": log})
        more = [] if family == 4 else [("::", PORT)]
    wait_for(f"{smsc} to listen", 10, lambda: "listening" in process.out() or not process.running())
    check(process.running(), f"{smsc}: {process.tail()}")
    proxies = [start_pieces(lab, SMSC, listen, ("127.0.0.1", INNER_PORT), nodelay=True) for listen in more]
    return proxies + [process], lambda: read_line_smsc(log)


def target(lab, esme, family, nodelay, pieces, seed):
    """Where the ESME shall connect to, and pieces.py's process or None."""
    there = (ADDRESS[family], PORT)
    if not pieces and not (family == 6 and esme != "node") and not (esme == "kannel" and not nodelay):
        return there, None
    here = ("127.0.0.1", INNER_PORT)
    return here, start_pieces(lab, ESME, here, there, nodelay=nodelay, pieces=pieces, seed=seed)


def start_esme(lab, esme, messages, at=(ADDRESS[4], PORT), **job):
    """The process, and a function that waits for its end and gives the outcome."""
    program = {"node": "esme.js", "perl": "esme.pl"}[esme]
    log = lab.path(lab.unique("esme") + ".log")
    process = live.start_peer(lab, ESME, program, {"host": at[0], "port": at[1], "log": log, "messages": messages, **job})
    process.record = log

    def finish():
        code = process.wait(600)  # it ends itself when it stalls
        check(code == 0, f"{program} ended with {code}: {process.tail()}")
        return read_node_esme(log) if esme == "node" else read_perl_esme(process.out())
    return process, finish


def run_esme(lab, esme, messages, window, at, nodelay):
    """To its end: the outcome."""
    if esme == "kannel":
        return run_kannel(lab, messages, window, at)
    return start_esme(lab, esme, messages, at, window=window, nodelay=nodelay)[1]()


def run_kannel(lab, messages, window, at):
    bearerbox, smsbox, log_says, log = live.start_kannel(lab, at, window)
    try:
        wait_for("Kannel's bind", 20, lambda: log_says("bind_transceiver_resp"))
        sent = live.send_by_kannel(lab, [(m["dst"], m["text"]) for m in messages])
        check_equal(sent.split(), ["202"] * len(messages), "smsbox's answers")

        def all_answered():
            return log_says("submit_sm_resp", len(messages)) and len(read_kannel(log).answers) >= len(messages)
        wait_for(f"Kannel's {len(messages)} answers", 30 + len(messages) / 20, all_answered, every=0.3)
    finally:
        smsbox.stop()
        bearerbox.stop()
    return read_kannel(log)


# ---- one session, and the judgement

def run_session(lab, esme, smsc, messages, family=4, window=10, nodelay=True, pieces=False, seed=1):
    """Returns both outcomes."""
    need(esme, smsc)
    processes, read = start_smsc(lab, smsc, family)
    try:
        at, proxy = target(lab, esme, family, nodelay, pieces, seed)
        if proxy is not None:
            processes.insert(0, proxy)
        sent = run_esme(lab, esme, messages, window, at, nodelay)
        if smsc.startswith("node"):
            wait_for("the SMSC to see the end", 5, lambda: read().unbinds, quiet=True)
        else:
            wait_for("the SMSC to see the end", 5, lambda: read().unbinds or esme == "kannel", quiet=True)
    finally:
        for process in processes:
            process.stop()
    return sent, read()


def text_of(parts):
    """Octets of a message whose parts came in order, their UDHs (TS 23.040 9.2.3.24.1) gone."""
    return b"".join(octets[6:] if octets[:3] == b"\x05\x00\x03" else octets for _, octets in parts)


def check_clean(m, came, answers, esme):
    """Once, unaltered, accepted."""
    parts = came.texts.get(m["dst"], [])
    check(parts, f"a clean message never came: {m['dst']}")
    check_equal(set(answers), {0}, f"statuses of the clean message {m['dst']}")
    if esme != "kannel":
        check_equal([(dc, o.hex()) for dc, o in parts], [(m["dc"], m["hex"])], f"clean message {m['dst']}")
        check_equal(len(answers), 1, f"answers of {m['dst']}")
        return
    text = text_of(parts).decode("utf-16-be" if parts[0][0] == 8 else "ascii")
    check_equal(text, m["text"], f"clean message {m['dst']}")
    check_equal(len(answers), len(parts), f"answers of {m['dst']}, one for each part")


def has_mark(octets):
    return any(MARK.encode(name) in octets for name in ("ascii", "utf-16-be"))


def check_refused(m, came, answers, esme, status, late_allowed):
    """Its status, once; nothing of its text. True when it was judged too late (counted and reported by the daemon)."""
    parts = came.texts.get(m["dst"], [])
    check(not any(has_mark(octets) for _, octets in parts), f"text of a refused message came: {m['dst']}: {parts}")
    # a part of a long message that has no phrase of its own may come; a whole one never
    visible = [octets for _, octets in parts if octets.strip(b" \0") and octets[:3] != b"\x05\x00\x03"]
    if late_allowed and visible:
        return True
    check(not visible, f"a refused message came: {m['dst']}: {visible}")
    check(status in answers and (esme == "kannel" or len(answers) == 1),
          f"statuses of the refused message {m['dst']}: {answers}, not {status:#x}")
    return False


def check_session(messages, sent, came, esme, status=RSUBMITFAIL, late_allowed=False):
    """Returns how many refused messages were judged too late; 0 unless those are allowed."""
    refused = [m for m in messages if m["refused"]]
    for m in messages:
        if not m["refused"]:
            check_clean(m, came, sent.answers[m["dst"]], esme)
    late = sum(check_refused(m, came, sent.answers[m["dst"]], esme, status, late_allowed) for m in refused)
    strangers = set(came.texts) - {m["dst"] for m in messages}
    check(not strangers, f"messages that nobody has sent: {strangers}")
    check_equal(came.bad, [], "what the SMSC did not understand")
    check_equal(came.torn, [], "texts without a recipient")
    check_equal(came.sessions, 1, "sessions seen by the SMSC")
    check_equal(sent.answered, sent.asked, "enquire_link of the ESME that were answered")
    # the last one of the SMSC may cross the end of the session
    check(came.asked - came.answered <= 1, f"{came.asked - came.answered} enquire_link of the SMSC without an answer")
    return late
