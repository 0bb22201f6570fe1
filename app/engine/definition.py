"""The words a lifecycle is declared in.

A lifecycle is a class whose attributes are its states, transitions, deadlines and so on; the
attribute's name is the stored key. Labels are bilingual, Chinese first and authoritative. What is
declared here is only data: `machine`, `forms`, `schema`, `permission`, `diagram` and `checks`
derive from it, and `app.cases` makes it happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from app.engine.actors import Capacity, Role, Who
from app.engine.inputs import Choice, Day, Files, Input, LongText, Text
from app.engine.view import Attempt, HandView
from app.law.labels import Label
from app.law.sources import Citation

T = TypeVar("T")


class SubjectKind(StrEnum):
    """What a case of the lifecycle is about."""

    UNIT = "unit"
    AGENCY = "agency"
    PERSON = "person"
    OPERATION = "operation"


@dataclass(eq=False)
class Declared:
    """Something declared as an attribute of a lifecycle; the attribute's name is its key."""

    name: str = field(init=False, default="")

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the attribute's name as the stored key; `checks` refuses a second one."""
        self.name = self.name or name


@dataclass(eq=False)
class Worded(Declared):
    """Something declared that people read about."""

    zh: str
    en: str

    @property
    def label(self) -> Label:
        """Its name in both languages."""
        return Label(self.zh, self.en)


# States ---------------------------------------------------------------------------------------


@dataclass(eq=False)
class State(Worded):
    """What a case is 环节. ``waits_for`` names who must act; in a ``final`` state no clock runs."""

    _: KW_ONLY
    waits_for: Who | None = None
    final: bool = False


@dataclass(eq=False)
class StateSet(Worded):
    """A named set of states, for transitions and joins that are open from each of them."""

    states: Sequence[State]


class Anywhere(StrEnum):
    """Sources that need no list: before the case exists, in every open state, in every state."""

    OPENING = "opening"
    OPEN = "open"
    ANY = "any"


OPENING: Final = Anywhere.OPENING
OPEN: Final = Anywhere.OPEN
ANY: Final = Anywhere.ANY


# Guards ---------------------------------------------------------------------------------------


class Unmet(dict[str, Any]):
    """A guard's refusal with the numbers its sentence needs: ``Unmet(left=2)``. Is false."""

    def __bool__(self) -> bool:
        """A refusal is never true."""
        return False


Predicate = Callable[[Attempt], "bool | Unmet"]


@dataclass(eq=False)
class Guard:
    """A pure predicate with the sentence that refuses.

    ``reads_inputs`` guards are asked only once the act's inputs are there. ``restricted`` is the
    reason only the authority may read; others are shown ``label`` alone.
    """

    key: str
    predicate: Predicate
    label: Label
    _: KW_ONLY
    basis: tuple[Citation, ...] = ()
    reads_inputs: bool = False
    restricted: Label | None = None

    def refusal(self, attempt: Attempt) -> Label | None:
        """Return the sentence that refuses, ``None`` if the guard holds."""
        answer = self.predicate(attempt)
        if answer:
            return None
        if isinstance(answer, Unmet):
            return Label(self.label.zh.format(**answer), self.label.en.format(**answer))
        return self.label


def guard(
    zh: str,
    en: str,
    *,
    basis: Citation | Sequence[Citation] = (),
    reads_inputs: bool = False,
    restricted: Label | None = None,
) -> Callable[[Predicate], Guard]:
    """Make a guard of a predicate; its name is the key, the sentences are its refusal."""

    def build(predicate: Predicate) -> Guard:
        cited = (basis,) if isinstance(basis, Citation) else tuple(basis)
        return Guard(
            predicate.__name__,
            predicate,
            Label(zh, en),
            basis=cited,
            reads_inputs=reads_inputs,
            restricted=restricted,
        )

    return build


# Rows that live on ------------------------------------------------------------------------------


