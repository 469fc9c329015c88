import datetime
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runmanager.catalogue.index import Index
from runmanager.catalogue.indexing import refresh
from runmanager.catalogue.records import Description, Fact, Kind, Stamp, Summary
from runmanager.catalogue.schema import TABLES
from runmanager.catalogue.search import SearchError, parse
from runmanager.catalogue.search_terms import factor_between, related_units

TODAY = datetime.date(2026, 11, 22)


@pytest.fixture
def find(folder):
    with Index(folder) as index:
        refresh(index)
        yield lambda text: sorted(row.name for row in index.find(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["a.h5", "b.h5", "d.h5", "night/c.h5", "torn.h5"]),
        ("sample:cdse", ["b.h5"]),
        ('sample:"CdSe dot"', ["b.h5"]),
        ("procedure:g2", ["b.h5", "night/c.h5"]),
        ("procedure:G2 -sample:cdse", ["night/c.h5"]),
        ("verdict:failed", ["b.h5"]),
        ("verdict:none", ["d.h5", "torn.h5"]),
        ("-verdict:failed", ["a.h5", "d.h5", "night/c.h5", "torn.h5"]),
        ("status:aborted", ["night/c.h5"]),
        ("status=abort", []),
        ("kind:unreadable", ["torn.h5"]),
        ("file:night", ["night/c.h5"]),
        ("lifetime>15.5", ["b.h5"]),
        ("lifetime > 15.5 ns", ["b.h5"]),
        ("lifetime<0.0145us", ["a.h5"]),
        ("lifetime:14..15", ["a.h5", "night/c.h5"]),
        ("lifetime:14.5..", ["b.h5", "night/c.h5"]),
        ("lifetime=15", ["night/c.h5"]),
        ("lifetime>1K", []),
        ("lifetime.stderr<=0.03", ["a.h5", "b.h5", "night/c.h5"]),
        ("lifetime.stderr<0.02", []),
        ("field_t>0.2", ["b.h5"]),
        ("field_t>200mT", ["b.h5"]),
        ("duration>100", ["night/c.h5"]),
        ("duration > 5 min", ["night/c.h5"]),
        ("p.duration=60 -kind:unreadable", ["a.h5", "b.h5", "d.h5", "night/c.h5"]),
        ("seed:7 procedure:esr", ["a.h5"]),
        ("line:high procedure:esr", ["a.h5"]),
        ("line!=highest kind:run", []),
        ("date:today kind:run", ["a.h5", "b.h5", "d.h5", "night/c.h5"]),
        ("date:..2020", []),
        ("importance esr", ["a.h5"]),
        ('"fit is bad"', ["b.h5"]),
        ("lifetime esr", ["a.h5"]),
        ("truncated", ["torn.h5"]),
    ],
)
def test_search_finds(find, text, expected):
    assert find(text) == expected


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("sample:", "sample:CdSe"),
        ('"open', "quotation mark is not closed"),
        ("verdict:good", "passed, failed, none"),
        ("kind:ptu", "run, photons, unreadable"),
        ("date:yesteryear", "2026-11-20"),
        ("date:2026-02-30", "is not a date"),
        ("lifetime>long", "a number is expected"),
        ("duration>3GHz", "10min"),
        ("duration:long", "is a number"),
        ("seed:7ns", "without a unit"),
        ("sample>3", "is a text"),
        ("lifetime:..", "has no ends"),
        ("lifetime:1e999..2", "is not a number"),
        ('""', "nothing between"),
    ],
)
def test_a_wrong_search_explains_what_to_type(text, explanation):
    with pytest.raises(SearchError, match=explanation):
        parse(text, today=TODAY)


def test_an_unknown_name_is_told_with_the_nearest(find):
    with pytest.raises(SearchError, match="did you mean lifetime"):
        find("lifetim>3")


def test_dates_are_whole_days_of_local_time():
    (found,) = parse("date:2026-11-20..2026-11-21", today=TODAY).terms
    assert found.since_s == datetime.datetime(2026, 11, 20).astimezone().timestamp()
    assert found.until_s == datetime.datetime(2026, 11, 22).astimezone().timestamp()


@pytest.mark.parametrize(("text", "first", "after"), [
    ("date:2026", (2026, 1, 1), (2027, 1, 1)),
    ("date:2026-12", (2026, 12, 1), (2027, 1, 1)),
    ("date:2026-02", (2026, 2, 1), (2026, 3, 1)),
    ("date:yesterday", (2026, 11, 21), (2026, 11, 22)),
    ("date:2024-02-29", (2024, 2, 29), (2024, 3, 1)),
])  # fmt: skip
def test_a_date_is_a_span(text, first, after):
    (found,) = parse(text, today=TODAY).terms
    assert found.since_s == datetime.datetime(*first).astimezone().timestamp()
    assert found.until_s == datetime.datetime(*after).astimezone().timestamp()


def test_the_search_is_told_in_words():
    words = parse('procedure:esr -verdict:passed lifetime>12ns "cold finger"', today=TODAY).in_words()
    assert words == (
        "procedure contains “esr”; not (verdict passed); value lifetime > 12 ns; any text contains “cold finger”"
    )


def test_quotes_and_semicolons_are_only_text(find):
    assert find('"\'; DROP TABLE runs; --"') == []
    assert len(find("")) == 5


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("abep:<>=!.\"- 0179'%_;()..nsµ"), max_size=30) | st.text(max_size=40))
def test_any_text_is_understood_or_explained(text):
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(TABLES)
        connection.create_function("fold", 1, str.casefold)
        try:
            found = parse(text, today=TODAY)
        except SearchError as refusal:
            found, explanation = None, str(refusal)
        if found is None:
            assert len(explanation) > 20
        else:
            query = f"SELECT count(*) FROM runs JOIN texts ON texts.run = runs.id WHERE {found.where}"  # noqa: S608
            assert connection.execute(query, found.values).fetchone() == (0,)
            assert found.in_words()
    finally:
        connection.close()


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: float(f"{value:.5g}"))


@settings(max_examples=60, deadline=None)
@given(values=st.lists(numbers, min_size=1, max_size=12), bound=numbers, sign=st.sampled_from(["<", "<=", ">", ">="]))
def test_comparisons_find_what_python_finds(values, bound, sign, tmp_path_factory):
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[sign]
    with Index(tmp_path_factory.mktemp("numbers")) as index:
        index.put(
            Description(Summary(f"{k}.h5", Kind.RUN, 1), Stamp(1, 1), (Fact("result", "x", value, unit="ns"),))
            for k, value in enumerate(values)
        )
        expected = {f"{k}.h5" for k, value in enumerate(values) if compare(value, bound)}
        assert {row.name for row in index.find(f"x{sign}{bound!r}")} == expected


@given(st.sampled_from(["ps", "ns", "us", "ms", "s", "min", "h"]), st.sampled_from(["ps", "ns", "us", "ms", "s"]))
def test_units_convert_there_and_back(one, other):
    assert factor_between(one, other) * factor_between(other, one) == pytest.approx(1.0, rel=1e-12)


def test_units_that_are_no_units_stay_as_they_are():
    assert related_units("dBm") == (("dBm", 1.0),)
    with pytest.raises(ValueError, match="cannot be compared"):
        factor_between("ns", "GHz")


def test_not_a_number_is_never_found(tmp_path: Path):
    with Index(tmp_path) as index:
        index.put([Description(Summary("x.h5", Kind.RUN, 1), Stamp(1, 1), (Fact("result", "x", None, unit="ns"),))])
        assert index.find("x>0") == ()
        assert index.find("x<=0") == ()
        assert len(index.find("-x>0")) == 1
