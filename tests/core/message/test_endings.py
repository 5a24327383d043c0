"""What ends a mail and is no word of its writer: signatures and disclaimers are told apart, and nothing else is."""

from __future__ import annotations

import pytest

from postroom.core.message.disclaimers import is_disclaimer
from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.sanitize import sanitize
from tests.core.message.clients import GMAIL

OWN = "Ninety each, from Tuesday on."
QUOTE = f"{GMAIL['en']}\n> What do the chairs cost?"

# One disclaimer a language, in words of our own, as legal departments write them.
DISCLAIMERS = {
    "en": "This e-mail and any files with it are confidential and intended only for the person named above."
    " If you have"
    " received it in error, please notify the sender and delete it. Any disclosure or copying is prohibited.",
    "de": "Diese E-Mail enthält vertrauliche Informationen und ist nur für den genannten Empfänger"
    " bestimmt. Sollten Sie"
    " sie irrtümlich erhalten haben, informieren Sie bitte den Absender und löschen Sie sie.",
    "fr": "Ce message et ses pièces jointes sont confidentiels et réservés à leur destinataire. Si vous"
    " l'avez reçu par"
    " erreur, merci d'en avertir l'expéditeur et de le supprimer.",
    "es": "Este mensaje es confidencial y se dirige solo a su destinatario. Si lo ha recibido por error, le"
    " rogamos que"
    " lo elimine y avise a quien lo envió. Queda prohibida su copia.",
    "it": "Questo messaggio contiene informazioni riservate ed è destinato soltanto al suo destinatario."
    " Chi lo riceve"
    " per errore è pregato di cancellarlo e di avvisare il mittente.",
    "pt": "Esta mensagem é confidencial e destina-se apenas ao seu destinatário. Se a recebeu por engano,"
    " por favor"
    " elimine-a e avise o remetente; a sua cópia é proibida.",
    "nl": "Dit bericht is vertrouwelijk en alleen bestemd voor de geadresseerde. Hebt u het ten onrechte"
    " ontvangen, wilt"
    " u het dan verwijderen en de afzender waarschuwen? Kopiëren is verboden.",
    "pl": "Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata. Jeżeli otrzymali ją Państwo"
    " przez pomyłkę,"
    " prosimy o zawiadomienie nadawcy i usunięcie jej. Kopiowanie jest zabronione.",
    "cs": "Tato zpráva je důvěrná a určená pouze jejímu příjemci. Pokud jste ji obdrželi omylem, uvědomte"
    " prosím"
    " odesílatele a zprávu smažte. Její šíření je zakázáno.",
    "sv": "Detta meddelande är konfidentiellt och avsett endast för mottagaren. Har du fått det av misstag,"
    " radera det"
    " och meddela avsändaren. Det är förbjudet att sprida det.",
    "da": "Denne meddelelse er fortrolig og kun til den nævnte modtager. Har du fået den ved en fejl, bedes"
    " du slette"
    " den og give afsenderen besked. Videregivelse er forbudt.",
    "no": "Denne meldingen er fortrolig og bare ment for mottakeren. Har du fått den ved en feil, ber vi"
    " deg slette den"
    " og si fra til avsenderen. Det er forbudt å spre den.",
    "fi": "Tämä viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle. Jos olet saanut sen"
    " vahingossa, poista"
    " se ja ilmoita lähettäjälle. Sen levittäminen on kielletty.",
    "hu": "Ez az üzenet bizalmas, és csak a címzettnek szól. Ha tévedésből kapta meg, kérjük, törölje, és"
    " értesítse a"
    " feladót. Másolása tilos.",
    "ro": "Acest mesaj este confidențial și destinat numai persoanei numite. Dacă l-ați primit din"
    " greșeală, vă rugăm să"
    " îl ștergeți. Copierea lui este interzisă.",
    "tr": "Bu mesaj gizlidir ve yalnızca alıcısı içindir. Yanlışlıkla aldıysanız lütfen siliniz ve göndereni"
    " bilgilendiriniz. Çoğaltılması yasaktır.",
    "ru": "Это сообщение конфиденциально и предназначено только для адресата. Если вы получили его по"
    " ошибке, удалите его"
    " и сообщите отправителю. Распространять его запрещено.",
    "el": "Το μήνυμα αυτό είναι εμπιστευτικό και προορίζεται μόνο για τον παραλήπτη. Αν το λάβατε κατά"
    " λάθος, παρακαλούμε"
    " διαγράψτε το. Απαγορεύεται η αντιγραφή του.",
    "ja": "このメールには機密情報が含まれており、宛先の方のみを対象としています。"
    "誤って受信された場合は、削除をお願いいたします。",
    "zh": "此邮件包含机密信息，仅供指定收件人使用。如果您误收了此邮件，请立即删除，严禁复制或传播。",
}
REQUESTS = [
    "Please consider the environment before printing this e-mail.",
    "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail drucken.",
    "This email has been checked for viruses by Avast antivirus software.",
    "Diese E-Mail wurde von Avast-Antivirussoftware auf Viren geprüft.",
]
OWN_WORDS = [
    "Please treat this e-mail as confidential until Monday; I shall tell the others myself.",
    "You got my last message by mistake, please delete it. The right one follows.",
    "Here is the disclaimer for our website that the lawyers want: may we publish it on Monday, and who translates it?",
    "Der Empfänger hat die Nachricht gelöscht, sagt er. Können wir sie noch einmal schicken? Sie war vertraulich.",
    (
        "Please delete my old e-mail address from the distribution list and notify the team that the new one works;"
        " it is far more reliable than the old one, which bounced all of last week."
    ),
    (
        "Die Nachricht der Gesellschaft ist fehlerhaft, bitte löschen Sie den Eintrag ganz bestimmt; die Weitergabe ist"
        " nicht gestattet, sagt die Leitung, und alle anderen Angaben prüfe ich heute noch einmal."
    ),
    (
        "Jeg har slet ikke fået din besked om listen. Det er forbudt at parkere her, og ansvaret er vores, siger de,"
        " men hvem ringer til dem i morgen?"
    ),
    "Please consider the environment variables before you deploy the new version on Monday.",
    "Antes de imprimir, revisa el contrato y manda tres copias a la oficina de Madrid.",
    "I checked the file that you sent and found no virus in it. Can you send it to Ann, too?",
    "The message on the box says that copying the key is prohibited. Where do we get another one for Ann?",
]
CARDS = {
    "en": "Kind regards,\nBob Smith\nHead of Sales\nTel. +44 20 1234 5678\nwww.example.com",
    "de": "Mit freundlichen Grüßen\n\nBob Schmidt\nVertrieb\nBeispiel GmbH\nTel.: 030 1234567\nbob@example.com",
    "fr": "Bien cordialement,\n\nBob Martin\nDirecteur commercial\nTél : 01 23 45 67 89",
    "es": "Un cordial saludo,\nBob Pérez\nVentas\nhttps://www.example.com",
    "it": "Cordiali saluti\nBob Rossi\nUfficio vendite\nTel. 06 1234567",
    "nl": "Met vriendelijke groet,\n\nBob Jansen\nVerkoop\nT 020 1234567",
    "pl": "Z poważaniem\nBob Nowak\nDział sprzedaży\ntel. +48 22 123 45 67",
    "sv": "Med vänlig hälsning\nBob Svensson\nFörsäljning\nTelefon: 08-123 45 67",
    "ru": "С уважением,\nБоб Иванов\nОтдел продаж\nтел. +7 495 123-45-67",
    "tr": "Saygılarımla,\nBob Yılmaz\nSatış Müdürü\nwww.example.com",
}


