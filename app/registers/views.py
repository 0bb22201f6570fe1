"""Pages of the registers: lists, one unit, one agency, their forms, files in and out."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import language
from app.accounts.models import Organisation, OrganisationKind
from app.accounts.sessions import current_actor, today
from app.clock import utcnow
from app.db import database, request_session
from app.engine.actors import Actor
from app.registers import divisions, imports, operations, queries, sheets
from app.registers.columns import COLUMNS, KIND, Register, code_warnings
from app.registers.errors import RegisterError
from app.registers.forms import (
    BAN,
    END_OF_TIE,
    LISTING,
    REMOVAL,
    TIE,
    DeclaredForm,
    form_of,
)
from app.registers.models import AgencyTie, Sector, TieKind
from app.registers.record import record_of

registers: Final = Blueprint("registers", __name__, url_prefix="/registers")

KINDS: Final = {"units": OrganisationKind.UNIT, "agencies": OrganisationKind.AGENCY}
EVERYTHING: Final = 1_000_000
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@registers.before_request
@login_required
def ask_who() -> None:
    """Nobody reads the registers without signing in."""


@registers.app_context_processor
def words() -> dict[str, Any]:
    """What the templates need to name a division."""
    return {"division_name": divisions.division_name}


# Lists ------------------------------------------------------------------------------------------


def search_of_request(*, year: int | None = None, sort: str = "name") -> queries.Search:
    """Read what the list is narrowed to from the address, so that a view can be sent on."""
    args = request.args
    return queries.Search(
        words=args.get("q", "").strip()[:100],
        division=args.get("division", "")[:12],
        sector=args.get("sector", "")[:20],
        year=args.get("year", year, type=int),
        sort=args.get("sort", sort)[:20],
        after=args.get("after", "")[:400],
        before=args.get("before", "")[:400],
        on=today(),
    )


@registers.get("/units")
def units() -> ResponseReturnValue:
    """List the key emitting units."""
    actor, reading, search = current_actor(), request_session(), search_of_request()
    page = queries.units(reading, actor, search)
    return listed("registers/units.html", actor, reading, search, page)


@registers.get("/agencies")
def agencies() -> ResponseReturnValue:
    """List the technical service agencies."""
    actor, reading, search = current_actor(), request_session(), search_of_request()
    page = queries.agencies(reading, actor, search)
    return listed("registers/agencies.html", actor, reading, search, page)


@registers.get("/roster")
def roster() -> ResponseReturnValue:
    """List the roster of a year, by default of this one, else of the newest there is."""
    actor, reading = current_actor(), request_session()
    search = search_of_request(year=_roster_year(reading))
    page = queries.roster(reading, actor, search)
    return listed("registers/roster.html", actor, reading, search, page)


def _roster_year(reading: Session) -> int:
    years, this_year = queries.roster_years(reading), today().year
    return this_year if this_year in years or not years else years[0]


def listed(
    template: str, actor: Actor, reading: Session, search: queries.Search, page: queries.Page[Any]
) -> ResponseReturnValue:
    """Show one page of a register, with what it is narrowed to and where the next one is."""

    def address(**changes: object) -> str:
        """The address of this list with something changed; pages begin anew unless turned."""
        args = request.args.to_dict()
        for turned in ("after", "before"):
            args.pop(turned, None)
        args.update({name: str(value) for name, value in changes.items()})
        assert request.endpoint is not None
        kept: dict[str, Any] = {name: value for name, value in args.items() if value}
        return url_for(request.endpoint, **kept)

    return render_template(
        template,
        page=page,
        search=search,
        address=address,
        divisions=[p for p in divisions.within(actor.division) if p.level != "township"],
        sectors=list(Sector),
        years=queries.roster_years(reading),
        may_edit=queries.may_edit(reading, actor),
        is_narrowed=bool(search.words or search.division or search.sector),
    )


@registers.get("/<any(units, agencies, roster):name>.<any(csv, xlsx):form>")
def export(name: str, form: str) -> ResponseReturnValue:
    """Give the list away as a file, narrowed and sorted as it is shown; it can be read in again."""
    actor, reading, register = current_actor(), request_session(), Register(name)
    year = _roster_year(reading) if register is Register.ROSTER else None
    search = search_of_request(year=year)
    rows = _exported(reading, actor, register, search)
    locale = language.chosen()
    columns = [*COLUMNS[register]]
    table = [
        [column.heading.text(locale) for column in columns],
        *([column.show(row.get(column.name), locale) for column in columns] for row in rows),
    ]
    return file_answer(table, f"{register.label.text(locale)}-{today().isoformat()}", form)


def _exported(
    reading: Session, actor: Actor, register: Register, search: queries.Search
) -> list[dict[str, Any]]:
    listed: dict[Register, Callable[..., queries.Page[Any]]] = {
        Register.UNITS: queries.units,
        Register.AGENCIES: queries.agencies,
        Register.ROSTER: queries.roster,
    }
    rows = listed[register](reading, actor, search, size=EVERYTHING).rows
    if register is Register.ROSTER:
        return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
    profile = queries.PROFILES[imports.KIND_OF[register]]
    held = {
        organisation.id: queries.values_of(organisation, its_profile)
        for organisation, its_profile in reading.execute(
            select(Organisation, profile)
            .join(profile, profile.organisation_id == Organisation.id)
            .where(queries.visible_organisations(actor))
        )
    }
    return [held[row.id] for row in rows]


def file_answer(table: Sequence[Sequence[str]], name: str, form: str) -> Response:
    """Answer with a table as a file whose name may be Chinese."""
    csv = form == "csv"
    content = sheets.write_csv(table) if csv else sheets.write_excel(table, name[:31])
    return send_file(
        io.BytesIO(content),
        mimetype=CSV if csv else XLSX,
        as_attachment=True,
        download_name=f"{name}.{form}",
    )


# One unit, one agency ---------------------------------------------------------------------------


@registers.get("/units/<uuid:organisation_id>")
def unit(organisation_id: UUID) -> ResponseReturnValue:
    """Show a unit: what is held of it, its roster years, its ties, its cases."""
    actor, reading = current_actor(), request_session()
    organisation, profile = _found(reading, actor, organisation_id, OrganisationKind.UNIT)
    return render_template(
        "registers/unit.html",
        organisation=organisation,
        values=_shown(organisation, profile),
        profile=profile,
        roster=queries.roster_of(reading, organisation.id),
        ties=queries.ties_of_unit(reading, actor, organisation.id),
        record=record_of(reading, actor, organisation.id, today()),
        warnings=code_warnings(organisation.uscc, organisation.division),
        may_edit=queries.may_edit(reading, actor, organisation.division),
    )


@registers.get("/agencies/<uuid:organisation_id>")
def agency(organisation_id: UUID) -> ResponseReturnValue:
    """Show an agency: what is held of it, what bars it, its ties, its bans, its cases."""
    actor, reading = current_actor(), request_session()
    organisation, profile = _found(reading, actor, organisation_id, OrganisationKind.AGENCY)
    return render_template(
        "registers/agency.html",
        organisation=organisation,
        values=_shown(organisation, profile),
        profile=profile,
        ties=queries.ties_of_agency(reading, actor, organisation.id),
        record=record_of(reading, actor, organisation.id, today()),
        warnings=code_warnings(organisation.uscc, None),
        may_edit=queries.may_edit(reading, actor),
    )


def _found(
    reading: Session, actor: Actor, organisation_id: UUID, kind: OrganisationKind
) -> tuple[Organisation, Any]:
    try:
        return queries.organisation(reading, actor, organisation_id, kind)
    except RegisterError:
        abort(404)


def _shown(organisation: Organisation, profile: Any) -> list[tuple[str, str]]:
    """Return terms and values of what is held, in the reader's language."""
    locale = language.chosen()
    pairs = []
    for column in KIND[OrganisationKind(organisation.kind)]:
        value = queries.value_of(column, organisation, profile)
        text = column.show(value, locale)
        if column.name == "division":
            text = f"{divisions.division_name(text)} {text}"
        elif column.input.unit and text:
            text = f"{text} {column.input.unit}"
        pairs.append((column.input.label.text(locale), text))
    return pairs


