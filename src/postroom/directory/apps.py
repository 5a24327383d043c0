"""The Django app of directory."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "postroom.directory"
    label = "directory"