@pytest.mark.parametrize("disclaimer", [*DISCLAIMERS.values(), *REQUESTS])
def test_a_disclaimer_below_own_words(disclaimer: str) -> None:
    split = split_text(f"{OWN}\n\nBob\n\n{disclaimer}")
    assert split.own == f"{OWN}\n\nBob"
    assert split.disclaimer == disclaimer
    assert split.quoted == disclaimer


@pytest.mark.parametrize("disclaimer", DISCLAIMERS.values(), ids=DISCLAIMERS)
def test_a_disclaimer_below_the_quote_makes_no_answer_between_quotes(disclaimer: str) -> None:
    split = split_text(f"{OWN}\n\n> What do the chairs cost?\n\n{disclaimer}\n")
    assert split.own == OWN
    assert not split.inline


@pytest.mark.parametrize("disclaimer", DISCLAIMERS.values(), ids=DISCLAIMERS)
def test_a_disclaimer_above_the_quote(disclaimer: str) -> None:
    split = split_text(f"{OWN}\n\n{disclaimer}\n\n{QUOTE}")
    assert split.own == OWN
    assert split.disclaimer == disclaimer


def test_a_wrapped_disclaimer_with_its_heading() -> None:
    words = DISCLAIMERS["en"].split()
    lines = [" ".join(words[start : start + 11]) for start in range(0, len(words), 11)]
    block = "\n".join(["CONFIDENTIALITY NOTICE", *lines])
    assert split_text(f"{OWN}\n\n{block}\n\n{DISCLAIMERS['fr']}").disclaimer == f"{block}\n\n{DISCLAIMERS['fr']}"


