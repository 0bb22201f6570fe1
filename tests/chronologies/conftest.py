"""The town in which the published cases are played, once per engine."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from app.accounts.models import Membership
from tests.chronologies.stage import Stage
from tests.town import Town
from tests.workflows.procedure import assemble

OFFICERS_SINCE = date(2014, 1, 1)
"""Before the first event of any case, so that there is somebody to act."""


@pytest.fixture(scope="module")
def stage(town: Town) -> Stage:
    """Every chronicle played; the trials beside them are played when a check asks for one."""
    assemble(town)
    town.database.write(
        lambda session: session.execute(update(Membership).values(since=OFFICERS_SINCE))
    )
    return Stage.of(town)
