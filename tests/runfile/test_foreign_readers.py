"""Run files open in other people's software, which finds the default plot."""

import warnings
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from runfile.reader import RunFile
from runfile.writer import PointTable, RunWriter


@pytest.fixture
def written(
    new_run: Callable[[], RunWriter], make_sweep: Callable[..., PointTable], make_spectra: Callable[..., PointTable]
) -> Path:
    with new_run() as writer:
        make_sweep(writer).extend(frequency=[4.8, 4.9, 5.0], counts=[1, 2, 3], counts_reference=[4, 5, 6])
        table = make_spectra(writer)
        for angle in (45.0, -45.0):
            table.append(counts=np.arange(8.0), counts_errors=np.ones(8), analyser_angle=angle)
        writer.append_tags([1, 2, 3], [1, 2, 1])
        writer.finish("completed", 1.0)
    return writer.path


@pytest.mark.parametrize(("group", "dims"), [("data", ("frequency",)), ("spectra", ("point", "wavelength"))])
def test_xarray_finds_dimensions_and_coordinates(written: Path, group: str, dims: tuple[str, ...]) -> None:
    xarray = pytest.importorskip("xarray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # h5netcdf announces a change of a default
        dataset = xarray.open_dataset(written, group=f"entry/{group}", engine="h5netcdf")
    with dataset:
        assert dataset["counts"].dims == dims
        assert all(name in dataset.coords for name in dims)
        assert dataset["counts"].attrs["units"] == "counts"


def test_nexusformat_finds_the_default_plot(written: Path) -> None:
    nexus = pytest.importorskip("nexusformat.nexus")
    root = nexus.nxload(str(written))
    plot = root.get_default()
    assert plot.nxname == "data"
    np.testing.assert_array_equal(plot.nxsignal.nxvalue, [1, 2, 3])
    np.testing.assert_allclose(plot.nxaxes[0].nxvalue, [4.8, 4.9, 5.0])


def test_attributes_are_what_viewers_look_for(written: Path) -> None:
    with h5py.File(written) as file:
        assert (file.attrs["NX_class"], file.attrs["default"]) == ("NXroot", "entry")
        assert (file["entry"].attrs["NX_class"], file["entry"].attrs["default"]) == ("NXentry", "data")
        data, spectra = file["entry/data"], file["entry/spectra"]
        assert list(data.attrs["axes"]) == ["frequency"]
        assert list(data.attrs["auxiliary_signals"]) == ["counts_reference"]
        assert spectra["counts"].attrs["interpretation"] == "spectrum"
        assert spectra["counts"].attrs["uncertainties"] == "counts_errors"
        assert data["title"].shape == ()
        for name, nx_class in {"process": "NXprocess", "sample": "NXsample", "instrument": "NXinstrument"}.items():
            assert file["entry"][name].attrs["NX_class"] == nx_class
        assert file["entry/sample/temperature"].attrs["units"] == "K"


def test_nothing_in_the_file_is_code(written: Path) -> None:
    """Numbers and text only: no opaque or reference data outside the dimension scales."""

    def check(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            assert item.dtype.kind in "iuf" or h5py.check_string_dtype(item.dtype), name

    with h5py.File(written) as file:
        file.visititems(check)


def test_run_without_a_table_has_an_empty_default_plot(new_run: Callable[[], RunWriter]) -> None:
    nexus = pytest.importorskip("nexusformat.nexus")
    with new_run() as writer:
        writer.finish("aborted", 0.0)
    assert nexus.nxload(str(writer.path)).plottable_data.nxsignal.nxvalue.size == 0
    with RunFile(writer.path) as recorded:
        assert recorded.tables() == ()
