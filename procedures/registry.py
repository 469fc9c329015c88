"""Every experiment by the name the command line uses. Imports them late: ``--help`` must be fast."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from procedures.results import ResultName, results_of

if TYPE_CHECKING:
    from procedures.experiment import Experiment


@dataclass(frozen=True)
class Entry:
    """Where an experiment lives and what it measures, in one line."""

    module: str
    class_name: str
    measures: str


PROCEDURES: dict[str, Entry] = {
    "spin-pumping": Entry(
        "procedures.spin_pumping",
        "SpinPumping",
        "optical preparation of the dopant's spin: pumping efficiency and time, with controls",
    ),
    "polarised-pl": Entry(
        "procedures.polarised_pl",
        "PolarisedPhotoluminescence",
        "sigma+/sigma- spectra: lines, splitting, circular polarisation, S_z populations",
    ),
    "g2": Entry(
        "procedures.g2",
        "Antibunching",
        "g2(0) with exact interval and both normalisations, and the lifetime, from photon tags",
    ),
    "esr": Entry(
        "procedures.esr",
        "SpinResonance",
        "spin resonances of the dopant by microwave pulse and optical read-out",
    ),
}


def load(name: str) -> "type[Experiment]":
    """The class of an experiment; KeyError for an unknown name."""
    entry = PROCEDURES[name]
    found: type[Experiment] = getattr(importlib.import_module(entry.module), entry.class_name)
    return found


def controls(name: str) -> tuple[tuple[str, str], ...]:
    """Control runs of an experiment: (value of its parameter ``control``, meaning in one line); KeyError as load."""
    return load(name).control_meanings()


def key_parameters(name: str) -> tuple[str, ...]:
    """At most four parameters that tell one run of an experiment from another; KeyError as load."""
    return load(name).key_parameters()


def resumes(name: str) -> str:
    """What is continued after an interruption, in one line; "": the run must be repeated. KeyError as load."""
    return load(name).RESUMES


def result_names(name: str, control: str = "none") -> tuple[ResultName, ...]:
    """The results an analysis of this experiment can give, for a sample with one Mn2+; KeyError for unknown names.

    ``control``: of a run with this control; those of the real run, plus the control's own.
    """
    return results_of(name, control)
