"""Administration of what is told: deliveries, systems, words. An administrator reads no letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from app.accounts.sessions import current_actor
from app.cases.queries import Key
from app.clock import utcnow
from app.db import close_request_session, database, request_session
from app.engine.actors import Actor, Role
from app.law.labels import Label
from app.outbox import operations, queries, wording
from app.outbox.errors import AlreadyTold, TemplateMoved
from app.outbox.forms import EndpointForm, WordsForm
from app.outbox.handouts import CHANNEL
from app.outbox.views import outbox
from app.workflows import LIFECYCLES
from config import settings

STATUSES: Final = ("dead", "waiting", "sent")
CHANNELS: Final = {
    "mail": Label("电子邮件", "E-mail"),
    "webhook": Label("系统接口", "Webhook"),
    "ping": Label("接口测试", "Test of a webhook"),
    "inbox": Label("站内信", "Inbox"),
    CHANNEL: Label("存证点", "Checkpoint"),
}


def administrator() -> Actor:
    """Return the actor, who must administer; aborts with 403 otherwise."""
    actor = current_actor()
    if Role.ADMINISTRATOR not in actor.roles:
        abort(403)
    return actor


# Deliveries -------------------------------------------------------------------------------------


@outbox.get("/administration/deliveries")
def deliveries() -> ResponseReturnValue:
    """List what is on its way, what arrived and what is given up."""
    administrator()
    status = request.args.get("show", STATUSES[0])
    if status not in STATUSES:
        abort(404)
    reading = request_session()
    page = queries.deliveries(reading, status, after=Key.read(request.args.get("after", "")))
    return render_template(
        "outbox/deliveries.html",
        page=page,
        status=status,
        counts={name: queries.counted(reading, name) for name in STATUSES[:2]},
        most=queries.COUNTED,
        channels=CHANNELS,
        by_mail=settings().mail_server is not None,
    )


@outbox.post("/administration/deliveries/<uuid:delivery_id>/again")
def send_again(delivery_id: UUID) -> ResponseReturnValue:
    """Try one that was given up again."""
    actor, now = administrator(), utcnow()
    if database().write(lambda s: operations.send_again(s, actor, delivery_id, now)):
        flash(gettext("It is tried again in a moment."), "success")
    else:
        flash(gettext("It is no longer among those given up."), "info")
    return redirect(url_for(".deliveries"), 303)


@outbox.post("/administration/deliveries/again")
def send_all_again() -> ResponseReturnValue:
    """Try all that were given up again."""
    actor, now = administrator(), utcnow()
    count = database().write(lambda s: operations.send_all_again(s, actor, now))
    flash(
        ngettext("%(num)d delivery is tried again.", "%(num)d deliveries are tried again.", count),
        "success",
    )
    return redirect(url_for(".deliveries"), 303)


# Systems ----------------------------------------------------------------------------------------


@outbox.route("/administration/webhooks", methods=["GET", "POST"])
def webhooks() -> ResponseReturnValue:
    """List the systems that are told, and let another one hear."""
    reading, actor, now = request_session(), administrator(), utcnow()
    form = EndpointForm()
    form.organisation.choices = [
        ("", gettext("Choose …")),
        *((str(key), name) for key, name in queries.organisations(reading)),
    ]
    if form.validate_on_submit():
        organisation_id, url = UUID(form.organisation.data), str(form.url.data)
        try:
            made = database().write(
                lambda s: operations.add_endpoint(s, actor, organisation_id, url, now)
            )
        except AlreadyTold:
            form.url.errors = [gettext("This address hears these messages already.")]
        else:
            # Shown in this one answer and nowhere else: the secret is not asked for again.
            return render_template("outbox/secret.html", endpoint=made)
    page = render_template("outbox/webhooks.html", form=form, systems=queries.systems(reading))
    return page, 422 if form.errors else 200


@outbox.post("/administration/webhooks/<uuid:endpoint_id>/end")
def end_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Tell a system no more."""
    actor, now = administrator(), utcnow()
    if not database().write(lambda s: operations.end_endpoint(s, actor, endpoint_id, now)):
        abort(404)
    flash(gettext("The system is told no more."), "success")
    return redirect(url_for(".webhooks"), 303)


@outbox.post("/administration/webhooks/<uuid:endpoint_id>/ping")
def ping(endpoint_id: UUID) -> ResponseReturnValue:
    """Try the way to a system."""
    actor, now = administrator(), utcnow()
    if not database().write(lambda s: operations.ping(s, actor, endpoint_id, now)):
        abort(404)
    flash(gettext("A test is on its way. Whether it arrived stands here in a moment."), "info")
    return redirect(url_for(".webhooks"), 303)


# Words ------------------------------------------------------------------------------------------


@outbox.get("/administration/words")
def words() -> ResponseReturnValue:
    """List every kind of message with the words it has."""
    administrator()
    return render_template("outbox/words.html", groups=queries.words(request_session()))


