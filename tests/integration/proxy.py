"""A TCP proxy in front of a PostgreSQL server that can be cut, refuse, and lose the answer to a COMMIT.

    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        lost = proxy.lose_commit()
        team = db.new_team()
        lost.wait()             # committed on the server, the daemon does not know, and cannot connect
        proxy.refuse = False

It forwards bytes and knows of the protocol only what lose_commit() needs.
"""

import socket
import threading

from conftest import TIMEOUT

# CommandComplete as the server writes it
_COMMITTED = b"COMMIT\0"


class Proxy:
    """Listens on a free port of 127.0.0.1 until the `with` block ends.

    .port, .accepted (connections so far, refused ones too), .sent (pieces that clients have sent), and .refuse, which
    may be set: new connections are then closed at once.
    """

    def __init__(self, port, host="127.0.0.1"):
        self.target = (host, port)
        self.refuse = False
        self.accepted = 0
        self.sent = 0
        self._lock = threading.Lock()
        self._pairs = []
        self._armed = None

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        _end(self._socket)
        self._socket.close()
        self.cut()

    def url(self, db, user="daemon_login"):
        return db.cluster.url(db.name, user, tcp=True).replace(f"port={db.cluster.port}", f"port={self.port}")

    def cut(self):
        """Ends every connection, as a network that breaks."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.end()

    def lose_commit(self, before=b"DELETE FROM dualwrite.outbox"):
        """The next COMMIT of the connection that sends `before` happens, but its answer is lost, every connection breaks
        and .refuse is set. Returns a Lost."""
        self._armed = Lost(before)
        return self._armed

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            if self.refuse:
                client.close()
                continue
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            pair = _Pair(client, server)
            with self._lock:
                self._pairs.append(pair)
            threading.Thread(target=self._pump_client, args=(pair,), daemon=True).start()
            threading.Thread(target=self._pump_server, args=(pair,), daemon=True).start()

    def _pump_client(self, pair):
        try:
            while data := pair.client.recv(65536):
                self.sent += 1
                lost = self._armed
                if lost is not None and lost.before in data:
                    self._armed, pair.lost = None, lost
                pair.server.sendall(data)
        except OSError:
            pass
        pair.end()

    def _pump_server(self, pair):
        swallowed = b""
        try:
            while data := pair.server.recv(65536):
                if pair.lost is None:
                    pair.client.sendall(data)
                    continue
                swallowed += data
                if _COMMITTED in swallowed:
                    self.refuse = True
                    self.cut()
                    pair.lost.happened.set()
        except OSError:
            pass
        pair.end()


class Lost:
    """An answer that gets lost."""

    def __init__(self, before):
        self.before = before
        self.happened = threading.Event()

    def wait(self, timeout=TIMEOUT):
        assert self.happened.wait(timeout), f"no COMMIT within {timeout} s"


class _Pair:
    """A connection: the client's half and the server's. The threads that read them close them."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.lost = None

    def end(self):
        _end(self.client)
        _end(self.server)


def _end(end):
    """Ends a socket in a way that a thread which reads from it notices."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
