"""The Django app of domains."""

from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "postroom.domains"
    label = "domains"
