"""Organisations as administrators keep them: lists, entering, correcting, and what takes two.

Who an organisation is (its names, its code) one administrator corrects alone. What its people see
and may do (its kind, its division, its end) another administrator grants. Units, agencies and
natural persons are kept in the registers; here they are found, ended and merged. Nothing commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, and_, column, func, or_, select, table
from sqlalchemy.orm import Session, contains_eager

from app.accounts import administrators, districts, operations
from app.accounts.errors import ChangeRefused
from app.accounts.models import (
    AUTHORITIES,
    AccountRequest,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
)
from app.accounts.organisation_requests import Kind, register
from app.accounts.requests import ROLES_AT
from app.engine.actors import Actor, Role
from app.law.labels import Label
from app.law.periods import local_date

PAGE: Final = 50
KEPT_HERE: Final = (*(kind for kind in OrganisationKind if kind in AUTHORITIES),
                    OrganisationKind.PARTNER)  # fmt: skip
"""Kinds that are entered and corrected here; the registers keep the others."""
LISTED: Final = (*KEPT_HERE, OrganisationKind.AGENCY, OrganisationKind.UNIT)
NOBODY: Final = UUID(int=0)
CHANGE, END = "change_organisation", "end_organisation"

# Named, not imported: cases lie above the accounts. Nothing of a case is told, they are counted.
_cases: Final = table("cases", column("id", Uuid), column("authority_id", Uuid), column("is_final"))
_seats: Final = table(
    "case_participants",
    column("case_id", Uuid),
    column("organisation_id", Uuid),
    column("until_seq"),
)


@dataclass(frozen=True, slots=True)
class Search:
    """What the list is narrowed to. ``show`` is active, ended, merged or all."""

    words: str = ""
    kind: str = ""
    show: str = "active"
    after: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the usual is asked for."""
        return bool(self.words or self.kind) or self.show != "active"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of organisations with how many people each has today, and the key of the next."""

    rows: Sequence[Organisation]
    people: Mapping[UUID, int]
    next: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Who an organisation is: what one administrator enters and corrects."""

    name: str
    short_name: str = ""
    uscc: str | None = None
    parent_id: UUID | None = None
    document_pattern: str = ""


def listed(session: Session, search: Search, today: date, *, size: int = PAGE) -> Page:
    """List organisations by name; natural persons are none."""
    query = select(Organisation).where(Organisation.kind.in_(LISTED))
    if search.kind:
        query = query.where(Organisation.kind == search.kind)
    if search.show == "active":
        query = query.where(Organisation.active)
    elif search.show == "ended":
        query = query.where(~Organisation.active, Organisation.merged_into.is_(None))
    elif search.show == "merged":
        query = query.where(Organisation.merged_into.is_not(None))
    if search.words:
        low = search.words.casefold()
        query = query.where(
            or_(
                func.lower(Organisation.name).contains(low, autoescape=True),
                func.lower(Organisation.short_name).contains(low, autoescape=True),
                func.lower(Organisation.uscc).contains(low, autoescape=True),
            )
        )
    if key := _key(search.after):
        name, last = key
        query = query.where(
            or_(Organisation.name > name, and_(Organisation.name == name, Organisation.id > last))
        )
    found = session.scalars(
        query.order_by(Organisation.name, Organisation.id).limit(size + 1)
    ).all()
    rows = found[:size]
    return Page(
        rows=rows,
        people=_people(session, [one.id for one in rows], today),
        next=f"{rows[-1].id}~{rows[-1].name}" if len(found) > size else "",
    )


def _key(text: str) -> tuple[str, UUID] | None:
    key, _, name = text.partition("~")
    try:
        return name, UUID(key)
    except ValueError:
        return None


