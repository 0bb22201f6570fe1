"""A lifecycle as a file for other programs, from its page and from the command line."""

from xml.etree import ElementTree as ET

import pytest

from app.engine.actors import Role
from app.engine.bpmn_xml import bpmn
from app.engine.pnml import pnml
from app.workflows.measure import Measure
from tests import factories


@pytest.mark.parametrize(("format_", "write"), [("bpmn", bpmn), ("pnml", pnml)])
def test_whoever_is_signed_in_downloads_a_lifecycle(database, sign_in, client, format_, write):
    address = f"/lifecycles/measure-1.{format_}"
    assert client.get(address).status_code == 303
    reader = sign_in(database.write(lambda s: factories.actor(s, Role.ENTERPRISE)))
    answer = reader.get(address)
    assert answer.get_data(as_text=True) == write(Measure)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=measure-1.{format_}"
    assert reader.get(f"/lifecycles/measure-9.{format_}").status_code == 404
    assert reader.get("/lifecycles/measure-1.svg").status_code == 404


def test_the_command_writes_what_is_named_or_all(app, tmp_path):
    run = app.test_cli_runner().invoke
    one = run(args=["lifecycle", "export", "measure", "--format", "pnml", "--out", f"{tmp_path}/a"])
    assert one.exit_code == 0, one.output
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["measure.pnml"]
    assert run(args=["lifecycle", "export", "--out", f"{tmp_path}/b"]).exit_code == 0
    written = sorted((tmp_path / "b").iterdir())
    assert len(written) == 12
    for path in written:
        assert ET.parse(path).getroot().tag.endswith("definitions")
