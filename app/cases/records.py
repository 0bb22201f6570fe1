"""What can be recorded on any case, whatever its lifecycle: evidence, remarks, the assignee.

These acts stand in the case's chain like transitions, but move nothing and never conflict: they
append under the row lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.audit import chain
from app.cases.errors import BadInputs, NotPermitted
from app.cases.escalation import closing
from app.cases.files import Stored
from app.cases.models import Case, Comment, Evidence, StoredFile
from app.cases.operations import locked
from app.cases.snapshot import Snapshot
from app.cases.step import Decided
from app.db import new_id, table_of
from app.engine.actors import SUPERVISOR, Actor, Capacity, Role
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label
from app.outbox.models import OutboxMessage, message
from app.workflows.separation import PARTS, Duty, has_part

ADD_EVIDENCE, COMMENT, ASSIGN = "add_evidence", "comment", "assign"
MERGE = "merge_organisation"
LONGEST_COMMENT = 4000

cases = table_of(Case)
stored_files = table_of(StoredFile)
messages = table_of(OutboxMessage)


def record_labels() -> Mapping[str, Label]:
    """How these acts, and the entries the clocks leave, are named on screens."""
    return {
        ADD_EVIDENCE: Label("添加证据", "Evidence added"),
        COMMENT: Label("留言", "Remark"),
        ASSIGN: Label("指定承办人", "Assigned"),
        MERGE: Label("机构合并，案件转入", "Passed over with a merger"),
        "deadline_passed": Label("期限届满", "Deadline passed"),
        "reinstate": Label("撤销视为放弃", "Waiver withdrawn"),
        "clock_moved": Label("期限重新计算", "Deadline computed again"),
        **_others,
    }


_others: dict[str, Label] = {}


def name_records(labels: Mapping[str, Label]) -> None:
    """Name what another package records in the chain of a case: only the authority reads it."""
    _others.update(labels)


def is_for_the_authority(trigger: str) -> bool:
    """Whether an entry is one of the authority's own records, or of somebody's remark."""
    return trigger == COMMENT or trigger in _others


def keep_upload(
    session: Session, case_id: UUID, stored: Stored, *, actor: Actor, now: datetime
) -> UUID:
    """Tie an uploaded file to a case, for an act that will name it. No entry yet."""
    known = select(Evidence.id).where(
        Evidence.case_id == case_id,
        Evidence.sha256 == stored.sha256,
        Evidence.organisation_id == actor.organisation_id,
        Evidence.seq.is_(None),
    )
    already = session.scalars(known).first()
    return already or _tied(session, case_id, stored, actor=actor, now=now).id


def remember(session: Session, stored: Stored, *, now: datetime) -> None:
    """Enter a file that lies in the store, whatever case it will be tied to."""
    if session.get(StoredFile, stored.sha256) is None:
        session.execute(
            insert(stored_files),
            {
                "sha256": stored.sha256,
                "size": stored.size,
                "media_type": stored.media_type,
                "stored_at": now,
            },
        )


def _tied(
    session: Session,
    case_id: UUID,
    stored: Stored,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    internal: bool = False,
) -> Evidence:
    remember(session, stored, now=now)
    row = Evidence(
        id=new_id(),
        case_id=case_id,
        sha256=stored.sha256,
        name=stored.name,
        note=note,
        internal=internal,
        added_by=actor.person_id,
        added_by_name=actor.written_name,
        organisation_id=actor.organisation_id,
        added_at=now,
        seq=None,
    )
    session.add(row)
    session.flush()
    return row


def stored_again(evidence: Evidence, stored: StoredFile) -> Stored:
    """A file that is in the store already, to be tied to another case of its family."""
    return Stored(stored.sha256, stored.size, stored.media_type, evidence.name)


def add_evidence(
    session: Session,
    case_id: UUID,
    stored: Stored,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    internal: bool = False,
) -> int:
    """Put a file on a case as evidence; return the number of the entry. Raises NotPermitted."""
    view = _handled(session, case_id, actor)
    # A row of its own: the same file, uploaded for an act, may be meant for everybody.
    row = _tied(session, case_id, stored, actor=actor, now=now, note=note, internal=internal)
    told = {"evidence": row.id, "sha256": stored.sha256, "size": stored.size}
    if not internal:
        told["name"] = stored.name
    row.seq = append(view, ADD_EVIDENCE, actor, told, now)
    return row.seq


def comment(session: Session, case_id: UUID, body: str, *, actor: Actor, now: datetime) -> int:
    """Leave a remark; the entry holds its digest, not its words. Raises NotPermitted, BadInputs."""
    text = body.strip()
    if not text or len(text) > LONGEST_COMMENT:
        raise BadInputs(
            {
                "body": Label(
                    f"请填写留言，最多 {LONGEST_COMMENT} 字。",
                    f"Write a remark of at most {LONGEST_COMMENT} characters.",
                )
            }
        )
    view = _handled(session, case_id, actor)
    comment_id = new_id()
    told = {"comment": comment_id, "digest": chain.digest(text)}
    seq = append(view, COMMENT, actor, told, now)
    session.add(
        Comment(
            id=comment_id,
            case_id=case_id,
            author_id=actor.person_id,
            author_name=actor.written_name,
            organisation_id=actor.organisation_id,
            body=text,
            written_at=now,
            seq=seq,
        )
    )
    return seq


def assign(
    session: Session, case_id: UUID, person_id: UUID | None, *, actor: Actor, now: datetime
) -> int:
    """Name the officer who handles a case, or nobody. Raises NotPermitted, BadInputs."""
    return assign_locked(locked(session, case_id), person_id, actor=actor, now=now)


def assign_locked(view: Snapshot, person_id: UUID | None, *, actor: Actor, now: datetime) -> int:
    """The same on a case that is locked already; whatever it raises, nothing was written."""
    if stands_for(actor, view.capacities_of(actor), [SUPERVISOR]) is None:
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to([SUPERVISOR]))])
    return give(view, person_id, actor=actor, now=now)


def give(
    view: Snapshot,
    person_id: UUID | None,
    *,
    actor: Actor,
    now: datetime,
    decides: Decided | None = None,
) -> int:
    """Give a locked case to an officer, or to nobody; whether one may, the caller has asked.

    ``decides`` names the escalation whose approval it is. Raises BadInputs.
    """
    name = None
    if person_id is not None:
        offered = assignable(view, now)
        if person_id not in offered:
            raise BadInputs(
                {"person": Label("请从本机关人员中选择。", "Choose somebody of this authority.")}
            )
        if (other := _other_part(view, person_id)) is not None:
            raise BadInputs({"person": other})
        name = offered[person_id]
    told = {"person": person_id, "name": name, "before": view.row["assignee_id"]}
    if decides is not None:
        told["decides"] = decides.told
    seq = append(view, ASSIGN, actor, told, now)
    view.connection.execute(
        update(cases).where(cases.c.id == view.id).values(assignee_id=person_id)
    )
    if person_id not in {None, actor.person_id}:
        _tell(view, person_id, seq, now)
    if view.row["escalations"]:
        closing.close_takeovers(view, decides.escalation_id if decides else None, now)
    return seq


def _tell(view: Snapshot, person_id: UUID | None, seq: int, now: datetime) -> None:
    """Leave a message for whoever was given the case."""
    row = view.row
    told = message(
        case_id=row["id"],
        seq=seq,
        kind="notice",
        template=f"{view.lifecycle.key}.{ASSIGN}",
        role=Role.INSPECTOR,
        organisation_id=row["authority_id"],
        person_id=person_id,
        data={"number": row["number"], "subject": row["subject_name"], "state": row["state"]},
        now=now,
    )
    view.connection.execute(insert(messages), told)


def _other_part(view: Snapshot, person_id: UUID) -> Label | None:
    """The part of the case that keeps somebody from handling it (SD-1, SD-2), as a sentence."""
    for duty, part in PARTS.items():
        if duty is not Duty.INVESTIGATES and has_part(view, person_id, duty):
            return Label(
                f"该人员已是本案{part.label.zh}，不得再担任承办人（SD-1）。",
                f"This person is {part.label.en} of the case and cannot handle it too (SD-1).",
            )
    if any(seat.person_id == person_id for seat in view.participants(Capacity.DISCUSSANT)):
        return Label(
            "该人员是本案集体讨论成员，不得再担任承办人（SD-2）。",
            "This person has a vote in the discussion of the case and cannot handle it (SD-2).",
        )
    return None


def assignable(view: Snapshot, now: datetime) -> dict[UUID, str]:
    """Who of the lead authority may be given the case, by id."""
    from app.law.periods import local_date  # noqa: PLC0415

    found: dict[UUID, str] = {}
    for role in (Role.INSPECTOR, Role.SUPERVISOR):
        for person in view.persons(None, role, {view.row["authority_id"]}, local_date(now)):
            found[person.id] = person.name
    return found


def handles(view: Snapshot, actor: Actor) -> bool:
    """Whether somebody takes part in a case, for the authority that leads it or otherwise."""
    capacities = view.capacities_of(actor)
    of_authority = Capacity.LEAD in capacities and actor.is_authority
    return of_authority or bool(capacities - {Capacity.LEAD})


def _handled(session: Session, case_id: UUID, actor: Actor) -> Snapshot:
    """Lock the case for somebody who takes part in it."""
    view = locked(session, case_id)
    if not handles(view, actor):
        label = Label("只有案件参与人可以办理。", "Only those who take part in the case may.")
        raise NotPermitted([Refusal(Why.NOT_YOU, label)])
    return view


def append(
    view: Snapshot, trigger: str, actor: Actor, details: Mapping[str, Any], now: datetime
) -> int:
    """Write an entry that moves nothing in the chain of a locked case; return its number."""
    row = view.row
    seq: int = row["last_seq"] + 1
    role = min(actor.roles) if actor.roles else Role.SYSTEM
    entry = chain.seal(
        chain="case",
        chain_id=row["id"],
        seq=seq,
        prev_hash=row["last_hash"],
        recorded_at=now,
        occurred_at=now,
        actor=actor,
        role=role,
        trigger=trigger,
        from_state=row["state"],
        to_state=row["state"],
        details=details,
    )
    view.connection.execute(chain.INSERT_ENTRY, entry)
    view.session.execute(
        update(cases).where(cases.c.id == row["id"]).values(last_seq=seq, last_hash=entry["hash"])
    )
    return seq