# Changing ---------------------------------------------------------------------------------------


@registers.route("/<any(units, agencies):name>/new", methods=["GET", "POST"])
def add(name: str) -> ResponseReturnValue:
    """Enter a unit or an agency."""
    kind = KINDS[name]
    actor = keeper()
    form = _entry_form(kind)()
    if request.method == "GET" and "ets_covered" in form:
        form["ets_covered"].data = True
    if form.validate_on_submit():
        values, now = _typed(form, kind), utcnow()
        done = written(
            form,
            lambda s: operations.add(s, actor, kind, values, now=now).id,
        )
        if done is not None:
            _tell(gettext("“%(name)s” was entered.", name=values["name"]), values, kind)
            return redirect(url_for(f".{kind}", organisation_id=done), 303)
    return form_page(
        form,
        title=gettext("Enter a key emitting unit")
        if kind is OrganisationKind.UNIT
        else gettext("Enter a service agency"),
        back=url_for(f".{name}"),
    )


@registers.route(
    "/<any(units, agencies):name>/<uuid:organisation_id>/edit", methods=["GET", "POST"]
)
def edit(name: str, organisation_id: UUID) -> ResponseReturnValue:
    """Change what is held of a unit or an agency."""
    kind = KINDS[name]
    actor, reading = current_actor(), request_session()
    organisation, profile = _found(reading, actor, organisation_id, kind)
    keeper(organisation.division if kind is OrganisationKind.UNIT else None)
    held = queries.values_of(organisation, profile)
    form = _entry_form(kind)(data={**held, "seen": queries.seen(held)})
    if form.validate_on_submit():
        values, now, seen = _typed(form, kind), utcnow(), str(form.seen.data)

        def change(session: Session) -> dict[str, tuple[Any, Any]]:
            own = session.get_one(Organisation, organisation_id)
            return operations.change(session, actor, own, values, now=now, seen=seen)

        done = written(form, change)
        if done is not None:
            told = gettext("Saved.") if done else gettext("Nothing was changed.")
            _tell(told, values, kind)
            return redirect(url_for(f".{kind}", organisation_id=organisation_id), 303)
        form.seen.data = queries.seen(held)
    return form_page(
        form,
        title=gettext("Change “%(name)s”", name=organisation.name),
        back=url_for(f".{kind}", organisation_id=organisation_id),
    )


