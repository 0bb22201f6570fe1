"""Every lifecycle the product knows, one readable file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.engine.checks import check_family
from app.engine.definition import Lifecycle
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.correction import Correction
from app.workflows.criminal_transfer import CriminalTransfer
from app.workflows.external_handling import ExternalHandling
from app.workflows.joint_enforcement import JointEnforcement
from app.workflows.measure import Measure
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.recheck import Recheck
from app.workflows.remedy import Remedy
from app.workflows.service import Service
from app.workflows.upward_report import UpwardReport
from app.workflows.verification import Verification

_known: dict[str, type[Lifecycle]] = {}
_versions: dict[tuple[str, int], type[Lifecycle]] = {}

LIFECYCLES: Final[Mapping[str, type[Lifecycle]]] = MappingProxyType(_known)
"""The newest version of each lifecycle, by key."""


def register(*lifecycles: type[Lifecycle]) -> None:
    """Make lifecycles known and check them as a family. Raises `checks.Contradiction`."""
    for lifecycle in lifecycles:
        _versions[lifecycle.key, lifecycle.version] = lifecycle
        newest = _known.get(lifecycle.key)
        if newest is None or newest.version <= lifecycle.version:
            _known[lifecycle.key] = lifecycle
    check_family(LIFECYCLES)


def by_version(key: str, version: int) -> type[Lifecycle]:
    """The lifecycle a case began with. Raises KeyError if that version is gone."""
    return _versions[key, version]


register(
    Verification,
    Recheck,
    JointEnforcement,
    AgencyPenalty,
    PenaltyProcedure,
    CriminalTransfer,
    Measure,
    Service,
    Remedy,
    Correction,
    ExternalHandling,
    UpwardReport,
)
