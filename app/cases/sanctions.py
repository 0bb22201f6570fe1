"""What a decision leaves in the registers: the penalty, its publication, bans, their undoing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    false,
    insert,
    or_,
    select,
    true,
    update,
)

from app.cases.models import Case
from app.db import new_id, table_of
from app.engine import definition as words
from app.engine.inputs import Choice
from app.law.periods import local_date
from app.registers.models import Ban, PenaltyRecord

if TYPE_CHECKING:
    from app.cases.step import Step

bans = table_of(Ban)
penalties = table_of(PenaltyRecord)
cases = table_of(Case)

DECISION: Final = (
    "decision_number",
    "decided_on",
    "published_on",
    "published_at",
    "published_until",
)
"""What the record says of the decision besides the sums."""


Sanction = words.Sentence | words.Publish | words.Withdraw | words.Bar | words.Lift


def take_effect(step: Step, effect: Sanction) -> None:
    """Let the act leave in the registers what it declares."""
    match effect:
        case words.Sentence():
            enter_penalty(step, effect)
        case words.Publish():
            publish(step, effect)
        case words.Withdraw():
            withdraw(step, effect)
        case words.Bar():
            enter_bans(step, effect)
        case words.Lift():
            lift(step, effect)


def enter_penalty(step: Step, sentence: words.Sentence) -> None:
    """Write the penalty into the record of the case's subject; amounts in CNY."""
    row = {
        "id": new_id(),
        "organisation_id": step.row["subject_id"],
        "case_id": step.row["id"],
        "case_number": step.row["number"],
        "rule": _named(step, sentence.rule),
        "fine": _amount(step, sentence.fine),
        "confiscated": _amount(step, sentence.confiscated),
        "effective_on": _named(step, sentence.on) or step.day,
        "annulled_on": None,
        **_decision(step, sentence),
    }
    step.connection.execute(insert(penalties), row)
    told = {name: row[name] for name in ("rule", "fine", "confiscated", "effective_on")}
    step.noted.setdefault("penalties", []).append(told)


def _decision(step: Step, sentence: words.Sentence) -> dict[str, Any]:
    """Number and day of the decision that is sealed, and where it was published before."""
    kept: dict[str, Any] = dict.fromkeys(DECISION)
    papers = step.view.documents(sentence.decision) if sentence.decision else ()
    standing = [paper for paper in papers if paper.voided_at is None]
    if not standing:
        return kept
    newest, facts = standing[-1], step.row["facts"]
    if newest.sealed_at is not None:
        kept |= {"decision_number": newest.number, "decided_on": local_date(newest.sealed_at)}
    told = sentence.published
    since = facts.get(told.on) if told is not None else None
    # What was published before this decision was an earlier one, annulled since.
    if told is not None and since and since >= local_date(newest.made_at).isoformat():
        until = facts.get(told.until)
        kept |= {
            "published_on": date.fromisoformat(since),
            "published_at": facts.get(told.at),
            "published_until": date.fromisoformat(until) if until else None,
        }
    return kept


def publish(step: Step, publication: words.Publish) -> None:
    """Note where and how long what this case and its children entered is public."""
    told = {
        "published_on": step.inputs[publication.on],
        "published_at": step.inputs[publication.at],
        "published_until": step.inputs.get(publication.until),
    }
    _mark(step, told, penalties.c.annulled_on.is_(None))
    step.noted["published"] = told


def withdraw(step: Step, withdrawal: words.Withdraw) -> None:
    """Note that what was published and annulled since is public no longer."""
    on = step.inputs[withdrawal.on]
    _mark(
        step,
        {"withdrawn_on": on},
        penalties.c.annulled_on.is_not(None),
        penalties.c.published_on.is_not(None),
        penalties.c.withdrawn_on.is_(None),
    )
    step.noted["withdrawn"] = on


def _mark(step: Step, values: Mapping[str, Any], *which: ColumnElement[bool]) -> None:
    """Change the penalties of the case and its children that meet the criteria."""
    step.connection.execute(
        update(penalties)
        .where(penalties.c.case_id.in_(_family(step)), *which)
        .values(values)
        .execution_options(case_seen=True)
    )