@dataclass(eq=False)
class Items(Worded):
    """A table of numbered rows that live on: nonconformities, opinions, findings, instalments.

    A row has a number, a status and one record per act of each round. ``statuses`` are in the
    order of their life; the first is where a row begins. ``open_statuses`` still want something.
    ``shown_to`` are the roles that may read a row before it leaves its first status
    (empty: everybody who sees the case).
    """

    statuses: Mapping[str, Label]
    _: KW_ONLY
    open_statuses: Sequence[str] = ()
    shown_to: Sequence[Role] = ()
    cites: str = ""
    """The name of the field that holds the clause a row is about, for the diff beside it."""
    owners: Sequence[str] = ()
    """Fields that hold the bodies whose row it is. Only they and the lead authority read it and act
    on it; the first is filled in with the body of whoever raises the row."""

    @property
    def first_status(self) -> str:
        """The status in which a row begins."""
        return next(iter(self.statuses))


@dataclass(frozen=True)
class Raise:
    """The act adds one row with the act's inputs."""

    items: Items


@dataclass(frozen=True)
class Take:
    """The act takes one row from one of ``sources`` to ``to``.

    ``to`` is a status or, where the act judges, a map from the value of the input ``by``.
    """

    items: Items
    sources: Sequence[str]
    to: str | Mapping[str, str]
    _: KW_ONLY
    by: str = ""

    @property
    def withdraws(self) -> bool:
        """Whether it takes a row back before it was issued to anybody."""
        return isinstance(self.to, str) and set(self.sources) == {self.items.first_status}


@dataclass(frozen=True)
class MoveRows:
    """The transition moves every row in a status of ``moves`` on; ``next_round`` counts one up."""

    items: Items
    moves: Mapping[str, str]
    _: KW_ONLY
    next_round: bool = False


# Reports and documents --------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """A numbered part of a report; its number is what an opinion cites."""

    number: str
    zh: str
    en: str
    inputs: Sequence[Input]

    @property
    def label(self) -> Label:
        """Number and title in both languages."""
        return Label(f"{self.number} {self.zh}", f"{self.number} {self.en}")


@dataclass(eq=False)
class Report(Worded):
    """A text of fields and files that becomes an immutable numbered version when submitted."""

    sections: Sequence[Section]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Every field, in the order of the sections."""
        return tuple(i for section in self.sections for i in section.inputs)


@dataclass(eq=False)
class Document(Worded):
    """An official document 文书 an act makes. ``external`` ones go to the party, to be served.

    ``form`` names its form in the catalogue of documents; empty: the form of its own name.
    """

    _: KW_ONLY
    form: str = ""
    external: bool = True
    basis: Sequence[Citation] = ()


# Transitions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """One of several ordered destinations; the first whose guard holds is taken."""

    guard: Guard | None
    to: State


@dataclass(frozen=True)
class Join:
    """Somebody takes a capacity on the case; exactly one of the ways says who.

    ``input`` names an `Organisation`, `Person` or `People` input; ``holders_of`` means whoever
    holds that other capacity here; ``from_parent`` whoever holds the same one on the parent;
    ``subject`` whom the case is about; ``actor`` the person who acts.
    """

    capacity: Capacity
    input: str = ""
    _: KW_ONLY
    holders_of: Capacity | None = None
    from_parent: bool = False
    subject: bool = False
    actor: bool = False


@dataclass(frozen=True)
class Leave:
    """Whoever holds the capacity ceases to; with ``input``, only the persons it names."""

    capacity: Capacity
    input: str = ""


@dataclass(frozen=True)
class Succeed:
    """Whoever holds the capacity on the child opened under the link takes it over here."""

    capacity: Capacity
    child: str


@dataclass(frozen=True)
class Submit:
    """The report's fields among the inputs become its next immutable version."""

    report: Report


@dataclass(frozen=True)
class Target:
    """A case to open beside this one: its lifecycle, and who of this case it is about.

    Without a capacity it is about whom this case is about.
    """

    lifecycle: str
    subject: Capacity | None = None


