"""The product's settings for tests: a folder of their own instead of `var/`, and no work that only costs time."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if "POSTROOM_VAR" not in os.environ:  # the workers of a run inherit the folder of the process that started them
    os.environ["POSTROOM_VAR"] = tempfile.mkdtemp(prefix="postroom-var-")
    atexit.register(shutil.rmtree, os.environ["POSTROOM_VAR"], ignore_errors=True)

os.environ.setdefault("POSTROOM_UNDO_SECONDS", "0")  # what a test writes leaves at once, unless it is about undoing
os.environ.setdefault("POSTROOM_DNS_SERVERS", "127.0.0.1:9")  # nobody: what a test asks of DNS it serves itself
os.environ.setdefault("POSTROOM_DNS_SECONDS", "1")
os.environ.setdefault("POSTROOM_DNS_TRIES", "1")

from postroom.project.settings import *  # noqa: F403 the folder must be known before
from postroom.project.settings import DATABASES, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

# A file, not memory: tests use several connections at once, as the processes do.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("TEST", {})["NAME"] = f"{os.environ['POSTROOM_VAR']}/test.sqlite3"
