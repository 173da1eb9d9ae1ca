/* oxlint-disable max-lines -- a table, one command a line */
/**
 * What redis-server 7.0.15 says it knows. Written by scripts/server-tables.mjs; do not edit.
 */

/** The version that was asked. */
export const TABLES_VERSION = '7.0.15'

/** COMMAND and COMMAND DOCS: name, the version that brought it, ACL categories. One command a line. */
export const COMMAND_TABLE = `
acl 6.0.0 slow
acl|cat 6.0.0 slow
acl|deluser 6.0.0 admin slow dangerous
acl|dryrun 7.0.0 admin slow dangerous
acl|genpass 6.0.0 slow
acl|getuser 6.0.0 admin slow dangerous
acl|help 6.0.0 slow
acl|list 6.0.0 admin slow dangerous
acl|load 6.0.0 admin slow dangerous
acl|log 6.0.0 admin slow dangerous
acl|save 6.0.0 admin slow dangerous
acl|setuser 6.0.0 admin slow dangerous
acl|users 6.0.0 admin slow dangerous
acl|whoami 6.0.0 slow
append 2.0.0 write string fast
asking 3.0.0 fast connection
auth 1.0.0 fast connection
bgrewriteaof 1.0.0 admin slow dangerous
bgsave 1.0.0 admin slow dangerous
bitcount 2.6.0 read bitmap slow
bitfield 3.2.0 write bitmap slow
bitfield_ro 6.0.0 read bitmap fast
bitop 2.6.0 write bitmap slow
bitpos 2.8.7 read bitmap slow
blmove 6.2.0 write list slow blocking
blmpop 7.0.0 write list slow blocking
blpop 2.0.0 write list slow blocking
brpop 2.0.0 write list slow blocking
brpoplpush 2.2.0 write list slow blocking
bzmpop 7.0.0 write sortedset slow blocking
bzpopmax 5.0.0 write sortedset fast blocking
bzpopmin 5.0.0 write sortedset fast blocking
client 2.4.0 slow
client|caching 6.0.0 slow connection
client|getname 2.6.9 slow connection
client|getredir 6.0.0 slow connection
client|help 5.0.0 slow connection
client|id 5.0.0 slow connection
client|info 6.2.0 slow connection
client|kill 2.4.0 admin slow dangerous connection
client|list 2.4.0 admin slow dangerous connection
client|no-evict 7.0.0 admin slow dangerous connection
client|pause 2.9.50 admin slow dangerous connection
client|reply 3.2.0 slow connection
client|setname 2.6.9 slow connection
client|tracking 6.0.0 slow connection
client|trackinginfo 6.2.0 slow connection
client|unblock 5.0.0 admin slow dangerous connection
client|unpause 6.2.0 admin slow dangerous connection
cluster 3.0.0 slow
cluster|addslots 3.0.0 admin slow dangerous
cluster|addslotsrange 7.0.0 admin slow dangerous
cluster|bumpepoch 3.0.0 admin slow dangerous
cluster|count-failure-reports 3.0.0 admin slow dangerous
cluster|countkeysinslot 3.0.0 slow
cluster|delslots 3.0.0 admin slow dangerous
cluster|delslotsrange 7.0.0 admin slow dangerous
cluster|failover 3.0.0 admin slow dangerous
cluster|flushslots 3.0.0 admin slow dangerous
cluster|forget 3.0.0 admin slow dangerous
cluster|getkeysinslot 3.0.0 slow
cluster|help 5.0.0 slow
cluster|info 3.0.0 slow
cluster|keyslot 3.0.0 slow
cluster|links 7.0.0 slow
cluster|meet 3.0.0 admin slow dangerous
cluster|myid 3.0.0 slow
cluster|nodes 3.0.0 slow
cluster|replicas 5.0.0 admin slow dangerous
cluster|replicate 3.0.0 admin slow dangerous
cluster|reset 3.0.0 admin slow dangerous
cluster|saveconfig 3.0.0 admin slow dangerous
cluster|set-config-epoch 3.0.0 admin slow dangerous
cluster|setslot 3.0.0 admin slow dangerous
cluster|shards 7.0.0 slow
cluster|slaves 3.0.0 admin slow dangerous
cluster|slots 3.0.0 slow
command 2.8.13 slow connection
command|count 2.8.13 slow connection
command|docs 7.0.0 slow connection
command|getkeys 2.8.13 slow connection
command|getkeysandflags 7.0.0 slow connection
command|help 5.0.0 slow connection
command|info 2.8.13 slow connection
command|list 7.0.0 slow connection
config 2.0.0 slow
config|get 2.0.0 admin slow dangerous
config|help 5.0.0 slow
config|resetstat 2.0.0 admin slow dangerous
config|rewrite 2.8.0 admin slow dangerous
config|set 2.0.0 admin slow dangerous
copy 6.2.0 keyspace write slow
dbsize 1.0.0 keyspace read fast
debug 1.0.0 admin slow dangerous
decr 1.0.0 write string fast
decrby 1.0.0 write string fast
del 1.0.0 keyspace write slow
discard 2.0.0 fast transaction
dump 2.6.0 keyspace read slow
echo 1.0.0 fast connection
eval 2.6.0 slow scripting
eval_ro 7.0.0 slow scripting
evalsha 2.6.0 slow scripting
evalsha_ro 7.0.0 slow scripting
exec 1.2.0 slow transaction
exists 1.0.0 keyspace read fast
expire 1.0.0 keyspace write fast
expireat 1.2.0 keyspace write fast
expiretime 7.0.0 keyspace read fast
failover 6.2.0 admin slow dangerous
fcall 7.0.0 slow scripting
fcall_ro 7.0.0 slow scripting
flushall 1.0.0 keyspace write slow dangerous
flushdb 1.0.0 keyspace write slow dangerous
function 7.0.0 slow
function|delete 7.0.0 write slow scripting
function|dump 7.0.0 slow scripting
function|flush 7.0.0 write slow scripting
function|help 7.0.0 slow scripting
function|kill 7.0.0 slow scripting
function|list 7.0.0 slow scripting
function|load 7.0.0 write slow scripting
function|restore 7.0.0 write slow scripting
function|stats 7.0.0 slow scripting
geoadd 3.2.0 write geo slow
geodist 3.2.0 read geo slow
geohash 3.2.0 read geo slow
geopos 3.2.0 read geo slow
georadius 3.2.0 write geo slow
georadius_ro 3.2.10 read geo slow
georadiusbymember 3.2.0 write geo slow
georadiusbymember_ro 3.2.10 read geo slow
geosearch 6.2.0 read geo slow
geosearchstore 6.2.0 write geo slow
get 1.0.0 read string fast
getbit 2.2.0 read bitmap fast
getdel 6.2.0 write string fast
getex 6.2.0 write string fast
getrange 2.4.0 read string slow
getset 1.0.0 write string fast
hdel 2.0.0 write hash fast
hello 6.0.0 fast connection
hexists 2.0.0 read hash fast
hget 2.0.0 read hash fast
hgetall 2.0.0 read hash slow
hincrby 2.0.0 write hash fast
hincrbyfloat 2.6.0 write hash fast
hkeys 2.0.0 read hash slow
hlen 2.0.0 read hash fast
hmget 2.0.0 read hash fast
hmset 2.0.0 write hash fast
hrandfield 6.2.0 read hash slow
hscan 2.8.0 read hash slow
hset 2.0.0 write hash fast
hsetnx 2.0.0 write hash fast
hstrlen 3.2.0 read hash fast
hvals 2.0.0 read hash slow
incr 1.0.0 write string fast
incrby 1.0.0 write string fast
incrbyfloat 2.6.0 write string fast
info 1.0.0 slow dangerous
keys 1.0.0 keyspace read slow dangerous
lastsave 1.0.0 admin fast dangerous
latency 2.8.13 slow
latency|doctor 2.8.13 admin slow dangerous
latency|graph 2.8.13 admin slow dangerous
latency|help 2.8.13 slow
latency|histogram 7.0.0 admin slow dangerous
latency|history 2.8.13 admin slow dangerous
latency|latest 2.8.13 admin slow dangerous
latency|reset 2.8.13 admin slow dangerous
lcs 7.0.0 read string slow
lindex 1.0.0 read list slow
linsert 2.2.0 write list slow
llen 1.0.0 read list fast
lmove 6.2.0 write list slow
lmpop 7.0.0 write list slow
lolwut 5.0.0 read fast
lpop 1.0.0 write list fast
lpos 6.0.6 read list slow
lpush 1.0.0 write list fast
lpushx 2.2.0 write list fast
lrange 1.0.0 read list slow
lrem 1.0.0 write list slow
lset 1.0.0 write list slow
ltrim 1.0.0 write list slow
memory 4.0.0 slow
memory|doctor 4.0.0 slow
memory|help 4.0.0 slow
memory|malloc-stats 4.0.0 slow
memory|purge 4.0.0 slow
memory|stats 4.0.0 slow
memory|usage 4.0.0 read slow
mget 1.0.0 read string fast
migrate 2.6.0 keyspace write slow dangerous
module 4.0.0 slow
module|help 5.0.0 slow
module|list 4.0.0 admin slow dangerous
module|load 4.0.0 admin slow dangerous
module|loadex 7.0.0 admin slow dangerous
module|unload 4.0.0 admin slow dangerous
monitor 1.0.0 admin slow dangerous
move 1.0.0 keyspace write fast
mset 1.0.1 write string slow
msetnx 1.0.1 write string slow
multi 1.2.0 fast transaction
object 2.2.3 slow
object|encoding 2.2.3 keyspace read slow
object|freq 4.0.0 keyspace read slow
object|help 6.2.0 keyspace slow
object|idletime 2.2.3 keyspace read slow
object|refcount 2.2.3 keyspace read slow
persist 2.2.0 keyspace write fast
pexpire 2.6.0 keyspace write fast
pexpireat 2.6.0 keyspace write fast
pexpiretime 7.0.0 keyspace read fast
pfadd 2.8.9 write hyperloglog fast
pfcount 2.8.9 read hyperloglog slow
pfdebug 2.8.9 write hyperloglog admin slow dangerous
pfmerge 2.8.9 write hyperloglog slow
pfselftest 2.8.9 hyperloglog admin slow dangerous
ping 1.0.0 fast connection
psetex 2.6.0 write string slow
psubscribe 2.0.0 pubsub slow
psync 2.8.0 admin slow dangerous
pttl 2.6.0 keyspace read fast
publish 2.0.0 pubsub fast
pubsub 2.8.0 slow
pubsub|channels 2.8.0 pubsub slow
pubsub|help 6.2.0 slow
pubsub|numpat 2.8.0 pubsub slow
pubsub|numsub 2.8.0 pubsub slow
pubsub|shardchannels 7.0.0 pubsub slow
pubsub|shardnumsub 7.0.0 pubsub slow
punsubscribe 2.0.0 pubsub slow
quit 1.0.0 fast connection
randomkey 1.0.0 keyspace read slow
readonly 3.0.0 fast connection
readwrite 3.0.0 fast connection
rename 1.0.0 keyspace write slow
renamenx 1.0.0 keyspace write fast
replconf 3.0.0 admin slow dangerous
replicaof 5.0.0 admin slow dangerous
reset 6.2.0 fast connection
restore 2.6.0 keyspace write slow dangerous
restore-asking 3.0.0 keyspace write slow dangerous
role 2.8.12 admin fast dangerous
rpop 1.0.0 write list fast
rpoplpush 1.2.0 write list slow
rpush 1.0.0 write list fast
rpushx 2.2.0 write list fast
sadd 1.0.0 write set fast
save 1.0.0 admin slow dangerous
scan 2.8.0 keyspace read slow
scard 1.0.0 read set fast
script 2.6.0 slow
script|debug 3.2.0 slow scripting
script|exists 2.6.0 slow scripting
script|flush 2.6.0 slow scripting
script|help 5.0.0 slow scripting
script|kill 2.6.0 slow scripting
script|load 2.6.0 slow scripting
sdiff 1.0.0 read set slow
sdiffstore 1.0.0 write set slow
select 1.0.0 fast connection
set 1.0.0 write string slow
setbit 2.2.0 write bitmap slow
setex 2.0.0 write string slow
setnx 1.0.0 write string fast
setrange 2.2.0 write string slow
shutdown 1.0.0 admin slow dangerous
sinter 1.0.0 read set slow
sintercard 7.0.0 read set slow
sinterstore 1.0.0 write set slow
sismember 1.0.0 read set fast
slaveof 1.0.0 admin slow dangerous
slowlog 2.2.12 slow
slowlog|get 2.2.12 admin slow dangerous
slowlog|help 6.2.0 slow
slowlog|len 2.2.12 admin slow dangerous
slowlog|reset 2.2.12 admin slow dangerous
smembers 1.0.0 read set slow
smismember 6.2.0 read set fast
smove 1.0.0 write set fast
sort 1.0.0 write set sortedset list slow dangerous
sort_ro 7.0.0 read set sortedset list slow dangerous
spop 1.0.0 write set fast
spublish 7.0.0 pubsub fast
srandmember 1.0.0 read set slow
srem 1.0.0 write set fast
sscan 2.8.0 read set slow
ssubscribe 7.0.0 pubsub slow
strlen 2.2.0 read string fast
subscribe 2.0.0 pubsub slow
substr 1.0.0 read string slow
sunion 1.0.0 read set slow
sunionstore 1.0.0 write set slow
sunsubscribe 7.0.0 pubsub slow
swapdb 4.0.0 keyspace write fast dangerous
sync 1.0.0 admin slow dangerous
time 2.6.0 fast
touch 3.2.1 keyspace read fast
ttl 1.0.0 keyspace read fast
type 1.0.0 keyspace read fast
unlink 4.0.0 keyspace write fast
unsubscribe 2.0.0 pubsub slow
unwatch 2.2.0 fast transaction
wait 3.0.0 slow connection
watch 2.2.0 fast transaction
xack 5.0.0 write stream fast
xadd 5.0.0 write stream fast
xautoclaim 6.2.0 write stream fast
xclaim 5.0.0 write stream fast
xdel 5.0.0 write stream fast
xgroup 5.0.0 slow
xgroup|create 5.0.0 write stream slow
xgroup|createconsumer 6.2.0 write stream slow
xgroup|delconsumer 5.0.0 write stream slow
xgroup|destroy 5.0.0 write stream slow
xgroup|help 5.0.0 stream slow
xgroup|setid 5.0.0 write stream slow
xinfo 5.0.0 slow
xinfo|consumers 5.0.0 read stream slow
xinfo|groups 5.0.0 read stream slow
xinfo|help 5.0.0 stream slow
xinfo|stream 5.0.0 read stream slow
xlen 5.0.0 read stream fast
xpending 5.0.0 read stream slow
xrange 5.0.0 read stream slow
xread 5.0.0 read stream slow blocking
xreadgroup 5.0.0 write stream slow blocking
xrevrange 5.0.0 read stream slow
xsetid 5.0.0 write stream fast
xtrim 5.0.0 write stream slow
zadd 1.2.0 write sortedset fast
zcard 1.2.0 read sortedset fast
zcount 2.0.0 read sortedset fast
zdiff 6.2.0 read sortedset slow
zdiffstore 6.2.0 write sortedset slow
zincrby 1.2.0 write sortedset fast
zinter 6.2.0 read sortedset slow
zintercard 7.0.0 read sortedset slow
zinterstore 2.0.0 write sortedset slow
zlexcount 2.8.9 read sortedset fast
zmpop 7.0.0 write sortedset slow
zmscore 6.2.0 read sortedset fast
zpopmax 5.0.0 write sortedset fast
zpopmin 5.0.0 write sortedset fast
zrandmember 6.2.0 read sortedset slow
zrange 1.2.0 read sortedset slow
zrangebylex 2.8.9 read sortedset slow
zrangebyscore 1.0.5 read sortedset slow
zrangestore 6.2.0 write sortedset slow
zrank 2.0.0 read sortedset fast
zrem 1.2.0 write sortedset fast
zremrangebylex 2.8.9 write sortedset slow
zremrangebyrank 2.0.0 write sortedset slow
zremrangebyscore 1.2.0 write sortedset slow
zrevrange 1.2.0 read sortedset slow
zrevrangebylex 2.8.9 read sortedset slow
zrevrangebyscore 2.2.0 read sortedset slow
zrevrank 2.0.0 read sortedset fast
zscan 2.8.0 read sortedset slow
zscore 1.2.0 read sortedset fast
zunion 6.2.0 read sortedset slow
zunionstore 2.0.0 write sortedset slow
`

