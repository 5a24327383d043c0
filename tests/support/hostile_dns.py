"""DNS in the hands of somebody with bad intentions, for tests of what asks it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from postroom.core.authentication.questions import NO_DATA, NO_DOMAIN, Answer, Question, askable

RECORDS = (
    b"v=spf1 ip4:192.0.2.0/24 -all", b"v=spf1 include:a.example include:b.example ~all", b"v=spf1 redirect=a.example",
    b"v=spf1 a mx ptr exists:%{i}.%{d} -all exp=%{p}.%{o}", b"v=spf1 a:%{l1r-}.%{d} mx/0//0 ?all", b"v=spf1 +all",
    b"v=DMARC1; p=reject", b"v=DMARC1; p=none; sp=quarantine; np=reject; psd=y; t=y; adkim=s; aspf=s",
    b"v=DMARC1; psd=n; p=quarantine; rua=mailto:a@b.example!10m", b"v=DMARC1; p=%x", b"v=DKIM1; p=",
    b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", b"v=DKIM1; k=rsa; p=QUJD", b"", b"%{s} %{%}",
)  # fmt: skip
VALUES = (
    "a.example", "b.example", "x" * 64, "a..b", "192.0.2.7", "2001:db8::7", "example.com", "mx.example.com", "%", "",
)  # fmt: skip
NOTHING = (NO_DOMAIN, NO_DATA, Answer("unknown", words="nobody answered"))


@dataclass(slots=True)
class HostileDns:
    """Any answer to any question, drawn by `chance`; counts the questions and notes those that DNS cannot hold."""

    chance: random.Random
    asked: int = 0
    faults: list[str] = field(default_factory=list)

    def answer(self, question: Question) -> Answer:
        self.asked += 1
        if not askable(question.name):
            self.faults.append(f"DNS was asked for {question.name[:80]!r}")
        if self.chance.random() < 0.25:
            return self.chance.choice(NOTHING)
        if question.type == "TXT":
            return Answer("found", texts=tuple(self._record() for _ in range(self.chance.choice((1, 1, 1, 2, 12)))))
        return Answer("found", tuple(self.chance.choice(VALUES) for _ in range(self.chance.choice((0, 1, 2, 12)))))

    def _record(self) -> bytes:
        record = bytearray(self.chance.choice(RECORDS))
        if record and self.chance.random() < 0.3:
            record[self.chance.randrange(len(record))] ^= 1 << self.chance.randrange(8)
        return bytes(record) * self.chance.choice((1, 1, 1, 1, 30))
