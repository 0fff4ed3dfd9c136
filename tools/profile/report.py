#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Puts names to what count.c counted; called by profile.sh, which has the help text."""

import argparse
import bisect
import re
import subprocess
import sys


def sections(path):
    """The counts between two marks, by address, for each section: those of blocks, those of
    callers, and those of single instructions in the kernel and its modules."""
    found = []
    for line in open(path):
        if line == "section\n":
            found.append(({}, {}, {}))
            continue
        kind, *rest = line.split()
        counts = found[-1][0]
        if kind == "caller":
            counts = found[-1][1]
            kind, *rest = rest
        addr, n, sizes = int(kind, 16), int(rest[0]), rest[1:]
        counts[addr] = counts.get(addr, 0) + n
        if addr < 1 << 63:
            continue
        # A block is executed from its first instruction to its last
        for size in sizes:
            single = found[-1][2]
            single[addr] = single.get(addr, 0) + n / len(sizes)
            addr += int(size)
    return found


def difference(after, before, messages):
    """Yields address and count for each message."""
    for addr in set(after) | set(before):
        yield addr, (after.get(addr, 0) - before.get(addr, 0)) / messages


class Symbols:
    def __init__(self, path):
        by_addr = {}
        for line in open(path):
            addr, _, name, *module = line.split()
            # Of several names for one place the first is as good as any
            by_addr.setdefault(int(addr, 16), " ".join([name] + module))
        self.addrs = sorted(by_addr)
        self.names = [by_addr[a] for a in self.addrs]

    def find(self, addr):
        """Name and offset of what an address belongs to."""
        if addr < 1 << 63:
            return "user space", addr
        i = bisect.bisect_right(self.addrs, addr) - 1
        # What the compiler moved out of a function still belongs to it
        name = re.sub(r"\.(cold|part|isra|constprop)\.?\d*(?= |$)", "", self.names[i])
        return name, addr - self.addrs[i]


def inlined(ko, symbols, counts):
    """Instructions by function as it stands in the source, inlined or not, from the module's
    debugging information: {name: [its own, with what was inlined into it]}."""
    known = dict(zip(symbols.names, symbols.addrs))
    text = subprocess.check_output(["objdump", "-t", "-j", ".text", ko], text=True)
    # Any function tells where all of .text lies
    base = next(known[name + " [rdm]"] - int(addr, 16)
                for addr, name in re.findall(r"^([0-9a-f]+) .* F \.text\s.* (\S+)$", text, re.M)
                if name + " [rdm]" in known)
    at = sorted(a for a in counts if a >= base and symbols.find(a)[0].endswith(" [rdm]"))
    lines = subprocess.run(["addr2line", "-a", "-f", "-i", "-j", ".text", "-e", ko],
                           input="".join("%x\n" % (a - base) for a in at), text=True,
                           stdout=subprocess.PIPE, check=True).stdout.splitlines()
    rows = {}
    # An address, then for each function that it is inlined into, from within, name and line
    starts = [i for i, line in enumerate(lines) if line.startswith("0x")] + [len(lines)]
    for start, end in zip(starts, starts[1:]):
        names = lines[start + 1:end:2]
        n = counts[int(lines[start], 16) + base]
        rows.setdefault(names[0], [0, 0])[0] += n
        for name in set(names):
            rows.setdefault(name, [0, 0])[1] += n
    return rows


def table(path):
    rows = {}
    for line in open(path):
        name, n = line.rstrip("\n").rsplit("\t", 1)
        rows[name] = float(n)
    return rows


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--messages", type=int, required=True)
    p.add_argument("--top", type=int, default=60)
    p.add_argument("--blocks", action="append", default=[])
    p.add_argument("--callers")
    p.add_argument("--inlined", metavar="MODULE")
    p.add_argument("--save")
    p.add_argument("--diff")
    p.add_argument("counts")
    p.add_argument("symbols")
    args = p.parse_args()

    parts = sections(args.counts)
    if len(parts) != 3:
        sys.exit("profile: %d marks instead of 3" % len(parts))
    symbols = Symbols(args.symbols)
    funcs, blocks = {}, {}
    for addr, n in difference(parts[2][0], parts[1][0], args.messages):
        name, offset = symbols.find(addr)
        funcs[name] = funcs.get(name, 0) + n
        if name.split(" ")[0] in args.blocks:
            blocks.setdefault(name, []).append((offset, n))

    if args.save:
        with open(args.save, "w") as f:
            for name in sorted(funcs):
                f.write("%s\t%.2f\n" % (name, funcs[name]))
    before = table(args.diff) if args.diff else None
    total = sum(funcs.values())
    groups = {"user space": 0, "rdm": 0, "rest of the kernel": 0}
    for name, n in funcs.items():
        group = "rdm" if name.endswith("[rdm]") else "rest of the kernel"
        groups["user space" if name == "user space" else group] += n
    print("instructions for a message: %.0f (%s)" %
          (total, ", ".join("%s %.0f" % item for item in groups.items())))
    if before:
        print("before: %.0f" % sum(before.values()))
        names = sorted(set(funcs) | set(before),
                       key=lambda f: -abs(funcs.get(f, 0) - before.get(f, 0)))
    else:
        names = sorted(funcs, key=lambda f: -funcs[f])
    for name in names[:args.top or None]:
        n = funcs.get(name, 0)
        if before:
            print("%+9.1f %9.1f  %s" % (n - before.get(name, 0), n, name))
        else:
            print("%9.1f %5.1f%%  %s" % (n, 100 * n / total, name))
    for name in sorted(blocks):
        print("\n%s: blocks" % name)
        for offset, n in sorted(blocks[name]):
            if n >= 0.05:
                print("  +0x%-5x %8.1f" % (offset, n))
    if args.inlined:
        counts = dict(difference(parts[2][2], parts[1][2], args.messages))
        rows = inlined(args.inlined, symbols, counts)
        print("\nrdm by function of the source: its own, with what was inlined into it")
        for name in sorted(rows, key=lambda f: -rows[f][0])[:args.top or None]:
            if max(rows[name]) >= 0.05:
                print("%9.1f %9.1f  %s" % (*rows[name], name))
    callers = {}
    for addr, n in difference(parts[2][1], parts[1][1], args.messages):
        name, _ = symbols.find(addr)
        callers[name] = callers.get(name, 0) + n
    if callers:
        print("\n%s: instructions by caller" % args.callers)
        for name in sorted(callers, key=lambda c: -callers[c])[:30]:
            print("%9.1f  %s" % (callers[name], name))


def where():
    """report.py --where NAME SYMBOLS prints the addresses of a function, START:END."""
    symbols = Symbols(sys.argv[3])
    for addr, name, end in zip(symbols.addrs, symbols.names, symbols.addrs[1:]):
        if name.split(" ")[0] == sys.argv[2]:
            print("%x:%x" % (addr, end))
            return
    sys.exit("profile: no function " + sys.argv[2])


if len(sys.argv) == 4 and sys.argv[1] == "--where":
    where()
else:
    main()
