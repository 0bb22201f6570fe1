"""One case as one person reads it: what they can do, the matter, what happened and until when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.cases.errors import NoSuchCase
from app.cases.likely import is_exit, likelihood
from app.cases.models import (
    Case,
    CaseDeadline,
    CaseDocument,
    CaseItem,
    CaseLink,
    Comment,
    Draft,
    Evidence,
    ItemRecord,
    ReportVersion,
    Signature,
    StoredFile,
)
from app.cases.records import (
    ADD_EVIDENCE,
    ASSIGN,
    handles,
    is_for_the_authority,
    record_labels,
)
from app.cases.sight import case_for, open_family, visible_to
from app.cases.snapshot import EVERY_CHILD, SEEN, ChildSeen, Record, Snapshot, record
from app.cases.wording import ClockLine, lines
from app.db import table_of
from app.engine.actors import OVERSEEING_ROLES, SUPERVISOR, SYSTEM_ACTOR, Actor, Capacity
from app.engine.definition import Expiry, Fact, Items, Lifecycle, Raise, Take, Transition
from app.engine.inputs import Files
from app.engine.permission import Refusal, Why, owns, refusals, stands_for
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.periods import local_date
from app.law.terms import LawBook

cases = table_of(Case)
deadlines = table_of(CaseDeadline)
audit_entries = table_of(AuditEntry)

TIMELINE_PAGE = 40


@dataclass(frozen=True, slots=True)
class Action:
    """One act of the lifecycle, as far as this person is concerned."""

    transition: Transition
    refusals: Sequence[Refusal]
    draft_at: datetime | None
    from_paper: bool
    """Whether the person would only record what somebody else did."""

    @property
    def allowed(self) -> bool:
        """Whether the person may do it now."""
        return not self.refusals

    @property
    def is_exit(self) -> bool:
        """Whether it leaves the usual way."""
        return is_exit(self.transition)

    @property
    def on_a_row(self) -> bool:
        """Whether it is done on one row of an items table."""
        return isinstance(self.transition.item, Take)


@dataclass(frozen=True, slots=True)
class RowOf:
    """A row of an items table with everything said of it, by round."""

    row: CaseItem
    status: Label
    records: Sequence[ItemRecord]
    acts: Sequence[Transition]
    """Acts the person may do on this row now."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the chain as the timeline tells it."""

    entry: AuditEntry
    label: Label
    from_state: Label | None
    to_state: Label | None
    proposed_by: str | None = None
    """Who asked for it, where it was done by deciding an escalation that a person raised."""
    given_to: str | None = None
    """The officer to whom it gave the case."""

    @property
    def recorded_late(self) -> bool:
        """Whether it was entered after it happened."""
        return self.entry.recorded_at != self.entry.occurred_at


@dataclass(frozen=True, slots=True)
class Told:
    """One page of the timeline, the newest first; ``older`` is where the next one begins."""

    entries: Sequence[Happened]
    older: int | None


class Reading(Snapshot):
    """A case read for one page: what guards ask of it row after row costs one query, not one each.

    Only for reading: within a transaction that writes, children and signatures come anew.
    """

    def __init__(self, session: Session, row: Record) -> None:
        super().__init__(session, row)
        self._signatures: dict[str, Sequence[Signature]] = {}

    @cached_property
    def _children(self) -> list[ChildSeen]:
        return [ChildSeen(*found) for found in self._execute(EVERY_CHILD, {"case_id": self.id})]

    def children(self, link: str) -> list[ChildSeen]:
        """The children opened under that link."""
        return [child for child in self._children if child.link == link]

    def signatures(self, signoff: str) -> Sequence[Signature]:
        """The signatures of the current round."""
        if signoff not in self._signatures:
            self._signatures[signoff] = super().signatures(signoff)
        return self._signatures[signoff]


