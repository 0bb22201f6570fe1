"""The case file 卷宗 as a tab of the case: what is in it, what is missing, when it was compiled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cases.files import FileStore
from app.cases.page import CasePage
from app.cases.snapshot import SEEN
from app.documents import casefile
from app.documents.casefile_contents import GROUP_LABELS, Contents, Paper, contents_of
from app.documents.casefile_sheets import WHYS
from app.documents.catalogue import Volume
from app.documents.models import CaseFile
from app.engine.permission import Refusal
from app.law.labels import Label


@dataclass(frozen=True, slots=True)
class Line:
    """A paper in the index. ``pages`` are its first and last as compiled, None if it is new.

    ``why`` says why a divider stands for it; None where its pages are in the volume.
    """

    no: int
    paper: Paper
    pages: tuple[int, int] | None
    why: Label | None


@dataclass(frozen=True, slots=True)
class Part:
    """A group of a volume with its papers."""

    label: Label
    lines: Sequence[Line]


def shows(page: CasePage) -> bool:
    """Whether somebody reads the file of a case."""
    return casefile.may_read(page.view, page.actor)


@dataclass
class Desk:
    """The file of one case for somebody who may read it."""

    page: CasePage
    files: FileStore

    @cached_property
    def contents(self) -> Contents:
        """What belongs into it now."""
        return contents_of(self.page.session, self.page.case.id)

    @cached_property
    def file(self) -> CaseFile | None:
        """The file as it was compiled last."""
        return casefile.newest(self.page.session, self.page.case.id)

    @cached_property
    def refused(self) -> Sequence[Refusal]:
        """Why the person may not compile it."""
        return casefile.why_not(self.page.view, self.page.actor)

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        """What the entry of the last compiling says; empty if there is none."""
        if self.file is None:
            return {}
        query = select(AuditEntry.body).where(
            AuditEntry.chain_id == self.page.case.id, AuditEntry.seq == self.file.seq
        )
        body = self.page.session.scalars(query, execution_options=SEEN).one()
        told: dict[str, Any] = json.loads(body)["details"]
        return told

    @cached_property
    def _compiled(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """The papers as the last manifest lists them, by volume and id."""
        if self.file is None:
            return {}
        digest = self._told["manifest"]["sha256"]
        listed: dict[str, Any] = {}
        # Without its bytes the index has no pages; compiling anew gives them back.
        with suppress(FileNotFoundError):
            listed = json.loads(self.files.path(digest).read_bytes())["volumes"]
        return {
            (volume, told["id"]): told
            for volume, found in listed.items()
            for told in found["papers"]
        }

    @property
    def moved(self) -> int:
        """How many entries the case and what runs beside it have gained since."""
        if self.file is None:
            return 0
        before: dict[UUID, int] = {UUID(h["case"]): h["seq"] for h in self._told["as_of"]}
        gained = sum(head.seq - before.get(head.case_id, -1) for head in self.contents.heads)
        # The entry of the compiling itself stands among those of the case.
        return gained - (self.contents.heads[0].seq > self.file.seq)

    @property
    def volumes(self) -> list[tuple[Label, list[Part]]]:
        """Both volumes with their groups."""
        return [(volume.label, list(self._parts(volume))) for volume in Volume]

    def _parts(self, volume: Volume) -> Iterator[Part]:
        lines = [self._line(no, paper) for no, paper in enumerate(self.contents.of(volume), 1)]
        for place in dict.fromkeys(line.paper.place for line in lines):
            yield Part(GROUP_LABELS[place], [one for one in lines if one.paper.place == place])

    def _line(self, no: int, paper: Paper) -> Line:
        told = self._compiled.get((paper.volume.value, str(paper.id)))
        if told is None:
            return Line(no, paper, None, None)
        first, last = told["pages"]
        return Line(no, paper, (first, last), WHYS.get(told["divider"]))
