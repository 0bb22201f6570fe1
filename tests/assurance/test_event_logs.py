import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import OrganisationKind
from app.assurance.event_log import Act, Value, typed
from app.assurance.exports import Counts
from app.assurance.formats import WRITERS
from app.assurance.selection import Selection
from app.audit.models import AuditEntry
from app.cases.models import Case, CaseDeadline, CaseDocument
from app.db import new_id
from app.engine.inputs import Money, Whole, YesNo
from tests import factories
from tests.assurance.event_logs import (
    Written,
    into,
    read_json,
    read_sqlite,
    read_xes,
    ties,
    variants,
    write,
)
from tests.documents.conftest import Papers
from tests.times import NOW
from tests.town import Town, instant, registered
from tests.workflows.procedure import FAMILY, Procedure, a_case, assemble, renamed
from tests.workflows.serving import issue

HIDDEN = "赵隐名"
NATURAL = "钱自然"
HOSTILE = '宁<夏>&"热"\'电]]>\x07\n厂😀'
EVERYTHING = Selection()
FIRST = "1970-01-01"
FORMATS = ("xes", "ocel-json", "ocel-sqlite")


@dataclass
class Scene:
    """Four penalty cases with their parents: settled, reopened by a plea, begun, oddly named."""

    town: Town
    settled: Procedure
    pleaded: Procedure
    begun: Procedure
    named: Procedure
    written: dict[Any, Written] = field(default_factory=dict)

    def write(self, key, chosen=EVERYTHING, **asked):
        """A log, written once for all tests that read the same."""
        wanted = (key, chosen, *sorted(asked.items()))
        if wanted not in self.written:
            self.written[wanted] = write(self.town.database, WRITERS[key], chosen, **asked)
        return self.written[wanted]

    def entries(self, case_id):
        query = select(AuditEntry).where(AuditEntry.chain_id == case_id)
        with self.town.database.read() as session:
            return list(session.scalars(query.order_by(AuditEntry.seq)))

    def ids(self, model, **asked):
        with self.town.database.read() as session:
            return set(session.scalars(select(model.id).filter_by(**asked)))


@pytest.fixture(scope="module")
def scene(town):
    with registered(*FAMILY):
        assemble(town)
        settled = a_case(town).file("09-01").inspect("09-01", present=HIDDEN)
        settled.submit("09-01").pass_review("09-01").approve("09-01")
        settled.serve("service_of_notice", "09-02").waive("09-02")
        settled.pass_legal("09-03").decide("09-03")
        issue(settled, "penalty_decision", "09-03", rendered=False)
        Papers(town, settled.id).void("penalty_decision", "有误", at="09-03 13:00")
        issue(settled, "penalty_decision", "09-03")
        settled.deliver("09-04").pay("100000", "09-05").settle("09-08")
        pleaded = a_case(town, on="10-09").noticed("10-09")
        town.tick("10-23 00:00")
        pleaded.do(
            "plead", "inspector", {"plea": "不服"}, on="10-23", occurred="10-15 10:00",
            late_reason="邮寄途中", proof=[pleaded.paper("inspector", at="10-23")],
        )  # fmt: skip
        town.cast.units["natural"] = town.database.write(
            lambda session: factories.organisation(session, OrganisationKind.PERSON, name=NATURAL)
        )
        begun = a_case(town, on="11-02", party="natural", kind="person")
        with renamed(town, "redian", HOSTILE):
            named = a_case(town, on="11-03")
        yield Scene(town, settled, pleaded, begun, named)


# XES ----------------------------------------------------------------------------------------------


def test_xes_holds_every_case_every_entry_and_every_variant(scene):
    written = scene.write("xes")
    log = read_xes(written.content)
    expected = variants(scene.town.database)
    assert log.variants() == expected
    assert len(expected) < expected.total() == len(log.traces) == written.counts.chains
    assert sum(map(len, log.events)) == written.counts.entries == written.progress
    names = [trace["concept:name"] for trace in log.traces]
    assert sorted(names) == names == list(map(str, sorted(scene.ids(Case))))
    assert written.content.isascii()


