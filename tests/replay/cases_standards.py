# SPDX-License-Identifier: BSD-3-Clause
"""Each mechanism of docs/standards.md, by the example policy that stands beside it, through the daemon.

The document and the tests are held to each other: no row without a test, no test without a row, and each policy has
the rule, list, limit or setting that its row names.
"""
import collections
import datetime
import os
import re
import shutil

import capture
import mapmake
import policies
from program import ROOT

DOCUMENT = os.path.join(ROOT, "docs/standards.md")
ORDER = ["pass", "report", "redact", "blank", "throttle", "reject"]


def expect(policy, **messages):
    """A test: these messages (dots as two underscores) get this verdict, by this rule, list or limit."""
    def test(lab):
        told = policies.run(lab, policy)
        for name, wanted in messages.items():
            name = name.replace("__", ".")
            verdict, reason, by = wanted.split() + [""] * (3 - len(wanted.split()))
            e = told[name]
            got = e["verdict"], e["reason"], e.get("list") or policies.decided_by(e)
            assert got[:2] == (verdict, reason) and (not by or got[2] == by), f"{policy}: {name}: {got}, not {wanted}"
    return test


def count(told, start, verdict):
    return sum(1 for name, e in told.items() if name.startswith(start) and e["verdict"] == verdict)


# ---- what needs more than a verdict ----

def intercepted(lab):
    """What was refused is kept as it came, for the operator alone, with the reason beside it."""
    where = lab.path("intercepted")
    run = lab.replay(policies.CAPTURE, policy=policies.folder("mno-border"), options=("--quarantine", where)).must()
    kept = [os.path.join(where, f) for f in os.listdir(where)]
    octets = b"".join(open(f, "rb").read() for f in kept)
    n = sum(e["verdict"] in ("blank", "reject") for e in run.messages)
    assert run.summary["quarantine"]["written"] == n > 0, run.summary["quarantine"]
    assert all(os.stat(f).st_mode & 0o777 == 0o640 for f in kept)
    assert b"spoof.mo" in octets and b"Hello, it is me" not in octets and b"secure-login.example.top" in octets


def in_session(lab):
    """The refusal is the answer to the message itself: the PDU leaves as one that the SMSC refuses."""
    told = policies.run(lab, "a2p-hub")
    e = told["link.bad"]
    assert (e["verdict"], e["action"]) == ("reject", "self_reject"), e
    run = lab.replay(policies.CAPTURE, policy=policies.folder("a2p-hub")).must()
    text = b"login.phish.example"
    assert text in open(policies.CAPTURE, "rb").read() and text not in run.out, "the text left all the same"


def silent(lab):
    """The message goes on and is acknowledged, without its text."""
    e = policies.run(lab, "mno-border")["lure.closed"]
    assert (e["verdict"], e["list"], e["action"]) == ("blank", "closed", "blank"), e


def in_place(lab):
    """What is wrong in a text is overwritten, octet for octet; the rest of it arrives."""
    told = policies.run(lab, "mno-border")
    run = lab.replay(policies.CAPTURE, policy=policies.folder("mno-border")).must()
    e = told["lure.premium"]
    assert (e["verdict"], e["action"]) == ("redact", "redact"), e
    frame = capture.parse(run.out).frames[e["frame"] - 1].data
    assert b"0909 879 0123" not in frame and b"for you. Call" in frame, frame[-80:]


def spread(lab):
    """104 recipients of one sender at eight seconds' distance: about a hundred are admitted, no more."""
    told = policies.run(lab, "mno-border")
    refused = count(told, "farm.spread.", "reject")
    assert 1 <= refused <= 8, f"{refused} of 104 refused"
    assert policies.decided_by(told["farm.spread.104"]) == "p2p-spread"
    assert told["farm.spread.090"]["verdict"] != "reject"