@dataclass(frozen=True)
class RaiseClue:
    """The act is no entry of a chain the case's participants read: it opens a case of its own.

    ``into`` is what is opened, or maps the values of the input ``by`` to it. The act's inputs are
    those of the new case's opening, by ``inputs`` where they are named otherwise; its documents
    are made there. A restricted link, which only the authority reads, ties both.
    """

    into: Target | Mapping[str, Target]
    by: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    """Inputs of the opening that follow from where the clue was raised, for instance its source."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everything the act may open."""
        return (self.into,) if isinstance(self.into, Target) else tuple(self.into.values())

    def target(self, inputs: Mapping[str, Any]) -> Target:
        """What the act opens with these inputs."""
        return self.into if isinstance(self.into, Target) else self.into[inputs[self.by]]


@dataclass(frozen=True)
class Publish:
    """What this case and its children entered in the record is public 公示; names of inputs.

    ``on`` is the first day, ``until`` the last one; no day in it: until it is withdrawn.
    """

    on: str
    at: str
    until: str


@dataclass(frozen=True)
class Sentence:
    """A penalty enters the record of the case's subject 处罚记录; inputs or facts by their names.

    ``fine`` names the sum in CNY, ``on`` the day it takes effect; empty: the day of the act.
    ``decision`` names the document whose number and day of sealing enter with it. A decision that
    was made public before it was served is public by the facts that ``published`` names.
    """

    rule: str
    fine: str = ""
    confiscated: str = ""
    on: str = ""
    _: KW_ONLY
    decision: str = ""
    published: Publish | None = None


@dataclass(frozen=True)
class Withdraw:
    """What of it was annulled is public no longer 撤回公示, from the day an input names."""

    on: str


@dataclass(frozen=True)
class Bar:
    """A ban 禁业 enters the register: on the case's subject, or on ``persons``.

    They are named by an input, or by a field of the row the act takes. ``scope``, ``until`` and
    ``basis`` name inputs; no day in ``until`` means for life.
    """

    scope: str
    until: str
    basis: str
    _: KW_ONLY
    since: str = ""
    persons: str = ""


@dataclass(frozen=True)
class Lift:
    """What this case and its family entered in the registers no longer holds: it was annulled.

    Where ``party`` names an input with somebody in it, only what was entered on them.
    """

    party: str = ""


@dataclass(frozen=True)
class Relate:
    """A tie only the authority reads, to the case of a unit's year 关联案件; names of inputs.

    ``subject`` names the unit, ``year`` the year of its case of the lifecycle. Nothing is tied
    where one of them is empty, or where there is no such case.
    """

    lifecycle: str
    subject: str
    year: str


@dataclass(frozen=True)
class Brings:
    """Inputs of an automatic act by the facts of the newest child under a link.

    Without a fact under that name the input stays empty.
    """

    child: str
    inputs: Mapping[str, str]


Effect = (
    Join
    | Leave
    | Succeed
    | Submit
    | RaiseClue
    | Sentence
    | Publish
    | Withdraw
    | Bar
    | Lift
    | Relate
)


