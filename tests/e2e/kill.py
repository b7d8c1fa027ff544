# SPDX-License-Identifier: BSD-3-Clause
"""
kill: kill -9 of the daemon in the middle of traffic, a kernel bridge in its place for a while, the daemon back.

No session ends, no clean message is lost, altered or doubled. Messages to be refused may pass while nobody judges; how
many is counted here, and what a daemon that came back could not judge stands in its ledger as resync.
"""
import json
import os
import random
import time

import live
import matrix
import traffic
from lab import ADDRESS, ESME, PEERS, PORT, SMSC, Failure, check, check_equal, wait_for
from smpp import MARK, PHRASE, RSUBMITFAIL, SUBMIT_SM, read_record, read_texts

# ESME, SMSC, more of the ESME's job
SESSIONS = (
    ("node", "node-strict", {"window": 20, "per_s": 400, "nodelay": True}),
    ("node", "libsmpp34", {"window": 50, "per_s": 400}),
    ("perl", "node-strict", {"window": 10, "per_s": 400, "nodelay": True}),
    ("node", "perl", {"window": 10, "per_s": 200, "odd": True}),
    ("node", "node-strict", {"window": 1, "per_s": 300, "nodelay": True}),
)
SHARE = 10  # one of so many messages is to be refused
KILL_S = 6  # messages enough for so many seconds a kill
BRIDGE_S = (0.05, 0.4)
RUN_S = (0.2, 0.6)
OWN_STATUSES = {RSUBMITFAIL, 0x0B, 0x06}  # ours; the SMSC's own for an empty destination or a wrong priority
# What the sender had outstanding when the daemon died is sent again, past nobody: its window and a timeout or two.
OUTSTANDING_S = 2.0


def resync_octets(daemon):
    """What it passed while looking for a PDU boundary. None where the first octets that it saw began three PDUs."""
    return sum(d["octets"]["resync"] for d in daemon.ctl("status")["ledger"])


