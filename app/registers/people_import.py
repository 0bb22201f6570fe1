"""People, the organisations they act for and their roles, read from a table.

Each row is one role of one person; a row without a person enters an organisation alone. First it is
said what would happen, with every fault by its cell. A file with a fault enters nothing at all. Of
a good one, people and organisations are entered by one administrator, and all roles are one request
that another grants (SD-7); until then nobody of the file can do anything.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts import administrators, operations, organisation_requests
from app.accounts.errors import ChangeRefused, NeedsAnother
from app.accounts.leavers import UNSET, has_left
from app.accounts.models import AccountRequest, Membership, Organisation, OrganisationKind, Person
from app.accounts.organisations import KEPT_HERE
from app.accounts.requests import ROLES_AT, Terms
from app.db import new_id
from app.engine.actors import Actor, Role
from app.law.labels import Label
from app.law.periods import local_date
from app.registers import divisions, imports
from app.registers.columns import heading_key
from app.registers.errors import FileRefused
from app.registers.sheets import HEADING_WITHIN, Line

IMPORT: Final = "import_roles"
MOST: Final = 2_000
"""Rows of one file; the request that names them is decided as one."""

COLUMNS: Final[Mapping[str, Label]] = {
    "login": Label("登录名", "Login"),
    "name": Label("姓名", "Name"),
    "email": Label("电子邮箱", "E-mail"),
    "organisation": Label("单位", "Organisation"),
    "role": Label("角色", "Role"),
    "since": Label("起始日期", "First day"),
    "until": Label("截止日期", "Last day"),
    "certificate_no": Label("执法证号", "Law enforcement certificate"),
    "certificate_until": Label("执法证有效期至", "Certificate valid until"),
    "kind": Label("单位类型", "Kind of organisation"),
    "division": Label("行政区划", "Division"),
    "uscc": Label("统一社会信用代码", "Unified social credit code"),
}
NEEDED: Final = ("login", "organisation", "role")
LONGEST: Final = {
    "login": 80, "name": 100, "email": 200, "organisation": 200, "certificate_no": 40, "uscc": 18,
}  # fmt: skip

_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_BY_HEADING: Final = {
    heading_key(text): name for name, label in COLUMNS.items() for text in (label.zh, label.en)
}
_ROLES: Final = {
    heading_key(text): role
    for role in Role
    if role != Role.SYSTEM
    for text in (role.value, role.label.zh, role.label.en)
}
_KINDS: Final = {
    heading_key(text): kind
    for kind in KEPT_HERE
    for text in (kind.value, kind.label.zh, kind.label.en)
}


@dataclass(slots=True)
class Row:
    """One row: its cells by column, and its faults, each with the name of its cell."""

    line: Line
    places: Mapping[str, int]
    cells: Mapping[str, str]
    faults: list[Label] = field(default_factory=list)
    role: Role | None = None
    kind: OrganisationKind | None = None
    terms: Terms | None = None

    def refuse(self, name: str, zh: str, en: str) -> None:
        """Put a fault at the cell of a column; of a column the file lacks, at the row."""
        place = self.places.get(name)
        at = f"{letters(place) if place is not None else ''}{self.line.number}"
        self.faults.append(Label(f"{at}：{zh}", f"{at}: {en}"))

    @property
    def has_person(self) -> bool:
        """Whether the row is about somebody, not about an organisation alone."""
        return any(self.cells[name] for name in ("login", "name", "email", "role"))


def letters(place: int) -> str:
    """The name of a column of a sheet.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    rest, last = divmod(place, 26)
    return (letters(rest - 1) if rest else "") + chr(ord("A") + last)


