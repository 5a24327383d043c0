"""The command line as a whole: every verb under its name, every failure in one line with an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

# The library offers no public name for the root of its errors.
from typer._click.exceptions import ClickException, NoArgsIsHelpError

from postroom.core.errors import PostroomError
from postroom.project.cli import (
    demo,
    doctor,
    explain,
    hosting,
    init,
    inspect_mail,
    prepare,
    processes,
    prove,
    queue,
    replay,
    search,
    send_queue,
    serve,
    takeover,
    token,
    try_server,
    user,
)
from postroom.project.cli.shared import EX_CONFIG, EX_DATAERR, EX_SOFTWARE, EX_UNAVAILABLE, EX_USAGE, Failure
from postroom.project.supervisor import Unstartable

INTERRUPTED = 130
PRIVATE = 0o027  # mail is nobody else's business: what is written is for the owner, and its group may read it

app = typer.Typer(
    name="postroom",
    help="The post room of a company: mail in, on the right desk, and every decision explained.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("web")(processes.web)
app.command("smtp")(processes.smtp)
app.command("worker")(processes.worker)
app.command("inspect")(inspect_mail.inspect_mail)
app.command("replay")(replay.replay)
app.command("send-queue")(send_queue.send_queue)
for _name, _verb in queue.VERBS.items():
    app.command(_name)(_verb)
app.command("test-server")(try_server.try_server)
app.command("takeover")(takeover.takeover)
app.command("prove")(prove.prove)
app.command("doctor")(doctor.doctor)
app.command("prepare", hidden=True)(prepare.prepare)
app.add_typer(explain.app, name="explain")
app.add_typer(hosting.app, name="hosting")
app.add_typer(search.app, name="search")
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")


@app.command("mailgate", add_help_option=False)
def mailgate() -> None:
    """Hand a mail from standard input over, or spool it; for mail servers that deliver into a pipe."""
    raise Failure("mailgate is served before this command line is loaded: run it as the first word.", EX_SOFTWARE)


def run(argv: Sequence[str]) -> int:
    """Run a command line (without the program's name); the exit status."""
    os.umask(PRIVATE)
    try:
        status = app(list(argv), prog_name="postroom", standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except NoArgsIsHelpError as needs_help:
        print(needs_help.format_message())
        return EX_USAGE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        words, code = _expected(error)
        if not words:
            raise
        print(f"postroom: {words}", file=sys.stderr)
        return code
    return status if isinstance(status, int) else 0


def _expected(error: Exception) -> tuple[str, int]:
    """An expected failure in one line and its exit status; no words for what is a mistake of ours."""
    match error:
        case Failure() | Unstartable():
            return str(error), error.code
        case ClickException():
            return f"{' '.join(error.format_message().split())} See `postroom --help`.", EX_USAGE
        case PostroomError():
            return str(error), EX_DATAERR
    if _is(error, "pydantic_core", "ValidationError"):
        return _configuration(error), EX_CONFIG
    if _is(error, "django.db", "Error") or _is(error, "postroom.infra.database.connections", "NotDurable"):
        return _database(error), EX_UNAVAILABLE
    if isinstance(error, PermissionError | FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return f"{error.filename}: {error.strerror}.", EX_UNAVAILABLE
    return "", EX_SOFTWARE


def _is(error: Exception, module: str, name: str) -> bool:
    """Whether it is such an error; a library that was never loaded raised nothing."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))


def _configuration(error: Exception) -> str:
    details: list[dict[str, Any]] = getattr(error, "errors", list)()
    named = [f"POSTROOM_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in details]
    return f"{'; '.join(named)}. Mend the environment, the flags or postroom.toml."


def _database(error: Exception) -> str:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    if "no such table" in first or "does not exist" in first:
        return f"The database is not ready ({first}): run `postroom init` or `postroom serve` first."
    return f"The database cannot be used: {first.rstrip('.')}. `postroom doctor` looks closer."
