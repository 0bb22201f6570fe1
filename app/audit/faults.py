"""What verification can find: each kind of fault, what it means and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.audit.chain import LARGEST
from app.law.labels import NO_LABEL, Label


class FaultKind(StrEnum):
    """What is wrong: with an entry, with what it vouches for, with a chain or with a checkpoint."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    CUT_OFF = "cut_off"
    ADDED = "added"
    REWRITTEN = "rewritten"
    VALUE = "value"
    VALUE_TAKEN = "value_taken"
    CONTENT = "content"
    CONTENT_TAKEN = "content_taken"
    CONTENT_ADDED = "content_added"
    FILE = "file"
    FILE_TAKEN = "file_taken"
    HEAD = "head"
    HEADLESS = "headless"
    GONE = "gone"
    COVERED = "covered"
    CHECKPOINT_ALTERED = "checkpoint_altered"
    CHECKPOINT_FORGED = "checkpoint_forged"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_UNLINKED = "checkpoint_unlinked"
    KEY = "key"
    LEAF_ALTERED = "leaf_altered"
    LEAF_MISSING = "leaf_missing"
    LEAF_ADDED = "leaf_added"
    TREE = "tree"
    HANDED_FORGED = "handed_forged"
    OLDER = "older"
    HISTORY = "history"
    TRIGGER = "trigger"

    @property
    def label(self) -> Label:
        """What it means, in both languages."""
        return FAULT_LABELS[self]

    @property
    def hint(self) -> Label:
        """What may have happened and what to do, in both languages."""
        return next(hint for kinds, hint in _HINTS if self in kinds)


FAULT_LABELS: Final = {
    FaultKind.ALTERED: Label("记录被改动", "the entry was altered"),
    FaultKind.MISSING: Label("记录缺失", "the entry is missing"),
    FaultKind.INSERTED: Label("记录系事后插入", "the entry was inserted"),
    FaultKind.REORDERED: Label("记录次序被改动", "the entry stands in the wrong place"),
    FaultKind.CUT_OFF: Label("此后的记录被截去", "the entries from here on were cut off"),
    FaultKind.ADDED: Label("记录未经系统追加", "the entry was added behind the end of the chain"),
    FaultKind.REWRITTEN: Label(
        "记录链被整体改写，与存证点不符",
        "the chain was rewritten: a checkpoint covers another entry here",
    ),
    FaultKind.VALUE: Label("单独保存的值被改动", "a value kept apart was altered"),
    FaultKind.VALUE_TAKEN: Label(
        "单独保存的值被删去，而非依法销毁", "a value kept apart was taken away, not destroyed"
    ),
    FaultKind.CONTENT: Label("记录所证明的内容被改动", "what the entry vouches for was altered"),
    FaultKind.CONTENT_TAKEN: Label(
        "记录所证明的内容被删去", "what the entry vouches for was taken away"
    ),
    FaultKind.CONTENT_ADDED: Label("内容没有记录证明", "no entry vouches for this"),
    FaultKind.FILE: Label("文件的字节被改动", "the bytes of a file were altered"),
    FaultKind.FILE_TAKEN: Label("文件不在文件库中", "a file is not in the store"),
    FaultKind.HEAD: Label("链头被改动", "the head of the chain was altered"),
    FaultKind.HEADLESS: Label("整条记录链失去链头", "the chain has lost its head"),
    FaultKind.GONE: Label("整条记录链被删除", "the whole chain was deleted"),
    FaultKind.COVERED: Label(
        "存证范围的标记被改动", "the mark how far the chain is covered was altered"
    ),
    FaultKind.CHECKPOINT_ALTERED: Label("存证点被改动", "the checkpoint was altered"),
    FaultKind.CHECKPOINT_FORGED: Label(
        "存证点系伪造：签名不成立", "the checkpoint is forged: its signature does not hold"
    ),
    FaultKind.CHECKPOINT_MISSING: Label("存证点缺失", "the checkpoint is missing"),
    FaultKind.CHECKPOINT_UNLINKED: Label(
        "存证点与前一存证点不衔接", "the checkpoint does not follow on the one before it"
    ),
    FaultKind.KEY: Label(
        "存证点由另一把密钥签署，未经原密钥移交",
        "the checkpoint was signed by another key, to which the key before did not hand over",
    ),
    FaultKind.LEAF_ALTERED: Label(
        "存证点所列的链被改动", "what the checkpoint lists of a chain was altered"
    ),
    FaultKind.LEAF_MISSING: Label("存证点所列的链缺失", "a chain the checkpoint lists is missing"),
    FaultKind.LEAF_ADDED: Label(
        "存证点所列的链系事后添加", "a chain was added to those the checkpoint lists"
    ),
    FaultKind.TREE: Label(
        "存证点的全部链之根不符", "the root over all chains is not that of the checkpoint"
    ),
    FaultKind.HANDED_FORGED: Label(
        "交出的存证点文件签名不成立", "the signature of the handed-out file does not hold"
    ),
    FaultKind.OLDER: Label(
        "数据库早于交出的存证点：恢复了旧备份，或最新记录被删除",
        "the database is older than the handed-out checkpoint: an older backup was restored, "
        "or the newest entries were deleted",
    ),
    FaultKind.HISTORY: Label(
        "数据库中的历史被改写或重新签署，与交出的存证点不符",
        "the history in the database was rewritten or signed again: it is not that of the "
        "handed-out checkpoint",
    ),
    FaultKind.TRIGGER: Label("缺少触发器", "a trigger that refuses changes is missing"),
}

