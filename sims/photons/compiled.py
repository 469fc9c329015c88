"""How the photon loops are compiled. Imported only when needed, because numba loads slowly.

The loops allocate nothing, so the arrays' reference counts are left alone (``_nrt``): numba keeps them at every call of
a helper otherwise, which costs a third of the time.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit  # noqa: TID253

Loop = TypeVar("Loop", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Loop) -> Loop:
    """A loop that Python calls, or a rare branch of one."""
    return njit(**OPTIONS)(function)  # type: ignore[no-any-return]


def inlined(function: Loop) -> Loop:
    """A step of a loop, compiled into it."""
    return njit(forceinline=True, **OPTIONS)(function)  # type: ignore[no-any-return]
