"""Notices as mail systems and providers write them in many languages: recognised, whom they name, and what they mean.

The wordings are those of the makes and providers that the names say; addresses and hosts are ours.
"""

from __future__ import annotations

import pytest

from postroom.core.delivery.reported import meaning
from postroom.core.triage.classify import classify
from postroom.core.triage.kinds import Kind
from postroom.outbound.replies import rules
from tests.core.triage.build import letter

ANNA = "anna@example.net"
EXCHANGE = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net>"
GOOGLE = "Mail Delivery Subsystem <mailer-daemon@googlemail.example>"
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.net>"
POSTMASTER = "postmaster@example.net"

# name: sender, subject, body, class
NOTICES = {
    "exchange de": (EXCHANGE, "Unzustellbar: Angebot", f"""\
Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:

{ANNA}
Die von Ihnen eingegebene E-Mail-Adresse konnte nicht gefunden werden. Überprüfen Sie die E-Mail-Adresse des
Empfängers, und versuchen Sie, die Nachricht erneut zu senden.
""", "mailbox-unknown"),
    "exchange fr": (EXCHANGE, "Non remis : Offre", f"""\
Échec de la remise pour ces destinataires ou groupes :

{ANNA}
L’adresse de courrier que vous avez entrée est introuvable.
""", "mailbox-unknown"),
    "exchange es": (EXCHANGE, "No se puede entregar: Oferta", f"""\
No se pudo entregar el mensaje a estos destinatarios o grupos:

{ANNA}
No se encontró la dirección de correo electrónico que especificó.
""", "mailbox-unknown"),
    "exchange it": (EXCHANGE, "Non recapitabile: Offerta", f"""\
Impossibile recapitare il messaggio a questi destinatari o gruppi:

{ANNA}
La cassetta postale del destinatario è piena e non può accettare messaggi.
""", "mailbox-full"),
    "exchange pt": (EXCHANGE, "Não entregue: Oferta", f"""\
Falha na entrega a estes destinatários ou grupos:

{ANNA}
A caixa de correio do destinatário está cheia e não pode aceitar mensagens agora.
""", "mailbox-full"),
    "exchange nl": (EXCHANGE, "Onbestelbaar: Offerte", f"""\
Bezorging aan deze ontvangers of groepen is mislukt:

{ANNA}
Het ingevoerde e-mailadres is niet gevonden.
""", "mailbox-unknown"),
    "exchange pl": (EXCHANGE, "Niedostarczalne: Oferta", f"""\
Dostarczenie wiadomości do następujących adresatów lub grup nie powiodło się:

{ANNA}
Nie można odnaleźć wprowadzonego adresu e-mail.
""", "mailbox-unknown"),
    "exchange cs": (EXCHANGE, "Nedoručitelné: Nabídka", f"""\
Doručení se nezdařilo těmto příjemcům nebo skupinám:

{ANNA}
Zadaná e-mailová adresa nebyla nalezena.
""", "mailbox-unknown"),
    "exchange sv": (EXCHANGE, "Kan inte levereras: Offert", f"""\
Leveransen till följande mottagare eller grupper misslyckades:

{ANNA}
Det gick inte att hitta den e-postadress du angav.
""", "mailbox-unknown"),
    "exchange da": (EXCHANGE, "Kan ikke leveres: Tilbud", f"""\
Levering til disse modtagere eller grupper mislykkedes:

{ANNA}
Den angivne mailadresse blev ikke fundet.
""", "mailbox-unknown"),
    "exchange fi": (EXCHANGE, "Toimitus epäonnistui: Tarjous", f"""\
Viestin toimitus seuraaville vastaanottajille tai ryhmille epäonnistui:

{ANNA}
Antamaasi sähköpostiosoitetta ei löydy.
""", "mailbox-unknown"),
    "exchange hu": (EXCHANGE, "Kézbesíthetetlen: Ajánlat", f"""\
A kézbesítés a következő címzettek vagy csoportok számára sikertelen:

{ANNA}
A megadott e-mail-cím nem található.
""", "mailbox-unknown"),
    "exchange ro": (EXCHANGE, "Nu se poate livra: Ofertă", f"""\
Livrarea la acești destinatari sau grupuri nu a reușit:

{ANNA}
Adresa de e-mail introdusă nu a fost găsită.
""", "mailbox-unknown"),
    "exchange tr": (EXCHANGE, "Teslim edilemedi: Teklif", f"""\
Şu alıcılara veya gruplara teslim başarısız oldu:

{ANNA}
Girdiğiniz e-posta adresi bulunamadı.
""", "mailbox-unknown"),
    "exchange ru": (EXCHANGE, "Недоставлено: Предложение", f"""\
Сбой доставки следующим получателям или группам:

{ANNA}
Не удалось найти указанный адрес электронной почты.
""", "mailbox-unknown"),
    "exchange el": (EXCHANGE, "Δεν παραδόθηκε: Προσφορά", f"""\
Η παράδοση απέτυχε σε αυτούς τους παραλήπτες ή ομάδες:

{ANNA}
Η διεύθυνση ηλεκτρονικού ταχυδρομείου που πληκτρολογήσατε δεν βρέθηκε.
""", "mailbox-unknown"),
    "exchange ja": (EXCHANGE, "配信不能: お見積り", f"""\
次の受信者またはグループへの配信に失敗しました:

{ANNA}
入力した電子メール アドレスが見つかりませんでした。
""", "mailbox-unknown"),
    "exchange zh": (EXCHANGE, "未送达: 报价", f"""\
未能将邮件传递给以下收件人或组:

{ANNA}
找不到你输入的电子邮件地址。
""", "mailbox-unknown"),
    "google de": (GOOGLE, "Delivery Status Notification (Failure)", f"""\
** Adresse nicht gefunden **

Ihre Nachricht wurde nicht an {ANNA} zugestellt, weil die Adresse nicht gefunden wurde oder keine E-Mails
empfangen kann.
""", "mailbox-unknown"),
    "google fr": (GOOGLE, "Delivery Status Notification (Failure)", f"""\
** Adresse introuvable **

Votre message n'a pas été remis à {ANNA}, car l'adresse est introuvable ou n'accepte pas les messages.
""", "mailbox-unknown"),
    "google es": (GOOGLE, "Delivery Status Notification (Failure)", f"""\
** No se ha encontrado la dirección **

Tu mensaje no se ha entregado a {ANNA} porque no se ha encontrado la dirección o esta no puede recibir correos.
""", "mailbox-unknown"),
    "google full": (GOOGLE, "Delivery Status Notification (Failure)", f"""\
** Recipient inbox full **

Your message couldn't be delivered to {ANNA}. Their inbox is full, or it's getting too much mail right now.
""", "mailbox-full"),
    "united internet de": (DAEMON, "Mail delivery failed: returning message to sender", f"""\
Diese E-Mail wurde automatisch von der Mail-Delivery-Software erstellt.

Eine von Ihnen verschickte Nachricht konnte einem oder mehreren Empfängern nicht zugestellt werden:

<{ANNA}>:
    Benutzer unbekannt
""", "mailbox-unknown"),
    "yandex": (DAEMON, "Недоставленное сообщение", f"""\
Это письмо отправлено почтовым сервером mx.example.net.

К сожалению, мы вынуждены сообщить Вам о том, что Ваше письмо не может быть отправлено одному или нескольким
адресатам.

<{ANNA}>: host mx.example.net[192.0.2.7] said: 550 5.7.1 No such user! (in reply to RCPT TO command)
""", "mailbox-unknown"),
    "qq": ("PostMaster@example.net", "系统退信/Systems bounce", f"""\
抱歉，您的邮件被退回来了……

收件人（{ANNA}）所属域名不存在，邮件无法送达。
""", "domain-unknown"),
    "netease": (POSTMASTER, "系统退信", f"""\
您的邮件发送失败了。

收件人邮箱：{ANNA}
退信原因：用户不存在
""", "mailbox-unknown"),
    "korean": (POSTMASTER, "메일 전송 실패 안내", f"""\
다음 주소로 메일을 전송하지 못했습니다.

받는 사람: {ANNA}
사유: 존재하지 않는 사용자입니다.
""", "mailbox-unknown"),
    "domino": (POSTMASTER, "DELIVERY FAILURE: User anna not listed in Domino Directory", f"""\
Your message

  Subject: Offer

was not delivered to:

  {ANNA}

because:

  User anna ({ANNA}) not listed in Domino Directory
""", "mailbox-unknown"),
    "courier": ('"Courier mail server at mx.example.net" <@>', "NOTICE: mail delivery status.", f"""\
This is a delivery status notification from mx.example.net,
running the Courier mail server, version 1.0.

The original message was received on Mon, 3 Mar 2025 10:11:12 +0100
from mail.ours.example.

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<{ANNA}>:
    mx2.example.net [192.0.2.7]:
>>> RCPT TO:<{ANNA}>
<<< 550 User unknown.
""", "mailbox-unknown"),
    "mailenable": (POSTMASTER, "Message could not be delivered", f"""\
The following recipient(s) could not be reached:

   Recipient: [SMTP:{ANNA}]
   Reason: The destination email address is not known at this server

Message contents follow:
""", "mailbox-unknown"),
    "hmailserver": ("mailer-daemon@mx.example.net", "Message undeliverable: Offer", f"""\
Your message did not reach some or all of the intended recipients.

   Sent: Mon, 3 Mar 2025 10:11:12 +0100
   Subject: Offer

The following recipient(s) could not be reached:

{ANNA}
   Error Type: SMTP
   Remote server (192.0.2.7) issued an error.
   hMailServer sent: RCPT TO:<{ANNA}>
   Remote server replied: 550 5.1.1 User unknown
""", "mailbox-unknown"),
    "smartermail": ("System Administrator <postmaster@example.net>", "Delivery Failure", f"""\
Could not deliver message to the following recipient(s):

Failed Recipient: {ANNA}
Reason: Remote host said: 552 5.2.2 Mailbox size limit exceeded

   -- The header and top 20 lines of the message follows --

Received: from mail.ours.example
""", "mailbox-full"),
    "groupwise": (POSTMASTER, "Message status - undeliverable", f"""\
The message that you sent was undeliverable to the following:
        {ANNA} (user not found)
""", "mailbox-unknown"),
    "opensmtpd": (DAEMON, "Delivery status notification: error", f"""\
    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

{ANNA}: 550 5.7.1 Message rejected as spam

    Below is a copy of the original message:
""", "spam-suspected"),
    "exim delay": (DAEMON, "Warning: message 1abc delayed 24 hours", f"""\
This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.net.

The address to which the message has not yet been delivered is:

  {ANNA}
    Delay reason: connection timed out

No action is required on your part. Delivery attempts will continue for
some time.
""", "destination-unreachable"),
    "spanish": (DAEMON, "Error en la entrega del mensaje", f"""\
El mensaje no ha podido ser entregado a los siguientes destinatarios:

{ANNA}: el buzón del usuario está lleno
""", "mailbox-full"),
    "portuguese": (DAEMON, "Falha na entrega da mensagem", f"""\
A sua mensagem não pôde ser entregue:

<{ANNA}>: usuário inexistente
""", "mailbox-unknown"),
    "italian": (DAEMON, "Mancata consegna", f"""\
Non è stato possibile consegnare il messaggio ai seguenti destinatari:

<{ANNA}>: casella piena
""", "mailbox-full"),
    "turkish": (DAEMON, "İleti teslim edilemedi", f"""\
İletiniz aşağıdaki alıcıya teslim edilemedi:

<{ANNA}>: böyle bir kullanıcı yok
""", "mailbox-unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_recognised_and_read(name: str) -> None:
    sender, subject, body, key = NOTICES[name]
    triage = classify(letter(body, From=sender, Subject=subject))
    assert triage.kind is Kind.BOUNCE
    (anna,) = triage.recipients
    meant = meaning(anna, rules())
    assert anna.address == ANNA
    assert meant.reply is not None
    assert meant.reply.key == key


@pytest.mark.parametrize("name", NOTICES)
def test_whoever_passes_it_on_is_a_person(name: str) -> None:
    _, subject, body, _ = NOTICES[name]
    assert classify(letter(f"What does this mean?\n\n{body}", Subject=f"Fwd: {subject}")).kind is Kind.MESSAGE
