"""Set up solotron on a machine that has only Python >= 3.11, and run it.

python3 bootstrap.py run spin-pumping     sets up .venv from the lock file, then runs `solotron run spin-pumping`
python3 bootstrap.py gui                  sets up .venv with the window's packages, too, then opens the run manager
python3 bootstrap.py test                 sets up .venv with the development tools, then runs the tests
python3 bootstrap.py setup [--dev]        only sets up

Uses the standard library only. Anything that is not `test` or `setup` is handed to the `solotron` command.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
LOCKS = {
    "run": ROOT / "requirements.lock",
    "gui": ROOT / "requirements-gui.lock",
    "dev": ROOT / "requirements-dev.lock",
}
CONTAINED_IN = {"run": ("run", "gui", "dev"), "gui": ("gui", "dev"), "dev": ("dev",)}
"""Which environments have all that one kind of set-up needs."""


def main(arguments: list[str]) -> int:
    """Set up what the command needs, then run it; returns its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older interpreter may well be what starts this file
        print(f"solotron needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(__doc__)
        return 0
    if arguments[0] == "setup":
        return set_up("dev" if "--dev" in arguments[1:] else "run")
    if arguments[0] == "test":
        command = [str(SCRIPTS / "python"), "-m", "pytest", *(arguments[1:] or ["-n", "3", "--dist", "loadfile", "-q"])]
        return set_up("dev") or subprocess.call(command, cwd=ROOT, env=_keeping_bytecode())
    kind = "gui" if arguments[0] == "gui" else "run"
    return set_up(kind) or subprocess.call([str(SCRIPTS / "solotron"), *arguments])


def _keeping_bytecode() -> dict[str, str]:
    """The environment for the tests: the many programs they start compile the source once, not each for itself."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def set_up(kind: str) -> int:
    """Create .venv and install the locked packages and solotron, unless that was done for these locks already."""
    if any(_stamp(done).exists() and _stamp(done).read_text() == _key(done) for done in CONTAINED_IN[kind]):
        return 0
    print(f"setting up {ENVIRONMENT.name} (once; a few minutes) ...", file=sys.stderr, flush=True)
    if not (SCRIPTS / "python").exists():
        try:
            venv.create(ENVIRONMENT, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(
                f"python's venv could not be made ({error}); on Debian: apt install python3-venv",
                file=sys.stderr,
            )
            return 2
    pip = [str(SCRIPTS / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for step in (["--require-hashes", "-r", str(LOCKS[kind])], ["--no-deps", "-e", str(ROOT)]):
        code = subprocess.call(pip + step, stdout=sys.stderr)
        if code != 0:
            print(
                f"the packages could not be installed (pip exit code {code}): is there a network?",
                file=sys.stderr,
            )
            return 2
    _stamp(kind).write_text(_key(kind))
    return 0


def _stamp(kind: str) -> Path:
    return ENVIRONMENT / f"solotron-{kind}.stamp"


def _key(kind: str) -> str:
    return hashlib.sha256(LOCKS[kind].read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
