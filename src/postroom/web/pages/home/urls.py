"""The addresses of Home and of the first run."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.home import overview, welcome

urlpatterns = [
    path("", overview.home, name="home"),
    path("home/count", overview.home_count, name="home-count"),
    path("welcome", welcome.welcome, name="welcome"),
    path("welcome/<slug:key>", welcome.welcome_step, name="welcome-step"),
]
