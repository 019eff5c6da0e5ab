#!/bin/sh
# Creates a generation, streams notifications for 5 s, lists the notifications and acknowledges them.
set -eu
api=${API:-http://127.0.0.1:8080}
set -- --silent --show-error --fail-with-body ${KEY:+-H "Authorization: Bearer $KEY"}

curl "$@" "$api/api/generation" -H 'Content-Type: application/json' -d '{"prompt": "A lighthouse at dusk"}'
echo

# A subscriber receives the notifications that it has not acknowledged. curl exits with 28 when --max-time is over.
curl "$@" --no-buffer --max-time 5 "$api/api/notifications/stream?subscriber=curl-example" || [ $? -eq 28 ]

list=$(curl "$@" "$api/api/notifications?limit=100")
echo "$list"

seq=$(echo "$list" | grep -o '"seq":[0-9]*' | tail -1 | cut -d: -f2)
curl "$@" "$api/api/notifications/ack" -H 'Content-Type: application/json' \
    -d "{\"subscriber\": \"curl-example\", \"seq\": $seq}"
echo
