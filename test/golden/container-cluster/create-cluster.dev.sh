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
exec docker compose -f docker-compose.dev.yml exec -T -e REDISCLI_AUTH redis-1 redis-cli --no-auth-warning --user admin --tls --cacert /tls/ca.crt --cert /tls/health.crt --key /tls/health.key --cluster create 127.0.0.1:6379 127.0.0.1:6380 127.0.0.1:6381 127.0.0.1:6382 127.0.0.1:6383 127.0.0.1:6384 --cluster-replicas 1 --cluster-yes