@dataclass(frozen=True, slots=True)
class Plan:
    """A file as it would be read now: who and what is new, and every role."""

    heading: Line
    rows: Sequence[Row]
    organisations: Mapping[str, Row]
    """New organisations by name."""
    people: Mapping[str, Row]
    """New people by login."""

    @property
    def faulty(self) -> list[Row]:
        """The rows with a fault; one of them keeps the whole file out."""
        return [row for row in self.rows if row.faults]

    @property
    def roles(self) -> list[Row]:
        """The rows that ask for a role."""
        return [row for row in self.rows if row.terms is not None]

    @property
    def digest(self) -> str:
        """What the plan comes to: it differs if anything else would happen now."""
        told = [
            sorted(self.organisations), sorted(self.people),
            [(row.line.number, repr(row.terms), repr(row.faults)) for row in self.rows],
        ]  # fmt: skip
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def faulty_rows(self, locale: str) -> Iterator[list[str]]:
        """Yield heading and cells of the faulty rows with their line and reasons, for a file."""
        faulty = [(row.line, row.faults) for row in self.faulty]
        yield from imports.rows_with_reasons(self.heading, faulty, locale)


# Planning -----------------------------------------------------------------------------------------


def plan(session: Session, lines: Sequence[Line], today: date) -> Plan:
    """Say what would become of a file now. Raises FileRefused; writes nothing."""
    heading, places, rest = _heading(lines)
    if len(rest) > MOST:
        raise FileRefused(
            Label(f"文件超过 {MOST} 行，请拆分。", f"The file has more than {MOST} rows. Split it.")
        )
    rows = [_read(line, places, today) for line in rest]
    kept = _Kept(session, rows)
    new_organisations: dict[str, Row] = {}
    new_people: dict[str, Row] = {}
    asked: dict[tuple[str, str, Role], int] = {}
    for row in rows:
        _plan_organisation(row, kept, new_organisations)
        if row.has_person:
            _plan_person(row, kept, new_people)
            _plan_role(row, kept, asked)
    return Plan(heading, rows, new_organisations, new_people)


def _heading(lines: Sequence[Line]) -> tuple[Line, dict[str, int], Sequence[Line]]:
    known = [
        [_BY_HEADING.get(heading_key(cell)) for cell in line.cells]
        for line in lines[:HEADING_WITHIN]
    ]
    at = max(range(len(known)), key=lambda place: len(set(known[place]) - {None}))
    imports.refuse_missing_headings([COLUMNS[name] for name in NEEDED if name not in known[at]])
    imports.refuse_headings_twice([COLUMNS[name] for name in known[at] if name])
    places = {name: place for place, name in enumerate(known[at]) if name}
    return lines[at], places, lines[at + 1 :]


def _read(line: Line, places: Mapping[str, int], today: date) -> Row:
    def cell(name: str) -> str:
        place = places.get(name)
        return line.cells[place] if place is not None and place < len(line.cells) else ""

    cells = {name: cell(name) for name in COLUMNS}
    cells["login"] = cells["login"].casefold()
    cells["uscc"] = "".join(cells["uscc"].split()).upper()
    row = Row(line, places, cells)
    for name, longest in LONGEST.items():
        if len(cells[name]) > longest:
            row.refuse(name, f"最多 {longest} 字。", f"At most {longest} characters.")
    if cells["uscc"] and not _CODE.fullmatch(cells["uscc"]):
        row.refuse("uscc", "信用代码应为 18 位。", "A credit code has 18 characters.")
    row.kind = _KINDS.get(heading_key(cells["kind"]))
    if row.has_person:
        _read_role(row, today)
    return row


def _read_role(row: Row, today: date) -> None:
    cells = row.cells
    row.role = _ROLES.get(heading_key(cells["role"]))
    if row.role is None:
        row.refuse("role", "没有这个角色。", "There is no such role.")
    days = {name: _day(row, name) for name in ("since", "until", "certificate_until")}
    since, until = days["since"] or today, days["until"]
    if since < today:
        row.refuse("since", "起始日期不能早于今天。", "It cannot begin before today.")
    if until is not None and until < since:
        row.refuse("until", "截止日期早于起始日期。", "It ends before it begins.")
    if row.role is not None:
        row.terms = Terms(
            row.role, since, until, cells["certificate_no"] or None, days["certificate_until"]
        )


