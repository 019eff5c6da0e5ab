#!/usr/bin/env bash
# Restore drill: src/test/drills/restore.sh target/darkroom.jar. Prints its transcript; docs/drills.md has one.
# Backs up Darkroom and its PostgreSQL under load, deletes both, restores them elsewhere, and checks the responses to clients. Then restores the
# database to a point in time, and from a dump. Needs Java, the programs of PostgreSQL 14 or newer, curl and jq. Ends with 1 at the first
# difference.
source "$(dirname "$0")/common.sh"
require java curl jq psql initdb pg_basebackup pg_dump pg_verifybackup

get() { curl -s -H "Authorization: Bearer $key" "$api$1"; }
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
post() { # idempotency key
    curl -s -H "Authorization: Bearer $key" -H "Idempotency-Key: $1" -H 'Content-Type: application/json' \
        -d '{"prompt":"A lighthouse before a storm","width":256,"height":256}' "$api/api/generation"
}
load() { # posts four requests per second until the service is gone
    for ((i = 1; ; i++)); do
        id=$(post "key-$i" | jq -r '.id // empty') || true
        if [ -n "$id" ]; then echo "key-$i $id" >> accepted; fi
        sleep 0.25
    done
}
complete() { sql "SELECT count(*) FROM generations WHERE status = 'COMPLETE'"; }
has_completed() { [ "$(complete)" -ge "$1" ]; }
await_complete() { await "progress" has_completed "$1"; }
queue_is_empty() { [ "$(sql 'SELECT count(*) FROM generation_queue')" = 0 ]; }
await_all() { await "the end of all generations" queue_is_empty; }

say "PostgreSQL $(postgres --version | grep -o '[0-9.]*' | head -1) with a WAL archive, and an AI server that takes 2 s"
owned wal
init_postgres primary
cat >> primary/postgresql.conf << CONF
wal_level = replica
archive_mode = on
archive_command = 'test ! -f $work/wal/%f && cp %p $work/wal/%f'
autovacuum_naptime = 10s
CONF
port=$(free_port)
start_postgres primary "$port"
admin_sql postgres "CREATE ROLE darkroom LOGIN PASSWORD 'secret'"
admin_sql postgres 'CREATE DATABASE darkroom OWNER darkroom'
export DARKROOM_SIMULATOR_PORT DARKROOM_SIMULATOR_LATENCY=2s
DARKROOM_SIMULATOR_PORT=$(free_port)
start_simulator

