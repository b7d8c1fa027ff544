# SPDX-License-Identifier: BSD-3-Clause
"""
tactics: ways to have a receiver read what a filter has not judged.

After Ptacek and Newsham, "Insertion, Evasion, and Denial of Service" (1998), Novak and Sturges, "Target-Based TCP Stream
Reassembly" (2007), and RFC 5961, 6093, 7323. Each is a generator over a raw.Connection; two copies of one PDU are at
hand, of the same length: c.clean, and c.spam whose text says the phrase in every 16 octets. Whatever a tactic sends, in the end
the spam copy is sent for all that was not acknowledged.
"""
from raw import ACK, FIN, MOD, PSH, RST, SYN, URG

TEXT = 128
# Novak: the thirteen relations of two stretches (Allen 1983), counted from the text's begin
RELATIONS = {
    "before": ((32, 48), (80, 96)), "after": ((80, 96), (32, 48)),
    "meets": ((32, 64), (64, 96)), "met-by": ((64, 96), (32, 64)),
    "overlaps": ((32, 72), (56, 96)), "overlapped-by": ((56, 96), (32, 72)),
    "starts": ((32, 64), (32, 96)), "started-by": ((32, 96), (32, 64)),
    "finishes": ((64, 96), (32, 96)), "finished-by": ((32, 96), (64, 96)),
    "during": ((48, 80), (32, 96)), "contains": ((32, 96), (48, 80)),
    "equal": ((32, 96), (32, 96)),
}


def overlap(relation, first_is_spam, behind_gap):
    """Two stretches, of one copy each; the rest is clean. behind_gap: they arrive before what stands in front of them."""
    one, other = RELATIONS[relation]

    def tactic(c):
        yield from c.open()
        copies = (c.spam, c.clean) if first_is_spam else (c.clean, c.spam)
        if not behind_gap:
            c.part(c.clean, 0, c.text_at + 32)
            yield 0.01
        c.text(copies[0], *one)
        yield 0.01
        c.text(copies[1], *other)
        yield 0.01
        if behind_gap:
            c.part(c.clean, 0, c.text_at + 32)
            yield 0.01
        c.text(c.clean, 48, 80)  # what `before` leaves open
        c.text(c.clean, 96, TEXT)
        yield from c.complete()
    return tactic


def both_copies(first, second, first_more=None, second_more=None, pause=0.03):
    """The whole PDU twice, in one way and in another."""
    def tactic(c):
        yield from c.open()
        copies = {"clean": c.clean, "spam": c.spam}
        c.part(copies[first], 0, c.pdu_len, **(first_more(c) if first_more else {}))
        yield pause
        c.part(copies[second], 0, c.pdu_len, **(second_more(c) if second_more else {}))
        yield from c.complete()
    return tactic


def drop_first(**more):
    """A clean copy that the receiver throws away, then the other one."""
    return both_copies("clean", "spam", lambda c: more)


def octet_by_octet(order):
    def tactic(c):
        yield from c.open()
        for at in order(list(range(c.pdu_len)), c.rng):
            c.part(c.spam, at, at + 1)
            yield 0.0005
        yield from c.complete()
    return tactic


def interleaved(c):
    """Single octets behind a gap: even ones of one copy, odd ones of the other, then both the other way round."""
    yield from c.open()
    for shift in (0, 1):
        for at in range(c.text_at, c.pdu_len):
            c.part(c.spam if (at + shift) % 2 else c.clean, at, at + 1)
            yield 0.0002
    c.part(c.clean, 0, c.text_at)
    yield from c.complete()


def urgent_octet(c):
    """A receiver takes the urgent octet out of the stream (RFC 6093 3.1): what stays says the phrase."""
    yield from c.open()
    trick = c.spam[:c.text_at] + b"lotteXry jackpot" * 8 + c.last
    c.final = trick
    for k in range(8):
        at = c.text_at + 16 * k
        begin = 0 if k == 0 else at
        c.part(trick, begin, at + 16, flags=ACK | PSH | URG, urgent=at - begin + 6)
        yield 0.005
    yield from c.complete()


def urgent_length(c):
    """The same in command_length: framing would be lost."""
    yield from c.open()
    c.part(c.spam, 0, c.pdu_len, flags=ACK | PSH | URG, urgent=2)
    yield from c.complete()


