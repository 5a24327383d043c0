"""The addresses of developer mode."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.developer import actions, lists, parameters

urlpatterns = [
    path("developer/parameters", parameters.parameter_list, name="parameters"),
    path("developer/parameters/new", parameters.parameter_new, name="parameter-new"),
    path("developer/parameters/<str:key>", parameters.parameter_page, name="parameter"),
    path("developer/parameters/<str:key>/reset", parameters.parameter_reset, name="parameter-reset"),
    path("developer/actions", actions.action_list, name="actions"),
    path("developer/actions/<str:key>", actions.action_change, name="action"),
    path("developer/actions/<str:key>/run", actions.action_run, name="action-run"),
    path("developer/queue", lists.queue, name="queue"),
    path("developer/messages", lists.message_list, name="messages"),
    path("developer/retired", lists.retired, name="retired"),
]
