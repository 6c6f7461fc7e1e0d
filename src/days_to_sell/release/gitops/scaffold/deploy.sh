#!/bin/sh
# Deploys what the files of models/ say. See --help.
set -eu

usage() {
  cat <<'END'
Usage: ./deploy.sh [FILE...]

Make what serves equal to what each FILE says; to what all of models/ say, where none is named.

For each file it calls `days-to-sell deployment apply`, which fetches the package by its digest, takes the image
by its digest or builds it, replays the golden data, deploys to pre-production, replays, deploys to production,
replays. A version that fails leaves what serves as it is. Where the right version serves already, nothing is done,
so that it is safe to run at any time; a run that was missed is made up for by the next.

The first file that fails ends it, with the exit code of that call: 1 the version was refused, 2 the call is
wrong, 3 another deployment of the model is under way, 4 something did not answer.

A model's own options, such as `--port 8090 --preprod-port 8091`, stand in models/<model>.options. What counts for
all stands in the environment:

  DEPLOY_OPTIONS                  options of every call, such as `--target docker`
  DAYS_TO_SELL_PACKAGES           s3://bucket/prefix, from where alone packages are taken
  DAYS_TO_SELL_IMAGE_REGISTRY     from where alone images are taken, and where those that are built here go
  DAYS_TO_SELL_EVENT_LOG          database of the event log; a file in build/release where not set
END
}

case "${1:-}" in
  -h | --help) usage; exit 0 ;;
  -*) usage >&2; exit 2 ;;
esac

here="$(cd "$(dirname "$0")" && pwd)"
if [ "$#" -eq 0 ]; then
  set -- "$here"/models/*.json
  # Without any file, the pattern is left as it is.
  [ -e "$1" ] || { echo "deploy.sh: models/ says nothing yet"; exit 0; }
fi

for file in "$@"; do
  options=""
  [ ! -f "${file%.json}.options" ] || options="$(cat "${file%.json}.options")"
  echo "== $file"
  # Options are words: they are split on purpose.
  # shellcheck disable=SC2086
  days-to-sell deployment apply "$file" ${DEPLOY_OPTIONS:-} $options
done
