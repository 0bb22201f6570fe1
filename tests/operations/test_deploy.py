"""The files an operator copies hold what they promise, and the program understands them."""

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from app.operations import production
from config import ROOT, Settings

DEPLOY = ROOT / "deploy"
SERVICES = ["tanjian.service", "tanjian-scheduler.service"]
SECRETS = {
    "DATABASE_URL": "postgresql://app:pw@db/tanjian",
    "TANJIAN_SECRET_KEY": "Zq3v-9xLw0_bT7yKfR2mC8sHdN4pJ6uE1gAaXo5i",
    "TANJIAN_METRICS_TOKEN": "token",
    "TANJIAN_SMTP_URL": "smtps://user:pw@mail.example.cn",
    "TANJIAN_OIDC_CLIENT_SECRET": "client-secret",
}


def environment(folder: Path) -> dict[str, str]:
    """The example, with its files where a test may write."""
    found = {}
    for line in (DEPLOY / "tanjian.env.example").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert name not in found
            found[name] = value
    for name, path in found.items():
        if name.endswith("_FILE"):
            secret = folder / Path(path).name
            secret.write_text(SECRETS[name.removesuffix("_FILE")])
            found[name] = str(secret)
        elif path.startswith("/var/lib/"):
            found[name] = str(folder / Path(path).name)
    return found


def test_the_example_is_understood_and_fit_for_production(tmp_path):
    given = environment(tmp_path)
    settings = Settings.from_env(given)
    assert settings.production
    assert list(production.of_settings(settings)) == []
    assert settings.metrics_token == "token"
    assert settings.mail_server is not None
    assert settings.database_url.startswith("postgresql+psycopg://")


def test_the_example_sets_nothing_the_program_does_not_read():
    read = (ROOT / "config.py").read_text(encoding="utf-8")
    for name in environment_names():
        assert f'"{name.removesuffix("_FILE")}"' in read, name


def environment_names():
    text = (DEPLOY / "tanjian.env.example").read_text(encoding="utf-8")
    return re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)


def test_the_example_holds_no_secret():
    text = (DEPLOY / "tanjian.env.example").read_text(encoding="utf-8")
    for name in SECRETS:
        assert re.search(rf"^{name}=", text, re.MULTILINE) is None
        assert re.search(rf"^{name}_FILE=", text, re.MULTILINE)


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    class Many(dict[str, Any]):
        def __setitem__(self, key, value):
            if isinstance(value, list) and key in self and isinstance(self[key], list):
                self[key].extend(value)
            else:
                super().__setitem__(key, value)

    parser = configparser.RawConfigParser(dict_type=Many, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEPLOY / name, encoding="utf-8")
    return {part: {k: v.split("\n") for k, v in parser[part].items()} for part in parser.sections()}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened(name):
    service = unit(name)["Service"]
    assert service["User"] == ["tanjian"]
    for option in (
        *("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "LockPersonality"),
        *("ProtectKernelModules", "ProtectKernelTunables", "RestrictNamespaces"),
    ):
        assert service[option] == ["yes"], option
    assert service["ProtectSystem"] == ["strict"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["UMask"] == ["0077"]
    assert service["StateDirectory"] == ["tanjian"]
    assert service["EnvironmentFile"] == ["/etc/tanjian/tanjian.env"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_writes_nowhere_else_than_the_example_says(name):
    text = (DEPLOY / "tanjian.env.example").read_text(encoding="utf-8")
    for path in re.findall(r"^TANJIAN_(?:INSTANCE|FILES|KEYS)=(.*)$", text, re.MULTILINE):
        assert Path(path).is_relative_to(f"/var/lib/{unit(name)['Service']['StateDirectory'][0]}")


def test_what_the_services_start_is_there(app):
    [pages] = unit(SERVICES[0])["Service"]["ExecStart"]
    words = shlex.split(pages)
    assert (Path(words[0]).name, words[-1]) == ("gunicorn", "wsgi:application")
    assert (ROOT / "wsgi.py").exists()
    [scheduler] = unit(SERVICES[1])["Service"]["ExecStart"]
    assert Path(shlex.split(scheduler)[0]).name == "flask"
    assert shlex.split(scheduler)[1] in app.cli.commands


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines()]  # type: ignore[misc]


def test_the_container_runs_as_nobody_special_and_says_whether_it_lives():
    said = instructions()
    names = [name for name, _ in said]
    last = len(names) - names[::-1].index("FROM")
    final = said[last:]
    assert ("USER", "tanjian") in final
    assert [name for name, _ in final].index("USER") < [name for name, _ in final].index("CMD")
    [check] = [words for name, words in final if name == "HEALTHCHECK"]
    assert "/healthz" in check
    assert any("TANJIAN_PRODUCTION=1" in words for name, words in final if name == "ENV")
    assert all(":latest" not in words for name, words in said if name == "FROM")


def test_the_container_is_built_from_what_is_there_and_takes_no_secret():
    for name, words in instructions():
        if name == "COPY" and not words.startswith("--from"):
            for source in words.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source not in {".", "instance", "tests"}
    assert any("--require-hashes" in words for name, words in instructions() if name == "RUN")
