"""What every enforcement lifecycle asks of the people who act in it, and of the tracks beside it.

Separation of duties 职责分离 (SD-1 to SD-3, SD-7 of domain.md 13.5), two certified officers (V-2),
and the guards that look at official documents and side tracks. The rules hold for whoever stands in
for somebody, and over the whole family of a case: `took_part` reads parent and child cases alike.
SD-4 stands in `recheck`, SD-5 is the restricted link of a clue, SD-6 lies in the intake of reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.engine.actors import Capacity, Role
from app.engine.definition import Guard, Unmet
from app.engine.view import Attempt, CaseView, DocumentView
from app.law.labels import Label
from app.law.sources import cite

APL, O30, HN24 = "APL", "O30", "HN24"
OFFICERS_WANTED: Final = 2


# Duties that nobody joins in one case (SD-1) ------------------------------------------------------


class Duty(StrEnum):
    """A part in a case that excludes the other parts."""

    INVESTIGATES = "investigates"
    REVIEWS = "reviews"
    CHECKS_LEGALITY = "checks_legality"
    CHAIRS = "chairs"


@dataclass(frozen=True)
class _Part:
    """How a duty is called, the acts by which it was done, and the seat of whoever is named."""

    label: Label
    acts: tuple[str, ...]
    capacity: Capacity | None = None


PARTS: Final[Mapping[Duty, _Part]] = {
    Duty.INVESTIGATES: _Part(
        Label("调查人员", "investigator"),
        (
            # penalty_procedure
            "record_inspection", "record_inquiry", "add_photographs", "take_samples",
            "collect_material", "sign_report", "submit_report",
            # joint_enforcement, agency_penalty
            "enter_site", "sign_record", "inspect_agency", "record_agency_inspection",
        ),
        Capacity.INVESTIGATOR,
    ),
    Duty.REVIEWS: _Part(
        Label("案件审查人员", "case reviewer"),
        ("return_after_review", "pass_review"),
        Capacity.REVIEWER,
    ),
    Duty.CHECKS_LEGALITY: _Part(
        Label("法制审核人员", "legal reviewer"),
        ("pass_legal_review", "return_after_legal_review", "refuse_in_legal_review"),
    ),
    Duty.CHAIRS: _Part(
        Label("听证主持人", "chair of the hearing"),
        ("hold_hearing", "close_without_hearing", "report_on_hearing"),
        Capacity.CHAIR,
    ),
}  # fmt: skip
"""Acts by the names they have in the lifecycles; add an act where it makes somebody part of it."""

SD1 = (cite(APL, "64"), cite(O30, "38"))


def hands(attempt: Attempt) -> tuple[UUID, ...]:
    """Whoever acts: the person, and whom they stand in for."""
    actor = attempt.actor
    return (
        (actor.person_id,) if actor.on_behalf_of is None else (actor.person_id, actor.on_behalf_of)
    )


def named(attempt: Attempt, *inputs: str) -> list[UUID]:
    """The persons named in the act's inputs, each once."""
    found: list[Any] = []
    for name in inputs:
        value = attempt.inputs.get(name) or ()
        found += [value] if isinstance(value, str) else value
    return [UUID(one) for one in dict.fromkeys(found)]


def has_part(case: CaseView, person_id: UUID, duty: Duty) -> bool:
    """Whether a person holds the seat of a duty here, or did one of its acts in the family."""
    part = PARTS[duty]
    seats = case.participants(part.capacity) if part.capacity is not None else ()
    return any(seat.person_id == person_id for seat in seats) or case.took_part(
        person_id, *part.acts
    )


def _nothing_but(duty: Duty, case: CaseView, persons: Iterable[UUID]) -> bool | Unmet:
    """Whether nobody of them has another part in the case; else which."""
    for person_id in persons:
        for other in PARTS:
            if other is not duty and has_part(case, person_id, other):
                label = PARTS[other].label
                return Unmet(zh=label.zh, en=label.en)
    return True


