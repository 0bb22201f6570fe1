"""Changes of roles, each asked for by one administrator and granted by another (domain.md SD-7).

What was asked is looked at once more when it is granted: days pass, and others decide meanwhile.
Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts import administrators, deciding, factors, oidc
from app.accounts.errors import ChangeRefused
from app.accounts.leavers import UNSET, end_sessions, has_left, revoke_links
from app.accounts.models import (
    AUTHORITIES,
    AccountRequest,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
)
from app.db import new_id
from app.engine.actors import OVERSEEING_ROLES, Actor, Role
from app.law.labels import Label
from app.law.periods import local_date

_OF_AUTHORITY: Final = OVERSEEING_ROLES | {Role.ADMINISTRATOR, Role.RECHECK_EXPERT}
ROLES_AT: Final[Mapping[OrganisationKind, frozenset[Role]]] = {
    **dict.fromkeys(AUTHORITIES, _OF_AUTHORITY),
    OrganisationKind.REGION: _OF_AUTHORITY | {Role.PROVINCIAL_VIEWER},
    OrganisationKind.PARTNER: frozenset(
        {Role.PARTNER_MARKET, Role.PARTNER_POLICE, Role.BUREAU_LEADER, Role.RECHECK_EXPERT}
    ),
    OrganisationKind.AGENCY: frozenset({Role.VERIFIER, Role.RECHECK_EXPERT}),
    OrganisationKind.UNIT: frozenset({Role.ENTERPRISE}),
    OrganisationKind.PERSON: frozenset({Role.ENTERPRISE}),
}
"""What somebody may be in an organisation of each kind."""


class Kind(StrEnum):
    """What is asked for."""

    GRANT = "grant_role"
    CHANGE = "change_role"
    END = "end_role"
    RETURN = "return_person"
    PASSWORD = "reset_password"  # noqa: S105 - a kind of request
    FACTOR = "reset_factor"

    @property
    def label(self) -> Label:
        """The name of the kind in both languages."""
        return KIND_LABELS[self]


KIND_LABELS: Final[Mapping[Kind, Label]] = {
    Kind.GRANT: Label("授予角色", "Grant a role"),
    Kind.CHANGE: Label("变更角色", "Change a role"),
    Kind.END: Label("终止角色", "End a role"),
    Kind.RETURN: Label("恢复离岗人员", "Let a leaver return"),
    Kind.PASSWORD: Label("重置密码", "Reset the password"),
    Kind.FACTOR: Label("重置第二验证要素", "Reset the second factor"),
}
KINDS: Final = frozenset(Kind)
OF_A_ROLE: Final = frozenset({Kind.CHANGE, Kind.END})
"""Kinds that are about a role somebody holds."""
NEW_ROLE: Final = frozenset({Kind.GRANT, Kind.RETURN})
"""Kinds that give a role somebody does not hold yet."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A role as it is held or shall be held; days are inclusive."""

    role: Role
    since: date
    until: date | None = None
    certificate_no: str | None = None
    certificate_until: date | None = None

    def kept(self) -> dict[str, str | None]:
        """As a request and an entry hold them."""
        return {
            "role": self.role.value,
            "since": self.since.isoformat(),
            "until": _text(self.until),
            "certificate_no": self.certificate_no,
            "certificate_until": _text(self.certificate_until),
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Terms:
        """Read back what `kept` wrote."""
        return cls(
            role=Role(kept["role"]),
            since=date.fromisoformat(kept["since"]),
            until=_day(kept["until"]),
            certificate_no=kept["certificate_no"],
            certificate_until=_day(kept["certificate_until"]),
        )

    @classmethod
    def of(cls, held: Membership) -> Terms:
        """How a role is held."""
        return cls(
            Role(held.role), held.since, held.until, held.certificate_no, held.certificate_until
        )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def ending(held: Terms, last_day: date) -> Terms:
    """The same role until a day, inclusive."""
    return replace(held, until=last_day)


def terms_of(asked: AccountRequest) -> Terms | None:
    """The role a request asks for; none if it is about no role."""
    return Terms.read(asked.change) if "role" in asked.change else None


def terms_before(asked: AccountRequest) -> Terms | None:
    """The role as it was held when a change of it was asked for."""
    return Terms.read(asked.change["was"]) if "was" in asked.change else None


# Asking -----------------------------------------------------------------------------------------


def ask(
    session: Session,
    actor: Actor,
    kind: Kind,
    person_id: UUID,
    *,
    reason: str,
    now: datetime,
    organisation_id: UUID | None = None,
    terms: Terms | None = None,
    membership_id: UUID | None = None,
) -> AccountRequest:
    """Ask for a change: a new role with organisation and terms, new terms of a role, or a reset.

    Raises MayNotAdminister, or ChangeRefused with every fault by the name of its field.
    """
    administrators.must_administer(actor)
    change: dict[str, Any] = {} if terms is None else dict(terms.kept())
    if membership_id is not None:
        held = session.get_one(Membership, membership_id)
        organisation_id = held.organisation_id
        change |= {"membership": str(membership_id), "was": Terms.of(held).kept()}
    asked = deciding.begun(
        actor,
        kind,
        change,
        person_id=person_id,
        organisation_id=organisation_id or actor.organisation_id,
        reason=reason,
        now=now,
    )
    person = session.get_one(Person, person_id, with_for_update=True)
    faults = _faults(session, asked, person, now) | _asked_twice(session, asked)
    deciding.ask(session, actor, asked, faults, trigger="ask_change")
    others = administrators.others(session, actor.person_id, local_date(now))
    deciders = [one for one in others if one != person_id]
    _tell(session, "asked", deciders, asked, person.name, actor.person_name, now)
    return asked


def _asked_twice(session: Session, asked: AccountRequest) -> dict[str, Label]:
    opened = session.scalars(
        select(AccountRequest).where(
            AccountRequest.person_id == asked.person_id,
            AccountRequest.status == "open",
            AccountRequest.kind == asked.kind,
        )
    )
    for one in opened:
        same_role = one.change.get("membership") == asked.change.get("membership")
        if same_role and (asked.kind != Kind.GRANT or _same_place(one, asked)):
            return {"": deciding.ASKED_TWICE}
    return {}


def _same_place(one: AccountRequest, other: AccountRequest) -> bool:
    there = one.organisation_id == other.organisation_id
    return there and one.change["role"] == other.change["role"]


# Deciding ---------------------------------------------------------------------------------------


def grant(
    session: Session, actor: Actor, request_id: UUID, *, answer: str, now: datetime
) -> AccountRequest:
    """Do what was asked for.

    Raises MayNotAdminister, NeedsAnother, RequestClosed, or ChangeRefused if it may no longer be.
    """
    asked = deciding.to_decide(session, actor, request_id, KINDS)
    person = session.get_one(Person, asked.person_id, with_for_update=True)
    if faults := _faults(session, asked, person, now):
        raise ChangeRefused(faults)
    deciding.close(session, actor, asked, "granted", answer, now)
    _do(session, actor, asked, person, now)
    session.flush()
    concerned = [asked.asked_by, *([person.id] if person.active else ())]
    _tell(session, "granted", dict.fromkeys(concerned), asked, person.name, actor.person_name, now)
    return asked


def refuse(
    session: Session, actor: Actor, request_id: UUID, *, answer: str, now: datetime
) -> AccountRequest:
    """Leave everything as it is, and say why. Raises what `deciding.refuse` raises."""
    asked = deciding.refuse(session, actor, request_id, KINDS, answer=answer, now=now)
    name = session.get_one(Person, asked.person_id).name
    _tell(session, "refused", [asked.asked_by], asked, name, actor.person_name, now)
    return asked


def withdraw(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> AccountRequest:
    """Take back what one asked for. Raises MayNotAdminister, NeedsAnother or RequestClosed."""
    return deciding.withdraw(session, actor, request_id, KINDS, now=now)


# What is asked for ------------------------------------------------------------------------------


def _do(
    session: Session, actor: Actor, asked: AccountRequest, person: Person, now: datetime
) -> None:
    told: dict[str, object] = {"person": person.id, "request": asked.id}
    terms = terms_of(asked)
    if terms is None:
        _reset(session, asked, person, now)
        administrators.record(session, actor, asked.kind, told, now)
        return
    if asked.kind == Kind.RETURN:
        person.password_hash = UNSET  # they are let in by a new link
        administrators.record(session, actor, asked.kind, told, now)
    if asked.kind in NEW_ROLE:
        # No role is held before it was granted.
        terms = replace(terms, since=max(terms.since, local_date(now)))
        held = Membership(id=new_id(), person_id=person.id, organisation_id=asked.organisation_id)
        session.add(held)
    else:
        held = session.get_one(Membership, UUID(asked.change["membership"]))
    held.role, held.since, held.until = terms.role, terms.since, terms.until
    held.certificate_no, held.certificate_until = terms.certificate_no, terms.certificate_until
    session.flush()
    trigger = Kind.GRANT if asked.kind in NEW_ROLE else asked.kind
    told |= {"membership": held.id, "organisation": asked.organisation_id, **terms.kept()}
    administrators.record(session, actor, trigger, told, now)


def _reset(session: Session, asked: AccountRequest, person: Person, now: datetime) -> None:
    if asked.kind == Kind.PASSWORD:
        person.password_hash = UNSET
        revoke_links(session, person.id, now)
        oidc.forget(session, person.id)  # whoever got in may have linked an identity of their own
    else:
        factors.forget(session, person.id)
    end_sessions(session, person, "revoked", now)


def _faults(
    session: Session, asked: AccountRequest, person: Person, now: datetime
) -> dict[str, Label]:
    """Why what is asked for may not be, by the name of the field; empty if it may."""
    today, terms = local_date(now), terms_of(asked)
    faults = _wrong_person(Kind(asked.kind), person)
    if terms is None:
        return faults
    organisation = session.get(Organisation, asked.organisation_id)
    if organisation is None or not organisation.active:
        faults["organisation"] = Label("没有这个在用的单位。", "No such organisation is active.")
    elif terms.role not in ROLES_AT[organisation.kind]:
        faults["role"] = Label(
            f"{organisation.kind.label.zh}没有这个角色。",
            f"Nobody holds that role at a body of this kind: {organisation.kind.label.en}.",
        )
    faults |= _wrong_days(asked, terms, today)
    if asked.kind in OF_A_ROLE:
        faults |= _wrong_change(session, asked, terms, today)
    return faults or _doubled(session, asked, terms)


def _wrong_person(kind: Kind, person: Person) -> dict[str, Label]:
    if kind == Kind.RETURN:
        if has_left(person):
            return {}
        return {"": Label("此人没有离岗。", "They have not left.")}
    if has_left(person):
        return {"": Label("此人已离岗，须申请恢复。", "They have left: ask for their return.")}
    if kind in {Kind.PASSWORD, Kind.FACTOR} and not person.active:
        return {"": Label("此人尚未启用账号。", "They have not begun to use their account.")}
    return {}


def _wrong_days(asked: AccountRequest, terms: Terms, today: date) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    before = terms_before(asked)
    new_day = before is None or before.since != terms.since
    if new_day and terms.since < local_date(asked.asked_at):
        faults["since"] = Label("起始日期不能早于今天。", "It cannot begin before today.")
    # A role that has not begun is ended before it does.
    first = today if asked.kind == Kind.END else max(terms.since, today)
    if terms.until is not None and terms.until < first:
        faults["until"] = Label(
            "截止日期不能早于起始日期，也不能早于今天。",
            "It cannot end before it begins, nor before today.",
        )
    return faults


def _wrong_change(
    session: Session, asked: AccountRequest, terms: Terms, today: date
) -> dict[str, Label]:
    held = session.get(Membership, UUID(asked.change["membership"]), with_for_update=True)
    if held is None or held.person_id != asked.person_id:
        return {"": Label("没有这个角色。", "There is no such role.")}
    before = Terms.of(held)
    if before != terms_before(asked):
        return {
            "": Label("该角色此后已有变动，请重新申请。", "The role has changed since: ask anew.")
        }
    if before.until is not None and before.until < today:
        return {"": Label("该角色已经终止。", "That role has ended.")}
    if before == terms:
        return {"": Label("没有改动。", "Nothing was changed.")}
    weaker = before.role == Role.ADMINISTRATOR and _weakens(before, terms)
    if weaker and not administrators.remain(session, held, today):
        return {"": administrators.LAST}
    return {}


def _weakens(before: Terms, terms: Terms) -> bool:
    """Whether a role is held on fewer days than before, or becomes another."""
    shorter = terms.until is not None and (before.until is None or terms.until < before.until)
    return terms.role != before.role or terms.since > before.since or shorter


def _doubled(session: Session, asked: AccountRequest, terms: Terms) -> dict[str, Label]:
    query = select(Membership.since, Membership.until).where(
        Membership.person_id == asked.person_id,
        Membership.organisation_id == asked.organisation_id,
        Membership.role == terms.role,
        or_(Membership.until.is_(None), Membership.until >= terms.since),
        Membership.since <= (terms.until or date.max),
        or_(Membership.until.is_(None), Membership.until >= Membership.since),
    )
    if asked.kind in OF_A_ROLE:
        query = query.where(Membership.id != UUID(asked.change["membership"]))
    found = session.execute(query).first()
    if found is None:
        return {}
    return {
        "role": Label(
            f"此人自 {found.since} 起已在该单位担任该角色，请变更该角色。",
            f"They hold that role there already, from {found.since}: change that instead.",
        )
    }


def _tell(
    session: Session,
    what: str,
    people: Iterable[UUID],
    asked: AccountRequest,
    name: str,
    by: str,
    now: datetime,
) -> None:
    data = {"kind": str(asked.kind), "person": name, "by": by}
    administrators.tell(session, what, list(people), data, now)
