"""Asks clamd whether a content is malware, over its socket, piece by piece (INSTREAM)."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Final

PATIENCE: Final = 150.0
"""Seconds to wait for each piece to be taken, and for the verdict.

Longer than clamd takes at most for one content (MaxScanTime, 120 by default): it would be asked
about the same one for ever.
"""
LONGEST_ANSWER: Final = 4096


class ScannerAway(Exception):
    """Nobody answers as clamd does: it is down, busy beyond patience, or something else."""


class NotScanned(Exception):
    """Clamd answers, but not about this content, for instance because it is too large for it."""


def scan(address: str, content: Iterable[bytes], *, patience: float = PATIENCE) -> str:
    """Return the name of what was found, empty if nothing was.

    ``address`` is ``host:port`` or the path of a socket. Raises ScannerAway, NotScanned.
    """
    try:
        with _connected(address, patience) as to:
            _send(to, content)
            answer = _answer(to)
    except OSError as failed:
        raise ScannerAway(f"clamd at {address}: {failed}") from failed
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    if said.endswith(" ERROR"):
        raise NotScanned(said.removesuffix(" ERROR"))
    raise ScannerAway(f"clamd at {address} answered {said[:80]!r}")


def ping(address: str, *, patience: float) -> None:
    """Ask whether it lives. Raises ScannerAway."""
    try:
        with _connected(address, patience) as to:
            to.sendall(b"zPING\0")
            answer = _answer(to)
    except OSError as failed:
        raise ScannerAway(f"clamd at {address}: {failed}") from failed
    if answer != "PONG":
        raise ScannerAway(f"clamd at {address} answered {answer[:80]!r}")


def _connected(address: str, patience: float) -> socket.socket:
    if "/" in address:
        to = socket.socket(socket.AF_UNIX)
        to.settimeout(patience)
        try:
            to.connect(address)
        except OSError:
            to.close()
            raise
        return to
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ScannerAway(f"not an address of clamd: {address!r}")
    return socket.create_connection((host.strip("[]"), int(port)), patience)


def _send(to: socket.socket, content: Iterable[bytes]) -> None:
    try:
        to.sendall(b"zINSTREAM\0")
        for piece in content:
            to.sendall(len(piece).to_bytes(4, "big") + piece)
        to.sendall(bytes(4))
    except (BrokenPipeError, ConnectionResetError):
        """It says why before it hangs up: the answer is still to be read."""


def _answer(to: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        piece = to.recv(LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
