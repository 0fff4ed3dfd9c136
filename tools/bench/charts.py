# SPDX-License-Identifier: GPL-2.0
"""Charts of the bench, drawn by gnuplot. What was not measured is not drawn."""

import os
import subprocess

HEAD = """
set terminal pngcairo size 1200,560 font 'sans,11' background '#ffffff'
set output '{png}'
set title '{title}' font ',13'
set datafile separator tab
set datafile missing '-'
set border 3
set tics nomirror
set grid ytics lc rgb '#dddddd' lt 1
set key outside right top
"""
# The same for a protocol, or a protocol with its congestion control, in every chart
COLOURS = {"udp": "#9aa5b1", "tcp": "#4c78a8", "tcp cubic": "#4c78a8", "tcp bbr": "#9ecae9",
           "sctp": "#72b7b2", "rds": "#b279a2", "tipc": "#c9c9c9", "tipc-rdm": "#e2e2e2",
           "rdm-rdm": "#e45756", "rdm-rdm cubic": "#e45756", "rdm-rdm bbr": "#a50f15",
           "rdm-rdm newreno": "#fcae91", "rdm-seqpacket": "#f58518",
           "rdm-seqpacket cubic": "#f58518", "rdm-seqpacket bbr": "#a6611a",
           "rdm-seqpacket newreno": "#fdd0a2", "rdm-group": "#54a24b",
           "tipc-group": "#c9c9c9", "tipc-mcast": "#e2e2e2"}
OTHERS = ["#e45756", "#54a24b", "#eeca3b", "#79706e"]


def colour(name, i):
    return COLOURS.get(name.split(",")[0] if i == 0 else name, OTHERS[i % len(OTHERS)])


def draw(directory, name, title, lines, commands):
    """Writes NAME.tsv (first line: names of the columns) and makes NAME.png of it."""
    data = os.path.join(directory, name + ".tsv")
    with open(data, "w", encoding="utf-8") as file:
        for line in lines:
            file.write("\t".join("-" if cell is None else str(cell) for cell in line) + "\n")
    script = HEAD.format(png=os.path.join(directory, name + ".png"), title=title)
    script += commands.replace("DATA", f"'{data}'")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def bars(columns, y_label, log=False):
    """Clustered bars: a cluster for each line, a bar for each of @columns, its figure above."""
    plots = []
    for i, name in enumerate(columns):
        plots.append(f"DATA using {i + 2}:xtic(1) title columnheader({i + 2})"
                     f" lc rgb '{colour(name, i)}'")
    # The figure stands above its bar: bar i of n, the gap being one bar wide
    for i in range(len(columns)):
        shift = (i - (len(columns) - 1) / 2) / (len(columns) + 1)
        figure = f"(sprintf(${i + 2} >= 100 ? '%.0f' : '%.3g', ${i + 2}))"
        plots.append(f"DATA using ($0+{shift:.4f}):{i + 2}:{figure} every ::1"
                     " with labels offset 0,0.5 font ',8' notitle")
    scale = "set logscale y\n" if log else "set yrange [0:*]\n"
    return (f"set style data histogram\nset style histogram clustered gap 1\n"
            f"set style fill solid border -1\nset ylabel '{y_label}'\n{scale}"
            "set offsets graph 0, 0, graph 0.05, 0\n"
            "plot " + ", \\\n  ".join(plots) + "\n")


def curves(columns, x_label, y_label):
    """A line for each of @columns over the first one, both axes logarithmic."""
    plots = [f"DATA using 1:{i + 2} with linespoints pt 7 lw 2 lc rgb '{colour(name, i)}'"
             f" title columnheader({i + 2})" for i, name in enumerate(columns)]
    return (f"set logscale xy\nset xlabel '{x_label}'\nset ylabel '{y_label}'\n"
            "set grid xtics lc rgb '#dddddd' lt 1\nset format x '%.0f'\nset format y '%.0f'\n"
            "plot " + ", \\\n  ".join(plots) + "\n")


def grid(rows, matches, across, down, where, field):
    """Lines of a chart: a line for each of @down, a cell for each of @across."""
    lines = []
    for title, narrower in down:
        cells = []
        for _, narrow in across:
            found = [row for row in rows if matches(row, {**where, **narrower, **narrow})]
            cells.append(found[0][field] if found else None)
        lines.append([title] + cells)
    return lines