@registers.route("/agencies/<uuid:organisation_id>/ties", methods=["GET", "POST"])
def add_tie(organisation_id: UUID) -> ResponseReturnValue:
    """Enter a tie of an agency to a unit."""
    actor, reading = keeper(), request_session()
    organisation, _ = _found(reading, actor, organisation_id, OrganisationKind.AGENCY)
    back = url_for(".agency", organisation_id=organisation_id)
    form = form_of(TIE, language.chosen())()
    form.offer("unit_id", queries.names(reading, actor, OrganisationKind.UNIT))
    if form.validate_on_submit():
        typed, now = form.typed(), utcnow()

        def write(session: Session) -> UUID:
            return operations.add_tie(
                session, actor, agency_id=organisation_id, unit_id=UUID(typed["unit_id"]),
                kind=TieKind(typed["kind"]), since=typed["since"], note=typed["note"] or "",
                now=now,
            ).id  # fmt: skip

        if written(form, write) is not None:
            flash(gettext("The tie was entered."), "success")
            return redirect(back, 303)
    return form_page(
        form, title=gettext("Enter a tie of “%(name)s”", name=organisation.name), back=back
    )


@registers.route("/ties/<uuid:tie_id>/end", methods=["GET", "POST"])
def end_tie(tie_id: UUID) -> ResponseReturnValue:
    """Say that a tie has ended."""
    actor, reading = keeper(), request_session()
    tie = reading.get(AgencyTie, tie_id) or abort(404)
    organisation, _ = _found(reading, actor, tie.agency_id, OrganisationKind.AGENCY)
    back = url_for(".agency", organisation_id=tie.agency_id)
    form = form_of(END_OF_TIE, language.chosen())()
    if form.validate_on_submit() and _is_past(form, "ended_on"):
        ended_on, now = form.typed()["ended_on"], utcnow()

        def write(session: Session) -> bool:
            own = session.get_one(AgencyTie, tie_id)
            operations.end_tie(session, actor, own, ended_on=ended_on, now=now)
            return True

        if written(form, write):
            flash(gettext("The end of the tie was entered."), "success")
            return redirect(back, 303)
    return form_page(
        form, title=gettext("End a tie of “%(name)s”", name=organisation.name), back=back
    )


@registers.route("/agencies/<uuid:organisation_id>/bans", methods=["GET", "POST"])
def add_ban(organisation_id: UUID) -> ResponseReturnValue:
    """Enter a ban on an agency."""
    actor, reading = keeper(), request_session()
    organisation, _ = _found(reading, actor, organisation_id, OrganisationKind.AGENCY)
    return enter_ban(actor, organisation, url_for(".agency", organisation_id=organisation_id))


def enter_ban(actor: Actor, organisation: Organisation, back: str) -> ResponseReturnValue:
    """Ask for a ban on an agency or on a natural person, and enter it."""
    form = form_of(BAN, language.chosen())()
    if form.validate_on_submit():
        typed, now = form.typed(), utcnow()
        if typed["to_day"] and typed["to_day"] < typed["from_day"]:
            form["to_day"].errors = [gettext("The last day lies before the first.")]
        elif (
            written(
                form,
                lambda s: (
                    operations.impose_ban(
                        s, actor, organisation_id=organisation.id, now=now, **typed
                    ).id
                ),
            )
            is not None
        ):
            flash(gettext("The ban was entered."), "success")
            return redirect(back, 303)
    return form_page(
        form, title=gettext("Enter a ban on “%(name)s”", name=organisation.name), back=back
    )