def test_a_line_of_ones_own_right_above_a_wrapped_disclaimer_stays() -> None:
    words = DISCLAIMERS["en"].split()
    lines = [" ".join(words[start : start + 11]) for start in range(0, len(words), 11)]
    own = f"{OWN}\n\nThey are of the oak that you saw at Ann's, and they last for years and years."
    assert split_text("\n".join([own, *lines])).own == own


def test_a_disclaimer_of_a_page() -> None:
    html, split = split_html(sanitize(f"<div>{OWN}</div><hr><p>{DISCLAIMERS['de']}</p>"))
    assert split.own == OWN
    assert html.count("pr-quote") >= 1


@pytest.mark.parametrize("words", OWN_WORDS)
def test_own_words_are_no_disclaimer(words: str) -> None:
    assert not is_disclaimer(words)
    assert split_text(f"{OWN}\n\n{words}").quoted == ""


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("below", ["", f"\n\n{QUOTE}"])
def test_the_card_below_a_name_is_folded_and_the_name_stays(card: str, below: str) -> None:
    split = split_text(f"{OWN}\n\n{card}{below}")
    words = [line for line in card.split("\n") if line]
    assert split.own.split("\n")[-1] == words[1]
    assert split.signature.split("\n") == words[2:]


@pytest.mark.parametrize(
    "own",
    [
        f"{OWN}\n\nKind regards,\nBob",
        f"{OWN}\n\nKind regards,\nBob Smith\nHead of Sales",
        f"{OWN}\n\nThanks,\nBob\n\nYou reach me at +44 20 1234 5678 from eight to nine tomorrow.\nOr on Monday.",
        f"{OWN}\n\nItems:\n----------\nwww.example.com\nbob@example.com",
        f"{OWN}\n\nCall Jane: +44 20 1234 5678\nand Al: +44 20 8765 4321",
        f"{OWN}\nbob@example.com",
        f"{OWN}\n\nThanks,\nBob\n\nP.S. My number is +44 20 1234 5678 now.\nThe old one is off.",
        f"{OWN}\n\nSecond step:\n\n---\nhttps://example.com/two",
        f"{OWN}\n\nSent by post on Monday, it has not arrived.",
        f"{OWN}\n\nSent via DHL, tracking number 1234567",
        f"{OWN}\n\nGesendet von uns am Montag, bei Ihnen nicht angekommen.",
        f"{OWN}\n\n-----\n\nSecond question: see https://example.com/b. Can you answer by Monday?",
        f"{OWN}\n\n***\n\nThe second offer is at\nwww.example.com/offer, and we would like to have\nan answer to it.",
        f"{OWN}\n--\nSecond question: do they come in blue?\n--\nThird: who carries them up?",
        f"{OWN}\n\nThanks,\nJane\nPlease deliver by Friday.\nCall 0171 2345678.",
        f"{OWN}\n\nThanks,\nJane\nWe need them by Friday\nCall 0171 2345678",
        f"{OWN}\n\nThanks,\nJane\nDeliver Friday.\nCall 0171 2345678.",
        f"{OWN}\n\n----\n\nAnd the second thing:\nhttps://example.com/a\nby Friday at the latest",
        f"{OWN}\n--\nOne thing more\n\nThe meeting is on Friday at nine",
        f"{OWN}\n\nBest,\nhere are the numbers of the two:\nAnn 0171 2345678\nBob 0171 2345679",
        f"{OWN}\n\nDid you notice the new price?\n\nYes.",
        f"{OWN}\n\nFrom: 3 March 10:00\nTo: 5 March 12:00\nSubject: holiday\n\nPlease approve.",
        f"{OWN}\n\nDe: 10h00\nÀ: 11h30\nObjet: réunion",
    ],
)
def test_what_is_no_ending_stays(own: str) -> None:
    assert split_text(own).own == own
    assert split_text(own).quoted == ""


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Sent from Outlook for iOS",
            "Sent from Windows Mail",
            "Sent via mobile",
            "(sent from a phone)",
            "Sent from Nine",
            "Sent from my iPhone. Please excuse brevity and typos.",
            "Sent from Yahoo Mail on Android",
            "Sent from Mail<https://example.com/x> for Windows 10",
            "Get Outlook for iOS<https://example.com/x>",
            "From my mobile",
            "Sent from my XQ-1200B",
            "Sent from my Acmephone X2 Android device",
            "Diese Nachricht wurde von meinem Handy mit K-9 Mail gesendet.",
            "Virus-free. www.avast.com",
        ),
        *("Sent with Proton Mail secure email.", "Sent using the mail app of my network, excuse typos"),
        *("Envoyé à partir d’Outlook pour Android", "Envoyé à partir de Outlook pour iOS<https://example.com/x>"),
        *("Envoyé d'un téléphone", "Gesendet mit der GMX Mail App", "Diese Nachricht wurde von meinem Handy gesendet."),
        *(
            "Enviado desde Yahoo Mail",
            "Enviado do meu Galaxy",
            "Inviato da Outlook per Android",
            "Verzonden vanuit Outlook",
        ),
        *("Wysłane z telefonu", "Odesláno z iPhonu", "Sendt fra Outlook til iOS", "Skickat från Outlook för Android"),
        *(
            "Lähetetty iPhonesta",
            "Отправлено из мобильной Почты",
            "Στάλθηκε από το iPhone μου",
            "iPhone'umdan gönderildi",
        ),
        *(
            "Trimis de pe iPhone",
            "Az iPhone készülékemről küldve",
            "iPhoneから送信",
            "发自我的iPhone",
            "從我的 iPhone 傳送",
        ),
    ],
)
def test_what_devices_and_programs_sign_with(line: str) -> None:
    assert split_text(f"{OWN}\n\n{line}").signature == line
    assert split_text(f"{OWN}\n\n{line}\n\n{QUOTE}").own == OWN


