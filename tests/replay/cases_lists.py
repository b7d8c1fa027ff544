# SPDX-License-Identifier: BSD-3-Clause
"""Lists of every kind through the daemon, over SMPP and MAP: what is decided, by which list and entry.

The policy is tests/replay/lists; the verdicts are compared with its *.golden (LISTS_UPDATE=1 writes them).
"""
import os
import shutil

import capture
import traffic
from program import ROOT, sigtran_replay

HERE = os.path.join(ROOT, "tests/replay/lists")
SIGTRAN = os.path.join(ROOT, "tests/pcap/sigtran.pcap")

# who, to whom, what; TONs stand in the PDU (5: alphanumeric)
MESSAGES = [
    ("447700900001", "447700900002", "hello"),
    ("447700900001", "447700900002", "a lottery"),
    ("447700900001", "447700900100", "a lottery for the board"),
    ("447700900001", "+447700900100", "a lottery with a plus"),
    ("447700900001", "07700900100", "a lottery by a national number"),
    ("447700900001", "447700900299", "a lottery for the family"),
    ("MyBank", "447700900002", "your account"),
    ("MYB4NK", "447700900002", "your account"),
    ("My\u0412ank".encode().decode("latin-1"), "447700900002", "your account"),
    ("MyBankers", "447700900002", "your account"),
    ("MyBank", "447700900100", "your account, at the board"),
    ("447700900500", "447700900002", "hello"),
    ("447700900501", "447700900002", "hello"),
    ("00447700900650", "447700900002", "hello"),
    ("447700900001", "447700900002", "call +44 909 123 4567 now"),
    ("447700900001", "447700900002", "call 07700 900500 now"),
    ("447700900001", "447700900002", "call 07700 900700 now"),
    ("447700900001", "4711", "subscribe"),
    ("447700900001", "88123", "subscribe"),
    ("447700900001", "4712", "subscribe"),
    ("447700900001", "447700900002", "see http://login.evil.example/x"),
    ("447700900001", "447700900002", "see hxxp://evil(dot)example"),
    ("447700900001", "447700900002", "see https://bit.ly/abc?u=1"),
    ("447700900001", "447700900002", "see https://bit.ly/abcd"),
    ("447700900001", "447700900002", "lottery: https://www.bank.example/lottery"),
    ("447700900500", "447700900002", "lottery: https://www.bank.example/lottery"),
]


def ton(address):
    return 5 if any(c.isalpha() for c in address) else 0


def line(e):
    by = f"{e['list']}: {e['entry']}" if "list" in e else e.get("rule") or ""
    return f"{e['verdict']:7} {e['reason']:12} {by:40} {e['src']} -> {e['dst']}: {e['text']}"


def check_golden(name, lines):
    path = os.path.join(HERE, name)
    text = "".join(x.rstrip() + "\n" for x in lines)
    if os.environ.get("LISTS_UPDATE"):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    with open(path, encoding="utf-8") as f:
        expected = f.read()
    wrong = [(a, b) for a, b in zip(expected.splitlines(), text.splitlines()) if a != b]
    assert expected == text, f"{name}: expected, and got: {wrong[:3]}"


def message(sequence, text, src, dst):
    body = b"\0" + bytes([ton(src), 1]) + src.encode("latin-1") + b"\0\0\1" + dst.encode() + b"\0" + bytes(3) + \
        b"\0\0" + bytes([0, 0, 3 if not text.isascii() else 0, 0, len(text)]) + text.encode("latin-1")
    return traffic.pdu(4, sequence, body)


def connection(version=4, system_id=b"esme", messages=MESSAGES, address=None):
    c = traffic.Connection(version=version)
    if address:
        c.address[True] = address
    c.open(system_id)
    for src, dst, text in messages:
        c.sequence += 1
        c.say(True, message(c.sequence, text, src, dst))
        c.say(False, traffic.pdu(0x80000004, c.sequence, b"id%d\0" % c.sequence))
    return c.close().frames


def smpp(lab):
    run = lab.replay(lab.file("lists.pcap", capture.encode(connection())), policy=HERE).must()
    assert len(run.messages) == len(MESSAGES), f"{len(run.messages)} messages"
    check_golden("smpp.golden", [line(e) for e in run.messages])
    # a status of the list's own, in the answer to a refused message
    changed = [e for e in run.messages if e.get("list") == "spoofed"]
    assert changed and all(e["action"] == "self_reject" for e in changed), "spoofed senders are not refused"