@dataclass(eq=False)
class Transition(Worded):
    """An act that moves a case, or is only recorded when ``to`` is ``None`` 流转.

    ``code`` is the domain's. ``by`` names who may; the system acts by clock or by joining.
    ``received`` acts are those of another authority: the recorder states their date, number and
    scan. ``recorded_by`` names who of the authority may enter the act from paper, also later than
    it happened. ``automatic`` ones fire by themselves as soon as their guards hold. ``serves``
    names documents whose service the act proves; the day is the input ``served_on``.
    ``extends`` names the deadline whose next extension the act grants, wholly or until a day
    (`EXTENDED_UNTIL`). ``brings`` lets an
    automatic act take its inputs from what a child knows. ``confirms`` asks once more, because
    law makes the step final.
    """

    code: str = field(kw_only=True)
    sources: Sequence[State] | StateSet | Anywhere = field(kw_only=True)
    to: State | Sequence[Branch] | None = field(kw_only=True, default=None)
    by: Sequence[Who] = field(kw_only=True, default=())
    guards: Sequence[Guard] = field(kw_only=True, default=())
    inputs: Sequence[Input] = field(kw_only=True, default=())
    report: Report | None = field(kw_only=True, default=None)
    item: Raise | Take | None = field(kw_only=True, default=None)
    moves: Sequence[MoveRows] = field(kw_only=True, default=())
    effects: Sequence[Effect] = field(kw_only=True, default=())
    documents: Sequence[Document] = field(kw_only=True, default=())
    serves: Sequence[Document] = field(kw_only=True, default=())
    notices: Sequence[Who] = field(kw_only=True, default=())
    basis: Sequence[Citation] = field(kw_only=True, default=())
    extends: str = field(kw_only=True, default="")
    received: bool = field(kw_only=True, default=False)
    recorded_by: Sequence[Who] = field(kw_only=True, default=())
    automatic: bool = field(kw_only=True, default=False)
    brings: Brings | None = field(kw_only=True, default=None)
    reopens: bool = field(kw_only=True, default=False)
    confirms: bool = field(kw_only=True, default=False)

    source_names: frozenset[str] = field(init=False, default=frozenset())
    derived: tuple[Input, ...] = field(init=False, default=())
    """Inputs nobody declares: until when to extend, and why the authority acts late."""
    all_inputs: tuple[Input, ...] = field(init=False, default=())
    """Declared inputs, derived ones, those of the report, then those a received act adds."""

    @property
    def is_act(self) -> bool:
        """Whether the state stays as it is."""
        return self.to is None

    @property
    def opens(self) -> bool:
        """Whether the act opens the case."""
        return self.sources is OPENING

    @property
    def destinations(self) -> tuple[State, ...]:
        """Every state it may lead to, in the order the branches are asked."""
        if self.to is None:
            return ()
        if isinstance(self.to, State):
            return (self.to,)
        return tuple(branch.to for branch in self.to)

    @property
    def raises_version(self) -> bool:
        """Whether the act makes what others saw stale, so that a stale page is refused (409)."""
        seats = any(isinstance(effect, Join | Leave | Succeed) for effect in self.effects)
        return self.to is not None or bool(self.moves) or bool(self.extends) or seats

    @property
    def backdatable(self) -> bool:
        """Whether the authority may record it after it happened."""
        return self.received or bool(self.recorded_by)

    @property
    def actors(self) -> tuple[Who, ...]:
        """Whoever may do it: by themselves or by recording the paper."""
        return (*self.by, *(who for who in self.recorded_by if who not in self.by))


