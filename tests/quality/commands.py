"""What the reference tells of every command, from their parsers: `python -m tests.quality.commands` writes it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from logistics import cli
from logistics.settings import Settings
from tests.conftest import CHECKOUT
from webapp import __main__ as serving

PAGE = CHECKOUT / "docs" / "reference" / "commands.md"
BEGIN = "<!-- options: written by python -m tests.quality.commands -->"
END = "<!-- end of options -->"


def leaves() -> dict[str, argparse.ArgumentParser]:
    """Every command that does something, with its parser: `import`, `region add`, `serve`..."""
    found = dict(_walk(cli._parser({})))
    return found | {"serve": serving.parser(Settings.from_environment({}))}


def page(text: str) -> str:
    """The page with the options as they are now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    told = "\n".join(_section(path, parser) for path, parser in sorted(leaves().items()))
    return f"{before}{BEGIN}\n\n{told}\n{END}{after}"


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What may be added to a command, the help apart."""
    return [one for one in parser._actions if one.option_strings and one.dest != "help"]


def _walk(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not groups:
        yield path, parser
    for group in groups:
        for name, sub in group.choices.items():
            yield from _walk(sub, f"{path} {name}".strip())


def _section(path: str, parser: argparse.ArgumentParser) -> str:
    facts = [one for one in parser._actions if not one.option_strings]
    words = [f"[{name}]" if one.nargs == "?" else name for one in facts for name in [str(one.metavar or one.dest)]]
    lines = [f"### `{' '.join(['tournee', path, *words])}`", ""]
    told = [f"`{_named(one)}`: {one.help}" for one in facts if one.help]
    told += [f"`{_named(one)}`{' (needed)' if one.required else ''}: {one.help}" for one in options(parser)]
    lines += [f"* {line}" for line in told] or ["No options."]
    return "\n".join([*lines, ""])


def _named(one: argparse.Action) -> str:
    value = one.metavar or ("|".join(map(str, one.choices)) if one.choices else one.dest.upper())
    takes = "" if one.nargs == 0 else f" {value}"
    return "`, `".join(f"{option}{takes}" for option in one.option_strings) or str(value)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
