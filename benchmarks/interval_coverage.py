"""Do the stated 68 % and 95 % intervals hold the truth? Every estimator of photon analysis on simulated data sets.

    python benchmarks/interval_coverage.py [--sets 1000] [--folder coverage-parts] [--only NAME ...]
                                           [--out docs/reference/intervals.md]

Each data set draws its own truth, then data with that truth, and asks whether the stated intervals hold it. Parts of 50
sets are written to ``--folder`` as they are done; a second call goes on where the first one ended. Runs on
two processes. The data are drawn here, by other formulas than the estimators use wherever that is possible (photon by
photon instead of the fitted model's expectation).
"""

import argparse
import json
import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from math import sqrt
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np
from interval_draws import ESTIMATORS

PART = 50
LEAST_SETS = 1000


def run_part(job: tuple[str, int, Path]) -> None:
    """Fifty data sets of one estimator; the part is written whole or not at all."""
    name, number, folder = job
    rng = np.random.default_rng([zlib.crc32(name.encode()), number])
    hits: dict[str, list[int]] = {}
    for _ in range(PART):
        for result, (truth, one, two) in ESTIMATORS[name].draw(rng).items():
            count = hits.setdefault(result, [0, 0, 0])
            count[0] += 1
            count[1] += int(one[0] <= truth <= one[1])
            count[2] += int(two[0] <= truth <= two[1])
    path = folder / f"{name}-{number:04d}.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(hits), encoding="utf-8")
    unfinished.replace(path)


def collected(folder: Path, names: list[str], n_parts: int) -> dict[str, dict[str, list[int]]]:
    """Sum of all parts: estimator → result → [sets, held at 68 %, held at 95 %]."""
    totals: dict[str, dict[str, list[int]]] = {}
    for name in names:
        for number in range(n_parts):
            path = folder / f"{name}-{number:04d}.json"
            if not path.exists():
                continue
            for result, count in json.loads(path.read_text(encoding="utf-8")).items():
                total = totals.setdefault(name, {}).setdefault(result, [0, 0, 0])
                for k in range(3):
                    total[k] += count[k]
    return totals


def page(totals: dict[str, dict[str, list[int]]]) -> str:
    """The page of the reference."""
    lines = [
        INTRODUCTION,
        "| Estimator | Result | Sets | 68 % holds | 95 % holds | within 68 ± 3 and 95 ± 2 |",
        "|---|---|---|---|---|---|",
    ]
    for name, results in totals.items():
        for result, (n, one, two) in results.items():
            share = (one / n, two / n)
            margin = [sqrt(s * (1 - s) / n) for s in share]
            good = abs(share[0] - 0.68) <= 0.03 and abs(share[1] - 0.95) <= 0.02
            lines.append(
                f"| {ESTIMATORS[name].title} | {result} | {n} | {share[0]:.1%} ± {margin[0]:.1%} "
                f"| {share[1]:.1%} ± {margin[1]:.1%} | {'yes' if good else 'no'} |"
            )
    fewest = min((n for results in totals.values() for n, _, _ in results.values()), default=0)
    if fewest < LEAST_SETS:
        lines += ["", f"Rows of fewer than {LEAST_SETS} sets are unfinished: the same call goes on with them."]
    lines += ["", "## What each row draws", ""]
    lines += [
        f"- {ESTIMATORS[name].title}: {' '.join((ESTIMATORS[name].draw.__doc__ or '').split())}" for name in totals
    ]
    return "\n".join([*lines, ""])


INTRODUCTION = """# Do the stated intervals hold?

Made by `python benchmarks/interval_coverage.py`. Each data set draws its own truth from the range named below,
then data; the table counts how often the stated interval holds the truth. The errors are those of the counting here.

Counts are whole numbers, so at a few counts no interval covers every truth with the same probability: at a true mean of
exactly 1, any interval that depends on the count alone covers far more or far less than 68 %. Two honest choices
remain, and solotron states both:

- **exact** (Garwood for a mean, Clopper-Pearson for a ratio) covers *at least* what it says for every truth, and
  therefore more on average: the rows below show how much. `g2_zero_95` and the verdict "antibunched" use it, because
  they are a claim.
- **calibrated** (Jeffreys: quantiles of the gamma or beta distribution with half a count added; the lower edge is 0
  at zero counts) covers what it says *on average over truths*, which is how error bars are read and averaged. `g2_zero`
  (68 %, with its standard error) and `g2_zero_95_calibrated` use it.

Where accidental pairs are subtracted, intervals are profile likelihood, and so are those of the time-gated and the cw
g2(0). Lifetimes state a standard error from the Fisher information; 95 % is then 1.96 of it. For one lifetime through a
response the profile-likelihood interval is stated, too. Pumping efficiency and time are profile likelihood with what is
assumed of the slower component beforehand, which is wider than what the drawn spins have: the efficiency over-covers.
"""


def main() -> None:
    """Run what is missing, count, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("coverage-parts"))
    parser.add_argument("--only", nargs="+", choices=list(ESTIMATORS), default=list(ESTIMATORS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    n_parts = -(-options.sets // PART)
    jobs = [(name, k, options.folder) for k in range(n_parts) for name in options.only]
    missing = [job for job in jobs if not (options.folder / f"{job[0]}-{job[1]:04d}.json").exists()]
    with ProcessPoolExecutor(options.workers) as pool:
        for _ in pool.map(run_part, missing):
            pass
    text = page(collected(options.folder, options.only, n_parts))
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
