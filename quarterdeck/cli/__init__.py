"""The command line: `quarterdeck <command>`. Heavy imports wait until a command needs them."""

import sys

import typer

from quarterdeck.cli import approve, backfill, check, layout, publications, run, site, submit, trace, up, withdraw
from quarterdeck.cli.output import UNUSABLE

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
for module in (check, layout, submit, withdraw, run, backfill, approve, up, publications, trace, site):
    module.register(app)


def main() -> None:
    """Run the `quarterdeck` command.

    A setting that means nothing is said by its name, a layout that is none by its file: both with exit code 2.
    """
    try:
        app()
    except ValueError as error:
        from pydantic import ValidationError

        from quarterdeck.declared import UnusableDeclarationError

        if isinstance(error, UnusableDeclarationError):
            typer.echo(str(error), err=True)
            sys.exit(UNUSABLE)
        if not isinstance(error, ValidationError) or error.title != "Settings":
            raise
        for wrong in error.errors():
            name = f"QUARTERDECK_{'_'.join(map(str, wrong['loc'])).upper()}"
            why = wrong["msg"].removeprefix("Value error, ")
            typer.echo(f"{name} is '{wrong['input']}': {why}. Correct it where it is set, or in .env.", err=True)
        sys.exit(UNUSABLE)
