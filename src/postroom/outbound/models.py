"""Servers, letters, their deliveries and every attempt."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.core.delivery.states import DELIVERIES, DeliveryState
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.models import Company, User
from postroom.domains.models import AliasDomain
from postroom.infra.models import File


class Lane(models.IntegerChoices):
    """What goes first: somebody waits for an answer, somebody is told, many are told."""

    INTERACTIVE = 0, "interactive"
    NOTIFICATION = 1, "notification"
    BULK = 2, "bulk"


class OutgoingServer(models.Model):
    """A server that takes mail for delivery; without a company it serves all of them.

    `from_filter` is as entered: addresses and domains, by commas. `owner` makes it personal. `provider` is the key of
    the one that it was filled in from. `secret` is encrypted, and so is `client_certificate`: a PEM key and its chain,
    known on pages by `certificate_subject` and `certificate_until` alone. `mechanism` empty: chosen from what is
    offered. `max_size` (bytes) and `daily_limit` (mails within 24 hours) are 0 for none. `tested_at`, `test_worked` and
    `test_steps` are what the last connection test found, for the server as it is set now.
    """

    class Encryption(models.TextChoices):
        NONE = "none", "none"
        STARTTLS = "starttls", "STARTTLS, certificate verified"
        STARTTLS_UNVERIFIED = "starttls-unverified", "STARTTLS, certificate not verified"
        TLS = "tls", "TLS, certificate verified"
        TLS_UNVERIFIED = "tls-unverified", "TLS, certificate not verified"

    class Authentication(models.TextChoices):
        NONE = "none", "none"
        LOGIN = "login", "user name and password"
        CERTIFICATE = "certificate", "client certificate"
        DEFAULT = "default", "the default server of the configuration"

    class Mechanism(models.TextChoices):
        AUTOMATIC = "", "chosen from what the server offers"
        PLAIN = "PLAIN", "PLAIN"
        LOGIN = "LOGIN", "LOGIN"
        CRAM_MD5 = "CRAM-MD5", "CRAM-MD5"

    company = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="outgoing_servers")
    name = models.CharField(max_length=120)
    priority = models.IntegerField(default=10)
    from_filter = models.TextField(default="", blank=True)
    provider = models.CharField(max_length=24, default="", blank=True)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=587)
    encryption = models.CharField(max_length=20, choices=Encryption, default=Encryption.STARTTLS)
    authentication = models.CharField(max_length=12, choices=Authentication, default=Authentication.LOGIN)
    username = models.CharField(max_length=320, default="", blank=True)
    mechanism = models.CharField(max_length=10, choices=Mechanism, default=Mechanism.AUTOMATIC, blank=True)
    secret = models.BinaryField(default=b"")
    client_certificate = models.BinaryField(default=b"")
    certificate_subject = models.TextField(default="", blank=True)
    certificate_until = models.DateTimeField(null=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    trusted_relay = models.BooleanField(default=False)
    max_connections = models.PositiveSmallIntegerField(default=4)
    max_size = models.PositiveBigIntegerField(default=0)
    daily_limit = models.PositiveIntegerField(default=0)
    tested_at = models.DateTimeField(null=True)
    test_worked = models.BooleanField(null=True)
    test_steps = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


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


OUTBOX_FOLDER = "Outbox folder"  # the default server where none is configured: it keeps mail and sends nothing


def is_kept_here(server: int | None, name: str) -> bool:
    """Whether the server of a choice is the folder of this machine, from which nothing goes out."""
    return not server and name == OUTBOX_FOLDER


class Dispatch(models.Model):
    """How a letter was sent: the server and the From as they were chosen, and why. A letter has more than one where the
    choice came out otherwise at a later try. `server` is null for the default server. `reply_tag` and `return_tag` are
    the separators by which each copy's tokens are put into Reply-To and return path; empty: none is.
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
    created_at = models.DateTimeField()

    @property
    def is_kept_here(self) -> bool:
        """Whether what was chosen keeps the mail and sends nothing."""
        return is_kept_here(self.server_id, self.server_name)


ENDED_WELL = (DeliveryState.ACCEPTED.value, DeliveryState.DELIVERED.value)  # nearly all: others have their own index
ENDED_BADLY = (DeliveryState.FAILED.value, DeliveryState.BOUNCED.value)


