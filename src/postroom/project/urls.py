"""Where each address leads."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("postroom.api.urls")),
    path("", include("postroom.web.urls")),
]
