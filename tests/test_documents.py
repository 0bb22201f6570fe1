"""What the documentation claims is run."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from app.engine.definition import Lifecycle
from app.engine.diagram import mermaid
from app.workflows import LIFECYCLES

ROOT = Path(__file__).parents[1]


def worked_example() -> type[Lifecycle]:
    """The lifecycle written out in docs/lifecycles.md."""
    page = (ROOT / "docs/lifecycles.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    module = ModuleType("worked_example")
    exec(compile(code, "docs/lifecycles.md", "exec"), vars(module))
    exemption: type[Lifecycle] = module.Exemption
    return exemption


def test_the_worked_example_is_a_sound_lifecycle():
    exemption = worked_example()
    assert list(exemption.states) == ["drafted", "applied", "examined", "granted", "refused"]
    assert exemption.timers == {"consent_by_silence"}
    assert "stateDiagram-v2" in mermaid(exemption)


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"])
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} points to {target}"


@pytest.mark.parametrize("key", sorted(LIFECYCLES))
def test_drawn_lifecycles_are_up_to_date(key):
    from app.engine.bpmn_xml import bpmn
    from app.engine.diagram import svg

    folder = ROOT / "docs/workflows"
    one = LIFECYCLES[key]
    drawn = {"svg": svg(one, standalone=True), "mmd": mermaid(one), "bpmn": bpmn(one)}
    for suffix, text in drawn.items():
        kept = (folder / f"{key}.{suffix}").read_text(encoding="utf-8")
        assert kept.strip() == text.strip(), "run `make docs`"
