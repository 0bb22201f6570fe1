import pytest
from sqlalchemy import select

from app.accounts import operations
from app.accounts.models import Membership, Organisation
from app.audit import chain, verification
from app.engine.actors import Role
from tests import factories

ENTER = ["accounts", "administrator", "chen", "陈一", "--division", "640500"]
BUREAU = ["--bureau", "中卫市生态环境局", "--password", factories.PASSWORD]


@pytest.fixture
def command(app):
    return app.test_cli_runner()


def test_the_first_administrator_of_an_installation_is_entered_and_recorded(command, database):
    result = command.invoke(args=[*ENTER, *BUREAU])
    assert result.exit_code == 0, result.output
    with database.read() as session:
        assert operations.person_with(session, "chen", factories.PASSWORD) is not None
        assert session.scalars(select(Membership.role)).all() == [Role.ADMINISTRATOR]
        order = chain.entries.c.seq
        triggers = session.scalars(select(chain.entries.c.trigger).order_by(order)).all()
        assert triggers == ["create_organisation", "create_person", "grant_role"]


def test_a_second_one_joins_the_same_bureau_and_no_login_is_given_twice(command, database):
    command.invoke(args=[*ENTER, *BUREAU])
    again = command.invoke(args=[*ENTER, *BUREAU])
    assert (again.exit_code, again.output) == (1, "Error: The login “chen” is taken.\n")
    other = [*ENTER[:2], "zhao", "赵二", *ENTER[4:]]
    assert command.invoke(args=[*other, *BUREAU]).exit_code == 0
    with database.read() as session:
        assert len(session.scalars(select(Organisation)).all()) == 1
        assert list(verification.verify_all(session)) == []


def test_a_short_password_is_refused(command):
    result = command.invoke(args=[*ENTER, "--bureau", "局", "--password", "short"])
    assert result.exit_code == 2
    assert "12 characters or more" in result.output