class Per(StrEnum):
    """Who signs once each."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class Silence:
    """What it means when somebody has not signed by the end of the deadline named ``after``.

    Whoever is silent agrees, or objects where not ``consents``; either way nobody waits longer.
    """

    after: str
    consents: bool = True


AGREE: Final = "agree"
OBJECT: Final = "object"
VIEWS: Final = Choice(
    "view",
    "意见",
    "View",
    options=((AGREE, Label("同意", "Agree")), (OBJECT, Label("不同意", "Object"))),
)
VIEW_REASON: Final = LongText("view_reason", "说明", "Reason", required=False)


@dataclass(eq=False)
class Signoff(Transition):
    """Several hands for one transition: an act that everybody named signs, once per round.

    ``least`` is the number of signatures wanted; ``None`` asks all who hold a capacity of ``by``.
    ``voided_by`` names the transitions after which everybody signs anew; with ``voids_own`` only
    those of whoever did it, where each organisation signs something of its own.
    """

    per: Per = field(kw_only=True, default=Per.PERSON)
    least: int | None = field(kw_only=True, default=None)
    unanimous: bool = field(kw_only=True, default=True)
    silence: Silence | None = field(kw_only=True, default=None)
    voided_by: Sequence[Transition] = field(kw_only=True, default=())
    voids_own: bool = field(kw_only=True, default=False)

    completion: Guard = field(init=False)

    def __post_init__(self) -> None:
        """A signature is an act with a view and, where needed, a reason."""
        self.to = None
        self.inputs = (VIEWS, VIEW_REASON, *self.inputs)
        self.completion = Guard(
            f"{self.code}_complete",
            self._all_signed,
            Label(
                f"「{self.zh}」尚缺 {{missing}} 份签署，{{objections}} 份不同意。",
                f"“{self.en}”: {{missing}} signatures missing, {{objections}} objections.",
            ),
        )

    def __set_name__(self, owner: type, name: str) -> None:
        """Give the guard, which the same class body has already used, the name of its signoff."""
        super().__set_name__(owner, name)
        self.completion.key = f"{self.name}_complete"

    def complete(self) -> Guard:
        """The guard that asks whether all wanted have signed, or silence counts for them."""
        return self.completion

    def hand(self, signed: HandView) -> UUID:
        """Whose one signature it is: the person's, or that of the organisation acted for.

        What a substitute signs is the hand of the person whose place they take.
        """
        if self.per is Per.PERSON:
            return signed.on_behalf_of or signed.person_id
        return signed.organisation_id

    def _all_signed(self, attempt: Attempt) -> bool | Unmet:
        signatures = attempt.case.signatures(self.name)
        objections = sum(s.view == OBJECT for s in signatures)
        given = {self.hand(s) for s in signatures}
        if self.least is not None:
            missing = max(self.least - len(given), 0)
        else:
            wanted = attempt.case.signatories(self.by, per_person=self.per is Per.PERSON)
            missing = len(wanted - given) if wanted else 1
        if self.silence is not None and missing:
            clock = attempt.case.deadline(self.silence.after)
            if clock is not None and clock.has_passed(attempt.now):
                objections += 0 if self.silence.consents else missing
                missing = 0
        if missing or (self.unanimous and objections):
            return Unmet(missing=missing, objections=objections)
        return True


# Deadlines --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class After:
    """The clock starts with an act: its day, or its instant where the term is in hours."""

    transitions: tuple[Transition, ...]

    def __init__(self, *transitions: Transition) -> None:
        object.__setattr__(self, "transitions", transitions)


@dataclass(frozen=True)
class AfterDay:
    """The clock starts on the day typed into an input of one of the acts."""

    input: str
    transitions: tuple[Transition, ...]

    def __init__(self, name: str, *transitions: Transition) -> None:
        object.__setattr__(self, "input", name)
        object.__setattr__(self, "transitions", transitions)


@dataclass(frozen=True)
class AfterService:
    """The clock starts on the day a document was served (input ``served_on`` of that act)."""

    document: Document


@dataclass(frozen=True)
class AfterEnd:
    """The clock starts with the last day of another deadline, once that has passed unmet."""

    deadline: Deadline


@dataclass(frozen=True)
class FromParent:
    """The parent's open deadline of this name, taken over when the child is opened."""

    deadline: str


Anchor = After | AfterDay | AfterService | AfterEnd | FromParent


@dataclass(frozen=True)
class Lasts:
    """The deadline ends a statutory or local term after its anchor; ``term`` is a law key."""

    term: str


@dataclass(frozen=True)
class On:
    """The deadline ends on the day typed into an input of the act that starts it."""

    input: str