/** What only Sentinel adds. */
export const SENTINEL_COMMAND_TABLE = `
sentinel 2.8.4 admin slow dangerous
sentinel|ckquorum 2.8.4 admin slow dangerous
sentinel|config 6.2.0 admin slow dangerous
sentinel|debug 7.0.0 admin slow dangerous
sentinel|failover 2.8.4 admin slow dangerous
sentinel|flushconfig 2.8.4 admin slow dangerous
sentinel|get-master-addr-by-name 2.8.4 admin slow dangerous
sentinel|help 6.2.0 slow
sentinel|info-cache 3.2.0 admin slow dangerous
sentinel|is-master-down-by-addr 2.8.4 admin slow dangerous
sentinel|master 2.8.4 admin slow dangerous
sentinel|masters 2.8.4 admin slow dangerous
sentinel|monitor 2.8.4 admin slow dangerous
sentinel|myid 6.2.0 admin slow dangerous
sentinel|pending-scripts 2.8.4 admin slow dangerous
sentinel|remove 2.8.4 admin slow dangerous
sentinel|replicas 5.0.0 admin slow dangerous
sentinel|reset 2.8.4 admin slow dangerous
sentinel|sentinels 2.8.4 admin slow dangerous
sentinel|set 2.8.4 admin slow dangerous
sentinel|simulate-failure 3.2.0 admin slow dangerous
sentinel|slaves 2.8.0 admin slow dangerous
`

