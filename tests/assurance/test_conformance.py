"""Whatever an attacker does to the way of a case, replay finds and names it; nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from app import db
from app.assurance.conformance import Replayed, conformance, step_of
from app.assurance.replay import Kind, Step, replay
from app.assurance.selection import Selection
from app.audit.models import AuditEntry
from app.cases import records
from app.cases.models import Case
from app.db import table_of
from app.engine.actors import Role
from app.engine.moves import REINSTATE
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.service import Service
from app.workflows.verification import Verification
from tests.lifecycles.complaint import Complaint
from tests.town import instant, registered

DONE = [
    ("register", None, "received", "inspector"),
    ("assess", "received", "accepted", "supervisor"),
    ("draft", "accepted", "drafted", "inspector"),
    ("return_draft", "drafted", "accepted", "supervisor"),
    ("draft", "accepted", "drafted", "inspector"),
    ("answer_it", "drafted", "answered", "supervisor"),
]


def steps(lifecycle=Complaint, done=DONE):
    return [
        Step(seq, trigger, source, to, role, lifecycle.transitions[trigger].code)
        for seq, (trigger, source, to, role) in enumerate(done)
    ]


def found(some, ends_in="answered", lifecycle=Complaint):
    return [
        (deviation.seq, deviation.kind)
        for deviation in replay(lifecycle, some, records=frozenset({"comment"}), ends_in=ends_in)
    ]


def test_what_follows_the_lifecycle_is_no_deviation():
    remark = Step(9, "comment", "accepted", "accepted", "inspector")
    assert found(steps()) == []
    assert found([*steps()[:2], remark, *steps()[2:]]) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: [*s[:2], *s[3:]], [(3, Kind.BROKEN)]),
        (lambda s: s[:-1], [(4, Kind.ELSEWHERE)]),
        (lambda s: s[1:], [(1, Kind.NOT_OPENED)]),
        (lambda s: s[:0], [(-1, Kind.ELSEWHERE)]),
        (lambda s: [*s[:3], s[2], *s[3:]], [(2, Kind.BROKEN)]),
        (lambda s: [s[0], *s], [(0, Kind.BROKEN), (0, Kind.OPENED_AGAIN)]),
        (lambda s: [s[0], s[2], s[1], *s[3:]], [(2, Kind.BROKEN), (1, Kind.BROKEN), (3, Kind.BROKEN)]),
        (lambda s: changed(s, 1, role="inspector"), [(1, Kind.ROLE)]),
        (lambda s: changed(s, 1, code="X99"), [(1, Kind.CODE)]),
        (lambda s: changed(s, 1, trigger="approve_all"), [(1, Kind.UNKNOWN)]),
        (lambda s: changed(s, 2, to="answered"), [(2, Kind.ASTRAY), (3, Kind.BROKEN)]),
        (lambda s: [*s, Step(6, "draft", "answered", "drafted", "inspector", "X03"), Step(7, "answer_it", "drafted", "answered", "supervisor", "X05")], [(6, Kind.AFTER_END)]),
        (lambda s: [*s, Step(6, "comment", "answered", "accepted", "inspector")], [(6, Kind.ASTRAY), (6, Kind.ELSEWHERE)]),
        (lambda s: [*changed(s, 2, source="received")], [(2, Kind.BROKEN), (2, Kind.NOT_ALLOWED)]),
    ],
)  # fmt: skip
def test_each_departure_is_found_once_and_named(change, expected):
    assert found(change(steps())) == expected


def changed(some, at, **fields):
    return [replace(step, **fields) if n == at else step for n, step in enumerate(some)]


def test_a_deviation_says_what_stands_there_and_what_was_expected():
    [one] = replay(Complaint, changed(steps(), 1, role="inspector"), ends_in="answered")
    assert one.label.zh == "第 1 条 assess：办理角色不符（inspector），应为：supervisor。"
    assert one.label.en == (
        "Entry 1 assess: done in a role that may not (inspector); expected: supervisor."
    )


def test_who_records_a_paper_may_not_do_the_act_itself():
    act = next(
        a
        for a in Verification.transitions.values()
        if a.recorded_by and {w.role for w in a.recorded_by}.isdisjoint(w.role for w in a.by)
    )
    source = next(iter(sorted(act.source_names)))
    to = source if act.is_act else act.destinations[0].name
    step = Step(1, act.name, source, to, act.recorded_by[0].role, act.code)
    kinds = {d.kind for d in replay(Verification, [step])}
    recorded = {d.kind for d in replay(Verification, [replace(step, recorded=True)])}
    assert kinds - recorded == {Kind.ROLE}


def test_an_act_called_like_an_entry_of_any_case_is_judged_as_the_act_it_is():
    act = PenaltyProcedure.transitions["add_evidence"]
    state = min(act.source_names)
    step = Step(1, act.name, state, state, Role.AUDITOR, act.code)
    every = frozenset({act.name})
    assert Kind.ROLE in {d.kind for d in replay(PenaltyProcedure, [step], records=every)}
    entry = replace(step, code="")
    assert Kind.ROLE not in {d.kind for d in replay(PenaltyProcedure, [entry], records=every)}


def test_a_waiver_is_withdrawn_only_to_where_it_lapsed_and_by_the_authority():
    def kinds(source, to, role):
        step = Step(5, REINSTATE, source, to, role)
        return {d.kind for d in replay(Verification, [step])} - {Kind.NOT_OPENED}

    assert kinds("result_final", "objection_window", "supervisor") == set()
    assert kinds("objection_window", "objection_window", "supervisor") == {Kind.NOT_ALLOWED}
    assert kinds("result_final", "report_due", "supervisor") == {Kind.ASTRAY}
    assert kinds("result_final", "objection_window", "verifier") == {Kind.ROLE}


def test_the_role_of_an_opening_is_that_of_the_act_that_opened_it():
    [opening] = [t for t in Service.transitions.values() if t.opens]
    step = Step(0, opening.name, None, opening.destinations[0].name, "verifier", opening.code)
    assert {d.kind for d in replay(Service, [step])} == {Kind.ROLE}
    assert {d.kind for d in replay(Service, [replace(step, follows=True)])} == {Kind.ROLE}
    follows = replace(step, role="bureau_leader", follows=True)
    assert [*replay(Service, [follows])] == []


# The log ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def known():
    with registered(Complaint):
        yield


@pytest.fixture
def complaint(town):
    """A complaint that was answered, with a remark on the way."""
    matter = town.open(Complaint, "inspector", {"content": "示例"}, at="03-02")
    matter.fire("assess", "supervisor", {"jurisdiction": "ours"}, at="03-03")
    matter.fire("draft", "inspector", {"answer": "示例"}, at="03-04")
    town.database.write(
        lambda session: records.comment(
            session, matter.id, "示例", actor=town["inspector"], now=instant("03-05")
        )
    )
    matter.fire("answer_it", "supervisor", {}, at="03-06")
    return matter


def departures(town, *matters):
    replayed = Replayed()
    chosen = Selection(cases=tuple(matter.id for matter in matters))
    with town.database.read() as session:
        return replayed, [
            (one.number, one.deviation.seq, one.deviation.kind)
            for one in conformance(session, chosen, replayed)
        ]


def tampered(town, work):
    """Change the log as somebody does who may switch the triggers off."""
    with town.database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))
            work(connection)
            connection.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER USER"))
            return
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entries'"
        triggers = connection.execute(text(query)).all()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        work(connection)
        for _, sql in triggers:
            connection.execute(text(sql))


ENTRIES = table_of(AuditEntry)
CASES = table_of(Case)


def test_the_untouched_log_follows_its_lifecycle(town, complaint):
    replayed, faults = departures(town, complaint)
    assert faults == []
    assert (replayed.cases, replayed.acts, replayed.records) == (1, 4, {"comment": 1})


@pytest.mark.parametrize(
    ("seq", "values", "expected"),
    [
        (2, None, [(3, Kind.BROKEN)]),
        (1, {"role": "inspector"}, [(1, Kind.ROLE)]),
        (1, {"to_state": "rejected"}, [(2, Kind.BROKEN)]),
        (2, {"to_state": "received"}, [(2, Kind.ASTRAY), (3, Kind.BROKEN)]),
        (2, {"trigger": "answer_it"}, [(2, Kind.NOT_ALLOWED), (2, Kind.ASTRAY), (2, Kind.CODE), (2, Kind.ROLE)]),
    ],
)  # fmt: skip
def test_what_was_done_to_the_log_is_found(town, complaint, seq, values, expected):
    at = (ENTRIES.c.chain_id == complaint.id) & (ENTRIES.c.seq == seq)
    change = ENTRIES.delete() if values is None else ENTRIES.update().values(values)
    tampered(town, lambda connection: connection.execute(change.where(at)))
    _, faults = departures(town, complaint)
    assert [(at_seq, kind) for _, at_seq, kind in faults] == expected
    assert {number for number, *_ in faults} == {complaint.row.number}


def test_swapped_and_added_entries_are_found(town, complaint):
    other = town.open(Complaint, "inspector", {"content": "示例"}, at="03-02")

    def swap(connection):
        for seq, to in ((1, 99), (2, 1), (99, 2)):
            at = (ENTRIES.c.chain_id == complaint.id) & (ENTRIES.c.seq == seq)
            connection.execute(update(ENTRIES).values(seq=to).where(at))
        row = connection.execute(
            ENTRIES.select().where(ENTRIES.c.chain_id == complaint.id, ENTRIES.c.seq == 4)
        ).mappings().one()  # fmt: skip
        connection.execute(ENTRIES.insert(), {**row, "chain_id": other.id, "seq": 1})

    tampered(town, swap)
    _, faults = departures(town, complaint, other)
    assert [(seq, kind) for number, seq, kind in faults if number == complaint.row.number] == [
        (1, Kind.BROKEN),
        (2, Kind.BROKEN),
        (3, Kind.BROKEN),
    ]
    assert [(seq, kind) for number, seq, kind in faults if number == other.row.number] == [
        (1, Kind.BROKEN),
        (1, Kind.ELSEWHERE),
    ]


def test_another_version_and_a_moved_case_are_found(town, complaint):
    def work(connection):
        moved = update(CASES).values(state="drafted", lifecycle_version=2)
        connection.execute(moved.where(CASES.c.id == complaint.id))

    tampered(town, work)
    _, [fault] = departures(town, complaint)
    assert fault[2] is Kind.UNDECLARED
    tampered(town, lambda c: c.execute(update(CASES).values(lifecycle_version=1).where(CASES.c.id == complaint.id)))  # fmt: skip
    _, [fault] = departures(town, complaint)
    assert fault[1:] == (4, Kind.ELSEWHERE)


def test_an_unreadable_body_is_left_to_the_verification():
    entry = AuditEntry(seq=0, trigger="register", from_state=None, to_state="received", role="inspector", code="X01", flags="recorded,late", body="{")  # fmt: skip
    assert step_of(entry, {}) == Step(0, "register", None, "received", "inspector", "X01", recorded=True)  # fmt: skip


def test_the_command_lists_what_departs_and_fails(town, complaint, tmp_path):
    from app import create_app
    from config import Settings

    url = town.database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, secret_key="for tests only", files=tmp_path))
    app.extensions[db.EXTENSION].dispose()
    app.extensions[db.EXTENSION] = town.database
    number = complaint.row.number
    body = town.cast.bureau.name
    run = app.test_cli_runner().invoke
    good = run(args=["audit", "conformance", "--case", number, "--body", body])
    assert good.exit_code == 0, good.output
    assert "Remark: 1" in good.output
    assert "全部符合流程" in good.output
    at = (ENTRIES.c.chain_id == complaint.id) & (ENTRIES.c.seq == 1)
    tampered(town, lambda c: c.execute(update(ENTRIES).values(role=Role.VERIFIER).where(at)))
    bad = run(args=["audit", "conformance", "--case", number, "--body", body])
    assert bad.exit_code == 1
    assert re.search(
        rf"{number} 第 1 条 assess：办理角色不符（verifier），应为：supervisor", bad.stderr
    )
    assert "1 deviations were found" in bad.stderr
