"""A scan's text becomes jobs; wrong texts and values beyond the limits are refused before anything is queued."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runmanager.errors import BadInputError
from runmanager.queue.entries import Job
from runmanager.queue.jobs import with_setting, without_setting
from runmanager.queue.scans import MAX_JOBS, expand, parse, with_control

G2 = Job("g2", (("batch", "5"),))


def values(jobs: tuple[Job, ...], name: str) -> list[str]:
    return [dict(job.settings)[name] for job in jobs]


def test_a_range_includes_both_ends() -> None:
    jobs = expand(G2, "duration=10:30:5")
    assert values(jobs, "duration") == ["10", "15", "20", "25", "30"]
    assert set(values(jobs, "batch")) == {"5"}


def test_a_list_is_kept_as_written_with_its_units() -> None:
    assert parse("duration= 10 s, 20 s").values == ("10 s", "20 s")
    assert values(expand(G2, "duration=10 s,20 s"), "duration") == ["10 s", "20 s"]


def test_equal_ratios() -> None:
    assert parse("p=1:100:3:log").values == ("1", "10", "100")
    assert parse("p=-1:-100:3:log").values == ("-1", "-10", "-100")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 50))
def test_ranges_have_their_ends_and_equal_steps(first: float, last: float, n: int) -> None:
    if first == last:
        return
    found = [float(value) for value in parse(f"x={first!r}:{last!r}:{n}").values]
    assert len(found) == n
    assert found[0] == pytest.approx(first, rel=1e-11)
    assert found[-1] == pytest.approx(last, rel=1e-11)
    scale = abs(first) + abs(last)
    for k in range(n - 1):
        assert found[k + 1] - found[k] == pytest.approx((last - first) / (n - 1), abs=1e-10 * scale)


def test_several_scans_give_their_product_the_last_fastest() -> None:
    jobs = expand(G2, "duration=10,20", "batch=1:3:3")
    assert [(dict(j.settings)["duration"], dict(j.settings)["batch"]) for j in jobs] == [
        ("10", "1"), ("10", "2"), ("10", "3"), ("20", "1"), ("20", "2"), ("20", "3"),
    ]  # fmt: skip


def test_no_scan_is_the_job_itself() -> None:
    assert expand(G2) == (G2,)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("duration", "is not of the form"),
        ("=1:2:3", "is not of the form"),
        ("duration=", "is not of the form"),
        ("duration=1:2", "is not of the form"),
        ("duration=1:2:3:lin", "is not of the form"),
        ("duration=1:2:3:log:4", "is not of the form"),
        ("duration=1,,2", "empty value"),
        ("duration=a:2:3", "bare numbers"),
        ("duration=1:2:2.5", "bare numbers"),
        ("duration=1 s:2 s:3", "bare numbers"),
        ("duration=1:nan:3", "must be finite"),
        ("duration=1:inf:3", "must be finite"),
        ("duration=1:2:1", "at least 2 values"),
        ("duration=1:2:-3", "at least 2 values"),
        ("duration=5:5:3", "are the same"),
        ("duration=-1:2:3:log", "same sign"),
        ("duration=0:2:3:log", "same sign"),
        ("duration=1:2:1000000000", "at most 10,000"),
        ("nonsense=1:2:3", "no parameter 'nonsense'"),
        ("duration=-10:60:8", "duration = '-10' is refused"),
        ("batch=1,x", "batch = 'x' is refused"),
    ],
)
def test_what_is_wrong_is_told(text: str, complaint: str) -> None:
    with pytest.raises(BadInputError, match=complaint):
        expand(G2, text)


def test_a_parameter_is_scanned_once() -> None:
    with pytest.raises(BadInputError, match="'duration' is scanned twice"):
        expand(G2, "duration=1:2:3", "duration=5,6")


def test_too_many_runs_are_refused_before_they_are_made() -> None:
    with pytest.raises(BadInputError, match="1,000,000 runs; at most 10,000"):
        expand(G2, "duration=10:20:1000", "batch=1:2:1000")
    assert MAX_JOBS == 10_000


def test_a_setting_is_replaced_in_its_place_or_added() -> None:
    job = Job("g2", (("a", "1"), ("b", "2")))
    assert with_setting(job, "a", "3").settings == (("a", "3"), ("b", "2"))
    assert with_setting(job, "c", "3").settings == (("a", "1"), ("b", "2"), ("c", "3"))
    assert without_setting(job, "a").settings == (("b", "2"),)
    with pytest.raises(BadInputError, match="'c' is not set"):
        without_setting(job, "c")


def test_a_control_is_a_setting() -> None:
    assert dict(with_control(G2, "laser blocked").settings)["control"] == "laser blocked"


def test_an_unknown_control_is_refused() -> None:
    with pytest.raises(BadInputError, match="control = 'moon full' is refused"):
        with_control(G2, "moon full")


def test_a_control_of_another_procedure_is_refused_when_it_is_queued() -> None:
    with pytest.raises(BadInputError, match="the control 'microwave off' does not apply to g2; it has: laser blocked"):
        with_control(G2, "microwave off")
    with pytest.raises(BadInputError, match="'helicity swapped' does not apply to g2"):
        expand(G2, "control=laser blocked,helicity swapped")
    assert len(expand(G2, "control=none,laser blocked")) == 2
