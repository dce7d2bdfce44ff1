"""Where things are, and how this installation is set up: one place, from the environment or a `.env` file."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SERVER = re.compile(r"postgres(ql)?://|\w+\s*=")
_AMOUNT = re.compile(r"\s*[1-9]\d*(\.\d+)?\s*[KMGT]i?B\s*", re.IGNORECASE)
PROJECT_ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Settings of one installation; every field is read from `QUARTERDECK_<NAME>` or from `.env`; blank is not set.

    Only `home` decides where data lives; everything else hangs below it. `workbook` says whether a version holds one:
    it takes longer to write than everything else of a version together. `postgres` names the server that versions are
    brought to, as postgresql://user@host/database.
    """

    model_config = SettingsConfigDict(
        env_prefix="QUARTERDECK_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        # Some are secrets, and what a task says is in its log.
        hide_input_in_errors=True,
    )

    home: Annotated[Path, Field(validate_default=True)] = PROJECT_ROOT / "var"
    dbt_project: Path = PROJECT_ROOT / "dbt_project"
    layouts: Path = PROJECT_ROOT / "loaders" / "layouts"
    policy: Path = PROJECT_ROOT / "expectations" / "policy.yml"
    dbt_threads: PositiveInt = 2
    memory_limit: str = "1GB"
    """What DuckDB may hold in memory at once where it builds, judges and publishes, such as 512MB or 4GB.

    What is more goes to a folder beside the build file, for as long as it is needed.
    """
    batch_files: PositiveInt = 200
    settle_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3.0
    """How long a file that was written just now must stay as it is before it is taken from landing."""
    workbook: bool = True
    airflow_url: str | None = None
    """The page of an Airflow on a server, which works on this data root: commands start their runs there."""
    airflow_user: str = "admin"
    airflow_password: SecretStr | None = None
    """The user's who gives commands; asked for where it is not set."""
    postgres: SecretStr | None = None
    lake_catalogue: SecretStr | None = None
    """The Postgres with the catalogue of the lake, as postgresql://user@host/database, where several machines build."""

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount(cls, value: str) -> str:
        if not _AMOUNT.fullmatch(value):
            raise ValueError("an amount of memory is needed, such as 512MB or 4GB")
        return value

    @field_validator("home", "dbt_project", "layouts")
    @classmethod
    def _is_a_folder(cls, value: Path, info: ValidationInfo) -> Path:
        folder = value.expanduser()
        # The data root is made where there is none.
        if not folder.is_dir() and (info.field_name != "home" or folder.exists()):
            raise ValueError("a folder is needed")
        return folder

    @field_validator("home")
    @classmethod
    def _is_a_plain_path(cls, value: Path) -> Path:
        # Airflow and dbt would read them as parts of an address, as a variable, or as the end of a text.
        if set("?#$'\"").intersection(str(value.absolute())):
            raise ValueError("its path may hold no ? # $ and no quotation marks")
        return value

    @field_validator("policy")
    @classmethod
    def _is_a_file(cls, value: Path) -> Path:
        if not value.is_file():
            raise ValueError("a file is needed")
        return value

    @field_validator("airflow_url")
    @classmethod
    def _is_a_page(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("an address is needed, such as https://quarterdeck.example.org")
        return value and value.rstrip("/")

    @field_validator("postgres", "lake_catalogue")
    @classmethod
    def _is_a_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _SERVER.match(value.get_secret_value()):
            raise ValueError("a Postgres is needed, as postgresql://user@host/database")
        return value

    def model_post_init(self, __context: object) -> None:
        """Make the data root absolute, so that a later change of directory cannot move it."""
        self.home = self.home.absolute()

    @property
    def landing(self) -> Path:
        """Where files arrive: `<organisation>/<feed>/<YYYY-MM>/<file>`."""
        return self.home / "landing"

    @property
    def archive(self) -> Path:
        """Received bytes under their sha256, and a receipt for every sighting."""
        return self.home / "archive"

    def archived(self, sha256: str) -> Path:
        """Where the bytes with that hash are kept."""
        return self.archive / "objects" / sha256[:2] / sha256

    @property
    def approvals(self) -> Path:
        """What named people approved or overrode, a file each; kept for good, like the archive."""
        return self.home / "approvals"

    @property
    def quarantine(self) -> Path:
        """Held files, each in a folder of its own with its findings."""
        return self.home / "quarantine"

    @property
    def work(self) -> Path:
        """Parsed batches on their way into the warehouse; safe to delete when nothing runs."""
        return self.home / "work"

    @property
    def dbt_target(self) -> Path:
        """What dbt writes about its last build: `manifest.json`, `run_results.json`."""
        return self.work / "dbt" / "target"

    @property
    def warehouse(self) -> Path:
        """The build file. One writer at a time; nobody else opens it."""
        return self.home / "warehouse" / "build.duckdb"

    @property
    def lake(self) -> Path:
        """The files of the lake, a folder for each that is in its catalogue."""
        return self.home / "lake"

    @property
    def published(self) -> Path:
        """Immutable versions, and `current` pointing at the newest."""
        return self.home / "published"

    @property
    def settled(self) -> Path:
        """Fingerprints of the decisions that publication has carried out, by partition."""
        return self.published / "settled.json"

    @property
    def airflow_home(self) -> Path:
        """Airflow's own files: configuration, logs and, on the embedded default, its metadata."""
        return self.home / "airflow"

    @property
    def seeds(self) -> Path:
        """Reference data as csv: organisations, vocabularies, expected returns."""
        return self.dbt_project / "seeds"
