"""A town in which paperwork is done, and what is typed for its documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cases.models import CaseDocument
from app.documents import operations, rendering
from app.documents.operations import Sealed
from tests.documents.paperwork import Paperwork
from tests.town import Matter, Town, instant, registered

_keys = count(1)

ORDER = {
    "evidence": "检测报告 | 数值不实\n现场检查笔录 | 现场情况",
    "law_broken": "《碳排放权交易管理暂行条例》第十一条",
    "consequence": "依法处理。",
    "reconsideration_body": "中卫市人民政府",
    "court": "示例人民法院",
    "party_address": "中卫市示例路1号",
    "party_representative": "马学军",
}
"""What nobody but the person at the desk knows of an order to correct."""


@dataclass
class Papers(Matter):
    """A case with its documents."""

    def documents(self, kind: str | None = None) -> list[CaseDocument]:
        """Its documents, oldest first."""
        query = select(CaseDocument).where(CaseDocument.case_id == self.id)
        if kind is not None:
            query = query.where(CaseDocument.kind == kind)
        with self.town.database.read() as session:
            return list(session.scalars(query.order_by(CaseDocument.seq, CaseDocument.id)))

    def document(self, kind: str) -> CaseDocument:
        """The newest of a kind."""
        return self.documents(kind)[-1]

    def content(self, kind: str) -> dict[str, Any]:
        """What the newest of a kind says, as sealed."""
        found = self.document(kind).content
        assert found is not None
        return found

    def seal(
        self,
        kind: str | UUID,
        typed: dict[str, Any],
        who: str = "leader",
        *,
        at: str = "03-18",
    ) -> Sealed:
        """Seal the newest document of a kind, or one by its id."""
        chosen = kind if isinstance(kind, UUID) else self.document(kind).id
        work = partial(
            operations.seal, case_id=self.id, document_id=chosen, fields=typed,
            actor=self.actor(who), now=instant(at), law=self.town.law,
        )  # fmt: skip
        return self.town.database.write(work)

    def void(self, kind: str, reason: str, who: str = "leader", *, at: str = "03-19") -> UUID:
        """Void the newest document of a kind."""
        work = partial(
            operations.void, case_id=self.id, document_id=self.document(kind).id, reason=reason,
            actor=self.actor(who), now=instant(at),
        )  # fmt: skip
        return self.town.database.write(work)

    def render(self, at: str = "03-18 12:01") -> int:
        """Let the job do what is due."""
        return rendering.render_due(self.town.database, self.town.store, instant(at))


def papers(town: Town, **opening: Any) -> Papers:
    """A case just registered."""
    typed = {
        "cause": "涉嫌虚报碳排放量案",
        "discovered_on": "2026-03-16",
        "suspicion": "入炉煤低位发热量与检测报告不一致。",
        "reporter": "李举报",
        **opening,
    }
    opened = town.open(Paperwork, "supervisor", typed, at="03-16", once=f"paper {next(_keys)}")
    return Papers(town, opened.id)


def ordered(town: Town, **opening: Any) -> Papers:
    """A case in which the order to correct has been made, not sealed."""
    made = papers(town, **opening)
    made.fire("order", "leader", {"what": "更正排放报告。", "due_on": "2026-04-20"}, at="03-17")
    return made


@pytest.fixture(autouse=True)
def _paperwork() -> Iterator[None]:
    with registered(Paperwork):
        yield
