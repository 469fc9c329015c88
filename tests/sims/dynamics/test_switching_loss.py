import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sims.basics.checks import UnphysicalInputError
from sims.dot.exciton import dipole_rows
from sims.dot.sample import load_sample
from sims.dynamics.acoustic_phonons import PhononBath, cdte_bath
from sims.dynamics.liouvillian import Liouvillian
from sims.dynamics.switching import (
    HBAR_MEV_PS,
    Pulse,
    PulseTrain,
    apply_pulse,
    basis_state,
    switching_model,
    transfer_probability,
)
from sims.dynamics.switching_loss import HALF_WINDOW, SwitchingLoss, loss_budget, lossy_transfer

SAMPLE = load_sample("mn-cdte-znte")
MODEL = switching_model(SAMPLE, (0.0, 0.0, 0.0))
PAIR = PulseTrain((Pulse("light", "sigma+"), Pulse("light", "sigma-")), (5.87,))
FOUR = PulseTrain(
    (Pulse("light", "sigma+"), *3 * (Pulse("light", "sigma-", phase_rad=0.4),)),
    (3.1, 1.5, 4.7),
)


def only(fwhm_ps: float, **changes: object) -> SwitchingLoss:
    bare = {"recombination": False, "cross_driving": False}
    return SwitchingLoss(fwhm_ps, **(bare | changes))


@pytest.mark.parametrize("train", [PAIR, FOUR])
def test_very_short_lossless_pulses_reproduce_the_ideal_train(train: PulseTrain) -> None:
    ideal = transfer_probability(MODEL, train, -2.5, -0.5)
    assert lossy_transfer(MODEL, train, -2.5, -0.5, only(0.005)).probability == pytest.approx(ideal, abs=1.5e-3)