class CasePage:
    """Reads of one case for one person. Raises NoSuchCase for a case they may not see."""

    def __init__(
        self, session: Session, actor: Actor, case_id: UUID, *, now: datetime, law: LawBook
    ) -> None:
        found = session.scalars(case_for(actor, case_id)).one_or_none()
        if found is None:
            raise NoSuchCase
        open_family(session, found)
        self.session = session
        self.actor = actor
        self.case: Case = found
        self.now = now
        self.law = law
        columns = {c.name: getattr(found, c.key) for c in cases.columns}
        self.view = Reading(session, columns)
        self.lifecycle: type[Lifecycle] = self.view.lifecycle

    def _all(self, query: Any) -> list[Any]:
        return list(self.session.scalars(query, execution_options=SEEN))

    @property
    def of_authority(self) -> bool:
        """Whether the person reads it for the authority."""
        return bool(self.actor.roles & OVERSEEING_ROLES)

    @property
    def state(self) -> Label:
        """Where the case stands."""
        return self.lifecycle.states[self.case.state].label

    @property
    def waits_for(self) -> Label | None:
        """Who must act."""
        who = self.lifecycle.states[self.case.state].waits_for
        return who.label if who is not None else None

    # What can I do? -----------------------------------------------------------------------------

    def attempt(self, item: CaseItem | None = None) -> Attempt:
        """The person's try at an act, with nothing typed yet."""
        return Attempt(
            case=self.view,
            actor=self.actor,
            now=self.now,
            today=local_date(self.now),
            law=self.law,
            item=item,
        )

    @cached_property
    def actions(self) -> list[Action]:
        """Acts the person may do now, the likely one first."""
        return sorted(
            (action for action in self._acts if action.allowed),
            key=lambda a: (a.is_exit, a.from_paper, likelihood(self.lifecycle, a.transition)),
        )

    @cached_property
    def refused(self) -> list[Action]:
        """Acts of this state that are not possible now, or not for this person, and why."""
        return [a for a in self._acts if not a.allowed]

    @cached_property
    def _acts(self) -> list[Action]:
        attempt = self.attempt()
        saved = {draft.trigger: draft.saved_at for draft in self.drafts}
        found = []
        for transition in self.lifecycle.open_in(self.case.state):
            if transition.automatic or transition.name in self.lifecycle.timers:
                continue
            why = refusals(self.lifecycle, transition, attempt, with_inputs=False)
            if any(r.why is Why.NOT_YOU for r in why) and transition.is_act:
                continue
            if not why and not self._has_row_for(transition):
                continue
            own = stands_for(self.actor, self.capacities, transition.by) is not None
            found.append(Action(transition, why, saved.get(transition.name), not own))
        return found

    def _has_row_for(self, transition: Transition) -> bool:
        """Whether an act on a row can be done on any row the person reads."""
        if not isinstance(transition.item, Take):
            return True
        rows = self.rows[transition.item.items.name]
        return any(transition in row.acts for row in rows)

    @cached_property
    def late(self) -> list[Transition]:
        """Acts the authority may still enter from paper: done before a period lapsed (A13)."""
        waived = {
            clock["name"]
            for clock in self.clock_rows
            if clock["expired_seq"] is not None and clock["met_seq"] is None
        }
        return [
            transition
            for name, deadline in self.lifecycle.deadlines.items()
            if name in waived and deadline.expiry is Expiry.PARTY_WAIVER
            for transition in deadline.met_by
            if self.case.state not in transition.source_names
            and stands_for(self.actor, self.capacities, transition.recorded_by) is not None
        ]

    def why_not(self, transition: Transition, row: CaseItem | None = None) -> list[Refusal]:
        """Why the person may not do an act now; nothing if they may, or may enter it late."""
        if transition in self.late:
            return []
        return refusals(self.lifecycle, transition, self.attempt(row), with_inputs=False)

    @property
    def may_add(self) -> bool:
        """Whether the person may add evidence and remarks."""
        return handles(self.view, self.actor)

    @property
    def may_assign(self) -> bool:
        """Whether the person may name the officer who handles the case."""
        return stands_for(self.actor, self.capacities, [SUPERVISOR]) is not None

    @cached_property
    def drafts(self) -> list[Draft]:
        """What the person has typed and not sent."""
        return self._all(
            select(Draft).where(
                Draft.case_id == self.case.id, Draft.person_id == self.actor.person_id
            )
        )

    def draft(self, trigger: str, item: str = "") -> Draft | None:
        """What the person has typed for one act, on one row of it."""
        return next((d for d in self.drafts if (d.trigger, d.item_key) == (trigger, item)), None)

    # Until when? --------------------------------------------------------------------------------

    @cached_property
    def clock_rows(self) -> list[Record]:
        """Every clock of the case."""
        query = (
            select(deadlines)
            .where(deadlines.c.case_id == self.case.id)
            .order_by(deadlines.c.opened_seq, deadlines.c.id)
        )
        found = self.session.execute(query, execution_options=SEEN).mappings()
        return [record(row) for row in found]

    @cached_property
    def clocks(self) -> list[ClockLine]:
        """The clocks in words, those that run first."""
        return lines(self.lifecycle, self.clock_rows, self.law, self.now)

    @property
    def running(self) -> list[ClockLine]:
        """Clocks that can still be met."""
        return [clock for clock in self.clocks if clock.runs]

    @property
    def ended(self) -> list[ClockLine]:
        """Clocks that are met, passed, void or handed over."""
        return [clock for clock in self.clocks if not clock.runs]

    @property
    def main_clock(self) -> ClockLine | None:
        """The nearest clock of whoever must act; if they have none, the nearest one."""
        theirs = [clock for clock in self.running if clock.waits_for == self.waits_for]
        return next(iter(theirs or self.running), None)

    # What happened? -----------------------------------------------------------------------------

    def timeline(
        self, before: int | None = None, limit: int = TIMELINE_PAGE, *, moves: bool = False
    ) -> Told:
        """The newest entries first; ``before`` is the number of the last one shown.

        With ``moves`` only those that moved the case.
        """
        query = (
            select(AuditEntry)
            .where(AuditEntry.chain_id == self.case.id)
            .order_by(AuditEntry.seq.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(AuditEntry.seq < before)
        if moves:
            query = query.where(AuditEntry.from_state.is_distinct_from(AuditEntry.to_state))
        found = self._all(query)
        older = found[-1].seq if len(found) == limit and found[-1].seq > 0 else None
        return Told([self._happened(e) for e in found if self._may_read(e)], older)

    def acts(self, *triggers: str) -> list[Happened]:
        """Every act of these names that the person may read, the oldest first."""
        query = (
            select(AuditEntry)
            .where(AuditEntry.chain_id == self.case.id, AuditEntry.trigger.in_(triggers))
            .order_by(AuditEntry.seq)
        )
        return [self._happened(entry) for entry in self._all(query) if self._may_read(entry)]

    def entry(self, seq: int) -> Happened:
        """One entry. Raises NoSuchCase for one that is not there for the person."""
        query = select(AuditEntry).where(AuditEntry.chain_id == self.case.id, AuditEntry.seq == seq)
        found = [entry for entry in self._all(query) if self._may_read(entry)]
        if not found:
            raise NoSuchCase
        return self._happened(found[0])

    def _happened(self, entry: AuditEntry) -> Happened:
        transition = self.lifecycle.transitions.get(entry.trigger)
        label = transition.label if transition else record_labels().get(entry.trigger)
        states = self.lifecycle.states
        moved = entry.from_state != entry.to_state
        details = json.loads(entry.body)["details"]
        return Happened(
            entry,
            label or Label(entry.trigger, entry.trigger),
            states[entry.from_state].label if entry.from_state and moved else None,
            states[entry.to_state].label if moved and entry.to_state in states else None,
            _proposer(details.get("decides")),
            details.get("name") if entry.trigger == ASSIGN else None,
        )

    def _may_read(self, entry: AuditEntry) -> bool:
        """Whether the person may know of an act: of rows, remarks and files they may read."""
        transition = self.lifecycle.transitions.get(entry.trigger)
        if self.is_confined:
            return self._concerns(entry, transition)
        if transition is not None:
            item = transition.item
            if isinstance(item, Raise) or (isinstance(item, Take) and item.withdraws):
                return self.may_read_drafts_of(item.items)
            return True
        if self.of_authority or entry.organisation_id == self.actor.organisation_id:
            return True
        if entry.trigger == ADD_EVIDENCE:
            return entry.seq not in self._internal_entries
        return not is_for_the_authority(entry.trigger)

    @property
    def is_confined(self) -> bool:
        """Whether the person reads the authority's own affair from outside: their part of it."""
        return (
            self.lifecycle.private
            and not self.of_authority
            and Capacity.LEAD not in self.capacities
        )

    def _concerns(self, entry: AuditEntry, transition: Transition | None) -> bool:
        """Whether an act was theirs, told them or served them."""
        if entry.organisation_id == self.actor.organisation_id:
            return True
        return transition is not None and self._is_told(transition)

    def _is_told(self, transition: Transition) -> bool:
        told = stands_for(self.actor, self.capacities, transition.notices) is not None
        return told or bool(transition.serves)

    def may_read_fact(self, fact: Fact) -> bool:
        """Whether the person may read a fact: a confined one, what their acts or notices tell."""
        return not self.is_confined or any(
            self._is_told(transition)
            or stands_for(self.actor, self.capacities, transition.by) is not None
            for transition in (*fact.of, *fact.days_of)
        )

    @cached_property
    def _entries_read(self) -> frozenset[int]:
        """Numbers of the entries a confined person may read; their files are open as well."""
        query = select(AuditEntry).where(AuditEntry.chain_id == self.case.id)
        return frozenset(entry.seq for entry in self._all(query) if self._may_read(entry))

    @cached_property
    def _internal_entries(self) -> frozenset[int | None]:
        """Numbers of the entries that put internal files on the case."""
        query = select(Evidence.seq).where(Evidence.case_id == self.case.id, Evidence.internal)
        return frozenset(self._all(query))

    @cached_property
    def way(self) -> list[tuple[str, str]]:
        """Every move the case has made, oldest first, for the picture of the lifecycle."""
        query = (
            select(audit_entries.c.from_state, audit_entries.c.to_state)
            .where(
                audit_entries.c.chain_id == self.case.id,
                audit_entries.c.from_state.is_not(None),
                audit_entries.c.from_state != audit_entries.c.to_state,
            )
            .order_by(audit_entries.c.seq)
        )
        found = self.session.execute(query, execution_options=SEEN)
        return [(str(row.from_state), str(row.to_state)) for row in found]

    # The matter ---------------------------------------------------------------------------------

    def may_read_drafts_of(self, items: Items) -> bool:
        """Whether the person may read rows of a table that have not been issued."""
        if self.is_confined and not items.owners:
            return bool(self.actor.roles & set(items.shown_to))
        return not items.shown_to or bool(self.actor.roles & set(items.shown_to))

    @cached_property
    def rows(self) -> dict[str, list[RowOf]]:
        """The rows of every items table, by table, as far as the person may read them.

        What was never issued, still in its first status or withdrawn from it, is its authors'.
        """
        found: dict[str, list[RowOf]] = {name: [] for name in self.lifecycle.items}
        told: dict[UUID, list[ItemRecord]] = {}
        records = select(ItemRecord).where(ItemRecord.case_id == self.case.id)
        for said in self._all(records.order_by(ItemRecord.seq)):
            told.setdefault(said.item_id, []).append(said)
        withdrawn = {
            (t.item.items.name, t.item.to)
            for t in self.lifecycle.transitions.values()
            if isinstance(t.item, Take) and t.item.withdraws
        }
        query = select(CaseItem).where(CaseItem.case_id == self.case.id).order_by(CaseItem.number)
        for row in self._all(query):
            table = self.lifecycle.items[row.kind]
            if not (owns(table, row, self.attempt()) or self.of_authority):
                continue
            unissued = row.status == table.first_status or (row.kind, row.status) in withdrawn
            if unissued and not self.may_read_drafts_of(table):
                continue
            found[row.kind].append(
                RowOf(row, table.statuses[row.status], told.get(row.id, ()), self._acts_on(row))
            )
        return found

    def row(self, item_id: UUID) -> RowOf | None:
        """One row, if the person may read it."""
        return next((r for found in self.rows.values() for r in found if r.row.id == item_id), None)

    def _acts_on(self, row: CaseItem) -> list[Transition]:
        attempt = self.attempt(row)
        return [
            t
            for t in self.lifecycle.open_in(self.case.state)
            if isinstance(t.item, Take)
            and t.item.items.name == row.kind
            and not refusals(self.lifecycle, t, attempt, with_inputs=False)
        ]

    @cached_property
    def versions(self) -> dict[str, list[ReportVersion]]:
        """The versions of each report of the family, the newest first."""
        query = (
            select(ReportVersion)
            .where(ReportVersion.root_id == self.case.root_id)
            .order_by(ReportVersion.report, ReportVersion.number.desc())
        )
        found: dict[str, list[ReportVersion]] = {}
        for version in self._all(query):
            if version.report in self.lifecycle.reports:
                found.setdefault(version.report, []).append(version)
        return found

    @cached_property
    def evidence(self) -> list[tuple[Evidence, StoredFile]]:
        """Files of the case: attachments of acts, evidence, and one's own uploads."""
        mine = Evidence.organisation_id == self.actor.organisation_id
        query = (
            select(Evidence, StoredFile)
            .join(StoredFile, StoredFile.sha256 == Evidence.sha256)
            .where(Evidence.case_id == self.case.id, or_(Evidence.seq.is_not(None), mine))
            .order_by(Evidence.added_at.desc(), Evidence.id)
        )
        if not self.of_authority:
            query = query.where(or_(Evidence.internal.is_(False), mine))
        found = self.session.execute(query, execution_options=SEEN)
        return [(row.Evidence, row.StoredFile) for row in found if self._may_open(row.Evidence)]

    @cached_property
    def version_files(self) -> list[tuple[Evidence, StoredFile]]:
        """Files of the report versions, also of those another case of the family submitted."""
        named = {
            digest
            for report, versions in self.versions.items()
            for field in self.lifecycle.reports[report].inputs
            if isinstance(field, Files)
            for version in versions
            for digest in version.data.get(field.name) or ()
        }
        if not named:
            return []
        query = (
            select(Evidence, StoredFile)
            .join(StoredFile, StoredFile.sha256 == Evidence.sha256)
            .join(Case, Case.id == Evidence.case_id)
            .where(Case.root_id == self.case.root_id, Evidence.sha256.in_(named))
            .where(Evidence.seq.is_not(None), Evidence.internal.is_(False))
            .order_by(Evidence.added_at, Evidence.id)
        )
        found = self.session.execute(query, execution_options=SEEN)
        return [(row.Evidence, row.StoredFile) for row in found if self._may_open(row.Evidence)]

    @cached_property
    def files(self) -> dict[str, tuple[Evidence, StoredFile]]:
        """Everything the person may open, by digest: what values of files point to."""
        found = [*self.version_files, *self.evidence]
        return {evidence.sha256: (evidence, stored) for evidence, stored in found}

    def _may_open(self, evidence: Evidence) -> bool:
        if self.is_confined:
            mine = evidence.organisation_id == self.actor.organisation_id
            return mine or evidence.seq in self._entries_read
        return evidence.case_id != self.case.id or evidence.seq not in self._hidden_entries

    @cached_property
    def _hidden_entries(self) -> frozenset[int]:
        """Numbers of acts on rows the person may not read yet; their files are hidden as well."""
        shown = {one.row.id for rows in self.rows.values() for one in rows}
        return frozenset(
            row.raised_seq
            for table in self.lifecycle.items.values()
            if not self.may_read_drafts_of(table)
            for row in self.view.items(table.name)
            if row.id not in shown
        )

    @cached_property
    def comments(self) -> list[Comment]:
        """Remarks: the authority reads all, others their own body's."""
        query = select(Comment).where(Comment.case_id == self.case.id)
        if not self.of_authority:
            query = query.where(Comment.organisation_id == self.actor.organisation_id)
        return self._all(query.order_by(Comment.written_at.desc()))

    @cached_property
    def documents(self) -> list[CaseDocument]:
        """Official documents the acts called for, the newest first."""
        query = select(CaseDocument).where(CaseDocument.case_id == self.case.id)
        found = self._all(query.order_by(CaseDocument.seq.desc()))
        if self.of_authority:
            return found
        external = [d for d in found if self.lifecycle.documents[d.kind].external]
        # A receiving authority reads what it confirms the receipt of.
        received = Capacity.RECIPIENT in self.capacities
        return [
            d for d in external if d.served_on or not self.is_confined or (received and d.sealed_at)
        ]

    @property
    def participants(self) -> Sequence[Record]:
        """Who holds a capacity now."""
        return self.view.all_participants

    @cached_property
    def relatives(self) -> list[Case]:
        """The parent and the children of the case, as far as the person may see them."""
        kin = [Case.parent_id == self.case.id]
        if self.case.parent_id is not None:
            kin.append(Case.id == self.case.parent_id)
        query = select(Case).where(visible_to(self.actor), or_(*kin)).order_by(Case.opened_at)
        return list(self.session.scalars(query))

    @cached_property
    def linked(self) -> list[tuple[CaseLink, Case]]:
        """Cases that are no family, as far as the person may see them and the tie to them."""
        tie = or_(CaseLink.case_id == self.case.id, CaseLink.other_id == self.case.id)
        other = or_(
            and_(CaseLink.case_id == self.case.id, Case.id == CaseLink.other_id),
            and_(CaseLink.other_id == self.case.id, Case.id == CaseLink.case_id),
        )
        query = select(CaseLink, Case).join(Case, other).where(tie, visible_to(self.actor))
        if not self.of_authority:
            query = query.where(CaseLink.restricted.is_(False))
        found = self.session.execute(query.order_by(CaseLink.raised_at, CaseLink.id))
        return [(row.CaseLink, row.Case) for row in found]

    @property
    def capacities(self) -> frozenset[Capacity]:
        """What the person is on this case."""
        return self.view.capacities_of(self.actor)


def _proposer(decides: Mapping[str, Any] | None) -> str | None:
    """The person who proposed what an entry did; nobody where a clock did."""
    if decides is None or decides["proposed_by"] == str(SYSTEM_ACTOR.person_id):
        return None
    name: str = decides["proposed_by_name"]
    return name
