"""Who handles what in the demonstration city, what officers ask for, who stands in for whom.

Asked on the working day before the installation, so that somebody's desk is full and nothing has
gone upward yet.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.accounts import delegations
from app.accounts.models import Delegation
from app.cases import operations, records
from app.cases.errors import BadInputs, NotPermitted
from app.cases.escalation import asking
from app.cases.models import Case, Escalation
from app.db import Database
from app.demo.cast import Cast
from app.demo.stories import instant
from app.engine.actors import Role
from app.law.periods import local_date
from app.law.terms import LawBook


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks on the root of a plot, or on a child of it, ``ago`` working days before the last one.

    ``what`` begins the key of the request; ``person`` is the login of the officer they name.
    """

    plot: str
    what: str
    reason: str
    ago: int = 1
    hour: int = 10
    link: str = ""
    who: str = "inspector"
    person: str = ""


WISHES: Final = (
    Wish("demo-filing", "extend:", "须向检测机构调取底单，十五日内难以查清（示例）。", hour=9, link="single_case"),
    Wish("demo-investigating", "extend:", "委托鉴定尚未出具意见（示例）。", link="single_case"),
    Wish("demo-investigating", "takeover", "本人参加省级交叉检查，须离开两周（示例）。", hour=11, link="single_case", person="inspector2"),
    Wish("demo-clue", "help", "台账涉及三个年度，需要一名同事协助核对（示例）。", hour=15, person="inspector2"),
    Wish("demo-assessing", "help", "需要熟悉元素碳检测的人员协助（示例）。", hour=16, person="inspector2"),
    Wish("demo-assessing", "act:", "初步核查未发现违法事实，提请按程序处理（示例）。", hour=17),
    Wish("demo-agency-type", "help", "机构资料存放外地，需要派人协助调取（示例）。", hour=9),
)  # fmt: skip
OFFICERS: Final = ("inspector", "inspector2", "supervisor")
AWAY: Final = ("supervisor2", "supervisor", "参加自治区核查培训（示例）。")


def load(database: Database, law: LawBook, cast: Cast, now: datetime) -> None:
    """Give out the cases, and let officers ask what the case allows them to ask, once."""
    today = local_date(now)
    _give_out(database, cast, min(instant(_worked(law, today, 1), 8), now))
    for wish in WISHES:
        at = min(instant(_worked(law, today, wish.ago), wish.hour), now)
        database.write(partial(_ask, wish=wish, cast=cast, at=at, law=law))
    database.write(partial(_stand_in, cast=cast, today=today, now=now))


def _give_out(database: Database, cast: Cast, at: datetime) -> None:
    """Give most open cases of the bureau to an officer in turn; every fifth waits for one.

    Whoever asks for something on a case is in charge of it.
    """
    open_ones = select(Case.id, Case.assignee_id).where(
        Case.demonstration, Case.is_final.is_(False), Case.authority_id == cast.bureau.id
    )
    with database.read() as session:
        found = session.execute(open_ones.order_by(Case.opened_at, Case.number)).all()
        asked = {session.scalar(_wished(wish)): wish.who for wish in WISHES}
    for place, (case_id, has) in enumerate(found):
        if has is None and (case_id in asked or place % 5):
            login = asked.get(case_id) or OFFICERS[place % len(OFFICERS)]
            give = partial(
                records.assign,
                case_id=case_id,
                person_id=cast[login].person_id,
                actor=cast["supervisor"],
                now=at,
            )
            with suppress(NotPermitted, BadInputs):  # who reviewed the case does not get it
                database.write(give)


def _worked(law: LawBook, today: date, ago: int) -> date:
    """The working day that lies ``ago`` of them before the last one until today."""
    calendar = law.calendar
    return calendar.day_at(calendar.place_after(today.toordinal()) - 1 - ago)


def _wished(wish: Wish) -> Select[UUID]:
    """The id of the case somebody asks something on."""
    root = select(Case.id).where(Case.cycle_key == wish.plot)
    one = root if not wish.link else select(Case.id).where(
        Case.parent_id == root.scalar_subquery(), Case.parent_link == wish.link
    )  # fmt: skip
    return one.order_by(Case.opened_at).limit(1)


def _ask(session: Session, wish: Wish, cast: Cast, at: datetime, law: LawBook) -> None:
    case_id = session.scalar(_wished(wish))
    if case_id is None:  # the city was built without that plot
        return
    view, actor = operations.locked(session, case_id), cast[wish.who]
    offered = asking.requests(view, actor, at, law)
    key = next((each.key for each in offered if each.key.startswith(wish.what)), None)
    said = select(Escalation.id).where(
        Escalation.case_id == case_id, Escalation.reason == wish.reason
    )
    if key is None or session.scalar(said) is not None:
        return
    person = cast[wish.person].person_id if wish.person else None
    asked = asking.Asked(key, wish.reason, {}, person)
    asking.ask(session, case_id, asked, actor=actor, now=at, law=law)


def _stand_in(session: Session, cast: Cast, today: date, now: datetime) -> None:
    away, stands_in, reason = AWAY
    if session.scalar(select(func.count(Delegation.id))):
        return
    delegations.delegate(
        session,
        cast[away],
        principal_id=cast[away].person_id,
        substitute_id=cast[stands_in].person_id,
        organisation_id=cast[away].organisation_id,
        roles=[Role.SUPERVISOR],
        lifecycles=[],
        division="",
        since=today,
        until=today + timedelta(days=4),
        reason=reason,
        now=now,
    )