def total(lab):
    """1,100 messages of one sender to one friend, five seconds apart: a day's thousand, and what comes back meanwhile.

    A thousand at once and one more each 86.4 s: the n-th at 5 n s is admitted up to n = 1000 + 5 n / 86.4, n = 1061.
    """
    start = int(datetime.datetime(2026, 3, 3, 6, tzinfo=datetime.timezone.utc).timestamp()) * 10**9
    a = mapmake.Association(start).open()
    number = {}
    for i in range(1, 1101):
        a.ns = start + i * 5 * 10**9
        argument = mapmake.mo_forward("447700900360", "447700900900", mapmake.submit("447700900361", f"no {i}"),
                                      "001010000000360")
        number[id(a.forward(True, mapmake.MO, argument, "447700900901", "447700900900"))] = i
    frames = a.close().frames
    labels = {n: {"name": number[id(f)]} for n, f in enumerate(frames, 1) if id(f) in number}
    path = lab.file("total.pcap", capture.encode(frames))
    told = policies.told(lab.replay(path, policy=policies.folder("mno-border")).must().messages, labels)
    refused = [n for n, e in told.items() if e["verdict"] == "reject"]
    assert all(policies.decided_by(told[n]) == "p2p-day" for n in refused), refused[:3]
    assert 1058 <= min(refused) <= 1065, f"refused from message {min(refused)} on"
    assert 33 <= len(refused) <= 39, f"{len(refused)} of 1100 refused"


def ratio(lab):
    """Who sends and is not answered is reported; who is answered is not."""
    told = policies.run(lab, "mno-border")
    assert count(told, "farm.spread.", "report") >= 40, "the farm was not seen"
    by = {policies.decided_by(e) for n, e in told.items() if n.startswith("farm.")}
    assert "sim-farm" in by, by
    assert told["ham.person"]["verdict"] == told["ham.answer"]["verdict"] == "pass"


def statistics(lab):
    """Volume, class and source: the counters, by verdict, rule and list, are what the events add up to."""
    run = lab.replay(policies.CAPTURE, policy=policies.folder("mno-border")).must()
    verdicts = collections.Counter(e["verdict"] for e in run.messages)
    counters = run.summary["counters"]
    for verdict, name in zip(ORDER, ("passed", "reported", "redacted", "blanked", "throttled", "rejected")):
        assert counters["messages_" + name] == verdicts[verdict], f"{name}: {counters['messages_' + name]}"
    hits = collections.Counter(r for e in run.messages for r in e["rules"])
    assert len(hits) > 20 and {r["id"]: r["hits"] for r in run.summary["rules"] if r["hits"]} == hits, hits


def scans(summary):
    return summary["counters"]["scans"]


def records(lab):
    """Each message is one record: when, who, to whom, by what way; nothing is told twice or left out."""
    told = policies.run(lab, "mno-border")
    assert len(told) == len(policies.labels())
    for name, e in told.items():
        wanted = {"ts", "src", "dst", "verdict", "reason", "side"} | \
            ({"calling_gt", "called_gt", "smsc", "map_version"} if e["proto"] == "map" else {"account", "data_coding"})
        assert wanted <= set(e), f"{name}: {wanted - set(e)}"


def consent(lab):
    """Of who has not asked for it no text is matched: the scanner is not called, and a list decides who has."""
    told = policies.run(lab, "family")
    assert told["day.bets"]["rule"] == "gambling.words" and told["day.bets.grown"]["verdict"] == "pass"
    assert told["day.bets.grown"]["rules"] == [], "a text was matched that is none of ours"
    told = policies.run(lab, "mno-border")
    assert told["lure.bank"]["verdict"] == "reject" and told["lure.optout"]["reason"] == "content_off"
    assert told["lure.optout"]["rules"] == []
    for name, scanned in (("iot", False), ("family", True)):
        run = lab.replay(policies.CAPTURE, policy=policies.folder(name)).must()
        assert (scans(run.summary) > 0) == scanned, f"{name}: {scans(run.summary)} texts were matched"


def privacy(lab):
    """With events as for a live network neither a text nor a number of a subscriber stands in them."""
    run = lab.replay(policies.CAPTURE, policy=policies.folder("mno-border"),
                     changes=(('numbers = "clear"', 'numbers = "pseudonym"'), ("text = true", "text = false"))).must()
    assert len(run.messages) == len(policies.labels())
    octets = run.events_octets
    for label in policies.labels().values():
        if len(label["text"]) >= 12:
            assert label["text"].encode() not in octets, label["text"]
        for number in (label["from"], label["to"].removeprefix("imsi ")):
            if len(number) >= 10 and number.isdigit():
                assert number.encode() not in octets, number