class Killing:
    def __init__(self, lab, say=print):
        self.lab = lab
        self.say = say
        self.rng = random.Random(7)
        self.daemon = None
        self.kills = self.clean = self.refused = self.unjudged = self.own = self.resync = 0

    def start(self, config):
        self.daemon = self.lab.start_daemon(config)

    def judges(self):
        """Whether the daemon that came back gives verdicts again; its socket is a while what the one before left behind."""
        try:
            return self.daemon.counter("messages") > 0
        except Failure:
            check(self.daemon.running(), f"smswalld has ended: {self.daemon.tail()}")
            return False

    def kill(self, esme):
        """One kill: the time without a judge, (from, to)."""
        begin = time.time()
        self.daemon.kill()
        self.lab.bridge()
        time.sleep(self.rng.uniform(*BRIDGE_S))
        self.lab.unbridge()
        self.start(self.daemon.config)
        wait_for("the daemon to judge again", 20, lambda: self.judges() or not esme.running())
        check(esme.running(), f"the ESME has ended with {esme.popen.poll()}: {esme.tail()}")
        end = time.time()
        self.kills, self.resync = self.kills + 1, self.resync + resync_octets(self.daemon)
        return begin, end

    def run_session(self, kind, kills):
        """One session that lives through `kills` kills."""
        esme, smsc, job = kind
        traffic.need(esme, smsc)
        until = self.lab.path(self.lab.unique("until"))
        messages = traffic.make_messages(job["per_s"] * KILL_S * kills, self.lab.next_seed(), SHARE)
        processes, read = traffic.start_smsc(self.lab, smsc)
        try:
            process, finish = traffic.start_esme(self.lab, esme, messages, until=until, **job)
            wait_for("traffic", 20, lambda: self.daemon.counter("messages") > 20 or not process.running())
            times = []
            for _ in range(kills):
                time.sleep(self.rng.uniform(*RUN_S))
                times.append(self.kill(process))
            time.sleep(OUTSTANDING_S / 2)
            with open(until, "w", encoding="ascii"):
                pass
            sent = finish()
            wait_for("the SMSC to see the end", 5, lambda: read().unbinds, quiet=True)
        finally:
            for one in processes:
                one.stop()
        return self.judge(kind, messages, process, sent, read(), times)

    def judge(self, kind, messages, process, sent, came, times):
        esme, smsc, job = kind
        messages = [m for m in messages if sent.answers.get(m["dst"])]
        unjudged = own = refused = 0
        when = sent_when(process.record) if esme == "node" else {}
        for m in messages:
            answers = sent.answers[m["dst"]]
            if not m["refused"]:
                traffic.check_clean(m, came, answers, esme)
                continue
            refused += 1
            check_equal(len(answers), 1, f"answers of {m['dst']}")
            if self.is_unjudged(m, came, when, times):
                unjudged += 1
            else:
                own += answers[0] != RSUBMITFAIL
        strangers = set(came.texts) - {m["dst"] for m in messages}
        check(not strangers, f"messages that nobody has sent: {strangers}")
        check_equal(came.bad, [], "what the SMSC did not understand")
        # a refusal over two frames, of which the second is sent again past nobody; the SMSC refuses it all the same
        check(len(came.torn) <= len(times) and all(t.startswith(b" ") for t in came.torn),
              f"texts without a recipient: {came.torn}")
        check_equal(came.sessions, 1, "sessions seen by the SMSC")
        check_equal(sent.answered, sent.asked, "enquire_link of the ESME that were answered")
        check(came.asked - came.answered <= 1, f"{came.asked - came.answered} enquire_link of the SMSC unanswered")
        self.clean, self.refused = self.clean + len(messages) - refused, self.refused + refused
        self.unjudged, self.own = self.unjudged + unjudged, self.own + own
        self.say(f"  {esme:4} -> {smsc:11} window {job['window']:2}{' odd pieces' if job.get('odd') else ''}: "
                 f"{len(times)} kills, {len(messages)} messages, {refused} to be refused: {unjudged} passed while nobody "
                 f"judged, {own} with a status other than ours")

    @staticmethod
    def is_unjudged(m, came, when, times):
        """Text of a message to be refused came: only for want of a judge."""
        parts = came.texts.get(m["dst"], [])
        if not any(octets.strip(b" \0") for _, octets in parts):
            return False
        check_equal(len(parts), 1, f"copies of {m['dst']}")
        at = when.get(m["dst"])
        check(at is None or any(begin - OUTSTANDING_S <= at <= end + OUTSTANDING_S / 4 for begin, end in times),
              f"text of a refused message came while the daemon judged: {m['dst']} {parts}")
        return True


