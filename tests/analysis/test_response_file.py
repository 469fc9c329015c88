"""A measured response as text: what is understood, and that what is missing is asked for."""

from pathlib import Path

import numpy as np
import pytest

from analysis import response_file
from analysis.errors import AnalysisError
from analysis.response_file import TextResponse, read_response
from analysis.tag_files import DecayCurve, ReadOptions, TextFormat

HEADER = "Item name: IRF\n\nReal time: 6.7\nTime calibration: 2.5E-02ns/ch\nComment: \n\nChan\tData\n"
NUMBERED = "".join(f"{k}\t{k % 7}\n" for k in range(1, 41))
ALONE = "".join(f"{k % 7}\n" for k in range(40))


def written(folder: Path, text: str, encoding: str = "ascii") -> Path:
    path = folder / "irf.txt"
    path.write_text(text, encoding=encoding)
    return path


def histogram(path: Path, bin_ps: float | None = None, options: ReadOptions | None = None) -> TextResponse:
    found = read_response(path, options, bin_ps)
    assert isinstance(found, TextResponse)
    return found


def test_two_columns_are_time_and_counts(tmp_path: Path) -> None:
    found = histogram(
        written(tmp_path, "# time (ns), counts\n" + "".join(f"{0.1 * k:.2f},{k % 7}\n" for k in range(40)))
    )
    assert found.time_ns[-1] == pytest.approx(3.9)
    assert found.counts.sum() == sum(k % 7 for k in range(40))


def test_header_that_states_the_width_makes_channel_numbers_times(tmp_path: Path) -> None:
    found = histogram(written(tmp_path, HEADER + NUMBERED))
    assert found.counts.size == 40
    assert np.diff(found.time_ns) == pytest.approx(0.025)


def test_real_response_is_read_as_it_is(real_data: Path) -> None:
    found = histogram(real_data / "atto550_irf.txt")
    assert found.counts.size == 4096
    assert np.diff(found.time_ns) == pytest.approx(0.02743484)
    assert int(found.counts.argmax()) == 1015


@pytest.mark.parametrize("text", [ALONE, "counts\n" + ALONE, NUMBERED])
def test_width_by_option(tmp_path: Path, text: str) -> None:
    found = histogram(written(tmp_path, text), bin_ps=16.0)
    assert found.counts.sum() == pytest.approx(sum(k % 7 for k in range(40)), abs=7)
    assert np.diff(found.time_ns) == pytest.approx(0.016)


def test_stated_width_wins_over_photons_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, ALONE)
    options = ReadOptions(text=TextFormat(1000.0))
    assert read_response(path, options) == path
    assert histogram(path, 16.0, options).counts.size == 40


def test_header_with_other_letters_is_text(tmp_path: Path) -> None:
    path = written(tmp_path, "Messung für Jörg, 25 µW\n0.025 ns/bin\n" + ALONE, "latin-1")
    assert np.diff(histogram(path).time_ns) == pytest.approx(0.025)


def test_decimal_comma_is_no_other_width(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="how wide"):
        read_response(written(tmp_path, "Time calibration: 2,743484E-02ns/ch\n" + ALONE))


@pytest.mark.parametrize(
    ("text", "bin_ps", "match"),
    [
        (ALONE, None, r"one column of 40 counts.*--irf .*irf\.txt --irf-bin-ps PS"),
        (NUMBERED, None, "counts 1, 2, 3 …: channel numbers, or ns.*--irf-bin-ps"),
        (HEADER + NUMBERED, 16.0, "0.016 ns and 0.025 ns are stated"),
        ("".join(f"{0.1 * k:.2f} 5\n" for k in range(40)), 16.0, "contradicts"),
        ("1 2 3\n" * 12, None, "3 columns"),
        ("".join(f"{k * k} 1\n" for k in range(12)), None, "equal steps"),
        ("".join(f"{k} -1\n" for k in range(12)), None, "not negative"),
        ("".join(f"{0.1 * k} nan\n" for k in range(12)), None, "finite"),
        ("".join(f"{0.1 * k:.1f} {k}e300\n" for k in range(12)), None, r"irf\.txt: a bin with 1\.1e\+301 counts"),
        (
            "Time calibration: 0 ns/ch\n" + ALONE,
            None,
            r"irf\.txt: the header states a bin width of 0 ns, which is none",
        ),
        ("0 1\n1 1\n", None, "ten rows"),
        ("one two\n" * 12, None, "ten rows.*line 12: 'one two'"),
        (ALONE + "end of file\n" + ALONE, 16.0, "line 41, 'end of file', stands among"),
        ("#ns/bin\n0.004\n#counts\n" + ALONE, 4.0, "line 3, '#counts', stands among"),
        ("1\n" * 5 + "1 2\n" * 8, 16.0, "from 1 to 2 numbers"),
        (ALONE, float("nan"), "bin width"),
        (ALONE, 0.0, "bin width"),
    ],
)
def test_text_that_is_no_response_is_refused(tmp_path: Path, text: str, bin_ps: float | None, match: str) -> None:
    with pytest.raises(AnalysisError, match=match):
        read_response(written(tmp_path, text), bin_ps=bin_ps)


def test_width_of_a_file_that_states_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "irf.ptu"
    path.write_bytes(b"PQTTTR\0\0" + bytes(100))
    assert read_response(path) == path
    with pytest.raises(AnalysisError, match="ptu file"):
        read_response(path, bin_ps=16.0)


@pytest.mark.parametrize("n_curves", [1, 2])
def test_one_curve_of_an_sdt_file_is_a_response(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_curves: int) -> None:
    path = tmp_path / "irf.sdt"
    path.write_bytes(bytes(10))
    curve = DecayCurve(np.arange(20), 12.5, 0, 0, "MEAS_DATA")
    monkeypatch.setattr(response_file.tag_files, "kind_of", lambda _: "sdt")
    monkeypatch.setattr(response_file.tag_files, "read_decays", lambda _: (curve,) * n_curves)
    if n_curves > 1:
        with pytest.raises(AnalysisError, match="2 decay curves"):
            read_response(path)
        return
    found = histogram(path)
    assert np.diff(found.time_ns) == pytest.approx(0.0125)
    assert found.counts.sum() == 190