def _family(step: Step) -> Select[UUID]:
    """The ids of the case and its children."""
    own = (cases.c.id == step.row["id"]) | (cases.c.parent_id == step.row["id"])
    return select(cases.c.id).where(own)


def enter_bans(step: Step, bar: words.Bar) -> None:
    """Write a ban for everybody the act names, or for the case's subject."""
    field = next(f for f in step.transition.all_inputs if f.name == bar.scope)
    scope = str(step.inputs[bar.scope])
    until: date | None = step.inputs.get(bar.until)
    rows = [
        {
            "id": new_id(),
            "organisation_id": organisation_id,
            "person_id": person_id,
            "case_id": step.row["id"],
            "scope": field.text_of(scope).zh if isinstance(field, Choice) else scope,
            "from_day": _named(step, bar.since) or step.day,
            "to_day": until,
            "basis": str(_named(step, bar.basis))[:200],
            "lifted_on": None,
        }
        for organisation_id, person_id in _barred(step, bar)
    ]
    if not rows:
        return
    step.connection.execute(insert(bans), rows)
    step.noted.setdefault("bans", []).extend(
        {name: row[name] for name in ("id", "organisation_id", "person_id", "scope", "to_day")}
        for row in rows
    )


def _barred(step: Step, bar: words.Bar) -> Iterator[tuple[UUID | None, UUID | None]]:
    """Whom the ban falls on: persons with an account by it, others by their entry."""
    if not bar.persons:
        yield _entry_or_account(step, step.row["subject_id"])
        return
    row: Mapping[str, Any] = step.item.data if step.item is not None else {}
    chosen: Any = step.inputs.get(bar.persons) or row.get(bar.persons) or ()
    for one in [chosen] if isinstance(chosen, str) else chosen:
        yield _entry_or_account(step, UUID(one))


def _entry_or_account(step: Step, key: UUID) -> tuple[UUID | None, UUID | None]:
    seen = step.view.organisation(key)
    if seen is None:
        return None, key
    account = seen.facts.get("person_id")
    return (None, account) if account is not None else (key, None)


def lift(step: Step, lifted: words.Lift) -> None:
    """Mark what this case and its children entered as annulled; nothing is deleted.

    A ban that the parent registered on the subject of this case rests on its decision, too. Where
    the act names a party, what was entered on others stands.
    """
    family = _family(step)
    party: str | None = step.inputs.get(lifted.party)
    for table, column, entered in (
        (bans, "lifted_on", or_(bans.c.case_id.in_(family), _imposed_by_the_parent(step))),
        (penalties, "annulled_on", penalties.c.case_id.in_(family)),
    ):
        of_party = _lies_on(table, step, UUID(party)) if party else true()
        step.connection.execute(
            update(table)
            .where(entered, of_party, table.c[column].is_(None))
            .values({column: step.day})
            .execution_options(case_seen=True)
        )
    step.noted["lifted"] = step.day


def _lies_on(table: Table, step: Step, key: UUID) -> ColumnElement[bool]:
    """The criterion of rows on an organisation, or on a natural person's entry or account.

    The account may have been tied to the entry only after a ban was entered on it.
    """
    on_entry: ColumnElement[bool] = table.c.organisation_id == key
    _, person_id = _entry_or_account(step, key)
    if person_id is None or table is not bans:
        return on_entry
    return or_(on_entry, table.c.person_id == person_id)


def _imposed_by_the_parent(step: Step) -> ColumnElement[bool]:
    """The criterion of bans the parent registered on the subject of this case."""
    if step.row["parent_id"] is None:
        return false()
    on_subject = _lies_on(bans, step, step.row["subject_id"])
    return and_(bans.c.case_id == step.row["parent_id"], on_subject)


def _named(step: Step, name: str) -> Any:
    """The value of an input, else of a fact the case already knows."""
    if not name:
        return None
    return step.inputs[name] if name in step.inputs else step.row["facts"].get(name)


def _amount(step: Step, name: str) -> Decimal:
    return Decimal(_named(step, name) or 0)
