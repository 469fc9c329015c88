"""The master equation of exciton and Mn2+ against QuTiP: same answer, how much faster?

    python benchmarks/spin_dynamics.py                        # 30 levels: about half a minute
    python benchmarks/spin_dynamics.py --levels 30 54 --out docs/reference/spin-dynamics.md

Both work in this process on the same Hamiltonian and the same collapse operators, with the same number of threads.
QuTiP's routes: one exponential of the Liouvillian and then a product for each time; ``mesolve(method="diag")``; and
``steadystate`` at every point of a sweep. Its ODE solvers are left out: the problem is stiff (light holes 30 meV
away, lifetimes of nanoseconds), they need minutes to hours.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np
import qutip

from sims.basics.spins import ComplexArray, FloatArray
from sims.dot.sample import load_sample
from sims.dot.stimulus import Environment
from sims.dynamics.liouvillian import Liouvillian, steady_state_sweep
from sims.dynamics.model import build_model
from sims.dynamics.pumping import outer_line, resonant_segment
from sims.dynamics.secular import rate_model
from sims.dynamics.sequences import segment_operators
from sims.dynamics.superoperator import HBAR_MEV_NS

AXIAL = (0.0, 0.0, 1.0)
GENERAL = (0.3, 0.2, 0.5)
TIMES_NS = np.linspace(0.0, 100.0, 101)
DETUNINGS_MEV = np.linspace(-0.3, 0.3, 50)
TOLERANCE = 1e-8


@dataclass(frozen=True)
class Problem:
    """One model under resonant light, as both programs take it."""

    name: str
    hamiltonian_mev: ComplexArray
    collapse: tuple[ComplexArray, ...]
    start: ComplexArray
    photons: ComplexArray
    secular: Callable[[], FloatArray]


@dataclass(frozen=True)
class Row:
    """One line of the table; ``largest_difference`` between the two answers, element by element."""

    task: str
    ours_s: float
    route: str
    qutip_s: float
    largest_difference: float

    @property
    def ratio(self) -> float:
        """How many times faster."""
        return self.qutip_s / self.ours_s


def problem(levels: int, field_t: tuple[float, float, float]) -> Problem:
    """Mn:CdTe without the cubic term, which couples m and m ± 4, pumped at its highest sigma-plus line."""
    sample = load_sample("mn-cdte-znte")
    dopant = sample.dopants[0].model_copy(update={"cubic_a_uev": 0.0})
    sample = sample.model_copy(update={"dopants": (dopant,)})
    heavy_only = levels == 30
    line = outer_line(build_model(sample, Environment(4.0, AXIAL), heavy_holes_only=heavy_only))
    model = build_model(sample, Environment(4.0, field_t), heavy_holes_only=heavy_only)
    segment = resonant_segment(model, 1.0, line.detuning_mev, 100.0)
    parts = segment_operators(model.system, segment)
    start = model.ground_mixture()
    kind = "axial" if field_t == AXIAL else "general"

    def secular() -> FloatArray:
        return rate_model(model.system, segment).evolve(np.diag(start).real, TIMES_NS)

    photons = np.diag(model.system.photons).astype(np.complex128)
    return Problem(f"{model.size} levels, {kind} field", parts.hamiltonian_mev, parts.collapse, start, photons, secular)


def timed(action: Callable[[], Any], repeats: int = 1) -> tuple[Any, float]:
    """Result and the shortest wall time of ``repeats`` runs, s."""
    best, result = np.inf, None
    for _ in range(repeats):
        begin = time.perf_counter()
        result = action()
        best = min(best, time.perf_counter() - begin)
    return result, best


def ours(p: Problem) -> ComplexArray:
    """Density matrices at all times, from the operators on."""
    return Liouvillian(p.hamiltonian_mev, p.collapse).evolve(p.start, TIMES_NS)


def qutip_liouvillian(p: Problem) -> qutip.Qobj:
    """QuTiP's Liouvillian, 1/ns, sparse."""
    sparse = [qutip.Qobj(c).to("csr") for c in p.collapse]
    return qutip.liouvillian(qutip.Qobj(p.hamiltonian_mev / HBAR_MEV_NS).to("csr"), sparse)


def qutip_sweep(p: Problem, detunings_mev: FloatArray) -> list[ComplexArray]:
    """The solver steadystate at every point; L0 and the detuning's part are built once."""
    fixed = qutip_liouvillian(p)
    moved = qutip.liouvillian(qutip.Qobj(-p.photons / HBAR_MEV_NS).to("csr"))
    return [qutip.steadystate(fixed + float(d) * moved).full() for d in detunings_mev]


