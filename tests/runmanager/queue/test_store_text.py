"""Jobs, predictions and endings survive the way into the file and back, whatever stands in them."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfile.results import Check, Result
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Status, Target
from runmanager.queue.job_text import (
    ending_from_text,
    ending_text,
    entry_document,
    job_from_text,
    job_text,
    prediction_from_text,
    prediction_text,
)

TEXTS = st.text(max_size=20)
NUMBERS = st.floats()
NAMES = st.text(st.characters(min_codepoint=32, exclude_characters="/"), min_size=1, max_size=12)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: Path("/", *parts))
RESULTS = st.builds(
    Result, NUMBERS, NUMBERS, TEXTS, TEXTS,
    st.none() | st.tuples(NUMBERS, NUMBERS), st.none() | st.floats(0, 1),
)  # fmt: skip
JOBS = st.builds(
    Job,
    procedure=TEXTS,
    settings=st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple),
    station=st.none() | PATHS,
    twin=st.booleans(),
    sample=st.none() | TEXTS,
    seed=st.integers(0, 2**63 - 1),
    out=PATHS,
    faults=st.none() | PATHS,
    until=st.lists(st.builds(Target, TEXTS, NUMBERS), max_size=2).map(tuple),
    continues=st.none() | PATHS,
)
PREDICTIONS = st.builds(
    Prediction, NUMBERS, st.integers(0, 10**12), st.dictionaries(TEXTS, RESULTS, max_size=3), st.booleans(),
    st.lists(TEXTS, max_size=2).map(tuple), NUMBERS,
)  # fmt: skip
CHECKS = st.lists(st.builds(Check, TEXTS, st.booleans(), TEXTS), max_size=3).map(tuple)
ENDINGS = st.builds(
    Ending, st.integers(0, 4), NUMBERS, NUMBERS, st.dictionaries(TEXTS, RESULTS, max_size=3), CHECKS,
    st.none() | st.booleans(), TEXTS, TEXTS,
)  # fmt: skip


@given(JOBS)
def test_jobs(job: Job) -> None:
    back = job_from_text(job_text(job))
    assert repr(back) == repr(job)  # repr: NaN equals NaN there


@given(PREDICTIONS)
def test_predictions(prediction: Prediction) -> None:
    assert repr(prediction_from_text(prediction_text(prediction))) == repr(prediction)


@given(ENDINGS)
def test_endings(ending: Ending) -> None:
    assert repr(ending_from_text(ending_text(ending))) == repr(ending)


@given(JOBS, PREDICTIONS, ENDINGS)
def test_documents_are_json_without_nan(job: Job, prediction: Prediction, ending: Ending) -> None:
    entry = Entry(1, Status.FAILED, 1.0, job, 2.0, prediction=prediction, ending=ending)
    document = json.loads(json.dumps(entry_document(entry), allow_nan=False))
    duration_s = document["ending"]["duration_s"]
    assert duration_s == (ending.duration_s if math.isfinite(ending.duration_s) else None)
    for name, result in prediction.results.items():
        assert document["prediction"]["results"][name]["unit"] == result.unit  # a unit called "nan" stays a word


def test_equal_jobs_have_equal_texts_and_others_do_not() -> None:
    assert job_text(Job("g2")) == job_text(Job("g2", seed=1))
    assert job_text(Job("g2")) != job_text(Job("g2", seed=2))


def test_the_documents_verdict_is_the_failed_checks_reason() -> None:
    ending = Ending(1, 0.0, checks=(Check("a", True, "good"), Check("b", False, "too few photons")))
    document = entry_document(Entry(1, Status.COMPLETED, 1.0, Job("g2"), 2.0, ending=ending))
    assert document["ending"]["verdict"] == "too few photons"


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"procedure": "g2"}'])
def test_a_text_that_is_no_job_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        job_from_text(text)
