#!/usr/bin/env bash
# Rotation drill: src/test/drills/rotation.sh target/darkroom.jar. Prints its transcript; docs/drills.md has one.
# Replaces each secret of docs/operations.md, "Rotating secrets", and shows that the old value ends and the new one works. Credentials of a
# bucket are the exception: S3CredentialsIT tests them. Needs Java, the programs of PostgreSQL 14 or newer, openssl, curl and jq.
source "$(dirname "$0")/common.sh"
require java curl jq psql initdb openssl

certificate() { # common name
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -addext 'subjectAltName=IP:127.0.0.1' \
        -keyout key.new -out cert.new 2> /dev/null
    mv key.new key.pem
    mv cert.new cert.pem
}
served() { openssl s_client -connect "${api#https://}" < /dev/null 2> /dev/null | openssl x509 -noout -subject | sed 's/.*CN *= *//'; }
serves() { [ "$(served)" = "$1" ]; }
responds() { [ "$(status -k -H "Authorization: Bearer $key" "$api/api/generation")" = "$1" ]; }
generate() { # prints the generation
    curl -sk -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -H 'Prefer: wait=30' \
        -d '{"prompt":"A lighthouse","width":64,"height":64}' "$api/api/generation"
}

init_postgres primary
start_postgres primary "$(free_port)"
admin_sql postgres "CREATE ROLE darkroom LOGIN PASSWORD 'first'"
admin_sql postgres 'CREATE DATABASE darkroom OWNER darkroom'
export DARKROOM_SIMULATOR_PORT DARKROOM_SIMULATOR_LATENCY=50ms
DARKROOM_SIMULATOR_PORT=$(free_port)
start_simulator
ai=http://127.0.0.1:$DARKROOM_SIMULATOR_PORT
certificate one
echo sk-first > ai-key
api=https://127.0.0.1:$(free_port)
url() { echo "postgresql://$1:$2@127.0.0.1:$PGPORT/darkroom"; }
export DARKROOM_DATABASE_URL DARKROOM_AUTH=required DARKROOM_HTTP_PORT=${api##*:} DARKROOM_MANAGEMENT_PORT=0
DARKROOM_DATABASE_URL=$(url darkroom first)
export DARKROOM_HTTP_TLS_CERT_FILE=$work/cert.pem DARKROOM_HTTP_TLS_KEY_FILE=$work/key.pem DARKROOM_HTTP_TLS_RELOAD_INTERVAL=2s
export DARKROOM_BACKEND_URL=$ai/v1 DARKROOM_BACKEND_API_KEYS="main=file:$work/ai-key"
export DARKROOM_WEBHOOKS_ALLOWED_NETWORKS=127.0.0.0/8 DARKROOM_WEBHOOKS_ALLOW_HTTP=true DARKROOM_WEBHOOKS_ALLOWED_PORTS='*'
start_darkroom original

say "API key of a user"
key=$(darkroom keys create --user mary 2> /dev/null)
old_key=$key
await "the first key" responds 200
key=$(run darkroom keys create --user mary 2> /dev/null | tail -1)
run darkroom keys revoke "${old_key%_*}" 2>&1 | sed 's/dk_[0-9a-f]*/dk_…/'
await "the new key" responds 200
key_of_mary=$key
key=$old_key
await "the old key is rejected" responds 401
echo "old key: 401"
key=$key_of_mary
echo "new key: 200"

say "Keys of image URLs"
path=$(generate | jq -r '.images[0].url' | sed 's#https://[^/]*##')
expect "image URL" 200 "$(status -k "$api$path")"
run darkroom keys rotate-url-keys
expect "image URL signed before the rotation" 200 "$(status -k "$api$path")"
run darkroom keys rotate-url-keys --now
rejected() { [ "$(status -k "$api$path")" = 403 ]; }
await "the old URL is rejected" rejected
echo "image URL signed before the rotation with --now: 403"
path=$(generate | jq -r '.images[0].url' | sed 's#https://[^/]*##')
signed() { path=$(generate | jq -r '.images[0].url' | sed 's#https://[^/]*##'); [ "$(status -k "$api$path")" = 200 ]; }
await "a new image URL" signed
echo "new image URL: 200"

say "Secret of a webhook"
created=$(curl -sk -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d '{"url":"http://127.0.0.1:9/hook"}' "$api/api/webhooks")
rotated=$(curl -sk -X POST -H "Authorization: Bearer $key" "$api/api/webhooks/$(jq -r .id <<< "$created")/rotate-secret")
jq -e .secret <<< "$rotated" > /dev/null || fail "rotate-secret: $created $rotated"
[ "$(jq -r .secret <<< "$created")" != "$(jq -r .secret <<< "$rotated")" ] || fail "the same secret"
echo "POST /api/webhooks/{webhookId}/rotate-secret: a secret $(jq -r '.secret | sub("_.*"; "_…")' <<< "$rotated") that differs from the first"

say "API key of the AI server, in a file"
expect "generation" COMPLETE "$(generate | jq -r .status)"
curl -sf -X PUT "$ai/simulator/script" -d '{"steps":[{"status":401,"apiKey":"sk-first","times":-1}]}' > /dev/null
echo sk-second > ai-key.new
run mv ai-key.new ai-key
replaced() { grep -q 'api key replaced' original.log; }
await "the log line" replaced
grep -o 'INFO .*api key replaced.*' original.log
expect "generation, while the AI server rejects the old key" COMPLETE "$(generate | jq -r .status)"

say "TLS certificate"
expect "certificate" one "$(served)"
certificate two
await "the new certificate" serves two
grep -o 'INFO .*certificate reloaded' original.log | tail -1
expect "certificate" two "$(served)"

say "Password of the database, one role"
run admin_sql darkroom "ALTER ROLE darkroom PASSWORD 'second'"
await "requests without new sessions fail" responds 503
echo "with the old password, after idle sessions ended: 503"
stop original
DARKROOM_DATABASE_URL=$(url darkroom second)
start_darkroom second
expect "generation, after a restart with the new password" COMPLETE "$(generate | jq -r .status)"

say "Password of the database, two roles"
for statement in 'CREATE ROLE darkroom_owner NOLOGIN' 'ALTER DATABASE darkroom OWNER TO darkroom_owner' \
    'REASSIGN OWNED BY darkroom TO darkroom_owner' 'GRANT darkroom_owner TO darkroom' \
    "CREATE ROLE darkroom_2 LOGIN PASSWORD 'third' IN ROLE darkroom_owner" 'ALTER ROLE darkroom SET role = darkroom_owner' \
    'ALTER ROLE darkroom_2 SET role = darkroom_owner'; do
    run admin_sql darkroom "$statement"
done
expect "generation of the running process" COMPLETE "$(generate | jq -r .status)"
stop second
DARKROOM_DATABASE_URL=$(url darkroom_2 third)
start_darkroom third
run admin_sql darkroom "ALTER ROLE darkroom PASSWORD 'fourth'"
expect "generation with the second role" COMPLETE "$(generate | jq -r .status)"
run darkroom doctor | tail -1
for log in original second third; do
    if grep ' ERROR ' "$log.log"; then fail "errors in the log"; fi
done
say "Passed"
