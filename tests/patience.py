"""How long something may take on this machine: promises about time are those of a machine at rest."""

from __future__ import annotations

import os


def at_rest(time: float) -> float:
    """What takes so long on a machine at rest may take this long here and now: twice that, and as often as it is busy.

    In the unit of `time`. Other tests run on the same cores, and on a machine that builds there is more.
    """
    return time * 2.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
