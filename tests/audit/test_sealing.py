"""Sealed values: encrypted with their salts, verified all the same, moved from key to key."""

import json
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app import db, vault
from app.assurance.exports import CannotUnmask, PrivateValues
from app.audit import chain, rewrapping, sealing, verification
from app.audit.faults import FaultKind
from app.audit.models import AuditEntry, PrivateValue, ValueKey
from app.cases import resealing
from app.cases.opening import Opening, open_case
from app.db import Database, new_id
from app.engine.actors import Role
from app.law.terms import shipped_law
from tests import factories
from tests.cases.test_restricted import PHONE, REPORTER, Tip
from tests.times import NOW
from tests.town import registered

TYPED = {"facts": "数值不实", "phone": PHONE, "reporter": REPORTER}


@dataclass
class Safe:
    """A database whose vault is the test's own, and a case with a sealed value."""

    database: Database
    keyless: Database
    """The same database on a host that has no vault."""
    case_id: object = None

    @property
    def path(self) -> Path:
        assert self.database.keys is not None
        return self.database.keys

    def log(self) -> object:
        """Open a case with one personal and one sealed value; return its id."""

        def begin(session):
            bureau, unit = factories.organisation(session), factories.unit(session)
            actor = factories.actor(session, Role.SUPERVISOR, at=bureau)
            opening = Opening(
                lifecycle=Tip, authority_id=bureau.id, authority_name=bureau.name,
                subject_id=unit.id, subject_name=unit.name, division=unit.division,
                cycle_year=2026,
            )  # fmt: skip
            return open_case(
                session, opening, actor=actor, inputs=TYPED, now=NOW, law=shipped_law()
            ).case_id

        with registered(Tip):
            return self.database.write(begin)

    def rows(self):
        """What stands in the table, by name of the input."""
        query = select(PrivateValue).where(PrivateValue.chain_id == self.case_id)
        with self.database.read() as session:
            return {row.name: row for row in session.scalars(query)}

    def opened(self, database=None):
        with (database or self.database).read() as session:
            found = sealing.opened(session, PrivateValue.chain_id == self.case_id)
        return {name: one for (_, name), one in found.items()}

    def read(self):
        """Every reporter there is, as anybody with the keys reads them."""
        with self.database.read() as session:
            query = select(PrivateValue.chain_id).where(PrivateValue.name == "reporter")
            told = [
                sealing.opened(session, PrivateValue.chain_id == case_id)[0, "reporter"]
                for case_id in session.scalars(query)
            ]
        return [getattr(one, "text", one) for one in told]

    def verified(self, database=None):
        return verification.verify(database or self.database, NOW, jobs=1)

    def sql(self, statement):
        with self.database.engine.begin() as connection:
            connection.execute(statement)


