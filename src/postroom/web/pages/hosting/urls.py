"""The addresses of hosting."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.hosting import installation

urlpatterns = [
    path("settings/installation", installation.installation, name="installation"),
]
