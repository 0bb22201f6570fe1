"""Service of one document on one addressee 送达: a track beside the case that made the document.

The Administrative Penalty Law, art. 61: on the spot, else in seven working days by the Civil
Procedure Law; by electronic means only with the signed confirmation of address and mode. Service by
announcement takes thirty days (CPL 95) and comes last. The period itself is a clock of the case the
document belongs to; here are the attempts, who served, and the proof.
"""

from __future__ import annotations

from typing import Final

from app.engine.actors import INSPECTOR, INVESTIGATOR, SUPERVISOR, SYSTEM, Role
from app.engine.definition import (
    OPEN,
    OPENING,
    AfterDay,
    Deadline,
    Document,
    Expiry,
    Fact,
    Items,
    Lasts,
    Lifecycle,
    MoveRows,
    Raise,
    State,
    SubjectKind,
    Take,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import Choice, Day, DocumentKind, Files, LongText, People, Text, YesNo
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.periods import local_date
from app.law.sources import cite
from app.workflows.separation import certified, is_issued, newest

APL, CPL, HN24 = "APL", "CPL", "HN24"

SERVERS = (INVESTIGATOR, INSPECTOR)
DIRECT, LEFT, POST, ELECTRONIC, ENTRUSTED, ANNOUNCEMENT = (
    *("direct", "left", "post", "electronic", "entrusted", "announcement"),
)
MODES: Final = {
    DIRECT: Label("直接送达", "In person"),
    LEFT: Label("留置送达", "Left in place"),
    POST: Label("邮寄送达", "By post"),
    ELECTRONIC: Label("电子送达", "By electronic means"),
    ENTRUSTED: Label("委托送达", "Entrusted to another body"),
    ANNOUNCEMENT: Label("公告送达", "By announcement"),
}
"""Every way to serve."""


def _mode(*modes: str) -> Choice:
    return Choice("mode", "送达方式", "Mode", options=tuple((one, MODES[one]) for one in modes))


# Guards -----------------------------------------------------------------------------------------


@guard(
    "所送文书尚未用印或者尚未生成，不能送达。",
    "The document is not sealed and rendered yet: it cannot be served.",
    basis=cite(APL, "61"),
)
def document_is_issued(attempt: Attempt) -> bool:
    return is_issued(attempt.case.parent, str(attempt.case.facts.get("document", "")))


@guard(
    "电子送达须有受送达人签署同意的送达地址及方式确认书。",
    "Electronic service needs a confirmation of address and mode that the addressee has signed and that agrees to it.",
    basis=(cite(APL, "61"), cite(HN24)),
    reads_inputs=True,
)
def electronic_service_was_agreed_to(attempt: Attempt) -> bool:
    if attempt.inputs["mode"] != ELECTRONIC:
        return True
    own, parent = attempt.case.facts, attempt.case.parent
    if "electronic_agreed" in own:
        return bool(own["electronic_agreed"])
    return parent is not None and bool(parent.facts.get("electronic_agreed"))


@guard(
    "邮寄送达须填写邮件号码，委托送达须填写受委托机关。",
    "Post needs the number of the letter, entrusted service the body entrusted.",
    basis=cite(HN24),
    reads_inputs=True,
)
def way_is_described(attempt: Attempt) -> bool:
    wanted = {POST: "post_number", ENTRUSTED: "entrusted_to"}.get(attempt.inputs["mode"])
    return wanted is None or bool(attempt.inputs.get(wanted))


def _of_row(attempt: Attempt, name: str) -> str:
    return str(attempt.item.data.get(name, "")) if attempt.item is not None else ""


@guard(
    "留置送达须写明拒收理由及情况，并有见证人或者送达过程的影像。",
    "A document left in place needs the note of the refusal, and a witness or a recording.",
    basis=cite(HN24),
    reads_inputs=True,
)
def refusal_was_witnessed(attempt: Attempt) -> bool:
    if _of_row(attempt, "mode") != LEFT:
        return True
    seen = any(attempt.inputs.get(name) for name in ("witness", "footage"))
    return seen and bool(attempt.inputs.get("refusal_note"))


@guard(
    "须填写收件人。",
    "Name who received it.",
    basis=cite(HN24),
    reads_inputs=True,
)
def receiver_is_named(attempt: Attempt) -> bool:
    return _of_row(attempt, "mode") == LEFT or bool(attempt.inputs.get("received_by"))


@guard(
    "日期不能早于发出之日（{sent}）。",
    "The day cannot lie before the document was sent ({sent}).",
    reads_inputs=True,
)
def day_follows_the_dispatch(attempt: Attempt) -> bool | Unmet:
    sent = _of_row(attempt, "sent_on")
    day = attempt.inputs.get("served_on") or attempt.inputs["tried_on"]
    return day.isoformat() >= sent or Unmet(sent=sent)


@guard(
    "送达日期须在公告期内（{first}至{last}）。",
    "The day has to lie in the time of the announcement ({first} to {last}).",
    basis=cite(CPL, "95"),
    reads_inputs=True,
)
def served_during_the_announcement(attempt: Attempt) -> bool | Unmet:
    first = str(attempt.case.facts.get("announced_on", ""))
    clock = attempt.case.deadline("announcement_period")
    last = clock.due_on.isoformat() if clock is not None and clock.due_on is not None else first
    return first <= attempt.inputs["served_on"].isoformat() <= last or Unmet(first=first, last=last)


@guard(
    "日期不能早于文书用印之日（{sealed}）。",
    "The day cannot lie before the document was sealed ({sealed}).",
    reads_inputs=True,
)
def day_follows_the_seal(attempt: Attempt) -> bool | Unmet:
    parent = attempt.case.parent
    found = newest(parent, str(attempt.case.facts.get("document"))) if parent is not None else None
    if found is None or found.sealed_at is None:
        return True
    sealed = local_date(found.sealed_at)
    names = ("sent_on", "announced_on", "served_on")
    days = [attempt.inputs[name] for name in names if attempt.inputs.get(name)]
    return all(day >= sealed for day in days) or Unmet(sealed=sealed)


@guard(
    "没有送达失败的记录：其他方式无法送达的，才可以公告送达。",
    "No attempt has failed: announcement is for where other ways cannot reach the addressee.",
    basis=cite(CPL, "95"),
)
def other_ways_have_failed(attempt: Attempt) -> bool:
    return any(row.status == "failed" for row in attempt.case.items("attempts"))


class Service(Lifecycle):
    """One document on its way to one addressee, however many attempts it takes."""

    key = "service"
    zh, en = "文书送达", "Service of a document"
    subject = SubjectKind.OPERATION
    number_prefix = "卫送"
    private = True

    # States -------------------------------------------------------------------------------------

    preparing = State("待送达", "To be served", waits_for=INSPECTOR)
    dispatched = State("送达中", "On its way", waits_for=INSPECTOR)
    failed = State("未送达", "Not reached", waits_for=INSPECTOR)
    announced = State("公告送达中", "Announced", waits_for=SYSTEM)
    served = State("已送达", "Served", final=True)
    withdrawn = State("撤回送达", "Withdrawn", final=True)

    # Rows and documents -------------------------------------------------------------------------

    attempts = Items(
        "送达记录", "Attempt to serve",
        statuses={
            "under_way": Label("送达中", "Under way"),
            "served": Label("送达", "Served"),
            "failed": Label("未送达", "Failed"),
            "given_up": Label("停止送达", "Given up"),
        },
        open_statuses=("under_way",),
    )  # fmt: skip

    receipt = Document("送达回证", "Proof of service", form="service_receipt", external=False, basis=(cite(HN24),))  # fmt: skip
    announcement = Document("送达公告", "Announcement", form="announcement", external=False, basis=(cite(CPL, "95"),))  # fmt: skip
    address = Document("送达地址及方式确认书", "Confirmation of address and mode", form="service_address", external=False, basis=(cite(HN24),))  # fmt: skip

    # Transitions --------------------------------------------------------------------------------

    begin = Transition(
        "交付送达", "Hand over for service", code="P28", sources=OPENING, to=preparing, by=[SYSTEM],
        inputs=[
            DocumentKind("document", "文书", "Document", longest=40), Text("document_number", "文号", "Number", required=False, longest=60),
            Text("addressee", "受送达人", "Addressee"),
        ],
        basis=[cite(APL, "61")],
    )  # fmt: skip
    confirm_address = Transition(
        "确认送达地址及方式", "Confirm address and mode", code="P28a", sources=[preparing, failed], by=SERVERS,
        inputs=[
            Text("service_to", "送达地址", "Address"), Text("service_mail", "电子邮箱", "E-mail", required=False),
            YesNo("electronic", "同意电子送达", "Agrees to electronic service"),
            Files("confirmation", "受送达人签署的确认书", "Confirmation signed by the addressee"),
        ],
        documents=[address], basis=[cite(APL, "61"), cite(HN24)],
    )  # fmt: skip
    dispatch = Transition(
        "送达文书", "Serve", code="P28b", sources=[preparing, failed], to=dispatched, by=SERVERS, item=Raise(attempts),
        guards=[document_is_issued, certified("servers"), electronic_service_was_agreed_to, way_is_described, day_follows_the_seal],
        inputs=[
            _mode(DIRECT, LEFT, POST, ELECTRONIC, ENTRUSTED),
            People("servers", "送达人", "Servers", role=Role.INSPECTOR),
            Day("sent_on", "送达或者发出日期", "Sent on", past=True),
            Text("place", "送达地点、地址或者电子邮箱", "Place, address or e-mail"),
            Text("post_number", "邮件号码", "Number of the letter", required=False, longest=60),
            Text("entrusted_to", "受委托机关", "Body entrusted", required=False),
        ],
        basis=[cite(APL, "61"), cite(HN24)],
    )  # fmt: skip
    serve = Transition(
        "登记送达", "Prove the service", code="P28c", sources=[dispatched], to=served, by=SERVERS, item=Take(attempts, ("under_way",), "served"),
        guards=[document_is_issued, refusal_was_witnessed, receiver_is_named, day_follows_the_dispatch, day_follows_the_seal],
        inputs=[
            Day("served_on", "送达日期", "Served on", past=True),
            Text("received_by", "收件人", "Received by", required=False, longest=60),
            Text("relation", "代收人与受送达人的关系", "Relation of the receiver", required=False, longest=60),
            LongText("refusal_note", "拒收理由及情况", "Refusal", required=False, longest=1000),
            Text("witness", "见证人", "Witness", required=False, longest=60),
            Files("footage", "留置过程的照片、录像", "Recording of how it was left", required=False),
            Files("proof", "送达回证、回执、照片或者录像", "Receipt, acknowledgement, photographs or video"),
        ],
        documents=[receipt], notices=[SUPERVISOR], basis=[cite(APL, "61"), cite(HN24)], confirms=True,
    )  # fmt: skip
    fail_attempt = Transition(
        "登记未送达", "Enter that it did not reach", code="P28d", sources=[dispatched], to=failed, by=SERVERS,
        item=Take(attempts, ("under_way",), "failed"), guards=[day_follows_the_dispatch],
        inputs=[
            Day("tried_on", "未送达日期", "Tried on", past=True),
            LongText("failure", "未能送达的原因", "Why it did not reach", longest=2000),
            LongText("refusal_note", "拒收理由及情况", "Refusal", required=False, longest=1000),
            Files("failure_proof", "退件、照片或者录像", "Returned letter, photographs or video", required=False),
        ],
        documents=[receipt], notices=[SUPERVISOR], basis=[cite(HN24)],
    )  # fmt: skip
    announce = Transition(
        "公告送达", "Serve by announcement", code="P29", sources=[failed], to=announced, by=SERVERS,
        guards=[document_is_issued, other_ways_have_failed, day_follows_the_seal],
        inputs=[
            _mode(ANNOUNCEMENT),
            Day("announced_on", "公告日期", "Announced on", past=True),
            Text("announced_in", "公告方式", "Where it is announced"),
            LongText("ways_failed", "其他方式无法送达的原因", "Why other ways failed", longest=2000),
            Files("announcement_proof", "公告网页、张贴照片", "Page or photograph of the announcement"),
        ],
        documents=[announcement], notices=[SUPERVISOR], basis=[cite(CPL, "95"), cite(APL, "61")], confirms=True,
    )  # fmt: skip
    collect = Transition(
        "公告期间直接送达", "Serve in person meanwhile", code="P29a", sources=[announced], to=served, by=SERVERS,
        guards=[document_is_issued, certified("servers"), served_during_the_announcement],
        inputs=[
            _mode(DIRECT),
            People("servers", "送达人", "Servers", role=Role.INSPECTOR),
            Day("served_on", "送达日期", "Served on", past=True),
            Text("place", "送达地点", "Place"), Text("received_by", "收件人", "Received by", longest=60),
            Text("relation", "代收人与受送达人的关系", "Relation of the receiver", required=False, longest=60),
            Files("proof", "送达回证", "Receipt"),
        ],
        documents=[receipt], notices=[SUPERVISOR], basis=[cite(APL, "61")], confirms=True,
    )  # fmt: skip
    end_announcement = Transition(
        "公告期满，视为送达", "Deemed served: the announcement has run", code="P29b", sources=[announced], to=served, by=[SYSTEM], guards=[document_is_issued],
        notices=[SUPERVISOR, INVESTIGATOR], basis=[cite(CPL, "95")],
    )  # fmt: skip
    withdraw = Transition(
        "撤回送达", "Withdraw", code="P28e", sources=OPEN, to=withdrawn, by=[*SERVERS, SUPERVISOR],
        inputs=[LongText("withdrawal_reason", "撤回理由", "Reason", longest=2000)],
        moves=[MoveRows(attempts, {"under_way": "given_up"})], notices=[SUPERVISOR], confirms=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    announcement_period = Deadline(
        "公告期", "Time of the announcement", anchor=AfterDay("announced_on", announce), due=Lasts("announcement_service"),
        expiry=Expiry.PARTY_WAIVER, met_by=[collect], on_expiry=end_announcement, waits_for=SYSTEM, ladder="L-P", basis=[cite(CPL, "95")],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    document = Fact("文书", "Document", latest="document", of=[begin])
    document_number = Fact("文号", "Number", latest="document_number", of=[begin])
    addressee = Fact("受送达人", "Addressee", latest="addressee", of=[begin])
    electronic_agreed = Fact("同意电子送达", "Electronic service agreed to", latest="electronic", of=[confirm_address])  # fmt: skip
    mode = Fact("送达方式", "Mode", latest="mode", of=[dispatch, announce, collect])
    sent_on = Fact("最近送达或者发出日期", "Last sent on", latest="sent_on", of=[dispatch])
    served_on = Fact("送达日期", "Served on", latest="served_on", of=[serve, collect], days_of=[end_announcement])  # fmt: skip
    announced_on = Fact("公告日期", "Announced on", latest="announced_on", of=[announce])
    attempts_made = Fact("送达次数", "Attempts", count=True, of=[dispatch])
