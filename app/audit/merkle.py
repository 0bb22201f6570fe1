"""The tree that gathers many heads under one root, and the path that proves one of them.

As in RFC 9162 (Certificate Transparency 2.0), 2.1: a leaf is hashed behind a zero byte, a node
behind a one, so that neither can be taken for the other; a node without a neighbour moves up as
it is. The root of no leaf is the hash of nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

EMPTY: Final = hashlib.sha256().digest()


def leaf(data: bytes) -> bytes:
    """Hash what one leaf says."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Root:
    """The root of leaves that come one after the other; keeps one hash per level."""

    def __init__(self) -> None:
        self.count = 0
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, data: bytes) -> None:
        """Add the next leaf."""
        self.count += 1
        height, top = 0, leaf(data)
        while self._peaks and self._peaks[-1][0] == height:
            top = node(self._peaks.pop()[1], top)
            height += 1
        self._peaks.append((height, top))

    def value(self) -> bytes:
        """The root of the leaves so far."""
        if not self._peaks:
            return EMPTY
        *lower, (_, top) = self._peaks
        for _, left in reversed(lower):
            top = node(left, top)
        return top


class Tree:
    """The whole tree in memory, for the paths: about 64 bytes a leaf."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [[leaf(data) for data in leaves]]
        while len(below := self._levels[-1]) > 1:
            above = [node(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)]
            self._levels.append(above + below[len(below) - len(below) % 2 :])

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The root."""
        return self._levels[-1][0] if self.size else EMPTY

    def path(self, index: int) -> list[bytes]:
        """Return the neighbours that lead from a leaf to the root, from below.

        Raises IndexError where there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        found = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                found.append(level[beside])
            index //= 2
        return found


def root_of(data: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root a leaf and its path lead to; nothing where there is no such path."""
    if not 0 <= index < size:
        return None
    found, last, steps = leaf(data), size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not steps:
                return None
            beside = steps.pop(0)
            found = node(beside, found) if index % 2 else node(found, beside)
        index, last = index // 2, last // 2
    return None if steps else found
