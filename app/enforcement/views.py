"""Pages of their own: the account of a fine as one sheet, fit to be printed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.cases.errors import NoSuchCase
from app.cases.page import CasePage
from app.cases.panels import Context
from app.cases.views import only_those_signed_in, page_of
from app.enforcement import ledger

enforcement: Final = Blueprint("enforcement", __name__)
enforcement.before_request(only_those_signed_in)


def account_tab(page: CasePage) -> Context:
    """The account on the day named in the address."""
    return {"ledger": ledger.ledger_of(page, request.args.get("on", ""))}


@enforcement.get("/cases/<uuid:case_id>/account")
def account(case_id: UUID) -> ResponseReturnValue:
    """The account of a fine. Raises NoSuchCase for whoever may not read it."""
    page = page_of(case_id)
    if not ledger.shows(page):
        raise NoSuchCase
    return render_template("enforcement/account_page.html", page=page, **account_tab(page))
