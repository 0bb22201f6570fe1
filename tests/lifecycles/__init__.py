"""Small lifecycles, each a plausible little procedure that exercises a few words of the vocabulary.

They are real: database tests register them and drive them through `fire()`.
"""

from __future__ import annotations

from app.engine.definition import Lifecycle
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.consultation import Consultation
from tests.lifecycles.findings import Findings
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.investigation import Investigation
from tests.lifecycles.monthly import Examination, Monthly
from tests.lifecycles.operation import Inspection, Measure, Operation
from tests.lifecycles.payment import Payment

FIXTURES: tuple[type[Lifecycle], ...] = (
    Complaint,
    Consultation,
    Findings,
    Hearing,
    Investigation,
    Monthly,
    Examination,
    Operation,
    Inspection,
    Measure,
    Payment,
)
"""Every fixture lifecycle; parents and their children are both among them."""
