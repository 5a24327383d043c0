"""Words that send the reader on into the quotation: `my answers in red below`.

Outlook quotes without signs, so that answers written into its quotation look like the quotation; only the writer's own
words tell of them. Where they do nothing is folded.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

LONGEST = 2000  # characters of own words that are looked at, from their beginning


def _phrases(words: str) -> tuple[str, ...]:
    return tuple(words.split("|"))


_POINTERS = _phrases(
    "answers below|answer below|comments below|comment below|replies below|responses below|notes below|inline below"
    "|see inline|answered inline|answers inline|comments inline|replies inline|responses inline|in line below"
    "|comments in red|answers in red|replies in red|in red below|in blue below|in green below|see my comments"
    "|see my answers|see my notes|see my responses"
    "|antworten unten|antwort unten|anmerkungen unten|kommentare unten|antworten im text|anmerkungen im text"
    "|siehe im text|antworten in rot|anmerkungen in rot|unten in rot|unten in blau|antworten inline"
    "|mes réponses ci-dessous|réponses ci-dessous|commentaires ci-dessous|réponses en rouge|en rouge ci-dessous"
    "|réponses dans le texte|en bleu ci-dessous"
    "|respuestas abajo|comentarios abajo|respuestas en rojo|abajo en rojo|abajo en azul|respuestas en el texto"
    "|risposte sotto|commenti sotto|risposte in rosso|sotto in rosso|risposte nel testo|risposte qui sotto"
    "|respostas abaixo|comentários abaixo|respostas em vermelho|abaixo em vermelho|respostas no texto"
    "|antwoorden hieronder|opmerkingen hieronder|antwoorden in rood|hieronder in rood|antwoorden in de tekst"
    "|odpowiedzi poniżej|komentarze poniżej|poniżej na czerwono|odpowiedzi w treści|odpowiedzi na czerwono"
    "|odpovědi níže|komentáře níže|níže červeně|odpovědi v textu|odpovědi červeně"
    "|svar nedan|mina svar nedan|kommentarer nedan|svar i rött|nedan i rött|svar i texten"
    "|svar nedenfor|kommentarer nedenfor|svar med rødt|svar i rødt|svar i teksten|nedenfor med rødt|nedenfor i rødt"
    "|vastaukset alla|vastaukseni alla|kommentit alla|vastaukset punaisella|alla punaisella|vastaukset tekstissä"
    "|válaszok lent|válaszaim lent|válaszaim pirossal|lent pirossal|válaszok a szövegben"
    "|răspunsuri mai jos|răspunsurile mai jos|comentarii mai jos|mai jos cu roșu|răspunsuri în text"
    "|cevaplarım aşağıda|yanıtlarım aşağıda|cevaplar aşağıda|aşağıda kırmızı|kırmızı ile"
    "|ответы ниже|мои ответы ниже|комментарии ниже|ниже красным|ответы в тексте|ответы красным"
    "|απαντήσεις παρακάτω|σχόλια παρακάτω|με κόκκινο παρακάτω|απαντήσεις στο κείμενο"
    "|以下に回答|下記に回答|赤字で|本文中に回答|インラインで|以下、回答"
    "|见下文红字|红字部分|紅字部分|回复如下|回覆如下|见文中|答复见下"
)


def points_below(own: str) -> bool:
    """Whether own words say that answers stand within the quotation below them."""
    return any(map(own[:LONGEST].lower().__contains__, _POINTERS))
