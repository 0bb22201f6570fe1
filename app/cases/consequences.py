"""What an act brings about besides state and clocks: rows, seats, versions, documents, messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from app.audit import chain
from app.cases import sanctions
from app.cases.errors import BadInputs
from app.cases.models import (
    Case,
    CaseDocument,
    CaseItem,
    CaseLink,
    DueAct,
    Evidence,
    ItemRecord,
    Participant,
    ReportVersion,
    Signature,
)
from app.cases.snapshot import SEEN, PersonSeen, Record, Snapshot
from app.db import new_id, table_of
from app.engine import definition as words
from app.engine.actors import AUTHORITY_ROLES, Capacity, Role
from app.engine.inputs import Files, Organisation, Person, plain
from app.law.labels import Label
from app.outbox.models import OutboxMessage, message

if TYPE_CHECKING:
    from app.cases.step import Step

cases = table_of(Case)
links = table_of(CaseLink)
participants = table_of(Participant)
items = table_of(CaseItem)
records = table_of(ItemRecord)
signatures = table_of(Signature)
versions = table_of(ReportVersion)
documents = table_of(CaseDocument)
evidence = table_of(Evidence)
messages = table_of(OutboxMessage)

INSERT_MESSAGES = insert(messages)
INSERT_DOCUMENTS = insert(documents)
INSERT_SEATS = insert(participants)
INSERT_RECORDS = insert(records)
END_SEATS = (
    update(participants)
    .where(participants.c.id == bindparam("seat_id"))
    .values(until_seq=bindparam("until"))
)
CHANGE_ITEM = (
    update(items)
    .where(items.c.id == bindparam("row_id"))
    .values(status=bindparam("to_status"), round=bindparam("to_round"), data=bindparam("to_data"))
)
LAST_NUMBER = select(func.max(items.c.number)).where(
    items.c.case_id == bindparam("case"), items.c.kind == bindparam("table")
)


@dataclass(frozen=True, slots=True)
class Seat:
    """A capacity held by an organisation, or by one person of it."""

    capacity: Capacity
    organisation_id: UUID
    name: str
    person_id: UUID | None = None


def apply(step: Step) -> dict[str, list[UUID]]:
    """Do everything the transition declares; return the rows it moved, by items table."""
    transition = step.transition
    asks_for_files = any(isinstance(field, Files) for field in transition.all_inputs)
    if step.proof or (step.inputs and asks_for_files):
        _attach_files(step)
    moved: dict[str, list[UUID]] = {}
    if isinstance(transition.item, words.Raise):
        moved[transition.item.items.name] = [_raise(step, transition.item)]
    elif isinstance(transition.item, words.Take):
        moved[transition.item.items.name] = [_take(step, transition.item)]
    for move in transition.moves:
        moved.setdefault(move.items.name, []).extend(_move(step, move))
    if isinstance(transition, words.Signoff):
        _sign(step, transition)
    for unsigned in sorted(step.plan.voids_signatures.get(transition.name, ())):
        _void_signatures(step, unsigned)
    for effect in transition.effects:
        _take_effect(step, effect)
    _make_documents(step)
    _notify(step)
    return moved


# Rows -------------------------------------------------------------------------------------------


def _values(step: Step) -> dict[str, Any]:
    """What a row keeps of an act: everything but what is sealed."""
    sealed = {field.name for field in step.transition.all_inputs if field.sealed}
    return {name: plain(value) for name, value in step.inputs.items() if name not in sealed}


def _raise(step: Step, raised: words.Raise) -> UUID:
    table = raised.items
    last = step.session.scalar(LAST_NUMBER, {"case": step.row["id"], "table": table.name})
    row = {
        "id": new_id(),
        "case_id": step.row["id"],
        "kind": table.name,
        "number": (last or 0) + 1,
        "status": table.first_status,
        "round": 1,
        "data": _owned(step, table),
        "raised_by": step.actor.person_id,
        "raised_by_name": step.actor.written_name,
        "raised_seq": step.seq,
    }
    step.connection.execute(insert(items), row)
    _note_row(step, table, row["id"], row["number"], 1, table.first_status)
    return UUID(str(row["id"]))


def _owned(step: Step, table: words.Items) -> dict[str, Any]:
    """The fields of a new row; where rows are bodies' own, it is that of whoever raises it."""
    own = {table.owners[0]: str(step.actor.organisation_id)} if table.owners else {}
    return own | _values(step)