def test_an_event_says_who_did_what_when_and_where_to(scene):
    log = read_xes(scene.write("xes").content)
    entries, events = scene.entries(scene.pleaded.id), log.of(scene.pleaded.id)
    for entry, event in zip(entries, events, strict=True):
        assert event["concept:name"] == entry.trigger
        assert (event["org:resource"], event["resource_name"]) == (
            str(entry.actor_id),
            entry.actor_name,
        )
        assert (event["org:role"], event["org:group"]) == (entry.role, entry.organisation_name)
        assert (event.get("from_state"), event["to_state"]) == (entry.from_state, entry.to_state)
        assert (event["seq"], event["code"], event["flags"], event["hash"]) == (
            str(entry.seq), entry.code, entry.flags, entry.hash,
        )  # fmt: skip
    [plea] = [one for one in events if one["concept:name"] == "plead"]
    assert (plea["time:timestamp"], plea["recorded_at"]) == (
        "2026-10-15T02:00:00.000000Z", "2026-10-23T04:00:00.000000Z",
    )  # fmt: skip
    assert plea["flags"].split(",")[0] == "late"
    assert (plea["input.plea"], plea["label_en"]) == ("不服", "State and defend")
    assert (plea["to_state_zh"], plea["lifecycle:transition"]) == ("陈述申辩复核", "complete")


def test_a_trace_says_which_case_it_is(scene):
    log = read_xes(scene.write("xes").content)
    [trace] = [one for one in log.traces if one["concept:name"] == str(scene.settled.id)]
    row = scene.settled.row
    assert trace == {
        "concept:name": str(row.id),
        "identity:id": str(row.id),
        "case_number": row.number,
        "lifecycle": "penalty_procedure",
        "lifecycle_zh": "行政处罚",
        "lifecycle_en": "Administrative penalty",
        "lifecycle_version": "1",
        "subject": row.subject_name,
        "subject_id": str(row.subject_id),
        "subject_kind": "unit",
        "division": row.division,
        "authority": scene.town.cast.bureau.name,
        "authority_id": str(row.authority_id),
        "cycle_year": "2026",
        "root_case": str(row.root_id),
        "parent_case": str(row.parent_id),
        "opened_at": "2026-09-01T04:00:00.000000Z",
        "state": "closing",
        "final": "false",
        "demonstration": "false",
    }


def test_money_is_the_penalty_that_takes_effect_or_the_one_sum_named(scene):
    events = read_xes(scene.write("xes").content).of(scene.settled.id)
    costs = {
        one["concept:name"]: (one["cost:total"], one["cost:currency"])
        for one in events
        if "cost:total" in one
    }
    assert costs == {"serve_decision": ("100000", "CNY"), "report_payment": ("100000", "CNY")}
    [decided] = [one for one in events if one["concept:name"] == "decide_penalty"]
    assert (decided["input.fine"], decided["input.confiscation"]) == ("100000", "0")


# OCEL ---------------------------------------------------------------------------------------------


def test_ocel_json_ties_every_entry_to_its_objects(scene):
    written = scene.write("ocel-json")
    log = read_json(written.content)
    assert len(log["events"]) == written.counts.entries == written.progress
    assert Counter(one["type"] for one in log["objects"]) == {
        "case": written.counts.chains,
        "deadline": len(scene.ids(CaseDeadline)),
        "document": len(scene.ids(CaseDocument)),
        "person": len({e.actor_id for c in scene.ids(Case) for e in scene.entries(c)}) + 1,
        "unit": 1,
        "authority": 1,
    }
    always = {("about", "case"), ("concerns", "unit"), ("done by", "person")}
    ours = always | {("done for", "authority")}
    assert ties(log, "penalty_procedure.approve_notice") == ours | {
        ("makes", "document"), ("opens", "case"), ("meets", "deadline"), ("reckons", "deadline"),
    }  # fmt: skip
    assert ties(log, "penalty_procedure.seal_document") == ours | {("seals", "document")}
    assert ties(log, "penalty_procedure.void_document") == ours | {("voids", "document")}
    assert ties(log, "penalty_procedure.document_rendered") == always | {("renders", "document")}
    assert ties(log, "penalty_procedure.serve_decision") == always | {
        ("serves", "document"), ("meets", "deadline"), ("starts", "deadline"),
    }  # fmt: skip
    assert ("reopens", "deadline") in ties(log, "penalty_procedure.reinstate")
    assert ("hands over", "deadline") in ties(log, "sample_enforcement.open_penalty")
    assert ("seats", "unit") in ties(log, "penalty_procedure.serve_notice")
    assert ("led by", "authority") in ties(log, "penalty_procedure.open_case")
    assert ("concerns", "person") in ties(log, "penalty_procedure.open_case")


