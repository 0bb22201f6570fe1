"""Enforcement in the demonstration city: cases in every state of its four lifecycles.

Relative to the day of installation. Whoever is accused is invented; entry zero of each case says
that it is a demonstration.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cases import timers
from app.cases.files import FileStore
from app.cases.models import Case
from app.db import Database
from app.demo import charges as c
from app.demo import procedures as p
from app.demo.cast import Cast, enlist
from app.demo.docket import Charge, Clerk, Deed, Plot, under
from app.demo.stories import instant
from app.law.periods import local_date
from app.law.terms import LawBook

JOINT, AGENCY = "joint_enforcement", "agency_penalty"
ONE, OWN, AGENCYS = "single_case", "own_cases", "procedure"
"""Links to the penalty case: of what one bureau does alone, of a finding, of an agency."""

Progress = Callable[[int, int], None]


def _alone(key: str, about: str, charge: Charge, *deeds: list[Deed], **said: object) -> Plot:
    """A unit against which the bureau opens a penalty case alone."""
    told = [*p.ASSESSED, *p.ALONE, *(deed for part in deeds for deed in part)]
    return Plot(key, JOINT, about, charge, told, **said)  # type: ignore[arg-type]


def _agency(key: str, about: str, charge: Charge, *deeds: list[Deed], **said: object) -> Plot:
    """An agency whose type and jurisdiction have been looked at."""
    told = [*p.CLASSIFIED, *(deed for part in deeds for deed in part)]
    return Plot(key, AGENCY, about, charge, told, **said)  # type: ignore[arg-type]


def _transfer(key: str, about: str, *deeds: list[Deed], **said: object) -> Plot:
    """A unit whose penalty case goes to the police."""
    return _alone(key, about, c.FORGED, p.filed(ONE), p.referred(ONE), *deeds, **said)


_TO: Final = f"{ONE}/criminal"
_PLANNED: Final = [*p.ASSESSED, *p.JOINT]
_COUNTERSIGNED: Final = [*_PLANNED, *p.CIRCULATED, *p.COUNTERSIGNED, *p.APPROVED]
_FOUND: Final = [
    p.finding("inspector", "所附元素碳含量检测报告四份，编号不在检测机构底单之列（示例）。", "", "unit", "report_false", "检测报告与底单比对表"),
    p.finding("market", "授权签字人超出批准范围签发报告（示例）。", "shuofang", "agency", "lab_rules", "资质附表、检测报告"),
]  # fmt: skip
_SEALS: Final = p.finding("police", "现场发现检测机构印章一枚，与备案印模不符（示例）。", "", "unit", "report_false", "印章实物、印模比对")  # fmt: skip
_INSPECTED: Final = [*_COUNTERSIGNED, *p.ENTERED, *p.LONGER, *_FOUND, *p.RECORDED, *p.ALL_SIGNED]
_TWO_SPLIT: Final = [
    p.split(1, "own", "leader", "《碳排放权交易管理暂行条例》第二十二条"),
    p.split(1, "partner", "market", "《检验检测机构监督管理办法》第二十六条"),
]

PLOTS: Final = (
    # Joint enforcement
    Plot("demo-clue", JOINT, "xuerong", c.ACCOUNTING, []),
    Plot("demo-assessing", JOINT, "jiuqu", c.PLAN, p.ASSESSED, source="report", who="supervisor"),
    Plot("demo-no-case", JOINT, "jinghu", c.ACCOUNTING, [*p.ASSESSED, *p.NOT_WORTH], ago=9),
    Plot("demo-drafting", JOINT, "hongyan", c.SAMPLES, [*_PLANNED, *p.CIRCULATED, *p.OBJECTED]),
    Plot("demo-consulting", JOINT, "tongda", c.FORGED, [*_PLANNED, *p.CIRCULATED, *p.HALF_SIGNED]),
    Plot("demo-planned", JOINT, "lanyu", c.SAMPLES, _COUNTERSIGNED),
    Plot("demo-inspecting", JOINT, "yunling", c.FORGED, [*_COUNTERSIGNED, *p.ENTERED, *_FOUND, *p.KEPT_AT_ONCE, *p.RECORDED]),
    Plot("demo-consolidating", JOINT, "mingguang", c.FORGED, [*_INSPECTED, *_TWO_SPLIT[:1]]),
    Plot("demo-split", JOINT, "tieshan", c.FORGED, [*_INSPECTED[:-6], _SEALS, *_INSPECTED[-6:], *_TWO_SPLIT, p.split(1, "police", "police", "《刑法》第二百八十条"), *p.HANDED_OUT, *p.OWN_CASE, *p.TO_PARTNER, *p.TO_POLICE]),
    Plot("demo-summary", JOINT, "qinghe", c.LEDGERS, [*p.ASSESSED, *p.ALONE, *p.NOT_FILED], ago=3),
    Plot("demo-closed", JOINT, "fengsui", c.FORGED, [
        *_INSPECTED, *_TWO_SPLIT, *p.HANDED_OUT, *p.OWN_CASE, *p.TO_PARTNER, *p.PARTNER_TOOK, *p.filed(OWN), *p.PARTNER_FILED,
        *p.investigated(OWN), *p.pending(OWN, discussion=True), *p.decided(OWN), *p.delivered(OWN), *p.published(OWN),
        *p.paid(OWN), *p.settled(OWN), *p.closed(OWN), *p.archived(OWN), *p.PARTNER_DECIDED, *p.SUMMED_UP,
    ], ago=4, papers=True),
    # Penalties
    _alone("demo-filing", "xinghe", c.PLAN),
    _alone("demo-investigating", "chiling", c.SAMPLES, p.filed(ONE), p.investigated(ONE), p.correction(ONE), p.preserved(ONE)),
    _alone("demo-suspended", "yinfan", c.FORGED, p.filed(ONE), p.investigated(ONE), p.suspended(ONE), ago=6),
    _alone("demo-terminated", "dashan", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.terminated(ONE), ago=2),
    _alone("demo-case-review", "yuanfeng", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.reported(ONE)),
    _alone("demo-notice-approval", "hupo", c.PLAN, p.filed(ONE), p.investigated(ONE), p.reported(ONE), p.passed(ONE)),
    _alone("demo-notice-under-way", "xinyue", c.ACCOUNTING, p.filed(ONE), p.investigated(ONE), p.reported(ONE), p.passed(ONE), p.approved(ONE), p.dispatched(f"{ONE}/service_of_notice", "post", post_number="EMS 示例 1180 0233 CN")),
    _alone("demo-notice-served", "baifan", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.notified(ONE)),
    _alone("demo-plea", "lanqiao", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.notified(ONE), p.pleaded(ONE)),
    _alone("demo-hearing-called", "xiangni", c.SAMPLES, p.filed(ONE), p.investigated(ONE), p.notified(ONE), p.hearing_called(ONE)),
    _alone("demo-hearing-held", "shuangta", c.FORGED, p.filed(ONE), p.investigated(ONE), p.notified(ONE), p.hearing_called(ONE), p.heard(ONE)),
    _alone("demo-legal-review", "baicao", c.PLAN, p.filed(ONE), p.investigated(ONE), p.notified(ONE), p.waived(ONE, hearing=False)),
    _alone("demo-discussion", "jianshi", c.ACCOUNTING, p.filed(ONE), p.investigated(ONE), p.notified(ONE), p.waived(ONE), p.legally_passed(ONE), p.convened(ONE)),
    _alone("demo-decision-pending", "moyu", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.pending(ONE)),
    _alone("demo-decided", "qingshi", c.PLAN, p.filed(ONE), p.investigated(ONE), p.pending(ONE), p.decided(ONE), p.sent(ONE)),
    _alone("demo-announced", "xiling", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.pending(ONE), p.decided(ONE), p.published(ONE), p.announced(ONE), ago=5),
    _alone("demo-performance", "beian", c.SAMPLES, p.filed(ONE), p.investigated(ONE), p.pending(ONE, discussion=True), p.decided(ONE), p.delivered(ONE), p.published(ONE), p.remedy(ONE), ago=2),
    _alone("demo-deferred", "changtan", c.ACCOUNTING, p.filed(ONE), p.investigated(ONE), p.pending(ONE, discussion=True), p.decided(ONE), p.delivered(ONE), p.published(ONE), p.instalments(ONE, 4, (10, 30, 50, 70)), p.paid(ONE, 4), p.one_instalment_closed(ONE), ago=3),
    _alone("demo-overdue", "jinwan", c.SAMPLES, p.filed(ONE), p.investigated(ONE), p.pending(ONE, discussion=True), p.decided(ONE), p.delivered(ONE), p.published(ONE), p.instalments(ONE, 4, (10, 20, 50, 70)), p.paid(ONE, 4), p.one_instalment_closed(ONE), ago=22),
    _alone("demo-demanded", "redian", c.PLAN, p.filed(ONE), p.investigated(ONE), p.pending(ONE), p.decided(ONE), p.delivered(ONE), p.published(ONE), p.demanded(ONE), ago=3),
    _alone("demo-court", "hongyan", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.pending(ONE), p.decided(ONE), p.delivered(ONE), p.published(ONE), p.demanded(ONE), p.to_court(ONE), ago=2, settled=True),
    _alone("demo-closing", "xuerong", c.PLAN, p.filed(ONE), p.investigated(ONE), p.pending(ONE), p.decided(ONE), p.delivered(ONE), p.published(ONE), p.paid(ONE), p.settled(ONE), ago=2),
    _alone("demo-penalty-closed", "tongda", c.LEDGERS, p.filed(ONE), p.investigated(ONE), p.withdrawn(ONE), ago=7),
    # Transfers to the police
    _transfer("demo-head-deciding", "yunling", p.put_to_head(_TO)),
    _transfer("demo-handing-over", "mingguang", p.head_agreed(_TO)),
    _transfer("demo-supplementing", "lanyu", p.handed_over(_TO), [p.police("ask_for_papers", _TO, wait=0, missing="印章鉴定意见原件、委托书。")]),
    _transfer("demo-police-reviewing", "dashan", p.handed_over(_TO), p.lettered(_TO), [p.police("confirm_papers", _TO, wait=0)]),
    _transfer("demo-police-filed", "yuanfeng", p.police_filed(_TO)),
    _transfer("demo-police-declined", "hupo", p.declined(_TO)),
    _transfer("demo-police-reconsidering", "xinyue", p.reconsidered(_TO)),
    _transfer("demo-supervision", "xinghe", p.supervised(_TO), ago=2),
    _transfer("demo-returned", "lanqiao", p.declined(_TO), [Deed("accept_decline", "leader", {"reasons": "补充鉴定仍不能确定来源，接受不予立案，继续行政处理。"}, on=_TO, wait=1)], ago=3),
    _transfer("demo-judged", "jinghu", p.judged(_TO), ago=4),
    # Agencies
    Plot("demo-agency-clue", AGENCY, "zhengyuan", c.REVIEWED, [], source="recheck"),
    _agency("demo-agency-type", "tianlv", c.REVIEWED, source="other_authority"),
    _agency("demo-agency-inspection", "shuofang", c.TESTED, p.INSPECTED, p.person_named("tester", "检验员")),
    _agency("demo-agency-procedure", "shuofang", c.TESTED, p.person_named("signatory", "授权签字人"), p.PROCEEDED, p.filed(AGENCYS), under(c.SIGNED, p.filed("person_procedures", wait=0)), p.upward("report_initially", "initial_reports"), p.investigated(AGENCYS), p.referred(AGENCYS), p.in_court(f"{AGENCYS}/criminal")),
    _agency("demo-agency-credit", "zhengyuan", c.REVIEWED, p.PROCEEDED, p.filed(AGENCYS), p.upward("report_initially", "initial_reports"), p.acknowledged("initial_reports"), p.investigated(AGENCYS), p.pending(AGENCYS, hearing=True), p.decided(AGENCYS), p.delivered(AGENCYS), p.upward("report_finally", "final_reports", none_affected=True), ago=1),
    _agency("demo-agency-follow-up", "tianlv", c.BOTH, p.ORDERED, ago=2),
    _agency("demo-agency-closed", "zhengyuan", c.REVIEWED, p.PROCEEDED, p.filed(AGENCYS), p.upward("report_initially", "initial_reports"), p.acknowledged("initial_reports"), p.investigated(AGENCYS), p.pending(AGENCYS, hearing=True), p.decided(AGENCYS), p.delivered(AGENCYS), p.published(AGENCYS), p.CREDITED, p.upward("report_finally", "final_reports", none_affected=True), p.acknowledged("final_reports"), p.paid(AGENCYS), p.settled(AGENCYS), p.closed(AGENCYS), p.archived(AGENCYS), p.AGENCY_CLOSED, ago=12),
)  # fmt: skip


def is_loaded(session: Session) -> bool:
    """Whether every case of the demonstration's enforcement stands."""
    keys = {plot.key for plot in PLOTS}
    standing = session.scalar(select(func.count()).where(Case.cycle_key.in_(keys)))
    return standing == len(keys)


