"""Do the stated errors hold? Runs every procedure on the twin over many seeds and counts.

    python benchmarks/stated_errors.py --seeds 20 --out docs/reference/coverage.md

The truth is the sample's own number where there is one, else what the inside of the twin says of the same run
(benchmarks/twin_truth.py). Where neither does (pumping time and contrast, which also depend on how well the laser sits
on the line) each run is held against the mean of all others, whose error is added in quadrature: that shows errors that
are too small, not a bias common to all runs. About two thirds of the runs should hold the truth within one standard
error.
"""

import argparse
import math
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported, as the command line does
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from scipy import constants
from scipy.stats import binom
from twin_truth import truths, watched

from runfile.results import Result
from runmanager.engine import RunRequest, run
from sims.dot.sample import load_sample

SAMPLE = load_sample("mn-cdse-cds")
UEV_TO_GHZ = constants.e * 1e-6 / constants.h * 1e-9
BOHR_GHZ_PER_T = constants.value("Bohr magneton in Hz/T") * 1e-9
ESR_FIELD_T = 0.15


@dataclass(frozen=True)
class Headline:
    """One result whose error is checked; ``truth`` is None where the twin or the other runs give it."""

    procedure: str
    name: str
    truth: float | None


HEADLINES = (
    Headline("polarised-pl", "n_lines", 6.0),
    Headline("polarised-pl", "total_splitting", None),
    Headline("polarised-pl", "circular_polarisation", 0.0),
    Headline("g2", "g2_zero", None),
    Headline("g2", "lifetime", None),
    Headline("spin-pumping", "pumping_efficiency", None),
    Headline("spin-pumping", "pumping_time", None),
    Headline(
        "esr",
        "resonance_frequency",
        SAMPLE.dopants[0].g_factor * BOHR_GHZ_PER_T * ESR_FIELD_T + 4 * SAMPLE.dopants[0].zero_field_d_uev * UEV_TO_GHZ,
    ),
    Headline("esr", "hyperfine_constant", SAMPLE.dopants[0].hyperfine_uev * UEV_TO_GHZ * 1e3),
    Headline("esr", "contrast", None),
)


@dataclass(frozen=True)
class Seen:
    """What one run stated, and what the twin knew: name -> value."""

    passed: bool
    results: dict[str, Result]
    truth: dict[str, float]


def results_of(job: tuple[str, int]) -> Seen:
    """One run, made in a temporary folder."""
    procedure, seed = job
    with tempfile.TemporaryDirectory() as folder, watched(procedure) as responses:
        outcome = run(RunRequest(procedure, seed=seed, out=Path(folder)))
    if outcome.exit_status != "completed":
        raise RuntimeError(f"{procedure} with seed {seed}: {outcome.message}")
    return Seen(outcome.analysis.verdict.passed, outcome.analysis.results, truths(procedure, responses))


def holds(result: Result, truth: float, truth_error: float) -> bool:
    """True when the truth lies within the stated one-sigma interval, widened by the truth's own error."""
    low, high = (result.value - result.stderr, result.value + result.stderr)
    if result.interval is not None and result.confidence is not None and abs(result.confidence - 0.68) < 0.01:
        low, high = result.interval
    lower = result.value - math.hypot(result.value - low, truth_error)
    upper = result.value + math.hypot(high - result.value, truth_error)
    return lower <= truth <= upper


def row(headline: Headline, runs: list[Seen]) -> str:
    """One line of the table."""
    results = [each.results[headline.name] for each in runs]
    known = [each.truth[headline.name] for each in runs if headline.name in each.truth]
    n = len(results)
    mean = sum(result.value for result in results) / n
    scatter = math.sqrt(sum((result.value - mean) ** 2 for result in results) / (n - 1))
    stated = sum(result.stderr for result in results) / n
    if headline.truth is not None:
        shown = f"{headline.truth:.5g} (sample)"
        inside = sum(holds(result, headline.truth, 0.0) for result in results)
    elif known:
        shown = f"{sum(known) / n:.5g} (twin)"
        inside = sum(holds(result, truth, 0.0) for result, truth in zip(results, known, strict=True))
    else:
        shown = "mean of the others"
        others = [(n * mean - result.value) / (n - 1) for result in results]
        error = scatter / math.sqrt(n - 1)
        inside = sum(holds(result, other, error) for result, other in zip(results, others, strict=True))
    return (
        f"| {headline.procedure} | `{headline.name}` | {shown} | {mean:.5g} | {scatter:.2g} | {stated:.2g} "
        f"| {inside}/{n} |"
    )


def page(runs: dict[str, list[Seen]], seeds: int) -> str:
    """The page of the reference."""
    low, high = (int(binom.ppf(q, seeds, 0.683)) for q in (0.025, 0.975))
    passed = ", ".join(f"{p} {sum(each.passed for each in found)}/{seeds}" for p, found in runs.items())
    return "\n".join(
        [
            "# Do the stated errors hold?",
            "",
            f"Every procedure with its defaults on the default twin, seeds 1 to {seeds}; made by",
            "`python benchmarks/stated_errors.py`. If the stated one-sigma intervals are honest, about 68 % of the",
            f"runs hold the truth: for {seeds} seeds between {low} and {high} (95 % of the time). `n_lines` is a",
            "count and should always be right. The truth is the sample's own number, or what the twin's inside says of",
            "the same run, which no analysis can see. Where neither does, each run is held against the mean of all",
            "others: that shows errors that are too small, not a bias common to all runs.",
            "",
            f"Verdict passed: {passed}.",
            "",
            "| Procedure | Result | Truth | Mean | Scatter | Stated error | Truth held |",
            "|---|---|---|---|---|---|---|",
            *(row(headline, runs[headline.procedure]) for headline in HEADLINES if headline.procedure in runs),
            "",
        ]
    )


def main() -> None:
    """Run, count, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="+", metavar="PROCEDURE", help="leave out the others")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    procedures = [p for p in dict.fromkeys(h.procedure for h in HEADLINES) if p in (options.only or [p])]
    jobs = [(p, seed) for p in procedures for seed in range(1, options.seeds + 1)]
    with ProcessPoolExecutor(options.workers) as pool:
        done = list(pool.map(results_of, jobs))
    runs = {p: [found for job, found in zip(jobs, done, strict=True) if job[0] == p] for p in procedures}
    text = page(runs, options.seeds)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
