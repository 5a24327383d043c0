"""The addresses of the contacts."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.contacts import editing, listing, merging, page

urlpatterns = [
    path("contacts", listing.contact_list, name="contacts"),
    path("contacts/new", editing.contact_new, name="contact-new"),
    path("contacts/merge", merging.merge_two, name="contacts-merge"),
    path("contacts/<int:pk>", page.contact_page, name="contact"),
    path("contacts/<int:pk>/addresses", editing.contact_address, name="contact-address"),
    path("contacts/<int:pk>/others", merging.others, name="contact-others"),
    path("contacts/<int:pk>/merge", merging.merge, name="contact-merge"),
]
