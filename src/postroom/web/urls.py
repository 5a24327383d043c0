"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages import (
    arrivals,
    composer,
    content,
    copies,
    followers,
    profile,
    records,
    server_test,
    servers,
    signin,
)
from postroom.web.pages.events import events

urlpatterns = [
    path("", signin.home, name="home"),
    path("sign-in", signin.sign_in, name="sign-in"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("leads", records.record_list, {"type": "lead"}, name="leads"),
    path("leads/<int:pk>", records.record_page, {"type": "lead"}, name="leads-page"),
    path("tickets", records.record_list, {"type": "ticket"}, name="tickets"),
    path("tickets/<int:pk>", records.record_page, {"type": "ticket"}, name="tickets-page"),
    path("records/<int:pk>/post", composer.post, name="record-post"),
    path("records/<int:pk>/audience", composer.composer_audience, name="record-audience"),
    path("records/<int:pk>/followers", followers.followers, name="record-followers"),
    path("records/<int:pk>/people", followers.people, name="record-people"),
    path("records/<int:pk>/mentions", followers.mentions, name="record-mentions"),
    path("records/<int:pk>/states", copies.states, name="record-states"),
    path("copies/<int:pk>", copies.copy_page, name="copy"),
    path("copies/<int:pk>/again", copies.copy_act, {"verb": "again"}, name="copy-again"),
    path("copies/<int:pk>/cancel", copies.copy_act, {"verb": "cancel"}, name="copy-cancel"),
    path("messages/<int:pk>/accept", copies.accept, name="message-accept"),
    path("messages/<int:pk>/body", content.message_body, name="message-body"),
    path("messages/<int:pk>/text", content.message_text, name="message-text"),
    path("attachments/<int:pk>/<str:name>", content.attachment, name="attachment"),
    path("arrivals", arrivals.arrival_list, name="arrivals"),
    path("arrivals/refused", arrivals.refusal_list, name="refusals"),
    path("arrivals/<int:pk>", arrivals.arrival_page, name="arrival"),
    path("arrivals/<int:pk>/source", arrivals.arrival_source, name="arrival-source"),
    path("arrivals/<int:pk>/download", arrivals.arrival_download, name="arrival-download"),
    path("arrivals/<int:pk>/replay", arrivals.replay, name="arrival-replay"),
    path("settings", servers.server_list, name="settings"),
    path("settings/servers", servers.server_list, name="servers"),
    path("settings/servers/default", servers.server_default, name="server-default"),
    path("settings/servers/choice", servers.server_choice, name="server-choice"),
    path("settings/servers/new", servers.server_new, name="server-new"),
    path("settings/servers/new/test", server_test.server_test, name="server-new-test"),
    path("settings/servers/<int:pk>", servers.server_page, name="server"),
    path("settings/servers/<int:pk>/test", server_test.server_test, name="server-test"),
    path("settings/servers/<int:pk>/archive", servers.server_archive, name="server-archive"),
    path("settings/servers/<int:pk>/restore", servers.server_restore, name="server-restore"),
    path("profile", profile.profile, name="profile"),
    path("events", events, name="events"),
]
