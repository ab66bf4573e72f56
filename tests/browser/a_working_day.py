"""`python -m tests.browser.a_working_day ARGUMENTS`: the `tournee` command on a clock that never shows a day off.

The demo is about the next working day, and a courier's tour opens on the day itself: at a weekend the clock runs ahead.
"""

from __future__ import annotations

import sys

from logistics import calendars, demo, wiring
from logistics.cli import main

_real = wiring._now
_today = _real().date()
AHEAD = calendars.working_day(_today, 0, demo.COUNTRY) - _today

if __name__ == "__main__":
    wiring._now = lambda: _real() + AHEAD
    sys.exit(main(sys.argv[1:]))
