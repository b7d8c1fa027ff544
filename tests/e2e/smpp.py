# SPDX-License-Identifier: BSD-3-Clause
"""smpp: messages to send, and the judgement of what two peers have recorded of a session."""
import json
import random

from lab import check, check_equal

SUBMIT_SM, SUBMIT_SM_RESP = 0x00000004, 0x80000004  # SMPP 3.4 5.1.2.1
DELIVER_SM, DELIVER_SM_RESP = 0x00000005, 0x80000005
RSUBMITFAIL = 0x45  # SMPP 3.4 5.1.3; what conf/lab.conf answers
MARK = "zq7"  # stands in every text that must be refused, and in no other
PHRASE = "lottery jackpot"
HEADER_LEN = 16

_WORDS = ("meet me at the station tonight we bring bread milk and two tickets please call when "
          "your train has arrived thanks for the lovely evening see you soon").split()
_CODINGS = (  # data_coding (SMPP 3.4 5.2.19), Python's name, letters to put in
    (0, "ascii", ""),
    (8, "utf-16-be", " žluťoučký кот 猫 \U0001F408"),
    (3, "latin-1", " déjà vu à Köln"),
    (1, "ascii", ""),
)


def _text(rng, refused, most):
    words = [rng.choice(_WORDS) for _ in range(rng.randint(3, 12))]
    if refused:
        words.insert(rng.randint(0, len(words)), f"{MARK}{rng.randint(0, 9999)} {PHRASE}")
        words = words[-8:] if len(" ".join(words)) > most else words
    return " ".join(words)


def _message(n, refused, dc, octets, esm=0, payload=False):
    return {"dst": f"4477{n:08d}", "src": f"4478{n:08d}", "dc": dc, "esm": esm, "hex": octets.hex(),
            "payload": payload, "refused": refused}


def make_messages(count, seed, every=7, payload=True):
    """`count` messages of all alphabets, one of `every` to be refused, two long ones among them."""
    rng = random.Random(seed)
    messages = []
    while len(messages) < count:
        n = len(messages)
        refused = n % every == every - 1
        dc, name, letters = rng.choice(_CODINGS)
        if payload and n % 40 == 33:
            text = " ".join(rng.choice(_WORDS) for _ in range(600))
            text += f" {MARK} {PHRASE}" if refused else ""
            messages.append(_message(n, refused, 0, text.encode("ascii"), payload=True))
            continue
        text = _text(rng, refused, 100 if dc == 8 else 140) + ("" if refused else letters)
        messages.append(_message(n, refused, dc, text.encode(name)))
    return messages


def long_message(n, refused):
    """Two parts (TS 23.040 9.2.3.24.1); the phrase is cut between them, so only the second one is refused."""
    texts = ("see you later, and mind the lottery jac", f"kpot {MARK}") if refused else (
        "see you later, and mind the step, jac", "k and jill")
    return [_message(n, refused and i == 1, 0, bytes([5, 0, 3, n % 256, 2, i + 1]) + text.encode("ascii"), 0x40)
            for i, text in enumerate(texts)]


class Pdu:
    """A PDU's header and octets (SMPP 3.4 3.2)."""

    def __init__(self, octets):
        self.octets = octets
        self.command = int.from_bytes(octets[4:8], "big")
        self.status = int.from_bytes(octets[8:12], "big")
        self.sequence = int.from_bytes(octets[12:16], "big")

    def __repr__(self):
        return f"{self.command:08x} status {self.status:#x} sequence {self.sequence}"

    def has_mark(self):
        return MARK.encode("ascii") in self.octets or MARK.encode("utf-16-be") in self.octets


def read_record(path, session=1):
    """What peers/record.js has written: the PDUs (in, out) of a session."""
    ways = {"in": [], "out": []}
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            if entry["session"] == session and "pdu" in entry:
                ways[entry["way"]].append(Pdu(bytes.fromhex(entry["pdu"])))
    return ways["in"], ways["out"]


def read_texts(pdu):
    """Of a submit_sm: destination, data_coding and the text's octets (SMPP 3.4 4.4.1)."""
    body = pdu.octets[HEADER_LEN:]
    _, body = body.split(b"\0", 1)
    _, body = body[2:].split(b"\0", 1)
    dst, body = body[2:].split(b"\0", 1)
    _, body = body[3:].split(b"\0", 1)
    _, body = body.split(b"\0", 1)
    dc, length = body[2], body[4]
    return dst.decode("ascii"), dc, body[5:5 + length]


def _check_refused(sent, got):
    check_equal(got.octets[:HEADER_LEN], sent.octets[:HEADER_LEN], "header of a refused PDU")
    check_equal(len(got.octets), len(sent.octets), "length of a refused PDU")
    check(got.octets != sent.octets, f"a message to be refused came through: {sent}")
    check(not got.has_mark(), f"text of a refused message came through: {sent}")


def check_way(sent, got, refused, answers=None):
    """
    What was sent one way against what was received: equal octets, but for PDUs whose sequence is in
    `refused` by command, and but for the status of `answers` (command, sequence -> status).
    """
    answers = answers or {}
    check_equal(len(got), len(sent), "PDUs received, of those sent")
    for s, g in zip(sent, got):
        if (s.command, s.sequence) in refused:
            _check_refused(s, g)
        elif (s.command, s.sequence) in answers:
            check_equal(g.status, answers[s.command, s.sequence], f"status of the answer {s}")
            check_equal(g.octets[:8] + g.octets[12:], s.octets[:8] + s.octets[12:], f"the rest of the answer {s}")
        else:
            check(g.octets == s.octets, f"altered: {s} became {g}: {s.octets.hex()} {g.octets.hex()}")


def find_refused(pdus, command, messages):
    """The k-th PDU of `command` carries messages[k]: keys of those to be refused."""
    carriers = [p for p in pdus if p.command == command]
    check_equal(len(carriers), len(messages), f"PDUs of command {command:#x} sent")
    return {(p.command, p.sequence) for p, m in zip(carriers, messages) if m["refused"]}


def check_session(esme_log, smsc_log, messages, mo, status=RSUBMITFAIL):
    """Both records of one session; `status` is what refused messages are answered, None: all pass."""
    esme_in, esme_out = read_record(esme_log)
    smsc_in, smsc_out = read_record(smsc_log)
    submits = find_refused(esme_out, SUBMIT_SM, messages)
    delivers = find_refused(smsc_out, DELIVER_SM, mo)
    if status is None:
        check_way(esme_out, smsc_in, set())
        check_way(smsc_out, esme_in, set())
        return
    check_way(esme_out, smsc_in, submits)
    answers = {(SUBMIT_SM_RESP, sequence): status for _, sequence in submits}
    check_way(smsc_out, esme_in, delivers, answers)
    for pdu in esme_in:
        if pdu.command == SUBMIT_SM_RESP and (SUBMIT_SM_RESP, pdu.sequence) not in answers:
            check_equal(pdu.status, 0, f"status of a clean message's answer {pdu}")
    check_equal(sum(p.command == SUBMIT_SM_RESP for p in esme_in), len(messages), "answers")
    check_equal(sum(p.command == DELIVER_SM_RESP for p in smsc_in), len(mo), "answers to deliver_sm")
