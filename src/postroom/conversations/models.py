"""Threads, messages and everything that hangs on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.core.message.risky import Risk, risk_of
from postroom.core.trace import Step
from postroom.directory.models import Company, Contact, User
from postroom.infra.models import File
from postroom.outbound.models import Delivery
from postroom.records.models import Record

HERE = Q(done_at=None, snoozed_until=None)  # of an entry that stands in the inbox, neither done nor asleep
ASLEEP = Q(snoozed_until__isnull=False)


def _own_company() -> models.ForeignKey[Company, Company]:
    """The record's company once more, so that queries need no join. It is copied, never chosen: the database checks it
    at the record, not again at each of the rows that follow."""
    return models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)


class Thread(models.Model):
    """The conversation of a record. `references` are the ids that a further mail names, without angle brackets: the
    first public one and the last twenty (RFC 5322 §3.6.4).
    """

    record = models.OneToOneField(Record, on_delete=models.CASCADE, related_name="thread")
    company = _own_company()
    references = models.JSONField(default=list)
    last_message_at = models.DateTimeField()


class Message(models.Model):
    """One entry of a thread, ordered by the time we received it (its id).

    `html` is sanitised, `text` as sent; `own_text` and `quoted_text` are the words kept apart, nothing cut: those of
    the HTML where its markup sets a quotation apart, those of `text` elsewhere. `to` and `cc` are lists of [email,
    name]. `invitation` is the event that a calendar file of it tells of, as `conversations.invitations` writes it.
    `standing` says how far the author's claim goes; `user` is the member who wrote it here. `level` says how far the
    From of a mail is believed (`core.authentication.verdict.Level`, empty where nobody asked), `verdict` why, in a
    sentence; `marks` are what of its From misleads. `message_id` is the id that it came with, or ours. Only a note can
    be edited or deleted: then it keeps its row, without its words.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "mail"
        NOTE = "note", "note"

    class Visibility(models.TextChoices):
        PUBLIC = "public", "everybody in the conversation"
        INTERNAL = "internal", "only our own people"

    class Standing(models.TextChoices):
        SENDER = "sender", "wrote to us"
        PARTICIPANT = "participant", "takes part"
        OUTSIDER = "outsider", "unverified outsider"
        CLAIMED_MEMBER = "claimed-member", "unverified: says it is one of us"
        MEMBER = "member", "one of us"
        REPLY_LINK = "reply-link", "by reply link, not authenticated"  # of mail that came before it was authenticated

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages", db_index=False)
    company = _own_company()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.EMAIL)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.PUBLIC)
    standing = models.CharField(max_length=16, choices=Standing, default=Standing.SENDER)
    automatic = models.CharField(max_length=8, default="human")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    author = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False)
    author_name = models.TextField(default="")
    author_email = models.CharField(max_length=320, default="")
    subject = models.TextField(default="")
    html = models.TextField(default="")
    text = models.TextField(default="")
    own_text = models.TextField(default="")
    quoted_text = models.TextField(default="")
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    defects = models.JSONField(default=list)
    level = models.CharField(max_length=12, default="")
    verdict = models.TextField(default="")
    marks = models.JSONField(default=list)
    invitation = models.JSONField(default=dict)
    message_id = models.TextField(default="")
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["thread", "-id"], name="message_newest"),
            models.Index(fields=["author", "-thread"], name="message_author"),  # what somebody wrote in
        ]

    @property
    def trace(self) -> list[Step]:
        """Who heard of it and who did not, and why."""
        return [step for telling in self.tellings.all() for step in telling.steps]


DOUBTED = (Message.Standing.OUTSIDER, Message.Standing.CLAIMED_MEMBER)
"""Standings of messages that nobody vouches for, until a member accepts them."""


class Telling(models.Model):
    """One time that a message was told to its people: who heard and who did not, and why, as steps of a trace."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tellings")
    steps = models.JSONField(default=list)

    class Meta:
        ordering = ["pk"]


class MessageId(models.Model):
    """An id that a message is known by (RFC 5322 §3.6.4), without angle brackets; not unique."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="ids")
    company = _own_company()
    value = models.CharField(max_length=255)

    class Meta:
        indexes = [models.Index(fields=["value", "company"], name="message_id_value")]


