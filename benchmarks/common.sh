# What every side-by-side run shares: a Sluice of its own in a temporary folder, and a plain Postgres made of the very
# binaries that its computes run. Sourced, never run.
#
#   SLUICE        the command (default: ./sluice of this clone)
#   BENCH_DIR     where the data goes (default: a temporary folder, removed at the end)
#
# shellcheck shell=bash
set -euo pipefail

clone=$(readlink -f "${BASH_SOURCE[0]%/*}/..")
SLUICE=${SLUICE:-$clone/sluice}
bench_dir=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/sluice-bench.XXXXXX")
export SLUICE_DATA=$bench_dir/sluice
plain_port=
binaries=
computes=
as_user=()
plain_clusters=()

# The trap's default exit code is the failed command's, which is what we want to end with.
cleanup() {
  local cluster
  for cluster in "${plain_clusters[@]}"; do
    plain_stop "$cluster" >/dev/null 2>&1 || true
  done
  "$SLUICE" down >/dev/null 2>&1 || true
  # As root, computes lie outside the data folder.
  rm -rf "$bench_dir" ${computes:+"$computes"}
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() {
  printf '%s\n' "$*" >&2
}

require() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || {
      say "needs $program and found none"
      exit 1
    }
  done
}

describe_machine() {
  printf 'date %s, %s cores, load before %s\n' "$(date -u +%F\ %H:%M)" "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
}

# sluice_up OPTIONS…: starts the server and finds the binaries that its computes run.
sluice_up() {
  "$SLUICE" up -d --port 0 --suspend-after -1 "$@" >/dev/null
  "$SLUICE" endpoints start main >/dev/null
  local compute
  compute=$("$SLUICE" status -o json | sed -n '/"compute" : {/,/}/s/.*"pid" : \([0-9]*\).*/\1/p' | head -1)
  computes=$("$SLUICE" status -o json | sed -n 's/.*"computes" : "\(.*\)".*/\1/p')
  binaries=$(dirname "$(readlink "/proc/$compute/exe")")
  local user
  user=$(stat -c %U "/proc/$compute")
  if [ "$user" != "$(id -un)" ]; then
    as_user=(setpriv "--reuid=$(id -u "$user")" "--regid=$(id -g "$user")" --clear-groups)
    chmod 755 "$bench_dir"
  fi
}

# gateway_process: its pid, if it runs as a process of its own
gateway_process() {
  "$SLUICE" status -o json | grep -A 1 '"part" : "gateway"' | sed -n 's/.*"pid" : \([0-9]*\).*/\1/p'
}

plain_url() {
  printf 'postgresql://bench:bench@127.0.0.1:%s/bench?sslmode=disable' "$plain_port"
}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s' "$port"
      return
    fi
  done
}

# plain_make NAME: a data directory with the settings of a compute, but with full-page images, which plain Postgres
# needs to survive a crash; a role and a database.
plain_make() {
  local data=$bench_dir/$1
  plain_port=${plain_port:-$(free_port)}
  install -d -m 700 "$data"
  [ ${#as_user[@]} -eq 0 ] || chown "$("${as_user[@]}" id -u)" "$data"
  "${as_user[@]}" "$binaries/initdb" -D "$data" -U admin --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  "${as_user[@]}" tee -a "$data/postgresql.conf" >/dev/null <<-CONF
	fsync = on
	synchronous_commit = on
	full_page_writes = on
	listen_addresses = '127.0.0.1'
	port = $plain_port
	unix_socket_directories = '$data'
	shared_buffers = '128MB'
	max_connections = 100
	max_wal_size = '1GB'
	timezone = 'UTC'
	CONF
  plain_start "$1"
  psql -X -q "postgresql:///postgres?host=$data&port=$plain_port&user=admin" \
    -c "create role bench login password 'bench'" -c "create database bench owner bench"
}

plain_start() {
  plain_clusters+=("$1")
  "${as_user[@]}" "$binaries/pg_ctl" -w -s -D "$bench_dir/$1" -l "$bench_dir/$1/log" start
}

plain_stop() {
  "${as_user[@]}" "$binaries/pg_ctl" -w -s -m fast -D "$bench_dir/$1" stop
}
