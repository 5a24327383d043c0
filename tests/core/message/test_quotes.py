from __future__ import annotations

import pytest

from postroom.core.message.quotes import split_text

ATTRIBUTIONS = [
    "On Mon, 3 Mar 2025 at 10:11, Jane Doe <jane@example.com> wrote:",
    "On Mar 3, 2025, at 10:11 AM, Jane Doe <jane@example.com> wrote:",
    "On 03/03/2025 10:11, Jane Doe wrote:",
    "On Mon, Mar 3, 2025 at 10:11 AM Jane Doe of the Long Company Name <\njane@example.com> wrote:",
    "On Mon, Mar 3, 2025 at 10:11 AM Jane Doe\n<jane@example.com>\nwrote:",
    "Am 03.03.2025 um 10:11 schrieb Jane Doe:",
    "Jane Doe <jane@example.com> schrieb am Mo., 3. März 2025,\n10:11:",
    "Le lun. 3 mars 2025 à 10:11, Jane Doe <jane@example.com> a écrit :",
    "El lun, 3 mar 2025 a las 10:11, Jane Doe (<jane@example.com>) escribió:",
    "Il giorno lun 3 mar 2025 alle ore 10:11 Jane Doe <jane@example.com> ha scritto:",
    "Em seg., 3 de mar. de 2025 às 10:11, Jane Doe <jane@example.com> escreveu:",
    "Op ma 3 mrt 2025 om 10:11 schreef Jane Doe <jane@example.com>:",
    "pon., 3 mar 2025 o 10:11 Jane Doe <jane@example.com> napisał(a):",
    "W dniu 3.03.2025 o 10:11, Jane Doe pisze:",
    "po 3. 3. 2025 v 10:11 odesílatel Jane Doe <jane@example.com> napsal:",
    "Den mån 3 mars 2025 kl 10:11 skrev Jane Doe <jane@example.com>:",
    "Den 3. marts 2025 kl. 10.11 skrev Jane Doe <jane@example.com>:",
    "ma 3. maalisk. 2025 klo 10.11 Jane Doe (jane@example.com) kirjoitti:",
    "Jane Doe <jane@example.com> ezt írta (időpont: 2025. márc. 3., H, 10:11):",
    "În lun., 3 mar. 2025 la 10:11, Jane Doe <jane@example.com> a scris:",
    "Jane Doe <jane@example.com>, 3 Mar 2025 Pzt, 10:11 tarihinde şunu yazdı:",
    "пн, 3 мар. 2025 г. в 10:11, Jane Doe <jane@example.com>:",
    "3 марта 2025 г., в 10:11, Jane Doe <jane@example.com> написал(а):",
    "Στις Δευ 3 Μαρ 2025 στις 10:11, ο Jane Doe <jane@example.com> έγραψε:",
    "2025年3月3日(月) 10:11 Jane Doe <jane@example.com>:",
    "Jane Doe <jane@example.com> 于2025年3月3日周一 10:11写道：",
    "2025-03-03 10:11 GMT+01:00 Jane Doe <jane@example.com>:",
    "---- On Mon, 03 Mar 2025 10:11:12 +0100 Jane Doe <jane@example.com> wrote ----",
]
DIVIDERS = [
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-------- Message d'origine --------",
    "----- Mensaje original -----",
    "-----Messaggio originale-----",
    "-----Mensagem original-----",
    "-----Oorspronkelijk bericht-----",
    "-----Oprindelig meddelelse-----",
    "-----Ursprungligt meddelande-----",
    "-----Исходное сообщение-----",
    "-----原始邮件-----",
]
HEADERS = [
    "From: Jane Doe <jane@example.com>\nSent: Monday, March 3, 2025 10:11 AM\nTo: Bob\nSubject: Chairs",
    "*From:* Jane Doe\n*Sent:* Monday, March 3, 2025 10:11 AM\n*To:* Bob\n*Subject:* Chairs",
    "Von: Jane Doe\nGesendet: Montag, 3. März 2025 10:11\nAn: Bob\nBetreff: Stühle",
    "De : Jane Doe <jane@example.com>\nEnvoyé : lundi 3 mars 2025 10:11\nÀ : Bob\nObjet : Chaises",
    "De: Jane Doe\nEnviado el: lunes, 3 de marzo de 2025 10:11\nPara: Bob\nAsunto: Sillas",
    "Da: Jane Doe\nInviato: lunedì 3 marzo 2025 10:11\nA: Bob\nOggetto: Sedie",
    "Van: Jane Doe\nVerzonden: maandag 3 maart 2025 10:11\nAan: Bob\nOnderwerp: Stoelen",
    "Od: Jane Doe\nWysłano: poniedziałek, 3 marca 2025 10:11\nDo: Bob\nTemat: Krzesła",
    "Från: Jane Doe\nSkickat: den 3 mars 2025 10:11\nTill: Bob\nÄmne: Stolar",
    "От: Jane Doe\nОтправлено: 3 марта 2025 г. 10:11\nКому: Bob\nТема: Стулья",
    "差出人: Jane Doe\n送信日時: 2025年3月3日 10:11\n宛先: Bob\n件名: 椅子",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("quote", ["> What do the chairs cost?\n> Jane\n", "\n> What do the chairs cost?\n"])
def test_an_attribution_and_its_quote_are_folded(attribution: str, quote: str) -> None:
    split = split_text(f"Ninety each.\n\nBob\n\n{attribution}\n{quote}")
    assert split.own == "Ninety each.\n\nBob"
    assert split.quoted.startswith(attribution)
    assert "chairs" in split.quoted


@pytest.mark.parametrize("opening", [*ATTRIBUTIONS, *DIVIDERS, *HEADERS])
def test_an_opening_without_quote_signs_folds_the_rest(opening: str) -> None:
    split = split_text(f"Ninety each.\n\n{opening}\n\nWhat do the chairs cost?\n")
    assert split.own == "Ninety each."
    assert split.quoted.startswith(opening)


@pytest.mark.parametrize("headers", HEADERS)
def test_the_line_above_copied_headers_is_folded_with_them(headers: str) -> None:
    split = split_text(f"Ninety each.\n\n________________________________\n{headers}\n\nWhat do they cost?")
    assert split.own == "Ninety each."
    assert split.quoted.startswith("____")


@pytest.mark.parametrize(
    "own",
    [
        "Please book:\n\nFrom: London\nTo: Paris\nDate: 3 May\n\nThank you",
        "Invitation:\n\nDate: Monday 3 March\nTime: 10:11\nAddress: 1 Main Street",
        "As my grandmother wrote:\n\nnever buy a chair on a Friday.",
        "We meet at 10:30, write to bob@example.com:\n\nbefore noon, please.",
        "I have three wishes:\n- a chair\n- a table\n- a lamp",
        "Total:\n----------\n90.00",
        "See <https://example.com/a>\nand tell me on Monday at 10:11:\n\nyes or no?",
        "Am Montag um 10:11 ist das Treffen:\n\nbitte kommt.",
        "Use this:\n\n>>> import this\n\nand read what it prints.",
    ],
)
def test_own_words_that_look_like_quoting_stay(own: str) -> None:
    assert split_text(own).own == own
    assert split_text(own).quoted == ""


def test_words_below_an_attributed_quote_are_own() -> None:
    split = split_text(f"{ATTRIBUTIONS[0]}\n> What do they cost?\n\nNinety each.\n")
    assert split.own == "Ninety each."
    assert not split.inline


def test_words_above_and_below_an_attributed_quote_are_own() -> None:
    split = split_text(f"Hello Jane,\n\n{ATTRIBUTIONS[0]}\n> What do they cost?\n\nNinety each.\n")
    assert split.own.split() == ["Hello", "Jane,", "Ninety", "each."]


@pytest.mark.parametrize(
    "start", ["", "Hello Jane,\n\n", f"{ATTRIBUTIONS[0]}\n", f"Hello Jane,\n\n{ATTRIBUTIONS[0]}\n"]
)
def test_answers_between_quotes_keep_everything(start: str) -> None:
    text = f"{start}> What do they cost?\n\nNinety each.\n\n> And the table?\n\nTwo hundred."
    split = split_text(text)
    assert split.inline
    assert split.own == text
    assert split.quoted == ""


def test_a_quote_that_nobody_is_named_for_stays_above_its_answer() -> None:
    text = "> What do they cost?\n\nNinety each."
    assert split_text(text).own == text


def test_a_signature_below_inline_answers_is_folded() -> None:
    split = split_text("> What do they cost?\n\nNinety each.\n\n> And the table?\n\nTwo hundred.\n\n-- \nBob\n")
    assert split.inline
    assert split.own.endswith("Two hundred.")
    assert split.quoted == "-- \nBob"


def test_the_end_of_a_quoted_line_that_was_broken_is_no_answer() -> None:
    long = "> What would you say that the chairs would cost if we were to order as many as"
    split = split_text(f"Ninety each.\n\n{ATTRIBUTIONS[0]}\n{long}\ntwenty of them?\n> Jane\n")
    assert split.own == "Ninety each."


def test_nested_quotes_with_bare_attributions_are_one_quote() -> None:
    split = split_text(f"Ninety.\n\n{ATTRIBUTIONS[0]}\n> Cost?\n>\n{ATTRIBUTIONS[1]}\n>> We sell chairs.\n")
    assert split.own == "Ninety."


@pytest.mark.parametrize("delimiter", ["-- ", "--"])
def test_a_signature_is_folded(delimiter: str) -> None:
    split = split_text(f"Ninety each.\n\n{delimiter}\nBob\nChairs Ltd\n+44 20 0000 0000\n")
    assert split.own == "Ninety each."
    assert "Chairs Ltd" in split.quoted


def test_the_signature_of_a_list_below_that_of_the_writer() -> None:
    assert split_text("Ninety each.\n-- \nBob\n-- \nChairs list: https://lists.example/chairs\n").own == "Ninety each."


def test_two_dashes_above_a_long_text_are_no_signature() -> None:
    text = "Ninety each.\n--\n" + "\n".join(f"Point {number}" for number in range(40))
    assert split_text(text).own == text


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent from Outlook for Android<https://aka.ms/x>",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Von meinem iPhone gesendet",
        "Gesendet von Outlook für iOS",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",
        "Inviato da iPhone",
        "Verzonden vanaf mijn iPhone",
        "Sendt fra min iPhone",
        "Skickat från min iPhone",
        "Wysłane z iPhone'a",
        "Отправлено с iPhone",
        "iPhoneから送信",
        "发自我的iPhone",
    ],
)
def test_what_a_device_signs_with_is_folded(line: str) -> None:
    assert split_text(f"Ninety each.\n\n{line}").own == "Ninety each."
    assert split_text(f"Ninety each.\n\n{line}\n\n{ATTRIBUTIONS[0]}\n\n> Cost?").own == "Ninety each."