class Delivery(models.Model):
    """The copy of a letter for one envelope recipient, and what became of it: `core.delivery.states.DELIVERIES`.

    Queued while `due` is set: `lane`, then `due` say when. `words` says in a sentence why it waits or how it ended.
    `renewed_at` is when a person had it sent again: from then on the days count over which it is tried.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="deliveries")
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    address = models.CharField(max_length=320)
    name = models.TextField(default="")
    lane = models.SmallIntegerField(choices=Lane, default=Lane.NOTIFICATION)
    state = models.CharField(max_length=16, default=DELIVERIES.start)
    dispatch = models.ForeignKey(Dispatch, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    attempts = models.SmallIntegerField(default=0)
    words = models.TextField(default="")
    due = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, default="")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["lane", "due", "id"], name="delivery_due", condition=Q(due__isnull=False)),
            models.Index(
                fields=["lease_until"],
                name="delivery_transmitting",
                condition=Q(state=DeliveryState.TRANSMITTING.value),
            ),
            models.Index(fields=["company", "-id"], name="delivery_list"),
            models.Index(
                fields=["company", "state", "-id"],
                name="delivery_open",
                condition=~Q(state__in=ENDED_WELL),
            ),
            models.Index(
                fields=["company", "-settled_at"], name="delivery_ended_badly", condition=Q(state__in=ENDED_BADLY)
            ),
        ]


class Attempt(models.Model):
    """One try to hand a copy over, written before its bytes are. `phase` is how far it came, `words` the server's own
    answer; `message_id` is the id that the server gave the mail, where its answer told it.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.SmallIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, default="")
    phase = models.CharField(max_length=12, default="")
    code = models.SmallIntegerField(default=0)
    enhanced = models.CharField(max_length=12, default="")
    words = models.TextField(default="")
    message_id = models.TextField(default="")


class Proof(models.Model):
    """A run that proves an alias domain: round trips from every server to its addresses; open until `closed_at`.

    `due` is when it is closed at the latest; `left_out` counts the addresses for which there was no room. `tags_arrive`
    is what was seen of mail to tagged addresses, None where that cannot be told. `way_in` is the domain's when it
    began: what was seen holds for that one. `stopped`: a person ended it.
    """

    domain = models.ForeignKey(AliasDomain, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    began_at = models.DateTimeField()
    due = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    left_out = models.PositiveIntegerField(default=0)
    way_in = models.CharField(max_length=12, default="")
    stopped = models.BooleanField(default=False)
    tags_arrive = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=Q(closed_at=None), name="proof_one_at_a_time")
        ]
        indexes = [models.Index(fields=["due"], condition=Q(closed_at=None), name="proof_open")]


class RoundTrip(models.Model):
    """A mail of a proof: to `address`, which is `base` with a tag where `is_tagged`. `server` is null for the default
    server. `fates` (`core.proving.Fate`, by commas) are empty while it is under way; the first is what matters most.
    `words` say what differed, or what a server said; `arrival` is the id of the arrival, 0 where there is none.
    """

    proof = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="trips")
    server = models.ForeignKey(OutgoingServer, null=True, on_delete=models.SET_NULL, related_name="+")
    server_name = models.TextField()
    base = models.CharField(max_length=320)
    is_tagged = models.BooleanField(default=False)
    address = models.CharField(max_length=320, default="")
    message_id = models.TextField(default="")
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.SET_NULL, related_name="+")
    fates = models.CharField(max_length=80, default="")
    words = models.TextField(default="")
    arrival = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)


class Plan(models.Model):
    """What a company may send a day by the operator's default server: copies, 0 for any number."""

    name = models.CharField(max_length=60, unique=True)
    daily_limit = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name


class Allowance(models.Model):
    """What one company may: its plan, or a limit of its own that stands above it. Without a row: the configured one."""

    company = models.OneToOneField(Company, primary_key=True, on_delete=models.CASCADE, related_name="+")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="allowances")
    daily_limit = models.PositiveIntegerField(null=True)


class DailyUsage(models.Model):
    """How many copies of a company were handed to the operator's default server on a day (UTC)."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(db_index=True)
    sent = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "day"], name="usage_once_a_day")]
