# SPDX-License-Identifier: BSD-3-Clause
"""live: real SMPP programs talk through smswalld on two interfaces."""
import json
import os
import shutil
import subprocess
import urllib.parse
import urllib.request

from lab import (ADDRESS, BUILD, ESME, FILTER, PEERS, PORT, SMSC, Failure, Skip, check, check_equal, run,
                 wait_for)
from smpp import (MARK, RSUBMITFAIL, SUBMIT_SM, SUBMIT_SM_RESP, check_session, long_message, make_messages,
                  read_record, read_texts)

NPM_CACHE = os.path.join(BUILD, "e2e")
NPM_PACKAGE = "smpp@0.5.1"
PEER_S = 40


# ---- peers

def need_node():
    """npm's smpp, fetched once into the build folder."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skip("node and npm are not installed")
    if os.path.isdir(os.path.join(NPM_CACHE, "node_modules", "smpp")):
        return
    os.makedirs(NPM_CACHE, exist_ok=True)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", NPM_CACHE, NPM_PACKAGE],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False)
    if done.returncode != 0:
        raise Skip(f"npm cannot install {NPM_PACKAGE}: {(done.stdout.strip().splitlines() or ['?'])[-1]}")


def need_perl():
    if subprocess.run(["perl", "-MNet::SMPP", "-MJSON::PP", "-e1"], capture_output=True, check=False).returncode != 0:
        raise Skip("Perl's Net::SMPP is not installed (libnet-smpp-perl)")


def write_job(lab, name, job):
    path = lab.path(lab.unique(name) + ".json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(job, file)
    return path


def start_peer(lab, place, program, job):
    language = "node" if program.endswith(".js") else "perl"
    return lab.start(place, program, language, os.path.join(PEERS, program), write_job(lab, program, job),
                     env={"NODE_PATH": os.path.join(NPM_CACHE, "node_modules")})


def start_smsc(lab, program="smsc.js", persona="strict", mo=(), mo_every=10, **more):
    """An SMSC that listens, and the path of its record."""
    log = lab.path(lab.unique("smsc") + ".log")
    smsc = start_peer(lab, SMSC, program, {"host": "::", "port": PORT, "persona": persona, "log": log,
                                           "mo": list(mo), "mo_every": mo_every, **more})
    wait_for(f"{program} to listen", 10, lambda: "listening" in smsc.out() or not smsc.running())
    check(smsc.running(), f"{program}: {smsc.tail()}")
    return smsc, log


def run_esme(lab, messages, program="esme.js", family=4, window=1, mo=0, odd=False):
    """An ESME to its end: the path of its record and what it printed."""
    log = lab.path(lab.unique("esme") + ".log")
    esme = start_peer(lab, ESME, program, {"host": ADDRESS[family], "port": PORT, "window": window, "log": log,
                                           "messages": messages, "mo": mo, "odd": odd})
    code = esme.wait(PEER_S)
    check(code == 0, f"{program} ended with {code}: {esme.tail()}")
    return log, esme.out()


def make_traffic(count, seed):
    messages = make_messages(count, seed)
    for i in range(4):
        messages[20 * i + 10:20 * i + 10] = long_message(10 * seed + i, i % 2 == 1)
    return messages


def make_mo(count, seed):
    return make_messages(count, seed, every=3, payload=False)


def node_session(lab, count, persona="strict", status=RSUBMITFAIL, **esme):
    """One session of node-smpp at both ends, judged octet by octet."""
    need_node()
    # another for each session: a long message stays condemned, whoever sends it again
    seed = lab.next_seed()
    messages, mo = make_traffic(count, seed), make_mo(count // 20, seed + 1)
    smsc, smsc_log = start_smsc(lab, persona=persona, mo=mo)
    try:
        esme_log, _ = run_esme(lab, messages, mo=len(mo), **esme)
    finally:
        smsc.stop()
    check_session(esme_log, smsc_log, messages, mo, status)
    return messages, mo, smsc_log


def check_events(daemon, before, messages, mo):
    """Every message was reported once, the refused ones as refused."""
    expected = len(messages) + len(mo)

    def all_told():
        events = daemon.events(type="message")[before:]
        return events if len(events) >= expected else None
    events = wait_for(f"{expected} message events", 5, all_told)
    check_equal(len(events), expected, "message events")
    for command, sent, side, role in (("submit_sm", messages, "outside", "esme"), ("deliver_sm", mo, "inside", "smsc")):
        told = [e for e in events if e["command"] == command]
        check_equal([e["verdict"] for e in told], ["reject" if m["refused"] else "pass" for m in sent],
                    f"verdicts of {command}")
        check_equal({(e["side"], e["role"]) for e in told}, {(side, role)} if sent else set(), f"sides of {command}")
        check_equal([e["dst"] for e in told], [m["dst"] for m in sent], f"recipients of {command}")


# ---- cases; each gets the lab and the daemon of its group

def ask_echo(lab, *sizes_by_address):
    """Datagrams of random octets that must come back as they were."""
    program = os.path.join(PEERS, "udp.py")
    echo = lab.start(SMSC, "echo", "python3", program, "serve")
    wait_for("the echo", 5, lambda: "listening" in echo.out())
    for address, sizes in sizes_by_address:
        run("ip", "netns", "exec", lab.netns(ESME), "python3", program, "ask", address, *map(str, sizes))
    echo.kill()


def case_other_traffic(lab, daemon):
    """Whatever is not SMPP passes: ARP and neighbour discovery, UDP, IPv6 fragments."""
    ask_echo(lab, (ADDRESS[4], (1, 56, 1400)), (ADDRESS[6], (1, 56, 1400, 4000, 9000)))
    check(daemon.running(), "smswalld has ended")


def case_fragments(lab, daemon):
    """IPv4 fragments, over a driver that leaves them alone: net_af_packet has the kernel join them."""
    del daemon
    ask_echo(lab, (ADDRESS[4], (56, 4000, 9000)), (ADDRESS[6], (4000,)))


def case_node(family, window, count, **esme):
    def case(lab, daemon):
        before = len(daemon.events(type="message"))
        messages, mo, _ = node_session(lab, count, family=family, window=window, **esme)
        check_events(daemon, before, messages, mo)
    return case


def case_small_mtu(lab, daemon):
    lab.set_mtu(300)
    try:
        case_node(4, 40, 200)(lab, daemon)
    finally:
        lab.set_mtu(1500)


def case_slow_writer(lab, daemon):
    """
    A sender that stops inside of a PDU: what is held leaves in time. Nothing of a text that is known to be bad by then;
    of one that turns bad afterwards what had left is told. The session goes on either way.
    """
    need_node()
    before = daemon.ctl("counters")["counters"]
    smsc, smsc_log = start_smsc(lab)
    job = {"host": ADDRESS[4], "port": PORT, "pause_s": 0.5, "messages": [
        ["a clean one, first half ", "and second half"],
        [f"{MARK} the lottery jackpot is yours ", "call now"],
        ["nothing bad so far but then the ", f"lottery jackpot {MARK}"],
        ["and a clean one ", "at the end"]]}
    slow = lab.start(ESME, "slow", "python3", os.path.join(PEERS, "slow.py"), write_job(lab, "slow", job))
    check_equal(slow.wait(PEER_S), 0, f"exit code of the ESME ({slow.tail()})")
    smsc.stop()
    received, _ = read_record(smsc_log)
    texts = [read_texts(p) for p in received if p.command == SUBMIT_SM]
    check_equal([t[2] for t in texts[::3]], ["".join(m).encode("ascii") for m in job["messages"][::3]], "clean texts")
    check(not any(p.has_mark() for p in received), "text of a refused message came through")
    check_equal(slow.out().split()[:2] + slow.out().split()[3:], ["0", str(RSUBMITFAIL), "0"], "statuses")
    after = daemon.ctl("counters")["counters"]
    check_equal(after["messages_late"] - before["messages_late"], 1, "late messages")
    check(after["octets_leaked"] > before["octets_leaked"], "no octets told as leaked")
    check(any(e.get("leaked") for e in daemon.events(type="message", verdict="reject")), "no event with leaked octets")


def case_accepting_smsc(lab, daemon):
    """An SMSC that checks nothing: its answer stands (on_accept = pass), with an alarm; no text passes."""
    before = daemon.counter("answers_accepted")
    messages, _, _ = node_session(lab, 60, persona="accept", status=0)
    check_equal(daemon.counter("answers_accepted") - before, sum(m["refused"] for m in messages),
                "answers by which the SMSC accepted a refused message")
    check(daemon.events(type="anomaly", reason="smsc_accepted"), "no alarm smsc_accepted")


def case_forced(lab, daemon):
    """The same with on_accept = force: the ESME is told the status."""
    del daemon
    node_session(lab, 60, persona="accept")


def case_monitor(lab, daemon):
    """Judged and reported, nothing changed."""
    messages, mo, _ = node_session(lab, 150, status=None, persona="accept", window=20)
    check_events(daemon, 0, messages, mo)
    check(all(e["action"] == "none" for e in daemon.events(type="message")), "an action in mode monitor")


def check_perl_answers(out, messages):
    answers = dict(line.split() for line in out.splitlines() if len(line.split()) == 2)
    for m in messages:
        check_equal(int(answers[m["dst"]]), RSUBMITFAIL if m["refused"] else 0, f"status of {m}")


def perl_smsc_texts(log):
    with open(log, encoding="ascii") as file:
        lines = [line.rstrip("\n").split(" ") for line in file if line.count(" ") == 2]
    return [("" if dst == "-" else dst, int(dc), bytes.fromhex(text)) for dst, dc, text in lines]


def case_perl(window):
    """Net::SMPP at both ends."""
    def case(lab, daemon):
        del daemon
        need_perl()
        messages = make_messages(150, seed=lab.next_seed(), payload=False)
        smsc, smsc_log = start_smsc(lab, "smsc.pl")
        try:
            _, out = run_esme(lab, messages, "esme.pl", window=window)
        finally:
            smsc.stop()
        check_perl_answers(out, messages)
        check_texts(perl_smsc_texts(smsc_log), messages)
    return case


def case_perl_esme(lab, daemon):
    """Net::SMPP to node-smpp."""
    del daemon
    need_node()
    need_perl()
    messages = make_messages(150, seed=lab.next_seed(), payload=False)
    smsc, smsc_log = start_smsc(lab)
    try:
        _, out = run_esme(lab, messages, "esme.pl", window=20)
    finally:
        smsc.stop()
    check_perl_answers(out, messages)
    received, _ = read_record(smsc_log)
    check_texts([read_texts(p) for p in received if p.command == SUBMIT_SM], messages)


def case_perl_smsc(lab, daemon):
    """node-smpp to Net::SMPP."""
    del daemon
    need_node()
    need_perl()
    messages = make_messages(120, seed=lab.next_seed(), payload=False)
    smsc, smsc_log = start_smsc(lab, "smsc.pl")
    try:
        esme_log, _ = run_esme(lab, messages, window=10)
    finally:
        smsc.stop()
    check_texts(perl_smsc_texts(smsc_log), messages)
    received, _ = read_record(esme_log)
    check_equal([p.status for p in received if p.command == SUBMIT_SM_RESP],
                [RSUBMITFAIL if m["refused"] else 0 for m in messages], "answers")


def check_texts(received, messages):
    """(destination, data_coding, text) of each submit_sm, in order, against what was sent."""
    check_equal(len(received), len(messages), "messages received")
    for (dst, dc, text), m in zip(received, messages):
        if m["refused"]:
            check(dst == "" and not text.strip(), f"a refused message came as {dst!r} {text!r}")
        else:
            check_equal((dst, dc, text.hex()), (m["dst"], m["dc"], m["hex"]), "a clean message")


# ---- Kannel

KANNEL_CONF = """group = core
admin-port = 13000
admin-password = e2e
smsbox-port = 13001
log-file = "{folder}/bearerbox.log"
log-level = 0
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = e2e
host = "{host}"
port = {port}
transceiver-mode = true
smsc-username = "kannel"
smsc-password = "secret"
system-type = "VMA"
interface-version = 34
enquire-link-interval = 1
max-pending-submits = {window}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = 13013
log-file = "{folder}/smsbox.log"
log-level = 0

