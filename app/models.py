"""Every table of the product, so that migrations and tests see them all."""

from app.accounts import models as accounts
from app.audit import models as audit
from app.cases import models as cases
from app.db import Base
from app.documents import models as documents
from app.lease import Lease
from app.outbox import models as outbox
from app.registers import models as registers
from app.releases import models as releases

__all__ = [
    "Lease",
    "accounts",
    "audit",
    "cases",
    "documents",
    "metadata",
    "outbox",
    "registers",
    "releases",
]

metadata = Base.metadata
