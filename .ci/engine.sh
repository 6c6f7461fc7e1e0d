#!/usr/bin/env bash
# Brings up a Docker engine where none answers, and ends the one it brought up.
#
#   .ci/engine.sh start DIR      starts dockerd with everything it writes in DIR; prints the DOCKER_HOST to use
#   .ci/engine.sh stop DIR       ends the engine started with DIR; does nothing when there is none
#
# An engine that answers already (at DOCKER_HOST or the default socket) is used, and never stopped. Starting one needs
# root and dockerd; on Debian: apt-get install docker.io
set -euo pipefail

action="${1:?start or stop}"
dir="${2:?a directory for what the engine writes}"
pid_file="$dir/dockerd.pid"

answers() { docker --host "$1" version >/dev/null 2>&1; }

start() {
  local present="${DOCKER_HOST:-unix:///var/run/docker.sock}"
  local own="unix://$dir/docker.sock"
  local each
  for each in "$present" "$own"; do
    if answers "$each"; then
      echo "engine: one answers at $each" >&2
      echo "$each"
      return
    fi
  done
  mkdir -p "$dir"
  # A session of its own: an interrupted shell must not take the engine from under what still has to be cleaned up.
  setsid dockerd --host "$own" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$pid_file" \
    --storage-driver overlay2 >"$dir/dockerd.log" 2>&1 </dev/null &
  for _ in $(seq 120); do
    if answers "$own"; then
      echo "engine: started, log in $dir/dockerd.log" >&2
      echo "$own"
      return
    fi
    sleep 0.5
  done
  echo "engine: dockerd does not answer after a minute" >&2
  tail -n 20 "$dir/dockerd.log" >&2
  exit 1
}

stop() {
  [ -f "$pid_file" ] || return 0
  local pid
  pid="$(cat "$pid_file")"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 60); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.5
  done
  echo "engine: dockerd ($pid) does not end" >&2
  exit 1
}

case "$action" in
  start | stop) "$action" ;;
  *)
    echo "engine: unknown action $action; it is start or stop" >&2
    exit 2
    ;;
esac
