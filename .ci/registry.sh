#!/usr/bin/env bash
# A real image registry over a folder: Debian's docker-registry, on the loopback address alone.
#
#   .ci/registry.sh start DIR [PORT] [USERS]   starts it on 127.0.0.1:PORT (5001) with everything it writes in DIR;
#                                              prints what to export as DAYS_TO_SELL_IMAGE_REGISTRY. USERS is a file
#                                              of htpasswd with bcrypt; without it, everybody may push and pull.
#   .ci/registry.sh stop DIR                   ends the registry started with DIR; does nothing when there is none
#
# What was pushed stays in DIR until that is removed. Needs docker-registry; on Debian: apt-get install
# docker-registry. The tests start and end registries themselves; they only need the program.
set -euo pipefail

action="${1:?start or stop}"
dir="${2:?a directory for what the registry writes}"
pid_file="$dir/registry.pid"

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start() {
  local port="${1:-5001}" users="${2:-}" pid
  local address="127.0.0.1:$port"
  if ! command -v docker-registry >/dev/null; then
    echo "registry: docker-registry is not installed; on Debian: apt-get install docker-registry" >&2
    exit 1
  fi
  if listens "$port"; then
    echo "registry: something listens at $address already; name another port" >&2
    exit 1
  fi
  dir="$(mkdir -p "$dir/images" && cd "$dir" && pwd)"
  {
    echo "version: 0.1"
    echo "storage: {filesystem: {rootdirectory: \"$dir/images\"}, delete: {enabled: true}}"
    echo "http: {addr: \"$address\"}"
    [ -z "$users" ] || echo "auth: {htpasswd: {realm: days-to-sell, path: \"$users\"}}"
  } >"$dir/registry.yml"
  # A session of its own: an interrupted shell must not take the registry from under what still has to be cleaned up.
  setsid docker-registry serve "$dir/registry.yml" >"$dir/registry.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$pid_file"
  for _ in $(seq 120); do
    if listens "$port"; then
      echo "registry: started at $address, log in $dir/registry.log" >&2
      echo "$address/days-to-sell"
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.25
  done
  echo "registry: docker-registry does not listen at $address" >&2
  tail -n 20 "$dir/registry.log" >&2
  exit 1
}

stop() {
  [ -f "$pid_file" ] || return 0
  local pid
  pid="$(cat "$pid_file")"
  rm -f "$pid_file"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 60); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.25
  done
  echo "registry: docker-registry ($pid) does not end" >&2
  exit 1
}

case "$action" in
  start) start "${3:-}" "${4:-}" ;;
  stop) stop ;;
  *)
    echo "registry: unknown action $action; it is start or stop" >&2
    exit 2
    ;;
esac