def test_finite_pulses_agree_with_an_integration_in_the_laboratory_frame() -> None:
    """No rotating frame, no reduced basis, another integrator: Schroedinger's equation with real carriers."""
    train = PulseTrain((Pulse("light", "sigma+"), Pulse("heavy", "sigma-", 2.0), Pulse("light", "sigma-")), (1.5, 2.2))
    fwhm = 0.3
    sigma = fwhm / (2 * np.sqrt(np.log(2)))
    rows = {"sigma+": dipole_rows()[0], "sigma-": dipole_rows()[1]}
    raising = []
    for pulse in train.pulses:
        block = np.zeros((9, 9))
        block[1:, 0] = rows[pulse.polarisation] / rows[pulse.polarisation][pulse.carrier_state]
        raising.append(np.kron(block, np.eye(6)))
    carriers = [MODEL.carrier_energy_mev(pulse) / HBAR_MEV_PS for pulse in train.pulses]

    def slope(time: float, psi: np.ndarray) -> np.ndarray:
        result = MODEL.hamiltonian_mev @ psi / HBAR_MEV_PS
        for pulse, centre, up, carrier in zip(train.pulses, train.centres_ps, raising, carriers, strict=True):
            envelope = pulse.area_rad * np.exp(-((time - centre) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
            if abs(time - centre) < 3.5 * sigma:
                result += envelope / 2 * (np.exp(-1j * carrier * time) * (up @ psi))
                result += envelope / 2 * (np.exp(1j * carrier * time) * (up.T @ psi))
        return -1j * result

    start = np.zeros(54, dtype=complex)
    start[5] = 1.0
    span = (-3.5 * sigma, 3.7 + 3.5 * sigma)
    final = solve_ivp(slope, span, start, method="DOP853", rtol=1e-8, atol=1e-10, max_step=0.05).y[:, -1]
    expected = (np.abs(final) ** 2).reshape(9, 6).sum(axis=0)
    outcome = lossy_transfer(MODEL, train, -2.5, -0.5, SwitchingLoss(fwhm, recombination=False))
    assert outcome.dopant == pytest.approx(expected, abs=2e-4)
    assert outcome.probability == pytest.approx(abs(final[3]) ** 2, abs=2e-4)


def test_heavy_and_light_carriers_keep_their_phase_relation() -> None:
    train = PulseTrain(
        (Pulse("heavy", "sigma-", np.pi / 2), Pulse("light", "sigma-", np.pi / 2), Pulse("heavy", "sigma-", np.pi / 2)),
        (1.0, 1.3),
    )
    ideal = transfer_probability(MODEL, train, -2.5, -2.5)
    assert lossy_transfer(MODEL, train, -2.5, -2.5, only(0.01)).probability == pytest.approx(ideal, abs=0.01)


def test_recombination_costs_about_the_time_spent_in_the_exciton() -> None:
    slow = lossy_transfer(MODEL, PAIR, -2.5, -0.5, only(0.02))
    lossy = lossy_transfer(MODEL, PAIR, -2.5, -0.5, only(0.02, recombination=True))
    assert slow.probability - lossy.probability == pytest.approx(
        slow.probability * 5.87 / MODEL.lifetime_ps / 3, rel=0.3
    )  # the light-hole exciton's strength is 1/3 (and 2/3 along z)


def test_recombination_agrees_with_the_master_equation() -> None:
    """The light-hole exciton left alone for 150 ps, against the Liouvillian of the whole space."""
    single = PulseTrain((Pulse("light", "sigma+"),), ())
    outcome = lossy_transfer(MODEL, single, -1.5, -1.5, only(0.01, recombination=True), after_ps=150.0)
    start = apply_pulse(MODEL, basis_state(MODEL, -1.5), single.pulses[0], 0.0)
    collapse = []
    for row in dipole_rows():
        block = np.zeros((9, 9))
        block[0, 1:] = row / np.sqrt(1e-3 * MODEL.lifetime_ps)
        collapse.append(np.kron(block, np.eye(6)))
    elapsed_ns = 1e-3 * (150.0 + HALF_WINDOW * 0.01 / (2 * np.sqrt(np.log(2))))
    after = Liouvillian(MODEL.hamiltonian_mev, collapse).evolve(np.outer(start, start.conj()), np.array([elapsed_ns]))[
        0
    ]
    expected = after.diagonal().real.reshape(9, 6)
    assert outcome.exciton_left == pytest.approx(expected[1:].sum(), abs=1e-3)
    assert outcome.dopant == pytest.approx(expected.sum(axis=0), abs=1e-3)


def test_populations_of_the_dopant_add_up_to_one_with_all_losses() -> None:
    outcome = lossy_transfer(MODEL, PAIR, -2.5, -0.5, SwitchingLoss(0.2, bath=cdte_bath(10.0)))
    assert outcome.dopant.sum() == pytest.approx(1.0, abs=1e-9)


def test_the_budget_keeps_the_losses() -> None:
    budget = loss_budget(MODEL, PAIR, -2.5, -0.5, SwitchingLoss(0.2, bath=cdte_bath(4.0)))
    assert budget.everything < budget.recombination < budget.ideal
    assert budget.everything < budget.phonons < budget.ideal
    assert budget.finite_pulses < budget.ideal - 0.01  # the heavy hole is driven 30 meV off resonance


def test_pulses_longer_than_the_exchange_time_spoil_the_train() -> None:
    short = lossy_transfer(MODEL, PAIR, -2.5, -0.5, only(0.1)).probability
    assert lossy_transfer(MODEL, PAIR, -2.5, -0.5, only(1.0)).probability < short - 0.03


def test_phonons_cost_more_when_hotter() -> None:
    cold = lossy_transfer(MODEL, FOUR, -2.5, -0.5, only(0.2, bath=cdte_bath(4.0))).probability
    hot = lossy_transfer(MODEL, FOUR, -2.5, -0.5, only(0.2, bath=cdte_bath(40.0))).probability
    assert hot < cold < transfer_probability(MODEL, FOUR, -2.5, -0.5)


def test_heavy_hole_flip_in_the_field_with_its_loss() -> None:
    model = switching_model(SAMPLE, (0.0, 0.0, 9.57))
    flip = PulseTrain((Pulse("heavy", "sigma-"),), ())
    outcome = lossy_transfer(model, flip, -2.5, -2.5, SwitchingLoss(0.2, bath=cdte_bath(4.0)), after_ps=13.9)
    assert 0.85 < outcome.dopant[4] < 0.99
    assert outcome.dopant[4] + outcome.dopant[5] == pytest.approx(1.0, abs=0.01)


def test_a_narrow_pulse_works_when_tuned_to_its_own_line() -> None:
    """sigma- on m = -5/2 is the highest line, 0.65 meV above the mean: more than a 2 ps pulse covers."""
    model = switching_model(SAMPLE, (0.0, 0.0, 0.0))

    def excited(detuning_mev: float) -> float:
        pulse = Pulse("heavy", "sigma-", detuning_mev=detuning_mev)
        return lossy_transfer(model, PulseTrain((pulse,), ()), -2.5, -2.5, only(2.0)).exciton_left

    assert excited(0.65) > 0.98
    assert excited(0.0) < 0.5
    assert excited(-0.65) < 0.05


def test_rabi_damping_grows_as_temperature_times_rabi_squared_when_slow_and_hot() -> None:
    bath = PhononBath(0.03, 50.0, 100.0)
    thermal = 8.617333e-2 * 100.0 / HBAR_MEV_PS
    for rabi in (0.1, 0.4):
        assert bath.rabi_damping_per_ps(rabi) == pytest.approx(np.pi / 2 * 0.03 * thermal * rabi**2, rel=1e-3)


def test_fast_driving_outruns_the_phonons() -> None:
    bath = cdte_bath(4.0)
    assert bath.rabi_damping_per_ps(20.0) < 1e-12 < bath.rabi_damping_per_ps(1.0)


def test_slow_pulses_leave_no_record_in_the_lattice() -> None:
    bath = cdte_bath(4.0)
    assert bath.coherence_loss_exponent(20.0) < 0.1 * bath.coherence_loss_exponent(0.0)
    zero_point = 0.5 * bath.alpha_ps2 * bath.cutoff_per_ps**2
    assert PhononBath(bath.alpha_ps2, bath.cutoff_per_ps, 0.01).coherence_loss_exponent(0.0) == pytest.approx(
        zero_point, rel=1e-3
    )


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: SwitchingLoss(0.0), "pulse_fwhm_ps"),
        (lambda: SwitchingLoss(0.2, pure_dephasing_per_ps=float("nan")), "pure_dephasing"),
        (lambda: PhononBath(0.03, 1.4, 0.0), "temperature_k"),
        (lambda: cdte_bath(4.0, -1.0), "envelope_nm"),
    ],
)
def test_unphysical_loss_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
