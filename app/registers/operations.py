"""What is done to the registers, each act with its entry in the chain ``registers``.

Nothing here commits; the caller's transaction does. Every act takes the lock of the chain first,
so that two people never enter the same organisation twice. Names of contacts and their telephone
numbers stand in the entries as commitments only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Division, Organisation, OrganisationKind
from app.audit import chain
from app.db import new_id
from app.engine.actors import Actor
from app.engine.inputs import plain
from app.registers import divisions, queries
from app.registers.columns import KIND
from app.registers.errors import (
    AccountTied,
    CodeTaken,
    MayNotEdit,
    NoSuchOrganisation,
    OnRosterAlready,
    RegisterHasMoved,
)
from app.registers.models import AgencyTie, Ban, PersonProfile, RosterEntry, TieKind

CHAIN: Final = "registers"

PERSON_COLUMNS: Final = ("employer_id", "post", "address", "person_id")
PERSONAL: Final = frozenset({"name", "address"})
"""What of a natural person an entry only commits to."""

Values = Mapping[str, Any]
"""Typed values by column name, see `columns`."""


def load_divisions(session: Session) -> None:
    """Enter the shipped divisions that the database does not know yet; their order is top down."""
    there = set(session.scalars(select(Division.code)))
    session.add_all(
        Division(code=p.code, name=p.name, level=p.level, parent_code=p.parent_code)
        for p in divisions.known().values()
        if p.code not in there
    )
    session.flush()


# Units and agencies -----------------------------------------------------------------------------


def add(
    session: Session, actor: Actor, kind: OrganisationKind, values: Values, *, now: datetime
) -> Organisation:
    """Enter a unit or an agency. Raises MayNotEdit, CodeTaken."""
    lock(session)
    refuse_unless_keeper(session, actor, _division(kind, values))
    _refuse_taken_code(session, values.get("uscc"), None)
    organisation, profile = made(kind, values, now=now)
    session.add(organisation)
    session.flush()
    session.add(profile)
    session.flush()
    _record(session, f"add_{kind}", actor, organisation.id, values, now)
    return organisation


def change(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    values: Values,
    *,
    now: datetime,
    seen: str | None = None,
) -> dict[str, tuple[Any, Any]]:
    """Change what the registers hold; return old and new value of what changed, if anything.

    ``seen`` is the digest of what the person was shown (`queries.seen`). Raises MayNotEdit,
    RegisterHasMoved, CodeTaken. Writes no entry where nothing changed.
    """
    lock(session)
    kind = OrganisationKind(organisation.kind)
    profile = session.get_one(queries.PROFILES[kind], organisation.id, populate_existing=True)
    session.refresh(organisation)
    before = queries.values_of(organisation, profile)
    refuse_unless_keeper(session, actor, _division(kind, before))
    refuse_unless_keeper(session, actor, _division(kind, {**before, **values}))
    if seen is not None and seen != queries.seen(before):
        raise RegisterHasMoved
    changes = write(organisation, profile, values)
    if not changes:
        return {}
    _refuse_taken_code(session, values.get("uscc"), organisation.id)
    told = {name: after for name, (_, after) in changes.items()}
    _record(session, f"change_{kind}", actor, organisation.id, told, now)
    return changes


def made(kind: OrganisationKind, values: Values, *, now: datetime) -> tuple[Organisation, Any]:
    """Return the two rows of a new unit or agency; what is not given has its column's default.

    The organisation must be flushed before the profile is added.
    """
    own = {c.name: values[c.name] for c in KIND[kind] if not c.of_profile and c.name in values}
    rest = {c.name: values[c.name] for c in KIND[kind] if c.of_profile and c.name in values}
    organisation = Organisation(id=new_id(), kind=kind, active=True, created_at=now, **own)
    return organisation, queries.PROFILES[kind](organisation_id=organisation.id, **rest)


def write(organisation: Organisation, profile: Any, values: Values) -> dict[str, tuple[Any, Any]]:
    """Set what differs; return old and new value of it."""
    changes: dict[str, tuple[Any, Any]] = {}
    for column in KIND[OrganisationKind(organisation.kind)]:
        if column.name not in values:
            continue
        before, after = queries.value_of(column, organisation, profile), values[column.name]
        if before != after:
            setattr(profile if column.of_profile else organisation, column.name, after)
            changes[column.name] = (before, after)
    return changes


def lock(session: Session) -> None:
    """Take the lock of the chain: whoever changes the registers waits for whoever does so now."""
    session.execute(chain.LOCK_HEAD, {"head": chain.chain_id_of(CHAIN)})


def refuse_unless_keeper(session: Session, actor: Actor, division: str | None = None) -> None:
    """Raise MayNotEdit unless the actor keeps the registers, for a unit those of its place."""
    if not queries.may_edit(session, actor, division):
        raise MayNotEdit


def _division(kind: OrganisationKind, values: Values) -> str | None:
    """The place that decides who keeps the entry; an agency works everywhere."""
    return str(values["division"]) if kind is OrganisationKind.UNIT else None


def _refuse_taken_code(session: Session, code: str | None, own_id: UUID | None) -> None:
    if not code:
        return
    with session.no_autoflush:
        other = session.execute(
            select(Organisation.id, Organisation.name).where(Organisation.uscc == code)
        ).one_or_none()
    if other is not None and other.id != own_id:
        raise CodeTaken(code, other.name)


def split_personal(kind: OrganisationKind, values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that stand in an entry, and the personal ones it only commits to."""
    personal = {column.name for column in KIND[kind] if column.input.personal}
    told = {name: plain(value) for name, value in values.items()}
    return (
        {name: value for name, value in told.items() if name not in personal},
        {name: value for name, value in told.items() if name in personal and value},
    )


