"""Reads for the registers, and the one answer to who sees and who keeps what in them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.accounts.models import AUTHORITIES, Membership, Organisation, OrganisationKind, Person
from app.engine.actors import OVERSEEING_ROLES, Actor, Role, jurisdiction_stem
from app.engine.inputs import plain
from app.registers import divisions
from app.registers.columns import KIND, Column
from app.registers.errors import NoSuchOrganisation
from app.registers.models import (
    AgencyProfile,
    AgencyTie,
    Ban,
    PersonProfile,
    RosterEntry,
    Sector,
    UnitProfile,
)

T = TypeVar("T")
Statement: TypeAlias = Select[*tuple[Any, ...]]

PAGE: Final = 50
PROFILES: Final[Mapping[OrganisationKind, type[UnitProfile | AgencyProfile]]] = {
    OrganisationKind.UNIT: UnitProfile,
    OrganisationKind.AGENCY: AgencyProfile,
}
_KEEPERS: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_READERS: Final = OVERSEEING_ROLES | {Role.ADMINISTRATOR, Role.PROVINCIAL_VIEWER}


# Who sees and who keeps -------------------------------------------------------------------------


def visible_organisations(actor: Actor) -> ColumnElement[bool]:
    """Return the criterion of the units and agencies an actor sees; everybody else sees none.

    The authority, its administrator, the auditor and the regional viewer see every agency and the
    units of their jurisdiction; a unit or an agency sees itself.
    """
    registered = Organisation.kind.in_(list(PROFILES))
    if Role.SYSTEM in actor.roles:
        return registered
    seen = [Organisation.id == actor.organisation_id]
    if actor.roles & _READERS:
        seen.append(Organisation.kind == OrganisationKind.AGENCY)
        seen.append(
            Organisation.division.startswith(jurisdiction_stem(actor.division), autoescape=True)
            if actor.division
            else false()
        )
    return and_(registered, or_(*seen))


def may_edit(session: Session, actor: Actor, division: str | None = None) -> bool:
    """Whether an actor keeps the registers: a supervisor or the administrator of an authority.

    ``division`` asks about a unit that lies there: it must be in the authority's jurisdiction.
    Whoever stands in for one of them on the cases of some lifecycles alone keeps no register.
    """
    if Role.SYSTEM in actor.roles:
        return True
    if not actor.roles & _KEEPERS or (actor.extent is not None and actor.extent.lifecycles):
        return False
    if division is not None and not divisions.is_within(division, actor.division):
        return False
    kind = session.scalar(select(Organisation.kind).where(Organisation.id == actor.organisation_id))
    return kind in AUTHORITIES


def reads_people(actor: Actor) -> bool:
    """Whether an actor reads of natural persons: the authority, and whoever audits it."""
    return bool(actor.roles & OVERSEEING_ROLES)


def visible_people(actor: Actor) -> ColumnElement[bool]:
    """Return the criterion of the natural persons an actor reads of, by jurisdiction."""
    if Role.SYSTEM in actor.roles:
        return Organisation.kind == OrganisationKind.PERSON
    if not reads_people(actor) or not actor.division:
        return false()
    stem = jurisdiction_stem(actor.division)
    return and_(
        Organisation.kind == OrganisationKind.PERSON,
        Organisation.division.startswith(stem, autoescape=True),
    )


# Lists ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Search:
    """What a list is narrowed to and sorted by; a ``-`` before the column sorts downwards."""

    words: str = ""
    division: str = ""
    sector: str = ""
    year: int | None = None
    sort: str = "name"
    after: str = ""
    before: str = ""
    on: date | None = None
    """The day for which a list says what is in force."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list with the keys that lead on, and how many rows the whole list has."""

    rows: Sequence[T]
    previous: str
    next: str
    total: int


_CODE: Final = func.coalesce(Organisation.uscc, "")
_SORTS: Final[Mapping[str, Any]] = {
    "name": Organisation.name,
    "uscc": _CODE,
    "division": Organisation.division,
    "sector": type_coerce(UnitProfile.sector, String),
}