def history(thing, name):
    """What an attribute was from the beginning, and how it changed on which days."""
    return [(a["time"][:10], a["value"]) for a in thing["attributes"] if a["name"] == name]


def test_objects_change_when_it_is_recorded(scene):
    things = {one["id"]: one for one in read_json(scene.write("ocel-json").content)["objects"]}
    case = things[f"case:{scene.pleaded.id}"]
    assert history(case, "state") == [
        (FIRST, "filing_review"), ("2026-10-09", "notice_served"), ("2026-10-22", "legal_review"),
        ("2026-10-23", "plea_review"),
    ]  # fmt: skip
    plea = things[f"deadline:{scene.pleaded.clock('plea').id}"]
    assert history(plea, "status") == [
        (FIRST, "running"), ("2026-10-22", "expired"), ("2026-10-23", "met"),
    ]  # fmt: skip
    # It stands still from the approval of the notice to its service.
    decision = things[f"deadline:{scene.settled.clock('decision').id}"]
    assert history(decision, "due_on") == [
        (FIRST, "2026-11-30"), ("2026-09-01", ""), ("2026-09-02", "2026-12-01"),
    ]  # fmt: skip
    papers = [
        (history(one, "status"), history(one, "number"))
        for one in things.values()
        if one["type"] == "document" and history(one, "kind") == [(FIRST, "penalty_decision")]
    ]
    assert papers == [
        (
            [(FIRST, "made"), ("2026-09-03", "sealed"), ("2026-09-03", "voided")],
            [("2026-09-03", "卫环罚〔2026〕1号")],
        ),
        (
            [(FIRST, "made"), ("2026-09-03", "sealed"), ("2026-09-04", "served")],
            [("2026-09-03", "卫环罚〔2026〕2号")],
        ),
    ]


def test_objects_belong_to_objects(scene):
    log = read_json(scene.write("ocel-json").content)
    things = {one["id"]: one for one in log["objects"]}
    found = {
        (one["type"], tie["qualifier"], things[tie["objectId"]]["type"])
        for one in log["objects"]
        for tie in one["relationships"]
    }
    assert found == {
        ("case", "concerns", "unit"),
        ("case", "concerns", "person"),
        ("case", "concerns", "authority"),
        ("case", "led by", "authority"),
        ("case", "child of", "case"),
        ("document", "belongs to", "case"),
        ("deadline", "belongs to", "case"),
        ("deadline", "handed to", "case"),
        ("person", "acts for", "authority"),
        ("person", "acts for", "unit"),
    }


def test_both_ocel_files_say_the_same(scene, tmp_path):
    log = read_json(scene.write("ocel-json").content)
    written = scene.write("ocel-sqlite")
    database = read_sqlite(written.content, tmp_path)
    assert written.counts.entries == written.progress == len(log["events"])
    for kind, plural, tie, one_side in (
        ("event", "events", "event_object", "ocel_event_id, ocel_object_id"),
        ("object", "objects", "object_object", "ocel_source_id, ocel_target_id"),
    ):
        rows = database.execute(f"SELECT ocel_id, ocel_type FROM {kind}")
        assert set(map(tuple, rows)) == {(one["id"], one["type"]) for one in log[plural]}
        found = database.execute(f"SELECT {one_side}, ocel_qualifier FROM {tie}")
        assert set(map(tuple, found)) == {
            (one["id"], each["objectId"], each["qualifier"])
            for one in log[plural]
            for each in one["relationships"]
        }
    for one in log["events"]:
        table = "event_" + one["type"].replace(".", "__")
        row = database.execute(
            f'SELECT * FROM "{table}" WHERE ocel_id = ?', (one["id"],)
        ).fetchone()
        told = {name: row[name] for name in row.keys() if row[name] is not None}  # noqa: SIM118
        assert (told.pop("ocel_id"), told.pop("ocel_time")) == (one["id"], one["time"])
        assert {name: text_of(value) for name, value in told.items()} == {
            each["name"]: plain(each["value"]) for each in one["attributes"]
        }
    for one in log["objects"]:
        found = database.execute(
            f'SELECT * FROM "object_{one["type"]}" WHERE ocel_id = ?', (one["id"],)
        )
        kept = [
            (row["ocel_time"], name, text_of(row[name]))
            for row in found
            for name in row.keys()  # noqa: SIM118
            if not name.startswith("ocel_") and row[name] is not None
        ]
        assert sorted(kept) == sorted(
            (each["time"], each["name"], plain(each["value"])) for each in one["attributes"]
        )


