"""What has to be decided: the list, one of them, several at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from app.accounts.sessions import current_actor, safe_next
from app.audit.models import AuditEntry
from app.cases.errors import (
    BadInputs,
    CaseError,
    EscalationGone,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.cases.escalation import alternatives as choices
from app.cases.escalation import cards as cards_of
from app.cases.escalation import decisions, lists
from app.cases.escalation.alternatives import Alternative
from app.cases.escalation.cards import Card
from app.cases.escalation.decisions import Decision, Order
from app.cases.escalation.forms import (
    DecisionForm,
    NarrowForm,
    TogetherForm,
    beyond_the_card,
    decision_form,
    full_form,
    is_proposed,
    light_form,
    on_the_card,
)
from app.cases.escalation.lists import Tab
from app.cases.escalation.powers import JUDGES
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.escalation.records import chain_of
from app.cases.escalation.wanted import reason_field
from app.cases.files import Stored
from app.cases.forms import file_fields, keep_uploads, name_files
from app.cases.page import CasePage
from app.cases.prospect import foretold
from app.cases.queries import COUNTED, Key
from app.cases.records import keep_upload
from app.cases.snapshot import SEEN
from app.cases.views import cases, law, now, page_of, store, taken
from app.cases.views_lists import address
from app.db import close_request_session, database, request_session
from app.engine.forms import RECORDED, ActForm
from app.formats import label
from app.law.errors import LawError
from app.law.labels import Label
from app.navigation import may_go

MOST_TOGETHER: Final = 50
TOGETHER: Final = (Decision.APPROVE, Decision.REFUSE, Decision.PASS)
"""What can be said of several at once."""


# The list ---------------------------------------------------------------------------------------


@cases.get("/escalations")
def escalations() -> ResponseReturnValue:
    """What is put to the person, to their body, what was decided, what they asked."""
    reading, actor = request_session(), current_actor()
    counts = lists.counts(reading, actor)
    asked = request.args.get("tab", "")
    tab = Tab(asked) if asked in set(Tab) else _first_tab(counts)
    form = NarrowForm(request.args)
    form.offer()
    narrowed = form.narrowed()
    after = Key.read(request.args.get("after", ""))
    page = lists.page_of(reading, actor, tab, narrowed, after=after)
    cards = cards_of.cards(reading, actor, page.rows, now=now(), law=law())
    return render_template(
        "cases/escalations.html",
        tab=tab,
        counts=counts,
        counted=COUNTED,
        form=form,
        narrowed=narrowed,
        cards=[(card, decision_form(card), light_form(card)) for card in cards],
        together=TogetherForm(formdata=None),
        decisions=[one for one in TOGETHER if any(card.offers(one) for card in cards)],
        address=address,
        first=address(after=None) if "after" in request.args else None,
        next=address(after=page.next) if page.next else None,
        **_words(),
    )


def _first_tab(counts: dict[Tab, int]) -> Tab:
    """What lies with the person; where nothing does and nothing will, what they asked."""
    return Tab.MINE if counts[Tab.MINE] or current_actor().roles & DECIDERS else Tab.ASKED


DECIDERS: Final = frozenset(JUDGES)


def _words() -> dict[str, Any]:
    """What the parts of the templates call."""
    return {
        "Decision": Decision,
        "is_proposed": is_proposed,
        "on_the_card": on_the_card,
        "beyond_the_card": beyond_the_card,
        "here": request.full_path.rstrip("?"),
    }


# One of them ------------------------------------------------------------------------------------


@dataclass
class Open:
    """One escalation on the page of one person."""

    page: CasePage
    card: Card

    def alternative(self, key: str) -> Alternative | None:
        """What is chosen instead, if the person may decide it."""
        return next((one for one in self.card.instead if one.key == key), None)


def opened(escalation_id: UUID) -> Open:
    """An escalation as the person at the browser reads it. Raises NoSuchCase."""
    reading, actor = request_session(), current_actor()
    found = lists.one(reading, actor, escalation_id)
    if found is None:
        raise NoSuchCase
    [card] = cards_of.cards(reading, actor, [found], now=now(), law=law())
    return Open(page_of(found.case.id), card)


@cases.get("/escalations/<uuid:escalation_id>")
def escalation(escalation_id: UUID) -> ResponseReturnValue:
    """One escalation with its history, and the form of what is decided."""
    one = opened(escalation_id)
    chosen = one.alternative(request.args.get("choose", "")) or _proposed(one)
    form = decision_form(one.card)
    act = full_form(one.page, one.card, chosen) if chosen is not None else None
    return _page(one, form, chosen, act)


def _proposed(one: Open) -> Alternative | None:
    """What was proposed, if it can be changed, else the first of what can be decided instead."""
    key = choices.key_of(one.card.matter.proposal)
    return one.alternative(key) or next(iter(one.card.instead), None)


def _page(
    one: Open,
    form: DecisionForm,
    chosen: Alternative | None,
    act: ActForm | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    reasons: Sequence[Label] = (),
    gone: Label | None = None,
    confirming: str = "",
) -> ResponseReturnValue:
    card, page = one.card, one.page
    if act is not None:
        name_files(act, {sha: e.name for sha, (e, _) in page.files.items()}, store().limit)
    transition = chosen.transition if chosen is not None else None
    html = render_template(
        "cases/escalation.html",
        page=page,
        card=card,
        form=form,
        act=act,
        chosen=chosen,
        foretold=foretold(page, transition) if transition is not None else [],
        reasons=list(reasons),
        gone=gone,
        confirming=confirming,
        entries=_entries(page, card),
        recorded=RECORDED,
        back=_back(""),
        **_words(),
    )
    return html, status


def _entries(page: CasePage, card: Card) -> list[AuditEntry]:
    """The entries about it in the chain of the case's escalations: for the authority."""
    if not page.of_authority:
        return []
    found = page.session.scalars(lists.entries_of(chain_of(card.case.id)), execution_options=SEEN)
    return [entry for entry in found if str(card.raised.id) in entry.body]


