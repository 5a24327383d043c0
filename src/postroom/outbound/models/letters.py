"""What a message says to one audience, and by which server and From it leaves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.models import Company, User
from postroom.domains.models import AliasDomain
from postroom.infra.models import File
from postroom.outbound.models.servers import OutgoingServer, is_kept_here

NOT_KEPT = "this-part-of-the-link-is-not-kept"


class Letter(models.Model):
    """What one message says to one audience in one language; never changed once it is queued.

    `to` and `cc` are lists of [email, name]; without any, each copy names its own recipient. `references` and the ids
    are without angle brackets. `author_email` is empty where nothing proves that it is theirs. `reply_to` is an
    untagged address of ours, empty: answers go to the From. `about` is the reference of the record that it belongs to,
    such as `lead:12`. `forced_server` is a server that it has to leave by; `by_default_server`: the default server of
    the configuration, which has no row, has to be that one. `secret` is what stands in the mail alone, where text and
    HTML have `NOT_KEPT`: encrypted, and forgotten when it is accepted.
    """

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    domain = models.ForeignKey(AliasDomain, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    about = models.CharField(max_length=80, default="", db_index=True)
    author_name = models.TextField(default="")
    author_email = models.CharField(max_length=320)
    author_user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    reply_to = models.CharField(max_length=320, default="")
    subject = models.TextField(default="")
    html = models.TextField(default="")
    text = models.TextField(default="")
    message_id = models.TextField()
    in_reply_to = models.TextField(default="")
    references = models.JSONField(default=list)
    is_automatic = models.BooleanField(default=False)
    forced_server = models.ForeignKey(
        OutgoingServer, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    by_default_server = models.BooleanField(null=True)  # null: no; so the table is not copied when it is added
    secret = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["domain", "id"], name="letter_domain"),
            models.Index(
                fields=["forced_server"], name="letter_forced", condition=Q(forced_server__isnull=False)
            ),  # rare
        ]

    @property
    def forced(self) -> int | None:
        """The id of the server that it has to leave by, `DEFAULT_SERVER` for that of the configuration; None: any."""
        return DEFAULT_SERVER if self.by_default_server else self.forced_server_id


class LetterFile(models.Model):
    """A file that goes with a letter; with a `content_id` (no angle brackets) its HTML shows it."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    content_id = models.TextField(default="")
    position = models.SmallIntegerField()


class Dispatch(models.Model):
    """How a letter was sent: the server and the From as they were chosen, and why. A letter has more than one where the
    choice came out otherwise at a later try. `server` is null for the default server. `reply_tag` and `return_tag` are
    the separators by which each copy's tokens are put into Reply-To and return path; empty: none is. `linked` are the
    ids of the letter's files that go as links by this choice.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="dispatches")
    server = models.ForeignKey(OutgoingServer, null=True, on_delete=models.SET_NULL, related_name="+")
    server_name = models.TextField()
    from_name = models.TextField(default="")
    from_email = models.CharField(max_length=320)
    return_path = models.CharField(max_length=320, default="")
    reply_tag = models.CharField(max_length=1, default="")
    return_tag = models.CharField(max_length=1, default="")
    case = models.CharField(max_length=24)
    admitted = models.BooleanField(default=True)
    because = models.TextField()
    trace = models.JSONField(default=list)
    linked = models.JSONField(null=True)  # null: none; so the table is not copied when it is added
    created_at = models.DateTimeField()

    problem = ""  # why it can't be sent at all, found with the choice: no column, the copies say it

    @property
    def is_kept_here(self) -> bool:
        """Whether what was chosen keeps the mail and sends nothing."""
        return is_kept_here(self.server_id, self.server_name)