def plain(text):
    """A value of the JSON file as SQLite keeps it, in text again."""
    return {"true": "1", "false": "0"}.get(text, text)


def text_of(value):
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)


def test_the_sqlite_file_keeps_the_constraints_of_the_specification(scene, tmp_path):
    """Typed from section 6.2 of the specification: tables, columns, primary and foreign keys."""
    database = read_sqlite(scene.write("ocel-sqlite").content, tmp_path)
    tables = {
        row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    maps = {
        kind: dict(
            map(tuple, database.execute(f"SELECT ocel_type, ocel_type_map FROM {kind}_map_type"))
        )
        for kind in ("event", "object")
    }
    common = {
        "event",
        "object",
        "event_map_type",
        "object_map_type",
        "event_object",
        "object_object",
    }
    assert tables == common | {f"{kind}_{one}" for kind in maps for one in maps[kind].values()}
    assert len(set(maps["event"].values())) == len(maps["event"]) > 20

    def columns(table):
        return {
            row["name"]: (row["type"], row["pk"])
            for row in database.execute(f'PRAGMA table_info("{table}")')
        }

    def foreign(table):
        return {
            (row["from"], row["table"], row["to"])
            for row in database.execute(f'PRAGMA foreign_key_list("{table}")')
        }

    for kind, own_tables in maps.items():
        assert columns(f"{kind}_map_type") == {
            "ocel_type": ("TEXT", 1),
            "ocel_type_map": ("TEXT", 0),
        }
        assert columns(kind) == {"ocel_id": ("TEXT", 1), "ocel_type": ("TEXT", 0)}
        assert foreign(kind) == {("ocel_type", f"{kind}_map_type", "ocel_type")}
        for mapped in own_tables.values():
            own = columns(f"{kind}_{mapped}")
            assert own["ocel_id"] == ("TEXT", 1 if kind == "event" else 0)
            assert own["ocel_time"][0] == "TIMESTAMP"
            assert ("ocel_changed_field" in own) == (kind == "object")
            assert {one for one, _ in own.values()} <= {
                "TEXT",
                "TIMESTAMP",
                "INTEGER",
                "REAL",
                "BOOLEAN",
            }
            assert foreign(f"{kind}_{mapped}") == {("ocel_id", kind, "ocel_id")}
    assert columns("event_object") == {
        "ocel_event_id": ("TEXT", 1), "ocel_object_id": ("TEXT", 2), "ocel_qualifier": ("TEXT", 3),
    }  # fmt: skip
    assert foreign("event_object") == {
        ("ocel_event_id", "event", "ocel_id"),
        ("ocel_object_id", "object", "ocel_id"),
    }
    assert columns("object_object") == {
        "ocel_source_id": ("TEXT", 1), "ocel_target_id": ("TEXT", 2), "ocel_qualifier": ("TEXT", 3),
    }  # fmt: skip
    assert foreign("object_object") == {
        ("ocel_source_id", "object", "ocel_id"),
        ("ocel_target_id", "object", "ocel_id"),
    }
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


# What is left out, what is let in -----------------------------------------------------------------


def text(content):
    """What a file says, with the references of XML resolved and the escapes of JSON too."""
    said = content.decode("utf-8", "replace")
    return re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), said)


