"""From an error of the domain to an HTTP status and a page: what happened, was kept, is to be done.

"Not you" (403), "not now" (409) and "not like that" (422) are different pages. The API, and whoever
asks for JSON, gets the same as problem details (RFC 9457).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from app import language, vault
from app.accounts.errors import (
    AccountError,
    ChangeRefused,
    DelegationRefused,
    LinkEnded,
    LoginTaken,
    MayNotAdminister,
    MayNotDelegate,
    NeedsAnother,
    NoInvitation,
    NoRoleToday,
    OwnAccount,
    PlaceEnded,
    RequestClosed,
)
from app.cases.errors import (
    BadInputs,
    CaseError,
    CaseHasMoved,
    EscalationGone,
    InfectedFile,
    NoSuchAct,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.db import is_away, is_transient
from app.law.labels import Label

STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    NoSuchCase: HTTPStatus.NOT_FOUND,
    NoSuchAct: HTTPStatus.NOT_FOUND,
    NotPermitted: HTTPStatus.FORBIDDEN,
    TransitionRefused: HTTPStatus.CONFLICT,
    CaseHasMoved: HTTPStatus.CONFLICT,
    EscalationGone: HTTPStatus.CONFLICT,
    InfectedFile: HTTPStatus.CONFLICT,
    BadInputs: HTTPStatus.UNPROCESSABLE_ENTITY,
    LoginTaken: HTTPStatus.CONFLICT,
    MayNotDelegate: HTTPStatus.FORBIDDEN,
    DelegationRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    PlaceEnded: HTTPStatus.CONFLICT,
    NoRoleToday: HTTPStatus.FORBIDDEN,
    MayNotAdminister: HTTPStatus.FORBIDDEN,
    NeedsAnother: HTTPStatus.FORBIDDEN,
    OwnAccount: HTTPStatus.FORBIDDEN,
    ChangeRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestClosed: HTTPStatus.CONFLICT,
    NoInvitation: HTTPStatus.CONFLICT,
    LinkEnded: HTTPStatus.NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Page:
    """The words of one error page."""

    title: Label
    happened: Label
    kept: Label
    advice: Label


NOTHING_DONE: Final = Label(
    "本次操作没有执行，数据没有变动。", "Nothing was done; no data changed."
)
BACK: Final = Label("返回上一页，或从待办重新进入。", "Go back, or start again from the worklist.")

PAGES: Final[dict[int, Page]] = {
    400: Page(
        Label("请求不完整", "Incomplete request"),
        Label("服务器看不懂收到的内容。", "The server could not understand what it got."),
        NOTHING_DONE,
        BACK,
    ),
    401: Page(
        Label("未登录", "Not signed in"),
        Label("需要先登录。", "You have to sign in first."),
        NOTHING_DONE,
        Label("登录后重试。", "Sign in, then try again."),
    ),
    403: Page(
        Label("无权办理", "Not yours to do"),
        Label("您的角色或案件身份不能办理此事。", "Your role or capacity does not allow this."),
        NOTHING_DONE,
        Label(
            "如确需办理，请联系本单位负责人或系统管理员。",
            "If it should be yours, ask your supervisor or the administrator.",
        ),
    ),
    404: Page(
        Label("没有这个页面", "Nothing here"),
        Label(
            "地址有误，或者您无权知道这里有什么。",
            "The address is wrong, or you may not know what is here.",
        ),
        NOTHING_DONE,
        Label("核对地址，或用案号搜索。", "Check the address, or search by case number."),
    ),
    405: Page(
        Label("不能这样打开", "Not opened this way"),
        Label("这个地址只接受表单提交。", "This address only takes a form."),
        NOTHING_DONE,
        BACK,
    ),
    409: Page(
        Label("现在不能办理", "Not now"),
        Label("案件的情况不允许这一步。", "The case does not allow this step now."),
        Label("本次操作没有执行；草稿仍然保留。", "Nothing was done; your draft is still there."),
        Label("打开案件，核对最新情况后再办。", "Open the case and look at where it stands."),
    ),
    413: Page(
        Label("文件太大", "File too large"),
        Label("上传的文件超过了限额。", "What was uploaded exceeds the limit."),
        Label(
            "文件没有保存；草稿仍然保留。", "The file was not stored; your draft is still there."
        ),
        Label("压缩或拆分文件后重新上传。", "Compress or split the file, then upload it again."),
    ),
    422: Page(
        Label("内容有误", "Not like that"),
        Label("填写的内容不符合要求。", "What was entered does not hold."),
        Label("本次操作没有执行；草稿仍然保留。", "Nothing was done; your draft is still there."),
        Label("返回表单，按提示改正。", "Go back to the form and correct it as told."),
    ),
    500: Page(
        Label("系统出错", "Something broke"),
        Label(
            "系统内部出现错误，已经记录。", "An error occurred inside the system; it was logged."
        ),
        Label(
            "这一步要么整体完成，要么完全没有执行；草稿仍然保留。",
            "The step was done whole or not at all; your draft is still there.",
        ),
        Label(
            "重新打开页面核对；如再次出现，请把下面的编号告诉系统管理员。",
            "Open the page again and check. If it recurs, tell the administrator the number below.",
        ),
    ),
    503: Page(
        Label("暂时无法使用", "Not available for the moment"),
        Label("数据库繁忙或无法连接。", "The database is busy or out of reach."),
        Label("本次操作没有执行；草稿仍然保留。", "Nothing was done; your draft is still there."),
        Label("稍等片刻再试。", "Wait a moment, then try again."),
    ),
}


def init_app(app: Flask) -> None:
    """Answer every error with its page or its problem details."""
    app.register_error_handler(CaseError, answer_refusal)
    app.register_error_handler(AccountError, answer_refusal)
    app.register_error_handler(StaleDataError, answer_stale)
    app.register_error_handler(DBAPIError, answer_database)
    for kind in (vault.NoVault, vault.CannotOpen):
        app.register_error_handler(kind, answer_without_keys)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, answer_broken)


def answer_refusal(error: CaseError | AccountError) -> ResponseReturnValue:
    """Answer a refusal of the domain with its own sentences."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    sentences = [refusal.label for refusal in getattr(error, "refusals", ())]
    faults: dict[str, Label] = getattr(error, "faults", {})
    return _answer(status, sentences or list(faults.values()) or [error.label], faults=faults)


