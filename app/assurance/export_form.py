"""The form of an export: what is chosen, in which format, and why values are given away."""

from __future__ import annotations

import re
from datetime import timedelta
from shlex import quote
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.assurance import proofs
from app.assurance.formats import WRITERS
from app.assurance.jsonl import JsonLines
from app.assurance.log_form import PeriodForm
from app.assurance.selection import Selection
from app.assurance.spans import midnight
from app.assurance.wording import CHAINS
from app.cases.models import Case
from app.cases.sight import visible_to
from app.engine.actors import Actor
from app.formats import label
from app.workflows import LIFECYCLES

LONGEST_REASON: Final = 500
MOST_CASES: Final = 50
_PARTED: Final = re.compile(r"[\s,，、；;]+")


class ExportForm(PeriodForm):
    """What is chosen. The page sends a token of its own, which the application asks for."""

    case = StringField(
        _l("Case numbers"),
        [Optional(), Length(max=2000)],
        description=_l("Several are parted by spaces. Each comes with its escalations."),
    )
    kind = SelectField(_l("Kind of chain"), [Optional()])
    lifecycle = SelectField(_l("Procedure"), [Optional()])
    format = RadioField(
        _l("Format"), [InputRequired(_l("Choose a format."))], default=JsonLines.key
    )
    against = StringField(
        _l("Prove it against checkpoint"),
        [Optional()],
        description=_l(
            "The number of a checkpoint that was handed out; JSON Lines only. The newest, and the "
            "last ones handed out, are taken in any case."
        ),
        render_kw={"inputmode": "numeric", "maxlength": 12},
    )
    unmask = BooleanField(_l("Personal and sealed values too"))
    reason = TextAreaField(
        _l("For whom and why"),
        [Length(max=LONGEST_REASON)],
        filters=[lambda text: (text or "").strip()],
        render_kw={"rows": 3, "maxlength": LONGEST_REASON},
    )

    def __init__(self, reading: Session, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading, self._actor = reading, actor
        self._cases: tuple[UUID, ...] = ()
        every = ("", gettext("All"))
        self.kind.choices = [every, *((key, label(name)) for key, name in CHAINS.items())]
        self.lifecycle.choices = [
            every,
            *((key, label(one.title())) for key, one in LIFECYCLES.items()),
        ]
        self.format.choices = [(key, label(one.label)) for key, one in WRITERS.items()]

    def validate_case(self, field: StringField) -> None:
        """Want cases that the person sees, by their whole number."""
        asked = self._numbers()
        if len(asked) > MOST_CASES:
            raise ValidationError(gettext("At most %(num)d cases at once.", num=MOST_CASES))
        query = select(Case.id, Case.number).where(Case.number.in_(asked), visible_to(self._actor))
        found = self._reading.execute(query).all()
        unknown = [one for one in asked if one not in {row.number for row in found}]
        if unknown:
            raise ValidationError(
                gettext("No case in sight has the number %(number)s.", number="、".join(unknown))
            )
        self._cases = tuple(sorted(row.id for row in found))

    def validate_against(self, field: StringField) -> None:
        """Want a checkpoint that gathers every chain."""
        text = (field.data or "").strip()
        if not text.isdecimal():
            raise ValidationError(gettext("Write the number of a checkpoint, such as 17."))
        try:
            proofs.anchors(self._reading, self.checkpoints)
        except proofs.NotAnAnchor as refused:
            raise ValidationError(label(refused.label)) from refused

    def validate_reason(self, field: TextAreaField) -> None:
        """Values are given away for a reason only."""
        if self.unmask.data and not field.data:
            raise ValidationError(
                gettext("Say for whom and why personal and sealed values are given out.")
            )

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """The checkpoint it shall be proven against besides, where one was named."""
        text = (self.against.data or "").strip()
        return (int(text),) if text.isdecimal() else ()

    @property
    def chosen(self) -> Selection:
        """The selection, after validation."""
        return Selection(
            actor=self._actor,
            kinds=frozenset({self.kind.data} if self.kind.data else ()),
            cases=self._cases,
            lifecycle=self.lifecycle.data or "",
            since=midnight(self.since.data) if self.since.data else None,
            until=midnight(self.until.data + timedelta(days=1)) if self.until.data else None,
        )

    @property
    def command(self) -> str:
        """The same at the command line."""
        asked = [
            ("--format", self.format.data),
            ("--out", f"export{WRITERS[self.format.data].suffix}"),
            *(("--case", number) for number in self._numbers()),
            ("--kind", self.kind.data),
            ("--lifecycle", self.lifecycle.data),
            ("--since", self.since.data),
            ("--until", self.until.data),
            *(("--against", number) for number in self.checkpoints),
        ]
        parts = [f"{name} {quote(str(value))}" for name, value in asked if value]
        if self.unmask.data:
            parts.append("--unmask")
        if self.reason.data:
            parts.append(f"--reason {quote(self.reason.data)}")
        return " ".join(["flask audit export", *parts])

    def _numbers(self) -> list[str]:
        return list(dict.fromkeys(filter(None, _PARTED.split(self.case.data or ""))))
