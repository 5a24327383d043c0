"""Indexes of the inbox's lists, and an entry for every conversation that somebody was told of in the inbox."""

import itertools

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count, Max, Q

HERE = Q(done_at=None, snoozed_until=None)
ASLEEP = Q(snoozed_until__isnull=False)
CHUNK = 2000


def index(model, name, fields, condition=None):
    return migrations.AddIndex(model, models.Index(fields=fields, name=name, condition=condition))


def drop_index_of_thread(apps, editor):
    """The new index begins with the same column. Altering the field would write SQLite's table anew."""
    message = apps.get_model("conversations", "message")
    for name in editor._constraint_names(message, ["thread_id"], index=True, unique=False, foreign_key=False):
        editor.execute(editor._delete_index_sql(message, name))


def fill(apps, editor):
    notification = apps.get_model("conversations", "notification")
    entry = apps.get_model("conversations", "inboxentry")
    told = (
        notification.objects.filter(channel="inbox", user__isnull=False)
        .order_by()
        .values_list("user_id", "message__thread_id", "company_id")
        .annotate(
            newest=Max("pk"),
            unread=Count("pk", filter=Q(read_at=None)),
            named=Count("pk", filter=Q(mention=True)),
        )
    )
    rows = told.iterator(CHUNK)
    while some := list(itertools.islice(rows, CHUNK)):
        entry.objects.bulk_create(
            [
                entry(user_id=user, thread_id=thread, company_id=company, newest=newest, unread=unread, mentioned=named > 0)
                for user, thread, company, newest, unread, named in some
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):

    dependencies = [("conversations", "0003_inbox_entries")]

    operations = [
        index("message", "message_newest", ["thread", "-id"]),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_index_of_thread, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    "message",
                    "thread",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="conversations.thread",
                    ),
                )
            ],
        ),
        index("notification", "notification_read", ["user", "read_at"], Q(channel="inbox", read_at__isnull=False)),
        *(migrations.RemoveIndex("inboxentry", name) for name in ("inbox_all", "inbox_unread", "inbox_mentions")),
        index("inboxentry", "inbox_all", ["user", "-newest"], HERE),
        index("inboxentry", "inbox_unread", ["user", "-newest"], HERE & Q(unread__gt=0)),
        index("inboxentry", "inbox_mentions", ["user", "-newest"], HERE & Q(mentioned=True)),
        index("inboxentry", "inbox_done", ["user", "-newest"], Q(done_at__isnull=False)),
        index("inboxentry", "inbox_snoozed", ["user", "-newest"], ASLEEP),
        index("inboxentry", "inbox_wakes", ["snoozed_until"], ASLEEP),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
