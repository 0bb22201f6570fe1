"""What a password may be."""

from __future__ import annotations

import gzip

import pytest

from app.accounts import passwords
from app.demo.cast import PASSWORD
from app.engine.actors import Role
from tests import factories
from tests.browsers import signed_in

NAMES = ["zhaomin", "赵敏", "zhao.min@example.org", "zhao.min", "中卫市生态环境局"]


@pytest.mark.parametrize(
    "password",
    [
        factories.PASSWORD,
        PASSWORD,
        "沙坡头的秋天很长，风也很大",
        "seven words with blanks between all of them",
        "x7!k2" * 20,
        "ab" + "cdefg" * 25,
        "👩‍🔬 measures the wind",
        "zhaomin rides a tandem",
    ],
)
def test_length_and_any_characters_do(password):
    assert len(password) <= passwords.LONGEST
    assert passwords.fault(password, NAMES) is None
    assert passwords.matches(passwords.hashed(password), password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", passwords.SHORT),
        ("", passwords.SHORT),
        ("ﷺ", passwords.SHORT),
        ("x" * 129, passwords.LONG),
        ("aaaaaaaaaaaaaaaa", passwords.KNOWN),
        ("121212121212", passwords.KNOWN),
        ("qwertyuiop123", passwords.KNOWN),
        ("WoAiNi5201314", passwords.KNOWN),
        ("ｐａｓｓｗｏｒｄ１２３４", passwords.KNOWN),
        ("1234567890123", passwords.KNOWN),
        ("我爱你我爱你我爱你我爱你", passwords.KNOWN),
        ("zhaomin12345", passwords.OWN),
        ("ZHAOMINzhaomin", passwords.OWN),
        ("赵敏赵敏赵敏赵敏赵敏赵敏", passwords.OWN),
        ("中卫市生态环境局2026", passwords.OWN),
        ("zhao.min.2026", passwords.OWN),
    ],
)
def test_what_is_short_known_or_ones_own_name_is_refused(password, why):
    assert passwords.fault(password, NAMES) == why


def test_the_shipped_list_holds_what_it_says():
    lines = gzip.decompress(passwords.BREACHED.read_bytes()).decode().splitlines()
    assert len(lines) > 40_000
    assert lines == sorted(set(lines))
    assert all(passwords.SHORTEST <= len(one) <= passwords.LONGEST for one in lines)
    assert all(one == one.casefold() for one in lines)


def test_a_file_of_the_installation_counts_too(tmp_path):
    more = tmp_path / "breached.txt"
    more.write_bytes("\xff\nOur Old Wifi Password\r\n".encode("latin-1"))
    assert passwords.fault("our old wifi password") is None
    assert passwords.fault("our old wifi password", more=more) == passwords.KNOWN


def test_the_same_characters_match_however_they_are_composed():
    kept = passwords.hashed("Café de la Paix")
    assert passwords.matches(kept, "Cafe\u0301 de la Paix")
    assert not passwords.matches(kept, "Cafe de la Paix")


def test_without_a_hash_nothing_matches():
    assert not passwords.matches(None, "nobody signs in with this")
    assert not passwords.matches("", "")
    assert not passwords.matches("!unset", "nobody signs in with this")


def test_a_refusal_stands_beside_the_field(app, database):
    person = database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="zhaomin"))
    client = signed_in(app, database, person)
    refused = (("qwertyuiop123", passwords.KNOWN), ("zhaomin12345", passwords.OWN))
    for new, said in refused:
        answer = client.post(
            "/account/",
            data={"present": factories.PASSWORD, "password": new, "again": new},
        )
        assert answer.status_code == 422
        assert said.zh in answer.text