@pytest.fixture
def safe(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    path = tmp_path / "keys" / "identity.keys"
    vault.make(path)
    own = Database(url, keys=path, busy_timeout_ms=50)
    made = Safe(own, Database(url, keys=tmp_path / "elsewhere.keys"))
    made.case_id = made.log()
    yield made
    own.dispose()
    made.keyless.dispose()


# At rest -------------------------------------------------------------------------------------------


def test_a_sealed_value_stands_encrypted_and_a_personal_one_as_it_was(safe):
    rows = safe.rows()
    assert json.loads(rows["phone"].value) == PHONE
    assert rows["reporter"].salt == sealing.SALT
    assert REPORTER not in rows["reporter"].value
    with safe.database.read() as session:
        [key] = session.scalars(select(ValueKey))
        entry = session.scalars(select(AuditEntry).where(AuditEntry.chain_id == safe.case_id)).one()
    assert key.value_id == rows["reporter"].id
    assert key.key_id == vault.load(safe.path).newest

    found = safe.opened()
    assert {name: json.loads(one.text) for name, one in found.items()} == {
        "phone": PHONE, "reporter": REPORTER,
    }  # fmt: skip
    commitments = json.loads(entry.body)["commitments"]
    assert {n: chain.committed(one.salt, one.text) for n, one in found.items()} == commitments


def test_a_short_value_cannot_be_found_by_trying(safe):
    """The salt of its commitment is nowhere in the open."""
    salt = safe.opened()["reporter"].salt
    assert len(salt) == sealing.SALT_DIGITS
    with safe.database.read() as session:
        for row in session.scalars(select(PrivateValue)):
            assert salt not in (row.salt, row.value)


def test_each_value_has_a_key_of_its_own(safe):
    safe.log()
    with safe.database.read() as session:
        keeper = vault.load(safe.path)
        keys = [
            keeper.open(vault.Sealed(row.key_id, row.wrapped))
            for row in session.scalars(select(ValueKey))
        ]
    assert len(set(keys)) == 2


def test_without_keys_nothing_is_sealed_and_nothing_written(safe):
    safe.path.unlink()
    with pytest.raises(vault.NoVault):
        safe.log()
    with safe.database.read() as session:
        assert len(session.scalars(select(PrivateValue)).all()) == 2


def test_what_an_earlier_release_kept_in_the_open_is_sealed_once(safe, flask):
    """And what is personal stays as it is; both still match the entry."""
    plain = safe.opened()["reporter"]
    keyless(safe)
    row = {"salt": plain.salt, "value": plain.text}
    own = safe.rows()["reporter"]
    safe.sql(delete(PrivateValue).where(PrivateValue.id == own.id))
    names = ("id", "chain_id", "seq", "name")
    safe.sql(chain.INSERT_VALUES.values(**{n: getattr(own, n) for n in names}, **row))
    assert safe.rows()["reporter"].salt == plain.salt
    with registered(Tip):
        done = flask("vault", "seal")
        assert done.exit_code == 0, done.output
        assert " 1 " in done.output
        assert resealing.seal_older(safe.database) == 0
    rows = safe.rows()
    assert rows["reporter"].salt == sealing.SALT
    assert REPORTER not in rows["reporter"].value
    assert safe.opened()["reporter"] == plain
    assert json.loads(rows["phone"].value) == PHONE
    assert safe.verified().faults == []


# Verified ------------------------------------------------------------------------------------------


def test_verification_opens_what_is_sealed(safe):
    found = safe.verified()
    assert (found.faults, found.unopened) == ([], 0)


def test_a_host_without_the_keys_says_how_much_it_did_not_compare(safe):
    found = safe.verified(safe.keyless)
    assert (found.faults, found.unopened) == ([], 1)
    one = safe.opened(safe.keyless)["reporter"]
    assert one == sealing.Unopened(vault.load(safe.path).newest)
    assert vault.load(safe.path).newest in one.label.en


def swapped(safe):
    """Put the key of another value in its place, which opens with a key of the vault too."""
    safe.log()
    with safe.database.read() as session:
        other = session.scalars(
            select(PrivateValue).where(
                PrivateValue.name == "reporter", PrivateValue.chain_id != safe.case_id
            )
        ).one()
        key = session.get_one(ValueKey, other.id)
    own = safe.rows()["reporter"]
    safe.sql(update(ValueKey).where(ValueKey.value_id == own.id).values(wrapped=key.wrapped))


def keyless(safe):
    own = safe.rows()["reporter"]
    safe.sql(delete(ValueKey).where(ValueKey.value_id == own.id))


def forged(safe):
    """Put a value one likes, sealed as it should be, into the place of the one committed to."""
    own = safe.rows()["reporter"]
    row = {"id": own.id, "name": "reporter", "salt": "0" * 32, "value": '"别人"'}

    def work(session):
        [key] = sealing.seal(session, [row], {"reporter"})
        session.execute(delete(ValueKey).where(ValueKey.value_id == own.id))
        session.execute(delete(PrivateValue).where(PrivateValue.id == own.id))
        session.execute(chain.INSERT_VALUES, {**row, "chain_id": own.chain_id, "seq": own.seq})
        session.execute(sealing.INSERT_KEYS, key)

    safe.database.write(work)


@pytest.mark.parametrize("tamper", [swapped, keyless, forged])
def test_a_sealed_value_that_was_altered_is_named(safe, tamper):
    tamper(safe)
    found = safe.verified()
    assert [(fault.kind, fault.chain_id) for fault in found.faults] == [
        (FaultKind.VALUE, safe.case_id)
    ]
    assert found.unopened == 0
    if tamper is not forged:
        assert safe.opened()["reporter"] == sealing.Unopened("")


def test_a_value_destroyed_with_its_key_leaves_the_chain_whole(safe):
    own = safe.rows()["reporter"]

    def destroy(session):
        session.execute(delete(ValueKey).where(ValueKey.value_id == own.id))
        blank = update(PrivateValue).where(PrivateValue.id == own.id)
        session.execute(blank.values(salt="", value=""))

    safe.database.write(destroy)
    assert set(safe.opened()) == {"phone"}
    found = safe.verified()
    assert (found.faults, found.destroyed) == ([], 1)


def test_an_export_gives_the_value_away_or_says_which_key_is_missing(safe):
    def given(database):
        query = select(AuditEntry).where(AuditEntry.chain_id == safe.case_id)
        with database.read() as session:
            private = PrivateValues(session, masked=False)
            return private.of(safe.case_id, session.scalars(query).all())[0]

    assert given(safe.database).value("reporter") == REPORTER
    with pytest.raises(CannotUnmask, match=vault.load(safe.path).newest):
        given(safe.keyless)


# The vault -----------------------------------------------------------------------------------------


def test_a_vault_is_made_once_for_its_owner_and_never_in_the_place_of_a_lost_one(safe):
    kept = safe.path.read_text()
    sealing.prepare(safe.database)
    assert safe.path.read_text() == kept
    lost = vault.load(safe.path).newest
    safe.path.unlink()
    with pytest.raises(sealing.KeysMissing, match=lost):
        sealing.prepare(safe.database)
    assert not safe.path.exists()
    vault.make(safe.path)
    with pytest.raises(sealing.KeysMissing, match=lost):
        sealing.prepare(safe.database)


@pytest.fixture
def flask(app, safe, monkeypatch):
    """Run ``flask …`` on that database."""
    monkeypatch.setitem(app.extensions, db.EXTENSION, safe.database)
    return lambda *words: app.test_cli_runner().invoke(args=words)


def test_the_upgrade_of_an_empty_database_makes_it(safe, flask):
    safe.sql(delete(ValueKey))
    safe.path.unlink()
    assert flask("db", "upgrade").exit_code == 0
    assert len(vault.load(safe.path).ids) == 1
    assert stat.S_IMODE(safe.path.stat().st_mode) == 0o600


def test_the_upgrade_fails_naming_the_key_that_is_lost(safe, flask):
    lost = vault.load(safe.path).newest
    safe.path.unlink()
    for words in (("db", "upgrade"), ("vault", "make")):
        done = flask(*words)
        assert done.exit_code == 1
        assert lost in done.output
    assert not safe.path.exists()


def test_status_says_what_hangs_on_which_key(safe, flask):
    key = vault.load(safe.path).newest
    done = flask("vault", "status")
    assert done.exit_code == 0
    assert f"{key}: 1 " in done.output
    safe.path.chmod(0o644)
    assert "chmod 600" in flask("vault", "status").output
    safe.path.unlink()
    vault.make(safe.path)
    done = flask("vault", "status")
    assert done.exit_code == 1
    assert key in done.output.splitlines()[-1]


# Rotation ------------------------------------------------------------------------------------------


def entered(safe):
    query = select(AuditEntry.body).where(AuditEntry.trigger == rewrapping.TRIGGER)
    with safe.database.read() as session:
        return [json.loads(body)["details"] for body in session.scalars(query)]


def test_a_new_key_follows_and_the_values_stay(safe, flask):
    safe.log()
    before, old = safe.rows()["reporter"].value, vault.load(safe.path).newest
    done = flask("vault", "rotate")
    assert done.exit_code == 0, done.output
    [new] = vault.load(safe.path).ids
    assert new != old
    assert new in done.output
    assert safe.rows()["reporter"].value == before
    assert safe.read() == [f'"{REPORTER}"'] * 2
    assert entered(safe) == [{"vault": "identity", "old": [old], "new": new, "values": 2}]
    assert safe.verified().faults == []


class Crashed(Exception):
    pass


@pytest.mark.parametrize("at", ["_wrap_some", "report", "_record", "_drop"])
def test_whatever_cuts_a_rotation_off_every_value_opens_and_the_next_one_completes_it(
    safe, monkeypatch, at
):
    safe.log()
    monkeypatch.setattr(rewrapping, "BATCH", 1)
    old = vault.load(safe.path).newest

    def crash(*_args):
        raise Crashed

    report = crash if at == "report" else lambda *_args: None
    with monkeypatch.context() as patch, pytest.raises(Crashed):  # noqa: PT012 - the patch ends too
        patch.setattr(rewrapping, at, crash, raising=False)
        rewrapping.rotate(safe.database, safe.path, NOW, report)
    new, *others = vault.load(safe.path).ids
    assert others == [old]
    assert safe.read() == [f'"{REPORTER}"'] * 2

    assert rewrapping.rotate(safe.database, safe.path, NOW).new == new
    assert vault.load(safe.path).ids == [new]
    assert safe.read() == [f'"{REPORTER}"'] * 2
    with safe.database.read() as session:
        assert rewrapping.counts(session) == {new: 2}


def test_a_rotation_is_refused_where_a_key_is_lost(safe):
    lost = vault.load(safe.path).newest
    safe.path.unlink()
    other = vault.make(safe.path).ids
    with pytest.raises(sealing.KeysMissing, match=lost):
        rewrapping.rotate(safe.database, safe.path, NOW)
    assert vault.load(safe.path).ids == other


def test_whoever_seals_takes_the_key_there_is_now(safe):
    row = {"id": new_id(), "name": "reporter", "salt": "0" * 32, "value": '"甲"'}

    def seal_after_reading(session):
        sealing.Opener(session)
        vault.rotate(safe.path)
        vault.drop_old(safe.path)
        return sealing.seal(session, [row], {"reporter"})

    [key] = safe.database.write(seal_after_reading)
    assert key["key_id"] == vault.load(safe.path).newest


def test_no_key_goes_while_somebody_seals_with_it(safe):
    """Whoever has the old key in hand holds the rotation off until their value is there."""
    row = {
        "id": new_id(), "chain_id": new_id(), "seq": 0, "name": "reporter", "salt": "0" * 32,
        "value": f'"{REPORTER}"',
    }  # fmt: skip
    with safe.database.sessions() as sealer:
        sealer.execute(select(PrivateValue.id).limit(1))  # on SQLite: the writer it is
        keys = sealing.seal(sealer, [row], {"reporter"})
        with pytest.raises(DBAPIError):
            rewrapping.rotate(safe.database, safe.path, NOW)
        sealer.execute(chain.INSERT_VALUES, row)
        sealer.execute(sealing.INSERT_KEYS, keys)
        sealer.commit()
    rewrapping.rotate(safe.database, safe.path, NOW)
    assert len(vault.load(safe.path).ids) == 1
    assert safe.read() == [f'"{REPORTER}"'] * 2
