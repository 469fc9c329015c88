"""All runs of a folder: an index that opens at once, search, comparison, analysis with today's code."""
