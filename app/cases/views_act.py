"""The form of an act: asked, saved as a draft, confirmed where law makes it final, and done.

Whatever refuses it, the form comes back with everything that was typed, files included.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.accounts.sessions import forget_parked, parked_for
from app.cases import comparison, desk, drafts, records
from app.cases.errors import (
    BadInputs,
    CaseError,
    CaseHasMoved,
    NoSuchAct,
    NotPermitted,
    TransitionRefused,
)
from app.cases.files import Stored
from app.cases.forms import act_form, file_fields, keep_uploads, name_files
from app.cases.likely import likely_step
from app.cases.page import CasePage, Happened, RowOf
from app.cases.panels import asides_of
from app.cases.prospect import foretold
from app.cases.rows import Sayings
from app.cases.sight import id_for
from app.cases.step import Fired
from app.cases.values import Shown, all_shown, names_in
from app.cases.views import cases, fresh_page, law, now, page_of, store, taken
from app.db import database, new_id
from app.engine.definition import Raise, Take, Transition
from app.engine.forms import OCCURRED_ON, RECORDED, ActForm
from app.engine.inputs import Choice, InputFault
from app.engine.permission import Refusal, Why, stands_for
from app.formats import label
from app.frame import locale_code
from app.law.errors import LawError
from app.law.labels import Label
from app.law.periods import end_of_day, local_date
from config import settings


@dataclass(frozen=True)
class Asked:
    """An act somebody wants to do on a case, on one of its rows where it takes one."""

    page: CasePage
    transition: Transition
    row: RowOf | None

    @property
    def item(self) -> str:
        """The id of the row as the draft and the form keep it."""
        return str(self.row.row.id) if self.row else ""

    @property
    def why_not(self) -> list[Refusal]:
        """Why it cannot be done now."""
        return self.page.why_not(self.transition, self.row.row if self.row else None)

    def form_class(self) -> type[ActForm]:
        """Its form, in the language of the reader."""
        return act_form(self.page, self.transition, locale_code())


def asked_for(page: CasePage, trigger: str, item: str | None) -> Asked:
    """Find the act. Raises NoSuchAct, and NotPermitted for somebody of another role."""
    transition = page.lifecycle.transitions.get(trigger)
    by_itself = transition is not None and (transition.automatic or transition.opens)
    if transition is None or by_itself or trigger in page.lifecycle.timers:
        raise NoSuchAct(trigger)
    row = _row(page, item) if isinstance(transition.item, Take) and item else None
    asked = Asked(page, transition, row)
    if any(refusal.why is Why.NOT_YOU for refusal in asked.why_not):
        raise NotPermitted(asked.why_not)
    return asked


def _row(page: CasePage, item: str) -> RowOf:
    try:
        found = page.row(UUID(item))
    except ValueError:
        abort(404)
    return found or abort(404)


@cases.route("/cases/<uuid:case_id>/act/<trigger>", methods=["GET", "POST"])
def act(case_id: UUID, trigger: str) -> ResponseReturnValue:
    """Ask for what an act needs, then do it."""
    page = page_of(case_id)
    if request.method == "POST":
        return _submitted(asked_for(page, trigger, request.form.get("item")))
    parked = parked_for(page.session, page.actor.person_id, request.path)
    item = request.args.get("item") or (parked.get("item") if parked else None)
    asked = asked_for(page, trigger, item)
    if isinstance(asked.transition.item, Take) and asked.row is None:
        return redirect(url_for(".show", case_id=case_id, tab=asked.transition.item.items.name))
    if parked is not None and parked.get("item", "") == asked.item:
        return _restored(asked, parked)
    draft = page.draft(trigger, asked.item)
    form = asked.form_class()(formdata=None, data=draft.data if draft else _prefilled(asked))
    return _form_page(asked, form, saved_at=draft.saved_at if draft else None)


# Asking -----------------------------------------------------------------------------------------


def _prefilled(asked: Asked) -> dict[str, Any]:
    """What a form begins with: the last version of the report, the last answer, the address."""
    transition, data = asked.transition, dict[str, Any]()
    if transition.report is not None:
        data |= asked.page.view.latest_version(transition.report.name)
    if asked.row is not None and isinstance(transition.item, Take):
        to = transition.item.to
        given = {to} if isinstance(to, str) else set(to.values())
        if asked.row.row.status in given:
            names = {field.name for field in transition.inputs}
            data |= {n: v for n, v in asked.row.row.data.items() if n in names}
    for field in transition.inputs:
        preset = request.args.get(field.name)
        if isinstance(field, Choice) and preset in dict(field.options):
            data[field.name] = preset
    return data


def _restored(asked: Asked, parked: MultiDict[str, str]) -> ResponseReturnValue:
    """Show what was sent after the session had ended, and keep it as the draft it now is."""
    form = asked.form_class()(formdata=parked)
    person_id, path, kept, instant = asked.page.actor.person_id, request.path, form.draft(), now()
    case_id, trigger, item = asked.page.case.id, asked.transition.name, asked.item

    def keep(writing: Session) -> None:
        drafts.save(writing, case_id, trigger, person_id, kept, instant, item)
        forget_parked(writing, person_id, path)

    database().write(keep)
    flash(
        gettext("What you typed before you signed in again is back. Check it, then send."), "info"
    )
    return _form_page(asked, form, saved_at=instant)


def _form_page(
    asked: Asked,
    form: ActForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    saved_at: datetime | None = None,
    moved: Label | None = None,
    reasons: list[Refusal] | None = None,
    confirming: bool = False,
) -> ResponseReturnValue:
    page, transition = asked.page, asked.transition
    fields = cast("Any", form)
    fields.version.data = str(page.case.version)
    fields.key.data = fields.key.data or new_id().hex
    fields.item.data = asked.item
    name_files(form, {sha: e.name for sha, (e, _) in page.files.items()}, store().limit)
    html = render_template(
        "cases/act.html",
        page=page,
        transition=transition,
        form=form,
        saved_at=saved_at,
        foretold=foretold(page, transition),
        reasons=asked.why_not if reasons is None else reasons,
        moved=moved,
        happened=_since(page) if moved else [],
        late=transition in page.late,
        confirming=confirming,
        confirmation=_confirmation(asked) if transition.confirms else None,
        summary=_summary(page, transition, form) if confirming else [],
        draft_url=url_for(
            ".draft", case_id=page.case.id, trigger=transition.name, item=asked.item or None
        ),
        said_of=Sayings(page).of,
        recorded=RECORDED,
        recording=_is_recording(asked, form),
        asides=[
            (aside, aside.html(page, transition, form.raw()))
            for aside in asides_of(page, transition).values()
        ],
        **_beside(asked),
    )
    return html, status


def _is_recording(asked: Asked, form: ActForm) -> bool:
    """Whether the part for late records is unfolded: it is used, or it has to be."""
    page, transition = asked.page, asked.transition
    by_itself = stands_for(page.actor, page.capacities, transition.by) is not None
    fields = [cast("Any", form)[field.name] for field in form.recording]
    return not by_itself or any(field.data or field.errors for field in fields)


def _since(page: CasePage) -> list[Happened]:
    """The last acts on the case, for whoever finds it moved."""
    return list(page.timeline(limit=3).entries)


def _summary(page: CasePage, transition: Transition, form: ActForm) -> list[Shown]:
    """What was typed, in words, before it is confirmed."""
    fields, typed = transition.all_inputs, form.raw()
    return all_shown(fields, typed, names_in(page.session, fields, typed))


def _confirmation(asked: Asked) -> str:
    """What is asked once more before a step the law makes final."""
    case = asked.page.case
    return str(
        gettext(
            "%(number)s, %(subject)s: “%(act)s” cannot be taken back. Submit it?",
            number=case.number,
            subject=case.subject_name,
            act=label(asked.transition.label),
        )
    )


def _beside(asked: Asked) -> dict[str, Any]:
    """What stands beside the form of a row: the row, and what changed in the passage it cites."""
    if asked.row is None:
        return {"row": None, "passage": None}
    table = asked.page.lifecycle.items[asked.row.row.kind]
    report = comparison.cited_report(asked.page.lifecycle, table)
    versions = asked.page.versions.get(report.name, []) if report else []
    passage = None
    if report and versions:
        cited = asked.row.row.data.get(table.cites)
        newest, before = versions[0], versions[min(1, len(versions) - 1)]
        changes = comparison.compared(report, before.data, newest.data)
        passage = next((c for c in changes if c.section.number == cited), None)
    return {
        "row": asked.row,
        "table": table,
        "passage": passage,
        "report": report,
        "versions": versions,
    }


# Doing ------------------------------------------------------------------------------------------


def _submitted(asked: Asked) -> ResponseReturnValue:
    form = asked.form_class()()
    if "recount" in request.form:
        form.show_faults(keep_uploads(form, lambda upload: _kept(asked.page, upload)))
        return _form_page(asked, form)
    if not _holds(asked, form):
        return _form_page(asked, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    confirmed = request.form.get("confirmed") == "yes"
    if asked.transition.confirms and not confirmed and not asked.why_not:
        return _form_page(asked, form, confirming=True)
    order, actor = _order(asked, form), asked.page.actor
    try:
        fired = desk.act(database(), order, actor=actor, now=now(), law=law())
    except (BadInputs, CaseHasMoved, TransitionRefused, LawError) as refused:
        return _refused(asked, form, refused)
    return _done(asked, fired)


def _holds(asked: Asked, form: ActForm) -> bool:
    """Store what was uploaded, then ask every field; faults stand beside them."""
    faults = keep_uploads(form, lambda upload: _kept(asked.page, upload))
    _carry_over(asked, form)
    valid = form.validate()
    for field in file_fields(form):
        field.errors = [] if field.name in faults else field.errors
    form.show_faults(faults)
    return valid and not faults


def _refused(asked: Asked, form: ActForm, refused: Exception) -> ResponseReturnValue:
    """Show the form again, with what refused it: not like that, somebody was first, not now."""
    match refused:
        case BadInputs():
            form.show_faults(refused.faults)
            return _form_page(asked, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        case CaseHasMoved():
            again = replace(asked, page=fresh_page(asked.page.case.id))
            return _form_page(again, form, status=HTTPStatus.CONFLICT, moved=refused.label)
        case TransitionRefused():
            reasons = list(refused.refusals)
        case LawError():
            reasons = [Refusal(Why.NOT_NOW, refused.label)]
        case _:
            raise refused
    return _form_page(asked, form, status=HTTPStatus.CONFLICT, reasons=reasons)


def _kept(page: CasePage, upload: FileStorage) -> Stored:
    """Store one uploaded file at once and tie it to the case. Raises BadFile."""
    stored = taken(upload)
    case_id, actor, instant = page.case.id, page.actor, now()
    database().write(lambda s: records.keep_upload(s, case_id, stored, actor=actor, now=instant))
    return stored


def _carry_over(asked: Asked, form: ActForm) -> None:
    """Tie files of the last version, which another case of the family may hold, to this one."""
    page = asked.page
    here = {evidence.sha256 for evidence, _ in page.evidence}
    wanted = {digest for field in file_fields(form) for digest in field.kept} - here
    taken = [page.files[digest] for digest in wanted if digest in page.files]
    case_id, actor, instant = page.case.id, page.actor, now()
    copies = [records.stored_again(evidence, stored) for evidence, stored in taken]

    def tie(writing: Session) -> None:
        for copy in copies:
            records.keep_upload(writing, case_id, copy, actor=actor, now=instant)

    if copies:
        database().write(tie)


def _order(asked: Asked, form: ActForm) -> desk.Order:
    recorded = form.recorded()
    return desk.Order(
        case_id=asked.page.case.id,
        trigger=asked.transition.name,
        inputs=form.typed(),
        expected_version=form.seen_version,
        key=form.once_key,
        item_id=form.item_id,
        occurred_at=_instant(_occurred_on(form)),
        late_reason=recorded.get("late_reason"),
        proof=recorded.get("paper_scan", ()),
    )


def _occurred_on(form: ActForm) -> date | None:
    """The day that was typed, also into a form that does not ask for it: `fire` refuses that."""
    if OCCURRED_ON in form.recording:
        return cast("date | None", form.recorded().get(OCCURRED_ON.name))
    with suppress(InputFault):
        return cast("date | None", OCCURRED_ON.clean(request.form.get(OCCURRED_ON.name)))
    return None


def _instant(day: date | None) -> datetime | None:
    """The instant of a day that is only known as such: its end, or now if it is not over."""
    if day is None or day == local_date(now()):
        return None
    return end_of_day(day)


def _done(asked: Asked, fired: Fired) -> ResponseReturnValue:
    page, transition = asked.page, asked.transition
    flash(_said(asked, fired), "success")
    with database().read() as reading:
        still_seen = reading.scalar(id_for(page.actor, page.case.id)) is not None
    if not still_seen:
        return redirect(url_for(".worklist"), 303)
    tab = transition.item.items.name if isinstance(transition.item, Raise | Take) else None
    return redirect(url_for(".show", case_id=page.case.id, tab=tab), 303)


def _said(asked: Asked, fired: Fired) -> str:
    """The green line: what was done, on which case, and what comes next."""
    page, done = asked.page, label(asked.transition.label)
    state = page.lifecycle.states[fired.state]
    if asked.transition.is_act:
        return str(gettext("Done: %(act)s (%(number)s).", act=done, number=page.case.number))
    step = likely_step(page.lifecycle, fired.state, page.actor)
    waits = state.waits_for
    if step is not None:
        next_ = gettext("Next: %(act)s.", act=label(step.label))
    elif waits is not None:
        next_ = gettext("Next: %(who)s.", who=label(waits.label))
    else:
        next_ = ""
    said = gettext(
        "Done: %(act)s. %(number)s is now “%(state)s”. %(next)s",
        act=done,
        number=page.case.number,
        state=label(state.label),
        next=next_,
    )
    return str(said).strip()


# Too large ----------------------------------------------------------------------------------------


@cases.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Show the form again, from its draft, if what was sent with it could not even be read."""
    about = request.view_args or {}
    if request.endpoint != "cases.act" or not current_user.is_authenticated:
        return error
    try:
        return _unread(about["case_id"], about["trigger"], request.args.get("item", ""))
    except CaseError as refused:  # what an error handler raises itself would become a 500
        return current_app.handle_user_exception(refused)


def _unread(case_id: UUID, trigger: str, item: str) -> ResponseReturnValue:
    page = page_of(case_id)
    asked = asked_for(page, trigger, item)
    draft = page.draft(trigger, item)
    form = asked.form_class()(formdata=None, data=draft.data if draft else _prefilled(asked))
    form.form_errors = [
        gettext(
            "The files together were larger than %(limit)s MB and were not taken. "
            "What had been saved as a draft is here.",
            limit=settings().max_upload_mb,
        )
    ]
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return _form_page(asked, form, status=status, saved_at=draft.saved_at if draft else None)
