"""The few words that Postroom itself adds to a mail, in the reader's language.

`{author}`, `{number}` and `{title}` stand where the names go. A language without phrases reads English.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_KEYS = (
    "wrote", "noted", "open", "follows", "mentioned", "chosen", "answered", "outsider", "claimed-member", "reply-link",
)  # fmt: skip
_LINES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "en": (
        "{author} wrote in {number}, {title}", "{author} logged an internal note in {number}, {title}", "Open {number}",
        "You get this because you follow {number}.", "You get this because you were mentioned.",
        "You get this because the message was addressed to you.", "You get this because it answers your note.",
        "Unverified: nothing shows that the sender belongs to this conversation.",
        "Unverified: the mail says it is from a colleague, and nothing proves that yet.",
        "By reply link: it came by the link in a copy sent to this colleague, and nothing more proves who wrote it.",
    ),
    "de": (
        "{author} schrieb in {number}, {title}", "{author} hinterließ eine interne Notiz in {number}, {title}",
        "{number} öffnen", "Sie erhalten dies, weil Sie {number} folgen.",
        "Sie erhalten dies, weil Sie erwähnt wurden.", "Sie erhalten dies, weil die Nachricht an Sie gerichtet ist.",
        "Sie erhalten dies, weil es Ihre Notiz beantwortet.",
        "Nicht geprüft: Nichts zeigt, dass der Absender an dieser Unterhaltung teilnimmt.",
        "Nicht geprüft: Die Mail gibt sich als von einer Kollegin oder einem Kollegen aus, was noch nichts belegt.",
        "Über Antwort-Link: Nur der Link aus der zugestellten Kopie spricht dafür, wer das schrieb.",
    ),
    "fr": (
        "{author} a écrit dans {number}, {title}", "{author} a laissé une note interne dans {number}, {title}",
        "Ouvrir {number}", "Vous recevez ceci parce que vous suivez {number}.",
        "Vous recevez ceci parce que vous avez été mentionné.",
        "Vous recevez ceci parce que le message vous est adressé.",
        "Vous recevez ceci parce qu’il répond à votre note.",
        "Non vérifié : rien ne montre que l’expéditeur participe à cette conversation.",
        "Non vérifié : le message se dit écrit par un collègue, et rien ne le prouve encore.",
        "Par lien de réponse : seul le lien de la copie envoyée indique qui l’a écrit.",
    ),
    "es": (
        "{author} escribió en {number}, {title}", "{author} dejó una nota interna en {number}, {title}",
        "Abrir {number}", "Recibe esto porque sigue {number}.", "Recibe esto porque lo han mencionado.",
        "Recibe esto porque el mensaje va dirigido a usted.", "Recibe esto porque responde a su nota.",
        "Sin verificar: nada muestra que el remitente participe en esta conversación.",
        "Sin verificar: el correo dice ser de un compañero y nada lo prueba todavía.",
        "Por enlace de respuesta: solo el enlace de la copia enviada indica quién lo escribió.",
    ),
    "it": (
        "{author} ha scritto in {number}, {title}", "{author} ha lasciato una nota interna in {number}, {title}",
        "Apri {number}", "Ricevi questo messaggio perché segui {number}.",
        "Ricevi questo messaggio perché sei stato menzionato.", "Ricevi questo messaggio perché è indirizzato a te.",
        "Ricevi questo messaggio perché risponde alla tua nota.",
        "Non verificato: nulla mostra che il mittente partecipi a questa conversazione.",
        "Non verificato: il messaggio dice di venire da un collega e ancora nulla lo prova.",
        "Tramite link di risposta: solo il link della copia inviata indica chi l’ha scritto.",
    ),
    "nl": (
        "{author} schreef in {number}, {title}", "{author} plaatste een interne notitie in {number}, {title}",
        "{number} openen", "U krijgt dit omdat u {number} volgt.", "U krijgt dit omdat u bent genoemd.",
        "U krijgt dit omdat het bericht aan u is gericht.", "U krijgt dit omdat het uw notitie beantwoordt.",
        "Niet geverifieerd: niets toont dat de afzender aan dit gesprek deelneemt.",
        "Niet geverifieerd: de mail zegt van een collega te zijn, en nog niets bewijst dat.",
        "Via antwoordlink: alleen de link in de verzonden kopie zegt wie dit schreef.",
    ),
    "pt": (
        "{author} escreveu em {number}, {title}", "{author} deixou uma nota interna em {number}, {title}",
        "Abrir {number}", "Recebe isto porque segue {number}.", "Recebe isto porque foi mencionado.",
        "Recebe isto porque a mensagem lhe é dirigida.", "Recebe isto porque responde à sua nota.",
        "Não verificado: nada mostra que o remetente participa nesta conversa.",
        "Não verificado: a mensagem diz ser de um colega e ainda nada o prova.",
        "Por ligação de resposta: só a ligação da cópia enviada indica quem escreveu.",
    ),
    "sv": (
        "{author} skrev i {number}, {title}", "{author} lämnade en intern anteckning i {number}, {title}",
        "Öppna {number}", "Du får detta eftersom du följer {number}.", "Du får detta eftersom du nämndes.",
        "Du får detta eftersom meddelandet är ställt till dig.", "Du får detta eftersom det besvarar din anteckning.",
        "Ej verifierat: inget visar att avsändaren hör till den här konversationen.",
        "Ej verifierat: mejlet säger sig komma från en kollega, och ännu styrker inget det.",
        "Via svarslänk: bara länken i den skickade kopian säger vem som skrev.",
    ),
    "pl": (
        "{author} pisze w {number}, {title}", "{author} dodaje notatkę wewnętrzną w {number}, {title}",
        "Otwórz {number}", "Otrzymujesz to, ponieważ obserwujesz {number}.",
        "Otrzymujesz to, ponieważ ktoś o Tobie wspomniał.", "Otrzymujesz to, ponieważ wiadomość jest do Ciebie.",
        "Otrzymujesz to, ponieważ jest to odpowiedź na Twoją notatkę.",
        "Niezweryfikowane: nic nie wskazuje, że nadawca należy do tej rozmowy.",
        "Niezweryfikowane: wiadomość podaje się za wiadomość od współpracownika i nic tego jeszcze nie dowodzi.",
        "Przez link odpowiedzi: tylko link z wysłanej kopii wskazuje, kto to napisał.",
    ),
    "cs": (
        "{author} píše v {number}, {title}", "{author} přidává interní poznámku v {number}, {title}",
        "Otevřít {number}", "Dostáváte to, protože sledujete {number}.", "Dostáváte to, protože vás někdo zmínil.",
        "Dostáváte to, protože zpráva je určena vám.", "Dostáváte to, protože odpovídá na vaši poznámku.",
        "Neověřeno: nic neukazuje, že odesílatel patří do této konverzace.",
        "Neověřeno: zpráva tvrdí, že je od kolegy, a zatím to nic nedokládá.",
        "Odkazem pro odpověď: jen odkaz z odeslané kopie říká, kdo to napsal.",
    ),
    "da": (
        "{author} skrev i {number}, {title}", "{author} tilføjede en intern note i {number}, {title}",
        "Åbn {number}", "Du får dette, fordi du følger {number}.", "Du får dette, fordi du blev nævnt.",
        "Du får dette, fordi beskeden er stilet til dig.", "Du får dette, fordi det besvarer din note.",
        "Ikke verificeret: intet viser, at afsenderen hører til denne samtale.",
        "Ikke verificeret: mailen siger, den er fra en kollega, og intet beviser det endnu.",
        "Via svarlink: kun linket i den sendte kopi siger, hvem der skrev.",
    ),
    "fi": (
        "{author} kirjoitti: {number}, {title}", "{author} lisäsi sisäisen muistiinpanon: {number}, {title}",
        "Avaa {number}", "Saat tämän, koska seuraat kohdetta {number}.", "Saat tämän, koska sinut mainittiin.",
        "Saat tämän, koska viesti on osoitettu sinulle.", "Saat tämän, koska se vastaa muistiinpanoosi.",
        "Vahvistamaton: mikään ei osoita, että lähettäjä kuuluu tähän keskusteluun.",
        "Vahvistamaton: viesti väittää olevansa kollegalta, eikä mikään vielä todista sitä.",
        "Vastauslinkin kautta: vain lähetetyn kopion linkki kertoo, kuka kirjoitti.",
    ),
})  # fmt: skip
PHRASES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    language: MappingProxyType(dict(zip(_KEYS, lines, strict=True))) for language, lines in _LINES.items()
})  # fmt: skip


def phrases(language: str) -> Mapping[str, str]:
    """The words of a language code such as `de` or `pt-BR`; English where there are none."""
    return PHRASES.get(language) or PHRASES.get(language.partition("-")[0].lower(), PHRASES["en"])
