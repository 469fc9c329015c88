"""Small photon files of every kind that is read, written byte by byte from the public descriptions of the formats.

Sources: PicoQuant, "Unified TTTR File Format" and the file access demos for PT2, PT3, HT2, HT3; W. Becker, The bh TCSPC
Handbook, 9th edition (SPC, SET, SDT); qutools, quTAU/quPSI manual 4.0 (binary, 10 bytes per event); Photon-HDF5
reference documentation 0.5. Used by the tests and by ``mutated_files.py``.
"""

import argparse
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

OVERFLOW = 1 << 31 | 63 << 25
SYNC = 1 << 31
PICOHARP_OVERFLOW = 15 << 28


def t3(channel: int, dtime: int, nsync: int) -> int:
    """T3 record of HydraHarp, MultiHarp, TimeHarp 260: 1 special, 6 channel, 15 nanotime, 10 sync bits."""
    return channel << 25 | dtime << 10 | nsync


def t2(channel: int, time: int) -> int:
    """T2 record of the same devices: 1 special, 6 channel, 25 time bits."""
    return channel << 25 | time


def picoharp_t3(channel: int, dtime: int, nsync: int) -> int:
    """T3 record of PicoHarp 300: 4 channel, 12 nanotime, 16 sync bits."""
    return channel << 28 | dtime << 16 | nsync


def picoharp_t2(channel: int, time: int) -> int:
    """T2 record of PicoHarp 300: 4 channel, 28 time bits."""
    return channel << 28 | time


def ptu(
    records: Sequence[int],
    *,
    record_type: int = 0x01010304,
    mode: int = 3,
    promised: int | None = None,
    rates: Sequence[int] = (),
    sync_period_s: float = 12.5e-9,
    facts: Mapping[str, int] | None = None,
) -> bytes:
    """A PTU file; time unit 1 ps in T2, nanotime unit 16 ps in T3. ``facts``: further whole numbers of the header."""
    integer, real = 0x10000008, 0x20000008

    def tag(name: str, kind: int, value: bytes, index: int = -1) -> bytes:
        return struct.pack("<32siI8s", name.encode(), index, kind, value)

    number = len(records) if promised is None else promised
    header = b"PQTTTR\0\0" + b"1.0.00\0\0"
    header += tag("Measurement_Mode", integer, struct.pack("<q", mode))
    header += tag("Measurement_SubMode", integer, struct.pack("<q", 0))
    header += tag("TTResultFormat_TTTRRecType", integer, struct.pack("<q", record_type))
    header += tag("TTResultFormat_BitsPerRecord", integer, struct.pack("<q", 32))
    header += tag("MeasDesc_Resolution", real, struct.pack("<d", 16e-12))
    header += tag("MeasDesc_GlobalResolution", real, struct.pack("<d", sync_period_s if mode == 3 else 1e-12))
    for index, rate in enumerate(rates):
        header += tag("TTResult_InputRate", integer, struct.pack("<q", rate), index)
    for name, value in (facts or {}).items():
        header += tag(name, integer, struct.pack("<q", value))
    header += tag("TTResult_NumberOfRecords", integer, struct.pack("<q", number))
    header += tag("Header_End", 0xFFFF0008, bytes(8))
    return header + np.array(records, dtype="<u4").tobytes()


def picoharp(records: Sequence[int], *, mode: int = 3, promised: int | None = None, version: bytes = b"2.0") -> bytes:
    """A PT2 or PT3 file: syncs at 80 MHz, nanotimes in 4 ps."""
    number = len(records) if promised is None else promised
    header = struct.pack(
        "<16s6s18s12s18s2s256s", b"PicoHarp 300", version, b"PicoHarp", b"2.3", b"01/01/26 12:00:00", b"\r\n", b"dot"
    )
    header += struct.pack("<18i", 1, 32, 1, 1, 0, mode, 0, 0, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0)
    header += bytes(8 * 8 + 3 * 12 + 16 + 20)
    header += struct.pack("<16s8s6if2i", b"PicoHarp 300", b"930004", 1, 1, 0, 0, 0, 0, 0.004, 0, 0)
    header += bytes(4 * 24)
    header += struct.pack("<9i", 0, 0, 0, 80_000_000, 5000, 0, 0, number, 0)
    return header + np.array(records, dtype="<u4").tobytes()


