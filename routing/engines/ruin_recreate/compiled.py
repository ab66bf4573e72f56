"""How the search is compiled, and where the result is kept.

Nothing in it allocates, so reference counting is left out, and functions that only the search itself calls have no
door for Python: both keep the first compilation short.

Numba looks only at the file of the function that Python calls to see whether what it kept is still true; here a change
in any module of the search must count. So the folder of what is kept is named after the text of all of them. It lies
beside the source or, where nothing can be written there, among the user's caches.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import numba

HERE = Path(__file__).resolve().parent


def _kept_in() -> Path:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(HERE.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"search-{digest.hexdigest()[:16]}"
    beside = HERE / "__pycache__"
    for folder in (beside, Path.home() / ".cache" / "tournee", Path(tempfile.gettempdir()) / f"tournee-{os.getpid()}"):
        try:
            (folder / name).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder / name):
                return folder / name
        except OSError:
            continue
    return beside / name


numba.config.CACHE_DIR = str(_kept_in())  # type: ignore[attr-defined]

#: Called from Python.
entry: Any = numba.njit(cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True)  # type: ignore[call-overload]
#: Called from compiled code alone.
part: Any = numba.njit(  # type: ignore[call-overload]
    nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
