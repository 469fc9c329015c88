"""What an analysis says when it cannot give an answer."""


class AnalysisError(Exception):
    """The data cannot be analysed; names the file or table, what is wrong with it and what is needed."""
