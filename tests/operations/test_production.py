"""What a program set to production refuses to serve."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from app import create_app, db
from app.demo.cast import assemble
from app.operations import production
from config import OpenID, Settings
from tests.times import NOW

KEY = "Zq3v-9xLw0_bT7yKfR2mC8sHdN4pJ6uE1gAaXo5i"


def settings(folder: Path, **changed) -> Settings:
    fit = Settings(
        database_url=f"sqlite:///{folder}/x.sqlite",
        secret_key=KEY,
        files=folder / "files",
        production=True,
        https=True,
        hosts=("case.example.cn",),
        base_url="https://case.example.cn",
    )
    return replace(fit, **changed)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "demo": ({"demo": True}, "TANJIAN_DEMO"),
    "short key": ({"secret_key": KEY[:31]}, "TANJIAN_SECRET_KEY"),
    "dull key": ({"secret_key": "change-" * 8}, "TANJIAN_SECRET_KEY"),
    "plain": ({"https": False}, "TANJIAN_HTTPS"),
    "plain links": ({"base_url": "http://case.example.cn"}, "TANJIAN_URL"),
    "any name": ({"hosts": ()}, "TANJIAN_HOSTS"),
    "open provider": (
        {"oidc": OpenID("http://login.example.cn", "id", "secret", "One")},
        "TANJIAN_OIDC_ISSUER",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_each_fault_alone_is_found_alone(tmp_path, name):
    changed, variable = BAD[name]
    [fault] = production.of_settings(settings(tmp_path, **changed))
    assert fault.startswith(variable)


def test_nothing_is_found_in_settings_that_are_fit(tmp_path):
    assert list(production.of_settings(settings(tmp_path))) == []
    assert list(production.of_settings(settings(tmp_path), debug=True)) == [
        "FLASK_DEBUG lets a page run any code: unset it"
    ]


def test_it_names_all_faults_at_once_and_serves_nothing(tmp_path):
    unfit = settings(tmp_path, demo=True, secret_key="dev", https=False, hosts=())
    with pytest.raises(production.NotForProduction) as refused:
        create_app(unfit)
    for variable in ("TANJIAN_DEMO", "TANJIAN_SECRET_KEY", "TANJIAN_HTTPS", "TANJIAN_HOSTS"):
        assert variable in str(refused.value)
    assert "dev" not in str(refused.value).split("python3")[0].split("TANJIAN_SECRET_KEY")[1]


def test_without_the_switch_the_same_is_served(tmp_path):
    unfit = settings(tmp_path, demo=True, secret_key="dev", production=False)
    create_app(unfit).extensions[db.EXTENSION].dispose()


def test_a_command_may_mend_it_but_the_server_of_flask_is_refused(tmp_path):
    unfit = settings(tmp_path, demo=True)
    with click.Context(click.Command("flask"), info_name="flask"):
        create_app(unfit).extensions[db.EXTENSION].dispose()
    with (
        click.Context(click.Command("run"), info_name="run"),
        pytest.raises(production.NotForProduction),
    ):
        create_app(unfit)


def test_the_people_of_the_demonstration_are_found(database):
    assert production.of_database(database) == []
    database.write(lambda session: assemble(session, now=NOW, cycle_years=(2026,)))
    [fault] = production.of_database(database)
    assert "accounts of the demonstration" in fault
