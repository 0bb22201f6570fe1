"""What another authority is written when a checkpoint is handed to it by e-mail."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import checkpoints, keys
from app.audit.models import AuditEntry, Checkpoint, CheckpointPublication
from app.law.labels import Label
from app.law.periods import LOCAL_ZONE
from app.outbox import mail

CHANNEL: Final = "handout"
"""Of a delivery whose source is a publication."""
TRIGGER: Final = "publish_checkpoint"

SUBJECT: Final = Label("碳鉴存证点 {number}", "Tanjian checkpoint {number}")
TEXT: Final = Label(
    """致{recipient}：

{organisation} {name}于 {published} 将存证点 {number} 交贵单位保存，附件 {file} 即该存证点。

存证点是办案记录的指纹。贵单位持有它，日后就能查明 {made} 之前的记录是否有一条被改动、
删除、插入或者整体替换；交存的机关自己也改不了。

请这样做：
1. 将附件原样保存在贵单位自己的存储中，不要改动。
2. 另外记下编号、哈希值和公钥，例如打印本邮件存档。
3. 需要核查时，请对方用这个文件执行：
     flask audit verify --checkpoint {file}
   或者索取导出文件，在贵单位的计算机上执行：
     python verify_export.py EXPORT.jsonl --checkpoint {file}

编号：{number}
时间：{made}
SHA-256：{hash}
公钥（Ed25519）：{key}""",
    """To {recipient}:

{organisation}, by {name}, hands you checkpoint {number} for keeping, at {published}.
The file {file} attached is that checkpoint.

A checkpoint is the fingerprint of the records. Holding it, you can find out later whether any
record entered before {made} was changed, deleted, inserted or replaced; not even the authority
that hands it to you can undo that.

What to do:
1. Keep the attached file as it is, in storage of your own.
2. Note number, hash and public key apart from it, for instance by printing this mail.
3. To check, have them run with this very file:
     flask audit verify --checkpoint {file}
   or ask for an export and run on a computer of your own:
     python verify_export.py EXPORT.jsonl --checkpoint {file}

Number: {number}
Time: {made}
SHA-256: {hash}
Public key (Ed25519): {key}""",
)


def file_name(number: int) -> str:
    """Name the file of a checkpoint."""
    return f"tanjian-checkpoint-{number}.json"


def enclosed(session: Session, delivery_id: UUID, publication_id: UUID, to: str) -> mail.Enclosed:
    """Write the mail of a publication, in both languages, with the file."""
    publication = session.get_one(CheckpointPublication, publication_id)
    checkpoint = session.get_one(Checkpoint, publication.number)
    told = {
        "recipient": publication.recipient,
        "organisation": _organisation(session, publication),
        "name": publication.published_by_name,
        "published": f"{publication.published_at.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M}",
        "number": checkpoint.number,
        "made": f"{checkpoint.made_at.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}",
        "hash": keys.fingerprint(checkpoint.hash),
        "key": keys.fingerprint(checkpoints.told(checkpoint)["key"]),
        "file": file_name(checkpoint.number),
    }
    texts = [{"text": text.format(**told), "case_id": None} for text in (TEXT.zh, TEXT.en)]
    subject = f"{SUBJECT.zh} · {SUBJECT.en}".format(number=checkpoint.number)
    content = checkpoints.handed_out(checkpoint).encode()
    return mail.Enclosed(
        id=delivery_id,
        letter_id=None,
        to=to,
        locale="zh",
        subject=subject,
        lines=texts,
        attached=mail.Attached(file_name(checkpoint.number), content),
    )


def _organisation(session: Session, publication: CheckpointPublication) -> str:
    """For whom it was handed out, as the entry says."""
    query = select(AuditEntry.organisation_name).where(
        AuditEntry.actor_id == publication.published_by,
        AuditEntry.recorded_at == publication.published_at,
        AuditEntry.trigger == TRIGGER,
    )
    return session.scalars(query.limit(1)).first() or ""
