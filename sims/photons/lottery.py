"""Lotteries: many small discrete distributions, each drawn from with one random number (Walker's alias method).

A lottery of m tickets is m slots; slot i gives its own outcome when the random number is below its limit and the
other outcome else (Walker, ACM TOMS 3, 253 (1977); construction after Vose, IEEE TSE 17, 972 (1991)). All lotteries
of one table have the same number of slots, a power of two (tickets of weight zero fill up), so that a draw is a few
integer operations and one fetch: the lowest bits of a 64-bit random number choose the slot, the whole number is
compared with the limit. Chances are therefore exact to 2^-64 times the number of slots.

A lottery with thousands of tickets would be spread over more memory than the processor keeps close. Its unlikely
tickets are therefore drawn in two steps: the first lottery holds the likely ones and one ticket "another", which is
followed by a draw from the rest. The chances are the same.
"""

import numpy as np
import numpy.typing as npt

from sims.photons.process import FloatArray

NEGLIGIBLE = 1e-18
"""Tickets less likely than this beside the others are left out."""

ANOTHER = 2**31 - 1
"""Outcome of the first lottery that calls for a draw from the rest; own outcomes are smaller."""

LIKELY_SHARE = 0.98
"""The first lotteries are made large enough to decide this share of the draws."""

FEWEST_BITS = 4


class LotteryBuilder:
    """Collects tables of weights and turns each row into a lottery."""

    def __init__(self) -> None:
        self._slots: list[npt.NDArray[np.uint64]] = []
        self._tables: list[tuple[int, int, int, int]] = []
        self._n_slots = 0

    def add(self, weights: FloatArray, outcomes: npt.NDArray[np.int64], occurrence: FloatArray) -> int:
        """One lottery for each row of ``weights`` (n, m) over ``outcomes`` (m,), integers in 0...2^31 - 2.

        ``occurrence`` (n,): how often each row is drawn from, roughly; it decides only the layout. Returns the
        table's number. A row without any weight must never be drawn. ValueError for weights that are negative or not
        finite.
        """
        if np.any(weights < 0) or not np.all(np.isfinite(weights)):
            raise ValueError("a lottery needs finite weights that are not negative")
        if np.any((outcomes < 0) | (outcomes >= ANOTHER)):
            raise ValueError(f"outcomes of a lottery must lie in 0...{ANOTHER - 1}")
        if weights.shape[1] == 0:  # nothing can be drawn: one empty slot each
            weights, outcomes = np.zeros((len(weights), 1)), np.zeros(1, dtype=np.int64)
        total = weights.sum(axis=1, keepdims=True)
        share = np.where(weights >= NEGLIGIBLE * total, weights, 0.0) / np.where(total > 0, total, 1.0)
        order = np.argsort(-share, axis=1, kind="stable")
        share = np.take_along_axis(share, order, axis=1)
        ticket = outcomes[order]
        n_tickets = int(np.count_nonzero(share, axis=1).max(initial=1))
        share, ticket = share[:, :n_tickets], ticket[:, :n_tickets]
        n_likely = _n_likely(share, occurrence)
        if n_likely >= n_tickets:
            self._tables.append((*self._append(share, ticket), 0, 0))
        else:
            rest = share[:, n_likely:]
            first = np.concatenate([share[:, :n_likely], rest.sum(axis=1, keepdims=True)], axis=1)
            another = np.full((len(ticket), 1), ANOTHER, dtype=np.int64)
            likely = self._append(first, np.concatenate([ticket[:, :n_likely], another], axis=1))
            self._tables.append((*likely, *self._append(rest, ticket[:, n_likely:])))
        return len(self._tables) - 1

    def _append(self, share: FloatArray, ticket: npt.NDArray[np.int64]) -> tuple[int, int]:
        """Lotteries for all rows; returns the first slot and the number of bits that choose a slot."""
        from sims.photons.lottery_kernel import fill_slots

        bits = int(np.ceil(np.log2(max(share.shape[1], 1))))
        slots = np.zeros((len(share) << bits, 2), dtype=np.uint64)
        fill_slots(np.ascontiguousarray(share), np.ascontiguousarray(ticket), bits, slots)
        first = self._n_slots
        self._slots.append(slots)
        self._n_slots += len(slots)
        return first, bits

    def build(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """End the collection. Slots of all tables, (n_slots, 2): limit; own and other outcome (32 bits each).

        And the tables, (n_tables, 4): first slot and bits of the first lotteries, the same of the rest. The lottery of
        state i is slots first + (i << bits) ... first + ((i + 1) << bits).
        """
        slots = np.empty((self._n_slots, 2), dtype=np.uint64)
        end = self._n_slots
        while self._slots:  # from the last on, each freed when copied: the whole is never held twice
            part = self._slots.pop()
            slots[end - len(part) : end] = part
            end -= len(part)
        return slots, np.array(self._tables, dtype=np.int64).reshape(-1, 4)


def _n_likely(share: FloatArray, occurrence: FloatArray) -> int:
    """Tickets of the first lotteries, one slot less than a power of two; ``share`` (n, m) sorted, most likely first."""
    covered = np.cumsum(occurrence @ share)
    if covered[-1] <= 0:
        return int(share.shape[1])
    needed = int(np.searchsorted(covered, LIKELY_SHARE * covered[-1])) + 1
    bits: int = max(FEWEST_BITS, int(np.ceil(np.log2(needed + 1))))
    return (1 << bits) - 1
