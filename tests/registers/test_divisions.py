"""Administrative divisions: names, and which lie in which."""

import pytest

from app.accounts.models import Division
from app.registers import divisions
from app.registers.operations import load_divisions


def test_the_table_is_whole_and_every_place_lies_in_a_known_one():
    known = divisions.known()
    assert len(known) == 74
    assert all(place.parent_code in known for place in known.values() if place.parent_code)


@pytest.mark.parametrize(
    ("code", "jurisdiction", "expected"),
    [
        ("640502", "640500", True),
        ("640502401", "640502", True),
        ("640502401", "640500", True),
        ("640500", "640500", True),
        ("640381", "640500", False),
        ("640500", "640502", False),
        ("640381", "640000", True),
        ("640502", "640502401", False),
        ("640502", "", False),
    ],
)
def test_a_place_lies_in_its_county_its_city_and_its_region(code, jurisdiction, expected):
    assert divisions.is_within(code, jurisdiction) is expected


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("640502", "640502"),
        ("沙坡头区", "640502"),
        (" 中卫 工业园区 ", "640502401"),
        ("北京市", None),
        ("", None),
    ],
)
def test_a_place_is_known_by_code_or_name(typed, code):
    assert divisions.code_of(typed) == code


def test_within_a_city_stand_its_counties_and_parks():
    names = [place.name for place in divisions.within("640500")]
    assert names[0] == "中卫市"
    assert {"沙坡头区", "中宁县", "海原县", "中卫工业园区"} <= set(names)
    assert "青铜峡市" not in names


def test_loading_twice_changes_nothing(session):
    load_divisions(session)
    load_divisions(session)
    assert session.query(Division).count() == 74
