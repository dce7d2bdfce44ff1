"""`python -m deploy`: the server's services on this machine, until it is interrupted."""

import signal
import sys

from deploy.native_stack import NativeStack, StackError, missing
from quarterdeck.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "var" / "stack"
UP = """\
The server's services are up, on this machine only; Ctrl-C ends them.
  page      {url}
  user      admin
  password  in {secrets}
  data      {data}, where files and publications stay; users and the history of runs do not
  logs      {logs}
To give commands in another terminal: . {secrets}, then .venv/bin/quarterdeck …"""


def main() -> None:
    """Start everything, say where it is, wait."""
    if lacking := missing():
        sys.exit(f"This machine lacks {', '.join(lacking)}. On Debian or Ubuntu: apt install postgresql redis-server")
    FOLDER.mkdir(parents=True, exist_ok=True)
    stack, secrets = NativeStack(FOLDER), FOLDER / "commands.env"
    # The same way down, whoever ends it, and however it was started.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    try:
        print("Starting PostgreSQL, Redis and Airflow's components", flush=True)
        stack.start()
        secrets.unlink(missing_ok=True)
        secrets.touch(mode=0o600)
        secrets.write_text(
            f"export QUARTERDECK_HOME={stack.data} QUARTERDECK_AIRFLOW_URL={stack.url}\n"
            f"export QUARTERDECK_AIRFLOW_PASSWORD={stack.secrets['AIRFLOW_ADMIN_PASSWORD']}\n"
        )
        print(UP.format(url=stack.url, secrets=secrets, data=stack.data, logs=stack.logs), flush=True)
        signal.pause()
    except (StackError, TimeoutError) as error:
        sys.exit(f"The services did not start. {error}\nTheir logs are in {stack.logs}.")
    except KeyboardInterrupt:
        print("Stopping")
    finally:
        stack.stop()
        secrets.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
