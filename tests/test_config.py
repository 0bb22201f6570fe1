import stat
from datetime import timedelta

import pytest

from config import BadSetting, MailServer, Settings


def read(tmp_path, **env):
    return Settings.from_env({"TANJIAN_INSTANCE": str(tmp_path / "own"), **env})


def test_a_single_computer_needs_no_setting(tmp_path):
    settings = read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/own/tanjian.sqlite"
    assert settings.files == tmp_path / "own" / "files"
    assert (settings.port, settings.demo, settings.https) == (8000, False, False)
    assert settings.session_idle == timedelta(hours=8)


def test_the_secret_key_is_made_once_and_read_by_its_owner_only(tmp_path):
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 48
    kept = tmp_path / "own" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]
    assert first.secret_key not in repr(first)


def test_a_given_secret_key_is_not_written_down(tmp_path):
    assert read(tmp_path, TANJIAN_SECRET_KEY="given").secret_key == "given"
    assert not (tmp_path / "own" / "secret_key").exists()


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////a/b", "sqlite:////a/b"),
    ],
)
def test_the_driver_of_postgresql_need_not_be_named(tmp_path, url, used):
    assert read(tmp_path, DATABASE_URL=url).database_url == used


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "-1"),
        ("TANJIAN_DEMO", "perhaps"),
        ("TANJIAN_SMTP_URL", "mail.example.org"),
        ("TANJIAN_SMTP_URL", "smtp://mail.example.org:many"),
        ("TANJIAN_MAIL_FROM", "nobody"),
        ("TANJIAN_URL", "tanjian.example.org"),
    ],
)
def test_a_setting_that_cannot_be_understood_is_named(tmp_path, name, value):
    with pytest.raises(BadSetting, match=name):
        read(tmp_path, **{name: value})


def test_switches_and_limits_are_read(tmp_path):
    settings = read(
        tmp_path,
        PORT="9000",
        TANJIAN_DEMO="1",
        TANJIAN_HTTPS="no",
        TANJIAN_MAX_UPLOAD_MB="5",
        TANJIAN_TRUSTED_PROXIES="2",
    )
    assert (settings.port, settings.demo, settings.https) == (9000, True, False)
    assert settings.max_upload_bytes == 5 * 1024 * 1024
    assert settings.trusted_proxies == 2


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", None),
        ("smtp://mail.example.org", MailServer("mail.example.org", 25)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, tls=True)),
        (
            "smtp://tan%40jian:p%3Ass@mail.example.org:587?starttls=1",
            MailServer("mail.example.org", 587, "tan@jian", "p:ss", starttls=True),
        ),
    ],
)
def test_mail_goes_where_the_address_says(tmp_path, url, server):
    settings = read(
        tmp_path,
        TANJIAN_SMTP_URL=url,
        TANJIAN_MAIL_FROM="tanjian@example.org",
        TANJIAN_URL="https://tanjian.example.org/",
    )
    assert settings.mail_server == server
    assert settings.base_url == "https://tanjian.example.org"
    assert "p:ss" not in repr(settings)


def test_mail_needs_a_sender(tmp_path):
    with pytest.raises(BadSetting, match="TANJIAN_MAIL_FROM"):
        read(tmp_path, TANJIAN_SMTP_URL="smtp://mail.example.org")


def test_a_faulty_address_is_not_repeated_with_its_password(tmp_path):
    with pytest.raises(BadSetting) as refused:
        read(tmp_path, TANJIAN_SMTP_URL="mail://me:secret@mail.example.org")
    assert "secret" not in str(refused.value)
