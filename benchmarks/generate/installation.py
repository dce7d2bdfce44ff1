"""A data root for the made-up councils: their seeds beside the project's own, the project's layouts for any of them."""

import csv
import hashlib
import shutil
from pathlib import Path

import yaml

from benchmarks.generate.world import HERE, World
from quarterdeck.settings import PROJECT_ROOT, Settings

RETURNS = {
    "southampton_medium_term_forecast": ("budget_monitoring", "medium_term_forecast", None),
    "southampton_savings_by_theme": ("budget_monitoring", "savings_by_theme", None),
    "southampton_hr_update": ("hr_metrics", "hr_update", None),
    "nottinghamshire_ict_performance": ("performance_indicators", "ict_performance", None),
    "nottinghamshire_project_status_report": (
        "highlight_report",
        "project_status_report",
        ["appendix_b", "exceptions", "status_key"],
    ),
}
"""The layouts that the councils fill in: feed and return, and which of its tables where not all."""
EXPECTED = ("project_status_report", "medium_term_forecast")


def install(home: Path, world: World) -> Settings:
    """Make an empty data root at `home` for the councils of a world, and return its settings."""
    project = home / "dbt_project"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(PROJECT_ROOT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    codes = [f"B{number:08d}" for number in range(1, world.organisations + 1)]
    _add(
        project / "seeds" / "organisations.csv",
        [
            [code, f"council-{number:03d}", f"Council {number:03d}", "council", world.first_day.isoformat(), ""]
            for number, code in enumerate(codes, 1)
        ],
    )
    last = world.first_day.year * 12 + world.first_day.month - 1 + world.months - 1
    periods = [f"{world.first_day:%Y-%m}", f"{last // 12}-{last % 12 + 1:02d}"]
    owed = [(feed, return_id) for feed, return_id, _ in RETURNS.values() if return_id in EXPECTED]
    _add(
        project / "seeds" / "expected_returns.csv",
        [[code, feed, return_id, "monthly", *periods, "30"] for code in codes for feed, return_id in owed],
    )
    layouts = home / "layouts"
    layouts.mkdir()
    for name, (_, _, tables) in RETURNS.items():
        _copy_layout(name, layouts, tables)
    return Settings(home=home, dbt_project=project, layouts=layouts)


def refresh(settings: Settings) -> None:
    """Bring the models of a data root that was made before to what they are now; its seeds stay."""
    ours = PROJECT_ROOT / "dbt_project"
    for folder in ("models", "macros", "tests"):
        shutil.rmtree(settings.dbt_project / folder)
        shutil.copytree(ours / folder, settings.dbt_project / folder)
    for path in ours.glob("*.yml"):
        shutil.copyfile(path, settings.dbt_project / path.name)


def fingerprint(world: World) -> str:
    """A short name of a world: the same one for the same councils, told of in the same way."""
    told = [path.read_bytes() for path in sorted(HERE.glob("*.sql"))]
    return hashlib.sha256(b"\0".join([repr(world).encode(), *told])).hexdigest()[:12]


def _add(path: Path, rows: list[list[str]]) -> None:
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _copy_layout(name: str, folder: Path, tables: list[str] | None) -> None:
    """A layout for any organisation, with these of its tables."""
    layout = yaml.safe_load((PROJECT_ROOT / "loaders" / "layouts" / f"{name}.yml").read_text(encoding="utf-8"))
    layout["organisation"] = "*"
    layout["tables"] = [table for table in layout["tables"] if tables is None or table["table"] in tables]
    if name == "southampton_medium_term_forecast":
        # Sections have other names in every made-up forecast, and it ends with its net expenditure.
        layout["tables"][0]["totals"] = [
            {"column": "line", "label": "Sub-total for *"},
            {"column": "line", "label": "Net Revenue Expenditure", "type": "total"},
        ]
    # The first is of the whole report, the others of tables of their own.
    layout["states"] = layout.get("states", [])[:1]
    (folder / f"{name}.yml").write_text(yaml.safe_dump(layout, sort_keys=False, allow_unicode=True), encoding="utf-8")
