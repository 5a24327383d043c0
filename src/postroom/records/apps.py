"""The Django app of records."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "postroom.records"
    label = "records"