def _record(
    session: Session,
    trigger: str,
    actor: Actor,
    organisation_id: UUID,
    values: Values,
    now: datetime,
) -> None:
    kind = OrganisationKind(trigger.partition("_")[2])
    told, personal = split_personal(kind, values)
    chain.append(
        session, CHAIN, trigger=trigger, actor=actor, now=now, private=personal,
        body={"organisation": organisation_id, "values": told},
    )  # fmt: skip


# Ties and bans ----------------------------------------------------------------------------------


def add_tie(
    session: Session,
    actor: Actor,
    *,
    agency_id: UUID,
    unit_id: UUID,
    kind: TieKind,
    since: date | None,
    ended_on: date | None = None,
    note: str = "",
    now: datetime,
) -> AgencyTie:
    """Enter a tie between an agency and a unit (COI-3, COI-4). Raises MayNotEdit."""
    refuse_unless_keeper(session, actor)
    tie = AgencyTie(
        agency_id=agency_id,
        unit_id=unit_id,
        kind=kind,
        since=since,
        ended_on=ended_on,
        note=note,
    )
    session.add(tie)
    session.flush()
    body = {
        "tie": tie.id,
        "agency": agency_id,
        "unit": unit_id,
        "kind": kind,
        "since": since,
        "ended_on": ended_on,
        "note": note,
    }
    chain.append(session, CHAIN, trigger="add_tie", actor=actor, body=body, now=now)
    return tie


def end_tie(
    session: Session, actor: Actor, tie: AgencyTie, *, ended_on: date, now: datetime
) -> None:
    """Say on which day, inclusive, a tie ended. Three years later it no longer bars (COI-3)."""
    refuse_unless_keeper(session, actor)
    tie.ended_on = ended_on
    session.flush()
    body = {"tie": tie.id, "ended_on": ended_on}
    chain.append(session, CHAIN, trigger="end_tie", actor=actor, body=body, now=now)


def impose_ban(
    session: Session,
    actor: Actor,
    *,
    organisation_id: UUID | None = None,
    person_id: UUID | None = None,
    scope: str,
    from_day: date,
    to_day: date | None,
    basis: str,
    now: datetime,
) -> Ban:
    """Enter a ban on an organisation or on a person; without ``to_day`` it is for life."""
    refuse_unless_keeper(session, actor)
    ban = Ban(
        organisation_id=organisation_id,
        person_id=person_id,
        scope=scope,
        from_day=from_day,
        to_day=to_day,
        basis=basis,
    )
    session.add(ban)
    session.flush()
    body = {
        "ban": ban.id,
        "organisation": organisation_id,
        "person": person_id,
        "scope": scope,
        "from": from_day,
        "to": to_day,
        "basis": basis,
    }
    chain.append(session, CHAIN, trigger="impose_ban", actor=actor, body=body, now=now)
    return ban


# Natural persons --------------------------------------------------------------------------------


def add_person(session: Session, actor: Actor, values: Values, *, now: datetime) -> Organisation:
    """Enter a natural person; ``values`` by input. Raises MayNotEdit, AccountTied.

    Name and address stand in the entry as commitments only. The person is registered where the
    employer is, else where the authority is.
    """
    lock(session)
    refuse_unless_keeper(session, actor)
    _refuse_tied_account(session, values["person_id"], None)
    employer = session.get(Organisation, values["employer_id"]) if values["employer_id"] else None
    made = Organisation(
        id=new_id(),
        kind=OrganisationKind.PERSON,
        name=values["name"],
        division=employer.division if employer is not None else actor.division,
        active=True,
        created_at=now,
    )
    session.add(made)
    session.flush()
    held = {name: values[name] for name in PERSON_COLUMNS}
    session.add(PersonProfile(organisation_id=made.id, **held))
    session.flush()
    _record_person(session, "add_person", actor, made.id, values, now)
    return made


