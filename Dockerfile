# One image for every component of docker-compose.yml. The base image comes from whatever registry the builder trusts.
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE}

RUN useradd --system --uid 10001 --create-home --home-dir /opt/airflow quarterdeck \
    && install -d -o quarterdeck -g quarterdeck /data /opt/quarterdeck
WORKDIR /opt/quarterdeck

# Dependencies change less often than the code: a layer of their own, every hash checked.
COPY requirements/runtime.txt requirements/server.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r requirements/runtime.txt -r requirements/server.txt

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
