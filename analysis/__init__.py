"""Offline analysis: photons, spectra, fits, verdicts. Needs only numpy, scipy, h5py and the run file."""
