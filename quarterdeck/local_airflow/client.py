"""The few calls of Airflow's public REST interface that starting and following runs takes."""

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx

from quarterdeck.local_airflow.environment import USER
from quarterdeck.orchestration import APPROVAL_DAG

ACTIVE = ("queued", "running")
_PAGE = 100
_SECONDS = 60.0


class Client:
    """A user of one Airflow. Raises httpx.HTTPError where it cannot be reached or refuses a call."""

    def __init__(self, url: str, password: str, user: str = USER) -> None:
        self.url = url
        self._user = user
        self._api = f"{url}/api/v2"
        self._password = password
        # A server's certificate is looked at: its users' passwords go there.
        self._http = httpx.Client(timeout=_SECONDS) if url.startswith("https:") else local_http()

    def is_up(self) -> bool:
        """Whether the API server answers; signs in when it does."""
        try:
            self.sign_in()
        except httpx.TransportError:
            return False
        return True

    def sign_in(self) -> None:
        """Get the token that every other call needs."""
        answer = self._http.post(f"{self.url}/auth/token", json={"username": self._user, "password": self._password})
        try:
            token = answer.raise_for_status().json()["access_token"]
        except (ValueError, KeyError, TypeError):
            raise httpx.DecodingError("no Airflow answers there", request=answer.request) from None
        self._http.headers["Authorization"] = f"Bearer {token}"

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool where there is none of that name, and give it its slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": True}
        answer = self._http.patch(f"{self._api}/pools/{name}", json=body)
        if answer.status_code == httpx.codes.NOT_FOUND:
            answer = self._http.post(f"{self._api}/pools", json=body)
        answer.raise_for_status()

    def parsed_since(self, dag_ids: Collection[str], started: float) -> bool:
        """Whether each of these DAGs was read from its file after `started` (seconds since the epoch)."""
        parsed = {dag["dag_id"]: _time(dag["last_parsed_time"]) for dag in self._pages("/dags", "dags")}
        return all(parsed.get(dag_id, 0) > started for dag_id in dag_ids)

    def paused(self) -> list[str]:
        """The DAGs that somebody paused."""
        return [dag["dag_id"] for dag in self._pages("/dags", "dags", paused=True)]

    def import_errors(self) -> list[str]:
        """What is wrong with DAG files that cannot be imported: the file and the last line of its error."""
        return [
            f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}"
            for error in self._pages("/importErrors", "import_errors")
        ]

    def trigger(self, dag_id: str, partition_key: str | None, conf: dict[str, Any] | None = None) -> str:
        """Start a run: for a partition, or for none where the DAG has no partitions; returns its id."""
        body = {"logical_date": None, "partition_key": partition_key, "conf": conf or {}}
        answer = self._http.post(f"{self._api}/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def runs(self, since: datetime) -> list[dict[str, Any]]:
        """Every run that changed since then."""
        return list(self._pages("/dags/~/dagRuns", "dag_runs", updated_at_gte=since.isoformat()))

    def task_instances(self, since: datetime) -> list[dict[str, Any]]:
        """Every task instance that changed since then."""
        url = "/dags/~/dagRuns/~/taskInstances"
        return list(self._pages(url, "task_instances", updated_at_gte=since.isoformat(), order_by="start_date"))

    def active(self) -> set[str]:
        """The DAGs with a run that is queued or running, but for those that wait for a person's answer."""
        return {run["dag_id"] for run in self._pages("/dags/~/dagRuns", "dag_runs", state=ACTIVE)} - {APPROVAL_DAG}

    def has_active_runs(self) -> bool:
        """Whether any run is queued or running, but for those that wait for a person's answer."""
        return bool(self.active())

    def has_unanswered_events(self, since: datetime) -> bool:
        """Whether an asset event since then has not started the run that it is to start."""
        events = self._pages("/assets/events", "asset_events", timestamp_gte=since.isoformat())
        try:
            return any(not event["created_dagruns"] for event in events)
        except httpx.HTTPStatusError as error:
            # The server fails over an event whose run is made and has not started.
            if error.response.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
                return True
            raise

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned, or None where it returned nothing."""
        url = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        answer = self._http.get(f"{self._api}{url}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return answer.raise_for_status().json()["value"]

    def log_tail(self, task: dict[str, Any], lines: int = 8) -> list[str]:
        """The last lines that a task instance's last try wrote."""
        url = (
            f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
            f"/logs/{max(task['try_number'], 1)}"
        )
        entries = self._get(url, map_index=task["map_index"], full_content=True)["content"]
        # Lines with two colons only fold the log in the page.
        return [line for entry in entries for line in _log_lines(entry) if not line.startswith("::")][-lines:]

    def _get(self, path: str, **query: Any) -> Any:
        # A machine that is very busy may keep an answer for longer than anybody waits; asking again harms nobody.
        for _ in range(2):
            with suppress(httpx.TimeoutException):
                return self._http.get(f"{self._api}{path}", params=query).raise_for_status().json()
        return self._http.get(f"{self._api}{path}", params=query).raise_for_status().json()

    def _pages(self, path: str, what: str, **query: Any) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._get(path, limit=_PAGE, offset=offset, **query)
            yield from page[what]
            offset += _PAGE
            if offset >= page["total_entries"]:
                return


def local_http(timeout: float = _SECONDS) -> httpx.Client:
    """What speaks to servers of this machine: directly, whatever proxy the environment names, and without TLS."""
    return httpx.Client(timeout=timeout, trust_env=False, verify=False)


def now() -> datetime:
    """This moment, as Airflow counts it."""
    return datetime.fromtimestamp(time.time(), UTC)


def _time(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0


def _log_lines(entry: Any) -> list[str]:
    """The event of a log entry, and the exception that it tells of."""
    if isinstance(entry, str):
        return entry.splitlines()
    lines = str(entry.get("event", "")).splitlines()
    for error in entry.get("error_detail") or ():
        lines.append(f"{error.get('exc_type')}: {error.get('exc_value')}")
    return lines
