"""A walk through a lifecycle at random: who, what, when and what is typed are chosen by chance.

What is likely to be possible is chosen more often, so that a walk gets somewhere; what is wrong is
tried as well. Everything is derived from the declaration: a walk knows no lifecycle.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cases.consequences import eligible_persons
from app.cases.errors import BadInputs, CaseError, CaseHasMoved, NotPermitted, TransitionRefused
from app.cases.models import Case, CaseItem, Participant
from app.cases.snapshot import Snapshot, cases, record
from app.cases.step import Fired
from app.demo.stories import Attached
from app.engine.actors import Actor, Role
from app.engine.definition import Take, Transition
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    Input,
    Organisation,
    People,
    Person,
    Quantity,
    Reference,
    Whole,
    YesNo,
)
from app.engine.permission import Refusal, Why, refusals
from app.engine.view import Attempt
from app.law.periods import local_date
from app.workflows import by_version
from tests.laws import faults, written
from tests.town import Matter, Town

PAUSES = (timedelta(minutes=1), timedelta(hours=3), timedelta(days=1), timedelta(days=4), timedelta(days=9), timedelta(days=45))  # fmt: skip
SCRAP = Attached("scrap.txt", b"\xef\xbb\xbf1")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass
class Walk:
    """One family of cases and the time it has reached; ``chance`` decides everything."""

    town: Town
    root: Matter
    chance: random.Random
    now: datetime
    done: list[str] = field(default_factory=list)
    """What happened, for the message of a test that fails."""
    tried: Counter[str] = field(default_factory=Counter)
    requests: int = 0

    def family(self) -> list[Matter]:
        query = select(Case.id).where(Case.root_id == self.root.id).order_by(Case.id)
        with self.town.database.read() as session:
            return [Matter(self.town, case_id) for case_id in session.scalars(query)]

    def go(self, steps: int) -> None:
        """Take some steps; the laws hold after each."""
        self.uphold()
        for _ in range(steps):
            self.now += self.chance.choice(PAUSES)
            if self.chance.random() < 0.3:
                self.tick()
            else:
                self.act(self.chance.choice(self.family()))
            self.uphold()

    def uphold(self) -> None:
        with self.town.database.read() as session:
            broken = [fault for matter in self.family() for fault in faults(session, matter.id)]
        assert not broken, "\n".join([*self.done, *broken])

    def tick(self) -> None:
        """Let the clocks end; what has ended once does not end again."""
        own = {matter.id for matter in self.family()}
        for ended in self.town.tick(self.now):
            if ended.case_id in own:
                self.done.append(f"{self.now} {ended.deadline} ended: {ended.trigger}")
        assert not [again for again in self.town.tick(self.now) if again.case_id in own]

    # Acts ---------------------------------------------------------------------------------------

    def act(self, matter: Matter) -> None:
        """Try one act; what is refused has written nothing."""
        case = matter.row
        transition = self.transition(case)
        self.tried[transition.name] += 1
        actor = self.actor(matter, transition)
        said = self.said(matter, case, transition)
        typed, wrong = self.typed(matter, transition)
        with self.town.database.read() as session:
            before = written(session, matter.id)
            offered = self.menu(session, matter, transition, actor, said)
        try:
            fired = matter.fire(transition.name, actor, typed, at=self.now, **said)
        except CaseError as refusal:
            kind = type(refusal).__name__
            self.done.append(f"{self.now} {transition.name} by {actor.person_name}: {kind}")
            with self.town.database.read() as session:
                assert written(session, matter.id) == before, "\n".join(self.done)
            if "occurred" not in said:
                self.agree(offered, refusal, transition, said)
            return
        self.done.append(f"{self.now} {transition.name} by {actor.person_name}: {fired.state}")
        assert not wrong, f"{transition.name} took {wrong}: {typed[wrong]!r}"
        assert not offered or "occurred" in said, f"{offered} refuses it, and yet it was done"
        stale = said.get("expected_version", case.version) != case.version
        assert not (stale and transition.raises_version), "a stale page was taken"
        self.repeat(matter, transition, actor, typed, said, fired)

    def menu(
        self,
        session: Session,
        matter: Matter,
        transition: Transition,
        actor: Actor,
        said: dict[str, Any],
    ) -> list[Refusal]:
        """What the page would say of the act before anything is typed."""
        row = session.execute(select(cases).where(cases.c.id == matter.id)).mappings().one()
        view = Snapshot(session, record(row))
        item_id = said.get("item_id")
        item = view.item(item_id) if item_id is not None else None
        attempt = Attempt(view, actor, self.now, local_date(self.now), self.town.law, item=item)
        return refusals(view.lifecycle, transition, attempt, with_inputs=False)

    def agree(
        self,
        offered: list[Refusal],
        refusal: CaseError,
        transition: Transition,
        said: dict[str, Any],
    ) -> None:
        """Whoever refuses, page and server give the same reasons, unless they lie in the inputs."""
        if isinstance(refusal, CaseHasMoved):
            assert "expected_version" in said
        elif isinstance(refusal, NotPermitted | TransitionRefused):
            told = [one for one in refusal.refusals if one.why is not Why.NOT_LIKE_THAT]
            named = not isinstance(transition.item, Take) or said.get("item_id") is not None
            assert told == offered if named else set(told) <= set(offered), self.done
        else:
            assert isinstance(refusal, BadInputs)
            hindered = [one for one in offered if one.why is not Why.NOT_LIKE_THAT]
            assert not hindered or transition.recorded_by, self.done

    def repeat(
        self,
        matter: Matter,
        transition: Transition,
        actor: Actor,
        typed: dict[str, Any],
        said: dict[str, Any],
        fired: Fired,
    ) -> None:
        """Send the same request again: it answers as the first did and writes nothing."""
        if "key" not in said:
            return
        with self.town.database.read() as session:
            before = written(session, matter.id)
        again = matter.fire(transition.name, actor, typed, at=self.now, **said)
        assert (again.repeated, again.trigger) == (True, fired.trigger)
        assert again.seq == fired.seq or again.state == fired.state
        with self.town.database.read() as session:
            assert {**written(session, matter.id), "case_evidence": 0} == {
                **before,
                "case_evidence": 0,
            }

    def transition(self, case: Case) -> Transition:
        """Mostly one that is open in the state, was done seldom and does not end the case."""
        lifecycle = by_version(case.lifecycle, case.lifecycle_version)
        every = [t for t in lifecycle.transitions.values() if not t.opens]
        open_ = [t for t in every if case.state in t.source_names and not t.automatic]
        chosen = open_ if open_ and self.chance.random() < 0.9 else every
        two = [self.chance.choice(chosen), self.chance.choice(chosen)]
        return min(two, key=lambda t: (any(d.final for d in t.destinations), self.tried[t.name]))

    def actor(self, matter: Matter, transition: Transition) -> Actor:
        """Mostly somebody of the right role who takes part."""
        people = list(self.town.cast.people.values())
        if self.chance.random() < 0.08:
            return self.chance.choice(people)
        seats = select(Participant).where(
            Participant.case_id == matter.id, Participant.until_seq.is_(None)
        )
        with self.town.database.read() as session:
            seated = [(s.capacity, s.organisation_id, s.person_id) for s in session.scalars(seats)]
        fitting = [
            actor
            for actor in people
            for who in transition.actors
            if who.role in actor.roles
            and any(
                capacity == who.capacity
                and body == actor.organisation_id
                and person in {None, actor.person_id}
                for capacity, body, person in seated
            )
        ]
        return self.chance.choice(fitting or people)

    def said(self, matter: Matter, case: Case, transition: Transition) -> dict[str, Any]:
        """Row, version, key and late time of a request."""
        said: dict[str, Any] = {}
        if isinstance(transition.item, Take):
            query = select(CaseItem.id).where(
                CaseItem.case_id == matter.id, CaseItem.kind == transition.item.items.name
            )
            if self.chance.random() < 0.9:
                query = query.where(CaseItem.status.in_(transition.item.sources))
            with self.town.database.read() as session:
                rows = list(session.scalars(query.order_by(CaseItem.number)))
            said["item_id"] = self.chance.choice(rows) if rows else None
        luck = self.chance.random()
        if luck < 0.15:
            self.requests += 1
            said["key"] = f"{matter.id.hex}-{self.requests}"
        elif luck < 0.3:
            said["expected_version"] = case.version - self.chance.randrange(2)
        elif luck < 0.45 and transition.backdatable:
            said["occurred"] = self.now - self.chance.choice(PAUSES)
            said["late_reason"] = "补录"
            said["proof"] = [matter.paper("supervisor", at=self.now)]
        return said

    # What is typed ------------------------------------------------------------------------------

    def typed(self, matter: Matter, transition: Transition) -> tuple[dict[str, Any], str]:
        """A value for most fields; sometimes one is wrong, and then it is named."""
        values: dict[str, Any] = {}
        for asked in transition.all_inputs:
            if asked.required or self.chance.random() < 0.3:
                values[asked.name] = self.value(matter, asked)
        if not values or self.chance.random() >= 0.1:
            return values, ""
        wrong = {
            asked.name: self.wrong(asked) for asked in transition.all_inputs if asked.name in values
        }
        wrong["no_such_field"] = "x"
        name = self.chance.choice(sorted(wrong))
        return values | {name: wrong[name]}, name

    def wrong(self, asked: Input) -> Any:
        """A value the field never takes."""
        return self.chance.choice(self.wrong_of(asked))

    def wrong_of(self, asked: Input) -> Sequence[Any]:  # noqa: PLR0911  # one line per type
        """Values the field never takes: of another type, beyond its limits, or of nobody."""
        today = local_date(self.now)
        match asked:
            case Choice():
                return ["no such option", 1]
            case YesNo(must=must):
                return ["perhaps", False] if must else ["perhaps"]
            case Whole(lowest=lowest, highest=highest):
                return [lowest - 1, highest + 1, "1.5", True]
            case Quantity(lowest=lowest):
                return [lowest - 1, "12,5", "NaN", "1e3", 0.1, Decimal(10) ** 16]
            case Day(past=past, future=future):
                beyond = (
                    [today + timedelta(1)] if past else [today - timedelta(1)] if future else []
                )
                return ["2026-02-30", "yesterday", *beyond]
            case Files():
                return [["0" * 64], ["scrap.txt"]]
            case People(least=least):
                return [[UNKNOWN] * (least + 1), ["nobody"]]
            case Reference():
                return [UNKNOWN, "nobody"]
            case _:
                return ["x" * 20_000, "\x00", 7]

    def value(self, matter: Matter, asked: Input) -> Any:
        """A value such as the field takes."""
        if isinstance(asked, Person):
            return self.somebody(matter, asked)
        if isinstance(asked, YesNo):
            return asked.must or self.chance.random() < 0.5
        return self.chance.choice(self.values_of(asked))

    def values_of(self, asked: Input) -> Sequence[Any]:
        """Values the field takes, some at its limits."""
        match asked:
            case Choice(options=options):
                return [key for key, _ in options]
            case Whole(lowest=lowest, highest=highest):
                return [highest, lowest, min(lowest + 1, highest)]
            case Quantity():
                return [Decimal(0), Decimal(90), Decimal(1_000_000)]
            case Day(past=past, future=future):
                days = range(-25 if past else 0 if future else -12, 1 if past else 25)
                return [local_date(self.now) + timedelta(each) for each in days]
            case Organisation(kinds=kinds):
                return [one for kind in kinds for one in self.bodies(kind)]
            case _:
                return [SCRAP if isinstance(asked, Files) else "示例"]

    def bodies(self, kind: str) -> Iterator[str]:
        """Organisations of a kind, by id."""
        cast = self.town.cast
        if kind == "agency":
            yield from (str(one.id) for one in cast.agencies.values())
        elif kind == "unit":
            yield from (str(one.id) for one in list(cast.units.values())[:3])
        else:
            roles = {Role.PARTNER_MARKET, Role.PARTNER_POLICE}
            yield from (str(a.organisation_id) for a in cast.people.values() if a.roles & roles)

    def somebody(self, matter: Matter, asked: Person) -> Any:
        """Who may be named in a field; mostly enough of them."""
        row = select(cases).where(cases.c.id == matter.id)
        with self.town.database.read() as session:
            view = Snapshot(session, record(session.execute(row).mappings().one()))
            found = eligible_persons(view, asked, local_date(self.now))
        ids = sorted({str(person.id) for person in found}) or [UNKNOWN]
        if not isinstance(asked, People):
            return self.chance.choice(ids)
        least = min(asked.least, len(ids))
        return ids[: self.chance.randrange(least, min(least + 2, len(ids)) + 1)]
