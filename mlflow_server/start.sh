#!/usr/bin/env bash
# Starts the MLflow server of a team: PostgreSQL, artifacts on S3, the registry that keeps the gates, logins.
# See --help, and docs/guides/team-mlflow.md.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: start.sh [--check] [--help] [-- OPTIONS OF mlflow server]

Starts the MLflow server in the foreground: tracking and registry in PostgreSQL, artifacts on S3 through the server,
the registry store that keeps the gates (dts+), and logins (basic-auth). --check only looks whether all is there.

Must be set:
  MLFLOW_DATABASE                  postgresql://USER@HOST[:PORT]/DATABASE, without the password
  MLFLOW_ARTIFACTS                 s3://BUCKET[/PREFIX]
  MLFLOW_FLASK_SERVER_SECRET_KEY   any long random text, the same at each start and for each server of the team
  MLFLOW_AUTH_ADMIN_PASSWORD       password of the user "admin", 12 characters or more; the first start only

As far as they are needed:
  PGPASSWORD or PGPASSFILE         how PostgreSQL's library gets its password
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION; MLFLOW_S3_ENDPOINT_URL for a server other than Amazon's
  MLFLOW_SERVER_ALLOWED_HOSTS      names that clients call it by, such as mlflow.example; must be set where MLFLOW_HOST
                                   is another than 127.0.0.1
  MLFLOW_SERVER_CORS_ALLOWED_ORIGINS   pages of other sites that may call it; none by default
  DAYS_TO_SELL_OVERRIDE_USERS      who may promote past red gates
  DAYS_TO_SELL_TRUSTED_KEYS        public keys, one of which must have signed what is promoted

May be set:
  MLFLOW_HOST (127.0.0.1), MLFLOW_PORT (5000), MLFLOW_WORKERS (one for each processor, 2 to 4)
  MLFLOW_DEFAULT_PERMISSION (READ) what a user may do with experiments and models of others:
                                   READ, USE, EDIT, MANAGE or NO_PERMISSIONS
  MLFLOW_LOGIN_CACHE_SECONDS (30)  for how long a password that was right is not computed again, which takes a tenth of
                                   a second of a processor at each request; one that was changed or taken away may work
                                   that long. 0 computes it each time

Each secret may be in a file instead, named by PGPASSWORD_FILE, AWS_ACCESS_KEY_ID_FILE, AWS_SECRET_ACCESS_KEY_FILE,
MLFLOW_FLASK_SERVER_SECRET_KEY_FILE or MLFLOW_AUTH_ADMIN_PASSWORD_FILE. No secret is printed, or put on a command line.
TEXT
}

fail() {
  echo "start.sh: $1" >&2
  exit 1
}

# A secret in a file becomes the variable that programs read.
from_file() {
  local name="$1" file="${1}_FILE"
  [ -n "${!file:-}" ] || return 0
  [ -z "${!name:-}" ] || fail "$name and $file are both set; unset one"
  [ -r "${!file}" ] || fail "$file names ${!file}, which cannot be read; make it readable for $(id -un)"
  [ -s "${!file}" ] || fail "$file names ${!file}, which is empty; write the secret into it"
  printf -v "$name" '%s' "$(cat "${!file}")"
  export "${name?}"
  unset "$file"
}

need() {
  [ -n "${!1:-}" ] || fail "$1 is not set; set it to $2"
}

check_programs() {
  local program
  for program in mlflow days-to-sell python; do
    command -v "$program" >/dev/null ||
      fail "$program is not on PATH; activate the environment in which the toolkit is installed"
  done
}