def managed(lab):
    """A subscriber's own list: one line more in it, and the sender is refused, for this subscriber alone."""
    folder = lab.path("family-managed")
    if not os.path.isdir(folder):
        shutil.copytree(os.path.join(ROOT, "conf"), os.path.join(lab.path("managed"), "conf"))
        shutil.copytree(os.path.join(ROOT, "patterns/sets"), os.path.join(lab.path("managed"), "patterns/sets"))
        os.symlink(os.path.join(lab.path("managed"), "conf/policies/family"), folder)
        with open(os.path.join(folder, "unwanted.txt"), "a", encoding="utf-8") as f:
            f.write("447700900200 447700900211   # a quarrel\n")
    before = policies.run(lab, "family")
    after = policies.told(lab.replay(policies.CAPTURE, policy=folder).must().messages)
    changed = sorted(n for n in before if before[n]["verdict"] != after[n]["verdict"])
    assert {n.split(".")[0] for n in changed} == {"day", "night", "pester"} and "day.friend" in changed, changed
    assert after["day.friend"]["list"] == "unwanted"


def two_policies(lab):
    """What is lawful in one network is refused in the next: nothing is built in."""
    verdicts = {name: policies.run(lab, name) for name in policies.NAMES}
    differ = [n for n in verdicts["lab"] if len({v[n]["verdict"] for v in verdicts.values()}) > 1]
    assert len(differ) > 50, len(differ)
    assert max((e["verdict"] for e in verdicts["lab"].values()), key=ORDER.index) == "report"


def trial(lab):
    """A rule in shadow acts on nobody; one with a sample acts for the same senders each time."""
    told = policies.run(lab, "lab")
    assert any("try.shadow" in e.get("shadow_rules", ()) for e in told.values())
    assert not any("try.shadow" in e["rules"] or "try.expired" in e["rules"] for e in told.values())