def units(session: Session, actor: Actor, search: Search, *, size: int = PAGE) -> Page[Row[Any]]:
    """List the units the actor sees: id, name, short_name, uscc, division, sector, on_roster.

    ``on_roster`` tells whether the unit stands on the roster of ``search.year``.
    """
    listed = exists().where(
        RosterEntry.unit_id == Organisation.id,
        RosterEntry.year == (search.year or 0),
        RosterEntry.removed_on.is_(None),
    )
    statement = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.short_name,
            Organisation.uscc,
            Organisation.division,
            Organisation.active,
            UnitProfile.sector,
            UnitProfile.capacity_mw,
        )
        .join(UnitProfile, UnitProfile.organisation_id == Organisation.id)
        .where(Organisation.kind == OrganisationKind.UNIT, visible_organisations(actor))
    )
    if search.sector in set(Sector):
        statement = statement.where(UnitProfile.sector == Sector(search.sector))
    if search.year is not None:
        statement = statement.where(listed)
    return _page(session, _narrowed(statement, search), search, size)


def agencies(session: Session, actor: Actor, search: Search, *, size: int = PAGE) -> Page[Row[Any]]:
    """List the agencies the actor sees, with what bars each."""
    statement = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.short_name,
            Organisation.uscc,
            Organisation.division,
            Organisation.active,
            AgencyProfile.compiles_in_province,
            AgencyProfile.consults,
            AgencyProfile.trades,
            _banned(search.on).label("banned"),
        )
        .join(AgencyProfile, AgencyProfile.organisation_id == Organisation.id)
        .where(Organisation.kind == OrganisationKind.AGENCY, visible_organisations(actor))
    )
    return _page(session, _narrowed(statement, search), search, size)


def _banned(on: date | None) -> ColumnElement[bool]:
    """Whether a ban on the organisation is in force on that day; none without a day."""
    if on is None:
        return false()
    return exists().where(Ban.organisation_id == Organisation.id, Ban.holds_on(on))


def roster(session: Session, actor: Actor, search: Search, *, size: int = PAGE) -> Page[Row[Any]]:
    """List who stands on the roster of ``search.year``, those removed during it included."""
    statement = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.short_name,
            Organisation.uscc,
            Organisation.division,
            UnitProfile.sector,
            RosterEntry.year,
            RosterEntry.listed_on,
            RosterEntry.removed_on,
        )
        .join(RosterEntry, RosterEntry.unit_id == Organisation.id)
        .join(UnitProfile, UnitProfile.organisation_id == Organisation.id)
        .where(RosterEntry.year == (search.year or 0), visible_organisations(actor))
    )
    if search.sector in set(Sector):
        statement = statement.where(UnitProfile.sector == Sector(search.sector))
    return _page(session, _narrowed(statement, search), search, size)


def roster_years(session: Session) -> Sequence[int]:
    """Return the years that have a roster, the newest first."""
    years = select(RosterEntry.year).distinct().order_by(RosterEntry.year.desc())
    return session.scalars(years).all()


def _narrowed(statement: Statement, search: Search) -> Statement:
    """Narrow to the words, each of which a name or a code must hold, and to a division."""
    for word in search.words.split():
        statement = statement.where(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (Organisation.name, Organisation.short_name, Organisation.uscc)
                )
            )
        )
    if search.division:
        statement = statement.where(
            Organisation.division.startswith(jurisdiction_stem(search.division), autoescape=True)
        )
    return statement


