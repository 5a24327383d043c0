"""The addresses of the Inbox."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.inbox import beginning, conversations, handling

urlpatterns = [
    path("inbox", conversations.inbox_list, name="inbox"),
    path("inbox/count", conversations.inbox_count, name="inbox-count"),
    path("inbox/new", beginning.new_message, name="inbox-new"),
    path("inbox/people/<int:desk>", beginning.people, name="inbox-people"),
    path("inbox/read", handling.read_all, name="inbox-read-all"),
    path("inbox/undo", handling.undo, name="inbox-undo"),
    path("inbox/<int:pk>", conversations.inbox_conversation, name="inbox-conversation"),
    path("inbox/<int:pk>/unread", handling.unread, name="inbox-unread"),
    path("inbox/<int:pk>/snooze", handling.snooze, name="inbox-snooze"),
    *(path(f"inbox/<int:pk>/{verb}", handling.act, {"verb": verb}, name=f"inbox-{verb}") for verb in handling.PLAIN),
]