def sent_when(record):
    """Recipient: time of day at which node-smpp sent it."""
    when = {}
    with open(record, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            octets = bytes.fromhex(entry.get("pdu", ""))
            if entry.get("way") == "out" and int.from_bytes(octets[4:8], "big") == SUBMIT_SM:
                when[traffic.parse_submit(octets)[0]] = entry["ms"] / 1000
    return when


def run_kills(lab, count, say=print):
    killing = Killing(lab, say)
    sessions = SESSIONS if count >= 3 * len(SESSIONS) else SESSIONS[:1]
    killing.start(lab.write_config())
    for i, kind in enumerate(sessions):
        killing.run_session(kind, count // len(sessions) + (i < count % len(sessions)))
    matrix.check_pools(killing.daemon)
    check_equal([d["balanced"] for d in killing.daemon.ctl("status")["ledger"]], [True, True], "ledger")
    check_equal(killing.daemon.stop(), 0, "exit code after SIGTERM")
    check(killing.clean > 0 and killing.refused > killing.unjudged, "no traffic that was judged")
    say(f"  {killing.kills} kills: {killing.clean} clean messages arrived once, unaltered; of {killing.refused} to be refused "
        f"{killing.unjudged} passed unjudged, {killing.own} had a status other than ours; {killing.resync} octets in resync")


def case_kill(lab):
    run_kills(lab, 3)


# ---- while refusals are out

def case_refusals_out(lab):
    """The daemon dies with refusals on their way: at most one retransmission timeout at each end, and every answer comes."""
    live.need_node()
    daemon = lab.start_daemon()
    messages = traffic.make_messages(60, lab.next_seed(), share=2)
    processes, read = traffic.start_smsc(lab, "node-strict", answer_ms=150)
    try:
        process, finish = traffic.start_esme(lab, "node", messages, window=10, nodelay=True)
        edited = wait_for("refusals", 10, lambda: daemon.counter("frames_edited"))
        wait_for("more refusals", 10, lambda: daemon.counter("frames_edited") > edited)
        check(sum(w["pending_answers"] for w in daemon.ctl("status")["workers"]) > 0, "no refusal is out")
        before = {place: lab.tcp_counters(place)["TCPTimeouts"] for place in (ESME, SMSC)}
        daemon.kill()
        lab.bridge()
        try:
            sent = finish()
        finally:
            lab.unbridge()
        spent = {place: lab.tcp_counters(place)["TCPTimeouts"] - n for place, n in before.items()}
    finally:
        for one in processes:
            one.stop()
    check(max(spent.values()) <= 1, f"retransmission timeouts: {spent}")
    came = read()
    statuses = [sent.answers[m["dst"]] for m in messages]
    check(all(len(s) == 1 for s in statuses), f"answers: {statuses}")
    for m in messages:
        if not m["refused"]:
            traffic.check_clean(m, came, sent.answers[m["dst"]], "node")
    own = {s[0] for m, s in zip(messages, statuses) if m["refused"]} - {0}
    check(own and own <= OWN_STATUSES, f"statuses of refused messages: {own}")


# ---- inside of a PDU

def case_inside(lab):
    """
    The daemon dies between two halves of a PDU: the one that comes back sees an end without a beginning. It passes that,
    says so in the ledger, finds the next boundary, and refuses again. The session does not notice.
    """
    live.need_node()
    daemon = lab.start_daemon()
    texts = [("hello ", "there")] * 3 + [("cut in the mid", "dle of a word")] + [("hello ", "again")] * 12
    texts += [(f"the {PHRASE} ", f"is yours {MARK}")] * 3
    pauses = [0.0] * 3 + [4.0] + [0.0] * 15
    smsc, smsc_log = live.start_smsc(lab)
    slow = lab.start(ESME, "slow", "python3", os.path.join(PEERS, "slow.py"),
                     live.write_job(lab, "slow", {"host": ADDRESS[4], "port": PORT, "pause_s": pauses, "messages": texts}))
    wait_for("three answers", 10, lambda: len(slow.out().split()) == 3 or not slow.running())
    time.sleep(0.3)  # the first half has left, after the hold time
    daemon.kill()
    lab.bridge()
    lab.unbridge()
    again = lab.start_daemon(daemon.config)
    check_equal(slow.wait(40), 0, f"exit code of the ESME ({slow.tail()})")
    smsc.stop()
    received, _ = read_record(smsc_log)
    came = [read_texts(p)[2].decode("ascii") for p in received if p.command == SUBMIT_SM]
    check_equal(came[:16], ["".join(t) for t in texts[:16]], "clean messages")
    check(resync_octets(again) > 0, "no octets in resync")
    check(MARK not in came[-1] and slow.out().split()[-1] == str(RSUBMITFAIL), f"nothing is refused again: {came[-3:]}")
    check_equal(again.stop(), 0, "exit code after SIGTERM")


KILL = [
    ("kill-9-and-back", case_kill),
    ("kill-9-refusals-out", case_refusals_out),
    ("kill-9-inside-a-pdu", case_inside),
]
