#!/bin/sh
# Installs what package-lock.json names, if that is not done yet: "setup.sh run" what iptally needs to run, "setup.sh all"
# the tools of its tests too, which are more than half of the packages. Called before "npm start" and "npm test" on whatever
# Node the host has; those then find Node 24 in node_modules/.bin. Quick when there is nothing to do.
set -eu
cd "$(dirname "$0")/../.."

# npm writes its own copy of the lock file last: an interrupted install has none, a pulled lock file is newer than it.
runs=node_modules/.package-lock.json
all=node_modules/.iptally-all
quiet='--prefer-offline --no-audit --no-fund --loglevel=error'

newer() {
  [ "$1" -nt package-lock.json ]
}

if [ "${1:-all}" = run ]; then
  if ! newer $runs; then
    echo 'installing packages, once; this takes less than half a minute' >&2
    npm ci --omit=dev $quiet >&2
  fi
elif ! newer $all; then
  echo 'installing packages, once; this takes about half a minute' >&2
  if newer $runs; then npm install --include=dev --no-save $quiet >&2; else npm ci $quiet >&2; fi
  touch $all
fi

# The lock file brings Node for Linux. Elsewhere the host's own must do.
node=node_modules/.bin/node
[ -x "$node" ] || node=node
major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 24 ]; then
  echo "iptally needs Node 24 or newer; $node is ${major:-missing}. Install Node 24 and start again." >&2
  exit 4
fi
