"""The addresses of the pages: each area brings its own."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages import signin
from postroom.web.pages.arrivals.urls import urlpatterns as arrivals
from postroom.web.pages.contacts.urls import urlpatterns as contacts
from postroom.web.pages.developer.urls import urlpatterns as developer
from postroom.web.pages.downloads.urls import urlpatterns as downloads
from postroom.web.pages.events import events
from postroom.web.pages.home.urls import urlpatterns as home
from postroom.web.pages.hosting.urls import urlpatterns as hosting
from postroom.web.pages.inbox.urls import urlpatterns as inbox
from postroom.web.pages.outbox.urls import urlpatterns as outbox
from postroom.web.pages.records.urls import urlpatterns as records
from postroom.web.pages.search.urls import urlpatterns as search
from postroom.web.pages.settings.urls import urlpatterns as settings

urlpatterns = [
    path("sign-in", signin.sign_in, name="sign-in"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("events", events, name="events"),
    *home,
    *inbox,
    *records,
    *contacts,
    *search,
    *arrivals,
    *outbox,
    *settings,
    *hosting,
    *developer,
    *downloads,
]