def hydraharp(records: Sequence[int], *, mode: int = 3, promised: int | None = None, version: bytes = b"2.0") -> bytes:
    """An HT2 or HT3 file with two inputs: syncs at 80 MHz, nanotimes in 16 ps."""
    number = len(records) if promised is None else promised
    header = struct.pack(
        "<16s6s18s12s18s2s256s", b"HydraHarp", version, b"HydraHarp", b"2.0", b"01/01/26 12:00:00", b"\r\n", b"dot"
    )
    header += struct.pack("<6id10i", 1, 32, 0, mode, 0, 4, 16.0, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0)
    header += bytes(8 * 8 + 3 * 12 + 16 + 20)
    header += struct.pack("<16s8sii", b"HydraHarp 400", b"930010", 1, 2) + bytes(80)
    header += struct.pack("<dQ8i", 1.0, 3, 2, 0, 0, 0, 1, 0, 0, 0)
    header += 2 * struct.pack("<5i", 0, 0, 0, 0, 5000)
    header += struct.pack("<4iq", 80_000_000, 0, 0, 0, number)
    return header + np.array(records, dtype="<u4").tobytes()


def spc_record(macro: int, routing: int, adc: int, *, overflow: bool = False) -> int:
    """A photon of an SPC-130-like card."""
    return int(overflow) << 30 | adc << 16 | routing << 12 | macro


def spc(records: Sequence[int], *, clock_tenths_ns: int = 125) -> bytes:
    """An SPC file; macro-time clock in 0.1 ns."""
    return struct.pack("<I", 1 << 31 | clock_tenths_ns) + np.array(records, dtype="<u4").tobytes()


def setup(*, card: int = 0x28, tac_range_s: float = 50e-9, gain: int = 4) -> bytes:
    """The part of a .set file that matters: card and TAC window."""
    lines = ["*SETUP", "SYS_PARA_BEGIN:", f"#SP [SP_TAC_R,F,{tac_range_s:g}]", f"#SP [SP_TAC_G,I,{gain}]", "*END", ""]
    return struct.pack("<H", card << 4 | 15) + bytes(40) + "\r\n".join(lines).encode()


def sdt(curves: Sequence[Sequence[int]], *, tac_range_s: float = 50e-9, gain: int = 4) -> bytes:
    """An SDT file made by the DLL: one block a curve, counts as u16."""
    info = b"*IDENTIFICATION\r\n  ID : \4SPC DLL Data File\4\r\n*END\r\n"
    n_bins = len(curves[0])
    description = struct.pack(
        "<9s11s16sh4ffhffhfffh", b"12:00:00", b"2026-01-01", b"1", 0, 0.0, 0.0, 0.0, 0.0, 0.0, 1, 0.0,
        tac_range_s, gain, 0.0, 0.0, 0.0, n_bins,
    )  # fmt: skip
    info_at = 42
    description_at = info_at + len(info)
    data_at = description_at + len(description)
    block_bytes = 22 + 2 * n_bins
    header = struct.pack(
        "<hihiHihIihhHIHH", 0x28 << 4 | 15, info_at, len(info), 0, 0, data_at, len(curves), 2 * n_bins,
        description_at, 1, len(description), 0x5555, 0, 0, 0x55AA,
    )  # fmt: skip
    blocks = b""
    for number, curve in enumerate(curves):
        at = data_at + number * block_bytes
        blocks += struct.pack("<BBIIHhII", 0, 0, at + 22, at + block_bytes, 1, 0, 0, 2 * n_bins)
        blocks += np.array(curve, dtype="<u2").tobytes()
    return header + info + description + blocks


