"""The pages that hand a checkpoint to another authority."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from app.accounts.sessions import current_actor
from app.assurance import publishing
from app.assurance.publishing import Channel, Sheet
from app.assurance.publishing_form import PublishForm
from app.assurance.views import assurance
from app.audit import checkpoints, keys
from app.audit.models import CheckpointPublication
from app.cases.queries import Key
from app.cases.views import now
from app.db import database, request_session
from config import settings

WRONG: Final = 422


@assurance.route("/publish", methods=["GET", "POST"])
def publish() -> ResponseReturnValue:
    """Hand a checkpoint out; list those that were."""
    by_mail = settings().mail_server is not None
    form, no_key = PublishForm(by_mail=by_mail), False
    if form.validate_on_submit():
        try:
            made = publishing.publish(
                database(), settings().audit_key, form.order, current_actor(), now()
            )
        except keys.NoKey:
            no_key = True
        else:
            flash(_done(made), "success")
            return redirect(url_for(".publication", publication_id=made.id), 303)
    after = Key.read(request.args.get("after", ""))
    page = publishing.publications(request_session(), after=after)
    drawn = render_template(
        "assurance/publish.html",
        form=form, page=page, paged=after is not None, by_mail=by_mail, no_key=no_key,
    )  # fmt: skip
    return drawn, WRONG if form.errors or no_key else 200


def _done(made: CheckpointPublication) -> str:
    told = {"number": made.number, "name": made.recipient}
    match Channel(made.channel):
        case Channel.FILE:
            said = gettext(
                "Checkpoint %(number)s was made and recorded as handed to %(name)s. "
                "Save the file and hand it over.",
                **told,
            )
        case Channel.MAIL:
            said = gettext(
                "Checkpoint %(number)s was made and is on its way to %(name)s. "
                "Whether it left stands here in a moment.",
                **told,
            )
        case _:
            said = gettext(
                "Checkpoint %(number)s was made and recorded as handed to %(name)s. "
                "Print this page, sign it and hand it over.",
                **told,
            )
    return str(said)


@assurance.get("/publish/<uuid:publication_id>")
def publication(publication_id: UUID) -> ResponseReturnValue:
    """Show what was handed out, as the sheet that is printed."""
    found = _found(publication_id)
    return render_template("assurance/publication.html", sheet=found, qr=Markup(found.qr()))  # noqa: S704 - segno's own drawing


@assurance.get("/publish/<uuid:publication_id>/file")
def publication_file(publication_id: UUID) -> ResponseReturnValue:
    """Give the file that was handed out, as often as it is asked for."""
    found = _found(publication_id)
    answer = Response(checkpoints.handed_out(found.checkpoint), mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename=found.file_name)
    return answer


def _found(publication_id: UUID) -> Sheet:
    return publishing.sheet(request_session(), publication_id) or abort(404)
