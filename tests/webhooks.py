"""Two ends of a notification, on this machine: a webhook and a mail server that keep what they get."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """answers: the status codes of the next requests, then 200. got: path, headers and body of each."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook that listens."""
    hook = Webhook()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            hook.got.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(hook.answers.pop(0) if hook.answers else 200)
            self.send_header("retry-after", "7")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Receiver)) as hook.port:
        yield hook


@dataclass
class MailServer:
    """refused: whether it takes no recipient. mails: as they came; to: whom for."""

    port: int = 0
    refused: bool = False
    to: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that listens and speaks just enough SMTP."""
    server = MailServer()

    class Receiver(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                self.answer(line)
                if line.upper() == "QUIT":
                    return

        def answer(self, line: str) -> None:
            if line.upper().startswith("RCPT"):
                server.to.append(line.partition(":")[2].strip("<>"))
                self.say("550 nobody" if server.refused else "250 ok")
            elif line.upper() == "DATA":
                self.say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                server.mails.append("\n".join(lines))
                self.say("250 ok")
            else:
                self.say("221 bye" if line.upper() == "QUIT" else "250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Receiver)) as server.port:
        yield server


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
