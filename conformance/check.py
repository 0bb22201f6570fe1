"""Has pm4py read the logs and the models: ``python -m conformance.check FOLDER``.

Runs in its own environment and knows nothing but the files. Fails unless every count is exact,
every net sound, and every case that the log holds fits, by token replay and by alignments. Then
makes mutants and notes what pm4py says of each; `judge` compares that with the product's replay.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pm4py
from pm4py.algo.analysis.woflan import algorithm as woflan
from pm4py.algo.conformance.alignments.petri_net import algorithm as alignments
from pm4py.algo.conformance.tokenreplay import algorithm as tokens
from pm4py.objects.log.obj import Event as LoggedEvent
from pm4py.objects.log.obj import EventLog
from pm4py.objects.log.obj import Trace as LoggedTrace
from pm4py.objects.petri_net.obj import Marking, PetriNet
from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to, remove_transition

from conformance.mutants import Event, Maker, Trace, read, told
from conformance.simplify import roles, simplify

SCENES: Final = ("city", "fines")
MUTANTS: Final = {"city": 200, "fines": 60}
"""How many of each kind are made of each scene."""
SEED: Final = 20260101
STATE: Final = "state."


@dataclass(frozen=True)
class Accepting:
    """A net with its initial and its final marking."""

    net: Any
    initial: Any
    final: Any

    @property
    def is_ambiguous(self) -> bool:
        """Whether a place has two ways out with the same label."""
        labels = [
            (arc.source.name, transition.label)
            for transition in self.net.transitions
            for arc in transition.in_arcs
            if transition.label is not None
        ]
        return len(labels) > len(set(labels))

    def fitness(self, words: Sequence[Sequence[str]]) -> list[tuple[float, float]]:
        """Of each word, by token replay and by alignment."""
        log = EventLog(
            [LoggedTrace([LoggedEvent({"concept:name": one}) for one in word]) for word in words]
        )
        plain = self.without_silent()
        replayed = tokens.apply(
            log, plain.net, plain.initial, plain.final, {"show_progress_bar": False}
        )
        return [
            (one["trace_fitness"], aligned)
            for one, aligned in zip(replayed, self.aligned(words), strict=True)
        ]

    def without_silent(self) -> Accepting:
        """The same net, where steps follow steps and only the last way to the end is silent.

        Token replay finds its way through silent transitions by a heuristic that misses some. In
        a net whose transitions all have one place before and one after, they can be left out.
        """
        net, places = PetriNet(self.net.name), {}
        [start], [end] = self.initial, self.final
        begins = [start, *(_ends(t)[1] for t in self.net.transitions if t.label is not None)]
        for place in dict.fromkeys([*begins, end]):
            places[place] = PetriNet.Place(place.name)
            net.places.add(places[place])
        for begin in dict.fromkeys(begins):
            at = _silently(begin)
            steps = [(t.label, _ends(t)[1]) for p in at for t in _leaving(p) if t.label is not None]
            for label, after in [*steps, *([(None, end)] if end in at else [])]:
                step = PetriNet.Transition(f"{begin.name}.{label}.{after.name}", label)
                net.transitions.add(step)
                add_arc_from_to(places[begin], step, net)
                add_arc_from_to(step, places[after], net)
        return Accepting(net, Marking({places[start]: 1}), Marking({places[end]: 1}))

    def aligned(self, words: Sequence[Sequence[str]]) -> list[float]:
        """Of each word, by alignment."""
        log = EventLog(
            [LoggedTrace([LoggedEvent({"concept:name": one}) for one in word]) for word in words]
        )
        done = alignments.apply_log(
            log, self.net, self.initial, self.final, {"show_progress_bar": False}
        )
        return [one["fitness"] for one in done]


def _ends(transition: Any) -> tuple[Any, Any]:
    [before], [after] = transition.in_arcs, transition.out_arcs
    return before.source, after.target


def _leaving(place: Any) -> list[Any]:
    return [arc.target for arc in place.out_arcs]


def _silently(begin: Any) -> list[Any]:
    """The places a token comes to by silent transitions alone, the first one among them."""
    found = [begin]
    for place in found:
        after = [_ends(t)[1] for t in _leaving(place) if t.label is None]
        found += [one for one in dict.fromkeys(after) if one not in found]
    return found


def petri_net(path: Path, *, running: bool, by_states: bool = False) -> Accepting:
    """Read a PNML file.

    ``running``: a case may end in every state. ``by_states``: a step is not only its trigger but
    also the states before and after it, as the places tell them.
    """
    net, initial, final = pm4py.read_pnml(str(path))
    [end] = final
    if running:
        for place in [p for p in net.places if p.name.startswith(STATE)]:
            silent = PetriNet.Transition(f"running.{place.name}", None)
            net.transitions.add(silent)
            add_arc_from_to(place, silent, net)
            add_arc_from_to(silent, end, net)
    if by_states:
        for transition in net.transitions:
            if transition.label is not None:
                [before], [after] = transition.in_arcs, transition.out_arcs
                names = [p.name.removeprefix(STATE) for p in (before.source, after.target)]
                transition.label = "|".join([transition.label, *names])
    return Accepting(net, initial, final)


def bpmn_net(path: Path, *, running: bool) -> Accepting:
    """Read a BPMN file, said in the words pm4py knows, and make a net of it."""
    simple = path.with_suffix(f".{'running' if running else 'closed'}.simple.bpmn")
    simplify(path, simple, running=running)
    return Accepting(*pm4py.convert_to_petri_net(pm4py.read_bpmn(str(simple))))


def by_trigger(event: Event) -> str:
    """A step as the models call it."""
    return event.trigger


def by_states(event: Event) -> str:
    """A step with the states before and after it."""
    return "|".join([event.trigger, event.source or "start", event.to])


class Checks:
    """Every check with its result; prints them as they come."""

    def __init__(self) -> None:
        self.failed = 0

    def equal(self, what: str, found: object, expected: object) -> None:
        """Compare what was found with what must be."""
        good = found == expected
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: {found}" + ("" if good else f" ≠ {expected}"))

    def fits(self, what: str, found: Iterable[tuple[float, float]], *, replayable: bool) -> None:
        """Ask for fitness 1.0 of every word.

        Where one trigger leads from one state to several, token replay, which never goes back,
        takes one of the ways by chance: there alignments alone decide.
        """
        replayed, aligned = map(min, zip(*found, strict=True))
        if replayable:
            self.equal(what, (replayed, aligned), (1.0, 1.0))
        else:
            self.equal(f"{what}, aligned (replay {replayed:.3f} is no proof)", aligned, 1.0)


# Counts -----------------------------------------------------------------------------------------


def check_counts(folder: Path, checks: Checks) -> None:
    """Cases, events and variants, read by pm4py from each form of the log."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    log = pm4py.read_xes(str(folder / "log.xes"), return_legacy_log_object=True)
    triggers = [tuple(event["concept:name"] for event in trace) for trace in log]
    checks.equal(f"{folder.name} XES", counts(triggers), expected)
    for name, ocel in (
        ("OCEL JSON", pm4py.read_ocel2_json(str(folder / "log.json"))),
        ("OCEL SQLite", pm4py.read_ocel2_sqlite(str(folder / "log.sqlite"))),
    ):
        about = ocel.relations[
            (ocel.relations["ocel:type"] == "case") & (ocel.relations["ocel:qualifier"] == "about")
        ]
        traces: dict[str, list[tuple[int, str]]] = {}
        for event, case, activity in zip(
            about["ocel:eid"], about["ocel:oid"], about["ocel:activity"], strict=True
        ):
            # An event is called by its case and its number; the order of the chain is not that of
            # time where something was entered late.
            step = (int(event.rpartition(":")[2]), activity.partition(".")[2])
            traces.setdefault(case, []).append(step)
        words = [tuple(trigger for _, trigger in sorted(trace)) for trace in traces.values()]
        checks.equal(f"{folder.name} {name}", counts(words), expected)
        checks.equal(f"{folder.name} {name} events", len(ocel.events), expected["events"])
        same = Counter(words) == Counter(triggers)
        checks.equal(f"{folder.name} {name} variants are those of XES", same, expected=True)


