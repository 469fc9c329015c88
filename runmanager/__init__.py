"""The people side: command line, run engine, queue, window."""
