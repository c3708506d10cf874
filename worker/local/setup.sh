#!/bin/sh
# Installs what package-lock.json names, if that is not done yet. Runs before "npm start" and "npm test" on whatever Node
# the host has; those then find Node 24 in node_modules/.bin. Quick when there is nothing to do.
set -eu
cd "$(dirname "$0")/../.."

# npm writes its own copy of the lock file last: an interrupted install has none, a pulled lock file is newer than it.
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  echo 'installing packages, once; this takes about half a minute' >&2
  npm ci --prefer-offline --no-audit --no-fund --loglevel=error >&2
fi

# The lock file brings Node for Linux. Elsewhere the host's own must do.
node=node_modules/.bin/node
[ -x "$node" ] || node=node
major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 24 ]; then
  echo "iptally needs Node 24 or newer; $node is ${major:-missing}. Install Node 24 and start again." >&2
  exit 4
fi
