#!/usr/bin/env bash
# Failure drills: src/test/drills/failures.sh target/darkroom.jar. Prints its transcript; docs/drills.md has one.
# Starts Darkroom with its embedded PostgreSQL and an AI server of its own, lets the AI server fail in five ways, and shows the log,
# GET /backends and the metrics. Ends with 1 when a generation does not complete, or when the expected signs are missing.
# Needs Java, curl and jq.
source "$(dirname "$0")/common.sh"
require java curl jq

script() { curl -sf -X PUT "$ai/simulator/script" -d "{\"steps\": [$1]}" > /dev/null || fail "script $1"; echo "simulator script: $1"; }

post() { # number
    for _ in $(seq "$1"); do
        curl -sf -o /dev/null "$api/api/generation" -H 'Content-Type: application/json' -d '{"prompt":"A drill","width":64,"height":64}' || fail POST
    done
    echo "$1 generations created"
}
metric() { # beginning of the name with its labels; the sum of all that begin like this
    curl -s "$management/metrics" | awk -v name="$1" 'index($0, name) == 1 { sum += $NF; found = 1 } END { if (found) print sum }'
}
backends() { curl -s "$management/backends" | jq -c '.backends[0] | {breaker, retryAfterMs, concurrency, availablePermits}'; }

has_line() { since | grep -Eq "$1"; }
expect_line() { await "the line $1" has_line "$1"; } # regular expression, in the log since the drill began
has_value() { [ "$(metric "$1")" = "$2" ]; }
expect_metric() { # metric, value
    await "$1 $2" has_value "$1" "$2"
    echo "$1 $2"
}
since() { tail -n "+$mark" darkroom.log; }

seen() {
    echo "GET /backends: $(backends)"
    echo "log, by message:"
    since | grep -E ' (WARN|ERROR|INFO ) ' | grep -E 'attempt failed|breaker|backend|generation (failed|completed)' \
        | sed -E 's/^[^ ]+ (WARN|INFO|ERROR) +[A-Za-z]+ - //; s/ (generation|attempt|delayMs|retryAt|durationMs|result|detail|budgetMs|selection|timer)=.*( code=[A-Z_]+).*$/\2/; s/ generation=.*//; s/ (delayMs|durationMs|result)=[^ ]*//g' \
        | sort | uniq -c | sort -rn
}

begin() { # title
    say "$1"
    mark=$(($(wc -l < darkroom.log) + 1))
}
items() { curl -s "$api/api/generation?status=$1&limit=1" | jq '.items | length'; }
have_ended() { [ "$(items PENDING)" = 0 ]; }
recover() {
    script '{"ok": true}'
    await "the end of all generations" have_ended
    expect "failed generations" 0 "$(items FAILED)"
    expect_metric 'darkroom_backend_breaker_state{backend="default",state="CLOSED"}' 1
    seen
}

ai="http://127.0.0.1:$(free_port)"
export DARKROOM_SIMULATOR_PORT=${ai##*:} DARKROOM_SIMULATOR_LATENCY=100ms
start_simulator
api="http://127.0.0.1:$(free_port)"
management="http://127.0.0.1:$(free_port)"
export DARKROOM_HTTP_PORT=${api##*:} DARKROOM_MANAGEMENT_PORT=${management##*:} DARKROOM_BACKEND_URL="$ai/v1"
# Shorter than in production, so that the drill takes minutes: a call may take 10 s, and the breaker checks every 2 to 10 s.
export DARKROOM_BACKEND_TIMEOUT=10s DARKROOM_BACKEND_BREAKER_OPEN_DURATION=2s DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION=10s
start_darkroom darkroom

begin "Errors: the AI server responds 500 and its free requests do as well"
script '{"status": 500, "models": true, "times": -1}'
post 20
expect_line 'breaker opened'
expect_metric 'darkroom_backend_breaker_state{backend="default",state="OPEN"}' 1
echo "GET /backends: $(backends)"
recover

begin "Rate limit: 429 with Retry-After"
script '{"status": 429, "retryAfter": 5, "times": 4}'
post 20
expect_line 'backend paused'
echo "GET /backends: $(backends)"
recover

begin "Hang: the AI server accepts requests and does not respond"
script '{"hang": true, "times": 4}'
post 8
expect_line 'code=TIMED_OUT'
echo "attempts that timed out: $(curl -s "$management/metrics" | grep '^darkroom_attempts_total' | grep TIMEOUT)"
recover

begin "Lost connections: the AI server closes connections without a response"
script '{"drop": true, "times": 6}'
post 20
expect_line 'code=CONNECTION_LOST'
recover

begin "Outage: the AI server is stopped"
stop simulator
echo "the AI server is stopped"
post 20
expect_line 'breaker opened'
expect_metric 'darkroom_backend_breaker_state{backend="default",state="OPEN"}' 1
echo "readiness: $(curl -s -o /dev/null -w '%{http_code}' "$management/health/ready"), oldest due: $(metric darkroom_queue_oldest_seconds) s, due: $(metric 'darkroom_queue_generations{state="DUE"}')"
echo "GET /backends: $(backends)"
start_simulator
echo "the AI server runs again"
recover

say "Passed. Attempts: $(curl -s "$management/metrics" | grep '^darkroom_attempts_total' | tr '\n' ' ')"
