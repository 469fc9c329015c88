from pathlib import Path

import pytest

from sims.dot.sample import SampleError, builtin_samples, load_sample, parse_sample, sample_path


def edited(tmp_path: Path, old: str, new: str, name: str = "mn-cdse-cds") -> Path:
    text = sample_path(name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "edited.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_four_samples_are_shipped_and_load() -> None:
    assert builtin_samples() == ["mn-cdse-cds", "mn-cdte-znte", "two-mn-cdse-cds", "undoped-cdse-cds"]
    assert [len(load_sample(name).dopants) for name in builtin_samples()] == [1, 1, 2, 0]
    assert all(load_sample(name).name == name for name in builtin_samples())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lifetime_ns: 15.0", "lifetime_ns: -3", ["lifetime_ns", "-3", "0.05"]),
        ("lifetime_ns: 15.0", "lifetime_ns: abc", ["lifetime_ns", "abc", "number"]),
        ("lifetime_ns: 15.0", "lifetime_ns: .nan", ["lifetime_ns", "finite"]),
        ("quantum_yield: 0.9", "quantum_yield: 90", ["quantum_yield", "90", "1"]),
        ("host: CdSe", "host: Unobtainium", ["host", "Unobtainium", "CdSe"]),
        ("position_nm: 1.18", "position_nm: 9.0", ["dopants.0.position_nm", "9.0", "5"]),
        ("lifetime_ns: 15.0", "life_time_ns: 15.0", ["life_time_ns", "unknown"]),
        ("emission_mev: 2049.0", "emission_mev: 22000.0", ["emission_mev", "22000", "4500"]),
        ("element: Mn", "element: Xx", ["dopants.0.element", "Xx", "Mn"]),
        ("spin: 2.5", "spin: 2.3", ["dopants.0.spin", "2.3", "0.5"]),
    ],
)
def test_a_wrong_field_gives_one_line_with_field_value_and_limit(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    path = edited(tmp_path, old, new)
    with pytest.raises(SampleError) as caught:
        load_sample(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    for word in words:
        assert word in message


def test_missing_field_is_named() -> None:
    with pytest.raises(SampleError, match=r"sample sheet: host: missing \(and \d+ more\)"):
        parse_sample({"name": "x"}, "sheet")


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "name: [1\n", "name: a\nname: b\n"])
def test_a_file_that_is_no_sample_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SampleError) as caught:
        load_sample(path)
    assert "\n" not in str(caught.value)
    assert "bad.yaml" in str(caught.value)


def test_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(SampleError, match="cannot be read"):
        load_sample(path)


def test_unknown_name_lists_the_shipped_samples() -> None:
    with pytest.raises(SampleError, match="mn-cdse-cds"):
        load_sample("nonsense")
