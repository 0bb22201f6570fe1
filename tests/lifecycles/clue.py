"""What begins with a clue, as short as it can be: for the page on which one is logged."""

from app.engine.actors import INSPECTOR, SUPERVISOR
from app.engine.definition import OPENING, Lifecycle, State, SubjectKind, Transition
from app.workflows.clues import CLUE


class OperationFromClue(Lifecycle):
    """A matter about a unit 线索办理."""

    key = "joint_enforcement"
    zh, en = "线索办理", "Handling of a clue"
    subject = SubjectKind.OPERATION
    number_prefix = "示线"
    private = True

    logged = State("线索登记", "Logged", waits_for=SUPERVISOR)
    over = State("办结", "Over", final=True)

    register = Transition(
        "登记线索", "Register", code="J01", sources=OPENING, to=logged, by=[INSPECTOR, SUPERVISOR],
        inputs=CLUE,
    )  # fmt: skip
    finish = Transition("办结", "Finish", code="J02", sources=[logged], to=over, by=[SUPERVISOR])


class AgencyFromClue(Lifecycle):
    """The same about an agency."""

    key = "agency_penalty"
    zh, en = "线索办理", "Handling of a clue"
    subject = SubjectKind.OPERATION
    number_prefix = "示机"
    private = True

    logged = State("线索登记", "Logged", waits_for=SUPERVISOR)
    over = State("办结", "Over", final=True)

    register = Transition(
        "登记线索", "Register", code="A01", sources=OPENING, to=logged, by=[INSPECTOR, SUPERVISOR],
        inputs=CLUE,
    )  # fmt: skip
    finish = Transition("办结", "Finish", code="A02", sources=[logged], to=over, by=[SUPERVISOR])
