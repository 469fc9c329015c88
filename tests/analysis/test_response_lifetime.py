"""Lifetimes of a whole measurement through a measured response: text or photons, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from analysis import g2, pulsed, response_lifetime
from analysis.errors import AnalysisError
from analysis.photon_hdf5_export import ExportDetails, export_photon_hdf5
from analysis.response_lifetime import TextResponse, read_response
from analysis.tags import IntArray, PhotonRecord, RecordStream

PERIOD_PS = 50_000
RESOLUTION_PS = 16


def record(rng: np.random.Generator, lifetimes_ns: list[tuple[float, float]], n: int, late_ps: int) -> PhotonRecord:
    """T3 photons of two detectors with jitter; (lifetime, share) each."""
    pulse = np.sort(rng.integers(0, 40 * n, n))
    which = rng.choice(len(lifetimes_ns), n, p=[share for _, share in lifetimes_ns])
    delay = rng.standard_exponential(n) * np.array([1e3 * tau for tau, _ in lifetimes_ns])[which]
    delay = delay + 8000 + late_ps + rng.normal(0.0, 150.0, n) + rng.exponential(100.0, n)
    nanotimes: IntArray = (delay % PERIOD_PS).astype(np.int64) // RESOLUTION_PS * RESOLUTION_PS
    channel = rng.integers(1, 3, n).astype(np.uint8)
    times = pulse * PERIOD_PS + nanotimes
    order = np.argsort(times, kind="stable")
    return PhotonRecord(
        times[order], channel[order], 40 * n * PERIOD_PS * 1e-12, PERIOD_PS, nanotimes[order], pulse[order]
    )


def evaluation(lifetimes_ns: list[tuple[float, float]], n: int = 60_000) -> g2.Evaluation:
    return g2.evaluate_photons(pulsed.from_record(record(np.random.default_rng(1), lifetimes_ns, n, 0)))


def text_response() -> TextResponse:
    rng = np.random.default_rng(2)
    late = 3000 + rng.normal(0.0, 150.0, 300_000) + rng.exponential(100.0, 300_000)
    counts, edges = np.histogram(late * 1e-3, np.arange(0.0, 12.0, 0.032))
    return TextResponse((edges[:-1] + edges[1:]) / 2.0, counts.astype(np.float64))


def test_two_lifetimes_are_chosen_and_found() -> None:
    found = response_lifetime.evaluate(evaluation([(0.8, 0.4), (5.0, 0.6)]), text_response())
    told = response_lifetime.results(found)
    for detector in (1, 2):
        for k, (lifetime, share) in enumerate(((0.8, 0.4), (5.0, 0.6)), start=1):
            each = told[f"detector_{detector}_lifetime_{k}"]
            assert each.value == pytest.approx(lifetime, abs=5.0 * each.stderr)
            assert each.stderr < 0.1 * lifetime
            assert told[f"detector_{detector}_fraction_{k}"].value == pytest.approx(share, abs=0.05)
    assert all("two exponentials by BIC" in remark for remark in response_lifetime.remarks(found))


def test_response_of_photons_gives_a_lifetime_shorter_than_it(tmp_path: Path) -> None:
    path = tmp_path / "response.hdf5"
    flash = record(np.random.default_rng(3), [(1e-3, 1.0)], 100_000, 2000)
    export_photon_hdf5(RecordStream(flash), path, ExportDetails(description="scattered laser"))
    assert read_response(path) == path
    found = response_lifetime.evaluate(evaluation([(0.12, 1.0)]), path)
    told = response_lifetime.results(found)["detector_1_lifetime_1"]
    assert told.value == pytest.approx(0.12, abs=4.0 * told.stderr)
    assert told.stderr < 0.01


def test_figure_is_drawn() -> None:
    found = response_lifetime.evaluate(evaluation([(4.0, 1.0)], 20_000), text_response())
    assert len(response_lifetime.figure(found).axes) == 4


def test_text_histogram_is_read(tmp_path: Path) -> None:
    path = tmp_path / "irf.csv"
    path.write_text("# time (ns), counts\n" + "\n".join(f"{0.1 * k:.2f},{k % 7}" for k in range(40)), encoding="ascii")
    read = read_response(path)
    assert isinstance(read, TextResponse)
    assert read.time_ns[-1] == pytest.approx(3.9)
    assert read.counts.sum() == sum(k % 7 for k in range(40))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1 2 3\n" * 12, "two columns"),
        ("".join(f"{k * k} 1\n" for k in range(12)), "equal steps"),
        ("".join(f"{k} -1\n" for k in range(12)), "not negative"),
        ("0 1\n1 1\n", "ten rows"),
        ("one two\n" * 12, "two columns"),
    ],
)
def test_text_that_is_no_response_is_refused(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "irf.txt"
    path.write_text(text, encoding="ascii")
    with pytest.raises(AnalysisError, match=match):
        read_response(path)


def test_response_without_light_or_of_another_laser_is_refused(tmp_path: Path) -> None:
    seen = evaluation([(4.0, 1.0)], 20_000)
    with pytest.raises(AnalysisError, match="1000 at least"):
        response_lifetime.evaluate(seen, TextResponse(np.arange(50) * 0.1, np.ones(50)))
    long = TextResponse(np.arange(1000.0), np.full(1000, 5.0))
    with pytest.raises(AnalysisError, match="after one period"):
        response_lifetime.evaluate(seen, long)
