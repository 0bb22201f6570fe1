"""Refusals of what is done with documents, as sentences about the domain."""

from __future__ import annotations

from app.cases.errors import CaseError, NoSuchCase, TransitionRefused
from app.engine.permission import Refusal, Why
from app.law.labels import Label


class NoSuchDocument(NoSuchCase):
    """The case has no such document, or the person may not know that it has."""

    def __init__(self) -> None:
        CaseError.__init__(self, Label("没有这份文书，或您无权查看。", "No such document for you."))


class DocumentRefused(TransitionRefused):
    """Not now: the document is sealed already, void, or served."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__([Refusal(Why.NOT_NOW, Label(zh, en))])
