"""`python -m tests.mutants [--part checker] [--rule window] [--list]`: which planted mistakes do the tests notice?

Each mutant of the catalogue is planted into a copy of the checkout, one after the other, and its tests are run there.
Exit code 1 when one survives, or does not fit the code any more.
"""

from __future__ import annotations

import argparse
import time

from tests.mutants import planting
from tests.mutants.catalogue import MUTANTS


def main(arguments: list[str] | None = None) -> int:
    """Plant them and say what became of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--part", choices=sorted({mutant.part for mutant in MUTANTS}), help="only mutants of this part")
    parser.add_argument("--rule", help="only mutants whose rule contains this")
    parser.add_argument("--list", action="store_true", help="name them and plant none")
    options = parser.parse_args(arguments)
    chosen = [
        mutant for mutant in MUTANTS if options.part in (None, mutant.part) and (options.rule or "") in mutant.rule
    ]
    if options.list:
        print("\n".join(f"{mutant.name} ({mutant.file})" for mutant in chosen))
        return 0
    return _plant(chosen)


def _plant(chosen: list[planting.Mutant]) -> int:
    told: dict[str, list[str]] = {"killed": [], "survived": [], "stale": []}
    with planting.a_copy() as folder:
        for tests, interpreted in dict.fromkeys((mutant.tests, mutant.interpreted) for mutant in chosen):
            if not planting.passes(folder, tests, "without a mutant", interpreted=interpreted):
                print(f"fails without a mutant: {' '.join(tests)}")
                return 1
        for mutant in chosen:
            began = time.monotonic()
            try:
                end = "survived" if planting.survives(folder, mutant) else "killed"
            except planting.CannotPlant as reason:
                end = "stale"
                print(f"  {reason}")
            told[end].append(mutant.name)
            print(f"{end:8} {mutant.name} ({time.monotonic() - began:.0f} s)", flush=True)
    print(", ".join(f"{len(names)} {end}" for end, names in told.items()))
    return 1 if told["survived"] or told["stale"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
