"""The command line: `quarterdeck <command>`. Heavy imports wait until a command needs them."""

import typer

from quarterdeck.cli import approve, backfill, check, layout, publications, run, site, submit, trace, up, withdraw

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
for module in (check, layout, submit, withdraw, run, backfill, approve, up, publications, trace, site):
    module.register(app)


def main() -> None:
    """Run the `quarterdeck` command."""
    app()
