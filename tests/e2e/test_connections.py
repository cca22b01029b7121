"""How many connections one address may hold."""

import socket

from vestibule_process import Vestibule, wait_for


def test_one_address_holds_so_many_connections(tmp_path):
    server = Vestibule(tmp_path, config={"limits": {"connections_per_address": 3}}).start()
    try:
        def connect(source):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=20,
                                                  source_address=(source, 0))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection

        def answered(connection):
            try:
                return connection.recv(65536).startswith(b"HTTP/1.1 200")
            except ConnectionResetError:
                return False

        held = [connect("127.0.0.2") for _ in range(3)]
        assert all(answered(connection) for connection in held)
        assert not answered(connect("127.0.0.2"))
        assert answered(connect("127.0.0.3")), "others have their own"
        held.pop().close()
        wait_for(lambda: answered(connect("127.0.0.2")), "the place that was given back")
    finally:
        assert server.stop() == 0