def _take(step: Step, take: words.Take) -> UUID:
    item = step.item
    assert item is not None  # permission refuses an act on a row that names none
    status = take.to if isinstance(take.to, str) else take.to[step.inputs[take.by]]
    step.connection.execute(
        CHANGE_ITEM,
        {
            "row_id": item.id,
            "to_status": status,
            "to_round": item.round,
            "to_data": {**item.data, **_values(step)},
        },
    )
    _note_row(step, take.items, item.id, item.number, item.round, status)
    return item.id


def _move(step: Step, move: words.MoveRows) -> list[UUID]:
    rows = [row for row in step.view.items(move.items.name) if row.status in move.moves]
    if not rows:
        return []
    up = 1 if move.next_round else 0
    step.connection.execute(
        CHANGE_ITEM,
        [
            {
                "row_id": row.id,
                "to_status": move.moves[row.status],
                "to_round": row.round + up,
                "to_data": row.data,
            }
            for row in rows
        ],
    )
    told = step.noted.setdefault("rows", [])
    told += [
        {
            "table": move.items.name,
            "id": row.id,
            "number": row.number,
            "round": row.round + up,
            "status": move.moves[row.status],
        }
        for row in rows
    ]
    return [row.id for row in rows]


def _note_row(
    step: Step, table: words.Items, item_id: UUID, number: int, round_: int, status: str
) -> None:
    step.connection.execute(
        INSERT_RECORDS,
        {
            "id": new_id(),
            "case_id": step.row["id"],
            "item_id": item_id,
            "round": round_,
            "trigger": step.transition.name,
            "status": status,
            "data": _values(step),
            "actor_id": step.actor.person_id,
            "actor_name": step.actor.written_name,
            "occurred_at": step.occurred_at,
            "seq": step.seq,
        },
    )
    told = {"table": table.name, "id": item_id, "number": number, "round": round_, "status": status}
    step.noted.setdefault("rows", []).append(told)


def _void_signatures(step: Step, signoff: str) -> None:
    """Let everybody sign anew, or everybody of the organisation whose paper was changed."""
    declared = step.lifecycle.transitions[signoff]
    void = update(signatures).where(
        signatures.c.case_id == step.row["id"],
        signatures.c.signoff == signoff,
        signatures.c.voided_seq.is_(None),
    )
    if isinstance(declared, words.Signoff) and declared.voids_own:
        void = void.where(signatures.c.organisation_id == step.actor.organisation_id)
    step.connection.execute(void.values(voided_seq=step.seq))


def _sign(step: Step, signoff: words.Signoff) -> None:
    step.connection.execute(
        insert(signatures),
        {
            "id": new_id(),
            "case_id": step.row["id"],
            "signoff": signoff.name,
            "person_id": step.actor.person_id,
            "on_behalf_of": step.actor.on_behalf_of,
            "organisation_id": step.actor.organisation_id,
            "view": step.inputs["view"],
            "seq": step.seq,
            "voided_seq": None,
        },
    )


# Effects ----------------------------------------------------------------------------------------


def _take_effect(step: Step, effect: words.Effect) -> None:
    match effect:
        case words.Leave(capacity=capacity, input=name):
            only = _ids(step.inputs.get(name)) if name else None
            _unseat(step, capacity, only)
        case words.Join():
            _seat_new(step, _joining(step, effect))
        case words.Succeed(capacity=capacity, child=link):
            _succeed(step, capacity, _holders(step.view.newest_child(link), capacity))
        case words.Submit(report=report):
            _submit(step, report)
        case words.Relate():
            _relate(step, effect)
        case words.RaiseClue():
            raise TypeError("a clue opens a case of its own: opening.open_beside()")
        case _:
            sanctions.take_effect(step, effect)


