"""Of a restricted case 保密案件 only those hear who see it when they are told, and when mail goes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.db import new_id, table_of
from app.engine.actors import Role
from app.outbox.models import WebhookEndpoint
from config import Settings
from tests.outbox.conftest import Office
from tests.times import NOW

case_table = table_of(Case)


@pytest.fixture
def case_id(office: Office) -> UUID:
    """A restricted case of the bureau, handled by the first supervisor."""

    def opened(session: Session) -> UUID:
        made = Case(
            number="卫核〔2026〕17号", lifecycle="verification", lifecycle_version=1,
            state="report_submitted", state_since=NOW, authority_id=office.bureau.id,
            subject_id=new_id(), subject_name="示例", division="640502", root_id=new_id(),
            assignee_id=office["supervisor"].person_id, opened_at=NOW, sort_due_at=NOW,
            restricted=True,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id

    return office.database.write(opened)


def restrict(office: Office, case_id: UUID, **values: Any) -> None:
    change = update(case_table).where(case_table.c.id == case_id).values(**values)
    office.database.write(lambda session: session.execute(change))


def told(office: Office) -> list[str]:
    return [who for who in office.people if office.letters(who)]


def test_only_who_sees_it_is_told(office: Office, case_id):
    office.message(case_id=case_id)
    office.message(case_id=case_id, role=Role.INSPECTOR)
    office.message(case_id=case_id, kind="reminder", role=Role.BUREAU_LEADER)
    office.distribute()
    assert told(office) == ["supervisor", "leader"]


def test_what_nobody_may_hear_is_no_fault(office: Office, case_id):
    office.message(case_id=case_id, role=Role.INSPECTOR)
    assert len(office.distribute()) == 1
    assert office.letters() == []
    assert office.deliveries("inbox") == []


def test_whoever_stands_in_hears_what_their_principal_would(office: Office, case_id):
    office.delegation("supervisor", "inspector", roles=["supervisor"])
    office.delegation("supervisor2", "inspector2", roles=["supervisor"])
    office.message(case_id=case_id)
    office.distribute()
    assert told(office) == ["supervisor", "inspector"]


def test_other_systems_hear_nothing_of_it(office: Office, case_id):
    office.write(
        WebhookEndpoint(
            organisation_id=office.bureau.id, url="https://example.org", secret="s", active=True,
            made_at=NOW, made_by=new_id(),
        )
    )  # fmt: skip
    office.message(case_id=case_id)
    office.distribute()
    assert office.deliveries("webhook") == []
    office.message()
    office.distribute()
    assert len(office.deliveries("webhook")) == 1


def test_mail_that_waits_does_not_go_to_whom_the_case_was_closed_since(
    office: Office, case_id, settings: Settings
):
    restrict(office, case_id, restricted=False)
    for who in ("supervisor", "supervisor2"):
        office.change(who, email=f"{who}@example.org")
    office.message(case_id=case_id)
    office.distribute(by_mail=True)
    restrict(office, case_id, restricted=True)
    sent: list[str] = []
    office.deliver(settings, NOW, send_mail=lambda letter: sent.append(letter.to))
    assert sent == ["supervisor@example.org"]
    assert sorted(one.status for one in office.deliveries("mail")) == ["dead", "sent"]
