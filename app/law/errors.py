"""What the law package refuses to answer, as sentences about the law."""

from app.law.labels import Label


class LawError(LookupError):
    """A question the data of the law cannot answer, or data that contradict themselves.

    ``label`` is the sentence in both languages; ``str()`` gives both, Chinese first.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.label = Label(zh, en)
