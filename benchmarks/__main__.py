"""`python -m benchmarks [NAME ...]`: measure, check, write a table and a chart to `benchmarks/results`."""

import argparse
from pathlib import Path

from benchmarks.report import Report, machine
from benchmarks.suite import SUITE

RESULTS = Path(__file__).with_name("results")
ROUNDS = 5


def main() -> None:
    """Run the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SUITE], help=f"any of: {', '.join(SUITE)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each contender runs")
    parser.add_argument("--size", choices=("small", "large"), default="small", help="large: the sizes of a ministry")
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"), help="where data roots are made")
    chosen = parser.parse_args()
    work = chosen.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    RESULTS.mkdir(exist_ok=True)
    described = machine()
    for name in chosen.names or SUITE:
        report: Report = SUITE[name](work, chosen.rounds, chosen.size == "large")
        text = report.as_text(described, chosen.rounds)
        (RESULTS / f"{name}-{chosen.size}.md").write_text(text, encoding="utf-8")
        (RESULTS / f"{name}-{chosen.size}.svg").write_text(report.as_chart(), encoding="utf-8")
        print(text)


if __name__ == "__main__":
    main()
