"""The mail that has reached Acme before anybody signs in: questions, an answer, a complaint, a machine's note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.render import render
from postroom.project.demo.company import AIKO, HANNA, LUCA, MAREK, SOFIE
from postroom.project.demo.files import curve_png, fleet_csv, pdf

SALES, SUPPORT = Address("sales@acme.example", "Acme Sales"), Address("support@acme.example", "Acme Support")
FIRST = "fleet-1@norrgard.example"

VANS = """Hello,

we run 36 vans out of Solna, Uppsala and Örebro, nine of them cooled. From spring on a customer of ours
wants the temperature of every trip on paper, and our present loggers have to be read out by hand.

Could you tell us
 - what your sensors cost per van, with and without cooling,
 - whether drivers need a telephone for it,
 - and if a trial with three vans is possible before Christmas?

The list of vans is attached. Sofie, in Cc, looks after the depots.

Kind regards
Hanna Sjöberg
Norrgård Logistik AB
"""

VANS_AGAIN = """Hello Amara,

one thing more: two of the cooled vans are electric. Does the sensor need the van's own current?

Hanna

On Monday Hanna Sjöberg <hanna.sjoberg@norrgard.example> wrote:
> we run 36 vans out of Solna, Uppsala and Örebro, nine of them cooled. From spring on a customer of ours
> wants the temperature of every trip on paper, and our present loggers have to be read out by hand.
"""

AWAY = """Hello,

I am out of the office until Thursday and read mail in the evening only. For anything urgent about the
depots please ring the switchboard.

Sofie Maes
"""

DOOR = """<p>Good morning,</p>
<p>since last night's update the sensor of van <b>5S2 8841</b> says "door open" while the door is shut.
The temperature went up for an hour around two, so perhaps it is <i>right</i> and the lock is worn:</p>
<p><img src="cid:curve@dvorak-doprava.example" alt="Temperature of the van over the day"></p>
<p>What do you see on your side?</p>
<p>Marek Dvořák<br>Dvořák Doprava, Brno</p>
"""
DOOR_TEXT = """Good morning,

since last night's update the sensor of van 5S2 8841 says "door open" while the door is shut. The temperature
went up for an hour around two, so perhaps it is right and the lock is worn: the curve is attached.

What do you see on your side?

Marek Dvořák
Dvořák Doprava, Brno
"""

QUOTE_JA = """Acme 御中

突然のご連絡失礼いたします。湊配送の田中と申します。

弊社では都内で冷蔵車を十二台運行しております。貴社の温度センサーの導入を検討しており、
見積書をお送りいただけますでしょうか。設置にかかる日数も併せてお知らせいただけると助かります。

どうぞよろしくお願いいたします。

湊配送株式会社
田中 愛子
"""

INVOICE_IT = """Buongiorno,

nella fattura allegata risultano quattordici sensori, ma ne abbiamo ricevuti dodici: due scatole sono
arrivate vuote. Potete mandarci una nota di credito, oppure i due sensori mancanti?

Grazie e buon lavoro
Luca Bianchi
Freschissimo S.r.l.
"""

TWO_THINGS = """Hi both,

for sales: our contract ends in March, please send an offer for another two years.
For support: the reader in the Uppsala depot restarts every night at three. Serial number on request.

Sofie Maes
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail as it reached the door: its envelope and its bytes."""

    key: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


def mails(at: datetime) -> tuple[Sent, ...]:
    """All of them, as if written in the two days before `at`, oldest first."""
    ago = [at - timedelta(hours=hours) for hours in (44, 43.9, 27, 22, 19, 3, 1.5)]
    drafts = (
        (_vans(ago[0]), (SALES,)),
        (_away(ago[1]), (SALES,)),
        (_quote(ago[2]), (SALES,)),
        (_invoice(ago[3]), (SUPPORT,)),
        (_vans_again(ago[4]), (SALES,)),
        (_door(ago[5]), (SUPPORT,)),
        (_two_things(ago[6]), (SALES, SUPPORT)),
    )
    return tuple(
        Sent(draft.message_id, draft.author.email, tuple(one.email for one in recipients), render(draft))
        for draft, recipients in drafts
    )


def _vans(date: datetime) -> Draft:
    return Draft(
        author=HANNA.address,
        to=(SALES,),
        cc=(SOFIE.address,),
        subject="Temperature logging for 36 vans",
        text=VANS,
        attachments=(DraftFile("vans-norrgård.csv", "text/csv", fleet_csv()),),
        message_id=FIRST,
        date=date,
    )


def _away(date: datetime) -> Draft:
    return Draft(
        author=SOFIE.address,
        to=(HANNA.address, SALES),
        subject="Automatic reply: Temperature logging for 36 vans",
        text=AWAY,
        message_id="away-7@norrgard.example",
        date=date,
        in_reply_to=(FIRST,),
        references=(FIRST,),
        headers=(("Auto-Submitted", "auto-replied"), ("Precedence", "bulk")),
    )


def _quote(date: datetime) -> Draft:
    return Draft(
        author=AIKO.address,
        to=(SALES,),
        subject="温度センサーのお見積りについて",
        text=QUOTE_JA,
        message_id="mitsumori-31@minato-haiso.example",
        date=date,
    )


def _invoice(date: datetime) -> Draft:
    lines = ("14 sensors TS-2, at 89.00 EUR", "Freight, 24.50 EUR", "Total 1270.50 EUR, payable within 30 days")
    return Draft(
        author=LUCA.address,
        to=(SUPPORT,),
        subject="Fattura 2071: due sensori mancanti",
        text=INVOICE_IT,
        attachments=(DraftFile("fattura-2071.pdf", "application/pdf", pdf("Acme: invoice 2071", lines)),),
        message_id="f2071@freschissimo.example",
        date=date,
    )


def _vans_again(date: datetime) -> Draft:
    return Draft(
        author=HANNA.address,
        to=(SALES,),
        subject="Re: Temperature logging for 36 vans",
        text=VANS_AGAIN,
        message_id="fleet-2@norrgard.example",
        date=date,
        in_reply_to=(FIRST,),
        references=(FIRST,),
    )


def _door(date: datetime) -> Draft:
    return Draft(
        author=MAREK.address,
        to=(SUPPORT,),
        subject="Van 5S2 8841: door open, door shut",
        text=DOOR_TEXT,
        html=DOOR,
        attachments=(DraftFile("temperature.png", "image/png", curve_png(), "curve@dvorak-doprava.example"),),
        message_id="sensor-8841@dvorak-doprava.example",
        date=date,
    )


def _two_things(date: datetime) -> Draft:
    return Draft(
        author=SOFIE.address,
        to=(SALES, SUPPORT),
        subject="Renewal, and a reader that restarts",
        text=TWO_THINGS,
        message_id="depots-12@norrgard.example",
        date=date,
    )
