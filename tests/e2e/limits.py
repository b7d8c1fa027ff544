# SPDX-License-Identifier: BSD-3-Clause
"""
limits: rate and other limits of a running daemon: what the ESME sees, that pushes and restarts go on counting, and the
verbs limit list, show and reset. All messages of the peer have one sender, "E2E".
"""
import datetime
import os
import stat

import live
from lab import check, check_equal, wait_for
from smpp import SUBMIT_SM, SUBMIT_SM_RESP, read_record

THROTTLED = 0x58  # ESME_RTHROTTLED, SMPP 3.4 5.1.3
BURST, INTERVAL_US = 10, 1_000_000
MINUTE = '{ name = "minute"; kind = "rate"; key = [ "originator" ]; rate = "60/min"; burst = 10; action = "throttle"; }'
SLOW = '{ name = "slow"; kind = "rate"; key = [ "originator" ]; rate = "10/day"; burst = 10; action = "throttle"; }'
SPREAD = '{ name = "spread"; kind = "distinct"; key = [ "originator" ]; of = "destination"; max = 5; per = "day"; ' \
         'action = "throttle"; }'


def policy(lab, limits, rule="other"):
    folder = lab.path(lab.unique("policy-limits"))
    os.mkdir(folder)
    with open(os.path.join(folder, "a.pat"), "w", encoding="ascii") as file:
        file.write(f"block.{rule}:/never{rule}/ action=reject\n")
    with open(os.path.join(folder, "policy.conf"), "w", encoding="ascii") as file:
        file.write("limits = (\n\t" + ",\n\t".join(limits) + "\n);\n")
    return folder


def message(n, text=None, esm=0):
    return {"dst": f"4477009{n:05d}", "dc": 0, "esm": esm, "hex": (text or f"message {n:03}".encode()).hex(), "payload": False}


def send(lab, daemon, messages):
    """One session: events, statuses of the answers in the order of the messages, and what came to the SMSC."""
    live.need_node()
    before = len(daemon.events(type="message"))
    smsc, smsc_log = live.start_smsc(lab)
    try:
        esme_log, _ = live.run_esme(lab, messages)
    finally:
        smsc.stop()
    answers = [p.status for p in read_record(esme_log)[0] if p.command == SUBMIT_SM_RESP]
    received = [p for p in read_record(smsc_log)[0] if p.command == SUBMIT_SM]
    check_equal(len(answers), len(messages), "answers")
    events = wait_for("events", 5, lambda: daemon.events(type="message")[before:] if
                      len(daemon.events(type="message")) >= before + len(messages) else None)
    return events, answers, received


def microseconds(event):
    return int(datetime.datetime.fromisoformat(event["ts"].replace("Z", "+00:00")).timestamp() * 1e6 + 0.5)


class Reference:
    """GCRA (ITU-T I.371 A.1) at the times that the daemon tells. A message at the very boundary may be either."""

    def __init__(self):
        self.rest = 0

    def check(self, events, answers):
        refused = 0
        for i, (e, status) in enumerate(zip(events, answers)):
            now = microseconds(e)
            rest = max(self.rest, now) + INTERVAL_US
            over = rest - now - BURST * INTERVAL_US
            throttled = e["verdict"] == "throttle"
            check(throttled == (over > 0) or abs(over) < 50_000, f"message {i}: {e['verdict']}, {over} us over: {e}")
            check_equal(status, THROTTLED if throttled else 0, f"status of the answer to message {i}")
            if throttled:
                check(e["reason"] == "limit" and e["limit"]["name"] == "minute" and e["limit"]["fill"] >= 900, e)
                refused += 1
            else:
                self.rest = rest
        return refused


def limit(daemon, name):
    return next(x for x in daemon.ctl("limit", "list")["limits"] if x["name"] == name)


