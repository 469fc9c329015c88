"""Official descriptions of the fields of Photon-HDF5 0.5: facts of the format, from its specification.

``phconvert``'s validator compares the TITLE attribute of every group and data set with them, letter by letter,
misprints included. A file without them, or with others, is refused.
"""

import re

_TITLES = {
    "/": "A file format for photon-counting detector based single-molecule spectroscopy experiments.",
    "/acquisition_duration": "Measurement duration in seconds.",
    "/description": "A user-defined comment describing the data file.",
    "/photon_data": "Group containing arrays of photon-data.",
    "/photon_data/timestamps": "Array of photon timestamps. Units specified in timestamps_units (defined in "
    "timestamps_specs/).",
    "/photon_data/detectors": "Array of pixel IDs for each timestamp.",
    "/photon_data/nanotimes": "TCSPC photon arrival time (nanotimes). Units and other specifications are in "
    "nanotimes_specs group.",
    "/photon_data/timestamps_specs": "Specifications for timestamps.",
    "/photon_data/timestamps_specs/timestamps_unit": "Value of 1-unit timestamp-increment in seconds.",
    "/photon_data/nanotimes_specs": "Group for nanotime-specific data.",
    "/photon_data/nanotimes_specs/tcspc_unit": "Value of 1-unit nanotime-increment in seconds (TCSPC bin size).",
    "/photon_data/nanotimes_specs/tcspc_num_bins": "Number of TCSPC bins.",
    "/photon_data/nanotimes_specs/tcspc_range": "TCSPC full-scale range in seconds.",
    "/photon_data/measurement_specs": "Metadata necessary for interpretation of the particular type of measurement.",
    "/photon_data/measurement_specs/measurement_type": "Name of the measurement the data represents.",
    "/photon_data/measurement_specs/laser_repetition_rate": "Repetition rate of the pulsed excitation laser (in "
    "Hertz).",
    "/photon_data/measurement_specs/detectors_specs": "Mapping between the pixel IDs and the detection channels.",
    "/setup": "Information about the experimental setup.",
    "/setup/num_pixels": "Total number of detector pixels.",
    "/setup/num_spots": 'Number of excitation (or detection) "spots" in the sample.',
    "/setup/num_spectral_ch": "Number of distinct spectral bands which are acquired.",
    "/setup/num_polarization_ch": "Number of distinct polarization states which are acquired.",
    "/setup/num_split_ch": "Number of distinct detection channels detecting the same spectral band and polarization. "
    "This value is > 1 when using a non-polarizing beam splitter.",
    "/setup/modulated_excitation": "True (i.e. 1) if there is any form of excitation modulation of excitation "
    "wavelength (as in us-ALEX or PAX) or polarization. This field is also True for pulse-interleaved excitation (PIE) "
    "or ns-ALEX measurements.",
    "/setup/excitation_alternated": "New in version 0.5. Indicates whether each excitation source is alternated "
    "(True, or 1) or not alternated (False, or 0).",
    "/setup/lifetime": "True (i.e. 1) if the measurement includes a nanotimes array of photon arrival times with "
    "respect to a laser pulse (as in TCSPC measurements).",
    "/setup/excitation_cw": "For each excitation source, this field indicates whether excitation is continuous wave "
    "(CW), True (i.e. 1), or pulsed, False (i.e. 0).",
    "/setup/laser_repetition_rates": "Repetition rates in Hz for each laser. CW lasers have a value of 0.",
    "/identity": "Information about the Photon-HDF5 data file.",
    "/identity/format_name": "Name of the file format.",
    "/identity/format_version": "Version for the Photon-HDF5 format.",
    "/identity/format_url": "Official URL for the Photon-HDF5 format.",
    "/identity/software": "Name of the software used to create the current Photon-HDF5 file.",
    "/identity/software_version": "Version of the software used to create current the Photon-HDF5 file.",
    "/identity/creation_time": "Creation time of the current Photon-HDF5 file.",
    "/provenance": "Information about the original data file.",
    "/provenance/filename": "File name of the original data file before conversion to Photon-HDF5.",
}
_ORDINALS = {
    1: "first", 2: "second", 3: "thrid", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth",
    10: "tenth",
}  # fmt: skip
"""As the validator spells them."""
_SPLIT = re.compile(r"/photon_data/measurement_specs/detectors_specs/split_ch(\d+)")
_TRIGGER = re.compile(r"/photon_data/measurement_specs/detectors_specs/non_photon_id\d+")


def title_of(path: str) -> str:
    """Description of the field at ``path``; fields under /user are free. KeyError for one that does not exist."""
    if path == "/user" or path.startswith("/user/"):
        return "solotron"
    split = _SPLIT.fullmatch(path)
    if split:
        number = int(split[1])
        ordinal = _ORDINALS.get(number, str(number))
        return f"Pixel IDs for the {ordinal} channel split through a non-polarizing beam splitter."
    if _TRIGGER.fullmatch(path):
        return "Detector ids of non photon events as they apppear in /photon_data/detectors"
    return _TITLES[path]
