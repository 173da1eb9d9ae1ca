#!/bin/sh
# Starts one Sentinel: sh start.sh CONFIGURATION FOLDER
# Written by: npx secure-cache generate-config
#
# A Sentinel keeps what it knows in its own configuration: which server is the primary, who else watches it. That
# is a copy in its own folder: here it is made anew from the generated file at each start, and keeps what the
# Sentinel has learnt.
# Redis Sentinel, "A quick tutorial"
set -eu
# The copy holds passwords. [AUT-009]
umask 077
state="$2/state.conf"
watched=cache-primary
learnt='^sentinel (myid|config-epoch|leader-epoch|current-epoch|known-replica|known-slave|known-sentinel) '
if [ -e "$state" ] && grep -qF "sentinel monitor $watched " "$state"; then
  # Which primary it is comes first, because what is said of it follows.
  {
    grep '^sentinel monitor ' "$state"
    grep -v '^sentinel monitor ' "$1"
    grep -E "$learnt" "$state" || true
  } > "$state.new"
else
  cat "$1" > "$state.new"
fi
mv "$state.new" "$state"
exec redis-server "$state" --sentinel
