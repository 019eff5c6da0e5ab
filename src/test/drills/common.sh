# Functions of the drills. A drill sources this file with the jar as its argument, and works in a new directory that is deleted at the end.
set -euo pipefail

jar=$(realpath "${1:?usage: $0 JAR}")
# Debian installs the programs of PostgreSQL outside of PATH.
newest=$(find /usr/lib/postgresql -name pg_verifybackup 2> /dev/null | sort -V | tail -1)
export PATH="${newest:+$(dirname "$newest"):}$PATH"
work=$(mktemp -d "${TMPDIR:-/tmp}/darkroom-drill-XXXXXX")
chmod 755 "$work"
cd "$work"
started=$SECONDS
declare -A pids

cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
    wait
    for file in "$work"/*/postmaster.pid; do
        if [ -f "$file" ]; then as_postgres pg_ctl -D "$(dirname "$file")" -m immediate stop > /dev/null || true; fi
    done
    cd /
    rm -rf "$work"
}
trap cleanup EXIT

require() { for tool in "$@"; do command -v "$tool" > /dev/null || { echo "needs $tool" >&2; exit 1; }; done; }
say() { printf '\n# %3d s: %s\n' $((SECONDS - started)) "$*"; }
fail() { echo "FAILED: $*"; tail -n 5 ./*.log 2> /dev/null || true; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected $2, got $3"; echo "$1: $3"; }
await() { # description, command: until it succeeds
    for _ in $(seq 1800); do if "${@:2}"; then return; fi; sleep 0.2; done
    fail "$1"
}
run() { # prints a command and executes it
    local line=${*//"$work/"/}
    line=${line/#as_postgres /}
    line=${line/#admin_sql/psql -c}
    line=${line/#sql /psql -c }
    printf '$ %s\n' "${line/#darkroom /java -jar darkroom.jar }"
    "$@"
}

free_port() { # below the ports of outgoing connections
    while true; do
        local port=$((20000 + RANDOM % 10000))
        if ! (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then echo "$port"; return; fi
    done
}
status() { curl -s -o /dev/null -w '%{http_code}' "$@" || true; }

# A busy machine may take long to connect.
export DARKROOM_DATABASE_CONNECT_TIMEOUT=20s
darkroom() { java -XX:TieredStopAtLevel=1 -Xmx256m -jar "$jar" "$@"; }
start() { # name, log line that says it is ready, arguments
    (exec java -XX:TieredStopAtLevel=1 -Xmx256m -jar "$jar" "${@:3}") > "$1.log" 2>&1 &
    pids[$1]=$!
    for _ in $(seq 1800); do
        if grep -q "$2" "$1.log"; then return; fi
        kill -0 "${pids[$1]}" 2> /dev/null || fail "the start of $1"
        sleep 0.2
    done
    fail "$1 is not ready"
}
start_darkroom() { start "$1" 'is ready\.'; }
start_simulator() { start simulator 'AI server ' simulator; }
stop() { # name
    kill "${pids[$1]}"
    wait "${pids[$1]}" || fail "exit code of $1"
    unset "pids[$1]"
}

# PostgreSQL does not run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
owned() { mkdir -p "$@"; if [ "$(id -u)" = 0 ]; then chown postgres "$@"; fi; }
init_postgres() { # directory
    owned "$1"
    echo postgres > password
    as_postgres initdb -D "$work/$1" -A scram-sha-256 -U postgres --pwfile="$work/password" > /dev/null
}
start_postgres() { # directory, port
    as_postgres pg_ctl -D "$work/$1" -w -t 120 -l "$work/$1/server.log" -o "-p $2 -k '' -c listen_addresses=127.0.0.1" start > /dev/null
    export PGHOST=127.0.0.1 PGPORT=$2 PGUSER=postgres PGPASSWORD=postgres
}
admin_sql() { psql -qtAX -d "$1" -c "$2"; } # database, statement
sql() { psql -qtAX "$DARKROOM_DATABASE_URL" -c "$1"; }