def qutag(times: Sequence[int], channels: Sequence[int]) -> bytes:
    """A quTAG binary file."""
    events = np.zeros(len(times), dtype=[("time", "<u8"), ("channel", "<u2")])
    events["time"], events["channel"] = times, channels
    return b"\1\2quTAG".ljust(40, b"\0") + events.tobytes()


def text(times: Sequence[object], channels: Sequence[object], separator: str = "\t") -> bytes:
    """Two columns, with a line of comment."""
    lines = [f"{time}{separator}{channel}" for time, channel in zip(times, channels, strict=True)]
    return ("# time channel\n" + "\n".join(lines) + "\n").encode()


def photon_hdf5(path: Path, *, duration_s: float = 0.1, n_photons: int = 50) -> Path:
    """A Photon-HDF5 file, pulsed at 80 MHz, with compressed columns."""
    with h5py.File(path, "w") as file:
        file.attrs["format_name"] = np.bytes_("Photon-HDF5")
        file["acquisition_duration"] = duration_s
        file["description"] = np.bytes_("two detectors")
        data = file.create_group("photon_data")
        ticks = np.linspace(0, duration_s / 12.5e-9, n_photons).astype(np.int64)
        data.create_dataset("timestamps", data=ticks, compression="gzip", shuffle=True)
        data["timestamps_specs/timestamps_unit"] = 12.5e-9
        data["detectors"] = (np.arange(n_photons) % 2).astype(np.uint8)
        data["nanotimes"] = (np.arange(n_photons) % 200).astype(np.uint16)
        data["nanotimes_specs/tcspc_unit"] = 50e-12
        data["measurement_specs/laser_repetition_rate"] = 80e6
    return path


def run_file(path: Path, *, n_photons: int = 50) -> Path:
    """A run file of ours with tags and nothing else."""
    from runfile.writer import RunWriter

    writer = RunWriter.create(
        path, procedure="g2", title="tags", parameters={}, station="", snapshot={}, sample_sheet="", sample={},
        conditions={}, versions={}, seed=1,
    )  # fmt: skip
    with writer:
        channel = (np.arange(n_photons) % 2 + 1).astype(np.uint8)
        writer.append_tags(np.arange(n_photons, dtype=np.int64) * 1_000_003, channel)
        writer.set_tag_metadata(duration_s=1.0, channels={"detector_1": 1, "detector_2": 2})
        writer.finish("completed", 1.0)
    return path


def whole_run_file(path: Path) -> Path:
    """A run file of ours with everything that one may hold: tables, fixed axes, notes, log, tags, analysis."""
    from runfile.results import Analysis, Check, Result, Verdict
    from runfile.writer import Column, FixedAxis, Parameter, RunWriter

    writer = RunWriter.create(
        path, procedure="esr", title="all", parameters={"duration": Parameter(60.0, "s")}, station="laser: twin\n",
        snapshot={"laser": {"wavelength": 580.0}}, sample_sheet="name: dot\n", sample={"name": "dot"},
        conditions={"temperature_k": 4.2, "field_t": 0.0}, versions={"solotron": "0.1.0"}, seed=1,
    )  # fmt: skip
    with writer:
        sweep = [Column("frequency", "GHz", "frequency (GHz)"), Column("counts", "", "counts", dtype="i8")]
        table = writer.table("data", title="sweep", signal="counts", axes=["frequency"], columns=sweep)
        table.extend(frequency=np.linspace(4.0, 5.0, 20), counts=np.arange(20))
        axis = FixedAxis("wavelength", "nm", "wavelength (nm)", np.linspace(570.0, 590.0, 16))
        spectrum = [Column("counts", "", "counts", shape=(16,), axes=("wavelength",))]
        spectra = writer.table(
            "spectra", title="spectra", signal="counts", axes=[".", "wavelength"], columns=spectrum, fixed_axes=[axis]
        )
        spectra.append(counts=np.arange(16.0))
        writer.note("lines", {"energies_mev": [2100.0, 2101.0]})
        writer.log("first line")
        writer.append_tags(np.arange(50, dtype=np.int64) * 1_000_003, (np.arange(50) % 2 + 1).astype(np.uint8))
        writer.set_tag_metadata(duration_s=1.0, channels={"detector_1": 1, "detector_2": 2})
        found = Analysis({"contrast": Result(0.2, 0.01, "1", "fit")}, Verdict((Check("fit", True, "good"),)), ())
        writer.write_analysis(found)
        writer.finish("completed", 1.0)
    return path