def _ids(value: object) -> set[UUID]:
    chosen = [value] if isinstance(value, str) else list(value or ())  # type: ignore[call-overload]
    return {UUID(str(one)) for one in chosen}


def _joining(step: Step, join: words.Join) -> list[Seat]:
    if join.input:
        return _chosen(step, join)
    if join.holders_of is not None:
        return [
            Seat(join.capacity, s.organisation_id, s.name, s.person_id)
            for s in _holders(step.view, join.holders_of)
        ]
    if join.from_parent:
        return _holders(step.view.parent, join.capacity)
    if join.subject:
        return [Seat(join.capacity, step.row["subject_id"], step.row["subject_name"])]
    actor = step.actor
    return [Seat(join.capacity, actor.organisation_id, actor.seated_name, actor.seated_as)]


def _chosen(step: Step, join: words.Join) -> list[Seat]:
    """Seats of the organisation or the persons an input names."""
    field = next(f for f in step.transition.all_inputs if f.name == join.input)
    chosen = step.inputs.get(join.input)
    if chosen is None:
        return []
    if isinstance(field, Organisation):
        found = step.view.organisation(UUID(chosen))
        assert found is not None  # `_not_offered` has looked
        return [Seat(join.capacity, found.id, found.name)]
    return [
        Seat(join.capacity, person.organisation_id, person.name, person.id)
        for person in chosen_persons(step.view, field, chosen, step.day)
    ]


def eligible_persons(
    view: Snapshot,
    field: Person,
    on: date,
    wanted: Iterable[UUID] | None = None,
    *,
    barred: bool = False,
) -> list[PersonSeen]:
    """Who may be named in an input, each in the organisation in which the input asks for them.

    ``barred`` turns to those who could be but for a ban.
    """
    within = None
    if field.of is not None:
        within = {seat.organisation_id for seat in view.participants(field.of)}
    return view.persons(wanted, field.role, within, on, barred=barred)


def chosen_persons(view: Snapshot, field: object, chosen: object, on: date) -> list[PersonSeen]:
    """The persons an input names. Raises BadInputs if one of them may not be named."""
    assert isinstance(field, Person)
    wanted = _ids(chosen)
    found = {p.id: p for p in eligible_persons(view, field, on, wanted)}
    missing = wanted - found.keys()
    if missing and eligible_persons(view, field, on, missing, barred=True):
        raise BadInputs(
            {
                field.name: Label(
                    f"「{field.zh}」中有人处于禁业期，不得选任。",
                    f"“{field.en}” names somebody who is banned and may not be chosen.",
                )
            }
        )
    if missing:
        role = field.role.label if field.role is not None else Label("人员", "person")
        raise BadInputs(
            {
                field.name: Label(
                    f"「{field.zh}」中有人不是可选的{role.zh}。",
                    f"“{field.en}” names somebody who is not an eligible {role.en.lower()}.",
                )
            }
        )
    return [found[person_id] for person_id in sorted(wanted)]


def _holders(view: Snapshot | None, capacity: Capacity) -> list[Seat]:
    if view is None:
        return []
    return [
        Seat(capacity, p["organisation_id"], p["name"], p["person_id"])
        for p in view.all_participants
        if p["capacity"] == capacity
    ]


def _succeed(step: Step, capacity: Capacity, heirs: Sequence[Seat]) -> None:
    """Let others hold the capacity. The persons of a body that goes give up what they are here."""
    if not heirs:
        return
    before = {seat.organisation_id for seat in step.view.participants(capacity)}
    gone = before - {seat.organisation_id for seat in heirs}
    _unseat(step, capacity, None)
    _seat_new(step, heirs)
    _end(step, [p for p in step.view.all_participants if p["organisation_id"] in gone])