say "Darkroom, with API keys"
api=http://127.0.0.1:$(free_port)
export DARKROOM_AUTH=required DARKROOM_HTTP_PORT=${api##*:} DARKROOM_MANAGEMENT_PORT=0
export DARKROOM_BACKEND_URL="http://127.0.0.1:$DARKROOM_SIMULATOR_PORT/v1" DARKROOM_DATABASE_URL="postgresql://darkroom:secret@127.0.0.1:$port/darkroom"
export DARKROOM_IMAGE_DIR="$work/images" DARKROOM_WORKER_CONCURRENCY=16 DARKROOM_LIMITS_REQUESTS_PER_SECOND=0
start_darkroom original
key=$(darkroom keys create --user mary 2> /dev/null)
load &
pids[load]=$!
await_complete 40
first=$(head -1 accepted | cut -d' ' -f2)
url=$(get "/api/generation/$first" | jq -r '.images[0].url')
path=${url#"$api"}
expect "GET of the signed image URL" 200 "$(status "$api$path")"

say "Backup under load: first the database, then the images"
owned backup-base
run as_postgres pg_basebackup -D "$work/backup-base" -X stream -c fast
run as_postgres pg_verifybackup "$work/backup-base"
run pg_dump -Fc -f backup.dump "$DARKROOM_DATABASE_URL"
mkdir backup-images
run darkroom images copy --to "$work/backup-images"
accepted_at_backup=$(wc -l < accepted)
echo "accepted so far: $accepted_at_backup, complete: $(complete)"

say "The load goes on. Images are copied again, after a point in time that WAL covers"
await_complete $(($(complete) + 40))
point=$(sql 'SELECT now()')
accepted_at_point=$(wc -l < accepted)
run darkroom images copy --to "$work/backup-images"
admin_sql postgres 'SELECT pg_switch_wal()' > /dev/null
await_complete $(($(complete) + 20))
echo "point in time: $point, accepted until then: $accepted_at_point"

say "The machine is lost: processes killed, database and images deleted"
kill -9 "${pids[load]}" "${pids[original]}"
wait "${pids[load]}" "${pids[original]}" 2> /dev/null || true
unset "pids[load]" "pids[original]"
accepted_at_loss=$(wc -l < accepted)
as_postgres pg_ctl -D "$work/primary" -m immediate stop > /dev/null
rm -rf primary images
echo "accepted at the loss: $accepted_at_loss"

check() { # name of the restore, number of generations that must exist
    run sql 'UPDATE user_streams SET epoch = gen_random_uuid()'
    pending=$(sql 'SELECT count(*) FROM generation_queue')
    running=$(sql 'SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL')
    echo "generations: $(sql 'SELECT count(*) FROM generations'), complete: $(complete), in the queue: $pending, of which $running had a running AI call"
    [ "$(sql 'SELECT count(*) FROM generations')" -ge "$2" ] || fail "generations that were accepted before are missing"
    [ "$pending" -gt 0 ] || fail "no generation was in flight"
    run darkroom images copy --from "$work/backup-images"
    say "Doctor before the start"
    run darkroom doctor --deep | tee doctor.out | grep -v '^ok' || true
    grep -q 'All checks passed' doctor.out || fail "doctor"
    say "Start; the generations in flight continue"
    start_darkroom "$1"
    await_all
    expect "generations that did not complete" 0 "$(sql "SELECT count(*) FROM generations WHERE status <> 'COMPLETE'")"
    expect "GET with the API key of before" 200 "$(status -H "Authorization: Bearer $key" "$api/api/generation/$first")"
    expect "GET of the image URL signed before" 200 "$(status "$api$path")"
    expect "GET without a key" 401 "$(status "$api/api/generation/$first")"
    expect "POST with the idempotency key of before" "$first" "$(post "$(head -1 accepted | cut -d' ' -f1)" | jq -r .id)"
    new=$(post "after-$1" | jq -r .id)
    await_all
    expect "a new generation" COMPLETE "$(get "/api/generation/$new" | jq -r .status)"
    for id in $(head -"$2" accepted | cut -d' ' -f2); do
        [ "$(status -H "Authorization: Bearer $key" "$api/api/generation/$id")" = 200 ] || fail "GET $id"
    done
    echo "GET of $2 accepted generations: 200"
    say "Doctor after all generations have ended"
    run darkroom doctor --deep | tail -1 | tee doctor.out
    grep -q 'All checks passed' doctor.out || fail "doctor"
    echo "attempts: $(sql "SELECT string_agg(line, ', ') FROM (SELECT count(*) || ' ' || outcome AS line FROM generation_attempts GROUP BY outcome ORDER BY 1) o")"
    if grep -E ' ERROR ' "$1.log"; then fail "errors in the log"; fi
    stop "$1"
    rm -rf "$DARKROOM_IMAGE_DIR"
}

restore_base() { # directory, recovery settings
    owned "$1"
    as_postgres cp -a "$work/backup-base/." "$1/"
    chmod 700 "$1"
    printf "restore_command = 'cp $work/wal/%%f %%p'\nrecovery_target_action = promote\narchive_mode = off\n%s\n" "$2" >> "$1/postgresql.auto.conf"
    as_postgres touch "$1/recovery.signal"
    start_postgres "$1" "$(free_port)"
    export DARKROOM_DATABASE_URL="postgresql://darkroom:secret@127.0.0.1:$PGPORT/darkroom"
    await "the end of the recovery" is_writable
}
is_writable() { [ "$(sql 'SELECT pg_is_in_recovery()')" = f ]; }

say "Restore 1: base backup, as of its end, in a new place"
export DARKROOM_IMAGE_DIR="$work/images-1"
restore_base "restored-1" "recovery_target = 'immediate'"
check restored-1 "$(($(sql 'SELECT count(*) FROM generations')))"

say "Restore 2: base backup and WAL, to the point in time"
export DARKROOM_IMAGE_DIR="$work/images-2"
restore_base "restored-2" "recovery_target_time = '$point'"
check restored-2 "$accepted_at_point"

say "Restore 3: the dump, into an empty database"
export DARKROOM_IMAGE_DIR="$work/images-3"
admin_sql postgres 'CREATE DATABASE dumped OWNER darkroom'
export DARKROOM_DATABASE_URL="postgresql://darkroom:secret@127.0.0.1:$PGPORT/dumped"
run pg_restore --no-owner -d "$DARKROOM_DATABASE_URL" backup.dump
check restored-3 "$(($(sql 'SELECT count(*) FROM generations')))"

say "Passed. Accepted: $accepted_at_backup at the backup, $accepted_at_point at the point in time, $accepted_at_loss at the loss"
