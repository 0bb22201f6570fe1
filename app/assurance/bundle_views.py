"""The evidence bundle 证据包 on the screen: its tab of a case, what would go out, making it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final
from uuid import UUID

from flask import Flask, Response, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.accounts.sessions import current_actor
from app.assurance.bundle import LONGEST_REASON, make
from app.assurance.bundle_scope import Order, may_make, outline_of, scope_of
from app.assurance.exports import CannotUnmask
from app.assurance.views import assurance
from app.cases.page import CasePage
from app.cases.panels import Panel, add_panel
from app.cases.views import now, page_of, store
from app.db import database, request_session
from app.documents.archives import safe_name
from app.documents.casefile import ZIP
from app.formats import label
from config import settings

WRONG: Final = 422


class BundleForm(FlaskForm):
    """What goes out besides the case itself, and why."""

    family = BooleanField(_l("The other cases of its family"))
    side = BooleanField(_l("The side volume"))
    unmask = BooleanField(_l("Personal and sealed values of the entries"))
    reason = TextAreaField(
        _l("For whom and why"),
        [Length(max=LONGEST_REASON)],
        filters=[lambda text: (text or "").strip()],
        description=_l("Recorded with the bundle. Needed for the side volume and for values."),
        render_kw={"rows": 3, "maxlength": LONGEST_REASON},
    )

    def validate_reason(self, field: TextAreaField) -> None:
        """What is closed to others goes out for a reason only."""
        if (self.side.data or self.unmask.data) and not field.data:
            raise ValidationError(
                gettext("Say for whom and why the side volume or the values are given out.")
            )


@assurance.route("/cases/<uuid:case_id>/bundle", methods=["GET", "POST"])
def bundle(case_id: UUID) -> ResponseReturnValue:
    """Say what goes out; asked to, make it and hand it over."""
    page = page_of(case_id)
    form = BundleForm()
    plain = Order(case_id=case_id, actor=page.actor, now=now(), family=True)
    outline = outline_of(request_session(), scope_of(request_session(), plain))
    if form.validate_on_submit() and outline.fits(family=form.family.data, side=form.side.data):
        try:
            return _made(page, form)
        except CannotUnmask as refused:
            form.unmask.errors = [label(refused.label)]
    html = render_template("assurance/bundle.html", page=page, form=form, outline=outline)
    return html, WRONG if form.is_submitted() else 200


def _made(page: CasePage, form: BundleForm) -> Response:
    """Make the bundle in a folder that is gone before its bytes are sent."""
    order = Order(
        case_id=page.case.id,
        actor=current_actor(),
        now=now(),
        family=form.family.data,
        side=form.side.data,
        unmask=form.unmask.data,
        reason=form.reason.data or "",
    )
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        path = Path(folder) / "bundle.zip"
        made = make(database(), store(), settings(), order, path)
        content = path.open("rb")
    name = f"{safe_name(made.number)} 证据包.zip"
    answer = send_file(content, mimetype=ZIP, as_attachment=True, download_name=name)
    answer.content_length = made.size
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _shows(page: CasePage) -> bool:
    return may_make(page.view, page.actor)


PANEL: Final = Panel(
    key="bundle",
    label=lambda: str(gettext("Evidence bundle")),
    shows=_shows,
    template="assurance/bundle_tab.html",
    context=lambda _page: {},
    after="casefile",
)


def init_app(app: Flask) -> None:
    """Add the tab to the pages of cases."""
    add_panel(app, PANEL)