CASES = {
    # X.1231
    "x1231-filtering": expect("mno-border", lure__bank="reject score bank.locked", ham__code="pass none"),
    "x1231-feedback": expect("mno-border", report__number="report rule feedback.report"),
    "x1231-nation": two_policies,
    "x1231-trial": trial,
    # X.1240, X.1241
    "x1240-block-list": expect("mno-border", lure__known="reject list fraud", lure__reply="reject list fraud"),
    "x1240-allow-list": expect("mno-border", lure__warning="pass never_block public-warning"),
    "x1240-combined-tests": expect("a2p-hub", lure__bank="reject score bank.locked", lure__freephone="pass none"),
    "x1240-grey-listing": expect("mno-border", grey__first="throttle limit grey", grey__early="throttle limit grey",
                                 grey__again="pass none", grey__more="pass none"),
    "x1240-in-session": in_session,
    "x1240-silent": silent,
    "x1240-in-place": in_place,
    # X.1242
    "x1242-user-lists": expect("family", day__unwanted="reject list unwanted", night__friend="pass none"),
    "x1242-keywords": expect("family", day__bets="reject rule gambling.words", day__adult="reject rule adult.words"),
    "x1242-times": expect("family", day__stranger="reject score stranger.person", night__stranger="reject rule quiet.night",
                          lesson__shop="reject rule quiet.lessons", lesson__school="pass none",
                          night__school="pass none", day__school="pass none"),
    "x1242-managed": managed,
    "x1242-intercepted": intercepted,
    "x1242-too-often": expect("family", pester__10="pass none", pester__12="report limit bullying"),
    "x1242-never-blocked": expect("family", night__helpline="pass never_block helplines",
                                  night__to__helpline="pass never_block helplines"),
    # X.1247
    "x1247-user-feedback": expect("mno-border", report__text="report rule feedback.report"),
    "x1247-honeypot": expect("mno-border", trap__1="report rule trap.honeypot", trap__2="report rule trap.honeypot"),
    "x1247-identification": expect("mno-border", spoof__mo="reject rule spoof.mo", spoof__roaming="pass none",
                                   spoof__mt__domestic="reject rule spoof.mt", spoof__mt__foreign="pass none"),
    "x1247-sender-names": expect("a2p-hub", sender__own="pass none", sender__other="reject rule sender.globex",
                                 sender__alike="reject rule sender.alike",
                                 sender__alike__case="reject rule sender.alike"),
    "x1247-access": expect("a2p-hub", sender__stolen="reject rule access.acme"),
    "x1247-consent": consent,
    # X Suppl. 12
    "xsup12-content": expect("mno-border", lure__disguised="reject score bank.locked",
                             lure__mum="reject score impostor.number"),
    "xsup12-whole-messages": expect("mno-border", lure__split__1="pass none",
                                    lure__split__2="reject score bank.locked"),
    "xsup12-statistics": statistics,
    "xsup12-records": records,
    "xsup12-duplicates": expect("mno-border", copy__1="pass none", copy__5="pass none", copy__7="reject limit copies"),
    "xsup12-indications": expect("a2p-hub", link__bad__defanged="reject list bad-hosts",
                                 link__short="report rule link.shortener",
                                 link__short__own="pass none", lure__premium__plus="reject score number.premium"),
    "xsup12-dispersion": spread,
    "xsup12-total": total,
    "xsup12-answers": ratio,
    "xsup12-rate": expect("a2p-hub", flood__burst__01="pass none", flood__burst__20="pass none",
                          flood__burst__40="throttle limit account-second", flood__steady__30="pass none"),
    "xsup12-scan": expect("mno-border", scan__01="pass none", scan__25="reject limit gt-scan"),
    "xsup12-blocks": expect("a2p-hub", code__block__20="pass none", code__block__24="report limit number-block"),
    "xsup12-codes": expect("mno-border", code__bomb__05="pass none", code__bomb__12="reject limit code-rain",
                           code__single="pass none"),
    # X.1234, X.1237, TS 23.040
    "x1234-push": expect("mno-border", special__push="reject rule special.push", special__push__own="pass none"),
    "x1237-personal-data": privacy,
    "ts23040-special": expect("mno-border", special__silent="reject rule special.silent",
                              special__silent__centre="pass no_content", special__sim__abroad="reject rule special.sim",
                              special__sim__centre="pass none", special__flash="report rule special.flash"),
    "iot-peers": expect("iot", iot__reading="pass content_off", iot__stranger="reject rule peer.from",
                        iot__spam="reject rule peer.to", iot__probe="reject rule peer.to.sim",
                        iot__command__centre="pass content_off", iot__busy__8="reject limit machine-minute"),
}


# ---- the document ----

def rows():
    """(policies and settings, tests) of each row of the document's tables that names a test."""
    with open(DOCUMENT, encoding="utf-8") as f:
        for text in f:
            tests = re.findall(r"`standards/([a-z0-9-]+)`", text)
            if text.startswith("|") and tests:
                yield text, tests


def document(_lab):
    named = [test for _, tests in rows() for test in tests]
    assert sorted(named) == sorted(CASES), \
        f"only in the document: {sorted(set(named) - set(CASES))}, only here: {sorted(set(CASES) - set(named))}, " \
        f"twice: {sorted(x for x in set(named) if named.count(x) > 1)}"
    for text, tests in rows():
        for policy, settings in re.findall(r"\b(" + "|".join(policies.NAMES) + r"): ((?:`[^`]+`(?:, )?)+)", text):
            where = "".join(open(os.path.join(policies.folder(policy), name), encoding="utf-8").read()
                            for name in sorted(os.listdir(policies.folder(policy))) if name.endswith((".conf", ".pat")))
            with open(os.path.join(ROOT, "patterns/sets/special.conf"), encoding="utf-8") as f:
                where += f.read() if "special.conf" in where else ""
            for setting in re.findall(r"`([^`]+)`", settings):
                found = f'"{setting}"' in where or f"\n{setting}:/" in where or setting in where
                assert found, f"{tests[0]}: {policy} has no {setting}"


def tests():
    return [("standards/document", document)] + [("standards/" + name, test) for name, test in CASES.items()]