def answer_stale(_error: StaleDataError) -> ResponseReturnValue:
    """Answer the second of two who changed the same row."""
    changed = Label("别人刚刚改动了同一内容。", "Somebody else has just changed the same thing.")
    return _answer(HTTPStatus.CONFLICT, [changed])


def answer_database(error: DBAPIError) -> ResponseReturnValue:
    """Answer a database that is busy or gone; anything else it says is a fault of ours."""
    if not (is_transient(error) or is_away(error)):
        return answer_broken(error)
    _ask_nothing_more()
    # Not what it says: that may repeat what was typed.
    current_app.logger.warning("request %s: the database is away or busy", _request_id())
    answer = current_app.make_response(_answer(HTTPStatus.SERVICE_UNAVAILABLE))
    answer.headers["Retry-After"] = "5"
    return answer


def answer_without_keys(error: vault.NoVault | vault.CannotOpen) -> ResponseReturnValue:
    """Answer what seals or opens something where its keys are missing; the log names them."""
    current_app.logger.error("request %s: %s", _request_id(), error)
    missing = Label(
        "密钥缺失，用它密封的内容暂不能保存或打开。请联系系统管理员。",
        "Keys are missing: what they seal can be neither kept nor opened. Tell the administrator.",
    )
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, [missing])


def answer_http(error: HTTPException) -> ResponseReturnValue:
    """Answer an HTTP error; a redirect of the router passes."""
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    answer = current_app.make_response(_answer(HTTPStatus(error.code)))
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers[name] = value
    return answer


def answer_broken(error: Exception) -> ResponseReturnValue:
    """Log what nobody expected and answer without asking the database again."""
    if current_app.testing and current_app.config["PROPAGATE_EXCEPTIONS"] is not False:
        raise error
    _ask_nothing_more()
    current_app.logger.error("request %s failed", _request_id(), exc_info=error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR)


def _ask_nothing_more() -> None:
    """Show the page of an error without the database, also where it failed to say who asks."""
    g.failing = True
    if "_login_user" not in g:
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]  # noqa: SLF001 - where Flask-Login looks


def wants_json() -> bool:
    """Whether the answer is read by a program: the API, or a script that asks for JSON."""
    accepted = request.accept_mimetypes
    return request.path.startswith("/api/") or (
        accepted["application/json"] > accepted["text/html"]
        or accepted["application/problem+json"] > accepted["text/html"]
    )


def _answer(
    status: HTTPStatus,
    sentences: list[Label] | None = None,
    *,
    faults: dict[str, Label] | None = None,
) -> tuple[str | Response, int]:
    page = PAGES.get(status) or PAGES[500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400]
    said = sentences or [page.happened]
    if wants_json():
        return _problem(status, page, said, faults or {}), status
    html = render_template(
        "errors/problem.html",
        status=int(status),
        page=page,
        sentences=said,
        request_id=_request_id(),
        **({"actor": None} if g.get("failing") else {}),
    )
    return html, status


def _problem(
    status: HTTPStatus, page: Page, sentences: list[Label], faults: dict[str, Label]
) -> Response:
    locale = language.chosen()
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": page.title.text(locale),
        "status": int(status),
        "detail": " ".join(sentence.text(locale) for sentence in sentences),
        "instance": f"urn:request:{_request_id()}",
    }
    if faults:
        problem["errors"] = {name: fault.text(locale) for name, fault in faults.items()}
    response = jsonify(problem)
    response.mimetype = "application/problem+json"
    return response


def _request_id() -> str:
    return str(g.get("request_id", ""))
