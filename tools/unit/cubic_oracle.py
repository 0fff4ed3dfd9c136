#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Windows that RFC 9438 gives for known sequences of acks and losses.

Prints net/rdm/cong_cubic_trace.h. Written from the RFC, in segments and seconds
and decimal numbers of 40 digits, so that it has nothing in common with the
integers of cong_cubic.c. Run it again when a trace is added:

    tools/unit/cubic_oracle.py > net/rdm/cong_cubic_trace.h

--check compares that file with what would be printed (exit status 1: it differs).
"""
import argparse
import decimal
import os
import sys
from decimal import Decimal as D

decimal.getcontext().prec = 40

C = D("0.4")
BETA = D("0.7")
ALPHA = 3 * (1 - BETA) / (1 + BETA)

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = os.path.join(HERE, "..", "..", "net", "rdm", "cong_cubic_trace.h")


def cbrt(x):
    return x ** (D(1) / D(3)) if x else D(0)


class Cubic:
    """Congestion avoidance; slow start is not in the traces."""

    def __init__(self, cwnd, rtt):
        self.cwnd = D(cwnd)
        self.rtt = rtt
        self.w_max = D(0)
        self.epoch = None

    def loss(self):
        # section 4.7, then section 4.6
        if self.cwnd < self.w_max:
            self.w_max = self.cwnd * (1 + BETA) / 2
        else:
            self.w_max = self.cwnd
        self.prior = self.cwnd
        self.cwnd *= BETA
        self.epoch = None

    def w_cubic(self, t):
        return C * (t - self.k) ** 3 + self.w_max

    def ack(self, now):
        if self.epoch is None:
            self.epoch = now
            self.k = cbrt((self.w_max - self.cwnd) / C)
            self.w_est = self.cwnd
        t = now - self.epoch
        alpha = ALPHA if self.w_est < self.prior else D(1)
        self.w_est += alpha / self.cwnd
        if self.w_cubic(t) < self.w_est:
            self.cwnd = max(self.cwnd, self.w_est)
            return
        target = self.w_cubic(t + self.rtt)
        target = min(max(target, self.cwnd), self.cwnd * D("1.5"))
        self.cwnd += (target - self.cwnd) / self.cwnd


def run(mss, rtt_ms, packets, steps):
    """Each step is a loss, or how many round trips pass, all of a window acked in each."""
    rtt = D(rtt_ms) / 1000
    c = Cubic(packets, rtt)
    now = D(0)
    out = []
    for step in steps:
        if step == "loss":
            c.loss()
            now += rtt      # of recovery: no ack counts
        else:
            for _ in range(step):
                n = int(c.cwnd)
                for j in range(1, n + 1):
                    c.ack(now + rtt * j / n)
                now += rtt
        out.append((0 if step == "loss" else step, int(c.cwnd * mss)))
    return out


# name, what it shows, packet size, round trip in ms, packets of window, steps
TRACES = [
    ("far", "K is 7.66 s: concave up to W_max, convex to 2 K; then losses above W_max and below it",
     1200, 100, 600, ["loss"] + [19] * 8 + ["loss", 20, "loss", 40, "loss"] + [20] * 5),
    ("near", "Reno is faster all the way, first with alpha, then with 1",
     1200, 10, 40, ["loss", 10, 10, 10, 20, 50, "loss", 20, 40, 100]),
    ("between", "Reno is faster at first, then the cubic function",
     8972, 40, 250, ["loss", 10, 20, 40, 40, 40, 40, 40, "loss", 50, 100]),
]


def header():
    lines = [
        "/* SPDX-License-Identifier: GPL-2.0 */",
        "/*",
        " * Windows that RFC 9438 gives, for cong_cubic_test.c. Made by",
        " * tools/unit/cubic_oracle.py in decimal numbers; not to be edited.",
        " */",
        "#ifndef _RDM_CONG_CUBIC_TRACE_H",
        "#define _RDM_CONG_CUBIC_TRACE_H",
        "",
        "#include <linux/types.h>",
        "",
        "/* What happens, and the window after it: @rounds round trips, or a loss if 0. */",
        "struct cubic_step {",
        "\tunsigned int rounds;",
        "\tu64 cwnd;",
        "};",
    ]
    for name, says, mss, rtt, packets, steps in TRACES:
        lines += [
            "",
            f"/* {says}. */",
            f"#define CUBIC_{name.upper()}_MSS\t{mss}",
            f"#define CUBIC_{name.upper()}_RTT_MS\t{rtt}",
            f"#define CUBIC_{name.upper()}_PACKETS\t{packets}",
            f"static const struct cubic_step cubic_{name}[] = {{",
        ]
        lines += [f"\t{{ {r}, {w} }}," for r, w in run(mss, rtt, packets, steps)]
        lines += ["};"]
    lines += ["", "#endif /* _RDM_CONG_CUBIC_TRACE_H */"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true",
                        help="compare with net/rdm/cong_cubic_trace.h, print nothing")
    args = parser.parse_args()
    text = header()
    if not args.check:
        sys.stdout.write(text)
        return 0
    with open(HEADER, encoding="utf-8") as f:
        if f.read() == text:
            return 0
    print("net/rdm/cong_cubic_trace.h is not what tools/unit/cubic_oracle.py prints: "
          "write it anew with tools/unit/cubic_oracle.py > net/rdm/cong_cubic_trace.h",
          file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
