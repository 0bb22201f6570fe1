"""The picture of a lifecycle: complete, legible, without anything a strict browser refuses."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from app.engine import diagram, strokes
from app.engine.actors import LEADER
from app.engine.definition import ANY, OPENING, Lifecycle, State, Transition
from app.engine.diagram import STYLESHEET, mermaid, svg
from app.workflows import LIFECYCLES
from tests.lifecycles import FIXTURES
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.hearing import Hearing


class Wide(Lifecycle):
    """A procedure that another authority may stop or take away at any time."""

    key = "sample_wide"
    zh, en = "可被终止的流程", "A procedure that may be stopped"

    first = State("一", "First")
    second = State("二", "Second")
    third = State("三", "Third")
    fourth = State("四", "Fourth")
    ended = State("结束", "Ended", final=True)

    begin = Transition("开始", "Begin", code="X1", sources=OPENING, to=first, by=[LEADER])
    go_on = Transition("继续", "Go on", code="X2", sources=[first], to=second, by=[LEADER])
    skip = Transition("跳过", "Skip", code="X3", sources=[first, second], to=third, by=[LEADER])
    go_back = Transition("退回", "Go back", code="X4", sources=[second], to=first, by=[LEADER])
    finish = Transition("完成", "Finish", code="X5", sources=[third], to=fourth, by=[LEADER])
    end = Transition("结束", "End", code="X6", sources=[fourth], to=ended, by=[LEADER])
    stop = Transition("终止", "Stop", code="X7", sources=ANY, to=ended, by=[LEADER], received=True)
    take = Transition("提级", "Take", code="X8", sources=ANY, to=ended, by=[LEADER], received=True)
    cede = Transition("移交", "Cede", code="X9", sources=ANY, to=ended, by=[LEADER], received=True)


BOTH = pytest.mark.parametrize("locale", ["zh", "en"])
EVERY: list[type[Lifecycle]] = [*FIXTURES, *LIFECYCLES.values(), Wide]
EACH = pytest.mark.parametrize("lifecycle", EVERY, ids=lambda lifecycle: lifecycle.key)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(picture: str) -> ET.Element:
    return ET.fromstring(picture)


def classes(root: ET.Element) -> dict[str, str]:
    """The classes of each state that is drawn."""
    return {
        group.attrib["data-state"]: group.attrib["class"]
        for group in root.iter(f"{SVG}g")
        if "data-state" in group.attrib
    }


@EACH
@BOTH
def test_every_state_is_drawn_once_with_its_label(lifecycle, locale):
    root = drawn(svg(lifecycle, locale=locale))
    names = [g.attrib["data-state"] for g in root.iter(f"{SVG}g") if "data-state" in g.attrib]

    assert sorted(names) == sorted(lifecycle.states)
    for group in root.iter(f"{SVG}g"):
        if "data-state" in group.attrib:
            text = "".join(t.text or "" for t in group.iter(f"{SVG}text"))
            label = lifecycle.states[group.attrib["data-state"]].label.text(locale)
            assert text.replace(" ", "") == label.replace(" ", "")


@EACH
def test_every_code_is_told_on_an_edge_or_in_the_description(lifecycle):
    root = drawn(svg(lifecycle))
    titles = "\n".join(title.text or "" for title in root.iter(f"{SVG}title"))
    description = root.findtext(f"{SVG}desc") or ""

    for transition in lifecycle.transitions.values():
        where = description if transition.is_act else titles
        assert f"{transition.code} {transition.zh}" in where


@EACH
@BOTH
def test_no_box_lies_on_another_and_no_line_crosses_a_box(lifecycle, locale):
    layout = diagram._Picture(lifecycle, locale).layout
    boxes = {
        node: (
            node.x - node.width / 2,
            layout.middle(node) - node.height / 2,
            node.x + node.width / 2,
            layout.middle(node) + node.height / 2,
        )
        for node in layout.nodes
    }
    for (left1, top1, right1, bottom1), (left2, top2, right2, bottom2) in combinations(
        boxes.values(), 2
    ):
        assert right1 <= left2 or right2 <= left1 or bottom1 <= top2 or bottom2 <= top1
    for edge in layout.edges:
        for (x1, y1), (x2, y2) in zip(edge.points, edge.points[1:], strict=False):
            assert x1 == x2 or y1 == y2
            for left, top, right, bottom in boxes.values():
                outside = max(x1, x2) <= left or min(x1, x2) >= right
                assert outside or max(y1, y2) <= top or min(y1, y2) >= bottom


@EACH
@BOTH
def test_no_two_lines_lie_on_one_another(lifecycle, locale):
    layout = diagram._Picture(lifecycle, locale).layout
    level = [
        (y1, *sorted((x1, x2)))
        for edge in layout.edges
        for (x1, y1), (x2, y2) in zip(edge.points, edge.points[1:], strict=False)
        if y1 == y2
    ]

    for (y1, low1, high1), (y2, low2, high2) in combinations(level, 2):
        assert y1 != y2 or high1 < low2 or high2 < low1


@EACH
@BOTH
def test_the_picture_is_tall_rather_than_wide(lifecycle, locale):
    root = drawn(svg(lifecycle, locale=locale))
    _, _, width, height = map(float, root.attrib["viewBox"].split())

    assert width <= 1100, "wider than the page"
    assert height > width or len(lifecycle.states) < 9


@EACH
def test_nothing_in_it_needs_inline_style_script_or_another_host(lifecycle):
    picture = svg(lifecycle, current=next(iter(lifecycle.states)))
    root = drawn(picture)

    for element in root.iter():
        assert element.tag in {
            SVG + t for t in ("svg", "title", "desc", "g", "rect", "circle", "path", "text")
        }
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]
    assert re.findall(r"https?://[^\"]+", picture) == ["http://www.w3.org/2000/svg"]
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert ids == [f"{lifecycle.key}-title", f"{lifecycle.key}-desc"]
    assert root.attrib["role"] == "img"


@EACH
def test_the_main_way_runs_straight_down_the_middle(lifecycle):
    layout = diagram._Picture(lifecycle, "zh").layout

    assert {node.x for node in layout.spine} == {0.0}
    assert layout.spine[0] is layout.start
    assert layout.spine[1].key == lifecycle.opening().destinations[0].name
    assert lifecycle.states[layout.spine[-1].key].final


def test_the_way_of_a_case_is_shown():
    picture = svg(
        Complaint,
        current="accepted",
        visited=["received", "accepted", "drafted"],
        taken=[("received", "accepted"), ("accepted", "drafted"), ("drafted", "accepted")],
    )

    found = classes(drawn(picture))
    assert found["accepted"] == "state current"
    assert found["received"] == "state done"
    assert found["drafted"] == "state done"
    assert found["answered"] == "state todo final"
    assert len(re.findall(r'class="edge( back)? taken"', picture)) == 4
    assert 'class="edge back taken"' in picture
    assert picture.count(">✓<") == 2
    assert picture.count(">▶<") == 1
    assert "当前环节：已受理" in picture


def test_a_case_that_ended_stands_in_a_final_state():
    found = classes(drawn(svg(Complaint, current="answered", visited=["received", "answered"])))

    assert found["answered"] == "state current final"


def test_a_picture_of_no_case_shows_no_way():
    picture = svg(Complaint)

    assert "taken" not in picture
    assert "current" not in picture
    assert "当前环节" not in picture


def test_acts_that_move_nothing_are_told_in_words():
    assert "不改变环节的操作：X07 记录" in svg(Complaint)
    assert "Acts that do not change the state: X07 Note" in svg(Complaint, locale="en")


def test_a_wide_set_of_states_is_one_pill_and_a_narrow_one_single_lines():
    hearing, complaint = svg(Hearing), svg(Complaint)

    assert hearing.count('class="pill-name"') == 1
    assert ">任一未结环节<" in hearing
    assert "pill-name" not in complaint


def test_ways_between_the_same_ends_are_one_line_with_their_codes():
    picture = svg(Wide, taken=[("second", "ended")])

    assert picture.count(">任一环节<") == 1
    assert ">X7/X8…<" in picture
    assert "X7 终止\nX8 提级\nX9 移交</title>" in picture
    assert picture.count('class="edge taken"') == 1


def test_a_picture_that_stands_alone_brings_its_looks():
    assert "<style>" in svg(Complaint, standalone=True)
    assert "<style>" not in svg(Complaint)


def test_every_class_has_a_look():
    used = {
        name
        for lifecycle in EVERY
        for found in re.findall(
            r'class="([^"]+)"',
            svg(lifecycle, current=next(iter(lifecycle.states)), visited=lifecycle.states),
        )
        for name in found.split()
    }
    styled = set(re.findall(r"\.([a-z-]+)", STYLESHEET))

    assert used - styled == {"edge", "state", "final", "set"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("已报送", ("已报送",)),
        ("复查意见已下发，待修改", ("复查意见已下发，", "待修改")),
        ("一二三四五六七八九十一二三", ("一二三四五六七", "八九十一二三")),
        ("On-site visit in progress", ("On-site visit", "in progress")),
        ("Waiting、（again）", ("Waiting、", "（again）")),
    ],
)
def test_long_labels_are_broken_where_a_reader_would(text, lines):
    assert strokes.wrapped(text, 9.0) == lines


# Mermaid ------------------------------------------------------------------------------------------


def test_mermaid_tells_states_moves_and_ends():
    text = mermaid(Complaint)

    assert text.startswith("stateDiagram-v2\n    direction TB\n")
    assert '    state "已收到" as received\n' in text
    assert "    [*] --> received: X01 登记\n" in text
    assert "    received --> transferred: X02 审查受理\n" in text
    assert "    answered --> [*]\n" in text
    assert "X07" not in text


@EACH
@BOTH
def test_mermaid_has_a_line_for_every_move(lifecycle, locale):
    lines = mermaid(lifecycle, locale).splitlines()
    moves = sum(
        max(len(t.source_names), int(t.opens)) * len(set(t.destinations))
        for t in lifecycle.transitions.values()
    )
    finals = sum(state.final for state in lifecycle.states.values())

    assert sum(" --> " in line for line in lines) == moves + finals
    assert sum(" as " in line for line in lines) == len(lifecycle.states)


def test_mermaid_text_holds_nothing_that_ends_a_label():
    assert diagram._mermaid_text('a: "b"; #c') == "a： ”b”； ＃c"
