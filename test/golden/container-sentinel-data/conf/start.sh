#!/bin/sh
# Starts one server: sh start.sh CONFIGURATION FOLDER
# Written by: npx secure-cache generate-config
#
# When the Sentinels give a server another role, it writes that into its own configuration (CONFIG REWRITE), so
# that a restart changes nothing. What it writes is a copy in its own folder: here it is made anew from the
# generated file at each start, and keeps one thing, whom the server follows.
# Redis Sentinel, "Sentinel and replicas auto discovery"
set -eu
# The copy holds the password of the replicas. [AUT-009]
umask 077
state="$2/state.conf"
if [ -e "$state" ]; then
  { grep -v '^replicaof ' "$1"; grep '^replicaof ' "$state" || true; } > "$state.new"
else
  cat "$1" > "$state.new"
fi
mv "$state.new" "$state"
exec valkey-server "$state"
