"""The addresses of the settings."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.settings import profile
from postroom.web.pages.settings.servers import pages as servers
from postroom.web.pages.settings.servers import trial

urlpatterns = [
    path("settings", servers.server_list, name="settings"),
    path("settings/servers", servers.server_list, name="servers"),
    path("settings/servers/default", servers.server_default, name="server-default"),
    path("settings/servers/choice", servers.server_choice, name="server-choice"),
    path("settings/servers/new", servers.server_new, name="server-new"),
    path("settings/servers/new/test", trial.server_test, name="server-new-test"),
    path("settings/servers/<int:pk>", servers.server_page, name="server"),
    path("settings/servers/<int:pk>/test", trial.server_test, name="server-test"),
    path("settings/servers/<int:pk>/archive", servers.server_archive, name="server-archive"),
    path("settings/servers/<int:pk>/restore", servers.server_restore, name="server-restore"),
    path("profile", profile.profile, name="profile"),
]
