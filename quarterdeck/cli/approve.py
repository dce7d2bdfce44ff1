"""`quarterdeck approve`: a named person lets a quarter's warnings pass, or the errors of one rule."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.output import AsJson, emit_json, emit_table, refuse

if TYPE_CHECKING:
    from expectations.pending import Partition


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(short_help="Let warnings pass, or the errors of one rule, by name.")(approve)


def approve(
    organisation: Annotated[str, typer.Argument(help="Whose quarter it is: slug or code.")] = "",
    quarter: Annotated[str, typer.Argument(help="The fiscal quarter, as '2018-19 Q2' or 2018-19Q2.")] = "",
    by: Annotated[str, typer.Option(help="Who approves: the name that the manifest will show.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it is published with the quarter.")] = "",
    override: Annotated[
        str | None, typer.Option(help="Let the errors of this rule pass, instead of warnings.", metavar="RULE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a quarter's warnings pass or, with --override, the errors of one rule; without arguments, say what waits.

    The record is kept for good, with name and reason, and is void once anything else is submitted for the quarter.
    `quarterdeck run` judges the quarter again and publishes it.
    """
    from expectations.approve import NotApprovableError, awaiting
    from expectations.approve import approve as record
    from quarterdeck.organisations import organisation_codes, unknown
    from quarterdeck.periods import Quarter
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        if not organisation:
            _list(awaiting(settings), as_json)
            return
        code = organisation_codes(settings.seeds).get(organisation.lower())
        if code is None:
            refuse(f"{unknown(settings.seeds, organisation)}.")
        approval = record(settings, code, str(Quarter.parse(quarter)), by=by, reason=reason, override=override)
    except (NotApprovableError, ValueError) as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(approval))
    else:
        what = f"The errors of {override}" if override else "The warnings"
        typer.echo(f"{what} of {code} {approval.quarter} may pass, says {approval.approved_by}: {approval.reason}")
        typer.echo("`quarterdeck run` judges the quarter again and publishes it.")


def _list(waiting: "list[tuple[Partition, str]]", as_json: bool) -> None:
    rows = [
        {"organisation": part.organisation_code, "quarter": part.quarter, "why": reason} for part, reason in waiting
    ]
    if as_json:
        emit_json(rows)
    elif rows:
        emit_table(rows, "Waiting for approval")
    else:
        typer.echo("Nothing waits for approval.")
