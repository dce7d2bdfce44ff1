"""`quarterdeck up`, `down` and `status`: an Airflow of this machine that stays, with its page."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterdeck.cli.output import FOUND, AsJson, emit_json, refuse

if TYPE_CHECKING:
    from quarterdeck.local_airflow.state import State
    from quarterdeck.settings import Settings

PORT = 8080
# A scheduler that stays looks for work twice a second.
IDLE_SECONDS = 0.5
STOP_SECONDS = 300.0


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(short_help="Start Airflow with its page, on this machine only.")(up)
    app.command(short_help="Stop the Airflow of this data root.")(down)
    app.command(short_help="Say what runs here, what is due and what is published.")(status)


def up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when it is ready; `quarterdeck down` ends it.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where the page listens, on this machine only.", min=1, max=65535)] = PORT,
) -> None:
    """Start Airflow with its page on this machine: scheduler, DAG processor, triggerer, API servers.

    Without --detach it runs until it is interrupted. Runs that are due by the calendar start by themselves.
    """
    from quarterdeck.local_airflow.instance import (
        KILLED,
        UNDER_WAY,
        UP_COMPONENTS,
        AirflowError,
        LocalAirflow,
        port_is_free,
    )
    from quarterdeck.local_airflow.state import running
    from quarterdeck.settings import Settings

    settings = Settings()
    if settings.airflow_url:
        refuse(f"The Airflow at {settings.airflow_url} works on this data root; a second one is not started.")
    if state := running(settings.airflow_home):
        if state.was_killed:
            refuse(KILLED)
        if state.short_lived:
            refuse(UNDER_WAY)
        _show(settings, state)
        return
    if not port_is_free(port):
        refuse(f"Port {port} is taken on this machine. Choose another: quarterdeck up --port {port + 1}")
    typer.echo("Starting Airflow")
    airflow = LocalAirflow.start(settings, UP_COMPONENTS, port=port, idle_seconds=IDLE_SECONDS, with_parent=not detach)
    try:
        airflow.wait_until_ready()
        if state := running(settings.airflow_home):
            _show(settings, state)
        if detach:
            return
        typer.echo("Interrupt (Ctrl-C) to stop it.")
        if airflow.launcher.wait():
            refuse(f"A component of Airflow ended by itself. The logs are in {settings.airflow_home}/logs/components.")
    except AirflowError as error:
        airflow.stop()
        refuse(str(error))
    except KeyboardInterrupt:
        typer.echo("Stopping: tasks that run may end first. Interrupt again to end them now.")
        airflow.stop()


def down() -> None:
    """Stop the Airflow of this data root; tasks that run may end first, for five minutes."""
    from quarterdeck.local_airflow.instance import stop
    from quarterdeck.local_airflow.state import running
    from quarterdeck.settings import Settings

    settings = Settings()
    state = running(settings.airflow_home)
    if state is None:
        typer.echo(f"No Airflow is running in {settings.airflow_home}.")
        return
    if not stop(state, patience=STOP_SECONDS):
        left = ", ".join(str(process.pid) for process in state.session())
        typer.echo(f"These processes would not end: {left}", err=True)
        raise typer.Exit(FOUND)
    typer.echo("Airflow is stopped.")


def status(as_json: AsJson = False) -> None:
    """Say whether an Airflow is running here, what is due, and which version is published."""
    from loaders.receive import due
    from publication.store import PublicationError, current
    from quarterdeck.local_airflow.environment import url_of
    from quarterdeck.local_airflow.instance import KILLED
    from quarterdeck.local_airflow.state import running
    from quarterdeck.settings import Settings

    settings = Settings()
    state = running(settings.airflow_home)
    if state and state.was_killed:
        typer.echo(KILLED, err=True)
        state = None
    try:
        version = current(settings)
    except PublicationError as error:
        refuse(str(error))
    found: dict[str, Any] = {
        "data": str(settings.home),
        "airflow": settings.airflow_url or (url_of(state.port) if state else None),
        "up_since": time.strftime("%Y-%m-%d %H:%M", time.localtime(state.started)) if state else None,
        "due": [f"{feed} {period}" for feed, period in due(settings)],
        "version": version,
    }
    if as_json:
        emit_json(found)
        return
    for name, value in found.items():
        text = ", ".join(value) if isinstance(value, list) else value
        typer.echo(f"{name.replace('_', ' '):<10} {text or '-'}")


def _show(settings: "Settings", state: "State") -> None:
    from quarterdeck.local_airflow.environment import USER, password_file, url_of

    typer.echo(f"Airflow is up: {url_of(state.port)}")
    typer.echo(f"  user      {USER}")
    typer.echo(f"  password  in {password_file(settings)}")
    typer.echo(f"  logs      {settings.airflow_home / 'logs'}")
    typer.echo("  stop it   quarterdeck down")
