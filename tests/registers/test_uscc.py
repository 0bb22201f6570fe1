"""The unified social credit code (GB 32100-2015)."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.registers import uscc
from app.registers.uscc import ALPHABET, Fault, check, check_character
from config import ROOT

SAMPLES = ROOT / "tests" / "data" / "uscc_samples.csv"


def samples():
    with SAMPLES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_there_are_as_many_samples_as_published():
    assert len(samples()) == 63


@pytest.mark.parametrize("row", samples(), ids=lambda row: row["code"])
def test_every_published_sample_is_judged_as_published(row):
    finding = check(row["code"])
    assert finding.is_valid == (row["expected"] != "invalid")
    assert finding.altered == (row["expected"] == "valid after removing spaces")
    assert (finding.label is None) == (finding.is_valid and not finding.altered)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", Fault.LENGTH),
        ("9111000060003734", Fault.LENGTH),
        ("91110000600037341L0", Fault.LENGTH),
        ("9I110000600037341L", Fault.CHARACTER),
        ("B1110000600037341L", Fault.AUTHORITY),
        ("911100A0600037341L", Fault.DIVISION),
        ("91110000600037341N", Fault.CHECK),
    ],
)
def test_the_first_fault_is_named(code, fault):
    finding = check(code)
    assert finding.fault is fault
    assert finding.label is not None
    assert finding.label.zh
    assert finding.label.en


def test_a_wrong_code_is_told_and_never_mended():
    finding = check("91110000600037341N")
    assert finding.code == "91110000600037341N"
    assert finding.label is not None
    assert "L" in finding.label.zh


def test_full_width_and_small_letters_are_understood_and_told():
    finding = check("９１１１００００ 600037341l")
    assert (finding.code, finding.altered, finding.is_valid) == ("91110000600037341L", True, True)


first = st.builds(
    lambda authority, kind, division, rest: authority + kind + division + rest,
    st.sampled_from("159Y"),
    st.sampled_from("1239"),
    st.integers(100000, 999999).map(str),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@given(first)
def test_a_code_closed_by_its_check_character_holds(code):
    assert check(code + check_character(code)).is_valid


@given(first, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_no_single_slip_goes_unnoticed(code, place, other):
    right = code + check_character(code)
    wrong = right[:place] + other + right[place + 1 :]
    assert check(wrong).is_valid == (wrong == right)


@given(first, st.integers(0, 16))
def test_no_two_neighbours_change_places_unnoticed(code, place):
    right = code + check_character(code)
    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert check(wrong).is_valid == (wrong == right)


@given(st.text(max_size=30))
def test_anything_typed_gets_an_answer(typed):
    finding = check(typed)
    assert finding.is_valid or finding.label


def test_the_division_stands_in_the_code():
    assert uscc.division_of("91640502MA00000193") == "640502"