check_settings() {
  need MLFLOW_DATABASE "postgresql://USER@HOST/DATABASE"
  [[ "$MLFLOW_DATABASE" =~ ^postgresql(\+psycopg)?:// ]] ||
    fail "MLFLOW_DATABASE is no address of PostgreSQL; write postgresql://USER@HOST/DATABASE, without dts+"
  [[ ! "$MLFLOW_DATABASE" =~ ://[^/@]*:[^/@]*@ ]] ||
    fail "MLFLOW_DATABASE holds a password, which ps would show; leave it out and set PGPASSWORD or PGPASSWORD_FILE"
  need MLFLOW_ARTIFACTS "s3://BUCKET/PREFIX"
  [[ "$MLFLOW_ARTIFACTS" =~ ^s3://[^/]+ ]] || fail "MLFLOW_ARTIFACTS is '$MLFLOW_ARTIFACTS'; write s3://BUCKET/PREFIX"
  need MLFLOW_FLASK_SERVER_SECRET_KEY "a long random text, such as openssl rand -hex 32 prints"
  [ "${#MLFLOW_FLASK_SERVER_SECRET_KEY}" -ge 32 ] ||
    fail "MLFLOW_FLASK_SERVER_SECRET_KEY is shorter than 32 characters; set it to what openssl rand -hex 32 prints"
  if [ "$host" != 127.0.0.1 ]; then
    need MLFLOW_SERVER_ALLOWED_HOSTS "the names that clients call this server by, such as mlflow.example"
  fi
  [[ "$workers" =~ ^[1-9][0-9]*$ ]] || fail "MLFLOW_WORKERS is '$workers'; set it to a whole number above zero"
  [[ "$login_cache" =~ ^(0|[1-9][0-9]*)$ ]] ||
    fail "MLFLOW_LOGIN_CACHE_SECONDS is '$login_cache'; set it to a whole number of seconds, or to 0"
  case "$permission" in
    READ | USE | EDIT | MANAGE | NO_PERMISSIONS) ;;
    *) fail "MLFLOW_DEFAULT_PERMISSION is '$permission'; set it to READ, USE, EDIT, MANAGE or NO_PERMISSIONS" ;;
  esac
}

# The bucket is there, and these keys may list it: else the first upload of a training would be the one to tell.
check_artifacts() {
  python - "$MLFLOW_ARTIFACTS" <<'PYTHON' || exit 1
import os, sys
from urllib.parse import urlsplit
import boto3
from botocore.config import Config
place = urlsplit(sys.argv[1])
brief = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
try:
    client = boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None, config=brief)
    client.list_objects_v2(Bucket=place.netloc, Prefix=place.path.lstrip("/"), MaxKeys=1)
except Exception as error:
    sys.exit(
        f"start.sh: MLFLOW_ARTIFACTS cannot be listed: {error}; look at the bucket, AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY, AWS_REGION and MLFLOW_S3_ENDPOINT_URL"
    )
PYTHON
}

# MLflow reads where users are kept from a file alone. It holds no secret; users are in the same database.
write_logins() {
  logins="$(mktemp -d)/basic_auth.ini"
  cat >"$logins" <<INI
[mlflow]
default_permission = $permission
database_uri = ${MLFLOW_DATABASE//%/%%}
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = $login_cache
INI
  export MLFLOW_AUTH_CONFIG_PATH="$logins"
}

main() {
  local check_only=""
  while [ $# -gt 0 ]; do
    case "$1" in
      -h | --help)
        usage
        exit 0
        ;;
      --check) check_only=yes ;;
      --)
        shift
        break
        ;;
      *)
        echo "start.sh: unknown option $1; see start.sh --help" >&2
        exit 2
        ;;
    esac
    shift
  done

  host="${MLFLOW_HOST:-127.0.0.1}"
  port="${MLFLOW_PORT:-5000}"
  permission="${MLFLOW_DEFAULT_PERMISSION:-READ}"
  login_cache="${MLFLOW_LOGIN_CACHE_SECONDS:-30}"
  workers="${MLFLOW_WORKERS:-}"
  if [ -z "$workers" ]; then
    workers="$(nproc)"
    workers=$((workers < 2 ? 2 : workers > 4 ? 4 : workers))
  fi
  for secret in PGPASSWORD AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY MLFLOW_FLASK_SERVER_SECRET_KEY \
    MLFLOW_AUTH_ADMIN_PASSWORD; do
    from_file "$secret"
  done
  # What leads a client to a server leads a server to itself.
  unset MLFLOW_TRACKING_URI MLFLOW_REGISTRY_URI MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD

  check_programs
  check_settings
  check_artifacts
  if [ -n "$check_only" ]; then
    echo "start.sh: settings and artifacts are as they have to be; the database is asked when the server starts" >&2
    exit 0
  fi
  days-to-sell prepare-database "$MLFLOW_DATABASE" >&2
  write_logins

  # Its jobs evaluate language models, in five more processes; its makers need not hear of every start.
  export MLFLOW_SERVER_ENABLE_JOB_EXECUTION="${MLFLOW_SERVER_ENABLE_JOB_EXECUTION:-false}"
  export MLFLOW_DISABLE_TELEMETRY="${MLFLOW_DISABLE_TELEMETRY:-true}"
  exec mlflow server --host "$host" --port "$port" --workers "$workers" \
    --backend-store-uri "$MLFLOW_DATABASE" --registry-store-uri "dts+$MLFLOW_DATABASE" \
    --artifacts-destination "$MLFLOW_ARTIFACTS" --app-name basic-auth "$@"
}

main "$@"