@dataclass(frozen=True)
class YearDay:
    """The deadline ends on a date of the year's calendar, for instance ``Y-01``.

    Where the date differs by kind, ``code`` maps the values of the input ``by`` to codes.
    """

    code: str | Mapping[str, str]
    by: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code it may end on."""
        return (self.code,) if isinstance(self.code, str) else tuple(self.code.values())


@dataclass(frozen=True)
class Before:
    """The deadline ends a term *before* the day typed into an input."""

    term: str
    input: str


@dataclass(frozen=True)
class SameDay:
    """The deadline ends when the anchoring deadline of the parent ends."""


@dataclass(frozen=True)
class Earliest:
    """The earliest of several ends."""

    dues: tuple[Lasts | On | YearDay | Before, ...]

    def __init__(self, *dues: Lasts | On | YearDay | Before) -> None:
        object.__setattr__(self, "dues", dues)


Due = Lasts | On | YearDay | Before | SameDay | Earliest


class Expiry(StrEnum):
    """What it means that a deadline passed unmet (domain 13.2)."""

    PARTY_WAIVER = "party_waiver"
    PARTY_BREACH = "party_breach"
    AUTHORITY_BREACH = "authority_breach"
    AUTO_RELEASE = "auto_release"
    RIGHT_LOST = "right_lost"
    TARGET = "target"

    @property
    def label(self) -> Label:
        """The meaning in both languages."""
        return EXPIRY_LABELS[self]


EXPIRY_LABELS: Final[Mapping[Expiry, Label]] = {
    Expiry.PARTY_WAIVER: Label("视为放弃", "Deemed waived"),
    Expiry.PARTY_BREACH: Label("当事人逾期", "Breach by the party"),
    Expiry.AUTHORITY_BREACH: Label("机关逾期", "Breach by the authority"),
    Expiry.AUTO_RELEASE: Label("自动解除", "Released by itself"),
    Expiry.RIGHT_LOST: Label("权利丧失", "Right lost"),
    Expiry.TARGET: Label("内部时限", "Internal target"),
}


@dataclass(frozen=True)
class Exclusion:
    """Days that do not count: from the day after ``begins`` through the day of ``ends`` 扣除."""

    kind: str
    zh: str
    en: str
    begins: Sequence[Transition]
    ends: Sequence[Transition]
    basis: Sequence[Citation] = ()
    last_day: str = ""
    """The input of the act that ends it which names its last day; empty: the day of the act."""

    @property
    def label(self) -> Label:
        """The kind in both languages."""
        return Label(self.zh, self.en)


@dataclass(frozen=True)
class Extension:
    """One stage by which a deadline can be made longer 延期, and who may grant it."""

    term: str
    by: Sequence[Who]


@dataclass(eq=False)
class Deadline(Worded):
    """A clock of a case 期限. Met and passed are independent facts: late is both.

    A name (and row, where ``per`` is given) has at most one running clock: an anchoring act that
    comes again voids the old one and starts it anew. ``on_expiry`` is fired by the clock itself;
    ``proof`` must hold first where a right would be lost (service proven).
    """

    anchor: Anchor = field(kw_only=True)
    due: Due = field(kw_only=True)
    expiry: Expiry = field(kw_only=True)
    met_by: Sequence[Transition] = field(kw_only=True, default=())
    voided_by: Sequence[Transition] = field(kw_only=True, default=())
    handed_to: str | tuple[str, ...] = field(kw_only=True, default="")
    """The link, or the links, of children that take the clock over when they are opened."""
    per: Items | None = field(kw_only=True, default=None)
    excluded_by: Sequence[Exclusion] = field(kw_only=True, default=())
    extensions: Sequence[Extension] = field(kw_only=True, default=())
    on_expiry: Transition | None = field(kw_only=True, default=None)
    proof: Guard | None = field(kw_only=True, default=None)
    grace: str = field(kw_only=True, default="")
    """Law key of the time the timer waits for acts posted in time (A6); empty: none."""
    bounded_by: Deadline | None = field(kw_only=True, default=None)
    """An outer bound this clock should end within; the case says so when it no longer does."""
    waits_for: Who | None = field(kw_only=True, default=None)
    ladder: str = field(kw_only=True, default="")
    basis: Sequence[Citation] = field(kw_only=True, default=())

    @property
    def heirs(self) -> tuple[str, ...]:
        """Every link whose children take the clock over."""
        if isinstance(self.handed_to, str):
            return (self.handed_to,) if self.handed_to else ()
        return self.handed_to

    @property
    def anchors(self) -> tuple[Transition, ...]:
        """The acts that start the clock directly."""
        if isinstance(self.anchor, After | AfterDay):
            return self.anchor.transitions
        return ()


# Families, facts --------------------------------------------------------------------------------


@dataclass(eq=False)
class Child(Worded):
    """Cases opened by a transition of this one. A ``track`` is shown on the parent's page.

    With ``each``, one child per row in ``each_in``; an act on one row of that table opens one for
    that row alone. ``subject`` names the row's field or the act's input that holds the
    organisation it is about; empty: the parent's. ``inputs`` maps the child's opening inputs to
    this act's inputs, the row's fields or the parent's facts; ``inherits`` maps the child's
    deadlines to the parent's, whose clock is copied with the extensions it was granted.
    ``capacities`` are those whose holders become participants of the child; ``seats`` lets the
    organisations or persons named in a field of the row or act join it.
    """

    lifecycle: str
    _: KW_ONLY
    opened_by: Transition
    each: Items | None = None
    each_in: Sequence[str] = ()
    subject: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    """Opening inputs that are the same each time, for instance the document a service is of."""
    inherits: Mapping[str, str] = field(default_factory=dict)
    capacities: Sequence[Capacity] = (Capacity.LEAD,)
    seats: Mapping[Capacity, str] = field(default_factory=dict)
    track: bool = False
    joins: list[tuple[Guard, tuple[str, ...]]] = field(init=False, default_factory=list)
    """The guards that ask where these children stand, each with the states it waits for."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Give the guards that the same class body has already made the name of the link."""
        super().__set_name__(owner, name)
        for guard_, _states in self.joins:
            guard_.key = f"{self.name}_joined"