def by_exponential(p: Problem, kind: str) -> ComplexArray:
    """One exponential for the even step, then a product for each time."""
    step = (qutip_liouvillian(p).to(kind) * float(TIMES_NS[1])).expm().full()
    size = len(p.start)
    state, result = p.start.reshape(-1, order="F"), []
    for _ in TIMES_NS:
        result.append(state.reshape(size, size, order="F"))
        state = step @ state
    return np.array(result)


def by_diagonalising(p: Problem) -> ComplexArray:
    """The solver mesolve with method="diag"."""
    solution = qutip.mesolve(
        qutip.Qobj(p.hamiltonian_mev / HBAR_MEV_NS),
        qutip.Qobj(p.start),
        TIMES_NS,
        [qutip.Qobj(c) for c in p.collapse],
        options={"method": "diag", "store_states": True},
    )
    return np.array([state.full() for state in solution.states])


def evolution_rows(p: Problem, with_diag: bool) -> list[Row]:
    """101 times over 100 ns."""
    states, ours_s = timed(lambda: ours(p), 3)
    routes: dict[str, Callable[[], ComplexArray]] = {"expm, dense": lambda: by_exponential(p, "dense")}
    if with_diag:
        routes["expm, sparse"] = lambda: by_exponential(p, "csr")
        routes['mesolve, method="diag"'] = lambda: by_diagonalising(p)
    rows = []
    for name, route in routes.items():
        theirs, qutip_s = timed(route)
        difference = float(np.max(np.abs(theirs - states)))
        rows.append(Row(f"{p.name}: evolution", ours_s, name, qutip_s, difference))
    return rows


def sweep_row(p: Problem, points: int) -> Row:
    """Steady state against detuning; QuTiP's time is scaled from ``points`` of the 50 points."""
    states, ours_s = timed(
        lambda: steady_state_sweep(Liouvillian(p.hamiltonian_mev, p.collapse), -p.photons, DETUNINGS_MEV), 3
    )
    chosen = np.linspace(0, DETUNINGS_MEV.size - 1, points).round().astype(int)
    theirs, qutip_s = timed(lambda: qutip_sweep(p, DETUNINGS_MEV[chosen]))
    difference = max(float(np.max(np.abs(a - states[i]))) for a, i in zip(theirs, chosen, strict=True))
    label = "steadystate" if points == DETUNINGS_MEV.size else f"steadystate, {points} of 50 points, scaled"
    return Row(f"{p.name}: 50 steady states", ours_s, label, qutip_s * DETUNINGS_MEV.size / points, difference)


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| Task | solotron (s) | QuTiP's route | QuTiP (s) | times faster | largest difference |"]
    lines.append("|---|---|---|---|---|---|")
    lines += [
        f"| {r.task} | {r.ours_s:.3g} | {r.route} | {r.qutip_s:.3g} | {r.ratio:.3g} | {r.largest_difference:.1e} |"
        for r in rows
    ]
    return "\n".join(lines)


def secular_line(p: Problem) -> str:
    """How fast and how good the secular rates are."""
    populations, seconds = timed(p.secular, 3)
    exact = np.einsum("tii->ti", ours(p)).real
    difference = np.max(np.abs(populations - exact))
    return f"- {p.name}: secular rates {1e3 * seconds:.2f} ms, populations within {difference:.1e}"


def main() -> None:
    """Measure, print, optionally write the page; fail where the two answers differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", type=int, nargs="+", choices=(30, 54), default=[30])
    parser.add_argument("--fields", nargs="+", choices=("axial", "general"), default=["axial", "general"])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows, secular = [], []
    fields = [AXIAL if name == "axial" else GENERAL for name in arguments.fields]
    for levels in arguments.levels:
        for field_t in fields:
            p = problem(levels, field_t)
            rows += evolution_rows(p, with_diag=levels == 30)
            rows.append(sweep_row(p, 50 if levels == 30 else 3))
            secular.append(secular_line(p))
            print(table(rows[-4:] if levels == 30 else rows[-2:]), flush=True)
    text = "\n".join(
        [
            "# Speed of the spin dynamics against QuTiP",
            "",
            f"Mn:CdTe under resonant light, QuTiP {qutip.__version__}, one process,",
            f"{os.environ['OPENBLAS_NUM_THREADS']} thread(s).",
            "Evolution: 101 times over 100 ns, from the operators to the density matrices. Steady states: 50",
            "detunings. Made by `benchmarks/spin_dynamics.py`.",
            "",
            table(rows),
            "",
            *secular,
            "",
        ]
    )
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text, encoding="utf-8")
    worst = max(row.largest_difference for row in rows)
    if worst > TOLERANCE:
        raise SystemExit(f"answers differ by {worst:.1e}, more than {TOLERANCE:g}")


if __name__ == "__main__":
    main()
