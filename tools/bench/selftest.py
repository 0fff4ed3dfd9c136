#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests the bench itself, without a machine: what guest.sh lists, what report.py makes of
figures that are known, and that rdmperf's JSON is what both expect.

    selftest.py [RDMPERF]      without RDMPERF, that part is left out

Silent when all is well; exits with 1 at the first thing that is not.
"""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest

import report

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = "rr stream batch again loss1 loss5 peers idle fair group parallel".split()
CONGS = "bbr cubic newreno"
RDMPERF = sys.argv[1] if len(sys.argv) > 1 else None


def listed(*words):
    run = subprocess.run([os.path.join(HERE, "guest.sh"), "--list", "--congestion", CONGS, *words],
                         stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.splitlines()


def sample(**fields):
    """A line of guest.sh, with figures of our own."""
    row = {"proto": "rdm-rdm", "test": "rr", "size": 64, "batch": 1, "netem": "", "cong": "",
           "gso": 1, "peers": 0, "cpus": 1, "members": 0, "unstable": 0, "run": 1, "part": "rr",
           "label": "a row"}
    result = {"per_second": 1000.0, "mb_per_second": 1.0, "ok": True,
              "us": {"p50": 30.0, "p99": 40.0}}
    for name, value in fields.items():
        (row if name in row else result)[name] = value
    return {**row, "result": result}


class Listing(unittest.TestCase):
    def test_every_part_has_rows_and_every_row_one_label(self):
        for part in PARTS:
            self.assertTrue(listed(part), part)
        labels = listed(*PARTS)
        self.assertEqual(len(labels), len(set(labels)))

    def test_every_protocol_is_measured(self):
        for proto in report.PROTOS:
            self.assertTrue(any(f": {proto}" in label for label in listed("rr", proto)), proto)
            self.assertFalse(set(listed("rr", proto)) - set(listed("rr")), proto)

    def test_every_way_to_send_to_a_group_is_measured(self):
        for way in report.WAYS:
            labels = listed("group", way)
            for test in "group-stream", "group-latency":
                for members in 2, 4, 8, 16:
                    self.assertIn(f"{test} 1200 B: {way}, {members} members", labels)
            self.assertFalse(set(labels) - set(listed("group")), way)

    def test_what_is_unknown_is_refused(self):
        with self.assertRaises(subprocess.CalledProcessError), \
                contextlib.redirect_stderr(io.StringIO()):
            subprocess.run([os.path.join(HERE, "guest.sh"), "--list", "nothing"],
                           stderr=subprocess.DEVNULL, check=True)


class Report(unittest.TestCase):
    def report(self, raw, expected=None, goals=()):
        """Runs report.py; returns (exit code, what it printed, rows of results.json)."""
        with tempfile.TemporaryDirectory() as directory:
            def put(name, text):
                path = os.path.join(directory, name)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                return path
            put("raw.jsonl", "".join(json.dumps(row) + "\n" for row in raw))
            put("expected", "".join(label + "\n" for label in
                                    expected or [row["label"] for row in raw]))
            run = subprocess.run([sys.executable, os.path.join(HERE, "report.py"), directory,
                                  "--goals", put("goals", json.dumps(list(goals))), "--no-charts"],
                                 stdout=subprocess.PIPE, text=True, check=False)
            with open(os.path.join(directory, "results.json"), encoding="utf-8") as file:
                return run.returncode, run.stdout, json.load(file)

    def test_a_row_has_its_figures(self):
        code, _, rows = self.report([sample()])
        self.assertEqual(code, 0)
        self.assertEqual(len(rows), 1)
        for name, value in {"proto": "rdm-rdm", "test": "rr", "size": 64, "netem": "", "batch": 1,
                            "cong": "", "msgs_per_s": 1000.0, "mb_per_s": 1.0, "p50_us": 30.0,
                            "p99_us": 40.0, "us_per_msg": 1000.0, "ok": True}.items():
            self.assertEqual(rows[0][name], value, name)

    def test_a_missing_row_is_told_and_a_failure(self):
        code, text, _ = self.report([sample()], expected=["a row", "another row"])
        self.assertEqual(code, 1)
        self.assertIn("not measured: another row", text)

    def test_a_row_of_rdm_that_failed_is_told_and_a_failure(self):
        bad = sample()
        del bad["result"]
        bad["error"] = "it broke"
        code, text, _ = self.report([bad])
        self.assertEqual(code, 1)
        self.assertIn("failed: a row: it broke", text)
        code, text, _ = self.report([sample(ok=False)])
        self.assertEqual(code, 1)
        self.assertIn("broke its promise", text)

    def test_what_another_protocol_did_not_manage_is_told_and_no_failure(self):
        bad = sample(proto="rds")
        del bad["result"]
        bad["error"] = "no end after 300 s"
        code, text, _ = self.report([bad])
        self.assertEqual(code, 0)
        self.assertIn("failed: a row: no end after 300 s", text)

    GOAL = {"goal": "quick", "where": {"test": "rr"}, "field": "p50_us", "unit": "µs"}

    def marks(self, raw, **goal):
        _, text, _ = self.report(raw, goals=[{**self.GOAL, **goal}])
        return [line.split()[-1] for line in text.splitlines() if line.startswith("  quick ")]

    def test_a_goal_is_met_or_missed(self):
        self.assertEqual(self.marks([sample()], max=30.0), ["met"])
        self.assertEqual(self.marks([sample()], max=29.9), ["MISSED"])
        self.assertEqual(self.marks([sample()], min=30.1), ["MISSED"])
        self.assertEqual(self.marks([sample()], min=20, max=29), ["MISSED"])
        self.assertEqual(self.marks([sample()], min=20, max=31), ["met"])
        self.assertEqual(self.marks([sample(test="stream")], max=30.0), [])

    def test_the_worst_of_several_rows_counts(self):
        two = [sample(), sample(proto="rdm-seqpacket", label="b", us={"p50": 31.0, "p99": 40.0})]
        self.assertEqual(self.marks(two, max=30.5), ["MISSED"])
        self.assertEqual(self.marks(two, min=30.5), ["MISSED"])

    def test_a_goal_may_be_set_against_another_row(self):
        two = [sample(), sample(proto="udp", label="b", us={"p50": 20.0, "p99": 40.0})]
        mine = {"test": "rr", "proto": "rdm-rdm"}
        other = {"test": "rr", "proto": "udp"}
        self.assertEqual(self.marks(two, where=mine, than=other, max=1.5), ["met"])
        self.assertEqual(self.marks(two, where=mine, than=other, max=1.4), ["MISSED"])

    @staticmethod
    def fan(proto, members, us, **more):
        return sample(proto=proto, test="group-stream", members=members, us_per_copy=us,
                      label=f"{proto} {members}", **more)

    def test_a_goal_may_be_set_against_the_row_with_the_same_members(self):
        rows = [self.fan("rdm-group", 2, 24.0), self.fan("rdm-rdm", 2, 20.0),
                self.fan("rdm-group", 4, 39.0), self.fan("rdm-rdm", 4, 30.0)]
        goal = {"where": {"proto": "rdm-group"}, "than": {"proto": "rdm-rdm"},
                "same": ["members"], "field": "us_per_copy"}
        self.assertEqual(self.marks(rows, max=1.3, **goal), ["met"])
        self.assertEqual(self.marks(rows, max=1.29, **goal), ["MISSED"])
        # Without its partner a row has no figure
        self.assertEqual(self.marks(rows[:3], max=1.3, **goal), [])

    def test_one_copy_too_many_misses_a_goal_of_none(self):
        goal = {"where": {"proto": "rdm-group"}, "field": "extra_copies", "min": 0, "max": 0}
        self.assertEqual(self.marks([self.fan("rdm-group", 2, 1.0, extra_copies=0)], **goal),
                         ["met"])
        for extra in 1, -1:
            self.assertEqual(self.marks([self.fan("rdm-group", 2, 1.0, extra_copies=extra)],
                                        **goal), ["MISSED"])

    def test_a_recovery_may_take_noticing_three_round_trips_and_the_copies(self):
        rows = [self.fan("rdm-rdm", 4, 30.0, size=1200),
                sample(proto="rdm-group", test="group-recovery", members=4, unstable=10, size=1200,
                       netem="delay 5ms", suspect_us=1000000, label="b",
                       latency_us={"p50": 1.0, "p99": 2.0, "max": 515300.0})]
        del rows[1]["result"]["us"]
        code, text, out = self.report(rows)
        self.assertEqual(code, 0)
        # 1 s, three times 10 ms, and 10 messages to two survivors
        self.assertEqual(out[1]["allowed_us"], 1030600)
        self.assertEqual(out[1]["of_allowed"], 0.5)
        self.assertIn("4 members, 10 unstable", text)

    def test_the_second_run_two_cpus_and_many_peers_are_no_figures_of_a_goal(self):
        for other in {"run": 2}, {"cpus": 2}, {"peers": 10}:
            rows = [sample(), sample(label="b", us={"p50": 99.0, "p99": 99.0}, **other)]
            self.assertEqual(self.marks(rows, max=30.0), ["met"], other)

    def test_two_runs_are_compared(self):
        rows = [sample(), sample(run=2, label="b", us={"p50": 30.3, "p99": 40.0})]
        _, text, _ = self.report(rows)
        self.assertIn("1.00 % at most", text)

    def test_every_goal_is_one_of_rows_that_are_measured(self):
        with open(os.path.join(HERE, "goals.json"), encoding="utf-8") as file:
            goals = json.load(file)
        labels = listed(*PARTS)
        for goal in goals:
            for where in goal["where"], goal.get("than"):
                if not where:
                    continue
                for proto in self.protos(where):
                    label = self.label(where, proto)
                    self.assertTrue(label in labels, f"{goal['goal']}: no {label}")

    @staticmethod
    def protos(where):
        protos = where.get("proto", "rdm-rdm")
        return protos if isinstance(protos, list) else [protos]

    @staticmethod
    def label(where, proto):
        cong = where.get("cong", "")
        cong = cong[0] if isinstance(cong, list) else cong
        text = f"{where['test']} {where.get('size', 64 if where['test'] in ('rr', 'idle') else 1200)} B"
        text += f", {where['netem']}" if where.get("netem") else ""
        text += f": {proto}" + (f" {cong}" if cong else "")
        text += f", {where['peers']} peers" if where.get("peers") else ""
        text += f", {where.get('members', 4)} members" if "group" in where["test"] else ""
        return text + (", 10 unstable" if where["test"] == "group-recovery" else "")


@unittest.skipIf(RDMPERF is None, "rdmperf is not named")
class Rdmperf(unittest.TestCase):
    """Over the loopback, with what every system has."""

    @classmethod
    def setUpClass(cls):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.port = str(free.getsockname()[1])
        # pylint: disable-next=consider-using-with
        cls.server = subprocess.Popen([RDMPERF, "-s", "-4", "-p", cls.port],
                                      stderr=subprocess.PIPE, text=True)
        # It says when it listens
        cls.server.stderr.readline()

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.server.wait()
        cls.server.stderr.close()

    def measure(self, *words):
        run = subprocess.run([RDMPERF, "-c", "127.0.0.1", "-p", self.port, "-j", *words],
                             stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(run.stdout)

    def row(self, *words):
        raw = sample()
        raw["result"] = self.measure(*words)
        return report.flatten(raw)

    def test_round_trips(self):
        for proto in "udp", "tcp":
            row = self.row("-P", proto, "-n", "100", "-w", "10", "rr")
            self.assertTrue(row["ok"])
            self.assertLessEqual(row["p50_us"], row["p99_us"])

    def test_streams(self):
        for more in [], ["--batch", "7"], ["--check"], ["--latency", "--rate", "5000"]:
            result = self.measure("-P", "tcp", "-n", "500", "-w", "0", *more, "stream")
            self.assertEqual(result["received"], 500, more)
            self.assertTrue(result["ok"], more)
        self.assertGreater(result["latency_us"]["p50"], 0)
        # The last message was due 499 turns after the first
        self.assertGreater(result["seconds"], 0.09)

    def test_many_peers(self):
        row = self.row("-P", "udp", "-n", "300", "-w", "0", "--peers", "20", "rr")
        self.assertTrue(row["ok"])
        result = self.measure("-P", "udp", "-n", "100", "-w", "0", "--peers", "20", "--burst",
                              "4", "-r", "2000", "stream")
        self.assertEqual(result["received"], 100)


if __name__ == "__main__":
    log = io.StringIO()
    program = unittest.main(argv=sys.argv[:1], exit=False,
                            testRunner=unittest.TextTestRunner(stream=log))
    if not program.result.wasSuccessful():
        print(log.getvalue(), file=sys.stderr)
        sys.exit(1)