def _written(content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content())
        return path

    return write


_T3 = [t3(k % 2, 7 * k % 700, 10 * k) for k in range(60)] + [OVERFLOW | 3, t3(1, 5, 9)]
_T2 = [t2(k % 2, 5000 * k) for k in range(60)] + [OVERFLOW | 2, SYNC | 7, t2(1, 9)]
_PT3 = [picoharp_t3(1 + k % 4, 40 * k, 900 * k) for k in range(60)] + [PICOHARP_OVERFLOW, picoharp_t3(1, 1, 1)]
_PT2 = [picoharp_t2(k % 2, 5000 * k) for k in range(60)] + [PICOHARP_OVERFLOW, picoharp_t2(1, 1)]
_SPC = [spc_record(50 * k, k % 3, 60 * k) for k in range(60)] + [3 << 30 | 5, spc_record(1, 0, 9, overflow=True)]

SAMPLES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "ptu-t3": (".ptu", _written(lambda: ptu(_T3))),
    "ptu-t2": (".ptu", _written(lambda: ptu(_T2, record_type=0x01010204, mode=2))),
    "ptu-picoharp": (".ptu", _written(lambda: ptu(_PT3, record_type=0x00010303))),
    "pt3": (".pt3", _written(lambda: picoharp(_PT3))),
    "pt2": (".pt2", _written(lambda: picoharp(_PT2, mode=2))),
    "ht3": (".ht3", _written(lambda: hydraharp(_T3))),
    "ht2": (".ht2", _written(lambda: hydraharp(_T2, mode=2))),
    "spc": (".spc", _written(lambda: spc(_SPC))),
    "sdt": (".sdt", _written(lambda: sdt([list(range(64)), list(range(64))]))),
    "qutag": (".bin", _written(lambda: qutag(range(1000, 61_000, 1000), [k % 3 for k in range(60)]))),
    "text": (".txt", _written(lambda: text(range(0, 60_000, 1000), [k % 3 for k in range(60)]))),
    "photon-hdf5": (".hdf5", photon_hdf5),
    "run": (".h5", run_file),
    "run-whole": (".h5", whole_run_file),
}
"""Kind: suffix and writer of a small file of that kind."""


def main() -> None:
    """``--billion``: a large file through ``solotron analyze``; without it the small files are written to a folder."""
    parser = argparse.ArgumentParser(description="Photon files: small ones of every kind, or one larger than memory.")
    parser.add_argument("--billion", action="store_true", help="write a large PTU file once and analyse it")
    parser.add_argument("--photons", type=int, default=1_000_000_000)
    parser.add_argument("--file", type=Path, default=Path("photon-billion.ptu"))
    parser.add_argument("--report", action="store_true", help="with the HTML page, too")
    parser.add_argument("--folder", type=Path, default=Path("photon-files"))
    options = parser.parse_args()
    if options.billion:
        from photon_billion import analyse, write_ptu

        if not options.file.exists():
            write_ptu(options.file, options.photons, lambda n: ptu([], promised=n, sync_period_s=50e-9))
        print(analyse(options.file, ["--report"] if options.report else []))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind, (suffix, write) in SAMPLES.items():
        print(write(options.folder / f"{kind}{suffix}"))


if __name__ == "__main__":
    main()