def _page(session: Session, statement: Statement, search: Search, size: int) -> Page[Row[Any]]:
    """Cut one page out by key: its cost does not grow with the pages before it."""
    name = search.sort.removeprefix("-")
    column = _SORTS.get(name, Organisation.name)
    down = search.sort.startswith("-")
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    backwards = bool(search.before)
    if key := _key_of(search.before or search.after):
        value, last = key
        onwards = down == backwards
        statement = statement.where(
            or_(
                column > value if onwards else column < value,
                and_(
                    column == value,
                    Organisation.id > last if onwards else Organisation.id < last,
                ),
            )
        )
    falling = down != backwards
    order = (column.desc(), Organisation.id.desc()) if falling else (column, Organisation.id)
    found = session.execute(
        statement.add_columns(column.label("sort_key")).order_by(*order).limit(size + 1)
    ).all()
    more = len(found) > size
    found = found[:size]
    rows = found[::-1] if backwards else found
    has_previous = bool(rows) and (more if backwards else bool(key))
    has_next = bool(rows) and (bool(key) if backwards else more)
    return Page(
        rows=rows,
        previous=_key(rows[0]) if has_previous else "",
        next=_key(rows[-1]) if has_next else "",
        total=total,
    )


def _key(row: Row[Any]) -> str:
    text = json.dumps([row.sort_key, str(row.id)], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _key_of(text: str) -> tuple[str, UUID] | None:
    """Read a key; one that was tampered with leads to the first page."""
    try:
        value, row_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return str(value), UUID(row_id)
    except ValueError:
        return None


# One organisation -------------------------------------------------------------------------------


def organisation(
    session: Session, actor: Actor, organisation_id: UUID, kind: OrganisationKind
) -> tuple[Organisation, Any]:
    """Return a unit or an agency with its profile. Raises NoSuchOrganisation."""
    profile = PROFILES[kind]
    found = session.execute(
        select(Organisation, profile)
        .join(profile, profile.organisation_id == Organisation.id)
        .where(
            Organisation.id == organisation_id,
            Organisation.kind == kind,
            visible_organisations(actor),
        )
    ).one_or_none()
    if found is None:
        raise NoSuchOrganisation
    return found[0], found[1]


def values_of(organisation: Organisation, profile: Any) -> dict[str, Any]:
    """Return what the registers hold of it, by column."""
    return {
        column.name: value_of(column, organisation, profile)
        for column in KIND[OrganisationKind(organisation.kind)]
    }


def value_of(column: Column, organisation: Organisation, profile: Any) -> Any:
    """Return one value from the row that holds it."""
    return getattr(profile if column.of_profile else organisation, column.name)


def seen(values: Mapping[str, Any]) -> str:
    """Return a digest of what a person was shown, to notice that it has changed since."""
    text = json.dumps({name: plain(value) for name, value in values.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def roster_of(session: Session, unit_id: UUID) -> Sequence[RosterEntry]:
    """Return the roster entries of a unit, the newest year first."""
    return session.scalars(
        select(RosterEntry).where(RosterEntry.unit_id == unit_id).order_by(RosterEntry.year.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie between an agency and a unit, with the name of the one at its other end."""

    tie: AgencyTie
    other_id: UUID
    other_name: str


def ties_of_agency(session: Session, actor: Actor, agency_id: UUID) -> list[Tie]:
    """Return the ties of an agency to units the actor sees, those that last first."""
    return _ties(session, actor, AgencyTie.agency_id, AgencyTie.unit_id, agency_id)


def ties_of_unit(session: Session, actor: Actor, unit_id: UUID) -> list[Tie]:
    """Return the ties of a unit to agencies the actor sees, those that last first."""
    return _ties(session, actor, AgencyTie.unit_id, AgencyTie.agency_id, unit_id)


def _ties(
    session: Session,
    actor: Actor,
    near: InstrumentedAttribute[UUID],
    far: InstrumentedAttribute[UUID],
    organisation_id: UUID,
) -> list[Tie]:
    rows = session.execute(
        select(AgencyTie, Organisation.id, Organisation.name)
        .join(Organisation, far == Organisation.id)
        .where(near == organisation_id, visible_organisations(actor))
        .order_by(AgencyTie.ended_on.is_not(None), AgencyTie.ended_on.desc(), Organisation.name)
    ).all()
    return [Tie(*row) for row in rows]


def is_in_force(ban: Ban, today: date) -> bool:
    """Whether a ban holds on a day; both ends count, without an end it is for life.

    One that was lifted holds no longer, whatever day is asked about.
    """
    lasts = ban.to_day is None or today <= ban.to_day
    return ban.lifted_on is None and ban.from_day <= today and lasts


def names(session: Session, actor: Actor, kind: OrganisationKind) -> Sequence[tuple[UUID, str]]:
    """Return id and name of every active unit or agency the actor sees, for a list of choices."""
    rows = session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.kind == kind, Organisation.active, visible_organisations(actor))
        .order_by(Organisation.name, Organisation.id)
    ).all()
    return cast("Sequence[tuple[UUID, str]]", rows)


# Natural persons --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NaturalPerson:
    """A natural person with their employer, and the account they have in this program, if any."""

    organisation: Organisation
    profile: PersonProfile
    employer: Organisation | None
    account: Person | None


def people(session: Session, actor: Actor, search: Search, *, size: int = PAGE) -> Page[Row[Any]]:
    """List the natural persons: id, name, post, employer with its id and kind, ``banned``.

    Words are looked for in the name and in that of the employer. Empty for whoever reads of none.
    """
    employer = aliased(Organisation)
    barred = or_(Ban.organisation_id == Organisation.id, Ban.person_id == PersonProfile.person_id)
    statement = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.active,
            PersonProfile.post,
            employer.id.label("employer_id"),
            employer.name.label("employer"),
            employer.kind.label("employer_kind"),
            exists().where(barred, Ban.holds_on(search.on or date.min)).label("banned"),
        )
        .join(PersonProfile, PersonProfile.organisation_id == Organisation.id)
        .outerjoin(employer, employer.id == PersonProfile.employer_id)
        .where(visible_people(actor))
    )
    for word in search.words.split():
        names = (Organisation.name, employer.name)
        statement = statement.where(or_(*(name.icontains(word, autoescape=True) for name in names)))
    return _page(session, statement, search, size)


def natural_person(session: Session, actor: Actor, organisation_id: UUID) -> NaturalPerson:
    """Return one of them. Raises NoSuchOrganisation, also for one the actor does not read of."""
    employer = aliased(Organisation)
    found = session.execute(
        select(Organisation, PersonProfile, employer, Person)
        .join(PersonProfile, PersonProfile.organisation_id == Organisation.id)
        .outerjoin(employer, employer.id == PersonProfile.employer_id)
        .outerjoin(Person, Person.id == PersonProfile.person_id)
        .where(Organisation.id == organisation_id, visible_people(actor))
    ).one_or_none()
    if found is None:
        raise NoSuchOrganisation
    return NaturalPerson(*found)


def values_of_person(found: NaturalPerson) -> dict[str, Any]:
    """What is held of a natural person, by input; ids as text."""
    profile = found.profile
    return {
        "name": found.organisation.name,
        "employer_id": str(profile.employer_id or ""),
        "post": profile.post,
        "address": profile.address,
        "person_id": str(profile.person_id or ""),
    }


def employers(session: Session) -> Sequence[tuple[UUID, str]]:
    """Return id and name of every active unit and agency."""
    rows = session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.kind.in_(list(PROFILES)), Organisation.active)
        .order_by(Organisation.name, Organisation.id)
    ).all()
    return cast("Sequence[tuple[UUID, str]]", rows)


def accounts_outside(session: Session) -> Sequence[tuple[UUID, str]]:
    """Return the accounts of people of units and agencies, each with where they work."""
    rows = session.execute(
        select(Person.id, Person.name, func.min(Organisation.name).label("at"))
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Organisation.kind.in_(list(PROFILES)), Person.active)
        .group_by(Person.id, Person.name)
        .order_by(Person.name, Person.id)
    ).all()
    return [(row.id, f"{row.name}（{row.at}）") for row in rows]


def people_of(session: Session, organisation_id: UUID) -> Sequence[Person]:
    """Return the active people of an organisation, for a ban on one of them."""
    return session.scalars(
        select(Person)
        .where(Person.active, Person.memberships.any(organisation_id=organisation_id))
        .order_by(Person.name, Person.id)
    ).all()