def case_rate(lab):
    """60 a minute, 10 at once: exactly the first ten; then 0x58 at the ESME; over a push; shown and emptied."""
    daemon = lab.start_daemon(policy=policy(lab, [MINUTE]))
    reference = Reference()
    events, answers, received = send(lab, daemon, [message(n) for n in range(25)])
    check_equal(answers[:10], [0] * 10, "the first ten")
    refused = reference.check(events, answers)
    check(refused >= 5, f"{refused} of 25 refused: the machine is too slow for this test")
    texts = b"".join(p.octets for p in received)
    for n, status in enumerate(answers):
        check_equal(f"message {n:03}".encode() in texts, status == 0, f"text of message {n} at the SMSC")
    row = limit(daemon, "minute")
    check_equal((row["admitted"], row["exceeded"], row["live"]), (25 - refused, refused, 1), "limit list")
    # a push, another rule and another note: the key goes on where it was
    generation = daemon.ctl("policy", "push", policy(lab, [MINUTE, SPREAD.replace("= 5", "= 5000")], "pushed"))
    check(generation["generation"] > events[0]["generation"], "the push is no new generation")
    fill = daemon.ctl("limit", "show", "minute", "E2E")["keys"][0]
    check(fill["known"] and fill["max"] == BURST and fill["used"] >= 1, f"after the push: {fill}")
    events, answers, _ = send(lab, daemon, [message(n) for n in range(100, 112)])
    reference.check(events, answers)
    check_equal({e["generation"] for e in events}, {generation["generation"]}, "generation")
    # emptied: ten at once again
    check_equal(daemon.ctl("limit", "reset", "minute", "E2E")["reset"], 1, "keys emptied")
    check(any(r.get("verb") == "limit.reset" for r in daemon.ctl("audit", "show")["records"]), "not in the audit log")
    events, answers, _ = send(lab, daemon, [message(n) for n in range(200, 210)])
    check_equal(answers, [0] * 10, "after limit reset")
    daemon.ctl("limit", "show", "minit", code=4)
    check_equal(daemon.stop(), 0, "exit code")


def case_distinct(lab):
    """Five receivers of a sender; known ones are not new. Of 43 runs one takes a sixth for one of them (sketch, limit.h)."""
    daemon = lab.start_daemon(policy=policy(lab, [SPREAD]))
    _, answers, _ = send(lab, daemon, [message(n) for n in range(10)] + [message(n) for n in range(5)])
    check_equal(answers[:5] + answers[10:], [0] * 10, "answers to those who are let in")
    check(set(answers[5:10]) <= {0, THROTTLED} and answers[5:10].count(THROTTLED) >= 4, f"answers to others: {answers[5:10]}")
    check_equal(daemon.stop(), 0, "exit code")


def case_parts(lab):
    """A message in three parts costs one, and no part of one that was let in is refused."""
    daemon = lab.start_daemon(policy=policy(lab, [SLOW]))
    messages = [message(m, bytes([5, 0, 3, m + 1, 3, part]) + f"part {part} of {m}".encode(), 0x40)
                for m in range(14) for part in (1, 2, 3)]
    _, answers, _ = send(lab, daemon, messages)
    check_equal(answers, [0] * 30 + [THROTTLED] * 12, "answers")
    check_equal(limit(daemon, "slow")["admitted"], 10, "long messages that were counted")
    check_equal(daemon.stop(), 0, "exit code")


def case_restart(lab):
    """limits.state = keep: a restart goes on counting; a damaged file is told, and begins anew; forget forgets."""
    kept = lab.write_config(ratio_keys='4096; state = "keep"; save_s = 1')
    path = os.path.join(os.path.dirname(kept), "limits.state")
    folder = policy(lab, [SLOW])
    daemon = lab.start_daemon(kept, policy=folder)
    _, answers, _ = send(lab, daemon, [message(n) for n in range(12)])
    check_equal(answers, [0] * 10 + [THROTTLED] * 2, "answers")
    wait_for("a state that is written while it runs", 10, lambda: os.path.exists(path))
    check_equal(daemon.stop(), 0, "exit code")
    check_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of limits.state")
    with open(path, "rb") as file:
        state = file.read()
    check(b"e2e" not in state and b"E2E" not in state, "a sender in limits.state")
    daemon = lab.start_daemon(kept, policy=folder)
    _, answers, _ = send(lab, daemon, [message(n) for n in range(5)])
    check_equal(answers, [THROTTLED] * 5, "answers after the restart")
    check_equal(daemon.events(type="policy", change="limits_lost"), [], "alarms")
    check_equal(daemon.stop(), 0, "exit code")
    with open(path, "r+b") as file:
        file.seek(60)
        file.write(bytes([state[60] ^ 0xFF]))
    daemon = lab.start_daemon(kept, policy=folder)
    check("they begin anew" in daemon.err(), f"nothing was said of it: {daemon.tail()}")
    lost = wait_for("the alarm", 5, lambda: daemon.events(type="policy", change="limits_lost"))
    check(lost[-1]["alarm"], lost)
    _, answers, _ = send(lab, daemon, [message(n) for n in range(5)])
    check_equal(answers, [0] * 5, "answers after the loss")
    check(os.path.exists(path + ".damaged"), "the damaged file is gone")
    check_equal(daemon.stop(), 0, "exit code")


LIMITS = [
    ("limits-rate", case_rate),
    ("limits-distinct", case_distinct),
    ("limits-parts", case_parts),
    ("limits-restart", case_restart),
]
