"""`requirements/install`: one line where something is missing, nothing at all where nothing is to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.require import REPOSITORY

# Stands before the real programs in PATH: an interpreter that is too old, and another user, or Debian, as needed.
OLD_PYTHON = '#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.9;; esac\n'
NOT_ROOT = "#!/bin/sh\necho 1000\n"
ROOT = "#!/bin/sh\necho 0\n"
APT = '#!/bin/sh\necho "$@" >> apt.log\nrm -f broken/ensurepip.py\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the script beside an empty lock file, in a folder whose name has a space."""
    folder = tmp_path / "post room"
    (folder / "requirements").mkdir(parents=True)
    (folder / "programs").mkdir()
    shutil.copy(REPOSITORY / "requirements" / "install", folder / "requirements")
    (folder / "requirements" / "run.txt").write_text("# nothing\n")
    return folder


def install(project: Path, python: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run it with this Python and with these programs before all others in PATH."""
    for name, text in programs.items():
        path = project / "programs" / name.replace("_", "-")
        path.write_text(text)
        path.chmod(0o755)
    broken = {"PYTHONPATH": str(project / "broken")} if (project / "broken").exists() else {}
    environment = {**os.environ, "PYTHON": python, "PATH": f"{project / 'programs'}:{os.environ['PATH']}", **broken}
    command = [str(project / "requirements" / "install"), "run"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def break_venv(project: Path) -> None:
    """As Debian's Python is without its package for venv."""
    (project / "broken").mkdir()
    (project / "broken" / "ensurepip.py").write_text("raise ImportError\n")


def test_an_old_python_is_told_in_one_line(project: Path) -> None:
    done = install(project, "old", old=OLD_PYTHON)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Postroom needs Python 3.11 or newer; found here: 3.9. Name another with PYTHON=/path/to/python3 make ..."
    ]


def test_a_missing_venv_is_told_in_one_line(project: Path) -> None:
    break_venv(project)
    done = install(project, sys.executable, id=NOT_ROOT)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr


def test_root_on_debian_gets_it_installed_and_the_second_time_nothing_happens(project: Path) -> None:
    break_venv(project)
    done = install(project, sys.executable, id=ROOT, apt_get=APT)
    assert done.returncode == 0, done.stderr
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert f"install -qq -y {version}-venv" in (project / "apt.log").read_text()
    assert os.access(project / ".venv" / "bin" / "postroom", os.X_OK)
    again = install(project, "no-python-needed-any-more")
    assert (again.returncode, again.stderr) == (0, "")


def test_changed_requirements_are_installed_again(project: Path) -> None:
    assert install(project, sys.executable).returncode == 0
    (project / "requirements" / "run.txt").write_text("# still nothing\n")
    assert "Installing" in install(project, sys.executable).stderr
