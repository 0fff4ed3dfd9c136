#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""CPython's own tests of datagram sockets, with rdm sockets.

Every test class of test.test_socket (Debian's libpython3.11-testsuite) that stands on one
of its three UDP base classes is derived anew, once for SOCK_RDM and once for
SOCK_SEQPACKET, with a base class in front that opens rdm sockets where the original opens
UDP ones. The tests themselves are untouched. UDP-Lite, TCP and the rest stay out.

Under withrdm the classes run as they are, and with them the tests of another class that
open UDP sockets.

A test that is skipped counts as failed. What differs from UDP for a good reason stands in
programs.differences; a test listed there must fail.

    cpython.py [NAME-PART]...     only tests whose names contain one of these
"""

import os
import socket
import sys
import unittest

from test import test_socket
from test.support import socket_helper

HERE = os.path.dirname(os.path.abspath(__file__))
IPPROTO_RDM = 259
# Present under withrdm, which opens the sockets
WITHRDM_TYPE = os.environ.get("WITHRDM_TYPE")
OTHER_TESTS = {"test_socket_fileno", "testSendtoErrors"}    # of GeneralModuleTests
TYPES = {"rdm": socket.SOCK_RDM, "seqpacket": socket.SOCK_SEQPACKET}


class Opens:
    """Stands before a class of test_socket and opens rdm sockets in place of its own."""

    rdm_type = None

    def open(self, family):
        return socket.socket(family, self.rdm_type, IPPROTO_RDM)

    def tearDown(self):
        # It was no UDP socket that was tested
        if (self.serv.fileno() >= 0 and
                self.serv.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) != IPPROTO_RDM):
            self.fail("the server's socket is not an rdm socket")
        super().tearDown()


class OpensInSetUp(Opens):
    """For SocketUDPTest and ThreadedUDPSocketTest, which open their sockets there."""

    def setUp(self):
        self.serv = self.open(socket.AF_INET)
        self.port = socket_helper.bind_port(self.serv)

    def clientSetUp(self):
        self.cli = self.open(socket.AF_INET)


class OpensInet(Opens):
    """For UDPTestBase."""

    def newSocket(self):
        return self.open(socket.AF_INET)


class OpensInet6(Opens):
    """For UDP6TestBase."""

    def newSocket(self):
        return self.open(socket.AF_INET6)


BASES = {
    test_socket.SocketUDPTest: OpensInSetUp,
    test_socket.UDPTestBase: OpensInet,
    test_socket.UDP6TestBase: OpensInet6,
}


def tests_of(prefix, cls):
    for test in unittest.defaultTestLoader.loadTestsFromTestCase(cls):
        test.rdm_name = "%s %s.%s" % (prefix, cls.__name__, test._testMethodName)
        yield test


def short(test):
    return test.rdm_name.split(" ")[1]


def originals():
    """The classes with tests on UDP sockets, and who opens the sockets for each."""
    for cls in vars(test_socket).values():
        if not isinstance(cls, type) or "UDPLITE" in cls.__name__:
            continue
        for base, opens in BASES.items():
            if issubclass(cls, base) and unittest.defaultTestLoader.getTestCaseNames(cls):
                yield cls, opens


def rdm_tests():
    if WITHRDM_TYPE:
        for cls, _ in originals():
            yield from tests_of("withrdm-" + WITHRDM_TYPE, cls)
        for test in tests_of("withrdm-" + WITHRDM_TYPE, test_socket.GeneralModuleTests):
            if test._testMethodName in OTHER_TESTS:
                yield test
        return
    for name, socket_type in TYPES.items():
        for cls, opens in originals():
            derived = type(cls.__name__, (opens, cls), {"rdm_type": socket_type})
            yield from tests_of(name, derived)


def differences():
    """Names and reasons of the lines "cpython: CLASS.TEST: REASON"; they hold for all types."""
    reasons = {}
    with open(os.path.join(HERE, "programs.differences")) as lines:
        for line in lines:
            if line.startswith("cpython: "):
                _, name, reason = line.strip().split(": ", 2)
                reasons[name] = reason
    return reasons


class Result(unittest.TestResult):
    """Says "ok - NAME" or "not ok - NAME"; a difference that was told passes by failing."""

    def __init__(self, reasons):
        super().__init__()
        self.reasons = reasons
        self.why = []
        self.bad = 0

    def startTest(self, test):
        super().startTest(test)
        self.why = []

    def addError(self, test, err):
        self.why.append(self._exc_info_to_string(err, test))

    addFailure = addError

    def addSkip(self, test, reason):
        self.why.append("skipped: " + reason)

    def say(self, good, name, text=""):
        self.bad += not good
        print("%s - cpython: %s" % ("ok" if good else "not ok", name))
        for line in text.splitlines():
            print("#   " + line)
        sys.stdout.flush()

    def stopTest(self, test):
        super().stopTest(test)
        name = test.rdm_name
        reason = self.reasons.get(short(test))
        if not reason:
            self.say(not self.why, name, "\n".join(self.why))
        elif self.why:
            self.say(True, "%s (differs: %s)" % (name, reason))
        else:
            self.say(False, "%s passes; take it out of programs.differences" % name)


def messages():
    with open("/proc/net/rdm_stat") as lines:
        return int(dict(line.split() for line in lines)["InMsgs"])


def main():
    wanted = sys.argv[1:]
    tests = [test for test in rdm_tests()
             if not wanted or any(part in test.rdm_name for part in wanted)]
    reasons = differences()
    result = Result(reasons)
    before = messages()
    for test in tests:
        if short(test) in reasons:
            # The server's half would wait for it as long as for one that comes
            test.fail_timeout = 0.5
        test(result)
    result.say(messages() - before > len(tests) / 2, "%s: the messages of %d tests went by rdm (%d did)"
               % (WITHRDM_TYPE or "all types", len(tests), messages() - before))
    if not wanted:
        for name in sorted(set(reasons) - {short(test) for test in tests}):
            result.say(False, "%s is listed in programs.differences, but there is no such test" % name)
    return result.bad != 0


if __name__ == "__main__":
    sys.exit(main())
