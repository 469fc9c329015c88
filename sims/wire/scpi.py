"""SCPI spelling: long and short forms, optional nodes, default suffixes, brought to one form."""

from collections.abc import Iterable


class ScpiSpelling:
    """The words of one instrument, in the manual's notation ``FREQuency``; ``optional`` words may be left out.

    ``canonical(":FREQuency:CW 1 GHz")`` → ``"FREQ 1 GHz"`` for the word FREQuency and the optional CW. Words in
    ``optional_first`` may be left out where a header begins.
    """

    def __init__(self, words: Iterable[str], optional: Iterable[str] = (), optional_first: Iterable[str] = ()) -> None:
        self._short: dict[str, str] = {}
        for word in (*words, *optional, *optional_first):
            short = "".join(letter for letter in word if not letter.islower())
            self._short[short] = self._short[word.upper()] = short
        self._optional = {self._short[word.upper()] for word in optional}
        self._optional_first = {self._short[word.upper()] for word in optional_first}

    def canonical(self, text: str) -> str:
        """Short form in upper case without optional words; what is not known stays as it is, in upper case."""
        header, _, argument = text.strip().partition(" ")
        query = "?" if header.endswith("?") else ""
        nodes = [self._node(node) for node in header.removesuffix("?").removeprefix(":").split(":")]
        if len(nodes) > 1 and nodes[0] in self._optional_first:
            nodes = nodes[1:]
        kept = [node for node in nodes if node not in self._optional]
        return f"{':'.join(kept or nodes)}{query} {argument.strip()}".strip()

    def canonical_line(self, text: str) -> str:
        """Several commands joined by ``;``, each canonical. One without a leading colon continues at the level of
        the one before it (``PULM:STAT ON;SOUR EXT``); common commands (``*CLS``) leave the level alone.
        """
        level = ""
        commands = []
        for raw in text.split(";"):
            command = raw.strip()
            if not command.startswith((":", "*")):
                command = level + command
            if not command.startswith("*"):
                header = command.removeprefix(":").partition(" ")[0]
                level = header[: header.rfind(":") + 1]
            commands.append(self.canonical(command))
        return ";".join(commands)

    def _node(self, node: str) -> str:
        """One word; a suffix of 1 is the default and dropped when the word without it is known."""
        upper = node.upper()
        if upper in self._short:
            return self._short[upper]
        if upper.endswith("1") and upper[:-1] in self._short:
            return self._short[upper[:-1]]
        return upper
