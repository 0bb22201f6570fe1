"""The page on which a clue is logged, with a second look where others are about the same."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.accounts.models import Organisation, OrganisationKind
from app.accounts.sessions import current_actor
from app.cases import intake, records
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.files import Stored
from app.cases.forms import file_fields, keep_uploads, name_files
from app.cases.models import Case
from app.cases.opening import Enclosure
from app.cases.views import cases, law, now, store, taken
from app.db import database, request_session
from app.engine.forms import ActForm, form_class
from app.engine.inputs import Input
from app.engine.permission import Refusal, Why, reserved_to
from app.frame import locale_code
from app.law.errors import LawError
from app.law.periods import local_date
from app.workflows.clues import DISCOVERED_ON, SUBJECT

UPLOADS: Final = "clue_files"
"""Where the session keeps the names of files uploaded before the case exists, by digest."""


@cases.route("/clues/new", methods=["GET", "POST"])
def log_clue() -> ResponseReturnValue:
    """Ask for a clue, show what else is known of the same subject, and open the case."""
    actor, act = current_actor(), intake.asked()
    if not intake.may_log(actor):
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to(act.by))])
    kind = form_class(act, base=FlaskForm, options=_offered, locale=locale_code())
    if request.method == "GET":
        session.pop(UPLOADS, None)
        about = {DISCOVERED_ON.name: local_date(now()).isoformat()}
        if request.args.get(SUBJECT.name):
            about[SUBJECT.name] = request.args[SUBJECT.name]
        return _page(kind(formdata=None, data=about))
    form = kind()
    faults = keep_uploads(form, _kept)
    names = session.get(UPLOADS, {})
    for field in file_fields(form):
        field.kept = [digest for digest in field.kept if digest in names]
    valid = form.validate()
    form.show_faults(faults)
    if not valid or faults:
        return _page(form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _logged(form)


def _logged(form: ActForm) -> ResponseReturnValue:
    actor, typed = current_actor(), form.typed()
    subject_id = UUID(typed.pop(SUBJECT.name))
    others = intake.same_subject(request_session(), actor, subject_id)
    if others and request.form.get("compared") != str(subject_id):
        return _page(form, others=others, compared=str(subject_id))
    names = session.get(UPLOADS, {})
    digests = [digest for field in file_fields(form) for digest in field.kept]
    clue = intake.ClueLog(
        subject_id=subject_id,
        inputs=typed,
        files=[Enclosure(digest, names[digest]) for digest in digests],
        related=[case.id for case in others if str(case.id) in request.form.getlist("related")],
    )
    try:
        fired = intake.log_clue(database(), clue, actor=actor, now=now(), law=law())
    except BadInputs as refused:
        form.show_faults(refused.faults)
        return _page(form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TransitionRefused as refused:
        return _page(form, reasons=refused.refusals, status=HTTPStatus.CONFLICT)
    except LawError as refused:
        reasons = [Refusal(Why.NOT_NOW, refused.label)]
        return _page(form, reasons=reasons, status=HTTPStatus.CONFLICT)
    session.pop(UPLOADS, None)
    flash(
        gettext("The clue is logged. The filing clock runs from the day of discovery."), "success"
    )
    return redirect(url_for(".show", case_id=fired.case_id), 303)


def _page(
    form: ActForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    others: Sequence[Case] = (),
    compared: str = "",
    reasons: Sequence[Refusal] = (),
) -> ResponseReturnValue:
    name_files(form, session.get(UPLOADS, {}), store().limit)
    html = render_template(
        "cases/clue.html", form=form, others=others, compared=compared, reasons=reasons
    )
    return html, status


def _kept(upload: FileStorage) -> Stored:
    """Store one file at once and note its name; only its uploader can name it. Raises BadFile."""
    stored = taken(upload)
    instant = now()
    database().write(lambda writing: records.remember(writing, stored, now=instant))
    session[UPLOADS] = {**session.get(UPLOADS, {}), stored.sha256: stored.name}
    return stored


def _offered(field: Input) -> Sequence[tuple[str, str]]:
    """Whom a clue may be about: the units and agencies of the registers, and natural persons."""
    assert field is SUBJECT  # the only field that names an organisation
    kinds = [OrganisationKind(kind) for kind in SUBJECT.kinds]
    query = select(Organisation.id, Organisation.name, Organisation.kind).where(
        Organisation.kind.in_(kinds), Organisation.active
    )
    found = request_session().execute(query.order_by(Organisation.kind, Organisation.name))
    zh = locale_code().startswith("zh")
    return [
        (str(key), f"{kind.label.zh if zh else kind.label.en} · {name}")
        for key, name, kind in found
    ]
