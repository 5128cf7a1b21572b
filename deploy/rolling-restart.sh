#!/bin/sh
# Restarts the processes one after the other, each when the one before serves again: rolling-restart.sh 3001 3002 3003
# Ends at the first that does not come back; the others go on with what they have.
set -eu
[ "$#" -gt 0 ] || { echo "usage: $0 PORT..." >&2; exit 2; }
for port in "$@"; do
  echo "callcard@$port"
  systemctl restart "callcard@$port"
  seconds=0
  until curl -fsS -o /dev/null --max-time 3 "http://127.0.0.1:$port/readyz"; do
    seconds=$((seconds + 1))
    if [ "$seconds" -ge "${READY_WITHIN_SECONDS:-120}" ]; then
      echo "callcard@$port is not ready; see journalctl -u callcard@$port" >&2
      exit 1
    fi
    sleep 1
  done
done
