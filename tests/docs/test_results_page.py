"""Every result that an analysis can name stands in docs/reference/results.md."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from analysis import brightness, g2, g2_cw_analysis, gated_g2, pulsed, response_lifetime
from analysis.response_file import TextResponse
from analysis.tags import PhotonRecord

ANALYSIS = Path(__file__).parents[2] / "analysis"
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "results.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z0-9_KN]+)`", PAGE))


def in_page(name: str) -> bool:
    """``detector_1_lifetime_2`` is named as ``detector_K_lifetime_N``, ``line_3_energy`` as ``line_K_energy``."""
    forms = {name, re.sub(r"_\d+$", "_N", name), re.sub(r"_\d+_", "_N_", name), re.sub(r"_\d+_", "_K_", name)}
    forms |= {re.sub(r"_\d+$", "_N", form) for form in set(forms)}
    return bool(forms & NAMED)


def emitter(n_pulses: int = 400_000) -> PhotonRecord:
    """Pulsed light of one emitter that switches, 15 ns, period 100 ns, one photon in ten pulses."""
    rng = np.random.default_rng(1)
    bright = np.repeat(rng.random(n_pulses // 4000) < 0.6, 4000)
    pulse = np.flatnonzero(bright & (rng.random(n_pulses) < 0.2))
    nanotimes = (rng.exponential(15_000.0, pulse.size) + 5000.0).astype(np.int64) % 100_000 // 64 * 64
    channel = rng.integers(1, 3, pulse.size).astype(np.uint8)
    times = pulse * 100_000 + nanotimes
    return PhotonRecord(times, channel, n_pulses * 1e-7, 100_000, nanotimes, pulse)


@pytest.fixture(scope="module")
def evaluation() -> g2.Evaluation:
    return g2.evaluate_photons(pulsed.from_record(emitter()))


def literal_names(source: str) -> list[str]:
    """Keys of dict displays and of assignments whose value is a ``Result``; a number in an f-string becomes N."""

    def is_result(node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Result"

    keys: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            keys += [key for key, value in zip(node.keys, node.values, strict=True) if is_result(value)]
        if isinstance(node, ast.Assign) and is_result(node.value) and isinstance(node.targets[0], ast.Subscript):
            keys.append(node.targets[0].slice)
    names = []
    for key in keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            names.append(key.value)
        elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "1" for part in key.values]
            names.append("".join(parts))
    return names


@pytest.mark.parametrize("path", sorted(ANALYSIS.glob("*.py")), ids=lambda path: path.stem)
def test_results_named_in_the_source(path: Path) -> None:
    assert missing(literal_names(path.read_text(encoding="utf-8"))) == []


def missing(names: list[str]) -> list[str]:
    return [name for name in names if not in_page(name)]


def test_results_of_pulsed_light(evaluation: g2.Evaluation) -> None:
    gated = gated_g2.results(gated_g2.gated_g2(evaluation, gated_g2.Gate(1.0, 60.0)))
    scanned = gated_g2.scan(evaluation)
    assert scanned is not None
    names = [*g2.analysis_of(evaluation).results, *gated, *gated_g2.scan_results(scanned)]
    assert len(names) > 15
    assert missing(names) == []


def test_results_of_a_measured_response(evaluation: g2.Evaluation) -> None:
    time_ns = np.arange(0.5, 12.0, 0.25)
    response = TextResponse(time_ns, np.round(1e4 * np.exp(-0.5 * ((time_ns - 4.0) / 0.5) ** 2)))
    names = list(response_lifetime.results(response_lifetime.evaluate(evaluation, response)))
    assert names[0] == "detector_1_lifetime_1"
    assert missing(names) == []


def test_results_of_the_brightness() -> None:
    record = emitter()
    first, second = (record.timestamps_ps[record.channel == k] for k in (1, 2))
    found = brightness.evaluate(first, second, record.duration_s, period_ps=100_000)
    assert "level_2_rate" in found.results
    assert missing(list(found.results)) == []


def test_results_of_continuous_light() -> None:
    rng = np.random.default_rng(2)
    times = np.cumsum(rng.exponential(10_000, (60_000, 2)).sum(axis=1)).astype(np.int64)
    record = PhotonRecord(times, rng.integers(1, 3, times.size).astype(np.uint8), float(times[-1]) * 1e-12)
    assert missing(list(g2_cw_analysis.analyse_cw(record).results)) == []


def test_names_of_the_page_that_are_not_there_are_noticed() -> None:
    assert not in_page("g2_zero_of_nothing")
