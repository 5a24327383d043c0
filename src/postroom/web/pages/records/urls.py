"""The addresses of leads, tickets, and their conversations."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.records import (
    board,
    bulk,
    composer,
    content,
    copies,
    editing,
    export,
    followers,
    forms,
    lists,
    offers,
    original,
    page,
    steering,
    undoing,
    writing,
)

LISTS = (("leads", "lead"), ("tickets", "ticket"))  # the place of each record type that has a list

urlpatterns = [
    *(
        one
        for name, type in LISTS
        for one in (
            path(name, lists.record_list, {"type": type}, name=name),
            path(f"{name}/new", forms.new, {"type": type}, name=f"{name}-new"),
            path(f"{name}/cards", board.cards, {"type": type}, name=f"{name}-cards"),
            path(f"{name}/move", board.move, {"type": type}, name=f"{name}-move"),
            path(f"{name}/assign", bulk.assign, {"type": type}, name=f"{name}-assign"),
            path(f"{name}/write", writing.write, {"type": type}, name=f"{name}-write"),
            path(f"{name}/export", export.export, {"type": type}, name=f"{name}-export"),
            path(f"{name}/<int:pk>", page.record_page, {"type": type}, name=f"{name}-page"),
            path(f"{name}/<int:pk>/edit", forms.edit, {"type": type}, name=f"{name}-edit"),
        )
    ),
    path("desks/<int:desk>/people", forms.people, name="desk-people"),
    path("records/<int:pk>/post", composer.post, name="record-post"),
    path("records/<int:pk>/audience", composer.composer_audience, name="record-audience"),
    path("records/<int:pk>/stage", steering.take_step, name="record-stage"),
    path("records/<int:pk>/owner", steering.give_owner, name="record-owner"),
    path("records/<int:pk>/composer", composer.plain_composer, name="record-composer"),
    path("records/<int:pk>/followers", followers.followers, name="record-followers"),
    path("records/<int:pk>/forwarded", offers.forwarded, name="record-forwarded"),
    path("records/<int:pk>/people", followers.people, name="record-people"),
    path("records/<int:pk>/mentions", followers.mentions, name="record-mentions"),
    path("records/<int:pk>/states", copies.states, name="record-states"),
    path("copies/<int:pk>", copies.copy_page, name="copy"),
    path("copies/<int:pk>/again", copies.copy_act, {"verb": "again"}, name="copy-again"),
    path("copies/<int:pk>/cancel", copies.copy_act, {"verb": "cancel"}, name="copy-cancel"),
    path("messages/<int:pk>/copies", copies.message_copies, name="message-copies"),
    path("messages/<int:pk>/links", copies.message_links, name="message-links"),
    path("messages/<int:pk>/heard", copies.message_heard, name="message-heard"),
    path("messages/<int:pk>/accept", copies.accept, name="message-accept"),
    path("messages/<int:pk>", editing.one_message, name="message"),
    path("messages/<int:pk>/edit", editing.edit, name="message-edit"),
    path("messages/<int:pk>/delete", editing.delete, name="message-delete"),
    path("messages/<int:pk>/undo", undoing.undo, name="message-undo"),
    path("messages/<int:pk>/send-now", undoing.send_now, name="message-send-now"),
    path("messages/<int:pk>/leaves", undoing.reschedule, name="message-leaves"),
    path("batches/<int:pk>", writing.batch_page, name="batch"),
    path("batches/<int:pk>/stop", writing.stop_batch, name="batch-stop"),
    path("batches/<int:pk>/again", writing.write_again, name="batch-again"),
    path("drafts/<int:pk>/discard", undoing.discard_draft, name="draft-discard"),
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