def counts(words: Sequence[tuple[str, ...]]) -> dict[str, int]:
    """What `prepare` counts by SQL."""
    return {"cases": len(words), "events": sum(map(len, words)), "variants": len(set(words))}


# Models -----------------------------------------------------------------------------------------


def check_models(folder: Path, traces: Sequence[Trace], checks: Checks) -> None:
    """Soundness and fitness of each lifecycle, once per variant."""
    for path in sorted(folder.glob("*.pnml")):
        key = path.stem
        of_lifecycle = [trace for trace in traces if trace.lifecycle == key]
        checks.equal(f"{key} sound", is_sound(petri_net(path, running=False)), expected=True)
        for final in (True, False):
            some = [trace.steps for trace in of_lifecycle if trace.final == final]
            words = sorted({tuple(map(by_trigger, steps)) for steps in some})
            strict = sorted({tuple(map(by_states, steps)) for steps in some})
            if not words:
                continue
            what = f"{key} {'closed' if final else 'running'}, {len(words)} variants"
            net = petri_net(path, running=not final)
            bpmn = bpmn_net(path.with_suffix(".bpmn"), running=not final)
            checks.fits(f"{what}, PNML", net.fitness(words), replayable=not net.is_ambiguous)
            replayable = not bpmn.without_silent().is_ambiguous
            checks.fits(f"{what}, BPMN", bpmn.fitness(words), replayable=replayable)
            net = petri_net(path, running=not final, by_states=True)
            checks.fits(f"{what}, PNML with states", net.fitness(strict), replayable=True)