def account(lab):
    """A list that reports: the verdict is report, unless the content says more."""
    run = lab.replay(lab.file("lists-bulk.pcap", capture.encode(connection(system_id=b"bulk"))), policy=HERE).must()
    check_golden("account.golden", [line(e) for e in run.messages])


def address(lab):
    """By the network that a message comes from, over IPv4 and IPv6."""
    for version, octets, refused in [(4, b"\xc6\x33\x64\x07", True), (4, b"\xc6\x33\x65\x07", False),
                                     (6, bytes.fromhex("20010db80bad") + bytes(9) + b"\1", True),
                                     (6, bytes.fromhex("20010db80bae") + bytes(9) + b"\1", False)]:
        frames = connection(version, messages=MESSAGES[:1], address=octets)
        run = lab.replay(lab.file(f"lists-{octets.hex()}.pcap", capture.encode(frames)), policy=HERE).must()
        e = run.messages[0]
        assert (e["verdict"] == "reject") == refused, f"{octets.hex()}: {e['verdict']}"
        assert not refused or e["list"] == "gateways" and e["entry"] in ("198.51.100.0/24", "2001:db8:bad::/48")


def pseudonyms(lab):
    """A number that is an entry is as personal as an address; what stands for many numbers is not."""
    run = lab.replay(lab.file("lists.pcap", capture.encode(connection())), config="lab", policy=HERE,
                     changes=(('numbers = "clear"', 'numbers = "pseudonym"'),)).must()
    listed = [e for e in run.messages if "list" in e]
    number = [e for e in listed if e["list"] == "fraud" and e["entry"] != "44909*" and "-" not in e["entry"]]
    assert number and all(e["entry"] == e["src"] or len(e["entry"]) == 16 for e in number), number[:1]
    assert not any("447700900500" in str(e.get("entry")) for e in listed)
    assert any(e["entry"] == "4477009002*" for e in listed) and any(e["entry"] == "MyBank" for e in listed)


def policy_with(lab, name, **files):
    folder = lab.path(name)
    if not os.path.isdir(folder):
        shutil.copytree(HERE, folder)
        for file, text in files.items():
            with open(os.path.join(folder, file + ".txt"), "w", encoding="utf-8") as f:
                f.write(text)
    return folder


def sigtran(lab):
    """IMSI, calling GT and service centre of MAP: each message by what it says itself."""
    plain = sigtran_replay(lab, SIGTRAN, "none").must()
    told = [e for e in plain.messages if e.get("imsi")]
    imsi = sorted({e["imsi"] for e in told})[0]
    gt = sorted({e["calling_gt"] for e in plain.messages if e.get("calling_gt")})[0]
    policy = policy_with(lab, "lists-map", mobiles=imsi + "\n", centres=gt[:-1] + "*, abroad\n")
    run = sigtran_replay(lab, SIGTRAN, policy)
    assert len(run.messages) == len(plain.messages)
    n = {"mobiles": 0, "centres": 0}
    for e in run.messages:
        if e["reason"] in ("receipt", "never_block"):
            continue
        if e.get("imsi") == imsi:
            assert (e["verdict"], e.get("list"), e.get("entry")) == ("reject", "mobiles", imsi), e
        elif (e.get("calling_gt") or "").startswith(gt[:-1]):
            assert (e["verdict"], e.get("list"), e.get("entry")) == ("blank", "centres", gt[:-1] + "*"), (gt, e)
        elif (e.get("smsc") or "").startswith(gt[:-1]):
            assert e.get("list") in ("centres", None) or e["verdict"] != "pass", e
        else:
            assert e.get("list") not in n, e
        if e.get("list") in n:
            n[e["list"]] += 1
    assert all(n.values()), f"a list was never met: {n}"