@registers.route("/roster/new", methods=["GET", "POST"])
def list_unit() -> ResponseReturnValue:
    """Put a unit on the roster of a year."""
    actor, reading = keeper(), request_session()
    form = form_of(LISTING, language.chosen())()
    form.offer("unit_id", queries.names(reading, actor, OrganisationKind.UNIT))
    if request.method == "GET":
        form["year"].data = request.args.get("year", str(today().year))
        form["listed_on"].data = today().isoformat()
        form["unit_id"].data = request.args.get("unit", "")
    if form.validate_on_submit() and _is_past(form, "listed_on"):
        typed, now = form.typed(), utcnow()
        year = typed["year"]
        done = written(
            form,
            lambda s: (
                operations.list_unit(
                    s, actor, UUID(typed["unit_id"]), year, listed_on=typed["listed_on"], now=now
                ).id
            ),
        )
        if done is not None:
            flash(gettext("The unit was put on the roster of %(year)s.", year=year), "success")
            return redirect(url_for(".roster", year=year), 303)
    return form_page(form, title=gettext("Put a unit on the roster"), back=url_for(".roster"))


@registers.route("/roster/<int:year>/<uuid:unit_id>/remove", methods=["GET", "POST"])
def remove_from_roster(year: int, unit_id: UUID) -> ResponseReturnValue:
    """Take a unit off the roster of a year."""
    actor, reading = current_actor(), request_session()
    organisation, _ = _found(reading, actor, unit_id, OrganisationKind.UNIT)
    keeper(organisation.division)
    form = form_of(REMOVAL, language.chosen())()
    if form.validate_on_submit() and _is_past(form, "removed_on"):
        day, now = form.typed()["removed_on"], utcnow()
        done = written(
            form,
            lambda s: (
                operations.remove_from_roster(s, actor, unit_id, year, removed_on=day, now=now).id
            ),
        )
        if done is not None:
            flash(gettext("The unit was taken off the roster of %(year)s.", year=year), "success")
            return redirect(url_for(".roster", year=year), 303)
    return form_page(
        form,
        title=gettext(
            "Take “%(name)s” off the roster of %(year)s", name=organisation.name, year=year
        ),
        back=url_for(".roster", year=year),
    )


def keeper(division: str | None = None) -> Actor:
    """Return the actor, who must keep the registers there; aborts with 403 otherwise."""
    actor = current_actor()
    if not queries.may_edit(request_session(), actor, division):
        abort(403)
    return actor


def _entry_form(kind: OrganisationKind) -> type[DeclaredForm]:
    return form_of(tuple(column.input for column in KIND[kind]), language.chosen())


def _typed(form: DeclaredForm, kind: OrganisationKind) -> dict[str, Any]:
    """Return what was typed, each empty field as the database holds emptiness."""
    typed = form.typed()
    return {
        column.name: column.empty if typed[column.name] is None else typed[column.name]
        for column in KIND[kind]
    }


def written(form: DeclaredForm, work: Callable[[Session], Any]) -> Any:
    """Do it; a refusal of the registers stands above the form, and the answer is None."""
    try:
        return database().write(work)
    except RegisterError as refused:
        form.form_errors = [refused.label.text(language.chosen())]
        return None


def _is_past(form: DeclaredForm, name: str) -> bool:
    """Whether a day that must lie behind us does; its field says so otherwise."""
    if form.typed()[name] <= today():
        return True
    form[name].errors = [gettext("The day cannot lie after today.")]
    return False


def _tell(told: str, values: dict[str, Any], kind: OrganisationKind) -> None:
    """Say what was done, and what is odd about the credit code that was kept as typed."""
    flash(told, "success")
    division = values["division"] if kind is OrganisationKind.UNIT else None
    for warning in code_warnings(values.get("uscc"), division):
        text = warning.text(language.chosen())
        flash(gettext("Saved as typed, but check: %(warning)s", warning=text), "warning")


def form_page(form: DeclaredForm, *, title: str, back: str) -> ResponseReturnValue:
    page = render_template(
        "registers/form.html",
        form=form,
        title=title,
        back=back,
        places=divisions.within(current_actor().division),
    )
    return page, 422 if form.errors else 200
