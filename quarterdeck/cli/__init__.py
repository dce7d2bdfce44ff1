"""The command line: `quarterdeck <command>`. Heavy imports wait until a command needs them."""

import sys

import typer

from quarterdeck.cli import approve, backfill, check, layout, publications, run, site, submit, trace, up, withdraw
from quarterdeck.cli.output import UNUSABLE

_HELP = "From the spreadsheets that councils send to quarterly reporting marts. Each command has --help."

app = typer.Typer(no_args_is_help=True, add_completion=False, help=_HELP, rich_markup_mode=None)
for module in (check, layout, submit, withdraw, run, backfill, approve, up, publications, trace, site):
    module.register(app)


def main() -> None:
    """Run the `quarterdeck` command.

    A setting that means nothing is said by its name, a layout that is none and a file that cannot be used by their
    paths: all with exit code 2.
    """
    try:
        app()
    except (OSError, RuntimeError, ValueError) as error:
        words = _for_people(error)
        if words is None:
            raise
        typer.echo(words, err=True)
        sys.exit(UNUSABLE)


def _for_people(error: Exception) -> str | None:
    """What an error says to whoever gave the command; None where it is nobody's but the program's."""
    from pydantic import ValidationError

    from quarterdeck.declared import UnusableDeclarationError
    from quarterdeck.warehouse import UnusableWarehouseError

    if isinstance(error, OSError) and error.filename is not None:
        what = f"{error.filename}: it cannot be used ({error.strerror})."
        return f"{what} See that its folder is there, and that you may read and write in it."
    if isinstance(error, ValidationError) and error.title == "Settings":
        return "\n".join(
            f"QUARTERDECK_{'_'.join(map(str, wrong['loc'])).upper()} is '{wrong['input']}': "
            f"{wrong['msg'].removeprefix('Value error, ')}. Correct it where it is set, or in .env."
            for wrong in error.errors()
        )
    return str(error) if isinstance(error, UnusableDeclarationError | UnusableWarehouseError) else None