@pytest.mark.parametrize(
    "text",
    [
        "> only a quote",
        f"{ATTRIBUTIONS[0]}\n> only a quote",
        f"{HEADERS[0]}\n\nonly a copied mail",
        "Sent from my iPhone",
        "-- \nBob",
        "",
    ],
)
def test_where_nothing_is_own_everything_is_shown(text: str) -> None:
    assert split_text(text).own == text.strip()


@pytest.mark.parametrize(
    "opening",
    [
        "---------- Forwarded message ---------",
        "--- begin forwarded text",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
        "---------- Message transféré ---------",
        "-------- Пересылаемое сообщение --------",
    ],
)
def test_a_forwarded_mail_is_there_to_be_read(opening: str) -> None:
    text = f"FYI\n\n{opening}\n{HEADERS[0]}\n\nWhat do they cost?\n\n{ATTRIBUTIONS[0]}\n> We sell chairs."
    assert split_text(text).own == text


def test_an_attribution_whose_address_was_torn_apart() -> None:
    text = "Ninety.\n\nOn Mon, 3 Mar 2025 at 10:11 Jane Doe\n\n<\nmailto:Jane Doe <jane@example.com>\n> wrote:\n\nCost?"
    assert split_text(text).own == "Ninety."


def test_own_words_on_the_line_of_an_attribution_are_not_lost() -> None:
    text = "Yes, fine, as I said. On Mon, 3 Mar 2025 at 10:11, jane@example.com wrote:\n> Cost?"
    assert "Yes, fine" in split_text(text).own


def test_lines_may_end_in_carriage_returns() -> None:
    assert split_text(f"Ninety.\r\n\r\n{ATTRIBUTIONS[0]}\r\n> Cost?\r\n").own == "Ninety."
