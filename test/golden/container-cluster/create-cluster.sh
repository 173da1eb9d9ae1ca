#!/bin/sh
# Makes one Cluster of the servers, once, when all of them run: three primaries, each with a replica.
# Written by: npx secure-cache generate-config
#
# It logs in as admin. The password goes through the environment of this one command, never onto a command line.
# [CFG-012] Scale with Redis Cluster, "Create a Redis Cluster"
set -eu
cd "$(dirname "$0")"
REDISCLI_AUTH="$(cat operator/admin_password)"
export REDISCLI_AUTH
exec docker compose exec -T -e REDISCLI_AUTH redis-1 redis-cli --no-auth-warning --user admin --tls --cacert /tls/ca.crt --cert /tls/health.crt --key /tls/health.key --cluster create 10.203.52.2:6379 10.203.52.3:6379 10.203.52.4:6379 10.203.52.5:6379 10.203.52.6:6379 10.203.52.7:6379 --cluster-replicas 1 --cluster-yes