def after_acknowledgement(c):
    """Other content for what the receiver has acknowledged, alone and with new octets behind."""
    yield from c.open()
    c.part(c.clean, 0, c.pdu_len)
    yield from c.wait(lambda: c.una >= c.base + c.pdu_len, 2)
    c.part(c.spam, 0, c.pdu_len)
    yield 0.03
    c.part(c.spam, c.text_at, len(c.spam))
    yield from c.complete()


def beyond_window(content):
    def tactic(c):
        yield from c.open()
        copy = getattr(c, content)
        c.send(c.base + (1 << 24), copy[:c.pdu_len])
        c.send(c.base + (1 << 30), copy[:c.pdu_len])
        yield 0.02
        yield from c.complete()
    return tactic


def released_then_other(c):
    """Half a PDU that leaves after the hold time; then the same half with other text, and the rest."""
    yield from c.open()
    c.part(c.clean, 0, c.text_at + 64)
    yield 0.4
    c.part(c.spam, 0, c.pdu_len)
    yield from c.complete()


def held_then_other(c):
    """Half a PDU, and while it is held the same half with other text."""
    yield from c.open()
    c.part(c.clean, 0, c.text_at + 64)
    yield 0.005
    c.part(c.spam, 0, c.text_at + 64)
    yield 0.005
    c.text(c.spam, 64, TEXT)
    yield from c.complete()


def header_in_pieces(c):
    yield from c.open()
    for begin, end in ((0, 1), (1, 3), (3, 5), (5, 9), (9, 15), (15, 17), (17, c.text_at)):
        c.part(c.spam, begin, end)
        yield 0.004
    yield from c.complete()


def other_boundaries(c):
    """Refused in one piece, sent again in others."""
    yield from c.open()
    c.part(c.spam, 0, c.pdu_len)
    for begin, end in ((0, 20), (15, c.text_at + 5), (c.text_at, c.text_at + 50), (c.text_at + 31, c.pdu_len + 10)):
        c.part(c.spam, begin, end)
    yield 0.02
    for at in range(0, c.pdu_len, 7):
        c.part(c.spam, at, min(at + 13, len(c.spam)))
    yield from c.complete()


def several_in_one(c):
    yield from c.open()
    c.final = c.clean[:c.pdu_len] + c.spam[:c.pdu_len] + c.clean[:c.pdu_len] + c.last
    c.part(c.final, 0, len(c.final))
    yield 0.02
    c.part(c.final, c.pdu_len - 9, 2 * c.pdu_len + 9)
    yield from c.complete()


def keepalive_garbage(c):
    """One octet below the acknowledged ones (RFC 9293 3.8.4), which is not that octet."""
    yield from c.open()
    for _ in range(3):
        c.send(c.base - 1, b"\xff")
        yield 0.01
    c.part(c.clean, 0, c.text_at + 32)
    yield 0.02
    c.part(c.spam, c.text_at + 31, c.text_at + 32)
    yield from c.complete()


def syn_with_data(c):
    """A bind and the spam in the SYN, which is not taken without Fast Open (RFC 7413): they come once more behind it."""
    yield from c.open(c.bind + c.spam[:c.pdu_len])
    yield from c.complete()


def two_syns(c):
    """Two sequence numbers to begin with; the receiver keeps the first one."""
    c.send(-1, flags=SYN, ack=0)
    c.send(0, flags=SYN, ack=0, seq=c.isn + 500000)
    yield from c.open()
    yield from c.complete()


def syn_midstream(distance):
    def tactic(c):
        yield from c.open()
        c.send(0, flags=SYN, ack=0, seq=c.isn + distance)
        yield 0.02
        c.send(0, c.clean[:c.pdu_len], seq=c.isn + distance + 1)
        yield 0.02
        c.part(c.spam, 0, c.pdu_len)
        yield from c.complete()
    return tactic


def reset(distance, **more):
    """A RST that the receiver does not believe (RFC 5961 3.2), then the spam."""
    def tactic(c):
        yield from c.open()
        c.send(c.base + distance, flags=RST | ACK, **more)
        yield 0.03
        c.part(c.spam, 0, c.pdu_len)
        yield from c.complete()
    return tactic


def end_elsewhere(distance, **more):
    """A FIN where no octet has been yet, or none can be."""
    def tactic(c):
        yield from c.open()
        c.send(c.base + distance, flags=FIN | ACK, **more)
        yield 0.03
        c.part(c.spam, 0, c.pdu_len)
        yield from c.complete()
    return tactic


