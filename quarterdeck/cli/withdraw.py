"""`quarterdeck withdraw`: take a received file back."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from quarterdeck.cli.output import AsJson, emit_json, refuse


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(short_help="Take a received file back, so that it does not count.")(withdraw)


def withdraw(
    submission: Annotated[str, typer.Argument(help="The id of the submission, as its folder in quarantine is named.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the file.")],
    by: Annotated[str | None, typer.Option(help="Who says so; the user of this machine unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say that a received file is not to count: it was sent by mistake, or belongs nowhere.

    A held file then holds its quarter no more; of an accepted one no figure is used. The next run carries it out. The
    file stays in the archive, with who took it back, when and why.
    """
    from loaders.archive import Withdrawal, received_as, withdraw, withdrawal_of
    from quarterdeck.settings import Settings

    settings, name = Settings(), (getpass.getuser() if by is None else by).strip()
    if not reason.strip() or not name:
        refuse("Say who takes the file back, and why.")
    receipt = received_as(settings, submission)
    if receipt is None:
        refuse(f"'{submission}' is no submission that counts or holds. Its id is the name of its folder in quarantine.")
    if earlier := withdrawal_of(settings, receipt):
        refuse(f"{submission} was taken back by {earlier.by} on {earlier.at[:10]}: {earlier.reason}")
    withdrawal = Withdrawal(name, reason.strip(), datetime.now(UTC).isoformat(timespec="microseconds"))
    withdraw(settings, receipt, withdrawal)
    if as_json:
        emit_json({"submission_id": submission, "file_name": receipt.file_name, **vars(withdrawal)})
    else:
        typer.echo(f"'{receipt.file_name}' ({submission}) is taken back; `quarterdeck run` carries it out.")