def joined(child: Child, *states: str) -> Guard:
    """The guard that asks whether children were opened and every one stands in one of ``states``.

    Without states, every child must have ended.
    """

    def all_there(attempt: Attempt) -> bool | Unmet:
        found = attempt.case.children(child.name)
        open_ = [c for c in found if (c.state not in states if states else not c.is_final)]
        return (bool(found) and not open_) or Unmet(opened=len(found), left=len(open_))

    joins = Guard(
        f"{child.name or child.lifecycle}_joined",
        all_there,
        Label(
            f"「{child.zh}」已开启 {{opened}} 件，尚有 {{left}} 件未办结。",
            f"“{child.en}”: {{opened}} opened, {{left}} of them not there yet.",
        ),
    )
    child.joins.append((joins, states))
    return joins


@dataclass(eq=False)
class Fact(Worded):
    """A typed projection of the record that lists, guards and documents read.

    Exactly one of: ``latest`` (the value of an input at its last act), ``count`` (how often an
    act happened), ``day`` (the local day of its last act). With ``report``, an act without that
    input reads the field from the newest version of the report. ``days_of`` are acts that nobody
    is asked by, for instance of a clock: their local day is what ``latest`` would have named.
    """

    _: KW_ONLY
    latest: str = ""
    of: Sequence[Transition] = ()
    days_of: Sequence[Transition] = ()
    count: bool = False
    day: bool = False
    report: Report | None = None
    unit: str = ""


# The lifecycle ----------------------------------------------------------------------------------

RECEIVED_NUMBER: Final = "received_number"
RECEIVED_SCAN: Final = "received_scan"

EXTENDED_UNTIL: Final = Day(
    "extended_until",
    "延长至",
    "Extended until",
    required=False,
    help=Label("不填则按本次可延长的全部长度。", "Empty: by the whole length of this extension."),
)
"""Asked by every act that extends a deadline: the last day, where not all of it is granted."""
OVERDUE_REASON: Final = LongText(
    "overdue_reason",
    "逾期办理的理由",
    "Why it is done late",
    required=False,
    longest=2000,
    help=Label("期限已过，须说明理由。", "The period is over: a reason is needed."),
)
"""Asked by every act of an authority that meets a deadline, once that has passed unmet."""