def _day(row: Row, name: str) -> date | None:
    text = re.sub(r"[/.年月]", "-", row.cells[name]).rstrip("日")
    if not text:
        return None
    try:
        return date(*(int(part) for part in text.split("-")))
    except (ValueError, TypeError):
        row.refuse(name, "不是日期，例如 2026-12-01。", "No date, such as 2026-12-01.")
        return None


class _Kept:
    """What the database holds of the people and organisations a file names."""

    def __init__(self, session: Session, rows: Sequence[Row]) -> None:
        names = {row.cells["organisation"] for row in rows} - {""}
        codes = {row.cells["uscc"] for row in rows} - {""}
        logins = {row.cells["login"] for row in rows} - {""}
        bodies = session.scalars(
            select(Organisation).where(
                or_(Organisation.name.in_(names), Organisation.uscc.in_(codes))
            )
        ).all()
        self.named: dict[str, list[Organisation]] = defaultdict(list)
        for one in bodies:
            if one.active:
                self.named[one.name].append(one)
        self.coded = {one.uscc: one for one in bodies if one.uscc}
        people = session.scalars(select(Person).where(Person.login.in_(logins))).all()
        self.people = {one.login: one for one in people}
        held = session.scalars(
            select(Membership).where(Membership.person_id.in_([one.id for one in people]))
        )
        self.held = [(one.person_id, one.organisation_id, one.role, one.until) for one in held]

    def body_of(self, row: Row) -> Organisation | None:
        """The active organisation a row names; of several of one name that with its code."""
        same, code = self.named.get(row.cells["organisation"], []), row.cells["uscc"]
        if len(same) > 1:
            same = [one for one in same if code and one.uscc == code]
        return same[0] if same else None

    def holds(self, person: Person, body: Organisation, terms: Terms) -> bool:
        """Whether somebody holds that role there on or after its first day."""
        return any(
            (person.id, body.id, terms.role) == (person_id, body_id, role)
            and (until is None or until >= terms.since)
            for person_id, body_id, role, until in self.held
        )


def _plan_organisation(row: Row, kept: _Kept, new: dict[str, Row]) -> None:
    cells = row.cells
    name = cells["organisation"]
    if not name:
        row.refuse("organisation", "请填写单位。", "Name the organisation.")
        return
    known = kept.body_of(row)
    if known is None and name in kept.named:
        row.refuse(
            "organisation",
            "有多个同名的在用单位，请填写其信用代码。",
            "Several active organisations have this name: give its credit code.",
        )
        return
    holder = kept.coded.get(cells["uscc"])
    if cells["uscc"] and holder is not known and (known is not None or holder is not None):
        row.refuse("uscc", "与登记的代码不符。", "It is not the code that is registered.")
    if known is not None:
        row.kind = OrganisationKind(known.kind)
    else:
        _plan_new_body(row, new)


def _plan_new_body(row: Row, new: dict[str, Row]) -> None:
    cells = row.cells
    first = new.setdefault(cells["organisation"], row)
    if first is not row:
        row.kind = row.kind or first.kind
        for column in ("kind", "division", "uscc"):
            if cells[column] and cells[column] != first.cells[column]:
                number = first.line.number
                row.refuse(column, f"与第 {number} 行不一致。", f"Line {number} says otherwise.")
        return
    if row.kind is None:
        row.refuse(
            "kind",
            "新单位须写明类型；重点排放单位和技术服务机构请先在登记簿登记。",
            "A new organisation needs its kind; units and agencies are entered in the registers.",
        )
    if divisions.code_of(cells["division"]) is None:
        row.refuse("division", "新单位须写明行政区划的名称或代码。",
                   "A new organisation needs its division, by name or code.")  # fmt: skip
    code = cells["uscc"]
    if code and any(other.cells["uscc"] == code for other in new.values() if other is not row):
        row.refuse("uscc", "文件中另一单位有相同代码。", "Another organisation of the file has it.")