def apart_as(duty: Duty) -> Guard:
    """The guard that refuses an actor who has another of the four duties in this case (SD-1)."""
    own = PARTS[duty].label

    def actor_has_no_other_part(attempt: Attempt) -> bool | Unmet:
        return _nothing_but(duty, attempt.case, hands(attempt))

    return Guard(
        "actor_has_no_other_part",
        actor_has_no_other_part,
        Label(
            f"您已是本案{{zh}}，不得再担任{own.zh}（SD-1）。",
            f"You are already {{en}} of this case and cannot be its {own.en} (SD-1).",
        ),
        basis=SD1,
    )


def named_apart_as(duty: Duty, *inputs: str) -> Guard:
    """The same of the persons named in the act's inputs (SD-1, V-12)."""
    own = PARTS[duty].label

    def named_have_no_other_part(attempt: Attempt) -> bool | Unmet:
        return _nothing_but(duty, attempt.case, named(attempt, *inputs))

    return Guard(
        "named_have_no_other_part",
        named_have_no_other_part,
        Label(
            f"所选人员已是本案{{zh}}，不得再担任{own.zh}（SD-1）。",
            f"Somebody named is already {{en}} of this case and cannot be its {own.en} (SD-1).",
        ),
        basis=SD1,
        reads_inputs=True,
    )


# Voting and recusal (SD-2, SD-3, V-8) --------------------------------------------------------------


def _voter_did_not_investigate(attempt: Attempt) -> bool:
    return not any(has_part(attempt.case, one, Duty.INVESTIGATES) for one in hands(attempt))


voter_did_not_investigate = Guard(
    "voter_did_not_investigate",
    _voter_did_not_investigate,
    Label(
        "调查人员可以列席集体讨论，但不得表决（SD-2）。",
        "An investigator may attend the discussion but has no vote (SD-2).",
    ),
    basis=(cite(HN24),),
)


def members_did_not_investigate(*inputs: str) -> Guard:
    """The guard that refuses an investigator among those named to discuss and vote (SD-2)."""

    def nobody_named_investigated(attempt: Attempt) -> bool:
        return not any(
            has_part(attempt.case, one, Duty.INVESTIGATES) for one in named(attempt, *inputs)
        )

    return Guard(
        "nobody_named_investigated",
        nobody_named_investigated,
        Label(
            "集体讨论成员中有本案调查人员，其不得参加表决（SD-2）。",
            "An investigator of the case is named for the discussion and has no vote (SD-2).",
        ),
        basis=(cite(HN24),),
        reads_inputs=True,
    )


RECUSED: Final = "recused"
CONCERNS_HEAD: Final = "concerns_head"
"""Fields of a row that asks for somebody's recusal: who, and whether they head the authority."""


def _recusal_is_decided_by_somebody_else(attempt: Attempt) -> bool:
    asked = attempt.item.data.get(RECUSED) if attempt.item is not None else None
    return asked is None or UUID(str(asked)) not in hands(attempt)


recusal_is_decided_by_somebody_else = Guard(
    "recusal_is_decided_by_somebody_else",
    _recusal_is_decided_by_somebody_else,
    Label(
        "被申请回避的人员不得决定自己是否回避（SD-3）。",
        "Nobody decides on their own recusal (SD-3).",
    ),
    basis=(cite(APL, "43"),),
)


def _recusal_is_not_the_heads(attempt: Attempt) -> bool:
    return attempt.item is None or not attempt.item.data.get(CONCERNS_HEAD)


recusal_is_not_the_heads = Guard(
    "recusal_is_not_the_heads",
    _recusal_is_not_the_heads,
    Label(
        "行政机关负责人的回避由集体讨论决定（SD-3）。",
        "The recusal of the head is decided by collective discussion (SD-3).",
    ),
    basis=(cite(APL, "43"),),
)


def recusals_are_answered(table: str, *open_statuses: str) -> Guard:
    """The guard that asks that no row of recusals stands in one of the statuses (V-8)."""

    def every_recusal_is_answered(attempt: Attempt) -> bool | Unmet:
        left = sum(row.status in open_statuses for row in attempt.case.items(table))
        return left == 0 or Unmet(left=left)

    return Guard(
        "every_recusal_is_answered",
        every_recusal_is_answered,
        Label(
            "还有 {left} 件回避申请未答复（V-8）。",
            "{left} requests for recusal are not answered (V-8).",
        ),
        basis=(cite(APL, "43"),),
    )


