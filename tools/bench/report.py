#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes results.json and a table of what the machines of bench.sh said.

    report.py DIRECTORY [--goals FILE] [--no-charts]

The directory has raw.jsonl (a line of JSON for each measurement, from guest.sh) and
expected (the labels that must be there). Exits with 1 when a measurement is missing, or one
of rdm failed; what another protocol did not manage is told, and so is a goal that is missed.
"""

import argparse
import json
import os
import shutil
import sys

import charts

PROTOS = ["udp", "tcp", "sctp", "rds", "tipc", "tipc-rdm", "rdm-rdm", "rdm-seqpacket"]
# Ways to give a message to all of a group
WAYS = ["rdm-group", "rdm-rdm", "tcp", "tipc-group", "tipc-mcast"]
# What tells one row from another, but for its run
KEY = ("test", "size", "batch", "netem", "cong", "gso", "peers", "cpus", "members", "unstable",
       "proto")


def flatten(raw):
    """A row of results.json from a line of guest.sh."""
    row = {name: raw[name] for name in
           ("proto", "test", "size", "netem", "batch", "cong", "gso", "peers", "cpus", "run",
            "members", "unstable", "label")}
    for name in ("msgs_per_s", "mb_per_s", "us_per_msg", "p50_us", "p99_us", "max_us",
                 "lost_percent", "bytes", "share_percent", "cpu_us", "other_mb_per_s", "us_per_copy",
                 "extra_copies", "relayed", "suspect_us", "allowed_us", "of_allowed"):
        row[name] = None
    result = raw.get("result")
    if not result:
        row.update(ok=False, error=raw.get("error") or "no result")
        return row
    for name in ("bytes", "cpu_us", "us_per_copy", "extra_copies", "relayed", "suspect_us"):
        row[name] = result.get(name)
    row["share_percent"] = result.get("share")
    row["other_mb_per_s"] = result.get("other_mb_per_second")
    row["mb_per_s"] = result.get("mb_per_second")
    if "per_second" in result:
        row["msgs_per_s"] = result["per_second"]
        row["mb_per_s"] = result.get("mb_per_second", result["per_second"] * raw["size"] / 1e6)
        row["us_per_msg"] = 1e6 / result["per_second"] if result["per_second"] else None
    times = result.get("us") or result.get("latency_us")
    if times:
        row["p50_us"] = times["p50"]
        row["p99_us"] = times["p99"]
        row["max_us"] = times.get("max")
    if result.get("sent"):
        row["lost_percent"] = 100 * result["lost"] / result["sent"]
    row.update(ok=result["ok"], error=None if result["ok"] else "the protocol broke its promise")
    return row


def round_trip_us(netem):
    """How much netem adds to a round trip: each direction is delayed."""
    words = netem.split()
    if "delay" not in words:
        return 0
    return 2000 * float(words[words.index("delay") + 1].removesuffix("ms"))


def allow_recovery(rows):
    """What a recovery may take: noticing, three round trips, and sending what is missing.

    Sending is what as many unicasts take in the same run: each unstable message to all
    survivors but the one that has it.
    """
    for row in rows:
        if row["test"] != "group-recovery" or not row["ok"]:
            continue
        copies = [other for other in rows
                  if matches(other, {"test": "group-stream", "proto": "rdm-rdm", "netem": "",
                                     "size": row["size"], "members": row["members"]})]
        if copies and copies[0]["us_per_copy"]:
            row["allowed_us"] = (row["suspect_us"] + 3 * round_trip_us(row["netem"]) +
                                 row["unstable"] * (row["members"] - 2) * copies[0]["us_per_copy"])
            row["of_allowed"] = row["max_us"] / row["allowed_us"]


def load(directory):
    with open(os.path.join(directory, "raw.jsonl"), encoding="utf-8") as file:
        rows = [flatten(json.loads(line)) for line in file]
    allow_recovery(rows)
    with open(os.path.join(directory, "expected"), encoding="utf-8") as file:
        expected = file.read().splitlines()
    return rows, expected


def matches(row, where):
    """Has the row the values of @where? A list means any of them.

    Many peers, groups or two CPUs only if asked for.
    """
    return all(row.get(name) in (value if isinstance(value, list) else [value])
               for name, value in {"peers": 0, "run": 1, "cpus": 1, **where}.items())


def number(value):
    """Three or four significant digits, with commas between thousands."""
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def size_text(size):
    return "1 MiB" if size == 1 << 20 else f"{size:,} B"


def show(title, head, lines):
    """Prints a table: first column left, the others right."""
    widths = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
    print(f"\n{title}")
    for line in [head] + lines:
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  " + "  ".join(cells).rstrip())


def comparison(rows, title, where, cell):
    """A table with a line for each size and a column for each protocol."""
    mine = [row for row in rows if matches(row, where)]
    protos = [proto for proto in PROTOS if any(row["proto"] == proto for row in mine)]
    lines = []
    for size in sorted({row["size"] for row in mine}):
        line = [size_text(size)]
        for proto in protos:
            found = [row for row in mine if row["size"] == size and row["proto"] == proto]
            line.append(cell(found[0]) if found else "-")
        lines.append(line)
    if lines:
        show(title, [""] + protos, lines)


def rate(row):
    lost = f" ({row['lost_percent']:.0f} % lost)" if (row["lost_percent"] or 0) >= 0.5 else ""
    return number(row["msgs_per_s"]) + lost


NOTES = {
    "udp": "udp promises nothing: what is lost is said",
    "tipc": "tipc takes a shortcut between namespaces of one kernel: no figure of a network",
    "tipc-": "a broadcast of tipc's promises no agreement: who crashes may leave it with some",
    "rds": "rds goes over TCP",
}


def notes(rows):
    for name, text in NOTES.items():
        if any(row["proto"].startswith(name) for row in rows):
            print(f"  ({text})")


def tables(rows):
    comparison(rows, "Round trips, µs: p50 / p99", {"test": "rr", "netem": ""},
               lambda row: f"{number(row['p50_us'])} / {number(row['p99_us'])}")
    comparison(rows, "Streams, messages a second",
               {"test": "stream", "netem": "", "batch": 1}, rate)
    comparison(rows, "Streams, MB/s", {"test": "stream", "netem": "", "batch": 1},
               lambda row: number(row["mb_per_s"]))
    comparison(rows, "Streams with sendmmsg() and recvmmsg(), 32 a call, messages a second",
               {"test": "stream", "netem": "", "batch": 32}, rate)


def milliseconds(row):
    if row["p50_us"] is None:
        return "-"
    return f"{number(row['p50_us'] / 1e3)} / {number(row['p99_us'] / 1e3)}"


def lossy_tables(rows):
    for netem in sorted({row["netem"] for row in rows if not row["members"]} - {""}):
        print(f"\n== Network with {netem}, in each direction")
        comparison(rows, "Round trips, ms: p50 / p99", {"test": "rr", "netem": netem},
                   milliseconds)
        streams = [row for row in rows
                   if matches(row, {"test": "stream", "netem": netem, "size": 1200})]
        if streams:
            show("Streams of 1,200 B, and how old a message is when it arrives, in ms",
                 ["", "messages/s", "MB/s", "p50 / p99"],
                 [[f"{row['proto']} {row['cong']}" + ("" if row["gso"] else ", no GSO"),
                   number(row["msgs_per_s"]), number(row["mb_per_s"]), milliseconds(row)]
                  for row in streams])
        comparison(rows, "100 messages a second, and how old they arrive, in ms: p50 / p99",
                   {"test": "paced", "netem": netem}, milliseconds)
        comparison(rows, "Streams of large messages, MB/s",
                   {"test": "stream", "netem": netem, "size": [16000, 60000]},
                   lambda row: number(row["mb_per_s"]))


def peers_table(rows):
    columns = [("udp", "rr"), ("rdm-rdm", "rr"), ("rdm-seqpacket", "rr"),
               ("rdm-rdm", "stream"), ("rdm-rdm", "burst")]
    lines = []
    for peers in sorted({row["peers"] for row in rows if row["test"] not in ("idle", "alone")} - {0}):
        line = [f"{peers:,}"]
        for proto, test in columns:
            found = [row for row in rows
                     if matches(row, {"peers": peers, "proto": proto, "test": test})]
            line.append(number(found[0]["us_per_msg"]) if found else "-")
        lines.append(line)
    if lines:
        show("One socket that talks to many in turn: µs for a round trip of 64 B, or for a message"
             " of 1,200 B;\na burst is 8 messages to one, then 8 to the next",
             ["peers"] + [f"{proto} {test}" for proto, test in columns], lines)
    for row in rows:
        if matches(row, {"test": "alone", "peers": 1}):
            print(f"\nOf 500 messages a second to one peer, each alone and acked alone, one takes"
                  f" {number(row['cpu_us'])} µs of work.")
        if matches(row, {"test": "idle", "peers": 10000}):
            print(f"\nAn idle association takes {number(row['bytes'])} bytes at each end.")


def parallel_tables(rows):
    if any(row["cpus"] == 2 for row in rows):
        print("\n== Two CPUs in real time: noisy, and no figures of a real machine")
    comparison(rows, "Round trips, µs: p50 / p99", {"test": "rr", "cpus": 2},
               lambda row: f"{number(row['p50_us'])} / {number(row['p99_us'])}")
    comparison(rows, "Streams, messages a second", {"test": "stream", "cpus": 2}, rate)


def group_tables(rows):
    columns = [(way, size) for size in (64, 1200, 16000) for way in WAYS]
    for title, test, cell in (
            ("One message to all members of a group, as fast as they take it: µs of work for"
             " each copy", "group-stream", lambda row: number(row["us_per_copy"])),
            ("One message at a time: µs until the last member has it, p50 / p99", "group-latency",
             lambda row: f"{number(row['p50_us'])} / {number(row['p99_us'])}")):
        lines = []
        for proto, size in columns:
            mine = {row["members"]: row for row in rows
                    if matches(row, {"test": test, "proto": proto, "size": size, "netem": ""})}
            if mine:
                lines.append([f"{size_text(size)}, {proto}"] +
                             [cell(mine[n]) if n in mine else "-" for n in (2, 4, 8, 16)])
        if lines:
            show(title, ["members"] + [str(n) for n in (2, 4, 8, 16)], lines)
    lines = [[f"{row['members']} members, {row['unstable']} unstable"] +
             [number(row[name] / 1e3) if row[name] else "-"
              for name in ("p50_us", "max_us", "allowed_us")]
             for row in rows if matches(row, {"test": "group-recovery"})]
    if lines:
        show("An origin is cut off that one member only heard: ms until the last survivor has all",
             ["", "median", "longest", "allowed"], lines)


def fair_table(rows):
    lines = [[f"{row['proto']} {row['cong']}", number(row["mb_per_s"]),
              number(row["other_mb_per_s"]), number(row["share_percent"])]
             for row in rows if matches(row, {"test": "fair"})]
    if lines:
        show("Beside one TCP flow (CUBIC) on a bottleneck of 100 Mbit/s and 20 ms",
             ["", "MB/s", "TCP's MB/s", "share, %"], lines)


def main_figure(row):
    return row["p50_us"] if row["test"] in ("rr", "group-latency") else row["msgs_per_s"]


def repeatability(rows):
    """What two runs of the same differ by: (label, first, second, percent)."""
    first = {tuple(row[name] for name in KEY): row for row in rows if row["run"] == 1 and row["ok"]}
    pairs = []
    for row in rows:
        one = first.get(tuple(row[name] for name in KEY))
        if row["run"] == 2 and row["ok"] and one:
            a, b = main_figure(one), main_figure(row)
            pairs.append((one["label"], a, b, 100 * abs(b - a) / a))
    return sorted(pairs, key=lambda pair: -pair[3])


def show_repeatability(pairs):
    if not pairs:
        return
    percent = sorted(pair[3] for pair in pairs)
    print(f"\nMeasured twice, in two machines: {len(pairs)} rows. They differ by"
          f" {percent[len(percent) // 2]:.2f} % (median), {percent[-1]:.2f} % at most"
          f" ({pairs[0][0]}: {number(pairs[0][1])} and {number(pairs[0][2])}).")


def judge(rows, goal):
    """The measured figure of a goal and whether it is met; None when it was not measured.

    With several rows (both socket types, say) the worst counts. A goal with "than" is against
    another row: the one that has the same of all that "same" names.
    """
    sign = 1 if "max" in goal else -1
    mine = []
    for row in rows:
        if not matches(row, goal["where"]):
            continue
        value = row[goal["field"]]
        if value is not None and "than" in goal:
            same = {name: row[name] for name in goal.get("same", ())}
            other = [other[goal["field"]] for other in rows
                     if matches(other, {**goal["than"], **same})]
            value = value / other[0] if other and other[0] else None
        mine.append(value)
    if not mine or None in mine:
        return None, None
    value = max(mine, key=lambda figure: sign * figure)
    met = all((value <= goal.get("max", value), value >= goal.get("min", value)))
    return value, met


def bound(goal):
    if "min" in goal and goal["min"] == goal.get("max"):
        return f"= {number(goal['min'])}"
    if "min" in goal and "max" in goal:
        return f"{number(goal['min'])} to {number(goal['max'])}"
    return f"≥ {number(goal['min'])}" if "min" in goal else f"≤ {number(goal['max'])}"


def show_goals(rows, goals):
    lines = []
    for goal in goals:
        value, met = judge(rows, goal)
        if value is None:
            continue
        lines.append([goal["goal"], number(value), bound(goal), goal["unit"],
                      "met" if met else "MISSED"])
    if lines:
        met = sum(line[-1] == "met" for line in lines)
        show(f"Goals: {met} met, {len(lines) - met} missed",
             ["", "measured", "goal", "", ""], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("directory")
    parser.add_argument("--goals", default=os.path.join(os.path.dirname(__file__), "goals.json"))
    parser.add_argument("--no-charts", action="store_true")
    args = parser.parse_args()
    rows, expected = load(args.directory)
    with open(args.goals, encoding="utf-8") as file:
        goals = json.load(file)
    with open(os.path.join(args.directory, "results.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    tables(rows)
    lossy_tables(rows)
    peers_table(rows)
    fair_table(rows)
    group_tables(rows)
    parallel_tables(rows)
    print()
    notes(rows)
    show_repeatability(repeatability(rows))
    show_goals(rows, goals)
    if not args.no_charts and shutil.which("gnuplot"):
        charts.draw_all(args.directory, rows, PROTOS, WAYS, matches)
    missing = sorted(set(expected) - {row["label"] for row in rows})
    failed = [row for row in rows if not row["ok"]]
    print()
    for label in missing:
        print(f"not measured: {label}")
    for row in failed:
        print(f"failed: {row['label']}: {row['error']}")
    print(f"{len(rows)} measurements in {os.path.join(args.directory, 'results.json')}")
    return 1 if missing or any(row["proto"].startswith("rdm-") for row in failed) else 0


if __name__ == "__main__":
    sys.exit(main())