class Lifecycle:
    """Base of every lifecycle 流程. A subclass is checked when it is imported.

    Raises `checks.Contradiction` with every fault found, so that a wrong lifecycle cannot start.
    """

    key: ClassVar[str]
    version: ClassVar[int] = 1
    zh: ClassVar[str]
    en: ClassVar[str]
    subject: ClassVar[SubjectKind] = SubjectKind.UNIT
    number_prefix: ClassVar[str] = ""
    """Place and kind of the case number, for instance 卫核 in 卫核〔2026〕17号."""
    private: ClassVar[bool] = False
    """Whether the case is the authority's own affair: its subject has no seat by being it, and
    whoever is seated from outside reads only the acts that are theirs, tell them or serve them."""

    states: ClassVar[dict[str, State]]
    state_sets: ClassVar[dict[str, StateSet]]
    transitions: ClassVar[dict[str, Transition]]
    deadlines: ClassVar[dict[str, Deadline]]
    items: ClassVar[dict[str, Items]]
    reports: ClassVar[dict[str, Report]]
    documents: ClassVar[dict[str, Document]]
    children: ClassVar[dict[str, Child]]
    facts: ClassVar[dict[str, Fact]]
    timers: ClassVar[frozenset[str]]
    """Names of the transitions some deadline fires when it passes."""

    def __init_subclass__(cls) -> None:
        """Collect what is declared, resolve sources and refuse a contradiction."""
        from app.engine.checks import check  # noqa: PLC0415  # checks reads these very words

        cls.states = _of_type(cls, State)
        cls.state_sets = _of_type(cls, StateSet)
        cls.transitions = _of_type(cls, Transition)
        cls.deadlines = _of_type(cls, Deadline)
        cls.items = _of_type(cls, Items)
        cls.reports = _of_type(cls, Report)
        cls.documents = _of_type(cls, Document)
        cls.children = _of_type(cls, Child)
        cls.facts = _of_type(cls, Fact)
        cls.timers = frozenset(d.on_expiry.name for d in cls.deadlines.values() if d.on_expiry)
        for transition in cls.transitions.values():
            transition.source_names = frozenset(_source_names(cls, transition))
            transition.derived = _derived(cls, transition)
            transition.all_inputs = _all_inputs(transition)
        check(cls)

    @classmethod
    def title(cls) -> Label:
        """The name of the lifecycle in both languages."""
        return Label(cls.zh, cls.en)

    @classmethod
    def opening(cls) -> Transition:
        """The transition that opens a case."""
        return next(t for t in cls.transitions.values() if t.opens)

    @classmethod
    def open_in(cls, state: str) -> list[Transition]:
        """The transitions whose sources hold the state, in the order of the file."""
        return [t for t in cls.transitions.values() if state in t.source_names]


def _of_type(cls: type[Lifecycle], kind: type[T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for base in reversed(cls.__mro__):
        found |= {name: v for name, v in vars(base).items() if isinstance(v, kind)}
    return found


def _source_names(cls: type[Lifecycle], transition: Transition) -> Iterable[str]:
    match transition.sources:
        case Anywhere.OPENING:
            return ()
        case Anywhere.OPEN:
            return (s.name for s in cls.states.values() if not s.final)
        case Anywhere.ANY:
            return cls.states
        case StateSet(states=states):
            return (s.name for s in states)
        case states:
            return (s.name for s in states)


def _derived(cls: type[Lifecycle], transition: Transition) -> tuple[Input, ...]:
    until = (EXTENDED_UNTIL,) if transition.extends else ()
    own = not transition.received and any(
        transition in deadline.met_by and deadline.expiry is Expiry.AUTHORITY_BREACH
        for deadline in cls.deadlines.values()
    )
    return (*until, OVERDUE_REASON) if own else until


def _all_inputs(transition: Transition) -> tuple[Input, ...]:
    report = transition.report.inputs if transition.report else ()
    received: tuple[Input, ...] = ()
    if transition.received:
        received = (
            Text(RECEIVED_NUMBER, "来文文号", "Number of the act received", longest=60),
            Files(RECEIVED_SCAN, "来文扫描件", "Scan of the act received"),
        )
    return (*transition.inputs, *transition.derived, *report, *received)
