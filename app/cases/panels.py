"""What other packages add to the pages of a case, so that the desk need not know them.

A panel is a tab of the case page, an aside stands beside the form of an act. A package hands them
over in its ``init_app``; each is kept under its key, so handing one over twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, current_app, render_template
from flask_babel.speaklater import LazyString
from markupsafe import Markup

from app.cases.page import CasePage
from app.engine.definition import Transition

PANELS: Final = "tanjian.cases.panels"
ASIDES: Final = "tanjian.cases.asides"

Context = Mapping[str, Any]
"""What a template is given besides ``page``."""
Typed = Mapping[str, Any]
"""What stands in the form of an act, as texts, not checked: see `ActForm.raw`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A tab of the case page.

    ``key`` is the name of the tab in the address; no tab and no table of rows may have it already.
    ``shows`` says on which cases, and for whom, it is there; whoever it is not shown to cannot read
    it. ``template`` gets ``page`` and what ``context`` gives. ``count`` is the number beside its
    name, none where nothing is counted. It stands after the tab ``after``, or last.
    """

    key: str
    label: Callable[[], str] | LazyString
    shows: Callable[[CasePage], bool]
    template: str
    context: Callable[[CasePage], Context]
    count: Callable[[CasePage], int | None] = lambda _page: None
    after: str = "related"

    @property
    def text(self) -> str:
        """Its name in the language of the reader."""
        return self.label() if callable(self.label) else str(self.label)

    def html(self, page: CasePage) -> Markup:
        """What it shows of a case."""
        return Markup(render_template(self.template, page=page, **self.context(page)))  # noqa: S704 - a template of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What stands beside the form of an act, in a panel of its own.

    ``shows`` says beside which acts of which cases. ``template`` gets ``page``, ``transition`` and
    what ``context`` makes of them and of what is typed so far; whoever is not let to the form does
    not get it. A ``live`` one follows the typing.
    """

    key: str
    shows: Callable[[CasePage, Transition], bool]
    template: str
    context: Callable[[CasePage, Transition, Typed], Context]
    live: bool = False

    def html(self, page: CasePage, transition: Transition, typed: Typed) -> Markup:
        """What it says beside the form as it is filled in now."""
        context = self.context(page, transition, typed)
        html = render_template(self.template, page=page, transition=transition, **context)
        return Markup(html)  # noqa: S704 - a template of ours


def add_panel(app: Flask, panel: Panel) -> None:
    """Show a panel on the case pages of ``app``."""
    app.extensions.setdefault(PANELS, {})[panel.key] = panel


def add_aside(app: Flask, aside: Aside) -> None:
    """Show an aside beside forms of ``app``."""
    app.extensions.setdefault(ASIDES, {})[aside.key] = aside


def panels_of(page: CasePage) -> dict[str, Panel]:
    """The panels of a case page, by key."""
    known: Mapping[str, Panel] = current_app.extensions.get(PANELS, {})
    return {key: panel for key, panel in known.items() if panel.shows(page)}


def asides_of(page: CasePage, transition: Transition) -> dict[str, Aside]:
    """The asides of an act's form, by key."""
    known: Mapping[str, Aside] = current_app.extensions.get(ASIDES, {})
    return {key: aside for key, aside in known.items() if aside.shows(page, transition)}


def in_order(keys: Sequence[str], panels: Mapping[str, Panel]) -> Iterator[str]:
    """The keys of the tabs, each panel's after the one it names; those without a place last."""
    left = dict(panels)

    def and_after(key: str) -> Iterator[str]:
        yield key
        for follower in [p.key for p in left.values() if p.after == key]:
            if left.pop(follower, None):
                yield from and_after(follower)

    for key in keys:
        yield from and_after(key)
    yield from left
