"""Sample sheets: what is on the stage. On the twin the same sheet is the truth of the simulated dot."""

import sys
import warnings
from dataclasses import dataclass
from typing import Any

from runmanager.errors import BadInputError
from sims.dot.sample import Sample, SampleError, load_sample, sample_path
from sims.matter.dopants import NotEstablished

DEFAULT_SAMPLE = "mn-cdse-cds"


@dataclass(frozen=True)
class SampleSheet:
    """A checked sample file: its text as written, its values as a plain mapping, and the typed sample."""

    text: str
    values: dict[str, Any]
    sample: Sample


def read_sample(name_or_path: str | None, *, twin: bool) -> SampleSheet:
    """Read a built-in sample by name or a file; BadInputError with one line if it is wrong or missing."""
    if name_or_path is None:
        if not twin:
            raise BadInputError(
                "a real bench needs --sample FILE: the sample sheet that says what is on the stage "
                f"(start from a copy of the built-in '{DEFAULT_SAMPLE}')"
            )
        name_or_path = DEFAULT_SAMPLE
    try:
        sample = _loaded(name_or_path)
        text = sample_path(name_or_path).read_text(encoding="utf-8")
    except SampleError as error:
        raise BadInputError(str(error)) from error
    return SampleSheet(text=text, values=sample.model_dump(mode="json"), sample=sample)


def _loaded(name_or_path: str) -> Sample:
    """The sample; what is not established about it, and taken as zero, is told in one plain line each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NotEstablished)
        sample = load_sample(name_or_path)
    for message in dict.fromkeys(str(each.message) for each in caught):
        print(f"note: {message}", file=sys.stderr)
    return sample
