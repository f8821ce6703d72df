"""A TCP proxy in front of a PostgreSQL server that can be cut, refuse, hold back what is sent, and lose the answer to a COMMIT.

    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        lost = proxy.lose_commit()
        team = db.new_team()
        lost.wait()             # committed on the server, the daemon does not know, and cannot connect
        proxy.refuse = False

It forwards bytes and knows of the protocol only that a statement's text, or the name that it was prepared by, and the word COMMIT
of an answer stand in it.
"""

import re
import socket
import threading

from conftest import TIMEOUT

# CommandComplete as the server writes it
_COMMITTED = b"COMMIT\0"
ACK = rb"DELETE FROM dualwrite\.outbox"
# Parse: a name and a text; other messages have a name too, but no text behind it
_PREPARED = re.compile(rb"(dualwrite_[0-9a-f]{16})\0([^\0]+)\0")


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
        self._losing = None
        self._holding = None
        self._prepared = {}  # name: text

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        _end(self._socket)
        self._socket.close()
        self.release()
        self.cut()

    def url(self, db, user="daemon_login"):
        return db.cluster.url(db.name, user, tcp=True).replace(f"port={db.cluster.port}", f"port={self.port}")

    def cut(self):
        """Ends every connection, as a network that breaks."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.end()

    def lose_commit(self, before=ACK, cut=True):
        """The next COMMIT of the connection that sends `before` (a regular expression) happens, but its answer is lost,
        every connection breaks and .refuse is set; with cut=False that connection only falls silent. Returns a Happening."""
        self._losing = Happening(before, "COMMIT", cut, self._prepared)
        return self._losing

    def hold(self, before=b""):
        """Keeps what a connection sends from where `before` (a regular expression) is found first, until release(), also
        beyond its sender's death. Returns a Happening: something was held."""
        self._holding = Happening(before, "piece", prepared=self._prepared)
        return self._holding

    def release(self):
        """Sends on what was held, on the connections that are still there."""
        with self._lock:
            self._holding = None
            for pair in self._pairs:
                if pair.held is not None:
                    kept, pair.held = pair.held, None
                    try:
                        pair.server.sendall(kept)
                        if pair.orphan:
                            pair.server.shutdown(socket.SHUT_WR)
                    except OSError:
                        pair.end()

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

    def _note_prepared(self, pair, data):
        pair.said += data
        end = 0
        for match in _PREPARED.finditer(pair.said):
            self._prepared[match[1]] = match[2]
            end = match.end()
        del pair.said[:max(end, len(pair.said) - 200000)]

    def _pump_client(self, pair):
        last = b""
        try:
            while data := pair.client.recv(65536):
                self.sent += 1
                known, seen, last = len(last), last + data, data[-100:]
                self._note_prepared(pair, data)
                losing = self._losing
                if losing is not None and losing.find(seen, known):
                    self._losing, pair.losing = None, losing
                with self._lock:
                    holding = self._holding
                    if pair.held is None and holding is not None and (found := holding.find(seen, known)):
                        at = max(found.start() - known, 0)
                        pair.server.sendall(data[:at])
                        data, pair.held = data[at:], b""
                        holding.happened.set()
                    if pair.held is not None:
                        pair.held += data
                    else:
                        pair.server.sendall(data)
        except OSError:
            pass
        with self._lock:
            pair.orphan = True
            if pair.held is None:
                pair.end()

    def _answered(self, pair, data):
        """For those who count: what the server has sent to this client."""

    def _pump_server(self, pair):
        last = b""
        try:
            while data := pair.server.recv(65536):
                seen, last = last + data, data[-10:]
                if pair.losing is None or _COMMITTED not in seen:
                    self._answered(pair, data)
                    if not pair.orphan:
                        pair.client.sendall(data)
                    continue
                if pair.losing.cut:
                    self.refuse = True
                    self.cut()
                pair.losing.happened.set()
                while pair.server.recv(65536):
                    pass
        except OSError:
            pass
        pair.end()


class Happening:
    """Something that a proxy was told to bring about."""

    def __init__(self, before, what, cut=False, prepared=()):
        self._before = re.compile(before)
        self._what = what
        self._prepared = prepared
        self.cut = cut
        self.happened = threading.Event()

    def find(self, data, known):
        """Where it is found for the first time when the first `known` bytes have been looked at before."""
        named = [name for name in list(self._prepared) if self._before.search(self._prepared[name] + b"\0")]
        found = (match for before in (self._before, *map(re.compile, named)) for match in before.finditer(data)
                 if match.end() > known or known == 0)
        return min(found, key=lambda match: match.start(), default=None)

    def wait(self, timeout=TIMEOUT):
        assert self.happened.wait(timeout), f"no {self._what} after {self._before.pattern} within {timeout} s"


class _Pair:
    """A connection: the client's half and the server's. The threads that read them close them."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.losing = None
        self.held = None
        self.said = bytearray()  # by the client, as far as it may still be the beginning of something
        self.orphan = False  # the client is gone

    def end(self):
        _end(self.client)
        _end(self.server)


def _end(end):
    """Ends a socket in a way that a thread which reads from it notices."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