def _plan_person(row: Row, kept: _Kept, new: dict[str, Row]) -> None:
    cells = row.cells
    login = cells["login"]
    if not _LOGIN.fullmatch(login):
        row.refuse("login", "登录名须为两个以上的英文字母、数字、点、连字符、下划线或 @。",
                   "A login has two or more Latin letters, digits, . - _ or @.")  # fmt: skip
        return
    if cells["email"] and not _EMAIL.fullmatch(cells["email"]):
        row.refuse("email", "电子邮箱格式有误。", "This is no e-mail address.")
    known = kept.people.get(login)
    if known is not None:
        if cells["name"] and cells["name"] != known.name:
            row.refuse("name", f"该登录名属于{known.name}。", f"That login is of {known.name}.")
        if has_left(known):
            row.refuse("login", "此人已离岗，须申请恢复。", "They have left: ask for their return.")
        return
    first = new.setdefault(login, row)
    if first is row and not cells["name"]:
        row.refuse("name", "新人员须写明姓名。", "Somebody new needs a name.")
    for column in ("name", "email"):
        if first is not row and cells[column] and cells[column] != first.cells[column]:
            number = first.line.number
            row.refuse(column, f"与第 {number} 行不一致。", f"Line {number} says otherwise.")


def _plan_role(row: Row, kept: _Kept, asked: dict[tuple[str, str, Role], int]) -> None:
    if row.terms is None:
        return
    if row.kind is not None and row.terms.role not in ROLES_AT[row.kind]:
        row.refuse(
            "role",
            f"{row.kind.label.zh}没有这个角色。",
            f"Nobody holds that role at a body of this kind: {row.kind.label.en}.",
        )
    login, body = row.cells["login"], kept.body_of(row)
    key = login, str(body.id) if body is not None else row.cells["organisation"], row.terms.role
    first = asked.setdefault(key, row.line.number)
    if first != row.line.number:
        row.refuse("role", f"与第 {first} 行重复。", f"The same as line {first}.")
    person = kept.people.get(login)
    if person is not None and body is not None and kept.holds(person, body, row.terms):
        row.refuse("role", "此人已担任该角色。", "They hold that role already.")


# Entering -----------------------------------------------------------------------------------------


def enter(
    session: Session,
    actor: Actor,
    planned: Plan,
    *,
    file_name: str,
    file_digest: str,
    now: datetime,
) -> AccountRequest | None:
    """Enter the people and organisations of a plan made in this transaction; ask for all roles.

    Returns the request, none if no row has a role. Raises MayNotAdminister, or ChangeRefused for a
    file with a faulty row.
    """
    administrators.must_administer(actor)
    if planned.faulty:
        raise ChangeRefused({"": Label("文件有误，未导入。", "The file has faults.")})
    bodies = {name: _enter_body(session, actor, row, now) for name, row in
              planned.organisations.items()}  # fmt: skip
    people = {login: _enter_person(session, actor, row, now) for login, row in
              planned.people.items()}  # fmt: skip
    told = {
        "file": file_name,
        "sha256": file_digest,
        "organisations": len(bodies),
        "people": len(people),
        "roles": len(planned.roles),
    }
    administrators.record(session, actor, "import_people", told, now)
    if not planned.roles:
        return None
    kept = _Kept(session, planned.rows)
    roles = []
    for row in planned.roles:
        person, body = kept.people[row.cells["login"]], kept.body_of(row)
        assert body is not None and row.terms is not None  # noqa: PT018 - else it is faulty
        roles.append(
            {
                "person": str(person.id),
                "name": person.name,
                "organisation": str(body.id),
                "at": body.name,
                **row.terms.kept(),
            }
        )
    change = {"file": file_name, "sha256": file_digest, "roles": roles}
    return organisation_requests.ask(
        session, actor, IMPORT, actor.organisation_id, change, reason="", now=now
    )