class Attachment(models.Model):
    """A file of a message; `inline` ones are shown where the body names their `content_id`. `risk` is what opening it
    may do (`core.message.risky.Risk`) as far as its bytes were looked at, `aside` why it need not be listed
    (`core.message.files.Aside`).
    """

    UNJUDGED = "unjudged"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    content_id = models.TextField(default="")
    inline = models.BooleanField(default=False)
    untouched = models.BooleanField(default=False)
    risk = models.CharField(max_length=10, default=UNJUDGED)
    aside = models.CharField(max_length=10, default="")
    position = models.SmallIntegerField()

    @property
    def danger(self) -> Risk:
        """What opening it may do; by name and type alone where nobody looked at its bytes, as when it was uploaded."""
        if self.risk == self.UNJUDGED:
            return risk_of(self.file.name, self.file.content_type)
        return Risk(self.risk)


class SeenPicture(models.Model):
    """A small picture that came with a mail of somebody: the next time it is a logo. `key` is a hash of both, `seen_at`
    when it came last; long after that it is forgotten.
    """

    key = models.CharField(max_length=64, primary_key=True)
    company = _own_company()
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="seen_picture_old")]


class Participant(models.Model):
    """An address that wrote in a thread or was addressed in it: once, with how it came in. `level` is how far the From
    of its own mails is believed, the best of them (`core.authentication.verdict.Level`); empty where it wrote none.
    """

    class Way(models.TextChoices):
        WROTE = "wrote", "wrote a mail"
        TO = "to", "was addressed in a mail"
        CC = "cc", "had a copy of a mail"
        ASKED = "asked", "was written to by one of us"
        FORWARDED = "forwarded", "wrote what one of us passed on"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="participants", db_index=False)
    email = models.CharField(max_length=320)
    name = models.TextField(default="")
    way = models.CharField(max_length=10, choices=Way, default="", blank=True)
    level = models.CharField(max_length=12, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "email"], name="participant_once")]
        indexes = [models.Index(fields=["email", "-thread"], name="participant_of")]


class Forwarded(models.Model):
    """The mail that made a record was one that one of us passed on (`message`): who wrote it first is offered as the
    record's contact. `taken_at` is set once somebody took the offer; then `former` is the contact of before, 0 for
    none, and `joined` says that the person takes part by it alone.
    """

    thread = models.OneToOneField(Thread, primary_key=True, on_delete=models.CASCADE, related_name="forwarded")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    email = models.CharField(max_length=320)
    name = models.TextField(default="")
    former = models.BigIntegerField(default=0)
    joined = models.BooleanField(default=False)
    taken_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    taken_at = models.DateTimeField(null=True)


class Follower(models.Model):
    """Somebody who hears of a thread: of its public messages (`discussions`), of its internal notes (`notes`)."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="followers", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    discussions = models.BooleanField(default=True)
    notes = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "contact"], name="follower_once")]
        indexes = [models.Index(fields=["contact", "-thread"], name="follower_of")]


class Notification(models.Model):
    """Somebody was told of a message: by mail, with the delivery of that copy, or in the inbox until they read it.

    `because` says why, in a sentence. A contact is known by `contact`, one of our own people by `user` too.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", "by mail"
        INBOX = "inbox", "in the inbox"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="notifications")
    company = _own_company()
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    email = models.CharField(max_length=320)
    name = models.TextField(default="")
    channel = models.CharField(max_length=8, choices=Channel)
    delivery = models.OneToOneField(Delivery, null=True, on_delete=models.SET_NULL, related_name="notification")
    because = models.TextField(default="")
    mention = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["user", "-id"], name="notification_unread", condition=Q(channel="inbox", read_at=None)
            ),
            models.Index(  # by it an act of reading is undone
                fields=["user", "read_at"],
                name="notification_read",
                condition=Q(channel="inbox", read_at__isnull=False),
            ),
            models.Index(fields=["contact"], name="notification_contact", condition=Q(contact__isnull=False)),
        ]


