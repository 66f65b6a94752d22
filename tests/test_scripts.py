"""`./run`, `./test` and `./manage` before Django starts, in a small checkout whose locked requirements are empty."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.secret_key import ensure_key, has_key, with_key

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("bash", "cat", "cksum", "dirname", "flock", "grep", "head", "mkdir", "rm", "touch")
USUAL_PLACES = (
    "/usr/local/bin/python3*",
    "/opt/homebrew/bin/python3*",
    "/Library/Frameworks/Python.framework/Versions/*",
)

type Type = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in a folder with a space, whose manage.py says what it was given; shared, for it takes seconds."""
    root = tmp_path_factory.mktemp("my checkout")
    shutil.copytree(ROOT / "scripts", root / "scripts")
    shutil.copy(ROOT / "manage", root)
    (root / "manage.py").write_text("import sys; print(sys.argv[1:])")
    (root / "requirements.txt").touch()
    (root / "requirements-dev.txt").touch()
    return root


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH that has what the scripts need, and no Python."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        if place := shutil.which(name):
            (folder / name).symlink_to(place)
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH with a broken python3.13, as pyenv's shims can be, and this very Python as python3."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "python3.13").write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    (folder / "python3.13").chmod(0o755)
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    return folder


@pytest.fixture
def manage(checkout: Path, tools: Path, tmp_path: Path) -> Type:
    """Type `./manage …` from another folder, with the tools and, before them, another folder on PATH."""

    def run(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
        path_variable = os.pathsep.join(str(folder) for folder in (path, tools) if folder)
        return subprocess.run(
            [str(checkout / "manage"), *arguments],
            cwd=tmp_path,
            env={"PATH": path_variable, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def unprepared(checkout: Path) -> None:
    """The checkout is as after `git clone`."""
    shutil.rmtree(checkout / ".venv", ignore_errors=True)
    (checkout / ".env").unlink(missing_ok=True)


def any_usual_python() -> bool:
    """Tell whether this machine has a Python where the scripts look although it is not on PATH."""
    return any(list(Path("/").glob(place.lstrip("/"))) for place in USUAL_PLACES)


@pytest.mark.skipif(any_usual_python(), reason="this machine has a Python in a usual place")
def test_without_a_python_one_sentence_says_what_to_install(manage: Type, unprepared: None) -> None:
    result = manage("check")

    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"Vereda needs Python 3\.12 or newer.*install.*\n", result.stderr)


def test_a_fresh_checkout_gets_an_environment_and_a_key_and_passes_the_arguments_on(
    manage: Type, checkout: Path, python: Path, unprepared: None
) -> None:
    result = manage("lookup", "a b", path=python)

    assert result.stdout == "['lookup', 'a b']\n"
    assert has_key((checkout / ".env").read_text())
    assert len(result.stderr.splitlines()) == 3, "the environment, the packages and the key: one line each"


def test_a_second_start_has_nothing_to_do_and_keeps_the_key(manage: Type, checkout: Path, python: Path) -> None:
    manage(path=python)
    key = (checkout / ".env").read_text()

    result = manage()  # needs no Python on PATH any more

    assert (result.returncode, result.stderr) == (0, "")
    assert (checkout / ".env").read_text() == key


def test_an_interrupted_set_up_is_repaired(manage: Type, checkout: Path, python: Path) -> None:
    manage(path=python)
    (checkout / ".venv" / ".unfinished").touch()
    (checkout / ".venv" / "bin" / "python").unlink()

    result = manage("check", path=python)

    assert result.stdout == "['check']\n"


def test_changed_requirements_are_installed_into_the_same_environment(
    manage: Type, checkout: Path, python: Path
) -> None:
    manage(path=python)
    with (checkout / "requirements.txt").open("a") as requirements:
        requirements.write("# something new\n")

    result = manage("check")

    assert result.stderr.startswith("Installing the packages of requirements.txt")
    assert result.stdout == "['check']\n"


def test_the_development_packages_are_enough_to_run(manage: Type, checkout: Path, python: Path, tools: Path) -> None:
    environment = {"PATH": f"{python}{os.pathsep}{tools}"}
    script = "source scripts/env.sh && ensure_environment dev && rm .venv/.runtime"
    subprocess.run(["bash", "-c", script], cwd=checkout, env=environment, check=True)

    result = manage("check")

    assert result.stdout == "['check']\n"
    assert "Installing" not in result.stderr


@pytest.mark.skipif(any_usual_python(), reason="this machine has a Python in a usual place")
def test_uv_fetches_a_python_where_there_is_none(manage: Type, tmp_path: Path, unprepared: None) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\n[ \"$2\" = install ] || echo '{Path(sys.executable).resolve()}'\n")
    uv.chmod(0o755)

    result = manage("check", path=tmp_path)

    assert "uv fetches one" in result.stderr
    assert result.stdout == "['check']\n"


def test_a_key_in_the_environment_is_enough(checkout: Path, tools: Path, unprepared: None) -> None:
    script = "source scripts/env.sh && ensure_secret_key"
    subprocess.run(["bash", "-c", script], cwd=checkout, env={"PATH": str(tools), "SECRET_KEY": "given"}, check=True)

    assert not (checkout / ".env").exists()


@pytest.mark.parametrize("text", ["SECRET_KEY=abc", "A=1\nexport SECRET_KEY = 'abc'\n"])
def test_a_key_that_is_there_is_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text)

    ensure_key(tmp_path / ".env")

    assert (tmp_path / ".env").read_text() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "SECRET_KEY=new\n"),
        ("DEBUG=true", "DEBUG=true\nSECRET_KEY=new\n"),
        ("# SECRET_KEY=old\n", "# SECRET_KEY=old\nSECRET_KEY=new\n"),
        ("SECRET_KEY=\nDEBUG=true\n", "DEBUG=true\nSECRET_KEY=new\n"),
        ("SECRET_KEY=''\n", "SECRET_KEY=new\n"),
    ],
)
def test_a_key_is_added_and_the_rest_is_kept(text: str, expected: str) -> None:
    assert not has_key(text)
    assert with_key(text, "new") == expected


def test_only_the_owner_can_read_a_new_key(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("DEBUG=true\n")

    ensure_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert has_key(path.read_text())