def sample(lab):
    """Half of the senders, always the same ones, in each run and for each of their messages."""
    texts = [(f"4915{i % 200:04}", "447700900002", f"a trial {i}") for i in range(400)]
    path = lab.file("lists-sample.pcap", capture.encode(connection(messages=texts)))
    runs = [lab.replay(path, policy=HERE, turn=turn).must() for turn in (0, 1)]
    assert runs[0].events_octets == runs[1].events_octets, "two runs differ"
    by_sender = {}
    for e in runs[0].messages:
        by_sender.setdefault(e["src"], set()).add(e["verdict"])
        shadow = e.get("shadow_rules", [])
        assert (e["verdict"] == "reject") != (shadow == ["trial"]), e
        assert e["verdict"] == "reject" or e["shadow_verdict"] == "reject", e
    assert all(len(v) == 1 for v in by_sender.values()), "a sender is refused now and then"
    refused = sum(v == {"reject"} for v in by_sender.values())
    assert 70 <= refused <= 130, f"{refused} of 200 senders"


PAIRS = """
lists = (
	{ name = "own";    kind = "pair"; effect = "reject"; country = "44"; },
	{ name = "wanted"; kind = "pair"; effect = "pass"; },
	{ name = "hosts";  kind = "host"; effect = "blank"; folded = true; }
);
"""
OWN = "447700900001 *\n447700900002 447700900009\n447700900002 Spam\n447700900003 4477008*\n"
HOSTS = "xn--mnchen-demo-thb.de\nhxxps://evil-demo[.]com/pay\n0xC0000201\nmybank-demo.com\n"
PAIR_MESSAGES = [  # who, to whom, what: by which list and entry
    ("447700900009", "447700900001", "hello", "own", "447700900001 *"),
    ("447700900008", "447700900001", "hello", "wanted", "447700900001 447700900008"),
    ("07700900009", "07700900002", "hello", "own", "447700900002 447700900009"),
    ("Spam", "447700900002", "hello", "own", "447700900002 Spam"),
    ("Spammer", "447700900002", "hello", None, None),
    ("447700800123", "447700900003", "hello", "own", "447700900003 4477008*"),
    ("447700700123", "447700900003", "hello", None, None),
    ("447700900009", "447700900004", "see m\u00fcnchen-demo.de/x", "hosts", "m\u00fcnchen-demo.de"),
    ("447700900009", "447700900004", "see xn--mnchen-demo-thb.de", "hosts", "m\u00fcnchen-demo.de"),
    ("447700900009", "447700900004", "see evil-demo . com / pay", "hosts", "evil-demo.com/pay"),
    ("447700900009", "447700900004", "see http://3221225985/a", "hosts", "192.0.2.1"),
    ("447700900009", "447700900004", "see www.myb4nk-demo.com", "hosts", "mybank-demo.com"),
    ("447700900009", "447700900004", "see evil-demo.com/other", None, None),
]


def pairs(lab):
    """Lists of subscribers, and hosts in any form; an entry that names a subscriber is as personal as an address."""
    folder = lab.path("lists-pairs")
    os.makedirs(folder)
    for name, text in [("policy.conf", PAIRS), ("own.txt", OWN), ("wanted.txt", "447700900001 +447700900008\n"),
                       ("hosts.txt", HOSTS), ("none.pat", "")]:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    path = lab.file("lists-pairs.pcap", capture.encode(connection(messages=[m[:3] for m in PAIR_MESSAGES])))
    run = lab.replay(path, policy=folder).must()
    assert len(run.messages) == len(PAIR_MESSAGES), f"{len(run.messages)} messages"
    for e, (src, dst, text, name, entry) in zip(run.messages, PAIR_MESSAGES):
        assert (e.get("list"), e.get("entry")) == (name, entry), (text, e)
    hidden = lab.replay(path, config="lab", policy=folder, changes=(('numbers = "clear"', 'numbers = "pseudonym"'),)).must()
    listed = [e for e in hidden.messages if e.get("list") in ("own", "wanted")]
    assert len(listed) == 5 and all(len(e["entry"]) == 16 and " " not in e["entry"] for e in listed), listed[:1]


def errors(lab):
    """A list with an error: refused with file and line, nothing runs."""
    folder = policy_with(lab, "lists-bad", vip="447700900100\n0770\n")
    code, stdout, stderr = lab.ctl("policy", "check", folder)
    assert code != 0 and "vip.txt:2:" in stdout + stderr and "country code" in stdout + stderr, stdout + stderr


def tests():
    return [("lists/smpp", smpp), ("lists/account", account), ("lists/address", address),
            ("lists/pseudonyms", pseudonyms), ("lists/sigtran", sigtran), ("lists/sample", sample),
            ("lists/pairs", pairs), ("lists/errors", errors)]