def _unseat(step: Step, capacity: Capacity, only: set[UUID] | None) -> None:
    _end(
        step,
        [
            p
            for p in step.view.all_participants
            if p["capacity"] == capacity and (only is None or p["person_id"] in only)
        ],
    )


def _end(step: Step, leaving: Sequence[Record]) -> None:
    if not leaving:
        return
    step.connection.execute(END_SEATS, [{"seat_id": p["id"], "until": step.seq} for p in leaving])
    step.view.all_participants = [p for p in step.view.all_participants if p not in leaving]
    step.noted.setdefault("left", []).extend(
        {"capacity": p["capacity"], "name": p["name"]} for p in leaving
    )


def _seat_new(step: Step, joining: Sequence[Seat]) -> None:
    held = {
        (p["capacity"], p["organisation_id"], p["person_id"]) for p in step.view.all_participants
    }
    new = [s for s in joining if (s.capacity, s.organisation_id, s.person_id) not in held]
    if not new:
        return
    rows = seat(step.session, step.row["id"], new, since_seq=step.seq)
    step.view.all_participants = [*step.view.all_participants, *rows]
    step.noted.setdefault("joined", []).extend(
        {
            "capacity": s.capacity,
            "name": s.name,
            "organisation": s.organisation_id,
            "person": s.person_id,
        }
        for s in new
    )


def seat(
    session: Session, case_id: UUID, seats: Iterable[Seat], *, since_seq: int
) -> list[dict[str, Any]]:
    """Write participants and return their rows."""
    rows = [
        {
            "id": new_id(),
            "case_id": case_id,
            "capacity": s.capacity.value,
            "organisation_id": s.organisation_id,
            "person_id": s.person_id,
            "name": s.name,
            "since_seq": since_seq,
            "until_seq": None,
        }
        for s in seats
    ]
    if rows:
        session.execute(INSERT_SEATS, rows)
    return rows


def _relate(step: Step, relation: words.Relate) -> None:
    """Tie the case of a unit's year to this one; only the authority reads the tie."""
    subject, year = step.inputs.get(relation.subject), step.inputs.get(relation.year)
    if subject is None or year is None:
        return
    wanted = (
        select(cases.c.id)
        .where(
            cases.c.lifecycle == relation.lifecycle,
            cases.c.cycle_year == year,
            cases.c.subject_id == UUID(subject),
            cases.c.authority_id == step.row["authority_id"],
        )
        .execution_options(**SEEN)
    )
    tied = [
        {
            "id": new_id(),
            "case_id": step.row["id"],
            "other_id": other_id,
            "kind": "related",
            "restricted": True,
            "raised_by": step.actor.person_id,
            "raised_at": step.now,
            "key": None,
        }
        for other_id in step.connection.execute(wanted).scalars()
    ]
    if tied:
        step.connection.execute(insert(links), tied)


def _submit(step: Step, report: words.Report) -> None:
    data = {f.name: plain(step.inputs.get(f.name)) for f in report.inputs}
    number = step.view.version_count(report.name) + 1
    digest = chain.digest(chain.canonical(data))
    step.connection.execute(
        insert(versions),
        {
            "id": new_id(),
            "root_id": step.row["root_id"],
            "case_id": step.row["id"],
            "report": report.name,
            "number": number,
            "data": data,
            "digest": digest,
            "submitted_by": step.actor.person_id,
            "submitted_by_name": step.actor.written_name,
            "organisation_id": step.actor.organisation_id,
            "submitted_at": step.occurred_at,
            "seq": step.seq,
        },
    )
    step.view.forget_versions()
    step.noted["version"] = {"report": report.name, "number": number, "digest": digest}


# Files, documents, messages ---------------------------------------------------------------------


def _attach_files(step: Step) -> None:
    """Tie the files named by the act to its entry. Raises BadInputs for one that is not there."""
    found = files_named(step)
    if not found:
        return
    fresh = [row.id for row in found if row.seq is None]
    if fresh:
        step.connection.execute(
            update(evidence).where(evidence.c.id.in_(fresh)).values(seq=step.seq)
        )
    names = {row.sha256: row.name for row in found}
    step.noted["files"] = [{"name": names[digest], "sha256": digest} for digest in sorted(names)]


