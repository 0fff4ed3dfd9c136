# SPDX-License-Identifier: GPL-2.0
"""A UDP program that looks at its sockets. programs.sh runs it under withrdm.

    withrdm.py 4|6 rdm|seqpacket
"""

import asyncio
import errno
import os
import select
import socket
import sys
import time

FAMILY = {"4": socket.AF_INET, "6": socket.AF_INET6}[sys.argv[1]]
TYPE = sys.argv[2].upper()
HOST = {"4": "127.0.0.1", "6": "::1"}[sys.argv[1]]
UDP_SEGMENT = 103
UDP_GRO = 104


def inodes():
    """Of all rdm sockets: inode, and their lines."""
    with open("/proc/net/rdm") as lines:
        return {word: line for line in lines for word in line.split()}


def is_rdm(sock):
    """What the kernel says, whatever getsockopt() was made to say."""
    line = inodes().get(str(os.fstat(sock.fileno()).st_ino), "")
    return line.lower().startswith(TYPE.lower())


def answer(sock, name):
    return sock.getsockopt(socket.SOL_SOCKET, name)


def fails_with(code, call, *args):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == code, error
    else:
        raise AssertionError("it does not fail")


def plain():
    for protocol in 0, socket.IPPROTO_UDP:
        for flags in 0, socket.SOCK_NONBLOCK, socket.SOCK_CLOEXEC:
            with socket.socket(FAMILY, socket.SOCK_DGRAM | flags, protocol) as sock:
                assert is_rdm(sock)
                assert answer(sock, socket.SO_TYPE) == socket.SOCK_DGRAM
                assert answer(sock, socket.SO_PROTOCOL) == socket.IPPROTO_UDP
                assert os.get_blocking(sock.fileno()) == (flags != socket.SOCK_NONBLOCK)
    with socket.socket(FAMILY, socket.SOCK_DGRAM) as sock, sock.dup() as copy:
        assert is_rdm(copy) and answer(copy, socket.SO_TYPE) == socket.SOCK_DGRAM
        for option in UDP_SEGMENT, UDP_GRO:
            fails_with(errno.ENOPROTOOPT, sock.setsockopt, socket.SOL_UDP, option, 1000)


def has_protocol(name):
    with open("/proc/net/protocols") as lines:
        return any(line.split()[0] == name for line in lines)


def others():
    with socket.socket(FAMILY, socket.SOCK_STREAM) as sock:
        assert answer(sock, socket.SO_TYPE) == socket.SOCK_STREAM
        assert answer(sock, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        assert answer(sock, socket.SO_PROTOCOL) == 0
    lite = FAMILY, socket.SOCK_DGRAM, socket.IPPROTO_UDPLITE
    # 7.1 and later have it no more
    if not has_protocol("UDP-Lite"):
        fails_with(errno.EPROTONOSUPPORT, socket.socket, *lite)
        return
    with socket.socket(*lite) as sock:
        assert not is_rdm(sock)
        assert answer(sock, socket.SO_PROTOCOL) == socket.IPPROTO_UDPLITE


def failures():
    """A failed message is not told to who did not connect, as with UDP."""
    with socket.socket(FAMILY, socket.SOCK_DGRAM) as nobody:
        nobody.bind((HOST, 0))
        to = nobody.getsockname()
    with socket.socket(FAMILY, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"nobody reads this", to)
        # Its association is made and ends
        deadline = time.monotonic() + 20
        while failed() == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert failed() > 0, "no message failed"
        assert select.select([sock], [], [sock], 0.1) == ([], [], [])
        sock.connect(to)
        sock.send(b"nor this")
        fails_with(errno.ECONNREFUSED, sock.recv, 100)


def failed():
    with open("/proc/net/rdm_stat") as lines:
        return int(dict(line.split() for line in lines)["OutFailed"])


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


class Asks(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        self.answer.set_result(data)


async def event_loop():
    """asyncio refuses sockets that do not say that they are SOCK_DGRAM."""
    loop = asyncio.get_running_loop()
    server = socket.socket(FAMILY, socket.SOCK_DGRAM)
    server.bind((HOST, 0))
    assert is_rdm(server)
    at = server.getsockname()[:2]
    echo, _ = await loop.create_datagram_endpoint(Echo, sock=server)
    transport, asks = await loop.create_datagram_endpoint(Asks, remote_addr=at)
    # More than a UDP packet can hold
    transport.sendto(b"x" * 100000)
    assert await asyncio.wait_for(asks.answer, 20) == b"x" * 100000
    transport.close()
    echo.close()


plain()
others()
failures()
asyncio.run(event_loop())
