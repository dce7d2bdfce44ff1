"""What an analyst does after `make demo`: open the published marts, read-only, and ask."""

import duckdb

from quarterdeck.cli.output import emit_table
from quarterdeck.settings import Settings

# Each a question and the query that answers it.
QUESTIONS = {
    "What do the portfolios save, and how much of it is at risk?": """
        select portfolio, quarter, projects, format('{:,}', target_gbp::bigint) as "target £",
            format('{:,}', at_risk_gbp::bigint) as "at risk £",
            format('{:,}', net_at_risk_gbp::bigint) as "net £"
        from marts.portfolio_savings
        order by organisation, quarter, portfolio
    """,
    "Which printed figures contradict the figures they should follow from?": """
        select quarter, "check", format('{:,.2f}', printed_value::double) as printed,
            format('{:,.2f}', recomputed_value::double) as recomputed
        from marts.reconciliation
        where verdict = 'disagrees' and severity <> 'info'
        order by organisation, quarter, "check"
    """,
}


def main() -> None:
    """Print the answers, then where to look next."""
    settings = Settings()
    version = (settings.published / "current").resolve()
    with duckdb.connect(str(version / "marts.duckdb"), read_only=True) as connection:
        for question, query in QUESTIONS.items():
            answer = connection.execute(query)
            columns = [column[0] for column in answer.description]
            print()
            emit_table([dict(zip(columns, row, strict=True)) for row in answer.fetchall()], title=question)
    current = settings.published / "current"
    print(f"""
Where to look next
  the marts         {current}/marts.duckdb (open it read-only)
  the exports       csv/ and parquet/ beside it; what went in: manifest.json
  a broken file     README.md tries one of samples/broken/
  every command     .venv/bin/quarterdeck --help
  the scheduler     make up
  every column      make docs
""")


if __name__ == "__main__":
    main()
