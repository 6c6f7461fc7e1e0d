#!/usr/bin/env bash
# Makes an image without pulling one: Debian with some packages, by debootstrap. Without arguments it is the base of
# the scoring container, with Python 3.11.
#
#   .ci/base-image.sh [NAME [PACKAGES]]     NAME defaults to days-to-sell-base:bookworm; prints NAME
#   .ci/base-image.sh days-to-sell-proxy:bookworm haproxy
#
# For machines that reach a Debian mirror but no image registry; elsewhere the Dockerfile's default base is better.
# An image of that name already in the engine is kept. Needs root, a Docker engine, debootstrap, and the mirror: taken
# from the machine's own apt sources, or from MIRROR where these are not Debian's.
set -euo pipefail

name="${1:-days-to-sell-base:bookworm}"
packages="${2:-python3,python3-venv,ca-certificates}"
suite=bookworm

if docker image inspect "$name" >/dev/null 2>&1; then
  echo "base image: $name is in the engine already" >&2
  echo "$name"
  exit 0
fi

apt_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
    | awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }'
}

mirror="${MIRROR:-$(apt_mirror)}"
if [ -z "$mirror" ]; then
  echo "base image: no Debian $suite mirror among this machine's apt sources; set MIRROR to one" >&2
  exit 1
fi

root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
echo "base image: debootstrap $suite (about a minute)" >&2
if ! debootstrap --variant=minbase --include="$packages" \
  "$suite" "$root/system" "$mirror" >"$root/debootstrap.log" 2>&1; then
  tail -n 20 "$root/debootstrap.log" >&2
  exit 1
fi
rm -rf "$root/system/var/cache/apt/archives" "$root/system/var/lib/apt/lists"
mkdir -p "$root/system/var/cache/apt/archives/partial" "$root/system/var/lib/apt/lists/partial"
tar -C "$root/system" -c . | docker import - "$name" >/dev/null
echo "$name"
