"""The addresses of leads, tickets, and their conversations."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.records import composer, content, copies, editing, followers, lists, original, page, steering

urlpatterns = [
    path("leads", lists.record_list, {"type": "lead"}, name="leads"),
    path("leads/<int:pk>", page.record_page, {"type": "lead"}, name="leads-page"),
    path("tickets", lists.record_list, {"type": "ticket"}, name="tickets"),
    path("tickets/<int:pk>", page.record_page, {"type": "ticket"}, name="tickets-page"),
    path("records/<int:pk>/post", composer.post, name="record-post"),
    path("records/<int:pk>/audience", composer.composer_audience, name="record-audience"),
    path("records/<int:pk>/stage", steering.take_step, name="record-stage"),
    path("records/<int:pk>/owner", steering.give_owner, name="record-owner"),
    path("records/<int:pk>/composer", composer.plain_composer, name="record-composer"),
    path("records/<int:pk>/followers", followers.followers, name="record-followers"),
    path("records/<int:pk>/people", followers.people, name="record-people"),
    path("records/<int:pk>/mentions", followers.mentions, name="record-mentions"),
    path("records/<int:pk>/states", copies.states, name="record-states"),
    path("copies/<int:pk>", copies.copy_page, name="copy"),
    path("copies/<int:pk>/again", copies.copy_act, {"verb": "again"}, name="copy-again"),
    path("copies/<int:pk>/cancel", copies.copy_act, {"verb": "cancel"}, name="copy-cancel"),
    path("messages/<int:pk>/copies", copies.message_copies, name="message-copies"),
    path("messages/<int:pk>/heard", copies.message_heard, name="message-heard"),
    path("messages/<int:pk>/accept", copies.accept, name="message-accept"),
    path("messages/<int:pk>", editing.one_message, name="message"),
    path("messages/<int:pk>/edit", editing.edit, name="message-edit"),
    path("messages/<int:pk>/delete", editing.delete, name="message-delete"),
    path("messages/<int:pk>/original", original.original, name="message-original"),
    path("messages/<int:pk>/download", original.download, name="message-download"),
    *(
        path(f"messages/<int:pk>/{how}", composer.compose, {"how": how}, name=f"message-{how}")
        for how in ("reply", "reply-all", "forward")
    ),
    path("messages/<int:pk>/body", content.message_body, name="message-body"),
    path("messages/<int:pk>/text", content.message_text, name="message-text"),
    path("attachments/<int:pk>/<str:name>", content.attachment, name="attachment"),
]