def chart(directory, name, title, head, lines, make):
    """Draws what has figures: columns and lines without any are left out."""
    keep = [i for i in range(1, len(head)) if any(line[i] is not None for line in lines)]
    lines = [line for line in lines if any(cell is not None for cell in line[1:])]
    if keep and lines:
        draw(directory, name, title,
             [[line[i] for i in [0] + keep] for line in [head] + lines],
             make([head[i] for i in keep]))


def draw_all(directory, rows, protos, ways_to_all, matches):
    by_proto = [(proto, {"proto": proto}) for proto in protos]
    names = [proto for proto, _ in by_proto]
    loss = [("1 % loss", {"netem": "delay 10ms loss 1%"}),
            ("5 % loss", {"netem": "delay 10ms loss 5%"})]

    chart(directory, "round-trips", "Round trips, median (lower is better)", [""] + names,
          grid(rows, matches, by_proto, [("64 B", {"size": 64}), ("1,200 B", {"size": 1200})],
               {"test": "rr", "netem": ""}, "p50_us"),
          lambda names: bars(names, "µs"))
    sizes = [(size, {"size": size}) for size in (64, 1200, 16000, 60000, 1 << 20)]
    chart(directory, "streams", "Streams, one system call a message (higher is better)",
          ["size"] + names,
          grid(rows, matches, by_proto, sizes, {"test": "stream", "netem": "", "batch": 1},
               "mb_per_s"),
          lambda names: curves(names, "bytes of a message", "MB/s")
          .replace("set logscale xy", "set logscale xy\nset xrange [40:2e6]"))
    chart(directory, "loss-round-trips",
          "Round trips of 64 B, 99th percentile, 20 ms (lower is better)", [""] + names,
          [[line[0]] + [None if cell is None else cell / 1e3 for cell in line[1:]]
           for line in grid(rows, matches, by_proto, loss, {"test": "rr", "size": 64}, "p99_us")],
          lambda names: bars(names, "ms", log=True))
    kinds = sorted({(row["proto"], row["cong"]) for row in rows
                    if row["netem"] and row["test"] == "stream" and row["size"] == 1200},
                   key=lambda kind: (protos.index(kind[0]), kind[1]))
    chart(directory, "loss-streams", "Streams of 1,200 B, 20 ms (higher is better)",
          [""] + [" ".join(kind).strip() for kind in kinds],
          grid(rows, matches, [("", {"proto": proto, "cong": cong}) for proto, cong in kinds],
               loss, {"test": "stream", "size": 1200, "gso": 1}, "msgs_per_s"),
          lambda names: bars(names, "messages a second", log=True))
    ways = [("udp, round trip of 64 B", {"proto": "udp", "test": "rr", "size": 64}),
            ("rdm-rdm, round trip of 64 B", {"proto": "rdm-rdm", "test": "rr", "size": 64}),
            ("rdm-rdm, message of 1,200 B", {"proto": "rdm-rdm", "test": "stream"}),
            ("rdm-rdm, the same, 8 to each", {"proto": "rdm-rdm", "test": "burst"})]
    chart(directory, "peers", "One socket that talks to many in turn (lower is better)",
          ["peers"] + [name for name, _ in ways],
          grid(rows, matches, ways, [(n, {"peers": n}) for n in (1, 10, 100, 1000, 10000)], {},
               "us_per_msg"),
          lambda names: curves(names, "peers", "µs for each")
          .replace("set logscale xy", "set logscale x\nset yrange [0:*]"))
    by_way = [(way, {"proto": way}) for way in ways_to_all]
    for name, test, field, title, y_label in (
            ("group-copies", "group-stream", "us_per_copy",
             "1,200 B to all of a group: work for a delivered copy (lower is better)", "µs"),
            ("group-latency", "group-latency", "p50_us",
             "1,200 B to all of a group, until the last has it, median (lower is better)", "µs")):
        chart(directory, name, title, ["members"] + ways_to_all,
              grid(rows, matches, by_way, [(n, {"members": n}) for n in (2, 4, 8, 16)],
                   {"test": test, "size": 1200, "netem": ""}, field),
              lambda names, y_label=y_label: curves(names, "members", y_label)
              .replace("set logscale xy", "set logscale x 2\nset xrange [1.8:18]\n"
                       "set yrange [0:*]\nset xtics (2, 4, 8, 16)"))
