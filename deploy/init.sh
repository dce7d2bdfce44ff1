#!/bin/sh
# Prepare Airflow's metadata. Safe to run at every start: what is there stays as it is.
set -eu
airflow db migrate
airflow pools set warehouse 1 "The writer's slot: one task at a time opens the warehouse."
airflow roles create Analyst
# The password comes from the environment, because a process list shows arguments.
python - <<'PYTHON'
import os

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

with get_application_builder() as builder:
    manager = builder.sm
    if manager.find_user("admin") is None:
        manager.add_user(
            "admin",
            "Quarterdeck",
            "Administrator",
            "admin@localhost",
            manager.find_role("Admin"),
            os.environ["AIRFLOW_ADMIN_PASSWORD"],
        )
PYTHON
