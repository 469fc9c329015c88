"""One module for each kind of photon file; :mod:`analysis.tag_files` picks the right one."""
