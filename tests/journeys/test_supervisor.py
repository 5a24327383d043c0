"""The supervisor: what it starts lives, dies, comes back and ends as it should."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.project.supervisor import EX_UNAVAILABLE, Child, Door, Supervisor, Unstartable, alone, ensure_free
from tests.support.supervised import House, alive, house, wait_for

# Children that say who they are, in a file; `stubborn` ones do not stop when asked to.
CHILD = """
import os, signal, sys, time
from pathlib import Path
from postroom.project.supervisor import follow_supervisor

follow_supervisor()
kind, folder = sys.argv[1], Path(sys.argv[2])
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "parent" and os.fork() == 0:
    kind = "grandchild"
with (folder / kind).open("a") as file:
    file.write(f"{os.getpid()}\\n")
until = time.monotonic() + 60
while kind != "brief" and time.monotonic() < until:
    time.sleep(0.05)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from postroom.project import supervisor
from postroom.project.supervisor import Child, Supervisor

folder, kinds = sys.argv[1], sys.argv[2:]
supervisor.STOP_SECONDS = 1.0
ready = Path(folder) / "ready"
children = [Child(kind, [sys.executable, folder + "/child.py", kind, folder]) for kind in kinds]
sys.exit(Supervisor(children, 0.1, lambda: all((Path(folder) / k).exists() for k in kinds), ready.touch).run())
"""


class Watched:
    """A supervisor of such children, in a process of its own."""

    def __init__(self, folder: Path, *kinds: str) -> None:
        self.folder = folder
        (folder / "child.py").write_text(textwrap.dedent(CHILD))
        (folder / "supervisor.py").write_text(textwrap.dedent(SUPERVISOR))
        path = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "supervisor.py"), str(folder), *kinds],
            env={**os.environ, "PYTHONPATH": path},
            stderr=subprocess.PIPE,
        )
        wait_for((folder / "ready").exists, "ready")

    def pids(self, kind: str) -> list[int]:
        path = self.folder / kind
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; the exit status and what was said."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=30)[1].decode()
        return self.process.returncode, said


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Watched]]:
    """Supervisors that the test starts; none outlives it."""
    all_: list[Watched] = []
    yield all_
    for one in all_:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_with_status_0(
    tmp_path: Path, started: list[Watched], number: signal.Signals
) -> None:
    started.append(one := Watched(tmp_path, "first", "second"))
    status, said = one.end(number)
    assert (status, said) == (0, "")
    assert not any(alive(pid) for kind in ("first", "second") for pid in one.pids(kind))


def test_a_child_that_is_killed_comes_back(tmp_path: Path, started: list[Watched]) -> None:
    started.append(one := Watched(tmp_path, "first", "second"))
    (first,), (second,) = one.pids("first"), one.pids("second")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(one.pids("first")) == 2, "the child again")
    assert alive(one.pids("first")[1])
    assert one.pids("second") == [second]
    assert "first ended (signal SIGKILL); it is started again in 0.1 s." in one.end(signal.SIGTERM)[1]


def test_a_child_that_keeps_dying_is_given_longer_pauses(tmp_path: Path, started: list[Watched]) -> None:
    started.append(one := Watched(tmp_path, "brief"))
    wait_for(lambda: len(one.pids("brief")) == 3, "three runs")
    said = one.end(signal.SIGTERM)[1]
    assert [line.rpartition(" in ")[2] for line in said.splitlines()][:2] == ["0.1 s.", "0.2 s."]


def test_pauses_end_at_half_a_minute_and_begin_anew_after_a_long_life() -> None:
    supervisor, child = Supervisor([], 1.0), Child("x", [], started=time.monotonic())
    pauses = [supervisor._pause_after(child) for _ in range(7)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    child.started -= 60
    assert supervisor._pause_after(child) == 1


def test_a_child_that_does_not_stop_is_killed(tmp_path: Path, started: list[Watched]) -> None:
    started.append(one := Watched(tmp_path, "stubborn"))
    status, said = one.end(signal.SIGTERM)
    assert status == 0
    assert "stubborn did not stop in 1 s and was killed." in said
    assert not alive(one.pids("stubborn")[0])


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path, started: list[Watched]) -> None:
    started.append(one := Watched(tmp_path, "first"))
    (child,) = one.pids("first")
    one.process.kill()
    one.process.wait()
    wait_for(lambda: not alive(child), "the end of the child")


def test_what_a_child_started_ends_with_it(tmp_path: Path, started: list[Watched]) -> None:
    started.append(one := Watched(tmp_path, "parent"))
    wait_for(lambda: one.pids("grandchild"), "the grandchild")
    (grandchild,) = one.pids("grandchild")
    os.kill(one.pids("parent")[0], signal.SIGKILL)
    wait_for(lambda: not alive(grandchild), "the end of the grandchild")
    wait_for(lambda: len(one.pids("grandchild")) == 2, "the next one")
    assert one.end(signal.SIGTERM)[0] == 0
    assert not alive(one.pids("grandchild")[1])


def test_a_busy_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        door = Door("127.0.0.1", taken.getsockname()[1], "--smtp-port")
        with pytest.raises(Unstartable, match=f"^Port {door.port} on 127.0.0.1 is in use: .* give --smtp-port.$"):
            ensure_free(door)
    ensure_free(door)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(Unstartable, match=host):
        ensure_free(Door(host, 2525, "--smtp-port"))


@pytest.mark.parametrize(("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.1", "10.0.0.1")])
def test_where_a_door_is_reached(host: str, reached: str) -> None:
    assert Door(host, 25, "").reachable_host == reached


def test_one_supervisor_for_a_folder(tmp_path: Path) -> None:
    run_dir = tmp_path / "var" / "run"
    with alone(run_dir), pytest.raises(Unstartable, match=r"runs from .*var already"), alone(run_dir):
        pass
    with alone(run_dir):  # the lock goes with its holder
        assert (run_dir / "serve.lock").exists()


@pytest.mark.slow
def test_serve_runs_stops_and_says_what_stands_in_its_way(tmp_path: Path) -> None:
    with house(tmp_path, "") as here:
        with socket.create_server(("127.0.0.1", here.smtp_port)):
            busy = here.run("serve")
        assert busy.returncode == EX_UNAVAILABLE
        assert busy.stderr.decode().splitlines() == [
            f"postroom: Port {here.smtp_port} on 127.0.0.1 is in use: stop what uses it or give --smtp-port."
        ]
        here.start("serve")
        assert here.get("/health") == {"healthy": True, "issues": []}
        assert f"http://127.0.0.1:{here.web_port}" in here.log
        assert f"Set it up at http://127.0.0.1:{here.web_port}/welcome?code=" in here.log
        second = House(here.var).run("serve")
        assert (second.returncode, second.stderr.count(b"\n")) == (EX_UNAVAILABLE, 1)
        children = here.children()
        assert here.stop(signal.SIGINT) == 0
        assert not any(alive(pid) for pid in children.values())
        assert "Traceback" not in here.log


def test_the_supervisor_itself_never_loads_django() -> None:
    look = "import sys, postroom.project.cli.main; sys.exit('django' in sys.modules)"
    path = os.pathsep.join(path for path in sys.path if path)
    assert (
        subprocess.run([sys.executable, "-c", look], env={**os.environ, "PYTHONPATH": path}, check=False).returncode
        == 0
    )


def test_what_is_written_is_not_for_everybody(tmp_path: Path) -> None:
    with house(tmp_path, "") as made:
        made.start()
        files = [path for path in made.var.rglob("*") if not path.is_symlink() and "static" not in path.parts]
        open_to_all = [str(path) for path in files if path.stat().st_mode & 0o007]
        made.stop()
    assert files
    assert open_to_all == []
