"""The addresses of the search."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.search import views

urlpatterns = [
    path("search", views.search, name="search"),
    path("search/palette", views.palette, name="search-palette"),
]
