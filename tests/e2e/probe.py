# SPDX-License-Identifier: BSD-3-Clause
"""probe: smswallctl probe smsc against real SMSC libraries and against ones that react in a named way."""
import json
import os
import subprocess

from lab import CTL, PEERS, PORT, SMSC, check, check_equal, wait_for
from live import need_node, need_perl, start_smsc, write_job

OWN = ["--destination", "447700900001", "--source", "Brand"]


def probe(lab, *words, code=0, wait="1"):
    """In the SMSC's own namespace: the document, and what was said."""
    path = lab.path("password")
    if not os.path.exists(path):
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write("secret\n")
    done = subprocess.run(["ip", "netns", "exec", lab.netns(SMSC), CTL, "probe", "smsc", f"127.0.0.1:{PORT}",
                           "--system-id", "tester", "--password-file", path, "--wait", wait, "--json", *words],
                          capture_output=True, text=True, timeout=120, check=False)
    check_equal(done.returncode, code, f"exit code ({done.stderr.strip()})")
    check("SENDS MESSAGES" in done.stderr or code == 2, "no warning")
    return json.loads(done.stdout), done.stderr


def outcomes(document, command, style="self_reject"):
    return [r["outcome"] for r in document["results"] if r["command"] == command and r["style"] == style
            and not r["large"]]


def start_refuser(lab, rules, **more):
    log = lab.path(lab.unique("refuser") + ".log")
    job = write_job(lab, "refuser", {"host": "127.0.0.1", "port": PORT, "log": log, "rules": rules, **more})
    peer = lab.start(SMSC, "refuser", "python3", os.path.join(PEERS, "refuser.py"), job)
    wait_for("the refuser", 10, lambda: "listening" in peer.out() or not peer.running())
    return peer, log


