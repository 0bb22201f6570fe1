"""A penalty case whose documents are sealed, rendered and served as officers do it."""

from __future__ import annotations

from typing import Any

from app.documents.catalogue import form_named
from tests.documents.conftest import Papers
from tests.documents.samples import samples
from tests.town import Matter, Town, day
from tests.workflows.procedure import SCAN, Procedure, moment


class Served(Procedure):
    """A penalty case whose documents are sealed, rendered and served for real."""

    def serve(self, link: str, on: str, at: str = "") -> Served:
        track = self.children(link)[-1]
        issue(self, track.row.facts["document"], on)
        served(track, on, at=at)
        return self


SEALED_BY = {
    "demand_letter": "supervisor",
    "inquiry_notice": "inspector",
    "hearing_notice": "legal2",
}
"""Whose act made a document seals it; the others are the leader's."""


def issue(case: Procedure, kind: str, on: str, *, rendered: bool = True) -> None:
    """Seal the newest document of a kind and render it."""
    papers = Papers(case.town, case.id)
    who = SEALED_BY.get(kind, "leader")
    papers.seal(kind, samples(form_named(kind, day(on))), who, at=moment(on))
    if rendered:
        assert papers.render(f"{on} 12:30") == 1


def sending(town: Town, on: str, mode: str = "direct", **said: Any) -> dict[str, Any]:
    """What is typed of an attempt."""
    servers = [town.cast.id_of(one) for one in ("inspector", "inspector2")]
    return {"mode": mode, "servers": servers, "sent_on": day(on), "place": "厂区办公楼", **said}


def sent(track: Matter, on: str, mode: str = "direct", **said: Any) -> Matter:
    track.fire("dispatch", "inspector", sending(track.town, on, mode, **said), at=f"{on} 13:00")
    return track


def proving(on: str, **said: Any) -> dict[str, Any]:
    return {"served_on": day(on), "received_by": "马学军", "proof": SCAN, **said}


def prove(track: Matter, on: str, *, at: str = "", **said: Any) -> Matter:
    typed = proving(on, **said)
    [*_, row] = track.items("attempts")
    track.fire("serve", "inspector", typed, at=f"{at or on} 14:00", item_id=row.id)
    return track


def served(track: Matter, on: str, *, at: str = "") -> Matter:
    return prove(sent(track, on), on, at=at)
