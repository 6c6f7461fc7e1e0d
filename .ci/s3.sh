#!/usr/bin/env bash
# A real S3 server over a folder: versitygw (Apache-2.0), built from source with Go.
#
#   .ci/s3.sh build DIR             builds it into DIR unless it is there; prints the path to export as VERSITYGW
#   .ci/s3.sh serve FOLDER [PORT]   serves FOLDER on 127.0.0.1 (7070) until it is interrupted; each sub-folder is a
#                                   bucket. Needs VERSITYGW, or versitygw on PATH. Credentials are AWS_ACCESS_KEY_ID
#                                   and AWS_SECRET_ACCESS_KEY, the same that a client takes.
#
# The tests start and end the server themselves; they only need VERSITYGW.
set -euo pipefail

version=v1.8.0

build() {
  local dir
  dir="$(mkdir -p "$1" && cd "$1" && pwd)"
  if [ ! -x "$dir/versitygw" ]; then
    if ! command -v go >/dev/null; then
      echo "s3: Go is needed to build versitygw" >&2
      exit 1
    fi
    echo "s3: building versitygw $version (two to four minutes)" >&2
    # Go makes its module cache read-only otherwise, and a temporary home could not be removed.
    if ! GOBIN="$dir" GOFLAGS=-modcacherw \
      go install "github.com/versity/versitygw/cmd/versitygw@$version" >"$dir/build.log" 2>&1; then
      tail -n 20 "$dir/build.log" >&2
      exit 1
    fi
  fi
  echo "$dir/versitygw"
}

serve() {
  : "${AWS_ACCESS_KEY_ID:?set it to any name}" "${AWS_SECRET_ACCESS_KEY:?set it to any word}"
  ROOT_ACCESS_KEY="$AWS_ACCESS_KEY_ID" ROOT_SECRET_KEY="$AWS_SECRET_ACCESS_KEY" \
    exec "${VERSITYGW:-versitygw}" --quiet --port "127.0.0.1:${2:-7070}" posix "$1"
}

action="${1:?build or serve}"
case "$action" in
  build) build "${2:?a directory to build into}" ;;
  serve) serve "${2:?a folder to serve}" "${3:-}" ;;
  *)
    echo "s3: unknown action $action; it is build or serve" >&2
    exit 2
    ;;
esac
