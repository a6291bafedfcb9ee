#!/usr/bin/env bash
# Builds the image where no registry of images can be reached, and runs its roles: as root, on Debian
# with buildah and debootstrap. The base is made with debootstrap, and buildah needs no container
# runtime: each step, and each role, runs in a changed root.
#
#     deploy/try_image.sh
#
# With LOOPCTL_DATABASE_URL and LOOPCTL_DAGSTER_URL, which lead to empty databases by TCP, it migrates
# them and starts each role until its health check passes.
set -euo pipefail
cd "$(dirname "$0")/.."
base=localhost/loopctl-base:bookworm
image=localhost/loopctl-pipelines:try
files=$(ulimit -Hn)

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  folder=$(mktemp -d)
  debootstrap --variant=minbase --include=ca-certificates,python3-venv bookworm "$folder/base" >/dev/null
  empty=$(buildah from scratch)
  buildah copy --quiet "$empty" "$folder/base" / >/dev/null
  buildah commit --quiet --rm "$empty" "$base" >/dev/null
  rm -rf --one-file-system "$folder"
fi

# this machine's certificates and package index
mounts=(-v /etc/ssl/certs:/etc/ssl/certs:ro)
if [ -f /etc/pip.conf ]; then mounts+=(-v /etc/pip.conf:/etc/pip.conf:ro); fi
buildah bud --quiet --isolation chroot --format docker --layers --ulimit "nofile=$files:$files" \
  "${mounts[@]}" --build-arg "BASE=$base" --tag "$image" . >/dev/null

container=$(buildah from "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
in_image() { buildah run --isolation chroot "$@"; }

echo "== user, and what it may write"
in_image "$container" -- sh -c 'id -un; touch /data/written; ! touch /opt/written 2>/dev/null'
echo "== versions"
in_image "$container" -- loopctl-pipelines --version
in_image "$container" -- sh -c 'dagster --version; celery --version; python -c "import dagster_k8s"'
echo "== without a database, each role refuses"
for role in "loopctl-pipelines db upgrade" "loopctl-pipelines api" \
  "dagster api grpc -m loopctl_pipelines.definitions -p 4000"; do
  # shellcheck disable=SC2086 # words of a command
  if said=$(in_image "$container" -- $role 2>&1); then echo "$role has started"; exit 1; fi
  grep -q LOOPCTL_EMBEDDED_POSTGRES <<<"$said" && echo "$role: refused"
done

if [ -z "${LOOPCTL_DATABASE_URL:-}" ] || [ -z "${LOOPCTL_DAGSTER_URL:-}" ]; then
  echo "LOOPCTL_DATABASE_URL and LOOPCTL_DAGSTER_URL are not set: the roles are not started."
  exit
fi

environment=(--env "LOOPCTL_DATABASE_URL=$LOOPCTL_DATABASE_URL" --env "LOOPCTL_DAGSTER_URL=$LOOPCTL_DAGSTER_URL")
role() { in_image "${environment[@]}" "$container" -- "$@"; }
# all roles are on this machine
role sh -c 'sed s/code-location/localhost/ /etc/loopctl-pipelines/workspace.yaml > /data/workspace.yaml'

echo "== migration"
role sh -c 'loopctl-pipelines db upgrade && dagster instance migrate' 2>&1 | tail -3

# a group of processes for each role: buildah does not hand signals on
set -m
started=()
end() { kill -- "${started[@]/#/-}" 2>/dev/null || true; wait; buildah rm "$container" >/dev/null; }
trap end EXIT
answers() { # the health check of a role, until it passes
  local name=$1; shift
  for _ in $(seq 60); do
    if role "$@" >/dev/null 2>&1; then echo "$name: healthy"; return; fi
    sleep 1
  done
  echo "$name: not healthy"; exit 1
}
start() { role "$@" >/dev/null 2>&1 & started+=($!); }
get() { echo "from urllib.request import urlopen; urlopen('http://127.0.0.1:$1', timeout=5)"; }

echo "== roles, by their health checks"
start dagster api grpc -m loopctl_pipelines.definitions -h 0.0.0.0 -p 4000
answers "code location" dagster api grpc-health-check -p 4000
start python -m loopctl_pipelines.orchestration.ui.webserver -w /data/workspace.yaml --host 0.0.0.0
start dagster-daemon run -w /data/workspace.yaml
start loopctl-pipelines api --host 0.0.0.0
answers webserver python -c "$(get 3000/server_info)"
answers api python -c "$(get 8000/ready)"
answers daemon dagster-daemon liveness-check