_K: Final = FaultKind
_HINTS: Final = (
    (
        {_K.VALUE, _K.VALUE_TAKEN, _K.CONTENT, _K.CONTENT_TAKEN, _K.CONTENT_ADDED},
        Label(
            "记录本身完好；请从备份中取回该内容，并与记录中的摘要核对。",
            "The entry itself holds: fetch the content from a backup and compare its digest.",
        ),
    ),
    (
        {_K.FILE, _K.FILE_TAKEN},
        Label(
            "请从备份中取回该文件；文件名即其摘要。",
            "Fetch the file from a backup; its name is its digest.",
        ),
    ),
    (
        {_K.HEAD, _K.COVERED},
        Label(
            "记录完好；链头或标记不是由系统写入，请查明谁有数据库的写权限。",
            "The entries hold; the program did not write this: find out who may write there.",
        ),
    ),
    (
        {
            _K.CHECKPOINT_ALTERED,
            _K.CHECKPOINT_MISSING,
            _K.CHECKPOINT_UNLINKED,
            _K.LEAF_ALTERED,
            _K.LEAF_MISSING,
            _K.LEAF_ADDED,
            _K.TREE,
        },
        Label(
            "该存证点不再证明任何记录；请用交出的存证点文件核验（--checkpoint）。",
            "This checkpoint proves nothing any more: verify against a handed-out one "
            "(--checkpoint).",
        ),
    ),
    (
        {_K.CHECKPOINT_FORGED, _K.KEY, _K.HANDED_FORGED},
        Label(
            "请将公钥与另一机关留存的公钥核对（--key）；签名之后的内容不可信。",
            "Compare the public key with the one another authority holds (--key); what was "
            "signed since cannot be trusted.",
        ),
    ),
    (
        {_K.OLDER, _K.HISTORY},
        Label(
            "保全现有数据库，停止写入，通知持有该存证点的机关；此后的记录须从较新的备份取回。",
            "Keep this database as it is, stop writing, tell the authority that holds the "
            "checkpoint; what is missing must come from a newer backup.",
        ),
    ),
    (
        {_K.TRIGGER},
        Label(
            "数据库不再拒绝改动；请先完整核验，再恢复触发器。",
            "The database no longer refuses changes: verify everything before it is mended.",
        ),
    ),
    (
        set(FaultKind),
        Label(
            "保全现有数据库，停止写入，与备份逐条比对自该条起的记录。",
            "Keep this database as it is, stop writing, and compare the chain from this entry on "
            "with a backup.",
        ),
    ),
)

CHAINS: Final = {
    "case": Label("案件", "case"),
    "escalations": Label("督办", "escalations"),
    "accounts": Label("账户与权限", "accounts"),
    "sign_ins": Label("登录", "sign-ins"),
    "registers": Label("名录", "registers"),
    "administration": Label("系统管理", "administration"),
    "releases": Label("规则与日历发布", "releases"),
    "clues": Label("线索", "clues"),
    "exports": Label("导出", "exports"),
    "reads": Label("查阅受限内容", "reads"),
}
"""How one chain is called in a sentence, before its own name."""


def chain_name(chain: str, label: str) -> Label:
    """Name one chain for the reader: what it is, and of what."""
    known = CHAINS.get(chain, Label(chain, chain))
    return Label(f"{known.zh} {label}".strip(), f"{known.en} {label}".strip())


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault verification found, with the entry, the checkpoint or both that it names."""

    kind: FaultKind
    chain_id: UUID | None = None
    seq: int | None = None
    number: int | None = None
    """Of the checkpoint."""
    chain: Label = NO_LABEL
    """The chain for the reader; empty where only its id is known."""
    what: Label = NO_LABEL
    """Which of the things beside an entry: a document, a value; the name of a trigger."""

    @property
    def label(self) -> Label:
        """The fault as a sentence."""
        zh, en = [], []
        if self.chain_id is not None:
            zh.append(
                f"{self.chain.zh}（{self.chain_id}）" if self.chain.zh else f"{self.chain_id}"
            )
            en.append(f"{self.chain.en} ({self.chain_id})" if self.chain.en else f"{self.chain_id}")
        if self.seq is not None:
            zh.append(f"第 {self.seq} 条")
            en.append(f"entry {self.seq}")
        if self.number is not None:
            zh.append(f"存证点 {self.number}")
            en.append(f"checkpoint {self.number}")
        if self.what.zh:
            zh.append(self.what.zh)
            en.append(self.what.en)
        meaning = self.kind.label
        return Label(
            _shown(f"{' '.join(zh)}：{meaning.zh}。"), _shown(f"{', '.join(en)}: {meaning.en}.")
        )

    @property
    def hint(self) -> Label:
        """What may have happened and what to do."""
        return self.kind.hint

    @property
    def told(self) -> dict[str, Any]:
        """The fault as it is kept with a run."""
        return {
            "kind": str(self.kind),
            "chain_id": self.chain_id,
            "seq": _exact(self.seq),
            "checkpoint": _exact(self.number),
            "zh": self.label.zh,
            "en": self.label.en,
        }


def _shown(text: str) -> str:
    """What somebody wrote into the database moves no cursor and is always text."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _exact(number: int | None) -> int | str | None:
    """A number as canonical JSON holds it: one that nobody should have written, as text."""
    return number if number is None or abs(number) <= LARGEST else str(number)
