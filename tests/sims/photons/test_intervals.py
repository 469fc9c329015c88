"""Leaves and the tree of intervals against matrix exponentials."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from sims.photons.intervals import interval_tree
from sims.photons.leaves import halvings, leaf
from sims.photons.process import JumpProcess, Kick

CHANCE = np.array([0.3, 0.2, 0.4, 0.1])


@settings(max_examples=30, deadline=None)
@given(duration_ns=st.floats(1e-6, 0.4 / 4.0))
def test_a_leaf_is_the_exponential_of_the_undetected_generator(continuous: JumpProcess, duration_ns: float) -> None:
    generator, jumps = continuous.steps[0].generator, continuous.emission(CHANCE)
    part = leaf(generator, jumps, duration_ns)
    assert np.allclose(part.undetected, expm((generator - jumps) * duration_ns), rtol=0, atol=1e-14)
    assert part.detected.sum(axis=(0, 1)) + part.undetected.sum(axis=0) == pytest.approx(np.ones(6), abs=1e-14)


def test_leaves_hold_few_ticks(continuous: JumpProcess) -> None:
    generator = continuous.steps[0].generator
    fastest = -np.diag(generator).min()
    assert 0.25 < fastest * 50.0 / 2 ** halvings(generator, 50.0) <= 0.5


@pytest.mark.parametrize("name", ["pulsed", "sequence", "continuous"])
def test_the_cycle_and_its_power(request: pytest.FixtureRequest, name: str) -> None:
    process: JumpProcess = request.getfixturevalue(name)
    tree = interval_tree(process, process.emission(1e-3 * CHANCE), np.full(6, 1 / 6))
    whole = tree.entries[tree.block_at[0]]
    jumps = process.emission(1e-3 * CHANCE)
    expected = np.eye(6)
    for step in process.steps:
        expected = (
            step.matrix if isinstance(step, Kick) else expm((step.generator - jumps) * step.duration_ns)
        ) @ expected
    assert np.allclose(whole.undetected, expected, rtol=0, atol=1e-12)
    assert whole.chance == pytest.approx(1 - expected.sum(axis=0), abs=1e-12)
    longest = tree.entries[tree.longest]
    assert np.allclose(longest.undetected, np.linalg.matrix_power(expected, tree.cycles), rtol=0, atol=1e-9)


def test_faint_light_loses_no_digits(continuous: JumpProcess) -> None:
    tree = interval_tree(continuous, continuous.emission(1e-18 * CHANCE), np.full(6, 1 / 6))
    bright = interval_tree(continuous, continuous.emission(1e-9 * CHANCE), np.full(6, 1 / 6))
    first, second = (t.entries[t.block_at[0]].chance for t in (tree, bright))
    assert first == pytest.approx(1e-9 * second, rel=1e-6)


def test_equal_steps_are_one_entry(sequence: JumpProcess) -> None:
    tree = interval_tree(sequence, sequence.emission(CHANCE), np.full(6, 1 / 6))
    assert tree.steps[1].first == tree.steps[3].first
    assert tree.steps[2].first == tree.steps[4].first