@pytest.mark.parametrize(
    "line",
    [
        *(
            "From my initial reading, no objection.",
            "From my phone I cannot open it.",
            "Sent from my colleague's account…",
        ),
        *("Von meiner Kollegin wurde nichts gesendet, bitte prüfen", "Gesendet von meiner Kollegin, siehe Anhang"),
        *("Gesendet von Frau Müller per Handy", "Gesendet per Einschreiben", "Mit der Post gesendet"),
        *("Fatura muhasebeden gönderildi", "Fatura telefondan gönderildi", "資料は本社から送信します", "本社から送信"),
        *("发自内心地感谢", "从我的角度看，应该先发送合同", "从我的手机里找到合同后再发送", "본사에서 보냄"),
        *("Sent from my phone yesterday", "Sent by phone.", "Sent from my iPhone, sorry I cannot come on Friday"),
        *(
            "Sent from my phone?",
            "Sent from my phone Friday",
            "Sent from our mail server on Monday",
            "Sent via e-mail",
            "Sent from my iPhone. Call me.",
        ),
        *(
            "Download Outlook for the new laptop before Monday",
            "Virus-free mail is what we want.",
            "A szerződés elküldve",
        ),
    ],
)
def test_own_words_that_begin_or_end_as_those_of_a_device(line: str) -> None:
    assert split_text(f"{OWN}\n\n{line}").own == f"{OWN}\n\n{line}"