@outbox.route("/administration/words/<key>", methods=["GET", "POST"])
def edit_words(key: str) -> ResponseReturnValue:
    """Change the words of a key: looked at first, saved as a new version."""
    reading, actor = request_session(), administrator()
    group, label = queries.labels().get(key) or abort(404)
    versions = queries.history(reading, key)
    now_so = wording.text_of(versions[0]) if versions else queries.version(reading, key, 0)
    assert now_so is not None
    form = WordsForm(key, data={**_parts(now_so), "seen": versions[0].version if versions else 0})
    preview, status = None, 200
    if form.validate_on_submit():
        if "preview" not in request.form and _save(form, actor, key):
            flash(gettext("Saved. Messages from now on say it so."), "success")
            return redirect(url_for(".edit_words", key=key), 303)
        preview = _preview(key, form.texts)
        if form.seen.errors:
            versions = queries.history(request_session(), key)
            form.seen.data = str(versions[0].version)
    elif form.errors:
        status = 422
    page = render_template(
        "outbox/edit.html",
        form=form,
        key=key,
        label=label,
        group=group,
        versions=versions,
        preview=preview,
        shipped=queries.version(reading, key, 0),
        inherited=not versions and key not in wording.shipped(),
    )
    return page, 409 if form.seen.errors else status


def _save(form: WordsForm, actor: Actor, key: str) -> bool:
    """Save what was typed; False, with the reason in the form, if somebody was faster."""
    seen, texts, now = form.seen.data or "", form.texts, utcnow()
    if not seen.isdecimal():
        abort(422)
    try:
        database().write(lambda s: operations.save_words(s, actor, key, texts, int(seen), now))
    except TemplateMoved as moved:
        close_request_session()  # what is shown next is the newest
        form.seen.errors = [
            gettext(
                "%(name)s saved a newer version meanwhile; it stands below. Nothing was saved.",
                name=moved.by,
            )
        ]
        return False
    return True


@outbox.post("/administration/words/<key>/restore/<int:number>")
def restore_words(key: str, number: int) -> ResponseReturnValue:
    """Go back to an older version, which becomes a new one."""
    reading, actor, now = request_session(), administrator(), utcnow()
    if key not in queries.labels():
        abort(404)
    older = queries.version(reading, key, number) or abort(404)
    versions = queries.history(reading, key)
    seen = versions[0].version if versions else 0

    def write(session: Session) -> int:
        return operations.save_words(session, actor, key, _parts(older), seen, now)

    try:
        database().write(write)
    except TemplateMoved as moved:
        flash(gettext("%(name)s saved a newer version meanwhile.", name=moved.by), "warning")
    else:
        flash(gettext("The older words are the newest version now."), "success")
    return redirect(url_for(".edit_words", key=key), 303)


def _parts(text: wording.Text) -> dict[str, str]:
    return {
        "subject_zh": text.subject.zh,
        "body_zh": text.body.zh,
        "subject_en": text.subject.en,
        "body_en": text.body.en,
    }


def _preview(key: str, texts: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    """Subject and text as a person would read them, by language."""
    return {
        locale: (
            wording.filled(texts[f"subject_{locale}"], sample),
            wording.filled(texts[f"body_{locale}"], sample),
        )
        for locale, sample in (("zh", _sample(key, "zh")), ("en", _sample(key, "en")))
    }


def _sample(key: str, locale: str) -> dict[str, str]:
    """Invented values for every name of a key; what the lifecycle knows is its own."""
    found: dict[str, Any] = {name: label.text(locale) for name, label in SAMPLES.items()}
    family, _, name = key.partition(".")
    if (lifecycle := LIFECYCLES.get(family)) is not None:
        transition = lifecycle.transitions[name]
        to = getattr(transition.to, "label", None)
        found["lifecycle"] = lifecycle.title().text(locale)
        found["act"] = transition.label.text(locale)
        if to is not None:
            found["state"] = to.text(locale)
    return found


SAMPLES: Final = {
    "number": Label("卫核〔2026〕17号", "卫核〔2026〕17号"),
    "subject": Label("示例热电有限公司", "示例热电有限公司"),
    "outcome": Label("同意", "Approved"),
    "lifecycle": Label("年度核查", "Yearly verification"),
    "act": Label("提交核查结论", "Submit the conclusion"),
    "state": Label("结论已提交", "Conclusion submitted"),
    "clock": Label("出具核查报告", "Verification report"),
    "due": Label("2026-10-10（星期六）", "2026-10-10 (Saturday)"),
    "was": Label("2026-09-30（星期三）", "2026-09-30 (Wednesday)"),
    "left": Label("剩 3 个工作日", "3 working days left"),
    "why": wording.WHY["calendar"],
    "kind": Label("申请延期", "Extension asked"),
    "day": Label("2026-10-08（星期四）", "2026-10-08 (Thursday)"),
    "count": Label("5", "5"),
    "principal": Label("王某", "王某"),
    "substitute": Label("李某", "李某"),
    "since": Label("2026-10-08（星期四）", "2026-10-08 (Thursday)"),
    "until": Label("2026-10-16（星期五）", "2026-10-16 (Friday)"),
    "by": Label("王某", "王某"),
    "person": Label("李某", "李某"),
    "what": Label("授予角色", "Grant a role"),
    "cases": Label("7", "7"),
    "digest": Label("3f7a9c0d1b2e", "3f7a9c0d1b2e"),
    "finding": Label("Win.Test.EICAR_HDB-1", "Win.Test.EICAR_HDB-1"),
}