def load(
    database: Database,
    law: LawBook,
    store: FileStore,
    cast: Cast,
    now: datetime,
    progress: Progress = lambda _done, _all: None,
) -> Cast:
    """Build what stands in no case yet, those that began first before the others; return the cast.

    Everything happens at past instants; the last tick is now. Safe to repeat.
    """
    today = local_date(now)
    starts = {plot.key: _start(plot, law, today) for plot in PLOTS}
    entered = instant(min(starts.values()), 8)
    cast = database.write(partial(enlist, cast=cast, now=entered))
    with database.read() as session:
        standing = set(session.scalars(select(Case.cycle_key).where(Case.cycle_key.in_(starts))))
    clerk = Clerk(database, law, cast, store, latest=now)
    in_order = sorted(PLOTS, key=lambda plot: starts[plot.key])
    for done, plot in enumerate(in_order):
        if plot.key not in standing:
            clerk.perform(plot, starts[plot.key])
            progress(done + 1, len(PLOTS))
    clerk.catch_up(now)
    timers.tick(database, law, now)
    return cast


def _start(plot: Plot, law: LawBook, today: date) -> date:
    """The day a plot begins, so that its last deed lies ``ago`` working days before today."""
    calendar = law.calendar
    end = min(today, date(max(calendar.loaded), 12, 1)) if plot.settled else today
    return calendar.working_days_before(end, max(plot.length + plot.ago, 1))
