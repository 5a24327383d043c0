"""The flags of the default server: `@for_default_server` gives them to a verb, above environment and file.

There is none for the password: whoever lists the processes of a machine reads their arguments. It stands in a file.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

from postroom.project.cli.shared import option

Verb = TypeVar("Verb", bound=Callable[..., Any])

PASSWORD, PASSWORD_FILE = "POSTROOM_OUTGOING_PASSWORD", "POSTROOM_OUTGOING_PASSWORD_FILE"


def _password_file(value: str | None) -> str | None:
    """Names the file in the environment, where a password would go before it."""
    if value is not None:
        os.environ.pop(PASSWORD, None)
        os.environ[PASSWORD_FILE] = os.path.realpath(value)
    return value


FLAGS: dict[str, Any] = {
    "outgoing_server": Annotated[
        str | None, option("POSTROOM_OUTGOING_SERVER", "--outgoing-server", "Host of the default server.", "HOST")
    ],
    "outgoing_port": Annotated[
        int | None, option("POSTROOM_OUTGOING_PORT", "--outgoing-port", "Port of the default server.", "PORT")
    ],
    "outgoing_encryption": Annotated[
        str | None,
        option(
            "POSTROOM_OUTGOING_ENCRYPTION",
            "--outgoing-encryption",
            "none, starttls, starttls-unverified, tls or tls-unverified.",
            "HOW",
        ),
    ],
    "outgoing_user": Annotated[
        str | None, option("POSTROOM_OUTGOING_USER", "--outgoing-user", "User name at the default server.", "NAME")
    ],
    "outgoing_password_file": Annotated[
        str | None,
        option(PASSWORD_FILE, "--outgoing-password-file", "File that holds the password.", "FILE", put=_password_file),
    ],
    "email_from": Annotated[
        str | None,
        option(
            "POSTROOM_EMAIL_FROM",
            "--email-from",
            "Notification address where a company has no alias domain.",
            "ADDRESS",
        ),
    ],
    "from_filter": Annotated[
        str | None,
        option(
            "POSTROOM_FROM_FILTER",
            "--from-filter",
            "Addresses and domains that the default server sends for, by commas.",
            "LIST",
        ),
    ],
}


def for_default_server(verb: Verb) -> Verb:
    """Give a verb these flags. Each is written into the environment as it is read; the verb itself sees none."""

    @wraps(verb)
    def run(**given: Any) -> Any:
        return verb(**{name: value for name, value in given.items() if name not in FLAGS})

    own = inspect.signature(verb, eval_str=True)
    flags = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in FLAGS.items()
    ]
    known = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own.parameters.values()]
    run.__signature__ = own.replace(parameters=[*known, *flags])  # type: ignore[attr-defined]
    run.__annotations__ = {**verb.__annotations__, **FLAGS}
    return run  # type: ignore[return-value]
