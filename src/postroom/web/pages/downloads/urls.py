"""The addresses of files that went as links."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.downloads import page

urlpatterns = [
    path("d/<str:token>", page.download, name="download"),
    path("d/<str:token>/<str:name>", page.download_file, name="download-file"),
]