def is_sound(closed: Accepting) -> bool:
    """Whether the net is sound by WOFLAN; of transitions between the same places one is enough."""
    seen: set[tuple[str, str]] = set()
    for transition in list(closed.net.transitions):
        [before], [after] = transition.in_arcs, transition.out_arcs
        ends = (before.source.name, after.target.name)
        if ends in seen:
            remove_transition(closed.net, transition)
        seen.add(ends)
    sound, _ = woflan.apply(
        closed.net,
        closed.initial,
        closed.final,
        {
            "return_asap_when_not_sound": True,
            "print_diagnostics": False,
            "return_diagnostics": True,
        },
    )
    return bool(sound)


# Mutants ----------------------------------------------------------------------------------------


def check_mutants(folder: Path, traces: Sequence[Trace]) -> None:
    """Make mutants and write what pm4py says of each: whether it is still a path of the model."""
    nets: dict[tuple[str, bool, bool], Accepting] = {}
    allowed = {
        path.stem: roles(path) for path in folder.glob("*.bpmn") if "simple" not in path.name
    }
    with (folder / "mutants.jsonl").open("w", encoding="utf-8") as out:
        for mutant in Maker(traces, SEED).make(MUTANTS[folder.name]):
            trace, fitness = mutant.trace, {}
            for strict, word in ((False, by_trigger), (True, by_states)):
                kept = (trace.lifecycle, trace.final, strict)
                if kept not in nets:
                    path = folder / f"{trace.lifecycle}.pnml"
                    nets[kept] = petri_net(path, running=not trace.final, by_states=strict)
                [fitness[strict]] = nets[kept].aligned([[*map(word, trace.steps)]])
            event = trace.events[min(mutant.at, len(trace.events) - 1)]
            does, records = allowed[trace.lifecycle].get(event.trigger, (set(), set()))
            may = does | (records if "recorded" in event.flags.split(",") else set())
            verdict = {
                "triggers": fitness[False],
                "states": fitness[True],
                "broken": trace.is_broken,
                "forbidden": mutant.kind == "role" and event.role not in may,
            }
            out.write(json.dumps(told(mutant) | verdict, ensure_ascii=False) + "\n")


def main(folder: Path) -> int:
    """Check both scenes."""
    checks = Checks()
    for scene in SCENES:
        check_counts(folder / scene, checks)
        traces = read(folder / scene / "log.xes")
        check_models(folder / scene, traces, checks)
        check_mutants(folder / scene, traces)
    print(f"{checks.failed} failed" if checks.failed else "pm4py agrees.")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
