"""Every word a person can read on a screen is there in Chinese and in English."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from app import frame
from config import ROOT

CATALOGUE = ROOT / "app" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
TEMPLATES = sorted((ROOT / "app" / "templates").rglob("*.html"))
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")

SAME_IN_BOTH = {"碳鉴", "Tanjian", "中文", "English", "Excel", "CSV", "MW"}
"""Names and units, and each language in its own word."""


@cache
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


@cache
def extracted():
    """Every msgid of the product with the first place it stands in."""
    found: dict[tuple[str | None, str], str] = {}
    for place, line, message, _comments, context in extract_from_dir(
        ROOT / "app", METHODS, keywords=KEYWORDS
    ):
        msgid = message[0] if isinstance(message, tuple) else message
        if msgid:
            found.setdefault((context, msgid), f"app/{place}:{line}")
    return found


def translation(context, msgid):
    message = catalogue().get(msgid, context)
    if message is None:
        return ""
    return message.string[0] if isinstance(message.string, tuple) else message.string


def test_every_msgid_has_its_chinese():
    missing = {
        place: msgid for (context, msgid), place in extracted().items()
        if not translation(context, msgid)
    }  # fmt: skip
    assert missing == {}


def test_the_catalogue_holds_nothing_that_is_not_used():
    used = set(extracted())
    kept = {
        (message.context, message.id[0] if isinstance(message.id, tuple) else message.id)
        for message in catalogue()
        if message.id
    }
    assert kept - used == set()
    assert [message.id for message in catalogue() if message.fuzzy and message.id] == []


def test_a_translation_keeps_its_placeholders():
    wrong = [
        msgid for (context, msgid) in extracted()
        if set(PLACEHOLDER.findall(translation(context, msgid)))
        - set(PLACEHOLDER.findall(msgid))
    ]  # fmt: skip
    assert wrong == []


def test_msgids_are_english_and_translations_use_chinese_punctuation():
    assert [msgid for _, msgid in extracted() if re.search(r"[\u3400-\u9fff]", msgid)] == []
    half = re.compile(r"[\u3400-\u9fff][,;?!:](?!\w)")
    assert [t for key in extracted() if half.search(t := translation(*key))] == []


def test_the_officials_words_are_used():
    """Short sentences, no courtesy that says nothing."""
    stiff = re.compile("请您|敬请|您好|谢谢")
    assert [t for key in extracted() if stiff.search(t := translation(*key))] == []


class Texts(HTMLParser):
    """Collects the words a reader would read of a template outside of its expressions."""

    SPOKEN = ("title", "alt", "placeholder", "aria-label", "data-confirm", "data-term")
    EXACT = ("code", "kbd")

    def __init__(self):
        super().__init__()
        self.words = []
        self.within = []

    def hear(self, text):
        self.words += [w for w in re.findall(r"[^\W\d_]{2,}", text) if w not in SAME_IN_BOTH]

    def handle_data(self, data):
        if not any(tag in self.EXACT for tag in self.within[-1:]):
            self.hear(data)

    def handle_starttag(self, tag, attrs):
        self.within.append(tag)
        for name, value in attrs:
            if name in self.SPOKEN and value:
                self.hear(value)

    def handle_endtag(self, tag):
        self.within = self.within[:-1]


CLASS_BLOCK = r"\{% block \w+_class %\}.*?\{% endblock %\}"
EXPRESSION = re.compile(rf"{CLASS_BLOCK}|\{{#.*?#\}}|\{{\{{.*?\}}\}}|\{{%.*?%\}}", re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_says_nothing_outside_gettext(path):
    texts = Texts()
    texts.feed(EXPRESSION.sub(" ", path.read_text(encoding="utf-8")))
    assert texts.words == []


def test_a_changed_catalogue_is_compiled_anew(tmp_path: Path):
    folder = tmp_path / "zh_Hans_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_bytes(CATALOGUE.read_bytes())
    frame.compile_catalogues(tmp_path)
    compiled = folder / "messages.mo"
    with compiled.open("rb") as file:
        message = read_mo(file).get("Sign in")
    assert message is not None
    assert message.string == "登录"
    before = compiled.stat().st_mtime_ns
    frame.compile_catalogues(tmp_path)
    assert compiled.stat().st_mtime_ns == before
    assert list(folder.glob("tmp*")) == []
