"""The addresses of arrivals and refusals."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.arrivals import pages

urlpatterns = [
    path("arrivals", pages.arrival_list, name="arrivals"),
    path("arrivals/refused", pages.refusal_list, name="refusals"),
    path("arrivals/<int:pk>", pages.arrival_page, name="arrival"),
    path("arrivals/<int:pk>/source", pages.arrival_source, name="arrival-source"),
    path("arrivals/<int:pk>/download", pages.arrival_download, name="arrival-download"),
    path("arrivals/<int:pk>/replay", pages.replay, name="arrival-replay"),
]
