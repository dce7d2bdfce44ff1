# One image for every component of docker-compose.yml. The base image comes from whatever registry the builder trusts.
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE}

# What only a server needs: Postgres for Airflow's metadata, Celery for its tasks, roles for its users. Celery 5.7 took
# away a name that the provider imports.
ARG SERVER="psycopg2-binary>=2.9.10,<3 asyncpg>=0.30,<1 apache-airflow-providers-celery>=3.26,<4 celery>=5.5,<5.7 redis>=5 apache-airflow-providers-fab>=3.10,<4"

RUN useradd --system --uid 10001 --create-home --home-dir /opt/airflow quarterdeck \
    && install -d -o quarterdeck -g quarterdeck /data /opt/quarterdeck
WORKDIR /opt/quarterdeck

# Dependencies change less often than the code: a layer of their own, every hash checked.
COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/runtime.txt \
    && pip freeze > requirements/constraints.txt \
    && pip install --no-cache-dir --disable-pip-version-check --constraint requirements/constraints.txt ${SERVER}

COPY pyproject.toml README.md LICENSE ./
COPY quarterdeck quarterdeck
COPY loaders loaders
COPY transform transform
COPY expectations expectations
COPY publication publication
COPY pages pages
COPY dbt_project dbt_project
COPY dags dags
COPY deploy deploy
# In place, because layouts, dbt project and DAGs are read from where the code is.
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable . \
    && python -m compileall -q quarterdeck loaders transform expectations publication pages dags

ENV AIRFLOW_HOME=/opt/airflow \
    QUARTERDECK_HOME=/data \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONUNBUFFERED=1
USER quarterdeck
VOLUME ["/data", "/opt/airflow"]
CMD ["quarterdeck", "--help"]
