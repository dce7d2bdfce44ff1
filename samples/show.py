"""What an analyst does after `make demo`: open the published marts, read-only, and ask."""

import duckdb

from quarterdeck.cli.output import emit_table
from quarterdeck.settings import Settings


def in_its_unit(column: str) -> str:
    """SQL that writes a figure for people: -£100,000, 47.62%, 12."""
    return f"""
        case unit
            when 'gbp' then replace(format('£{{:,.0f}}', {column}::double), '£-', '-£')
            when 'percent' then format('{{:.2f}}%', {column}::double)
            else rtrim(rtrim(format('{{:,.2f}}', {column}::double), '0'), '.')
        end
    """


# Each a question and the query that answers it.
QUESTIONS = {
    "What do the portfolios save, and how much of it is at risk?": """
        select portfolio, quarter, projects, format('{:,}', target_gbp::bigint) as "target £",
            format('{:,}', at_risk_gbp::bigint) as "at risk £",
            format('{:,}', net_at_risk_gbp::bigint) as "net £"
        from marts.portfolio_savings
        order by organisation, quarter, portfolio
    """,
    "Which printed figures contradict the figures they should follow from?": f"""
        select quarter, "check", {in_its_unit("printed_value")} as printed,
            {in_its_unit("recomputed_value")} as recomputed
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
  the pages         {current}/site/index.html (in any browser)
  the marts         {current}/marts.duckdb (open it read-only)
  the exports       csv/ and parquet/ beside it; what went in: manifest.json
  a broken file     README.md tries one of samples/broken/
  every command     .venv/bin/quarterdeck --help
  the scheduler     make up
  every column      make docs
""")


if __name__ == "__main__":
    main()
