"""A paper between bureaus: signoffs, what silence means, a least number, what fires by itself."""

from app.engine.actors import LEADER, PARTNER_MARKET, SUPERVISOR, SYSTEM, Capacity
from app.engine.definition import (
    OPEN,
    OPENING,
    After,
    Deadline,
    Expiry,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    Per,
    Signoff,
    Silence,
    State,
    SubjectKind,
    Transition,
)
from app.engine.inputs import LongText, Organisation


class Consultation(Lifecycle):
    """A joint paper 会签: silence agrees to the text, but is no seal under it."""

    key = "sample_consultation"
    zh, en = "文件会签", "Consultation"
    subject = SubjectKind.OPERATION
    number_prefix = "示签"

    drafting = State("起草", "Drafting", waits_for=SUPERVISOR)
    circulating = State("征求意见", "Circulating", waits_for=PARTNER_MARKET)
    agreed = State("已会签", "Agreed", waits_for=LEADER)
    issued = State("已印发", "Issued", final=True)
    dropped = State("已终止", "Dropped", final=True)

    draft = Transition(
        "起草",
        "Draft",
        code="X01",
        sources=OPENING,
        to=drafting,
        by=[SUPERVISOR],
        inputs=[LongText("draft_text", "文稿", "Text", longest=4000)],
    )
    invite = Transition(
        "确定会签单位",
        "Invite",
        code="X02",
        sources=[drafting],
        by=[SUPERVISOR],
        inputs=[Organisation("partner", "会签单位", "Partner", kind="partner")],
        effects=[Join(Capacity.ASSISTING, "partner")],
    )
    uninvite = Transition(
        "取消会签单位",
        "Uninvite all",
        code="X03",
        sources=[drafting],
        by=[SUPERVISOR],
        effects=[Leave(Capacity.ASSISTING)],
    )
    circulate = Transition(
        "发出征求意见",
        "Circulate",
        code="X04",
        sources=[drafting],
        to=circulating,
        by=[SUPERVISOR],
        notices=[PARTNER_MARKET],
    )
    redraft = Transition(
        "修改文稿",
        "Redraft",
        code="X05",
        sources=[circulating, agreed],
        to=drafting,
        by=[SUPERVISOR],
        inputs=[LongText("draft_text", "文稿", "Text", longest=4000)],
    )
    sign = Signoff(
        "会签",
        "Sign",
        code="X06",
        sources=[circulating],
        by=[PARTNER_MARKET],
        per=Per.ORGANISATION,
        silence=Silence(after="answer_time"),
        voided_by=[redraft],
    )
    agree = Transition(
        "会签完成",
        "All agree",
        code="X07",
        sources=[circulating],
        to=agreed,
        by=[SYSTEM],
        guards=[sign.complete()],
        automatic=True,
    )
    vote_to_drop = Signoff(
        "表决终止",
        "Vote to drop",
        code="X08",
        sources=OPEN,
        by=[LEADER, SUPERVISOR],
        least=2,
        unanimous=False,
    )
    seal = Signoff(
        "用印",
        "Seal",
        code="X11",
        sources=[agreed],
        by=[PARTNER_MARKET],
        per=Per.ORGANISATION,
        silence=Silence(after="seal_time", consents=False),
        voided_by=[redraft],
    )
    issue = Transition(
        "印发",
        "Issue",
        code="X09",
        sources=[agreed],
        to=issued,
        by=[LEADER],
        guards=[seal.complete()],
    )
    drop = Transition(
        "终止",
        "Drop",
        code="X10",
        sources=OPEN,
        to=dropped,
        by=[LEADER],
        guards=[vote_to_drop.complete()],
    )

    answer_time = Deadline(
        "答复征求意见",
        "Answer",
        anchor=After(circulate),
        due=Lasts("consultation_answer"),
        expiry=Expiry.TARGET,
        met_by=[agree],
        voided_by=[redraft],
        waits_for=PARTNER_MARKET,
    )
    seal_time = Deadline(
        "用印",
        "Seals",
        anchor=After(agree),
        due=Lasts("consultation_answer"),
        expiry=Expiry.TARGET,
        met_by=[issue],
        voided_by=[redraft],
        waits_for=PARTNER_MARKET,
    )
