"""The addresses of the Inbox."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.inbox import conversations

urlpatterns = [
    path("inbox", conversations.inbox_list, name="inbox"),
    path("inbox/count", conversations.inbox_count, name="inbox-count"),
    path("inbox/<int:pk>", conversations.inbox_conversation, name="inbox-conversation"),
    path("inbox/<int:pk>/read", conversations.inbox_read, name="inbox-read"),
    path("inbox/<int:pk>/unread", conversations.inbox_unread, name="inbox-unread"),
]