@cases.post("/escalations/<uuid:escalation_id>")
def decide(escalation_id: UUID) -> ResponseReturnValue:
    """Decide one escalation."""
    one = opened(escalation_id)
    asked = request.form.get("decision", "")
    if asked not in set(Decision):
        abort(422)
    decision = Decision(asked)
    form = decision_form(one.card, request.form)
    if not one.card.is_open:
        gone = decisions.what_became(one.card.matter.raised)
        return _page(one, form, None, None, status=HTTPStatus.CONFLICT, gone=gone)
    chosen, act = _chosen(one, form, decision)
    instead, valid = None, form.validate()
    if decision is Decision.CHANGE:
        instead, complete = _instead(one, form, chosen, act)
        valid = valid and complete
    if not valid:
        return _page(one, form, chosen, act, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if (sentence := _to_confirm(one, decision, instead)) and not request.form.get("confirmed"):
        return _page(one, form, chosen, act, confirming=sentence)
    order = Order(escalation_id, decision, form.words.data or "", instead)
    try:
        outcome = decisions.decide(database(), order, actor=current_actor(), now=now(), law=law())
    except (BadInputs, TransitionRefused, EscalationGone, LawError) as refused:
        return _refused(one, form, chosen, act, refused)
    flash(_said(one.card, decision, outcome), "success")
    return redirect(_back(url_for(".escalation", escalation_id=escalation_id)), 303)


def _chosen(
    one: Open, form: DecisionForm, decision: Decision
) -> tuple[Alternative | None, ActForm | None]:
    """What the form names, and its fields as they were typed."""
    key = form.choose.data or request.form.get("chosen", "")
    chosen = one.alternative(key) if decision is Decision.CHANGE else _proposed(one)
    if chosen is None:
        return None, None
    typed = request.form if decision is Decision.CHANGE else None
    return chosen, full_form(one.page, one.card, chosen, typed)


def _instead(
    one: Open, form: DecisionForm, chosen: Alternative | None, act: ActForm | None
) -> tuple[Proposal | None, bool]:
    """What is decided instead, and whether all that was typed for it holds."""
    if chosen is None:
        fault = Label("请选择改为办理什么。", "Choose what is to be done instead.")
        form.show_faults({"choose": fault})
        return None, False
    match chosen.proposal.do:
        case Do.ASSIGN:
            return Proposal(Do.ASSIGN, person_id=form.person_id), True
        case Do.ACT if act is not None:
            reason = reason_field(act.transition)
            if reason is not None and not cast("Any", act)[reason.name].data:
                cast("Any", act)[reason.name].data = form.words.data or ""
            valid = _holds(one, act)
            inputs = {**_unasked(chosen, act), **act.typed()} if valid else {}
            return choices.with_inputs(chosen.proposal, inputs), valid
        case _:
            return chosen.proposal, True


def _unasked(chosen: Alternative, act: ActForm) -> dict[str, Any]:
    """What was proposed for fields the form did not ask."""
    return {name: v for name, v in chosen.proposal.inputs.items() if name not in act}


def _holds(one: Open, act: ActForm) -> bool:
    """Store what was uploaded, then ask every field; faults stand beside them."""
    faults = keep_uploads(act, lambda upload: _kept(one.page, upload))
    valid = act.validate()
    for field in file_fields(act):
        field.errors = [] if field.name in faults else field.errors
    act.show_faults(faults)
    return valid and not faults


def _kept(page: CasePage, upload: FileStorage) -> Stored:
    """Store one uploaded file and tie it to the case. Raises BadFile."""
    stored = taken(upload)
    case_id, actor, instant = page.case.id, page.actor, now()
    database().write(lambda s: keep_upload(s, case_id, stored, actor=actor, now=instant))
    return stored


def _to_confirm(one: Open, decision: Decision, instead: Proposal | None) -> str:
    """What is asked once more before an act the law makes final; empty for none."""
    proposal = instead or one.card.matter.proposal
    transition = one.card.lifecycle.transitions.get(proposal.trigger)
    approves = decision in {Decision.APPROVE, Decision.CHANGE} and proposal.do is Do.ACT
    if not approves or transition is None or not transition.confirms:
        return ""
    return str(
        gettext(
            "%(number)s, %(subject)s: “%(act)s” cannot be taken back. Submit it?",
            number=one.card.case.number,
            subject=one.card.case.subject_name,
            act=label(transition.label),
        )
    )


def _refused(
    one: Open,
    form: DecisionForm,
    chosen: Alternative | None,
    act: ActForm | None,
    refused: Exception,
) -> ResponseReturnValue:
    """Show the form again with what refused it: not like that, not now, somebody was first."""
    match refused:
        case BadInputs():
            left = form.show_faults(refused.faults)
            if act is not None:
                act.show_faults(left)
            reasons = list(left.values()) if act is None else []
            bad = HTTPStatus.UNPROCESSABLE_ENTITY
            return _page(one, form, chosen, act, status=bad, reasons=reasons)
        case EscalationGone():
            close_request_session()
            again = opened(one.card.raised.id)
            gone = refused.label
            return _page(again, form, None, None, status=HTTPStatus.CONFLICT, gone=gone)
        case TransitionRefused():
            reasons = [refusal.label for refusal in refused.refusals]
        case LawError():
            reasons = [refused.label]
        case _:
            raise refused
    return _page(one, form, chosen, act, status=HTTPStatus.CONFLICT, reasons=reasons)


def _said(card: Card, decision: Decision, outcome: decisions.Outcome) -> str:
    """The green line: what was decided, of what, and what comes of it."""
    number, kind = card.case.number, label(card.kind.label)
    if outcome.to is not None:
        return str(
            gettext(
                "%(number)s, %(kind)s: passed on to %(who)s.",
                number=number,
                kind=kind,
                who=label(outcome.to.label),
            )
        )
    done = label(outcome.status.label if decision is not Decision.WITHDRAW else decision.label)
    return str(gettext("%(number)s, %(kind)s: %(done)s.", number=number, kind=kind, done=done))


def _back(otherwise: str) -> str:
    """The list from which it was decided, filters and all."""
    asked = request.form.get("back") or request.args.get("back")
    return safe_next(asked) if asked else otherwise


# Several at once --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one of several; ``why`` is the reason if nothing was done."""

    card: Card
    why: Sequence[Label] = ()


@cases.post("/escalations/together")
def decide_together() -> ResponseReturnValue:
    """Say the same of several of one kind: shown once more, then decided one by one."""
    if not may_go("cases.escalations", current_actor().roles):
        abort(403)
    asked = request.form.get("decision", "")
    if asked not in {one.value for one in TOGETHER}:
        abort(422)
    decision, form = Decision(asked), TogetherForm()
    cards = _ticked()
    fault = _cannot(cards, decision, form)
    if fault is not None:
        return _together_again(cards, decision, form, fault)
    going = [card for card in cards if card.offers(decision)]
    left = [Result(card, [_why_not(card, decision)]) for card in cards if card not in going]
    results = None
    if request.form.get("confirmed") and going:
        results = [_decide(card, decision, form.words.data or "") for card in going]
        close_request_session()
    return render_template(
        "cases/escalations_together.html",
        decision=decision,
        form=form,
        going=going,
        left=left,
        results=results,
        back=_back(url_for(".escalations")),
        **_words(),
    )


def _together_again(
    cards: Sequence[Card], decision: Decision, form: TogetherForm, fault: Label
) -> ResponseReturnValue:
    """What was ticked and typed once more, with what is wrong."""
    page = render_template(
        "cases/escalations_again.html",
        decision=decision,
        form=form,
        fault=fault,
        ticked=cards,
        back=_back(url_for(".escalations")),
        **_words(),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _ticked() -> list[Card]:
    ids = {one for text in request.form.getlist("id") if (one := _uuid(text)) is not None}
    if not ids or len(ids) > MOST_TOGETHER:
        return []
    reading, actor = request_session(), current_actor()
    found = lists.several(reading, actor, ids)
    return cards_of.cards(reading, actor, found, now=now(), law=law())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _cannot(cards: Sequence[Card], decision: Decision, form: TogetherForm) -> Label | None:
    """Why nothing can be decided about what was ticked."""
    kinds: set[Kind] = {card.kind for card in cards}
    if not kinds:
        return Label("请先勾选要一并决定的事项。", "Tick what is to be decided together.")
    if len(kinds) > 1:
        return Label("只能一并决定同一类事项。", "Only the same kinds are decided together.")
    if not form.validate():
        return Label(f"最多 {decisions.LONGEST} 字。", f"At most {decisions.LONGEST} characters.")
    if not (form.words.data or "").strip():
        return decisions.WANTED.get(decision)
    return None


def _why_not(card: Card, decision: Decision) -> Label:
    """Why one of several is left out."""
    if not card.is_open:
        return decisions.what_became(card.matter.raised)
    if card.refusals:
        return card.refusals[0].label
    if decision is Decision.PASS:
        return Label("没有上级可报。", "Nobody stands above.")
    if card.lacks is not None:
        return card.lacks.label
    return Label("还须补充内容，请单独决定。", "More has to be said: decide it by itself.")


def _decide(card: Card, decision: Decision, words: str) -> Result:
    order = Order(card.raised.id, decision, words)
    try:
        decisions.decide(database(), order, actor=current_actor(), now=now(), law=law())
    except (TransitionRefused, NotPermitted) as refused:
        return Result(card, [refusal.label for refusal in refused.refusals])
    except BadInputs as refused:
        return Result(card, list(refused.faults.values()))
    except (CaseError, LawError) as refused:
        return Result(card, [refused.label])
    return Result(card)
