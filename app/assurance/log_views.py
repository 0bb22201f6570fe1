"""The pages of the log: the search, and the log of one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from app.accounts.models import Person
from app.accounts.sessions import current_actor
from app.assurance import log, wording
from app.assurance.log_form import SYSTEM, LogForm, read_day
from app.assurance.views import assurance
from app.cases.views import now
from app.db import request_session
from app.engine.actors import ROLE_LABELS, SYSTEM_ACTOR
from app.insights.views import address
from app.law.periods import local_date

WRONG = 422


@assurance.context_processor
def shared() -> dict[str, object]:
    """What the templates of these pages call."""
    return {
        "act_label": wording.act_label,
        "chain_label": wording.chain_label,
        "state_label": wording.state_label,
        "flag_labels": wording.FLAGS,
        "roles": ROLE_LABELS,
        "address": address,
        "today": local_date(now()),
    }


assurance.add_app_template_filter(local_date, "local_day")


@assurance.get("/log", endpoint="log")
def show_log() -> ResponseReturnValue:
    """Search every chain; the newest entries first."""
    reading, actor = request_session(), current_actor()
    form = LogForm(request.args)
    asked = form.resolve(reading, actor)
    after = log.Key.read(request.args.get("after", ""))
    found = log.search(reading, actor, asked, after) if asked is not None else None
    page = render_template(
        "assurance/log.html",
        form=form,
        found=found,
        choices={
            name: [(address(**{name: one.value, "after": None}), one) for one in offered]
            for name, offered in form.choices.items()
        },
        first=address(after=None) if after is not None else None,
        older=address(after=str(found.older)) if found is not None and found.older else None,
    )
    return page, WRONG if form.errors else 200


@assurance.get("/log/days")
def find_day() -> ResponseReturnValue:
    """Go to the day that was typed; to today where it was none."""
    on = read_day(request.args.get("on", "")) or local_date(now())
    return redirect(url_for(".day", on=on.isoformat()))


@assurance.get("/log/days/<on>", endpoint="day")
def show_day(on: str) -> ResponseReturnValue:
    """All that was recorded on one local day, fit to be printed."""
    asked, today = read_day(on), local_date(now())
    if asked is None or asked > today:
        abort(404)
    found = log.day(request_session(), current_actor(), asked)
    return render_template(
        "assurance/day.html",
        day=found,
        kinds=by_kind(found.rows),
        logins=logins_of([doer.person_id for doer in found.doers]),
        before=asked - timedelta(days=1),
        after=asked + timedelta(days=1) if asked < today else None,
    )


def by_kind(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[tuple[str, list[Row[*tuple[Any, ...]]]]]:
    """The entries by kind of chain, those of cases first, each kind in its order."""
    kinds: dict[str, list[Row[*tuple[Any, ...]]]] = {kind: [] for kind in wording.CHAINS}
    for row in rows:
        kinds.setdefault(row.chain, []).append(row)
    return [(kind, found) for kind, found in kinds.items() if found]


def logins_of(persons: Sequence[UUID]) -> dict[UUID, str]:
    """By what each can be searched for."""
    query = select(Person.id, Person.login).where(Person.id.in_(persons))
    found = {row.id: row.login for row in request_session().execute(query)}
    return {**found, SYSTEM_ACTOR.person_id: SYSTEM}
