"""Pages of substitutes 委托代办: making and ending delegations, taking and leaving a place."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import login_required
from sqlalchemy.orm import Session

from app.accounts import delegations, districts, operations, places, sessions
from app.accounts.errors import DelegationRefused, PlaceEnded
from app.accounts.forms import DelegationForm
from app.accounts.models import Delegation
from app.accounts.views import accounts
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import OVERSEEING_ROLES, Actor
from app.formats import label
from app.workflows import LIFECYCLES


@accounts.get("/substitutes")
@login_required
def substitutes() -> ResponseReturnValue:
    """Show who stands in for the person, for whom they may, and what they oversee."""
    actor, reading, today = sessions.own_actor(), request_session(), sessions.today()
    found = places.open_ones(reading, actor, today)
    mine = actor.person_id
    return render_template(
        "accounts/substitutes.html",
        given=[p for p in found if p.delegation.principal_id == mine],
        received=[p for p in found if p.delegation.substitute_id == mine],
        others=[
            p for p in found if mine not in {p.delegation.principal_id, p.delegation.substitute_id}
        ],
        past=places.past_ones(reading, actor, today),
        oversees=places.oversees(actor),
        people=delegations.with_roles_to_give(reading, actor, today),
        today=today,
        may_end=partial(delegations.may_end, sessions.current_actor()),
        district=districts.name_of,
    )


@accounts.get("/substitutes/new")
@login_required
def name_substitute_for() -> ResponseReturnValue:
    """Lead to the form of whoever was chosen; of oneself by default."""
    try:
        chosen = UUID(request.args.get("principal") or str(sessions.own_actor().person_id))
    except ValueError:
        abort(404)
    return redirect(url_for(".name_substitute", principal_id=chosen))


@accounts.route("/substitutes/new/<uuid:principal_id>", methods=["GET", "POST"])
@login_required
def name_substitute(principal_id: UUID) -> ResponseReturnValue:
    """Ask who takes somebody's place, from when until when, for what."""
    actor, reading = sessions.current_actor(), request_session()
    if actor.on_behalf_of is not None:
        flash(gettext("First act for yourself again: a place is not passed on."), "warning")
        return redirect(url_for(".substitutes"), 303)
    people = delegations.colleagues(reading, actor.organisation_id, sessions.today())
    may = principal_id == actor.person_id or places.oversees(actor)
    if not may or principal_id not in people:
        abort(404)
    able = delegations.may_stand_in(reading, actor.organisation_id, sessions.today())
    form = _form(reading, actor, principal_id, able)
    if not form.roles.choices:
        flash(gettext("The roles of auditors and administrators are not handed over."), "warning")
        return redirect(url_for(".substitutes"), 303)
    status = 200
    if form.validate_on_submit():
        made = _made(form, actor, principal_id)
        if made is not None:
            flash(
                gettext(
                    "%(substitute)s stands in for %(principal)s from %(since)s to %(until)s.",
                    substitute=people[made.substitute_id],
                    principal=people[principal_id],
                    since=made.since,
                    until=made.until,
                ),
                "success",
            )
            return redirect(url_for(".substitutes"), 303)
    if form.errors:
        status = 422
    page = render_template(
        "accounts/substitute.html",
        form=form,
        principal=people[principal_id],
        is_own=principal_id == actor.person_id,
    )
    return page, status


def _form(
    reading: Session, actor: Actor, principal_id: UUID, people: dict[UUID, str]
) -> DelegationForm:
    """The form of one principal, with what was typed before a session ended."""
    kept = None
    if request.method == "GET":
        kept = sessions.parked_for(reading, actor.person_id, request.path)
    today = sessions.today()
    form = DelegationForm(kept) if kept is not None else DelegationForm(since=today)
    form.substitute.choices = [
        ("", gettext("Choose")),
        *((str(key), name) for key, name in people.items() if key != principal_id),
    ]
    roles = delegations.roles_to_give(reading, actor, principal_id, actor.organisation_id, today)
    form.roles.choices = [(role.value, label(role.label)) for role in roles]
    if len(roles) == 1 and request.method == "GET" and kept is None:
        form.roles.data = [roles[0].value]
    form.lifecycles.choices = [(key, label(one.title())) for key, one in LIFECYCLES.items()]
    within = actor.division if actor.roles & OVERSEEING_ROLES else ""
    form.division.choices = [
        ("", gettext("Everywhere")),
        *districts.names_within(within).items(),
    ]
    return form


def _made(form: DelegationForm, actor: Actor, principal_id: UUID) -> Delegation | None:
    """Make the delegation, or put what refuses it beside the fields."""
    now, path = utcnow(), request.path

    def work(writing: Session) -> Delegation:
        made = delegations.delegate(
            writing,
            actor,
            principal_id=principal_id,
            organisation_id=actor.organisation_id,
            **form.typed(),
            now=now,
        )
        sessions.forget_parked(writing, actor.person_id, path)
        return made

    try:
        return database().write(work)
    except DelegationRefused as refused:
        form.refuse({k: v.text(str(get_locale())) for k, v in refused.faults.items()})
        return None


@accounts.post("/substitutes/<uuid:delegation_id>/end")
@login_required
def end_delegation(delegation_id: UUID) -> ResponseReturnValue:
    """End a delegation at once."""
    actor, now = sessions.current_actor(), utcnow()
    database().write(lambda s: delegations.end_delegation(s, actor, delegation_id, now=now))
    flash(gettext("The delegation was ended. Both were told."), "success")
    return redirect(url_for(".substitutes"), 303)


@accounts.post("/place")
@login_required
def take_place() -> ResponseReturnValue:
    """Act in somebody's place from now on."""
    person, reading = sessions.current_person(), request_session()
    offered = places.offered_to(reading, person.id, sessions.today())
    chosen = next(
        (p.delegation for p in offered if str(p.delegation.id) == request.form.get("delegation")),
        None,
    )
    if chosen is None:
        raise PlaceEnded
    own = operations.actor_for(reading, person, chosen.organisation_id, sessions.today())
    actor, now = places.in_place(reading, own, chosen.id, sessions.today()), utcnow()
    database().write(lambda s: operations.take_place(s, actor, now))
    sessions.take_place(actor, chosen.id)
    flash(gettext("You act in the place of %(name)s.", name=actor.on_behalf_name), "info")
    return redirect(url_for("index"), 303)


@accounts.post("/place/leave")
@login_required
def leave_place() -> ResponseReturnValue:
    """Act for oneself again."""
    actor, now = sessions.current_actor(), utcnow()
    if actor.on_behalf_of is not None:
        database().write(lambda s: operations.leave_place(s, actor, now))
        sessions.leave_place()
        flash(gettext("You act for yourself again."), "info")
    return redirect(url_for("index"), 303)