def _people(session: Session, ids: Sequence[UUID], today: date) -> Mapping[UUID, int]:
    query = (
        select(Membership.organisation_id, func.count(Membership.person_id.distinct()))
        .where(Membership.organisation_id.in_(ids), Membership.valid_on(today))
        .group_by(Membership.organisation_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def members(
    session: Session, organisation_id: UUID, today: date, *, most: int = 200
) -> Sequence[Membership]:
    """The roles held in an organisation today, ``most`` at most, by role and name."""
    return session.scalars(
        select(Membership)
        .join(Membership.person)
        .options(contains_eager(Membership.person))
        .where(Membership.organisation_id == organisation_id, Membership.valid_on(today))
        .order_by(Membership.role, Person.name, Membership.id)
        .limit(most)
    ).all()


def open_cases(session: Session, organisation_id: UUID) -> int:
    """How many open cases an organisation leads or holds a seat on.

    Not for the session of a request: it reads no case its person does not see.
    """
    seated = select(_seats.c.case_id).where(
        _seats.c.organisation_id == organisation_id, _seats.c.until_seq.is_(None)
    )
    query = (
        select(func.count())
        .select_from(_cases)
        .where(
            _cases.c.is_final.is_(False),
            or_(_cases.c.authority_id == organisation_id, _cases.c.id.in_(seated)),
        )
    )
    return session.scalar(query) or 0


def predecessors(session: Session, organisation_id: UUID) -> Sequence[Organisation]:
    """The organisations this one took over, by name."""
    return session.scalars(
        select(Organisation)
        .where(Organisation.merged_into == organisation_id)
        .order_by(Organisation.name)
    ).all()


# Entering and correcting --------------------------------------------------------------------------


def enter(
    session: Session,
    actor: Actor,
    kind: OrganisationKind,
    division: str,
    facts: Facts,
    *,
    now: datetime,
) -> Organisation:
    """Enter an organisation. Raises MayNotAdminister, or ChangeRefused by the field."""
    administrators.must_administer(actor)
    faults = _wrong_facts(session, facts, None)
    if kind not in KEPT_HERE:
        faults["kind"] = Label("此类单位在登记簿中登记。", "The registers keep that kind.")
    if faults:
        raise ChangeRefused(faults)
    made = operations.create_organisation(
        session, actor, kind=kind, name=facts.name, division=division, now=now,
        short_name=facts.short_name, uscc=facts.uscc, parent_id=facts.parent_id,
    )  # fmt: skip
    made.document_pattern = facts.document_pattern
    session.flush()
    return made


def correct(
    session: Session, actor: Actor, organisation_id: UUID, facts: Facts, *, now: datetime
) -> Organisation:
    """Correct who an organisation is; the entry holds what was and what is.

    Raises MayNotAdminister, or ChangeRefused by the field.
    """
    administrators.must_administer(actor)
    one = session.get_one(Organisation, organisation_id, with_for_update=True)
    faults = _wrong_facts(session, facts, one)
    if one.kind not in KEPT_HERE or not one.active:
        faults[""] = Label(
            "此单位不在这里更正：登记簿中的单位在登记簿更正，终止的不再更正。",
            "It is not corrected here: the registers keep it, or it has ended.",
        )
    if faults:
        raise ChangeRefused(faults)
    changed = {
        name: [getattr(one, name), value]
        for name, value in asdict(facts).items()
        if getattr(one, name) != value
    }
    if changed:
        for name, (_, value) in changed.items():
            setattr(one, name, value)
        session.flush()
        told = {"organisation": one.id, "changed": changed}
        administrators.record(session, actor, "edit_organisation", told, now)
    return one


def _wrong_facts(session: Session, facts: Facts, before: Organisation | None) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    key = before.id if before is not None else None
    others = select(Organisation.name).where(Organisation.id != (key or NOBODY))
    if facts.uscc and (holder := session.scalar(others.where(Organisation.uscc == facts.uscc))):
        faults["uscc"] = Label(f"该代码已登记为「{holder}」。", f"That is the code of {holder}.")
    if session.scalars(others.where(Organisation.name == facts.name, Organisation.active)).first():
        faults["name"] = Label("已有同名的在用单位。", "An active organisation has that name.")
    if facts.parent_id is not None:
        faults |= _wrong_parent(session, facts.parent_id, key)
    return faults


def _wrong_parent(session: Session, parent_id: UUID, key: UUID | None) -> dict[str, Label]:
    above: UUID | None = parent_id
    while above is not None:
        if above == key:
            return {"parent": Label("不能隶属于本单位或其下级。", "It cannot stand above itself.")}
        body = session.get(Organisation, above)
        if body is None or (above == parent_id and not body.active):
            return {"parent": Label("没有这个在用的单位。", "No such organisation is active.")}
        above = body.parent_id
    return {}


# What takes two -----------------------------------------------------------------------------------


def _wrong_change(session: Session, asked: AccountRequest, now: datetime) -> dict[str, Label]:
    one = session.get_one(Organisation, asked.organisation_id)
    faults = ended(one)
    kind = OrganisationKind(asked.change["kind"])
    if (one.kind, one.division) == (kind, asked.change["division"]):
        faults[""] = Label("没有改动。", "Nothing was changed.")
    if [one.kind, one.division] != asked.change["was"]:
        faults[""] = Label("该单位此后已有变动，请重新申请。", "It has changed since: ask anew.")
    if kind != one.kind and not {kind, one.kind} <= set(KEPT_HERE):
        faults["kind"] = Label("登记簿中的单位不改类型。", "The registers keep that kind.")
    if unfit := roles_unfit(session, one.id, kind, local_date(now)):
        faults["kind"] = unfit
    return faults


def roles_unfit(
    session: Session, organisation_id: UUID, kind: OrganisationKind, today: date
) -> Label | None:
    """Why a kind does not fit the roles that are held in an organisation; none if it does."""
    held = {
        Role(role)
        for role in session.scalars(
            select(Membership.role)
            .where(
                Membership.organisation_id == organisation_id,
                or_(Membership.until.is_(None), Membership.until >= today),
            )
            .distinct()
        )
    }
    unfit = sorted(held - ROLES_AT[kind])
    if not unfit:
        return None
    return Label(
        f"{kind.label.zh}没有这些角色，请先终止：{'、'.join(one.label.zh for one in unfit)}。",
        f"Nobody holds these at such a body, end them first: "
        f"{', '.join(one.label.en for one in unfit)}.",
    )


def ended(one: Organisation) -> dict[str, Label]:
    """The fault of an organisation that is no longer active."""
    return {} if one.active else {"": Label("该单位已终止。", "The organisation has ended.")}


def _change(session: Session, actor: Actor, asked: AccountRequest, now: datetime) -> None:
    one = session.get_one(Organisation, asked.organisation_id, with_for_update=True)
    one.kind = OrganisationKind(asked.change["kind"])
    one.division = asked.change["division"]
    told = {"organisation": one.id, "request": asked.id, **asked.change}
    administrators.record(session, actor, CHANGE, told, now)


def _change_told(_session: Session, asked: AccountRequest) -> list[Label]:
    was_kind, was_division = asked.change["was"]
    before, after = OrganisationKind(was_kind), OrganisationKind(asked.change["kind"])
    lines: list[Label] = []
    if before != after:
        lines.append(
            Label(
                f"类型：{before.label.zh} → {after.label.zh}",
                f"Kind: {before.label.en} → {after.label.en}",
            )
        )
    if (division := asked.change["division"]) != was_division:
        moved = " → ".join(f"{districts.name_of(one)} {one}" for one in (was_division, division))
        lines.append(Label(f"行政区划：{moved}", f"Division: {moved}"))
    return lines


def _wrong_end(session: Session, asked: AccountRequest, now: datetime) -> dict[str, Label]:
    one = session.get_one(Organisation, asked.organisation_id)
    faults = ended(one)
    if count := open_cases(session, one.id):
        faults[""] = Label(
            f"该单位还有 {count} 件未结案件，请先办结，或者并入接替单位。",
            f"It has {count} open case(s): close them, or merge it into its successor.",
        )
    if not faults and not administrators.remain_without(session, one.id, local_date(now)):
        faults[""] = administrators.LAST
    return faults


def _end(session: Session, actor: Actor, asked: AccountRequest, now: datetime) -> None:
    one = session.get_one(Organisation, asked.organisation_id, with_for_update=True)
    today = local_date(now)
    held = session.scalars(
        select(Membership)
        .where(
            Membership.organisation_id == one.id,
            or_(Membership.until.is_(None), Membership.until > today),
        )
        .with_for_update()
    ).all()
    for each in held:
        each.until = today
    one.active = False
    session.flush()
    told: dict[str, Any] = {
        "organisation": one.id,
        "request": asked.id,
        "memberships": sorted(each.id for each in held),
    }
    administrators.record(session, actor, END, told, now)


def _end_told(session: Session, asked: AccountRequest) -> list[Label]:
    query = select(func.count()).where(
        Membership.organisation_id == asked.organisation_id,
        or_(Membership.until.is_(None), Membership.until >= local_date(asked.asked_at)),
    )
    count = session.scalar(query) or 0
    return [Label(f"{count} 个角色终止。", f"{count} role(s) end.")]


register(Kind(CHANGE, Label("变更类型或区划", "Change kind or division"),
              _wrong_change, _change, _change_told))  # fmt: skip
register(Kind(END, Label("终止单位", "End an organisation"), _wrong_end, _end, _end_told))
