"""The command line: `quarterdeck <command>`. Heavy imports wait until a command needs them."""

import errno
import sys
from typing import TYPE_CHECKING

import typer

from quarterdeck.cli import approve, backfill, check, layout, publications, run, site, submit, trace, up, withdraw
from quarterdeck.cli.output import UNUSABLE

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_RIGHTS = "The user who gives the command needs the right to it; whoever looks after this machine can give it."
_ROOM = "Make room there and give the command again; nothing that was there before is lost."
_PLACE = "See that its folder is there, and nothing else in its place; QUARTERDECK_HOME says where the data are."
_OF_THE_MACHINE = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.ENOENT: _PLACE,
    errno.EEXIST: _PLACE,
    errno.ENOTDIR: _PLACE,
    errno.EISDIR: _PLACE,
}
"""What is no defect of ours, and who can mend it."""

_HELP = "From the spreadsheets that councils send to quarterly reporting marts. Each command has --help."

app = typer.Typer(no_args_is_help=True, add_completion=False, help=_HELP, rich_markup_mode=None)
for module in (check, layout, submit, withdraw, run, backfill, approve, up, publications, trace, site):
    module.register(app)


def main() -> None:
    """Run the `quarterdeck` command.

    A setting that means nothing is said by its name, a layout that is none by its file, a disk that is full or must not
    be written to by the path, and why the build file cannot be opened: each with exit code 2.
    """
    try:
        app()
    except Exception as error:
        message = _in_words(error)
        if message is None:
            raise
        typer.echo(message, err=True)
        sys.exit(UNUSABLE)


def _in_words(error: Exception) -> str | None:
    """What is wrong and who can mend it; None for a defect, of which all is to be seen."""
    from pydantic import ValidationError

    from quarterdeck.declared import UnusableDeclarationError
    from quarterdeck.warehouse import WarehouseError

    if isinstance(error, UnusableDeclarationError | WarehouseError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}. {_OF_THE_MACHINE[error.errno]}"
    if isinstance(error, ValidationError) and error.title == "Settings":
        return "\n".join(map(_meant_nothing, error.errors()))
    return None


def _meant_nothing(wrong: "ErrorDetails") -> str:
    """Which setting means nothing, and why; a secret is not shown."""
    from pydantic import SecretStr

    from quarterdeck.settings import Settings

    field = str(wrong["loc"][0])
    secret = Settings.model_fields[field].annotation == SecretStr | None
    value = "not what it is for" if secret else f"'{wrong['input']}'"
    why = wrong["msg"].removeprefix("Value error, ")
    return f"QUARTERDECK_{field.upper()} is {value}: {why}. Correct it where it is set, or in .env."