def end_with_text(c):
    """The phrase in the segment that has the FIN, in two halves."""
    yield from c.open()
    c.lives = False
    c.part(c.spam, 0, c.text_at + 20)
    yield 0.005
    for _ in range(4):
        c.part(c.spam, c.text_at + 20, c.pdu_len, flags=FIN | ACK | PSH)
        yield 0.1


def text_behind_end(c):
    yield from c.open()
    c.lives = False
    c.part(c.clean, 0, c.pdu_len, flags=FIN | ACK | PSH)
    yield 0.03
    c.send(c.base + c.pdu_len + 1, c.spam[:c.pdu_len])
    c.part(c.spam, 0, c.pdu_len)
    yield 0.1


def reset_with_held(c):
    """Half of the spam, RST, and the other half."""
    yield from c.open()
    c.lives = False
    c.part(c.spam, 0, c.text_at + 60)
    c.send(c.base, flags=RST | ACK)
    c.send(c.base + c.text_at + 60, flags=RST | ACK)
    yield 0.02
    c.part(c.spam, 0, c.pdu_len)
    yield 0.1


def port_again(c):
    """The same addresses and ports, once more, with another sequence number."""
    yield from c.open()
    c.part(c.clean, 0, c.pdu_len)
    yield from c.wait(lambda: c.una >= c.base + c.pdu_len, 2)
    for _ in range(2):
        c.send(c.una, flags=RST | ACK)
    yield 0.2
    c.isn, c.rcv_nxt, c.una, c.answers, c.reset = (c.isn + 999331) % MOD, None, 0, b"", False
    yield from c.open()
    c.part(c.spam, 0, c.pdu_len)
    yield from c.complete()


def simultaneous_open(c):
    """Both ends begin (RFC 9293 3.5): the far application calls us, and our SYN meets its own."""
    yield from c.wait(lambda: c.rcv_nxt is not None, 8)
    yield from c.wait(lambda: c.una >= 0 and c.established, 0.3, again=lambda: c.send(-1, flags=SYN, ack=0))
    c.send(-1, flags=SYN | ACK)
    yield 0.05
    c.send(0, flags=ACK)
    yield from c.wait(lambda: len(c.answers) >= 21, 4, again=lambda: c.send(0, c.bind))
    c.established = bool(c.answers)
    yield from c.complete()


def fragments(size, other=False):
    def tactic(c):
        yield from c.open()
        spam = c.segment(c.base, c.spam[:c.pdu_len])
        clean = c.segment(c.base, c.clean[:c.pdu_len])
        c.wire.send(c.family, clean if other else spam, frag=size, overlap=spam if other else None)
        yield 0.05
        yield from c.complete()
    return tactic


def trailing(c):
    """Octets behind the end of the IP packet, and a packet that ends within its frame: they are of no segment."""
    yield from c.open()
    c.part(c.clean, 0, c.text_at, ip={"trailer": c.spam[c.text_at:c.pdu_len]})
    yield 0.01
    yield from c.complete()


def header_beyond_segment(c):
    """A TCP header of 60 octets in a segment of fewer."""
    yield from c.open()
    for begin in range(0, c.pdu_len, 20):
        c.part(c.clean, begin, begin + 20, offset=15)
    yield 0.02
    c.part(c.spam, 0, c.pdu_len)
    yield from c.complete()


def hop_by_hop(c):
    """RFC 8200 4.3, with padding only."""
    yield from c.open()
    c.part(c.spam, 0, c.pdu_len, ip={"options": b"\0\x01\x04\0\0\0\0"})
    yield from c.complete()


def ip_options(c):
    """Three NOPs and an end of options (RFC 791 3.1)."""
    yield from c.open()
    c.part(c.spam, 0, c.pdu_len, ip={"options": b"\x01\x01\x01\0"})
    yield from c.complete()


