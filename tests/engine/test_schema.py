"""An act as JSON Schema, a lifecycle as data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.engine.definition import Transition
from app.engine.schema import act_schema, lifecycle_schema
from app.workflows import LIFECYCLES
from tests.engine.jsonschema import fits
from tests.lifecycles import FIXTURES
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.findings import Findings
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.investigation import Investigation
from tests.lifecycles.operation import Inspection
from tests.lifecycles.payment import Payment

EVERY = [*FIXTURES, *LIFECYCLES.values()]


def test_an_act_asks_for_its_inputs_and_nothing_else():
    schema = act_schema(Payment.pay)

    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "缴清",
        "description": "Pay",
        "type": "object",
        "properties": {
            "paid_on": {
                "type": "string",
                "format": "date",
                "title": "缴款日期",
                "description": "Paid on",
            },
            "in_full": {
                "type": "boolean",
                "const": True,
                "title": "已全额缴纳",
                "description": "Paid in full",
            },
        },
        "required": ["paid_on", "in_full"],
        "additionalProperties": False,
        "x-code": "X05",
    }
    assert fits(schema, {"paid_on": "2026-03-16", "in_full": True})
    assert not fits(schema, {"paid_on": "2026-03-16", "in_full": False})
    assert not fits(schema, {"paid_on": "2026-03-16", "in_full": True, "colour": "red"})


def test_what_is_personal_or_sealed_is_marked():
    informant = act_schema(Investigation.raise_suspicion)["properties"]["informant"]

    assert informant["x-personal"]
    assert informant["x-sealed"]
    assert "x-personal" not in act_schema(Payment.impose)["properties"]["fine_cny"]


def test_an_optional_field_may_be_left_out():
    schema = act_schema(Findings.judge)

    assert schema["required"] == ["verdict"]
    assert fits(schema, {"verdict": "pass"})
    assert not fits(schema, {"verdict": "perhaps"})


def test_a_lifecycle_tells_its_states_acts_and_deadlines():
    told = lifecycle_schema(Hearing)
    acts = {act["name"]: act for act in told["acts"]}
    deadlines = {deadline["name"]: deadline for deadline in told["deadlines"]}

    assert told["key"] == "sample_hearing"
    assert told["states"][0] == {
        "name": "noticing",
        "label": {"zh": "待送达告知书", "en": "Notice to be served"},
        "final": False,
        "waits_for": {
            "role": "inspector",
            "capacity": "lead",
            "label": {"zh": "执法人员（主办机关）", "en": "Inspector (lead authority)"},
        },
    }
    assert acts["ask"]["code"] == "X03"
    assert acts["ask"]["sources"] == ["told"]
    assert [who["role"] for who in acts["ask"]["recorded_by"]] == ["inspector"]
    assert acts["lapse"]["automatic"]
    assert deadlines["asking"]["due"] == {"term": "hearing_request"}
    assert deadlines["year_end"]["due"] == {"year_codes": ["Y-02", "Y-03"]}
    assert deadlines["summons_time"]["due"] == {
        "term_before": "hearing_notice_lead",
        "day": "heard_on",
    }
    assert deadlines["venue"]["due"] == {
        "earliest_of": [
            {"term": "hearing_report"},
            {"day": "venue_until"},
            {"year_codes": ["Y-01"]},
        ]
    }
    assert lifecycle_schema(Inspection)["deadlines"][0]["due"] == {"same_day_as": "parent"}


def test_the_statutory_basis_stands_beside_what_rests_on_it():
    acts = {act["name"]: act for act in lifecycle_schema(Investigation)["acts"]}

    assert acts["decide"]["basis"] == [
        {
            "source": "APL",
            "article": "57",
            "zh": "《行政处罚法》第五十七条",
            "en": "Administrative Penalty Law (2021), art. 57",
        }
    ]
    assert acts["decide"]["conditions"][0]["label"]["zh"] == "本案暂不能作出决定。"


def test_a_restricted_reason_is_told_to_nobody():
    assert "承办人不得" not in json.dumps(lifecycle_schema(Investigation), ensure_ascii=False)


@pytest.mark.parametrize("lifecycle", EVERY, ids=lambda lifecycle: lifecycle.key)
def test_every_lifecycle_is_told_whole_and_as_json(lifecycle):
    told: dict[str, Any] = json.loads(json.dumps(lifecycle_schema(lifecycle)))

    assert [state["name"] for state in told["states"]] == list(lifecycle.states)
    assert [act["name"] for act in told["acts"]] == list(lifecycle.transitions)
    assert [one["name"] for one in told["deadlines"]] == list(lifecycle.deadlines)
    assert {one["name"] for one in told["children"]} == set(lifecycle.children)
    assert {one["name"] for one in told["items"]} == set(lifecycle.items)
    assert {one["name"] for one in told["documents"]} == set(lifecycle.documents)


def test_a_branching_act_tells_every_destination():
    acts = {act["name"]: act for act in lifecycle_schema(Complaint)["acts"]}

    assert acts["assess"]["destinations"] == ["accepted", "transferred", "rejected"]
    assert acts["register"]["opens"]
    assert isinstance(Complaint.assess, Transition)
