"""A peer: the same act as a typical application writes it, by the ORM's unit of work.

Objects are loaded, changed and added, and the flush finds out what to write. It does no more than
the floor: no declared lifecycle, no guards.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.cases.models import Case, CaseDeadline, Participant
from app.db import new_id
from app.law.periods import local_date
from app.outbox.models import OutboxMessage
from benchmarks.exchange import Exchange
from benchmarks.floor import MOVES, body_of, ready
from benchmarks.scene import Scene


class UnitOfWork:
    name = "ORM unit of work"

    def __init__(self, scene: Scene, case_id: UUID) -> None:
        self.scene = scene
        self.case_id = case_id

    def close(self) -> None:
        """Nothing of its own."""

    def act(self, trigger: str, now: datetime, version: int, key: str, remark: str) -> None:
        """Do the act durably."""

        def work(session: Session) -> None:
            self._act(session, trigger, now, version, key, remark)

        self.scene.database.write(work)

    def _act(
        self, session: Session, trigger: str, now: datetime, version: int, key: str, remark: str
    ) -> None:
        actor, move = self.scene.actor_of(trigger), MOVES[trigger]
        case = session.get_one(Case, self.case_id, with_for_update=True)
        repeated = select(AuditEntry).where(
            AuditEntry.chain_id == case.id,
            AuditEntry.actor_id == actor.person_id,
            AuditEntry.idempotency_key == key,
        )
        seated = select(Participant).where(
            Participant.case_id == case.id, Participant.until_seq.is_(None)
        )
        running = select(CaseDeadline).where(
            CaseDeadline.case_id == case.id, CaseDeadline.closed_at.is_(None)
        )
        if session.scalars(repeated).one_or_none() is not None:
            raise RuntimeError("repeated")
        seats = session.scalars(seated).all()
        own = [seat for seat in seats if seat.organisation_id == actor.organisation_id]
        if not own or case.state != move.source or case.version != version:
            raise RuntimeError("refused")
        [met] = [c for c in session.scalars(running) if c.name == move.meets]
        seq = case.last_seq + 1
        met.met_at, met.met_seq, met.closed_at = now, seq, now
        met.met_late = met.due_at is not None and now > met.due_at
        opened = ready(move.opens, local_date(now))
        on = opened["anchor_on"].isoformat()
        anchor = {"trigger": trigger, "on": on, "at": now.isoformat()}
        session.add(
            CaseDeadline(
                **{
                    **opened,
                    "id": new_id(),
                    "case_id": case.id,
                    "anchor_at": now,
                    "derivation": {**opened["derivation"], "anchor": anchor},
                    "opened_seq": seq,
                }
            )
        )
        for seat in seats:
            if seat.capacity == move.told_capacity:
                told = {"number": case.number, "subject": case.subject_name, "state": move.to}
                session.add(
                    OutboxMessage(
                        case_id=case.id,
                        seq=seq,
                        template=f"{Exchange.key}.{trigger}",
                        role=move.told_role,
                        organisation_id=seat.organisation_id,
                        person_id=seat.person_id,
                        data=told,
                        created_at=now,
                        release_at=now,
                    )
                )
        body = body_of(case.id, move, trigger, opened, actor, now, seq, case.last_hash, key, remark)
        digest = hashlib.sha256(body.encode()).hexdigest()
        session.add(
            AuditEntry(
                chain_id=case.id,
                seq=seq,
                chain="case",
                recorded_at=now,
                occurred_at=now,
                actor_id=actor.person_id,
                actor_name=actor.person_name,
                organisation_id=actor.organisation_id,
                organisation_name=actor.organisation_name,
                role=move.role,
                trigger=trigger,
                code=move.code,
                from_state=move.source,
                to_state=move.to,
                idempotency_key=key,
                flags="",
                body=body,
                prev_hash=case.last_hash,
                hash=digest,
                algorithm="sha256",
            )
        )
        case.state, case.state_since, case.state_seq = move.to, now, seq
        case.waits_role, case.waits_capacity = move.waits_role, move.waits_capacity
        case.next_due_at, case.next_due_name = opened["due_at"], move.opens
        case.sort_due_at = opened["due_at"]
        case.version += 1
        case.last_seq, case.last_hash = seq, digest
