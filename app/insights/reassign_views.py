"""Giving the open cases of one officer to others: choose, look at what will happen, confirm.

The browser carries along how far it has come; every step gives away so many and asks for the next.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.accounts.sessions import current_actor
from app.cases import queries, reassignment
from app.cases.models import Case
from app.cases.queries import Filter, Key
from app.cases.reassignment import Handover, Kept, Progress
from app.cases.sight import visible_to
from app.cases.views import now
from app.db import close_request_session, database, request_session
from app.insights.forms import NOBODY, HandoverForm, uuid_of
from app.insights.views import address, begins_after, insights, nobody
from app.law.labels import Label
from app.law.periods import local_date
from app.workflows import LIFECYCLES, by_version

AT_ONCE: Final = 20
"""So many cases are given away per request; the page then asks for the next."""
ROWS: Final = 50
SEATS: Final = 100
"""So many seats of one person are listed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The officer whose work is given away; ``id`` is none for the desk of nobody."""

    id: UUID | None
    name: str
    stays: bool
    """Whether they still belong to those who may be given cases."""

    @property
    def key(self) -> str:
        """How an address names it."""
        return NOBODY if self.id is None else str(self.id)


def desk_of(reading: Session, key: str, offered: dict[UUID, str]) -> Desk:
    """The desk an address names. Aborts with 404 for none."""
    if key == NOBODY:
        return Desk(None, nobody(), stays=True)
    person_id = uuid_of(key)
    person = reading.get(Person, person_id) if person_id is not None else None
    if person is None:
        abort(404)
    return Desk(person.id, person.name, stays=person.id in offered)


def only_supervisors() -> None:
    """Abort with 403 for whoever may look at the work of others and not give it away."""
    if not reassignment.may_reassign(current_actor()):
        abort(403)


def _narrowed(lifecycle: str | None, division: str | None) -> Filter:
    known = lifecycle if lifecycle is not None and lifecycle in LIFECYCLES else ""
    return Filter(lifecycle=known, division=(division or "")[:12])


@insights.get("/reassign")
def reassign() -> ResponseReturnValue:
    """The open cases of one officer, to choose from, and to whom they may go."""
    only_supervisors()
    args = request.args
    form = HandoverForm(
        formdata=None,
        officer=args.get("officer", ""),
        lifecycle=args.get("lifecycle", ""),
        division=args.get("division", ""),
    )
    return _choosing(form), 200


def _choosing(form: HandoverForm) -> str:
    reading, actor = request_session(), current_actor()
    offered = _offered(reading)
    desk = desk_of(reading, form.officer.data or "", offered)
    handover = Handover(desk.id, (), _narrowed(form.lifecycle.data, form.division.data))
    count = reassignment.count_held(reading, actor, handover, now())
    rows, following = _page(reading, handover, begins_after())
    _offer(form, desk, offered, count)
    return render_template(
        "insights/reassign.html",
        form=form,
        desk=desk,
        narrowed=handover.narrowed,
        count=count,
        rows=rows,
        seats=_seats(reading, desk),
        first=address(after=None) if "after" in request.args else None,
        following=address(after=following) if following else None,
        title_of=lambda key: LIFECYCLES[key].title(),
    )


def _offered(reading: Session) -> dict[UUID, str]:
    return reassignment.officers(reading, current_actor().organisation_id, local_date(now()))


def _offer(form: HandoverForm, desk: Desk, offered: dict[UUID, str], count: int) -> None:
    form.which.choices = [
        ("all", gettext("All of them (%(count)d)", count=count)),
        ("ticked", gettext("Only the ticked ones")),
    ]
    form.to.choices = [(str(key), name) for key, name in offered.items() if key != desk.id]


def _page(
    reading: Session, handover: Handover, after: Key | None
) -> tuple[list[tuple[Case, Label, Label]], Key | None]:
    """One page of the cases, with procedure and state in words, by opening."""
    held = reassignment.held(current_actor(), handover, now())
    query = select(Case).where(visible_to(current_actor()), Case.id.in_(held))
    if after is not None:
        query = query.where(Case.id > after.id)
    found = reading.scalars(query.order_by(Case.id).limit(ROWS + 1)).all()
    rows = []
    for case in found[:ROWS]:
        lifecycle = by_version(case.lifecycle, case.lifecycle_version)
        rows.append((case, lifecycle.title(), lifecycle.states[case.state].label))
    last = found[ROWS - 1] if len(found) > ROWS else None
    return rows, Key(last.opened_at, last.id) if last is not None else None


def _seats(reading: Session, desk: Desk) -> list[reassignment.HeldSeat]:
    if desk.id is None:
        return []
    return list(reassignment.seats_of(reading, current_actor(), desk.id, SEATS))


@insights.post("/reassign/preview")
def preview_reassignment() -> ResponseReturnValue:
    """Say what will happen before it does: how many cases, to whom, what stays."""
    only_supervisors()
    form = HandoverForm()
    reading = request_session()
    offered = _offered(reading)
    desk = desk_of(reading, form.officer.data or "", offered)
    _offer(form, desk, offered, 0)
    if not form.validate() or not set(form.chosen) <= set(offered) - {desk.id}:
        return _choosing(form), 422
    handover = _handover(form, desk)
    count = reassignment.count_held(reading, current_actor(), handover, now())
    shared = reassignment.shares(count, len(handover.to))
    return render_template(
        "insights/reassign_preview.html",
        form=form,
        desk=desk,
        narrowed=handover.narrowed,
        count=count,
        shared=[(offered[key], many) for key, many in zip(handover.to, shared, strict=True)],
        seats=_seats(reading, desk),
        title_of=lambda key: LIFECYCLES[key].title(),
    )


def _handover(form: HandoverForm, desk: Desk) -> Handover:
    only = form.ticked if form.which.data == "ticked" else ()
    return Handover(desk.id, form.chosen, _narrowed(form.lifecycle.data, form.division.data), only)


@insights.post("/reassign")
def do_reassign() -> ResponseReturnValue:
    """Give away the next cases; the page goes on until none is left, then says how it went."""
    only_supervisors()
    form = HandoverForm()
    reading, actor = request_session(), current_actor()
    offered = _offered(reading)
    desk = desk_of(reading, form.officer.data or "", offered)
    _offer(form, desk, offered, 0)
    if not form.validate():
        abort(422)
    handover = _handover(form, desk)
    progress = reassignment.reassign(
        database(), handover, _read_progress(), actor=actor, now=now(), most=AT_ONCE
    )
    close_request_session()
    total = request.form.get("total", progress.moved, type=int)
    fresh = request_session()
    return render_template(
        "insights/reassign_progress.html",
        form=form,
        desk=desk,
        progress=progress,
        carried=_write_progress(progress),
        total=max(total, progress.moved + len(progress.kept)),
        given=[(offered.get(key, ""), progress.given.get(key, 0)) for key in handover.to],
        numbers=queries.numbers_of(fresh, actor, [one.case_id for one in progress.kept]),
        seats=_seats(fresh, desk) if progress.done else [],
        left=reassignment.count_held(fresh, actor, handover, now()) if progress.done else 0,
    )


# How far it has come: carried along by the browser that began it ----------------------------------


def _write_progress(progress: Progress) -> str:
    return json.dumps(
        {
            "after": str(progress.after) if progress.after else None,
            "given": {str(key): count for key, count in progress.given.items()},
            "kept": [[str(one.case_id), one.why.zh, one.why.en] for one in progress.kept],
        },
        ensure_ascii=False,
    )


def _read_progress() -> Progress:
    """What the page before gave along; aborts with 422 if it is not that."""
    text = request.form.get("progress", "")
    if not text:
        return Progress()
    try:
        told: dict[str, Any] = json.loads(text)
        return Progress(
            after=UUID(told["after"]) if told["after"] else None,
            given={UUID(key): int(count) for key, count in told["given"].items()},
            kept=tuple(Kept(UUID(key), Label(zh, en)) for key, zh, en in told["kept"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        abort(422)