/** CONFIG GET *: directives, one a line. */
export const DIRECTIVE_TABLE = `
acl-pubsub-default
aclfile
acllog-max-len
active-defrag-cycle-max
active-defrag-cycle-min
active-defrag-ignore-bytes
active-defrag-max-scan-fields
active-defrag-threshold-lower
active-defrag-threshold-upper
active-expire-effort
activedefrag
activerehashing
always-show-logo
aof-disable-auto-gc
aof-load-truncated
aof-rewrite-incremental-fsync
aof-timestamp-enabled
aof-use-rdb-preamble
aof_rewrite_cpulist
appenddirname
appendfilename
appendfsync
appendonly
auto-aof-rewrite-min-size
auto-aof-rewrite-percentage
bgsave_cpulist
bind
bind-source-addr
bio_cpulist
busy-reply-threshold
client-output-buffer-limit
client-query-buffer-limit
cluster-allow-pubsubshard-when-down
cluster-allow-reads-when-down
cluster-allow-replica-migration
cluster-announce-bus-port
cluster-announce-hostname
cluster-announce-ip
cluster-announce-port
cluster-announce-tls-port
cluster-config-file
cluster-enabled
cluster-link-sendbuf-limit
cluster-migration-barrier
cluster-node-timeout
cluster-port
cluster-preferred-endpoint-type
cluster-replica-no-failover
cluster-replica-validity-factor
cluster-require-full-coverage
cluster-slave-no-failover
cluster-slave-validity-factor
crash-log-enabled
crash-memcheck-enabled
daemonize
databases
dbfilename
dir
disable-thp
dynamic-hz
enable-debug-command
enable-module-command
enable-protected-configs
hash-max-listpack-entries
hash-max-listpack-value
hash-max-ziplist-entries
hash-max-ziplist-value
hll-sparse-max-bytes
hz
ignore-warnings
io-threads
io-threads-do-reads
jemalloc-bg-thread
latency-monitor-threshold
latency-tracking
latency-tracking-info-percentiles
lazyfree-lazy-eviction
lazyfree-lazy-expire
lazyfree-lazy-server-del
lazyfree-lazy-user-del
lazyfree-lazy-user-flush
lfu-decay-time
lfu-log-factor
list-compress-depth
list-max-listpack-size
list-max-ziplist-size
logfile
loglevel
lua-time-limit
masterauth
masteruser
maxclients
maxmemory
maxmemory-clients
maxmemory-eviction-tenacity
maxmemory-policy
maxmemory-samples
min-replicas-max-lag
min-replicas-to-write
min-slaves-max-lag
min-slaves-to-write
no-appendfsync-on-rewrite
notify-keyspace-events
oom-score-adj
oom-score-adj-values
pidfile
port
proc-title-template
propagation-error-behavior
protected-mode
proto-max-bulk-len
rdb-del-sync-files
rdb-save-incremental-fsync
rdbchecksum
rdbcompression
repl-backlog-size
repl-backlog-ttl
repl-disable-tcp-nodelay
repl-diskless-load
repl-diskless-sync
repl-diskless-sync-delay
repl-diskless-sync-max-replicas
repl-ping-replica-period
repl-ping-slave-period
repl-timeout
replica-announce-ip
replica-announce-port
replica-announced
replica-ignore-disk-write-errors
replica-ignore-maxmemory
replica-lazy-flush
replica-priority
replica-read-only
replica-serve-stale-data
replicaof
requirepass
sanitize-dump-payload
save
server_cpulist
set-max-intset-entries
set-proc-title
shutdown-on-sigint
shutdown-on-sigterm
shutdown-timeout
slave-announce-ip
slave-announce-port
slave-ignore-maxmemory
slave-lazy-flush
slave-priority
slave-read-only
slave-serve-stale-data
slaveof
slowlog-log-slower-than
slowlog-max-len
socket-mark-id
stop-writes-on-bgsave-error
stream-node-max-bytes
stream-node-max-entries
supervised
syslog-enabled
syslog-facility
syslog-ident
tcp-backlog
tcp-keepalive
timeout
tls-auth-clients
tls-ca-cert-dir
tls-ca-cert-file
tls-cert-file
tls-ciphers
tls-ciphersuites
tls-client-cert-file
tls-client-key-file
tls-client-key-file-pass
tls-cluster
tls-dh-params-file
tls-key-file
tls-key-file-pass
tls-port
tls-prefer-server-ciphers
tls-protocols
tls-replication
tls-session-cache-size
tls-session-cache-timeout
tls-session-caching
tracking-table-max-keys
unixsocket
unixsocketperm
zset-max-listpack-entries
zset-max-listpack-value
zset-max-ziplist-entries
zset-max-ziplist-value
`
