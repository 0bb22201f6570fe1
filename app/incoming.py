"""What no page is asked to look at: requests refused before anything of ours reads them.

A name that is not this site's, text no database can hold (NUL, half a character), JSON that is
large or nested beyond any form. One place, so that no page has to think of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from flask import Flask, abort, request

from config import MEGABYTE, settings

MOST_FIELDS: Final = 1000
"""Fields and files of one form."""
LARGEST_FORM: Final = 4 * MEGABYTE
"""Bytes of all fields of one form that are no files."""
LARGEST_JSON: Final = MEGABYTE
DEEPEST_JSON: Final = 20
READS_ONLY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ANY_NAME: Final = frozenset({"operations.healthz", "operations.readyz"})
"""What machines ask, by whatever name they have for this one."""

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def init_app(app: Flask) -> None:
    """Refuse before every other hook; say how much a form may hold."""
    app.config.from_mapping(MAX_FORM_PARTS=MOST_FIELDS, MAX_FORM_MEMORY_SIZE=LARGEST_FORM)
    app.before_request(refuse_other_names)
    app.before_request(refuse_unstorable)


def refuse_other_names() -> None:
    """Answer under the names of this site alone, where it was told them; aborts with 400."""
    names = settings().hosts
    if names and request.endpoint not in ANY_NAME and not is_named(request.host, names):
        abort(400)


def is_named(host: str, names: tuple[str, ...]) -> bool:
    """Whether a host, with or without its port, is one of these names.

    >>> is_named("Carbon.example.cn:443", ("carbon.example.cn",))
    True
    >>> is_named("carbon.example.cn.evil.example", ("carbon.example.cn",))
    False
    """
    name = re.sub(r":\d*$", "", host).lower()
    return name in {one.lower() for one in names}


def refuse_unstorable() -> None:
    """Abort with 400 where any text of the request holds what no database takes."""
    if any(_UNSTORABLE.search(text) for text in _texts()):
        abort(400)


def _texts() -> Iterator[str]:
    yield request.path
    for name, value in request.args.items(multi=True):
        yield name
        yield value
    if request.method in READS_ONLY:
        return
    if request.is_json:
        request.max_content_length = LARGEST_JSON
        yield from _inside(_json())
        return
    if request.mimetype != "multipart/form-data":  # which is bounded while it is read
        request.max_content_length = min(LARGEST_FORM, request.max_content_length or LARGEST_FORM)
    if len(list(request.form.items(multi=True))) > MOST_FIELDS:
        abort(413)
    for name, value in request.form.items(multi=True):
        yield name
        yield value
    for name, upload in request.files.items(multi=True):
        yield name
        yield upload.filename or ""


def _json() -> Any:
    try:
        return request.get_json()
    except RecursionError:
        return abort(400)


def _inside(sent: Any) -> Iterator[str]:
    """Every text of a JSON value, names included. Aborts where it is nested too deep."""
    waiting = [(sent, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST_JSON:
            abort(400)
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one
            waiting += [(value, depth + 1) for value in one.values()]
        elif isinstance(one, list):
            waiting += [(value, depth + 1) for value in one]
