"""The fault file: what it takes, and what it refuses by name."""

from pathlib import Path

import pytest

from sims.faults.plan import FaultError, load_plan, parse_plan

GOOD = {"seed": 7, "faults": [{"fault": "drop", "instrument": "sc10", "at_message": 3}]}


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "seed: 7\nfaults:\n  - {fault: quench, instrument: ami430, at_s: 12.5}\nchance: {probability: 0.01}\n"
    )
    plan = load_plan(path)
    assert plan.seed == 7
    assert plan.faults[0].at_s == 12.5
    assert plan.chance is not None
    assert plan.chance.probability == 0.01


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fault": "melt"}, "melt"),
        ({"at_message": 0}, "at_message"),
        ({"at_s": 1.0}, "not both"),
        ({"at_message": None}, "not both"),
        ({"seconds": -1.0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"messages": 0}, "messages"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_refused_by_name(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(FaultError, match=complaint):
        parse_plan({"faults": [{**GOOD["faults"][0], **change}]})  # type: ignore[index, dict-item]


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_a_chance_that_is_none_is_refused(probability: float) -> None:
    with pytest.raises(FaultError, match="probability"):
        parse_plan({"chance": {"probability": probability}})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1\n- 2\n",
        "faults: [",
        "!!python/object/apply:os.system ['true']",
        "&a [*a]",
        "seed: !!python/name:os.system x",
    ],
)
def test_what_is_no_fault_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(FaultError) as refusal:
        load_plan(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="cannot be read"):
        load_plan(tmp_path / "nowhere.yaml")
