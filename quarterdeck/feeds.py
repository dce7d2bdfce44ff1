"""The four kinds of return that organisations send, and what each holds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Feed:
    """One kind of return; `name` is the folder in `landing/` and the end of the DAG's name."""

    name: str
    title: str
    about: str


FEEDS = (
    Feed(
        "highlight_report",
        "Highlight reports",
        "Projects, programmes, milestones and risks: status now and last time, savings, what is at risk.",
    ),
    Feed("hr_metrics", "HR metrics", "Agency shifts, the establishment and its reductions, workforce indicators."),
    Feed(
        "budget_monitoring",
        "Budget monitoring",
        "Savings by component and year, the capital programme, medium-term finance.",
    ),
    Feed("performance_indicators", "Performance indicators", "Actual and target of each indicator, by quarter."),
)
