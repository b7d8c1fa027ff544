# SPDX-License-Identifier: BSD-3-Clause
"""sigtran_long: what `scripts/live sigtran` runs: the cases of sigtran.py, sigtran_lines.py and sigtran_uml.py, many times."""
import sigtran
import sigtran_lines
import sigtran_uml
from lab import Skip, check_equal

PER_SESSION = 1000
KILLS_A_SESSION = 5


def run_clean(lab, count, say):
    """All shapes, whole and segmented, in DATA chunks of all sizes, both ways at once."""
    daemon = sigtran.start_daemon(lab)
    done = refused = 0
    for i in range(max(1, count // PER_SESSION)):
        messages = sigtran.make_messages(PER_SESSION * 3 // 4, lab.next_seed())
        back = sigtran.make_messages(PER_SESSION // 4, lab.next_seed())
        for x in back:
            x["to_gt"] = sigtran.MSC_GT
        options = ((), ("--nodelay",), ("--maxseg", "48"), sigtran.FRAGMENTS, ("--maxseg", "300"))[i % 5]
        before = daemon.counter("releases")
        sigtran.sigtran_session(lab, messages, back=back, streams=15, window=(20, 5, 60, 1)[i % 4], options=options)
        check_equal(daemon.counter("releases"), before, "fragments that had to leave early")
        done += PER_SESSION
        refused += sum(x["refused"] for x in messages + back)
    check_equal(daemon.counter("messages"), done, "messages judged")
    check_equal(daemon.counter("answers_rewritten"), refused, "answers rewritten")
    check_equal([d["balanced"] for d in daemon.ctl("status")["ledger"]], [True, True], "ledger")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    say(f"  good lines: {done} messages of all shapes, {refused} refused, each answered with the configured error")


def run_styles(lab, count, say):
    for name in sigtran.STYLES:
        sigtran.run_style(lab, name, count)
        say(f"  {name}: {count} messages")
    sigtran.case_redact(lab)


def run_spoilt(count, say):
    total = unjudged = releases = 0
    with sigtran_lines.Lines() as lines:
        daemon = lines.start_daemon()
        for i in range(count):
            n, past, more = sigtran_lines.run_spoilt(lines, daemon, 400, i + 1, sigtran.FRAGMENTS if i % 2 else ())
            total, unjudged, releases = total + n, unjudged + past, releases + more
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    say(f"  loss 2 %, reordering 1 %, duplication 1 % on both sides: {total} messages, half of them in fragments; {releases} "
        f"releases while fragments were missing, {unjudged} refused messages answered or seen otherwise for that")


def run_all(lab, count, say):
    """count: messages over good lines; the rest in proportion."""
    sigtran.need_peer()
    part = max(1, count // 2000)
    run_clean(lab, count, say)
    run_styles(lab, 40 * part, say)
    run_spoilt(2 * part, say)
    for i in range(part):
        sigtran_lines.run_paths(300, 10 + i, say)
    for _ in range(part):
        sigtran_lines.run_kills(lab, KILLS_A_SESSION, say)
    try:
        sigtran_uml.run_uml(200 * part, say=say)
    except Skip as why:
        say(f"  kernel SCTP and osmo-stp: skipped: {why}")
    say("  jSS7: skipped: it is in no package of Debian")