def change_person(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    values: Values,
    *,
    now: datetime,
    seen: str,
) -> bool:
    """Change what is held of a natural person; whether anything changed.

    ``seen`` is the digest of what the keeper was shown. Raises MayNotEdit, NoSuchOrganisation,
    RegisterHasMoved, AccountTied. Writes no entry where nothing changed.
    """
    lock(session)
    refuse_unless_keeper(session, actor)
    found = queries.natural_person(session, actor, organisation_id)
    if seen != queries.seen(queries.values_of_person(found)):
        raise RegisterHasMoved
    rows = {"name": found.organisation} | dict.fromkeys(PERSON_COLUMNS, found.profile)
    changed = {name: new for name, new in values.items() if getattr(rows[name], name) != new}
    if not changed:
        return False
    _refuse_tied_account(session, changed.get("person_id"), organisation_id)
    for name, new in changed.items():
        setattr(rows[name], name, new)
    session.flush()
    _record_person(session, "change_person", actor, organisation_id, changed, now)
    return True


def _refuse_tied_account(session: Session, person_id: UUID | None, own_id: UUID | None) -> None:
    if person_id is None:
        return
    other = session.execute(
        select(Organisation.id, Organisation.name)
        .join(PersonProfile, PersonProfile.organisation_id == Organisation.id)
        .where(PersonProfile.person_id == person_id)
    ).first()
    if other is not None and other.id != own_id:
        raise AccountTied(other.name)


def _record_person(
    session: Session,
    trigger: str,
    actor: Actor,
    organisation_id: UUID,
    values: Values,
    now: datetime,
) -> None:
    told = {name: plain(value) for name, value in values.items()}
    chain.append(
        session, CHAIN, trigger=trigger, actor=actor, now=now,
        private={name: value for name, value in told.items() if name in PERSONAL and value},
        body={
            "organisation": organisation_id,
            "values": {name: value for name, value in told.items() if name not in PERSONAL},
        },
    )  # fmt: skip


# Roster -----------------------------------------------------------------------------------------


def list_unit(
    session: Session, actor: Actor, unit_id: UUID, year: int, *, listed_on: date, now: datetime
) -> RosterEntry:
    """Put a unit on the roster of a year. Raises OnRosterAlready; one removed may return."""
    lock(session)
    _refuse_unless_keeper_of_unit(session, actor, unit_id)
    entry = _entry(session, unit_id, year)
    if entry is not None and entry.removed_on is None:
        raise OnRosterAlready(year)
    if entry is None:
        entry = RosterEntry(year=year, unit_id=unit_id, listed_on=listed_on)
        session.add(entry)
    entry.listed_on, entry.removed_on = listed_on, None
    session.flush()
    body = {"unit": unit_id, "year": year, "listed_on": listed_on}
    chain.append(session, CHAIN, trigger="list_unit", actor=actor, body=body, now=now)
    return entry


def remove_from_roster(
    session: Session, actor: Actor, unit_id: UUID, year: int, *, removed_on: date, now: datetime
) -> RosterEntry:
    """Take a unit off the roster of a year; the entry stays with its day.

    Raises NoSuchOrganisation if the unit is not on it. Order 19 art. 11: two consecutive years
    below 26,000 t, or closed; a region's rule adds that its obligations are done first.
    """
    lock(session)
    _refuse_unless_keeper_of_unit(session, actor, unit_id)
    entry = _entry(session, unit_id, year)
    if entry is None or entry.removed_on is not None:
        raise NoSuchOrganisation
    entry.removed_on = removed_on
    session.flush()
    body = {"unit": unit_id, "year": year, "removed_on": removed_on}
    chain.append(session, CHAIN, trigger="remove_from_roster", actor=actor, body=body, now=now)
    return entry


def _entry(session: Session, unit_id: UUID, year: int) -> RosterEntry | None:
    return session.scalar(
        select(RosterEntry).where(RosterEntry.unit_id == unit_id, RosterEntry.year == year)
    )


def _refuse_unless_keeper_of_unit(session: Session, actor: Actor, unit_id: UUID) -> None:
    division = session.scalar(
        select(Organisation.division).where(
            Organisation.id == unit_id, Organisation.kind == OrganisationKind.UNIT
        )
    )
    if division is None:
        raise NoSuchOrganisation
    refuse_unless_keeper(session, actor, division)
