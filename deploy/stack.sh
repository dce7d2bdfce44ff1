#!/bin/sh
# Make passwords and keys in .env where they are missing, start the stack, and wait until every service is healthy.
set -eu
cd "$(dirname "$0")/.."
umask 077
touch .env
add() {
    grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$(python3 -c "import base64, secrets; print($2)")" >> .env
}
add POSTGRES_PASSWORD 'secrets.token_hex(24)'
add SERVING_PASSWORD 'secrets.token_hex(24)'
add REDIS_PASSWORD 'secrets.token_hex(24)'
add AIRFLOW_ADMIN_PASSWORD 'secrets.token_urlsafe(16)'
add AIRFLOW_API_SECRET_KEY 'secrets.token_urlsafe(32)'
add AIRFLOW_JWT_SECRET 'secrets.token_urlsafe(64)'
add AIRFLOW_FERNET_KEY 'base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()'
[ "${1:-}" = --keys-only ] && exit
docker compose up --build --detach --wait
echo "Airflow is at http://127.0.0.1:8080; the user is admin, the password is AIRFLOW_ADMIN_PASSWORD in .env."
