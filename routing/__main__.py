"""`python -m routing solve | check | bench`."""

from __future__ import annotations

import sys

from .commands import main
from .errors import RoutingError

if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except RoutingError as error:
        print(f"routing: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