def _enter_body(session: Session, actor: Actor, row: Row, now: datetime) -> UUID:
    assert row.kind is not None  # a row without one is faulty
    return operations.create_organisation(
        session, actor, kind=row.kind, name=row.cells["organisation"], now=now,
        division=divisions.code_of(row.cells["division"]) or "", uscc=row.cells["uscc"] or None,
    ).id  # fmt: skip


def _enter_person(session: Session, actor: Actor, row: Row, now: datetime) -> UUID:
    person = operations.create_person(
        session, actor, login=row.cells["login"], name=row.cells["name"],
        email=row.cells["email"] or None, password_hash=UNSET, now=now,
    )  # fmt: skip
    person.active = False
    session.flush()
    return person.id


# The request --------------------------------------------------------------------------------------


def _faults(session: Session, asked: AccountRequest, now: datetime) -> dict[str, Label]:
    """Why a role of the file may no longer be: the first one that may not names itself."""
    today, roles = local_date(now), asked.change["roles"]
    bodies = _by_id(session, Organisation, {one["organisation"] for one in roles})
    people = _by_id(session, Person, {one["person"] for one in roles}, lock=True)
    held = {
        (str(one.person_id), str(one.organisation_id), one.role)
        for one in session.scalars(
            select(Membership).where(
                Membership.person_id.in_([one.id for one in people.values()]),
                or_(Membership.until.is_(None), Membership.until >= today),
            )
        )
    }
    for one in roles:
        body, person, terms = bodies[one["organisation"]], people[one["person"]], Terms.read(one)
        over = terms.until is not None and terms.until < today
        if (
            not body.active
            or terms.role not in ROLES_AT[OrganisationKind(body.kind)]
            or has_left(person)
            or over
            or (one["person"], one["organisation"], terms.role.value) in held
        ):
            return {
                "": Label(
                    f"{one['name']}在{one['at']}的角色已不能授予，请不同意后重新导入。",
                    f"{one['name']} can no longer be given that role at {one['at']}: "
                    "refuse it and import anew.",
                )
            }
    return {}


def _by_id(session: Session, model: Any, ids: set[str], *, lock: bool = False) -> dict[str, Any]:
    query = select(model).where(model.id.in_([UUID(one) for one in ids])).order_by(model.id)
    if lock:  # as `requests.grant` does, so that nobody is given one role twice
        query = query.with_for_update().execution_options(populate_existing=True)
    return {str(one.id): one for one in session.scalars(query)}


def _do(session: Session, actor: Actor, asked: AccountRequest, now: datetime) -> None:
    """Grant every role of the file. Raises NeedsAnother to somebody the file gives a role."""
    if any(one["person"] == str(actor.person_id) for one in asked.change["roles"]):
        raise NeedsAnother
    today = local_date(now)
    for one in asked.change["roles"]:
        terms = Terms.read(one)
        held = Membership(
            id=new_id(),
            person_id=UUID(one["person"]),
            organisation_id=UUID(one["organisation"]),
            role=terms.role,
            since=max(terms.since, today),
            until=terms.until,
            certificate_no=terms.certificate_no,
            certificate_until=terms.certificate_until,
        )
        session.add(held)
        session.flush()
        told = {
            "membership": held.id, "person": held.person_id, "request": asked.id,
            "organisation": held.organisation_id, **terms.kept(), "since": held.since,
        }  # fmt: skip
        administrators.record(session, actor, "grant_role", told, now)


def _told(_session: Session, asked: AccountRequest) -> list[Label]:
    lines = [Label(f"文件：{asked.change['file']}", f"File: {asked.change['file']}")]
    for one in asked.change["roles"]:
        terms = Terms.read(one)
        last = one["until"] or "—"
        lines.append(
            Label(
                f"{one['name']} · {one['at']} · {terms.role.label.zh}（{one['since']} 至 {last}）",
                f"{one['name']} · {one['at']} · {terms.role.label.en} ({one['since']} to {last})",
            )
        )
    return lines


organisation_requests.register(
    organisation_requests.Kind(
        IMPORT, Label("批量授予角色", "Grant imported roles"), _faults, _do, _told, alone=False
    )
)
