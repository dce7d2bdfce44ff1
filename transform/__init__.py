"""From raw rows to the candidate: the dbt project, run in process."""
