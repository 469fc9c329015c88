"""Let public drivers that nobody here wrote talk to the served bench, each in a process of its own.

python benchmarks/public_drivers.py [--folder build/public-drivers] [--speed 20] [--page FILE.md]

Makes two environments under the folder (InstrumentKit needs its own versions of what it uses, and imports as
``instruments``), installs the packages from the package index as they are, starts ``solotron bench serve --json``
and prints which driver passed. Exit code 1 when one failed. POSIX systems (pseudo-terminals).
"""

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = Path(__file__).resolve().parent / "public_clients"
PATIENCE_S = 900.0
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "drivers": ("pymeasure", "qcodes", "qcodes_contrib_drivers", "pylablib", "pyvisa-py", "pyserial", "pyzmq"),
    # The release on the index is older than its SC10 driver's correction, so the development branch.
    "instrumentkit": ("git+https://github.com/instrumentkit/InstrumentKit.git", "pyserial"),
}
PACKAGES = ("pymeasure", "qcodes", "qcodes_contrib_drivers", "pylablib", "instrumentkit", "pyvisa-py", "pyserial")


@dataclass(frozen=True)
class Client:
    """One public driver: program, its name in there, the model it talks to, whether issue and docs name it."""

    program: str
    driver: str
    model: str
    environment: str = "drivers"


TRIALS = (
    Client("with_pymeasure.py", "AMI430", "ami430"),
    Client("with_pymeasure.py", "ANC300Controller", "anc300"),
    Client("with_pymeasure.py", "ThorlabsPM100USB", "pm100d"),
    Client("with_pymeasure.py", "SR830", "sr830"),
    Client("with_pymeasure.py", "MercuryiTC", "mercury-itc"),
    Client("with_pymeasure.py", "ESP300", "esp301"),
    Client("with_pymeasure.py", "SG380", "sg384"),
    Client("with_qcodes.py", "AMIModel430", "ami430"),
    Client("with_qcodes.py", "CryomagneticsModel4G", "cryomagnetics-4g"),
    Client("with_qcodes.py", "SG384", "sg384"),
    Client("with_qcodes.py", "SR830", "sr830"),
    Client("with_qcodes.py", "contrib SMB100A", "smb100a"),
    Client("with_qcodes.py", "contrib Cryostation", "cryostation"),
    Client("with_qcodes.py", "contrib PM100D", "pm100d"),
    Client("with_qcodes.py", "contrib Model_4G", "cryomagnetics-4g"),
    Client("with_pylablib.py", "ElliptecMotor", "ell14"),
    Client("with_pylablib.py", "InterbusSystem", "superk"),
    Client("with_pylablib.py", "ANC300", "anc300"),
    Client("with_instrumentkit.py", "SC10", "sc10", "instrumentkit"),
    Client("with_instrumentkit.py", "SRSDG645", "dg645", "instrumentkit"),
    Client("with_instrumentkit.py", "SRS830", "sr830", "instrumentkit"),
    Client("with_instrumentkit.py", "NewportESP301", "esp301", "instrumentkit"),
    Client("with_instrumentkit.py", "PM100USB", "pm100d", "instrumentkit"),
)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: ``detail`` is what the client did, or why it failed."""

    client: Client
    passed: bool
    detail: str
    duration_s: float


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "public-drivers")
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--only", help="part of the name of a driver or program")
    parser.add_argument("--instrumentkit", help="another source of it for pip, for example a local clone")
    parser.add_argument("--page", type=Path, help="write the table for the documentation here")
    options = parser.parse_args()
    if options.instrumentkit:
        ENVIRONMENTS["instrumentkit"] = (options.instrumentkit, "pyserial")
    pythons = {name: environment(options.folder.resolve() / name, packages) for name, packages in ENVIRONMENTS.items()}
    chosen = [c for c in TRIALS if not options.only or options.only in f"{c.program} {c.driver}"]
    outcomes = trials(chosen, pythons, options.speed)
    if options.page:
        options.page.write_text(page(outcomes, versions(pythons), options.speed), encoding="utf-8")
    print(f"{sum(o.passed for o in outcomes)} of {len(outcomes)} public drivers passed")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def environment(folder: Path, packages: tuple[str, ...]) -> Path:
    """Python of an environment with these packages, made when it is not there yet; ours is not installed in it."""
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        print(f"making the environment {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        complete.touch()
    return python


def trials(chosen: list[Client], pythons: dict[str, Path], speed: float) -> list[Outcome]:
    """Serve the bench, try every client on it, end the server by its process id."""
    command = [sys.executable, "-m", "runmanager", "bench", "serve", "--json", "--speed", str(speed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line:
                raise RuntimeError("bench serve ended before it served; its message stands above")
            endpoints = json.loads(line)
            outcomes = []
            for client in chosen:
                outcomes.append(trial(client, endpoints[client.model], pythons[client.environment]))
                shown = "passed" if outcomes[-1].passed else "FAILED"
                print(f"{shown}  {client.program[5:-3]:<14} {client.driver:<22} {outcomes[-1].detail}", flush=True)
            return outcomes
        finally:
            server.terminate()


def trial(client: Client, where: dict[str, Any], python: Path) -> Outcome:
    """Run one client program away from our checkout, so that it cannot import anything of ours."""
    began = time.monotonic()
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [python, str(CLIENTS / client.program), client.driver, json.dumps(where)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, cwd="/", env=surroundings, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(client, False, f"did not end within {PATIENCE_S:g} s", PATIENCE_S)
    lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["said nothing"]
    if done.returncode != 0:
        print(done.stderr[-3000:], file=sys.stderr)
    return Outcome(client, done.returncode == 0, lines[-1], time.monotonic() - began)


def versions(pythons: dict[str, Path]) -> dict[str, str]:
    """Installed versions of the public packages."""
    found = {}
    for python in pythons.values():
        listing = subprocess.run([python, "-m", "pip", "list", "--format", "json"], capture_output=True, check=True)
        found.update({item["name"].lower().replace("_", "-"): item["version"] for item in json.loads(listing.stdout)})
    return {name: found[name.replace("_", "-")] for name in PACKAGES if name.replace("_", "-") in found}


def page(outcomes: list[Outcome], packages: dict[str, str], speed: float) -> str:
    """The table as a page of the documentation."""
    lines = [
        "# Public drivers on the served bench",
        "",
        "Written by `python benchmarks/public_drivers.py --page …` from what really ran; do not edit.",
        "",
        "Unmodified drivers from the package index (InstrumentKit: its development branch), each in a process of its "
        "own and without our code on its path, "
        f"against `solotron bench serve --json --speed {speed:g}`. Each identifies, sets, moves or ramps, reads "
        "back and leaves the instrument safe. pylablib is GPL-3 and InstrumentKit AGPL-3: they are clients here, never "
        "dependencies.",
        "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in packages.items()) + ".",
        "",
        "| package | driver | model | result | what it did, or why it failed |",
        "|---|---|---|---|---|",
    ]
    for o in outcomes:
        package = o.client.program[5:-3]
        result = "passed" if o.passed else "**failed**"
        lines.append(f"| {package} | {o.client.driver} | {o.client.model} | {result} | {o.detail.replace('|', '/')} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
