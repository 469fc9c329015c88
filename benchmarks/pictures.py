"""Makes the pictures of the README and the tutorial: each procedure with its defaults on the default twin.

python benchmarks/pictures.py
"""

import os
import shutil
import tempfile
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported, as the command line does
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from procedures.registry import PROCEDURES
from runmanager.engine import RunRequest, run

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def main() -> None:
    """Run and copy the figures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for procedure in PROCEDURES:
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(RunRequest(procedure, out=Path(folder)))
            if outcome.figure is None:
                raise SystemExit(f"{procedure}: no figure ({outcome.message})")
            shutil.copyfile(outcome.figure, PICTURES / f"{procedure}.png")
            print(f"{procedure}: {outcome.exit_status}, verdict {outcome.analysis.verdict.passed}")


if __name__ == "__main__":
    main()
