#!/usr/bin/env bash
# A real PostgreSQL in a folder, on the loopback address alone.
#
#   .ci/postgres.sh start DIR [PORT]   starts it on 127.0.0.1:PORT (5433) with everything it writes in DIR; prints the
#                                      address of its database, for MLflow and as DAYS_TO_SELL_EVENT_LOG
#   .ci/postgres.sh stop DIR           ends the one started with DIR; does nothing when there is none
#
# What was written stays in DIR until that is removed; only who knows the password, which is kept there, gets in. Needs
# PostgreSQL; on Debian: apt-get install postgresql. PostgreSQL refuses to run as root: started by root it runs as
# the user postgres, to whom DIR is given and who must be able to reach it. The tests start and end it themselves;
# they only need the programs.
set -euo pipefail

action="${1:?start or stop}"
dir="${2:?a directory for what PostgreSQL writes}"
name="days_to_sell"

# Debian keeps the programs of each version apart, off PATH; the newest is used.
programs() {
  local found
  found="$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_ctl | sort -V | tail -n 1)"
  [ -x "$found" ] || found="$(command -v pg_ctl || true)"
  [ -n "$found" ] && dirname "$found"
}

as_server() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups env HOME="$dir" "$@"
  else
    "$@"
  fi
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

fail() {
  echo "postgres: $1" >&2
  exit 1
}

create() {
  local bin="$1"
  # Not through the command line, which everybody on the machine can read.
  (umask 077 && od -An -N18 -tx1 /dev/urandom | tr -d ' \n' >"$dir/password")
  [ "$(id -u)" -ne 0 ] || chown -R postgres: "$dir"
  as_server "$bin/initdb" --pgdata="$dir/data" --username="$name" --pwfile="$dir/password" --encoding=UTF8 \
    --locale=C --auth=scram-sha-256 --no-sync >"$dir/initdb.log" 2>&1 || {
    tail -n 20 "$dir/initdb.log" >&2
    fail "the database could not be made; see above"
  }
  # PostgreSQL's own name for a database that everybody has is "postgres"; MLflow gets one by the user's name.
  echo "CREATE DATABASE $name;" | as_server "$bin/postgres" --single -D "$dir/data" postgres >>"$dir/initdb.log" 2>&1
}

start() {
  local port="${1:-5433}" bin
  bin="$(programs)" || fail "PostgreSQL is not installed; on Debian: apt-get install postgresql"
  listens "$port" && fail "something listens at 127.0.0.1:$port already; name another port"
  mkdir -p "$dir"
  dir="$(cd "$dir" && pwd)"
  if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 || fail "there is no user postgres to run it as; Debian's package makes one"
    chown postgres: "$dir"
    as_server test -w "$dir" || fail "the user postgres cannot reach $dir; name a folder in one open to all"
  fi
  [ -d "$dir/data" ] || create "$bin"
  # pg_ctl starts it in a session of its own and waits until it answers.
  as_server "$bin/pg_ctl" start --pgdata="$dir/data" --log="$dir/postgres.log" --wait --timeout=60 --silent \
    --options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" >/dev/null || {
    tail -n 20 "$dir/postgres.log" >&2
    fail "PostgreSQL did not start at 127.0.0.1:$port"
  }
  echo "postgres: started at 127.0.0.1:$port, log in $dir/postgres.log" >&2
  echo "postgresql://$name:$(cat "$dir/password")@127.0.0.1:$port/$name"
}

stop() {
  [ -f "$dir/data/postmaster.pid" ] || return 0
  dir="$(cd "$dir" && pwd)"
  as_server "$(programs)/pg_ctl" stop --pgdata="$dir/data" --mode=fast --wait --timeout=60 --silent ||
    fail "PostgreSQL does not end"
}

case "$action" in
  start) start "${3:-}" ;;
  stop) stop ;;
  *)
    echo "postgres: unknown action $action; it is start or stop" >&2
    exit 2
    ;;
esac