@pytest.mark.parametrize("key", FORMATS)
def test_a_masked_log_gives_no_value_away(scene, key):
    masked, open_ = scene.write(key), scene.write(key, masked=False)
    [entry] = [one for one in scene.entries(scene.settled.id) if one.trigger == "record_inspection"]
    digest = json.loads(entry.body)["commitments"]["present"]
    assert masked.counts.values == 0 < open_.counts.values
    for name in (HIDDEN, NATURAL):
        assert name not in text(masked.content)
        assert name in text(open_.content)
    assert digest in text(masked.content)
    assert digest in text(open_.content)


@pytest.mark.parametrize("key", FORMATS)
def test_the_same_log_gives_the_same_bytes(scene, key):
    again = write(scene.town.database, WRITERS[key])
    assert again.content == scene.write(key).content


def test_only_the_lifecycle_or_the_period_that_was_chosen(scene):
    def cases(**asked):
        chosen = Selection(**asked)
        log = read_xes(scene.write("xes", chosen).content)
        found = {one["concept:name"] for one in log.traces}
        objects = read_json(scene.write("ocel-json", chosen).content)["objects"]
        assert {one["id"] for one in objects if one["type"] == "case"} == {
            f"case:{one}" for one in found
        }
        return found

    penalties = {str(one) for one in scene.ids(Case, lifecycle="penalty_procedure")}
    assert cases(lifecycle="penalty_procedure") == penalties
    assert len(penalties) == 4
    autumn = cases(since=instant("11-01"), lifecycle="penalty_procedure")
    assert autumn == {str(scene.begun.id), str(scene.named.id)}
    summer = cases(until=instant("09-30"), lifecycle="penalty_procedure")
    assert summer == {str(scene.settled.id)}
    assert cases(cases=(scene.settled.id,)) == {str(scene.settled.id)}
    assert cases(kinds=frozenset({"registers"})) == set()


def test_a_name_with_the_signs_of_xml_stays_well_formed(scene, tmp_path):
    log = read_xes(scene.write("xes").content)
    [trace] = [one for one in log.traces if one["concept:name"] == str(scene.named.id)]
    assert scene.named.row.subject_name == HOSTILE
    assert trace["subject"] == HOSTILE.replace("\x07", "\ufffd")
    read_json(scene.write("ocel-json").content)


@pytest.mark.parametrize("key", FORMATS)
def test_an_auditor_reads_their_jurisdiction_and_nothing_else(scene, key):
    town, out = scene.town, io.BytesIO()
    everything = Selection(actor=town["auditor"])
    into(out, town.database, WRITERS[key], everything, watched=True)
    assert out.getvalue() == scene.write(key).content
    elsewhere = replace(town["auditor"], division="640100", organisation_id=new_id())
    counts = into(
        io.BytesIO(), town.database, WRITERS[key], Selection(actor=elsewhere), watched=True
    )
    assert counts == Counts()


# What somebody made of an entry -------------------------------------------------------------------


def test_an_entry_made_unreadable_is_still_told():
    entry = AuditEntry(
        seq=3, trigger="gone", code="", from_state=None, to_state="x", flags="", hash="0",
        recorded_at=NOW, occurred_at=NOW, body="{",
    )  # fmt: skip
    act = Act(entry, None)
    told = dict(act.attributes())
    assert (told["seq"], told["label_zh"]) == (Value("integer", "3"), Value("string", "gone"))
    assert not any(name.startswith(("input.", "commitment.")) for name in told)
    assert act.cost() is None


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Money("fine", "罚款", "Fine"), "100000.50", Value("float", "100000.50")),
        (Money("fine", "罚款", "Fine"), "much", Value("string", "much")),
        (Whole("count", "数", "Count"), 3, Value("integer", "3")),
        (YesNo("told", "告知", "Told"), True, Value("boolean", "true")),
        (None, 3, Value("integer", "3")),
        (None, ["b", "a"], Value("string", '["b","a"]')),
        (None, "\ud800", Value("string", "?")),
    ],
)
def test_a_value_is_typed_by_its_field(field, value, expected):
    assert typed(field, value) == expected
