"""Bounces that are not built as reports: recognised by who writes and by the words that mail systems use.

Recognising needs two signs that do not depend on each other (a mail system as sender, its subject, its words), so that
a person who writes about a bounce, or passes one on, is not taken for a machine.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re

from postroom.core.message.mail import Mail
from postroom.core.triage.delivery_report import has_original, quoted_message_id

LONGEST_NOTICE = 8000  # characters of a body in which a mail system says what it has to say

_SENDER = re.compile(
    rb"mailer[-_.]?daemon|\bpost_?master\b|mail deliver(?:y|er)?[ .]*(?:sub)?system|mail[ .]delivery[ .](?:sub)?system"
    rb"|system administrator|mail administrator|\bmdaemon\b|mail[-_]?daemon|delivery status notification"
    rb"|microsoftexchange[0-9a-f]{32}|courier mail server|mail ?server at"
    rb"|smtp_mail_service|\bndr@|bounce[-_]?handler|\bimss@|antivirus_for_smtp",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver(?:able|ed)|un-deliverable|returned (?:mail|message|e-?mail|to sender)"
    r"|return(?:ing)? (?:message )?to sender"
    r"|(?:mail|message|delivery|e-?mail)\W+(?:delivery )?(?:system )?(?:status notification|fail\w*|error|problem"
    r"|delayed|unsuccessful"
    r"|could not be|not delivered|bounced)|fail(?:ed|ure)\W+(?:delivery|notice|to deliver|mail|notification)"
    r"|delayed mail"
    r"|delivery (?:status )?notification|could not be delivered|not (?:yet )?(?:been )?delivered|non[- ]?deliver"
    r"|error sending your mail"
    r"|processing error|mail system error|mail failure|nameserver error report|warning: (?:message|could not send)"
    r"|loop alert|permanent delivery|smtp server: errors|unzustellbar|nicht zustellbar|fehler bei der zustellung"
    r"|échec de|non remis|remise impossible|no se (?:pudo|puede|ha podido) entregar|no entregado|não entregue"
    r"|mancata consegna"
    r"|onbestelbaar|niet bezorgd|nie dostarczon|niedostarczaln|nedoručiteln|kan ikke leveres|kunde inte levereras"
    r"|не доставлен|доставить не|недоставлен|配信できません|配信不能|メールエラー|送信できません|宛先不明|退信"
    r"|无法投递|投递失败|無法傳送|无法送达|未送达|未傳遞|전송 ?실패|배달(?:되지| ?실패)|kan (?:inte|ikke) leveres?"
    r"|non recapitabile|impossibile recapitare|no se pued[eo] entregar|entrega (?:fallida|del mensaje)|falha na entrega"
    r"|remise du message|nie można dostarczyć|nedoruč|doručení se nezdař|toimitus epäonnistui|voi(?:da|tu)? toimittaa"
    r"|kézbesíthetetlen|kézbesítés[ei]? siker|nu se poate livra|livrare[a]? .{0,20}nu a reuș|teslim edil(?:eme|em)"
    r"|не ?доставлен|сбой доставки|δεν (?:είναι δυνατή|παραδόθηκε)|αποτυχία παράδοσης|niet afgeleverd",
    re.IGNORECASE,
)
# Words that only mail systems begin with.
_WORDS = re.compile(
    r"this is the (?:\S{1,30} )?(?:mail(?:er)? system|qmail|mail delivery|mailer|postfix|mail server) ?(?:at|program)?"
    r"|hi\. this is the|qmail-send program|created automatically by (?:the )?(?:mail|e-?mail)"
    r"|could not be (?:delivered|sent|processed)"
    r"|(?:couldn.?t|can.?t|could not|cannot|unable to|was not able to|not able to) (?:be )?deliver|(?:has"
    r"|have) not (?:yet )?been delivered"
    r"|(?:did not|didn.?t|failed to) reach the following|delivery (?:to the following|has failed|attempts? (?:has"
    r"|have)? ?failed"
    r"|attempts will|failed|status notification|of (?:the|your) message|failure)|(?:following|these) (?:recipient"
    r"|address)\S{0,30} (?:\S{1,30} ){0,4}(?:fail|error"
    r"|undeliver|could not|had permanent|had transient|had delivery)|addresses had (?:permanent|transient|delivery"
    r"|fatal|successful)?"
    r"|undeliver(?:able|ed) (?:mail|message|to)|message (?:was )?undeliverable|not delivered to|was not delivered"
    r"|wasn.?t delivered"
    r"|returned (?:mail|to (?:the )?sender|below)|permanent(?:ly)? (?:fatal |delivery )?(?:error|fail)"
    r"|transient non-fatal|transcript of session"
    r"|(?:user|recipient|mailbox|account|address)\S{0,30} (?:\S{1,30} ){0,3}(?:unknown|not found|full|does not exist"
    r"|doesn.?t exist|over quota|unavailable)"
    r"|unknown user|user unknown|no such user|host unknown|not be delivered|failed recipients?"
    r"|smtp error|rcpt to:|invalid user address|duplicated message-id|email rejection|your (?:message|mail"
    r"|e-?mail) (?:\S{1,30} ){0,6}(?:rejected|bounced|blocked|delayed)"
    r"|nicht zugestellt|nicht zustellbar|n['’]a pas pu|n['’]a pu être|non (?:remis|distribué)|no (?:pudo|se pudo"
    r"|ha podido) (?:ser )?entreg"
    r"|non è stato possibile|impossibile (?:recapitare|consegnare)|não (?:pôde|foi possível)"
    r"|niet (?:worden )?(?:bezorgd|afgeleverd)"
    r"|nie (?:została?|mogła|może) (?:być )?dostarczon|kunne ikke leveres|kunde inte levereras"
    r"|не (?:может быть доставлен|было доставлен|удалось доставить|доставлен)|配信できません|送信できません"
    r"|送信されません|届け(?:られ|でき)|配信不能|配信に失敗|无法投递|无法(?:送达|发送)|退回|ご利用できません|見つかりません"
    r"|未能将邮件|邮件发送失败|邮件无法|전송(?:하지 못|되지 않|할 수 없)|배달되지 않"
    r"|fehler bei der nachrichtenzustellung|zustellung .{0,30}fehlgeschlagen|nicht an \S{3,80} zugestellt"
    r"|échec de la remise|n['’]a pas été (?:remis|délivré|distribué)"
    r"|no se (?:ha entregado|pudo entregar|ha podido entregar)"
    r"|falha na entrega|não foi entregue|bezorging .{0,60}mislukt|niet bezorgd"
    r"|dostarczenie wiadomości .{0,60}nie powiodło|nie zostało dostarczon|doručení se nezdařilo|nelze doručit"
    r"|leveransen till .{0,60}misslyckades|kunde inte (?:skickas|nå)|levering .{0,60}mislyk"
    r"|toimitus .{0,60}epäonnistui|ei voitu toimittaa|kézbesítés .{0,60}sikertelen|nem (?:sikerült )?kézbesít"
    r"|livrarea .{0,60}nu a reușit|nu a putut fi livrat|teslim (?:başarısız|edilem)|сбой доставки"
    r"|не может быть отправлено|η παράδοση απέτυχε|δεν ήταν δυνατή η παράδοση",
    re.IGNORECASE,
)


def comes_from_mail_system(mail: Mail) -> bool:
    """Whether the sender gives itself out to be a mail system, or wants no answer as only such do (RFC 5321 §4.5.5)."""
    if calls_itself_mail_system(mail):
        return True
    path = mail.headers.raw("Return-Path")
    return bool(path) and (path[0] == b"<>" or path[0][:15].upper().startswith((b"<MAILER-DAEMON", b"MAILER-DAEMON")))


def calls_itself_mail_system(mail: Mail) -> bool:
    """Whether From or a field that only mail systems write says so; answering machines have empty return paths too."""
    if "X-Failed-Recipients" in mail.headers:
        return True
    sender = b"".join(mail.headers.raw("From")[:1])[:500].lower()
    return _may_be_of_system(sender) and _SENDER.search(sender) is not None


def _may_be_of_system(sender: bytes) -> bool:
    """A quick look: whether `_SENDER` may find anything; in most senders it cannot."""
    if b"mail" in sender or b"post" in sender or b"daemon" in sender or b"system" in sender or b"smtp" in sender:
        return True
    return (
        b"exchange" in sender or b"bounce" in sender or b"delivery" in sender or b"ndr@" in sender or b"imss@" in sender
    )


def is_foreign_bounce(mail: Mail, text: str) -> str:
    """A sentence saying why `mail` is a bounce though it is not built as one, or empty. `text` is its body."""
    if not comes_from_mail_system(mail):
        return ""
    subject, words = _SUBJECT.search(mail.subject) is not None, says_so(text)
    if "X-Failed-Recipients" in mail.headers and (subject or words):
        return "X-Failed-Recipients names whom the mail did not reach"
    if subject:
        return "A mail system writes, and its subject says that a mail did not arrive"
    if words and calls_itself_mail_system(mail):
        return "A mail system writes, and its words say that a mail did not arrive"
    if words and (has_original(mail) or quoted_message_id(text)):
        return "Its return path is empty, its words say that a mail did not arrive, and it brings that mail back"
    return ""


def brings_back(mail: Mail, text: str) -> str:
    """The same of a machine that does not call itself a mail system, but encloses the mail that it is about."""
    if _SUBJECT.search(mail.subject) and says_so(text):
        return "A machine writes, subject and words say that a mail did not arrive, and it is enclosed"
    return ""


def says_so(text: str) -> bool:
    """Whether a body begins with words of a mail system about a mail that did not arrive."""
    return _WORDS.search(text[:LONGEST_NOTICE]) is not None