SINGLE = {
    "plain-spam": both_copies("spam", "spam"),
    "spam-then-clean": both_copies("spam", "clean"),
    "clean-then-spam": both_copies("clean", "spam", pause=0.0),
    "octets-in-order": octet_by_octet(lambda at, rng: at),
    "octets-backwards": octet_by_octet(lambda at, rng: at[::-1]),
    "octets-shuffled": octet_by_octet(lambda at, rng: rng.sample(at, len(at))),
    "octets-interleaved": interleaved,
    "urgent-octet-in-text": urgent_octet,
    "urgent-octet-in-length": urgent_length,
    "after-acknowledgement": after_acknowledgement,
    "beyond-window-clean": beyond_window("clean"),
    "beyond-window-spam": beyond_window("spam"),
    "released-then-other": released_then_other,
    "held-then-other": held_then_other,
    "header-in-pieces": header_in_pieces,
    "other-boundaries": other_boundaries,
    "several-in-one": several_in_one,
    "keepalive-garbage": keepalive_garbage,
    "syn-with-data": syn_with_data,
    "two-syns": two_syns,
    "syn-midstream-near": syn_midstream(2000),
    "syn-midstream-far": syn_midstream(1 << 28),
    "rst-beyond-window": reset(1 << 24),
    "rst-below-window": reset(-100000),
    "rst-inside-window": reset(100),
    "rst-wrong-checksum": reset(0, wrong_sum=1),
    "fin-beyond-window": end_elsewhere(1 << 24),
    "fin-below-window": end_elsewhere(-100000),
    "fin-wrong-checksum": end_elsewhere(0, wrong_sum=1),
    "fin-with-text": end_with_text,
    "text-behind-fin": text_behind_end,
    "rst-with-held": reset_with_held,
    "port-again": port_again,
    "simultaneous-open": simultaneous_open,
    "wrong-checksum": drop_first(wrong_sum=1),
    "wrong-checksum-of-spam": both_copies("spam", "clean", lambda c: {"wrong_sum": 1}),
    "wrong-ip-checksum": drop_first(ip={"ip_sum": 0x1234}),
    "ttl-1": drop_first(ip={"ttl": 1}),
    "old-timestamp": drop_first(stamp=-5000000),
    "no-timestamp": drop_first(stamps=False),
    "no-ack": drop_first(flags=PSH),
    "no-flags": drop_first(flags=0),
    "with-syn": drop_first(flags=SYN | ACK | PSH),
    "ack-of-the-future": both_copies("clean", "spam", lambda c: {"ack": (c.rcv_nxt or 0) + 100000}),
    "ack-of-the-past": both_copies("clean", "spam", lambda c: {"ack": (c.rcv_nxt or 0) - (1 << 30)}),
    "data-offset-too-large": header_beyond_segment,
    "data-offset-too-small": drop_first(offset=4),
    "ip-length-too-short": drop_first(ip={"short": 100}),
    "ece-cwr": both_copies("clean", "spam", lambda c: {"flags": ACK | 0xC0}),
    "window-0-announced": both_copies("spam", "clean", lambda c: {"window": 0}),
    "behind-frame-end": trailing,
    "ip-options": ip_options,
    "fragments-8": fragments(8),
    "fragments-24": fragments(24),
    "fragments-overlap": fragments(64, other=True),
}
SINGLE_IPV6 = {
    "ipv6-plain-spam": both_copies("spam", "spam"),
    "ipv6-clean-then-spam": both_copies("clean", "spam"),
    "ipv6-old-timestamp": drop_first(stamp=-5000000),
    "ipv6-wrong-checksum": drop_first(wrong_sum=1),
    "ipv6-hop-by-hop": hop_by_hop,
    "ipv6-fragments-8": fragments(8),
    "ipv6-fragments-64": fragments(64),
    "ipv6-fragments-overlap": fragments(64, other=True),
    "ipv6-octets-shuffled": octet_by_octet(lambda at, rng: rng.sample(at, len(at))),
}
WRAP = {"isn": MOD - 120}  # sequence numbers pass zero inside of the text


def all_tactics():
    """(name, more of the connection, tactic)."""
    tactics = []
    for relation in RELATIONS:
        for spam_first in (True, False):
            for gap in (True, False):
                name = f"{relation}-{'spam' if spam_first else 'clean'}-first-{'behind-gap' if gap else 'in-order'}"
                tactics.append((name, {}, overlap(relation, spam_first, gap)))
    for relation in ("equal", "overlaps", "contains"):
        for spam_first in (True, False):
            tactics.append((f"wrap-{relation}-{'spam' if spam_first else 'clean'}-first", WRAP,
                            overlap(relation, spam_first, True)))
    tactics += [(name, {}, tactic) for name, tactic in SINGLE.items()]
    tactics += [(name, {"family": 6}, tactic) for name, tactic in SINGLE_IPV6.items()]
    tactics += [("wrap-octets-backwards", WRAP, SINGLE["octets-backwards"]),
                ("wrap-after-acknowledgement", WRAP, after_acknowledgement),
                ("no-stamps-clean-then-spam", {"stamps": False}, both_copies("clean", "spam")),
                ("no-stamps-octets-shuffled", {"stamps": False}, SINGLE["octets-shuffled"])]
    return tactics