class Leaving(models.Model):
    """A message that was written here and has not left yet: until `at` it can be taken back. `scheduled`: that time was
    chosen, and none of us is told before. The row goes when the message has left.

    The rest is what its composer held and the message does not say: the messages that it `answers` or `forwards` (0:
    none), the attachments of that one which go along (`carried`), the contacts whom it mentions, and how many of its
    own attachments, the first ones, were chosen by its writer.
    """

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="leaving")
    at = models.DateTimeField(db_index=True)
    scheduled = models.BooleanField(default=False)
    answers = models.BigIntegerField(default=0)
    forwards = models.BigIntegerField(default=0)
    carried = models.JSONField(default=list)
    mentions = models.JSONField(default=list)
    files = models.SmallIntegerField(default=0)


class Draft(models.Model):
    """What somebody took back before it left: their composer of this conversation shows it until they send it or throw
    it away. `to` and `cc` are lists of [email, name]; the rest is as `Leaving` had it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="drafts")
    company = _own_company()
    subject = models.TextField(default="")
    body = models.TextField(default="")
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    answers = models.BigIntegerField(default=0)
    forwards = models.BigIntegerField(default=0)
    carried = models.JSONField(default=list)
    mentions = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "thread"], name="draft_of")]


class DraftFile(models.Model):
    """A file of a draft, as its message had it."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    position = models.SmallIntegerField()


class Batch(models.Model):
    """One text that somebody wrote to several records at once: a message for each, in its own conversation.

    It waits until `at`, the end of the time to undo it or a time that was chosen (`scheduled`); then its messages are
    posted, some at a time. With `followers` those who follow hear, else the contact of each record alone.
    """

    class State(models.TextChoices):
        WAITS = "waits", "waits for its time"
        POSTING = "posting", "is being posted"
        DONE = "done", "was posted"
        UNDONE = "undone", "was taken back before anything left"
        STOPPED = "stopped", "was stopped on the way"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    subject = models.TextField(default="")
    body = models.TextField(default="")
    followers = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITS)
    at = models.DateTimeField()
    scheduled = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="batch_open", condition=Q(ended_at=None))]


class BatchItem(models.Model):
    """A record of a batch: its message once that is posted, or `why` it has none."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", db_index=False)
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "record"], name="batch_item_once")]


class BatchFile(models.Model):
    """A file that goes with every message of a batch."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    position = models.SmallIntegerField()


class InboxEntry(models.Model):
    """A conversation in somebody's inbox, and how far they are with it.

    `newest` is the id of the newest notification of it that is for the inbox: its place in the list. `unread` counts
    the unread ones, `mentioned` says that one of all names the reader. A new notification takes an entry out of done
    and wakes a snoozed one.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="inbox_entries", db_index=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="inbox_entries")
    company = _own_company()
    newest = models.BigIntegerField()
    unread = models.IntegerField(default=0)
    mentioned = models.BooleanField(default=False)
    starred = models.BooleanField(default=False)
    snoozed_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "thread"], name="inbox_entry_once")]
        indexes = [  # one for each list of `conversations.inbox`, and one for those that come back
            models.Index(fields=["user", "-newest"], name="inbox_all", condition=HERE),
            models.Index(fields=["user", "-newest"], name="inbox_unread", condition=HERE & Q(unread__gt=0)),
            models.Index(fields=["user", "-newest"], name="inbox_mentions", condition=HERE & Q(mentioned=True)),
            models.Index(fields=["user", "-newest"], name="inbox_starred", condition=Q(starred=True)),
            models.Index(fields=["user", "-newest"], name="inbox_done", condition=Q(done_at__isnull=False)),
            models.Index(fields=["user", "-newest"], name="inbox_snoozed", condition=ASLEEP),
            models.Index(fields=["snoozed_until"], name="inbox_wakes", condition=ASLEEP),
        ]
