#!/usr/bin/env python3
"""Set up Tournée and run it: `python3 run.py demo`. Needs Python 3.11 or newer and nothing else.

    demo     set everything up, plan and publish a day for the demo company, serve it on http://127.0.0.1:8000
    serve    serve what is there
    test     set up the test parts and run the whole test suite; further arguments go to pytest
    check    ruff, mypy, the import contracts, then the tests
    setup    only install and compile, run nothing: for servers; --test installs the test parts, too
    lock     maintainers: resolve the lock files from setup.cfg; --upgrade takes the newest versions

`python3 run.py demo --help` lists its options. Everything is installed inside this folder, in .tools and .venv; the
packages and their checksums stand in requirements.lock and requirements-test.lock.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
HERE = Path(__file__).resolve().parent
TOOLS = HERE / ".tools"
VENV = HERE / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
STAMP = VENV / "tournee-stamp.json"
RUNTIME = "requirements.lock"
TESTS = "requirements-test.lock"
UV_LOCK = ".ci/uv.lock"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class SetUpFailed(Exception):
    """A step could not be done; the sentence says what a person can do about it."""


def main(arguments: list[str]) -> int:
    """Run one command; 0 when done, 1 when it failed, 2 when it could not be understood or begun."""
    command, rest = (arguments[0] if arguments else "--help"), arguments[1:]
    if command in ("-h", "--help", "help"):
        print(__doc__)
        return 0 if arguments else 2
    if command not in COMMANDS:
        print(f"run.py: there is no command {command!r}; choose one of {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    if rest in (["-h"], ["--help"]) and command != "demo":
        print(__doc__)
        return 0
    return COMMANDS[command](rest)


def demo(rest: list[str]) -> int:
    """The demo company, planned, published and served."""
    parser = argparse.ArgumentParser(
        prog="run.py demo", description="Set everything up, plan and publish a day for the demo company, and serve it."
    )
    parser.add_argument("--no-serve", action="store_true", help="stop before serving and print the summary")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to serve on (default: %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="start over: forget the demo's database first")
    chosen, more = parser.parse_known_args(rest)
    install(RUNTIME)
    flags = [flag for flag, on in (("--no-serve", chosen.no_serve), ("--fresh", chosen.fresh)) if on]
    return hand_over("tournee", "demo", "--host", chosen.host, "--port", str(chosen.port), *flags, *more)


def serve(rest: list[str]) -> int:
    """The web app over what is there."""
    install(RUNTIME)
    return hand_over("tournee", "serve", *rest)


def setup(rest: list[str]) -> int:
    """Install and stop."""
    install(TESTS if "--test" in rest else RUNTIME)
    compile_modules()
    say(f"set up; the command is {Path(script('tournee')).relative_to(HERE)}")
    return 0


def test(rest: list[str]) -> int:
    """The whole test suite spread over the processors, or the part of it that the arguments name."""
    install(TESTS)
    provide_browser()
    return call(python(), "-m", "pytest", *spread(rest), *rest)


def spread(rest: list[str]) -> list[str]:
    """How a whole run is spread over processes; a run of named files is not, it starts sooner alone.

    A file stays in one process, so that what its tests share is made once. The order of the files is kept: those that
    take longest, in a browser, come first.
    """
    named = any(not part.startswith("-") and (HERE / part.partition("::")[0]).exists() for part in rest)
    return [] if named else ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]


def check(rest: list[str]) -> int:
    """Everything a change must pass; each part runs, whatever the one before said."""
    install(TESTS)
    provide_browser()
    parts = {
        "ruff": [script("ruff"), "check", "."],
        "mypy": [script("mypy")],
        "import contracts": [script("lint-imports"), "--no-cache"],
        "tests": [python(), "-m", "pytest", *spread(rest), *rest],
    }
    failed = []
    for name, command in parts.items():
        say(f"check: {name}")
        if call(*command) != 0:
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def lock(rest: list[str]) -> int:
    """Resolve the lock files from setup.cfg: exact versions and checksums for every platform, no index named."""
    uv = fetch_uv()
    if uv is None:
        raise SetUpFailed("uv is needed to write lock files, and could not be fetched")
    common = [uv, "pip", "compile", "setup.cfg", "--universal", "--generate-hashes", "--python-version", "3.11"]
    common += ["--no-header", "--no-annotate", "--quiet", "--extra", "build"]
    tests = ["--extra", "test", "--extra", "quality", "--constraint", RUNTIME]
    for name, extra in ((RUNTIME, []), (TESTS, tests)):
        say(f"resolving {name}")
        done = subprocess.run([*common, *extra, *rest, "--output-file", name], cwd=HERE, check=False)
        if done.returncode != 0:
            return 1
        text = (HERE / name).read_text(encoding="utf-8")
        if re.search(r"^\s*-|://", text.replace("    --hash", ""), re.MULTILINE):
            raise SetUpFailed(f"{name} names an index or an address, which it must not")
    return 0


COMMANDS = {"demo": demo, "serve": serve, "test": test, "check": check, "setup": setup, "lock": lock}


# --- installing -----------------------------------------------------------------------------------------------------


def install(lock_file: str) -> None:
    """Make .venv hold exactly what `lock_file` names, and the project itself; nothing is done twice.

    Raises:
        SetUpFailed: with one sentence for the person at the terminal.
    """
    wanted = {name: digest(name) for name in ((RUNTIME, TESTS) if lock_file == TESTS else (RUNTIME,))}
    found = read_stamp()
    if not all(found.get(name) == value for name, value in wanted.items()):
        began = time.monotonic()
        uv = fetch_uv()
        make_environment(uv, fresh=bool(found) and found.get("place") != str(HERE))
        say(f"installing the packages of {lock_file} (some hundred MB the first time)")
        install_packages(uv, "--require-hashes", "-r", lock_file)
        install_packages(uv, "--no-deps", "--no-build-isolation", "--editable", ".")
        STAMP.write_text(json.dumps({**wanted, "place": str(HERE)}), encoding="utf-8")
        say(f"installed in {time.monotonic() - began:.0f} s")
    compile_translations()


def fetch_uv() -> str | None:
    """Path of the pinned uv, fetched into .tools by pip; None where pip cannot get it and plain pip must do."""
    uv = TOOLS / "bin" / f"uv{SUFFIX}"
    pinned = re.search(r"^uv==(\S+)", (HERE / UV_LOCK).read_text(encoding="utf-8"), re.MULTILINE)
    version = pinned.group(1) if pinned else ""
    if uv.exists() and (TOOLS / f"uv-{version}.dist-info").exists():
        return str(uv)
    if not has_module("pip"):
        return None
    say(f"fetching uv {version}, the installer, into {TOOLS.name}")
    shutil.rmtree(TOOLS, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--target", str(TOOLS), "--require-hashes", "-r", UV_LOCK]
    environment = {**os.environ, "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(command, cwd=HERE, env=environment, check=False)
    if done.returncode == 0 and uv.exists():
        return str(uv)
    say("uv could not be fetched; going on with plain pip, which takes a minute longer")
    return None


def make_environment(uv: str | None, *, fresh: bool) -> None:
    """Create .venv unless a usable one is there; one from another folder or another Python is replaced."""
    if not fresh and environment_is_usable():
        return
    if VENV.exists():
        say("replacing the virtual environment: it belongs to another folder or another Python")
        shutil.rmtree(VENV)
    say("creating the virtual environment .venv")
    if uv is not None:
        command = [uv, "venv", "--quiet", "--python", sys.executable, str(VENV)]
    elif has_module("ensurepip"):
        command = [sys.executable, "-m", "venv", str(VENV)]
    elif has_module("pip"):
        command = [sys.executable, "-m", "venv", "--without-pip", str(VENV)]
    else:
        raise SetUpFailed(NO_PIP)
    run(command, "the virtual environment could not be created")


def environment_is_usable() -> bool:
    """Whether .venv is there, runs, and is of this Python's version."""
    if not Path(python()).exists():
        return False
    asked = [python(), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    with contextlib.suppress(OSError):
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        return answer.stdout.strip() == f"{sys.version_info[0]}.{sys.version_info[1]}"
    return False


def install_packages(uv: str | None, *arguments: str) -> None:
    """Install into .venv with uv, or with pip where there is no uv; a person at a terminal sees the progress."""
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    if uv is not None:
        command = [uv, "pip", "install", "--python", python()]
    elif has_own_pip():
        command = [python(), "-m", "pip", "install", "--disable-pip-version-check"]
    else:
        command = [sys.executable, "-m", "pip", "--python", python(), "install"]
    run([*command, *quiet, *arguments], "the packages could not be installed; the first time this needs the network")


def has_own_pip() -> bool:
    """Whether .venv carries pip itself."""
    return subprocess.run([python(), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def compile_modules() -> None:
    """Compile what is installed and what is ours, for servers whose users may write neither: half a minute, once.

    Without it each process that is started, and one is for each plan, compiles everything it uses for itself alone.
    """
    say("compiling the modules")
    places = [VENV, *(HERE / name for name in ("routing", "inventory", "logistics", "webapp"))]
    # Some packages carry files that no Python can compile; they are used by none.
    call(python(), "-m", "compileall", "-qq", "-j", "0", *(str(place) for place in places))


def compile_translations() -> None:
    """Turn translated texts (.po) into what programs read (.mo), where they changed."""
    for folder in (HERE / "logistics" / "translations", HERE / "webapp" / "translations"):
        stale = [
            text
            for text in folder.glob("*/LC_MESSAGES/*.po")
            if not text.with_suffix(".mo").exists() or text.with_suffix(".mo").stat().st_mtime < text.stat().st_mtime
        ]
        for text in stale:
            command = [python(), "-m", "babel.messages.frontend", "--quiet", "compile"]
            locale = text.parent.parent.name
            command += ["-i", str(text), "-o", str(text.with_suffix(".mo")), "-l", locale]
            run(command, f"the translations in {text.relative_to(HERE)} could not be compiled")


def read_stamp() -> dict[str, str]:
    """What was installed last, by lock file; empty when nothing was, or when it is gone."""
    with contextlib.suppress(OSError, ValueError):
        if Path(python()).exists() and Path(script("tournee")).exists():
            stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
            return stamp if stamp.get("place") == str(HERE) else {"place": stamp.get("place", "")}
    return {}


def digest(lock_file: str) -> str:
    """Changes when the lock file, the project's own metadata or the Python changes."""
    state = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for name in (lock_file, "setup.cfg"):
        state.update((HERE / name).read_bytes())
    return state.hexdigest()


# --- a browser for the browser tests --------------------------------------------------------------------------------


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome of this system: TOURNEE_CHROMIUM, else the first one on the PATH."""
    named = os.environ.get("TOURNEE_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def provide_browser() -> None:
    """Install the system's Chromium where that is possible without asking; otherwise say why not."""
    if find_chromium():
        return
    reason = ""
    if os.environ.get("TOURNEE_CHROMIUM"):
        reason = "TOURNEE_CHROMIUM names a file that is not there"
    elif not shutil.which("apt-get"):
        reason = "this system has no apt-get"
    elif os.name != "posix" or os.geteuid() != 0:
        reason = "only root may install packages here (as root: apt-get install chromium)"
    if not reason:
        say("installing Chromium for the browser tests, with apt-get")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            done = subprocess.run(
                ["apt-get", *step], env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
            )
            if done.returncode != 0:
                reason = f"apt-get {step[0]} failed"
        if find_chromium():
            return
    say(f"no Chromium, so the browser tests will be skipped: {reason or 'the package brought no browser'}")


# --- small things ---------------------------------------------------------------------------------------------------

NO_PIP = (
    f"Python at {sys.executable} has neither pip nor ensurepip: install your system's package for one of them "
    "(Debian, Ubuntu: python3-pip or python3-venv) and run this again."
)


def python() -> str:
    """The Python of .venv."""
    return script("python")


def script(name: str) -> str:
    """A command of .venv."""
    return str(SCRIPTS / f"{name}{SUFFIX}")


def has_module(name: str) -> bool:
    """Whether this Python could import it."""
    return importlib.util.find_spec(name) is not None


def say(sentence: str) -> None:
    """One line about what is being done, at once."""
    print(f"run.py: {sentence}", flush=True)


def run(command: list[str], otherwise: str) -> None:
    """Run a step; raise SetUpFailed with the sentence `otherwise` when it fails."""
    if subprocess.run(command, cwd=HERE, check=False).returncode != 0:
        raise SetUpFailed(otherwise)


def call(*command: str) -> int:
    """Run a command in the checkout and give back how it ended."""
    return subprocess.run(list(command), cwd=HERE, check=False).returncode


def hand_over(name: str, *arguments: str) -> int:
    """Become the command, so that signals reach it and nothing of this script stays behind."""
    command = [script(name), *arguments]
    if os.name == "nt":
        return subprocess.run(command, check=False).returncode
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        print(f"Tournée needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        sys.exit(2)
    if not (has_module("pip") or has_module("ensurepip") or environment_is_usable()):
        print(NO_PIP, file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(main(sys.argv[1:]))
    except SetUpFailed as failure:
        print(f"run.py: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