def files_named(step: Step) -> Sequence[Row[*tuple[Any, ...]]]:
    """The files the act names, as uploaded. Raises BadInputs for one that is not there."""
    named: dict[str, Sequence[str]] = {
        field.name: step.inputs[field.name]
        for field in step.transition.all_inputs
        if isinstance(field, Files) and step.inputs.get(field.name)
    }
    if step.proof:
        named["paper_scan"] = step.proof
    digests = {digest for found in named.values() for digest in found}
    if not digests:
        return ()
    there = (
        select(evidence.c.id, evidence.c.sha256, evidence.c.name, evidence.c.seq)
        .where(
            evidence.c.case_id == step.row["id"],
            evidence.c.sha256.in_(digests),
            # What another body has not sent, or keeps to itself, is nobody else's to name.
            or_(
                and_(evidence.c.seq.is_not(None), evidence.c.internal.is_(False)),
                evidence.c.organisation_id == step.actor.organisation_id,
            ),
        )
        .order_by(evidence.c.id)
    )
    found = step.connection.execute(there).all()
    known = {row.sha256 for row in found}
    faults = {
        name: Label("有文件未上传成功，请重新上传。", "A file is not there: upload it again.")
        for name, wanted in named.items()
        if any(digest not in known for digest in wanted)
    }
    if faults:
        raise BadInputs(faults)
    return found


def _make_documents(step: Step) -> None:
    made = step.transition.documents
    served_on = step.inputs.get("served_on")
    if made:
        step.connection.execute(
            INSERT_DOCUMENTS,
            [
                {
                    "id": new_id(),
                    "case_id": step.row["id"],
                    "kind": document.name,
                    "seq": step.seq,
                    "made_at": step.occurred_at,
                    "served_on": served_on if document in step.transition.serves else None,
                }
                for document in made
            ],
        )
    if served_on is None:
        return
    for document in step.transition.serves:
        if document not in made:
            newest = (
                select(func.max(documents.c.seq))
                .where(documents.c.case_id == step.row["id"], documents.c.kind == document.name)
                .scalar_subquery()
            )
            step.connection.execute(
                update(documents)
                .where(
                    documents.c.case_id == step.row["id"],
                    documents.c.kind == document.name,
                    documents.c.seq == newest,
                    documents.c.voided_at.is_(None),
                )
                .values(served_on=served_on)
            )


def _notify(step: Step) -> None:
    """Leave a message for everybody the act tells; it is told after the commit."""
    rows = []
    for who in step.transition.notices:
        if who.capacity is None:
            seats: list[tuple[UUID | None, UUID | None]] = [(None, None)]
        elif who.role in AUTHORITY_ROLES and who.capacity is Capacity.LEAD:
            seats = [(step.row["authority_id"], None)]
        else:
            seats = [(s.organisation_id, s.person_id) for s in step.view.participants(who.capacity)]
        rows += [_message(step, who.role, organisation, person) for organisation, person in seats]
    if rows:
        step.write(INSERT_MESSAGES, rows)


def _message(
    step: Step, role: Role, organisation_id: UUID | None, person_id: UUID | None
) -> dict[str, Any]:
    return message(
        case_id=step.row["id"],
        seq=step.seq,
        kind="notice",
        template=f"{step.lifecycle.key}.{step.transition.name}",
        role=role,
        organisation_id=organisation_id,
        person_id=person_id,
        data={
            "number": step.row["number"],
            "subject": step.row["subject_name"],
            "state": step.changed.get("state", step.row["state"]),
        },
        now=step.now,
    )


def remember_due(session: Session, due: Iterable[UUID], step: Step) -> None:
    """Note the cases whose automatic transitions are to be looked at after the commit."""
    rows = [{"id": new_id(), "case_id": case_id, "since": step.now} for case_id in due]
    if rows:
        session.execute(insert(DueAct), rows)