def test_the_signature_of_a_list_below_that_of_the_writer() -> None:
    footer = "-- \nchairs mailing list\nhttps://lists.example/chairs"
    assert split_text(f"{OWN}\n\n-- \nBob Smith\nExample Ltd\n\n{footer}").own == OWN
    own = f"{OWN}\n--\nSecond question: do they come in blue?"
    assert split_text(f"{own}\n\n{footer}").own == own
    own = f"{OWN}\n\n-- \nWhat do you think of it, and when can you tell?"
    assert split_text(f"{own}\n\n{footer}").own == own


@pytest.mark.parametrize(
    ("heading", "is_one"),
    [
        *(("CONFIDENTIALITY NOTICE", True), ("Legal Disclaimer:", True), ("Rechtlicher Hinweis", True)),
        *(("Aviso legal", True), ("Avis de confidentialité", True), ("Did you notice", False)),
        *(("Please notice the new price", False), ("Notice the new price", False)),
    ],
)
def test_the_heading_of_a_disclaimer(heading: str, *, is_one: bool) -> None:
    split = split_text(f"{OWN}\n\n{heading}\n\n{DISCLAIMERS['en']}")
    assert (heading in split.disclaimer) is is_one


@pytest.mark.parametrize("divider", ["___", "________________", "—", "---", "*****"])
def test_contacts_below_a_divider(divider: str) -> None:
    split = split_text(f"{OWN}\n\nBob\n\n{divider}\nExample Ltd\n+44 20 1234 5678\n")
    assert split.own == f"{OWN}\n\nBob"


def test_the_footer_of_a_list() -> None:
    footer = f"{'_' * 47}\nchairs mailing list\nchairs@lists.example\nhttps://lists.example/chairs"
    assert split_text(f"{OWN}\n\n{footer}").signature == footer


SIGNATURES = {
    "gmail": '<div>{own}</div><div><br></div><span class="gmail_signature_prefix">-- </span><br>'
    '<div dir="ltr" class="gmail_signature"><div>Bob Smith</div><div>Example Ltd</div></div>',
    "outlook web": '<div>{own}</div><div id="Signature"><p>Bob Smith</p><p>Example Ltd</p></div>',
    "thunderbird": '<p>{own}</p><pre class="moz-signature" cols="72">-- \nBob Smith\nExample Ltd</pre>',
    "thunderbird html": '<p>{own}</p><div class="moz-signature">-- <br>Bob Smith<br>Example Ltd</div>',
    "proton": '<div>{own}</div><div class="protonmail_signature_block"><div class="protonmail_signature_block-user">'
    "Bob Smith<br>Example Ltd</div></div>",
    "outlook mobile": '<div>{own}</div><div id="ms-outlook-mobile-signature">Bob Smith<br>Example Ltd</div>',
    "airmail": '<div>{own}</div><div id="bloop_sign_123456">Bob Smith<br>Example Ltd</div>',
    "another": '<div>{own}</div><div class="x_signature">Bob Smith<br>Example Ltd</div>',
}
QUOTED = (
    '<div class="gmail_quote"><div class="gmail_attr">On 3 Mar 2025 at 10:11, Jane &lt;j@example.com&gt; wrote:</div>'
    '<blockquote class="gmail_quote" style="border-left:1px solid">Cost?</blockquote></div>'
)


@pytest.mark.parametrize("page", SIGNATURES.values(), ids=SIGNATURES)
@pytest.mark.parametrize("quoted", ["", QUOTED])
def test_where_a_program_keeps_the_signature(page: str, quoted: str) -> None:
    html, split = split_html(sanitize(page.format(own=OWN) + quoted))
    assert split.own == OWN
    assert "Example Ltd" in split.signature
    assert "pr-quote" in html


def test_words_below_a_signature_are_own() -> None:
    split = split_html(sanitize(SIGNATURES["another"].format(own=OWN) + "<div>And the table?</div>"))[1]
    assert "Example Ltd" in split.own
    assert split.quoted == ""


def test_a_page_that_is_all_signature_is_shown() -> None:
    assert split_html(sanitize("<div class='gmail_signature'>Yes.</div>"))[1].own == "Yes."
