"""Pages of the natural persons 自然人: for the authority alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from app import language
from app.accounts.sessions import current_actor, today
from app.clock import utcnow
from app.db import request_session
from app.engine.actors import Actor
from app.registers import operations, queries
from app.registers.errors import NoSuchOrganisation
from app.registers.forms import PERSON, DeclaredForm, form_of
from app.registers.record import record_of
from app.registers.views import (
    EVERYTHING,
    enter_ban,
    file_answer,
    form_page,
    listed,
    registers,
    search_of_request,
    written,
)


def reader() -> Actor:
    """Return the actor, who must work for the authority; for others there is no such page."""
    actor = current_actor()
    if not queries.reads_people(actor):
        abort(404)
    return actor


def person_keeper() -> Actor:
    """Return the reader, who must keep the registers as well; aborts with 403 otherwise."""
    actor = reader()
    if not queries.may_edit(request_session(), actor):
        abort(403)
    return actor


@registers.get("/persons")
def persons() -> ResponseReturnValue:
    """List the natural persons who are parties, or may be."""
    actor, reading, search = reader(), request_session(), search_of_request()
    page = queries.people(reading, actor, search)
    return listed("registers/persons.html", actor, reading, search, page)


@registers.get("/persons.<any(csv, xlsx):form>")
def export_persons(form: str) -> ResponseReturnValue:
    """Give the list away as a file, narrowed and sorted as it is shown."""
    actor, search = reader(), search_of_request()
    rows = queries.people(request_session(), actor, search, size=EVERYTHING).rows
    table = [
        [gettext("Full name"), gettext("Employer"), gettext("Post"), gettext("Bans")],
        *(
            [row.name, row.employer or "", row.post, gettext("Banned") if row.banned else ""]
            for row in rows
        ),
    ]
    return file_answer(table, f"{gettext('Natural persons')}-{today().isoformat()}", form)


@registers.get("/persons/<uuid:organisation_id>")
def person(organisation_id: UUID) -> ResponseReturnValue:
    """Show a natural person: for whom they work, their penalties and bans."""
    actor, reading = reader(), request_session()
    found = _found(reading, actor, organisation_id)
    record = record_of(reading, actor, organisation_id, today(), person_id=found.profile.person_id)
    return render_template(
        "registers/person.html",
        found=found,
        record=record,
        may_edit=queries.may_edit(reading, actor),
    )


@registers.route("/persons/new", methods=["GET", "POST"])
def add_person() -> ResponseReturnValue:
    """Enter a natural person."""
    actor = person_keeper()
    form = _offered(form_of(PERSON, language.chosen())())
    if form.validate_on_submit():
        typed, now = _typed(form), utcnow()
        done = written(form, lambda s: operations.add_person(s, actor, typed, now=now).id)
        if done is not None:
            flash(gettext("“%(name)s” was entered.", name=typed["name"]), "success")
            return redirect(url_for(".person", organisation_id=done), 303)
    return form_page(form, title=gettext("Enter a natural person"), back=url_for(".persons"))


@registers.route("/persons/<uuid:organisation_id>/edit", methods=["GET", "POST"])
def edit_person(organisation_id: UUID) -> ResponseReturnValue:
    """Change what is held of a natural person."""
    actor, reading = person_keeper(), request_session()
    found = _found(reading, actor, organisation_id)
    held = queries.values_of_person(found)
    form = _offered(form_of(PERSON, language.chosen())(data={**held, "seen": queries.seen(held)}))
    back = url_for(".person", organisation_id=organisation_id)
    if form.validate_on_submit():
        typed, now, seen = _typed(form), utcnow(), str(form.seen.data)
        done = written(
            form,
            lambda s: operations.change_person(
                s, actor, organisation_id, typed, now=now, seen=seen
            ),
        )
        if done is not None:
            flash(gettext("Saved.") if done else gettext("Nothing was changed."), "success")
            return redirect(back, 303)
        form.seen.data = queries.seen(held)
    return form_page(
        form, title=gettext("Change “%(name)s”", name=found.organisation.name), back=back
    )


@registers.route("/persons/<uuid:organisation_id>/bans", methods=["GET", "POST"])
def add_person_ban(organisation_id: UUID) -> ResponseReturnValue:
    """Enter a ban on a natural person that another authority imposed."""
    actor = person_keeper()
    found = _found(request_session(), actor, organisation_id)
    back = url_for(".person", organisation_id=organisation_id)
    return enter_ban(actor, found.organisation, back)


def _found(reading: Session, actor: Actor, organisation_id: UUID) -> queries.NaturalPerson:
    try:
        return queries.natural_person(reading, actor, organisation_id)
    except NoSuchOrganisation:
        abort(404)


def _offered(form: DeclaredForm) -> DeclaredForm:
    """Say who may be the employer, and whose account it may be."""
    reading = request_session()
    form.offer("employer_id", queries.employers(reading))
    form.offer("person_id", queries.accounts_outside(reading))
    return form


def _typed(form: DeclaredForm) -> dict[str, Any]:
    """What was typed, each empty text as the database holds emptiness."""
    typed = form.typed()
    return {
        "name": typed["name"],
        "post": typed["post"] or "",
        "address": typed["address"] or "",
        "employer_id": UUID(typed["employer_id"]) if typed["employer_id"] else None,
        "person_id": UUID(typed["person_id"]) if typed["person_id"] else None,
    }
