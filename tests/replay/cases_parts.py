# SPDX-License-Identifier: BSD-3-Clause
"""A phrase cut at every point over 2 to 4 parts, in every order of arrival: refused; its benign twin passes."""
import itertools

import capture
import texts
import traffic

PHRASE, TWIN = "win $50", "win $51"
POLICY = "phrase:/win \\$50/\n"
HEAD, TAIL, EXTRA = "Hello, ", " for all.", "Kind regards"
CODINGS = (0, 1, 8)
ABREAST = 7         # messages whose parts come by turns
PDUS_A_FRAME = 12


class Long:
    """A long message: its parts in the order of arrival, and what is to be said of each."""

    def __init__(self, phrase, cuts, order, extra, coding):
        self.coding = coding
        edges = (0, *cuts, len(phrase))
        pieces = [phrase[a:b] for a, b in zip(edges, edges[1:])]
        pieces[0], pieces[-1] = HEAD + pieces[0], pieces[-1] + TAIL
        needed = set(range(1, len(pieces) + 1))
        pieces += [EXTRA] * extra
        self.pieces, self.expected, came, condemned = pieces, [], set(), False
        self.order = [*order, order[0]]  # at last the first one once more
        for number in self.order:
            came.add(number)
            if phrase != PHRASE or not needed <= came:
                self.expected.append("none")
            else:
                self.expected.append("sibling" if condemned else "rule")
                condemned = True


def messages():
    """Every cut of the phrase over 2 to 4 parts in every order; over 2 and 3 also with a part without it."""
    for n, extra in ((2, 0), (2, 1), (3, 0), (3, 1), (4, 0)):
        for cuts in itertools.combinations(range(1, len(PHRASE)), n - 1):
            for order in itertools.permutations(range(1, n + extra + 1)):
                yield cuts, order, extra


def pdus(how, coding):
    """[(octets of the PDU, Long, index of its part in order of arrival)] for one way of telling parts, in one coding."""
    longs = [Long(phrase, *m, coding) for m in messages() for phrase in (PHRASE, TWIN)]
    out, sequence = [], 1
    for at in range(0, len(longs), ABREAST):
        group = longs[at:at + ABREAST]
        for turn in range(max(len(x.order) for x in group)):
            for i, x in enumerate(group, at):
                if turn < len(x.order):
                    sequence += 1
                    number = x.order[turn]
                    octets = texts.encode(x.coding, x.pieces[number - 1])
                    out.append((traffic.message(
                        sequence, octets, dst=b"4477%08d" % i, data_coding=x.coding, how=how,
                        part=(i % 251, len(x.pieces), number)), x, turn))
    return out


def cut_everywhere(lab, how, coding):
    all_pdus = pdus(how, coding)
    c = traffic.Connection(step_ns=20_000).open()
    for at in range(0, len(all_pdus), PDUS_A_FRAME):
        some = range(at, min(at + PDUS_A_FRAME, len(all_pdus)))
        c.say(True, b"".join(all_pdus[i][0] for i in some))
        c.say(False, b"".join(traffic.pdu(0x80000004, i + 2, b"id\0") for i in some))
    path = lab.file(f"parts-{how}-{coding}.pcap", capture.encode(c.close().frames))
    run = lab.replay(path, "lab", lab.file("phrase.pat", POLICY)).must()
    events = run.messages
    assert len(events) == len(all_pdus), f"{len(events)} messages reported of {len(all_pdus)}"
    wrong = []
    for event, (_, x, turn) in zip(events, all_pdus):
        reason = x.expected[turn]
        verdict = "pass" if reason == "none" else "reject"
        if (event["verdict"], event["reason"], event["part"], event["parts"]) != \
                (verdict, reason, x.order[turn], len(x.pieces)):
            wrong.append(f"parts {x.pieces} in order {x.order}, coding {x.coding}: arrival {turn + 1} has "
                         f"{event['verdict']}, {event['reason']}, not {verdict}, {reason}")
        elif reason == "rule":
            passed = sorted(set(x.order[:turn]))
            if event.get("passed_parts", []) != passed:
                wrong.append(f"parts {x.pieces} in order {x.order}: passed {event.get('passed_parts')}, not {passed}")
    assert not wrong, f"{len(wrong)} of {len(events)} are wrong, such as {wrong[0]}"
    refused = sum(x.expected[turn] != "none" for _, x, turn in all_pdus)
    assert run.summary["verdicts"]["reject"] == refused and refused > 1000


def tests():
    for how in (traffic.UDH8, traffic.UDH16, traffic.SAR):
        for coding in CODINGS:
            yield f"parts/cut everywhere {how} data_coding {coding}", cut_everywhere, how, coding
