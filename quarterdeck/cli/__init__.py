"""The command line: `quarterdeck <command>`. Heavy imports wait until a command needs them."""

import typer

from quarterdeck.cli import check, layout, publications, run, site, submit, trace, up

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
for module in (check, layout, submit, run, up, publications, trace, site):
    module.register(app)


def main() -> None:
    """Run the `quarterdeck` command."""
    app()