group = sendsms-user
username = e2e
password = e2e
max-messages = 10
concatenation = true

group = sms-service
keyword = default
max-messages = 0
text = "-"
"""


def send_by_kannel(lab, messages):
    """Through smsbox's HTTP interface, inside the ESME's namespace, by a program of three lines."""
    urls = ["http://127.0.0.1:13013/cgi-bin/sendsms?" + urllib.parse.urlencode({
        "username": "e2e", "password": "e2e", "from": "E2E", "to": dst, "charset": "UTF-8",
        "coding": "0" if text.isascii() else "2", "text": text}) for dst, text in messages]
    program = ("import json, sys, urllib.request\n"
               "for url in json.load(open(sys.argv[1])):\n"
               "    print(urllib.request.urlopen(url, timeout=10).status)\n")
    return run("ip", "netns", "exec", lab.netns(ESME), "python3", "-c", program, write_job(lab, "kannel", urls))


def start_kannel(lab, at=(ADDRESS[4], PORT), window=20):
    """bearerbox and smsbox, a function that looks for words in bearerbox's log, and that log's path."""
    folder = lab.path(lab.unique("kannel"))
    os.mkdir(folder)
    conf = os.path.join(folder, "kannel.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(KANNEL_CONF.format(folder=folder, host=at[0], port=at[1], window=window))
    log = os.path.join(folder, "bearerbox.log")

    def log_says(words, times=1):
        with open(log, encoding="utf-8", errors="replace") as file:
            return file.read().count(words) >= times
    bearerbox = lab.start(ESME, "bearerbox", "bearerbox", "-v", "4", conf)
    wait_for("bearerbox", 10, lambda: os.path.exists(log) and log_says("smsbox"))
    smsbox = lab.start(ESME, "smsbox", "smsbox", "-v", "4", conf)
    wait_for("smsbox", 10, lambda: "13013" in run("ip", "netns", "exec", lab.netns(ESME), "ss", "-ltn"))
    return bearerbox, smsbox, log_says, log


def kannel_messages():
    plain = [(f"4477009{i:05d}", f"kannel says hello number {i}") for i in range(30)]
    other = [(f"4477019{i:05d}", f"kannel říká ahoj {i} \U0001F408") for i in range(10)]
    long = [(f"4477029{i:05d}", f"{i} " + "meet me at the station " * 12) for i in range(4)]
    bad = [(f"4477039{i:05d}", f"{MARK} you hit the lottery jackpot {i}") for i in range(6)]
    bad += [(f"4477049{i:05d}", f"{MARK} ž you hit the lottery jackpot {i}") for i in range(4)]
    mixed = []
    for i, message in enumerate(plain + other + long):
        mixed += [message] + bad[i // 4:i // 4 + 1] * (i % 4 == 3)
    return mixed, bad[:len(mixed) - len(plain + other + long)]


def check_kannel(record, messages, bad):
    """By what the SMSC has seen: texts of clean messages, nothing of the refused ones; and the answers."""
    received, _ = record
    texts = {}
    for pdu in received:
        if pdu.command == SUBMIT_SM:
            dst, dc, text = read_texts(pdu)
            if pdu.octets[pdu.octets.index(b"E2E\0") + 4:][:2] and dst and text[:1] == b"\x05":
                text = text[6:]  # its UDH: 05 00 03 reference total part
            texts[dst] = texts.get(dst, "") + text.decode("utf-16-be" if dc == 8 else "ascii")
    refused = {dst for dst, _ in bad}
    for dst, text in messages:
        if dst in refused:
            check(dst not in texts, f"a refused message came: {texts.get(dst)}")
        else:
            check_equal(texts.get(dst), text, f"text to {dst}")
    check(not any(p.has_mark() for p in received), "text of a refused message came through")


def case_kannel(lab, daemon):
    need_node()
    if not shutil.which("bearerbox") or not shutil.which("smsbox"):
        raise Skip("Kannel is not installed")
    messages, bad = kannel_messages()
    before = daemon.counter("answers_rewritten")
    smsc, smsc_log = start_smsc(lab)
    bearerbox, smsbox, log_says, _ = start_kannel(lab)
    try:
        wait_for("Kannel's bind", 20, lambda: any(p.command == 0x80000009 for p in read_record(smsc_log)[1]))
        check_equal(send_by_kannel(lab, messages).split(), ["202"] * len(messages), "smsbox's answers")
        wait_for("the refused messages' answers", 15,
                 lambda: daemon.counter("answers_rewritten") - before >= len(bad))
        wait_for("Kannel's log of a refusal", 5, lambda: log_says("0x00000045"))
        sent = len(messages) + 4  # the long ones go in two parts
        wait_for("all messages", 15, lambda: sum(p.command == SUBMIT_SM for p in read_record(smsc_log)[0]) >= sent)
    finally:
        smsbox.stop()
        bearerbox.stop()
        smsc.stop()
    check_kannel(read_record(smsc_log), messages, bad)
    check_equal(daemon.counter("answers_rewritten") - before, len(bad), "answers rewritten")


# ---- mode tap

def case_tap(lab, daemon):
    """A copy of both directions on one port: seen, judged, nothing sent."""
    messages, mo, _ = node_session(lab, 100, status=None, persona="accept", window=10)
    check_events(daemon, 0, messages, mo)
    check(all(e["action"] == "none" for e in daemon.events(type="message")), "an action in mode tap")
    ports = daemon.ctl("status")["links"][0]["ports"]
    check_equal([p["frames_out"] for p in ports], [0, 0], "frames sent")


def make_span(lab):
    """A kernel bridge between a and b that floods, so that its third port is a mirror port."""
    netns = lab.netns(FILTER)
    try:
        run("ip", "-n", netns, "link", "add", "name", "br", "type", "bridge", "ageing_time", "0", "mcast_snooping", "0")
    except Failure as failure:
        raise Skip(f"no kernel bridge: {failure}") from None
    lab.add_veth(FILTER, "m0", FILTER, "m1")
    for interface in ("a", "b", "m0"):
        run("ip", "-n", netns, "link", "set", "dev", interface, "master", "br")
    run("ip", "-n", netns, "link", "set", "dev", "br", "up")


def remove_span(lab):
    run("ip", "-n", lab.netns(FILTER), "link", "delete", "dev", "br", check_code=False)
    run("ip", "-n", lab.netns(FILTER), "link", "delete", "dev", "m0", check_code=False)


ENFORCE = [
    ("live-other-traffic", case_other_traffic),
    ("live-node-ipv4-window-1", case_node(4, 1, 120)),
    ("live-node-ipv4-window-40", case_node(4, 40, 300)),
    ("live-node-ipv6-window-40", case_node(6, 40, 300)),
    ("live-node-mtu-300-window-40", case_small_mtu),
    ("live-node-odd-pieces", case_node(4, 20, 100, odd=True)),
    ("live-slow-writer", case_slow_writer),
    ("live-accepting-smsc", case_accepting_smsc),
    ("live-perl-window-1", case_perl(1)),
    ("live-perl-window-40", case_perl(40)),
    ("live-perl-esme", case_perl_esme),
    ("live-perl-smsc", case_perl_smsc),
    ("live-kannel", case_kannel),
]