def messages_of(log):
    with open(log, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def case_refuses(lab):
    """RESTCOMM, smpp.twisted: an empty destination or an illegal flag is refused, right type and number."""
    peer, log = start_refuser(lab, [["dest", "status:11"], ["priority", "long:6"], ["esm", "status:67"],
                                    ["any", "accept"]])
    document, said = probe(lab, *OWN)
    check_equal(set(outcomes(document, "submit_sm") + outcomes(document, "data_sm") +
                    outcomes(document, "submit_multi")), {"refused"}, "poisoned")
    check_equal(outcomes(document, "submit_sm", "blank"), ["accepted"], "blank")
    check('poison = [ "dest", "priority" ];' in document["configuration"] and
          'on_accept = "pass"' in document["configuration"], document["configuration"])
    check_equal(document["binds"], 1, "binds")
    check("DELIVERED" in said, "no warning of what may be delivered")
    check(all(m["text"].strip() == "" for m in messages_of(log)), "a text was sent")
    check_equal([m["payload"] for m in messages_of(log) if m["command"] == "submit_sm"][-1], True, "the long one")
    check(peer.running(), peer.tail())
    peer.kill()


def case_no_recipient(lab):
    """Without --destination nothing is sent that could reach anybody."""
    peer, log = start_refuser(lab, [["any", "accept"]])
    document, _ = probe(lab)
    check_equal({m["dest"] for m in messages_of(log)}, {""}, "recipients")
    check_equal({r["style"] for r in document["results"]}, {"self_reject"}, "styles")
    check('on_accept = "force"' in document["configuration"], document["configuration"])
    peer.kill()


def case_closes(lab):
    """One that closes on an illegal flag (gosmpp, ulibsmpp): bound to again each time, and another poison advised."""
    peer, _ = start_refuser(lab, [["priority", "close"], ["esm", "last:67"], ["dest", "status:11"], ["any", "accept"]])
    document, _ = probe(lab, *OWN)
    check_equal(outcomes(document, "submit_sm"), ["closed", "refused", "closed", "closed", "closed", "closed", "closed"],
                "submit_sm")
    # data_sm has no priority: its recipe has a reserved esm_class in each, so it is closed on each
    check_equal(set(outcomes(document, "data_sm")), {"closed"}, "data_sm")
    check('style = "blank"' in document["configuration"], document["configuration"])
    check(document["binds"] > 5, "it was not bound to again")
    peer.kill()


def case_closes_always(lab):
    peer, _ = start_refuser(lab, [["any", "close"]])
    document, said = probe(lab, *OWN, code=1)
    check_equal((document["usable"], document["configuration"]), (False, 'mode = "monitor";\n'), "advice")
    check("no refusal is answered well" in said, said)
    peer.kill()


def case_mute(lab):
    """Mute to data_sm (an application that has no handler), and a generic_nack to submit_multi: not spoken here."""
    peer, _ = start_refuser(lab, [["data_sm", "mute"], ["submit_multi", "nack:3"], ["dest", "status:11"],
                                  ["any", "accept"]])
    document, _ = probe(lab, *OWN)
    check_equal(set(outcomes(document, "data_sm") + outcomes(document, "data_sm", "blank")), {"mute"}, "data_sm")
    check_equal(set(outcomes(document, "submit_multi")), {"unsupported"}, "submit_multi")
    check('poison = [ "dest", "priority" ];' in document["configuration"], document["configuration"])
    peer.kill()


def case_wrong(lab):
    """The number 0 in an answer (smpp.twisted's generic_nack), or a generic_nack: an ESME would not know whose it is."""
    peer, _ = start_refuser(lab, [["priority", "sequence0:6"], ["dest", "nack:11"], ["any", "accept"]])
    document, _ = probe(lab, *OWN)
    check_equal(outcomes(document, "submit_sm")[:2], ["wrong answer", "wrong answer"], "submit_sm")
    check_equal(outcomes(document, "submit_sm")[-1], "accepted", "esm_class only")
    check('poison = [ "esm_class" ];' in document["configuration"] and 'on_accept = "force"'
          in document["configuration"], document["configuration"])
    peer.kill()


def case_bind(lab):
    """Exit codes: the bind refused 5, nobody there 1, too slow 7, words missing 2."""
    peer, _ = start_refuser(lab, [["any", "accept"]], bind_status=0x0E)
    document, said = probe(lab, code=5)
    check("RINVPASWD" in said and document["results"] == [], said)
    peer.kill()
    _, said = probe(lab, code=1)
    check("refused" in said, said)
    peer, _ = start_refuser(lab, [["any", "mute"]])
    probe(lab, "--timeout", "2", *OWN, code=7)
    peer.kill()
    done = subprocess.run([CTL, "probe", "smsc", "nowhere", "--system-id", "x"], capture_output=True, text=True,
                          timeout=10, check=False)
    check_equal(done.returncode, 2, "exit code without a port")


def case_node(lab):
    need_node()
    for persona, outcome, force in (("strict", "refused", "pass"), ("accept", "accepted", "force")):
        smsc, _ = start_smsc(lab, persona=persona)
        document, _ = probe(lab, *OWN)
        check_equal(outcomes(document, "submit_sm")[0], outcome, f"{persona}: dest, priority")
        check_equal(outcomes(document, "submit_sm", "blank"), ["accepted"], f"{persona}: blank")
        check(document["usable"] and f'on_accept = "{force}"' in document["configuration"], document["configuration"])
        smsc.kill()


def case_perl(lab):
    need_perl()
    smsc, _ = start_smsc(lab, program="smsc.pl")
    document, _ = probe(lab, *OWN)
    check_equal(outcomes(document, "submit_sm")[:2], ["refused", "refused"], "an empty destination")
    check(document["usable"] and '"dest"' in document["configuration"], document["configuration"])
    smsc.kill()


PROBE = [
    ("probe-refuses", case_refuses),
    ("probe-no-recipient", case_no_recipient),
    ("probe-closes", case_closes),
    ("probe-closes-always", case_closes_always),
    ("probe-mute", case_mute),
    ("probe-wrong-answer", case_wrong),
    ("probe-bind", case_bind),
    ("probe-node", case_node),
    ("probe-perl", case_perl),
]