# Officers (V-2) and administrators (SD-7) ----------------------------------------------------------


def _present(attempt: Attempt, officer: UUID) -> UUID:
    """Who stands there for an officer: whoever acts in their place, if that is their place."""
    actor = attempt.actor
    return actor.person_id if officer == actor.on_behalf_of else officer


def certified(*inputs: str, least: int = OFFICERS_WANTED) -> Guard:
    """The guard that wants certified officers in the inputs: each holds a certificate on the day.

    Without inputs, the investigators of the case are looked at. A substitute counts with their own
    certificate in the place they take, and is no second officer beside themselves.
    """

    def officers_are_certified(attempt: Attempt) -> bool | Unmet:
        if inputs:
            officers = [_present(attempt, one) for one in named(attempt, *inputs)]
        else:
            seats = attempt.case.participants(Capacity.INVESTIGATOR)
            officers = [_present(attempt, s.person_id) for s in seats if s.person_id is not None]
        officers = list(dict.fromkeys(officers))
        without = sum(attempt.case.certificate_of(one, attempt.today) is None for one in officers)
        holds = len(officers) >= least and not without
        return holds or Unmet(least=least, count=len(officers), without=without)

    return Guard(
        "officers_are_certified",
        officers_are_certified,
        Label(
            "须有不少于 {least} 名当日持有效执法证的执法人员，现有 {count} 名，其中 {without} 名无有效证件（V-2）。",
            "At least {least} officers with certificates valid on the day are wanted: {count} named, {without} without (V-2).",
        ),
        basis=(cite(APL, "42"), cite(APL, "55")),
        reads_inputs=bool(inputs),
    )


def no_administrator_seats_himself(*inputs: str) -> Guard:
    """The guard that refuses an administrator who names himself for a part in a case (SD-7)."""

    def administrator_names_others(attempt: Attempt) -> bool:
        if Role.ADMINISTRATOR not in attempt.actor.roles:
            return True
        return not set(named(attempt, *inputs)) & set(hands(attempt))

    return Guard(
        "administrator_names_others",
        administrator_names_others,
        Label(
            "系统管理员不得为自己授予案件身份（SD-7）。",
            "An administrator cannot give himself a part in a case (SD-7).",
        ),
        reads_inputs=True,
    )


# Documents and tracks ------------------------------------------------------------------------------


def newest(case: CaseView, *kinds: str) -> DocumentView | None:
    """The newest document of the kinds that is not void."""
    found = [one for kind in kinds for one in case.documents(kind) if not one.is_void]
    return max(found, key=lambda one: one.made_at, default=None)


def is_issued(case: CaseView | None, kind: str) -> bool:
    """Whether the newest document of a kind is sealed and rendered, so that it can be served.

    A track asks it of ``attempt.case.parent``, whose documents it serves.
    """
    found = newest(case, kind) if case is not None else None
    return found is not None and found.sealed_at is not None and found.is_rendered


def awaits_service(*kinds: str) -> Guard:
    """The guard that asks that the newest document of the kinds has not been served yet.

    Together with `joined` it tells the service of this round from that of an earlier one.
    """

    def document_awaits_service(attempt: Attempt) -> bool:
        found = newest(attempt.case, *kinds)
        return found is not None and found.served_on is None

    return Guard(
        "document_awaits_service",
        document_awaits_service,
        Label("没有待送达的文书。", "No document waits to be served."),
    )


def _day_of_service_is_known(attempt: Attempt) -> bool:
    return attempt.inputs.get("served_on") is not None


day_of_service_is_known = Guard(
    "day_of_service_is_known",
    _day_of_service_is_known,
    Label("送达日期尚未证明。", "The day of service is not proven."),
    basis=(cite(APL, "61"),),
    reads_inputs=True,
)


def nothing_open(*links: str) -> Guard:
    """The guard that asks that every child under the links has ended; none is well."""

    def every_track_has_ended(attempt: Attempt) -> bool | Unmet:
        left = sum(not child.is_final for link in links for child in attempt.case.children(link))
        return left == 0 or Unmet(left=left)

    return Guard(
        "every_track_has_ended",
        every_track_has_ended,
        Label("还有 {left} 件附随事项未办结。", "{left} side matters have not ended."),
    )
