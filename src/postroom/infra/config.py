"""Configuration: flags over environment (`POSTROOM_*`) over file (`postroom.toml`); each field says what it means.

A field NAME may also be given as POSTROOM_NAME_FILE: the path of a file that holds the value (for secrets).
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

MEGABYTE = 1024 * 1024


class FileSource(PydanticBaseSettingsSource):
    """Reads POSTROOM_<NAME>_FILE: the value is the file's text without its last line end."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"POSTROOM_{field_name.upper()}_FILE")
        return (Path(path).read_text().rstrip("\r\n") if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Config(BaseSettings):
    """Every setting of an installation."""

    model_config = SettingsConfigDict(env_prefix="POSTROOM_", toml_file="postroom.toml", extra="forbid")

    var: Path = Field(Path("var"), description="Folder of the database, blobs, sockets, spool and logs.")
    database_url: str = Field("", description="sqlite:///path or postgresql://…; empty: SQLite under `var`.")
    secret_key: str = Field("", description="Signs sessions; empty: made at the first start and kept in `var`.")
    public_url: str = Field("http://127.0.0.1:8300", description="The address under which people reach the pages.")
    hosts: str = Field("127.0.0.1,localhost,[::1]", description="Host names that the pages answer to, by commas.")
    web_host: str = Field("127.0.0.1", description="Address that the pages are served on.")
    proxies: str = Field("", description="Addresses of proxies before the pages, whose X-Forwarded-For is believed.")
    web_port: int = Field(8300, description="Port that the pages are served on.")
    smtp_host: str = Field("127.0.0.1", description="Address that the SMTP listener is bound to.")
    smtp_port: int = Field(2525, description="Port of the SMTP listener (25 in production).")
    smtp_name: str = Field("", description="The name that the listener greets with; empty: this machine's name.")
    smtp_user: str = Field("", description="User that the listener becomes once bound, when started as root.")
    smtp_certificate: str = Field("", description="Certificate chain (PEM) with which the listener offers STARTTLS.")
    smtp_private_key: str = Field("", description="Private key (PEM) of the certificate.")
    smtp_connections: int = Field(200, description="Connections that the listener serves at once.")
    smtp_connections_per_peer: int = Field(50, description="Connections that one peer may hold at once.")
    smtp_timeout: float = Field(300.0, description="Seconds of silence after which a connection is closed.")
    own_networks: str = Field(
        "127.0.0.0/8,::1/128",
        description="Networks of our own machines: their bare CR or LF is mended, SPF is not asked about them, and what"
        " a filter there wrote into a mail is believed.",
    )
    trusted_authserv_id: str = Field(
        "",
        description="Name of one server before us whose Authentication-Results are believed, as it writes it there;"
        " it has to delete those that come with a mail under its name.",
    )
    authentication_seconds: float = Field(5.0, description="Seconds for all DNS questions about who sent one mail.")
    rspamd_url: str = Field(
        "", description="Where rspamd takes mail to look at, such as http://127.0.0.1:11333; empty: it is not asked."
    )
    rspamd_password: str = Field("", description="Password that rspamd wants.")
    filter_seconds: float = Field(5.0, description="Seconds that a filter may think about one mail before it passes.")
    filter_max_size: int = Field(10 * MEGABYTE, description="Largest mail that filters are shown, in bytes.")
    lmtp_socket: Path | None = Field(None, description="LMTP socket; empty: `var/run/lmtp.sock`.")
    lmtp_group: str = Field("", description="Group that may use the LMTP socket and the spool.")
    spool: Path | None = Field(None, description="Folder in which mailgate leaves mail; empty: `var/spool`.")
    max_message_size: int = Field(35 * MEGABYTE, description="Largest mail that a door takes, in bytes.")
    max_recipients: int = Field(100, description="Recipients of one mail that a door takes.")
    queue_mails: int = Field(1000, description="Mails that wait for the committer before a door says 451.")
    queue_bytes: int = Field(64 * MEGABYTE, description="Bytes that wait for the committer before a door says 451.")
    inline_limit: int = Field(64 * 1024, description="Largest mail or file kept in the database itself, in bytes.")
    outgoing_server: str = Field("", description="Host of the default server; empty: mail is kept in `var/outbox`.")
    outgoing_port: int = Field(587, description="Port of the default server.")
    outgoing_encryption: Literal["none", "starttls", "starttls-unverified", "tls", "tls-unverified"] = Field(
        "starttls", description="none, starttls, starttls-unverified, tls or tls-unverified, for the default server."
    )
    outgoing_user: str = Field("", description="User name at the default server; empty: no login.")
    outgoing_password: str = Field("", description="Password at the default server.")
    outgoing_connections: int = Field(4, description="Connections to the default server that a worker opens at most.")
    outgoing_max_size: int = Field(
        25 * MEGABYTE,
        description="Largest mail, in bytes, for the default server and for servers that never said how much they take;"
        " attachments above it leave as links. 0: any size.",
    )
    link_days: int = Field(30, description="Days for which the links of attachments that were too large are there.")
    keep_links_days: int = Field(90, description="Days for which links that are over are still listed.")
    email_from: str = Field("", description="Notification address where a company has no alias domain.")
    from_filter: str = Field("", description="Addresses and domains that the default server sends for, by commas.")
    instance: str = Field(
        "",
        description="The id of this installation, where `var` is not kept or shared; empty: `var/instance`.",
    )
    encryption_keys: str = Field(
        "", description="Keys of secrets at rest, newest first, by commas; empty: made once and kept in `var`."
    )
    hosted_domain: str = Field(
        "",
        description="Domain under which an operator hosts companies; set: their servers may use neither port 25 nor"
        " private addresses.",
    )
    hosted_daily_limit: int = Field(
        200, description="Copies a day that a hosted company without a plan sends by the default server; 0: any number."
    )
    hosted_contact: str = Field("", description="Whom hosted companies ask for more: an address or a link.")
    undo_seconds: float = Field(
        10.0, description="Seconds for which what a person wrote can be undone before it leaves; 0: it leaves at once."
    )
    send_batch: int = Field(200, description="Copies that a worker claims for sending at once, at most.")
    send_window: int = Field(20, description="Copies that one connection may have on the wire before their states.")
    send_lease_seconds: float = Field(60.0, description="Time after which a claimed copy may be taken by another.")
    pace_minute: float = Field(60.0, description="Seconds of the minute in which limits of sending are counted.")
    send_timeout: float = Field(
        300.0,
        description="Seconds that an outgoing server may take to answer MAIL; its other deadlines keep the"
        " proportions of RFC 5321, such as twice as long for the end of a mail.",
    )
    send_silent_seconds: float = Field(
        3.0,
        description="Seconds of silence after a mail was written, from which on its connection counts as hanging and"
        " urgent mail gets another.",
    )
    queue_age_interactive: float = Field(
        120.0, description="Seconds for which a copy that somebody waits for may wait before it is an alert."
    )
    queue_age_notification: float = Field(
        600.0, description="Seconds for which a notification may wait before it is an alert."
    )
    queue_age_bulk: float = Field(6 * 3600.0, description="Seconds for which bulk mail may wait before it is an alert.")
    proof_seconds: float = Field(600.0, description="Seconds that the round trips of a proof of a domain may take.")
    send_days: float = Field(5.0, description="Days over which a copy that is put off is tried again.")
    send_delayed_hours: float = Field(
        4.0, description="Hours after which a copy that was put off, or whose server is down, is shown as delayed."
    )
    worker_parsers: int = Field(1, description="Processes that read mail for a worker; 0 reads within the worker.")
    worker_only: Literal["", "inbound", "outbound"] = Field(
        "", description="What a worker does: inbound settles mail, outbound sends it; empty: both."
    )
    batch: int = Field(50, description="Arrivals that a worker takes at once, at most.")
    lease_seconds: float = Field(60.0, description="Time after which a worker's claim may be taken by another.")
    parse_seconds: float = Field(30.0, description="Time that reading one batch may take before it is read one by one.")
    restart_seconds: float = Field(1.0, description="First pause before a child is started again; doubles to 30.")
    keep_raw_days: int = Field(365, description="Days for which the bytes of settled arrivals are kept.")
    keep_refusals_days: int = Field(30, description="Days for which refusals are kept.")
    dns_servers: str = Field("", description="Resolvers, address or address:port, by commas; empty: the system's.")
    dns_seconds: float = Field(2.0, description="Seconds that a resolver may take for one try.")
    dns_tries: int = Field(2, description="Tries at each resolver that does not answer.")
    dns_deadline: float = Field(6.0, description="Seconds for all tries of one question.")
    dns_rest_seconds: float = Field(
        30.0, description="Seconds for which resolvers are left alone where none of them answers anything."
    )
    dns_cache_entries: int = Field(10000, description="Answers of DNS that a process keeps, at most.")
    dns_cache_seconds: int = Field(3600, description="Longest time for which an answer of DNS is kept.")
    dns_check_seconds: float = Field(5.0, description="Seconds for all questions of one check of a sender.")
    language: str = Field("en", description="Language of pages for people who have not chosen one.")
    time_zone: str = Field("UTC", description="Time zone for people who have not chosen one.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, FileSource(settings_cls), toml

    @property
    def run_dir(self) -> Path:
        return self.var / "run"

    @property
    def lmtp_path(self) -> Path:
        return self.lmtp_socket or self.run_dir / "lmtp.sock"

    @property
    def spool_path(self) -> Path:
        return self.spool or self.var / "spool"

    @property
    def blob_dir(self) -> Path:
        return self.var / "blobs"

    @property
    def database(self) -> str:
        """The database's URL: POSTROOM_DATABASE_URL, else DATABASE_URL, else SQLite under `var`."""
        url = self.database_url or os.environ.get("DATABASE_URL", "")
        return url or f"sqlite:///{(self.var / 'postroom.sqlite3').absolute()}"

    @property
    def has_public_url(self) -> bool:
        """Whether somebody said where people outside reach the pages: the default leads to this machine alone."""
        return self.public_url.rstrip("/") != str(Config.model_fields["public_url"].default)

    def signing_secret(self) -> str:
        """The secret that signs sessions; made once and kept readable by the owner alone."""
        return self.secret_key or kept(self.var / "secret_key", lambda: secrets.token_urlsafe(48))

    def encryption_secret(self) -> str:
        """The keys of secrets at rest, by commas; the first is made once and kept readable by the owner alone."""
        return self.encryption_keys or kept(
            self.var / "encryption_key", lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        )


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text of a file; made at the first call, and the same for every process that asks."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, make())
    return path.read_text()


def replace_file(path: Path, text: str) -> None:
    """Write a file anew, readable by the owner alone; others read the old text or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_beside(path, text).replace(path)


def _write_beside(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    return temporary


def _write_once(path: Path, text: str) -> None:
    temporary = _write_beside(path, text)
    try:
        os.link(temporary, path)  # the first process wins; the others read what it wrote
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


@cache
def config() -> Config:
    """The configuration of this process, read once."""
    return Config()
