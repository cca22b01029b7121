"""Clients that say nothing, little, or half of it, while others live their story and kills come."""

import contextlib
import random
import socket
import struct
from urllib.parse import urlsplit

from house import after

HEAD = b"POST /guest/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
CLIENTS = 200


class SlowClient:
    def __init__(self, origin):
        parts = urlsplit(origin)
        self.connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
        self.connection.setblocking(False)
        self.left = random.choice([b"", HEAD[:20], HEAD, HEAD + b"\r\n" + b"{" * 500])

    def drip(self):
        with contextlib.suppress(OSError):
            self.connection.send(self.left[:1])
        self.left = self.left[1:]

    def leave(self):
        """Without a word: the peer gets a reset, or nothing at all."""
        if random.random() < 0.5:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def test_the_others_are_served(house, summary):
    origins = [house.url, house.vestibule.issuer, house.shop.url]
    slow = [SlowClient(random.choice(origins)) for _ in range(CLIENTS)]

    def strike():
        answered = house.ledger.answered
        for _ in range(20):
            for client in slow:
                client.drip()
            after(0.05, 0.1)
        for client in slow[::2]:
            client.leave()
        after(0.2, 0.4)
        assert house.ledger.answered > answered + 20, "slow clients have stopped the others"
        house.kill(house.vestibule)

    house.crowd(strike)
    for client in slow[1::2]:
        client.leave()
    house.check()
    house.settle()
    summary.add(slow_clients=CLIENTS)
