"""A network between daemons and a server that can drop, delay, half-close and black-hole, each kind of connection by itself.

    with Network(cluster.port) as net:
        ... DUALWRITE_DATABASE_URL=net.url(db)
        net.drop("dualwrited/listen")       # reset: both ends notice at once
        net.half_close("dualwrited/apply")  # the client hears an end, what it sends still arrives (or server=True: the reverse)
        net.hole("dualwrited/apply")        # nothing passes, and nobody notices; net.heal() sends on what was kept
        net.delay = 0.2                     # each piece in each direction comes so much later
        net.refuse = True                   # new connections are closed at once; or net.swallow = True: taken, never answered

tests/integration/proxy.py is another one: it loses the answer to a single COMMIT. This one knows of the protocol only the
startup message, which names the connection.
"""

import re
import socket
import struct
import threading
import time

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104


class Network:
    def __init__(self, port, host="127.0.0.1"):
        self.target = (host, port)
        self.delay = 0.0
        self.refuse = False
        self.swallow = False
        self.accepted = 0
        self._lock = threading.Lock()
        self._links = []

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        self.heal()
        self.drop()

    def url(self, db, user="daemon_login", **settings):
        return db.cluster.url(db.name, user, tcp=True, **settings).replace(f"port={db.cluster.port}", f"port={self.port}")

    def links(self, kind=None):
        """The connections of that application_name (None: all), the oldest first."""
        with self._lock:
            self._links = [link for link in self._links if not link.ended]
            return [link for link in self._links if kind in (None, link.kind)]

    def drop(self, kind=None):
        for link in self.links(kind):
            link.reset()

    def half_close(self, kind=None, server=False):
        for link in self.links(kind):
            link.half_close(server)

    def hole(self, kind=None):
        for link in self.links(kind):
            link.open.clear()

    def heal(self):
        """Whatever was kept in a hole goes on; new connections are taken."""
        self.refuse = self.swallow = False
        self.delay = 0.0
        for link in self.links():
            link.open.set()

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
                link = _Link(self, client, socket.create_connection(self.target))
            except OSError:
                client.close()
                continue
            if self.swallow:
                link.open.clear()
            with self._lock:
                self._links.append(link)
            for args in ((client, link.server, True), (link.server, client, False)):
                threading.Thread(target=link.pump, args=args, daemon=True).start()


class _Link:
    """One connection: a socket towards the client, one towards the server, and a thread for each direction."""

    def __init__(self, network, client, server):
        self.network = network
        self.client = client
        self.server = server
        self.kind = None
        self.open = threading.Event()
        self.open.set()
        self.ended = False
        self._directions = 2
        self._lock = threading.Lock()

    def pump(self, source, sink, startup):
        """Carries bytes one way until the end of that way, and hands the end on."""
        begin = b""
        try:
            while data := source.recv(65536):
                if self.network.delay:
                    time.sleep(self.network.delay)
                if startup and self.kind is None:
                    begin += data
                    self.kind = _application_name(begin)
                self.open.wait()
                sink.sendall(data)
            self.open.wait()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.reset()
        with self._lock:
            self._directions -= 1
            last = self._directions == 0
        if last:
            self.ended = True
            self.client.close()
            self.server.close()

    def half_close(self, server):
        try:
            (self.server if server else self.client).shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        """Both ends get an RST, and the threads that wait for them wake up."""
        self.ended = True
        self.open.set()
        for end in (self.client, self.server):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RD)
            except OSError:
                pass


def _application_name(data):
    """From a client's first bytes; None while they do not say it."""
    while len(data) >= 8 and struct.unpack("!ii", data[:8]) in ((8, SSL_REQUEST), (8, GSS_REQUEST)):
        data = data[8:]
    named = re.search(rb"\0application_name\0([^\0]+)\0", data)
    return named.group(1).decode() if named else None
