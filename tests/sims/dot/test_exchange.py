import pytest

from sims.dot.exchange import exact_electron_splitting_mev, exchange_constants, mean_field_electron_splitting_mev
from sims.dot.sample import Sample
from sims.envelope.sphere import electron_density_per_nm3
from sims.matter.hosts import MATERIALS


def test_exchange_of_a_centred_dopant_in_a_bare_cdse_dot(default_sample: Sample) -> None:
    dopant = default_sample.dopants[0].model_copy(update={"position_nm": 0.0})
    bare = default_sample.model_copy(update={"shell_thickness_nm": 0.0})
    exchange = exchange_constants(bare, dopant)
    assert exchange.electron_mev == pytest.approx(-2.53, abs=0.01)
    assert exchange.hole_mev == pytest.approx(6.65, abs=0.01)


def test_override_replaces_the_computed_exchange(cdte_sample: Sample) -> None:
    exchange = exchange_constants(cdte_sample, cdte_sample.dopants[0])
    assert (exchange.electron_mev, exchange.hole_mev) == (-0.07, 0.15)


def test_zero_field_electron_splitting_of_cds_in_both_forms() -> None:
    volume, density = MATERIALS["CdS"].cation_volume_nm3, electron_density_per_nm3(0.0, 2.0)
    assert mean_field_electron_splitting_mev(2.5, 220.0, volume, density) == pytest.approx(5.39, abs=0.02)
    assert exact_electron_splitting_mev(2.5, 220.0, volume, density) == pytest.approx(6.47, abs=0.02)
