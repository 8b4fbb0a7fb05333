# PgBouncer in front of the compute of the Sluice that common.sh started: the same Postgres, the same role and password,
# the same certificate. Sourced after common.sh, never run.
#
# shellcheck shell=bash
declare -A bouncer_ports=()
bouncer_pids=()

# The role's SCRAM secret, as PgBouncer wants it, is the one that Postgres has: then it hashes no password, like the gateway.
bouncers_prepare() {
  socket=$("$SLUICE" status -o json | sed -n 's/.*"socket_directory" : "\(.*\)".*/\1/p' | head -1)
  bouncer_dir=$bench_dir/pgbouncer
  mkdir -p "$bouncer_dir"
  psql -X -At "postgresql:///postgres?host=$socket&user=cloud_admin" \
    -c "select format('\"%s\" \"%s\"', rolname, rolpassword) from pg_authid where rolpassword like 'SCRAM-%'" >"$bouncer_dir/users"
  cp "$SLUICE_DATA/certs/server.pem" "$bouncer_dir/server.pem"
  [ ${#as_user[@]} -eq 0 ] || chown -R "$("${as_user[@]}" id -u)" "$bouncer_dir"
}

# bouncer_start MODE POOL_SIZE: its port is in bouncer_ports[MODE] then, for clients with and without TLS.
bouncer_start() {
  local port
  port=$(free_port)
  "${as_user[@]}" tee "$bouncer_dir/$1.ini" >/dev/null <<-INI
	[databases]
	sluicedb = host=$socket port=5432
	[pgbouncer]
	listen_addr = 127.0.0.1
	listen_port = $port
	unix_socket_dir =
	pool_mode = $1
	default_pool_size = $2
	max_client_conn = 20000
	server_idle_timeout = 1
	auth_type = scram-sha-256
	auth_file = $bouncer_dir/users
	client_tls_sslmode = allow
	client_tls_cert_file = $bouncer_dir/server.pem
	client_tls_key_file = $bouncer_dir/server.pem
	log_connections = 0
	log_disconnections = 0
	pidfile = $bouncer_dir/$1.pid
	logfile = $bouncer_dir/$1.log
	INI
  "${as_user[@]}" pgbouncer -q -d "$bouncer_dir/$1.ini"
  bouncer_ports[$1]=$port
  local tries=0
  until [ -s "$bouncer_dir/$1.pid" ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
      say "pgbouncer does not start: $(tail -3 "$bouncer_dir/$1.log")"
      exit 1
    fi
    sleep 0.05
  done
  bouncer_pids+=("$(cat "$bouncer_dir/$1.pid")")
}

bouncers_stop() {
  [ ${#bouncer_pids[@]} -eq 0 ] || kill "${bouncer_pids[@]}" 2>/dev/null || true
}

# How many server connections the compute has.
servers() {
  psql -X -At "postgresql:///postgres?host=$socket&user=cloud_admin" \
    -c "select count(*) from pg_stat_activity where backend_type = 'client backend' and usename <> 'cloud_admin'"
}

# settle MOST: waits until clients that left have left the compute too, so that the next ones find room.
settle() {
  local tries=0
  while [ "$(servers)" -gt "$1" ] && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

# pooled URL: the same endpoint, its transactions pooled
pooled() {
  sed -E 's/(endpoint%3D[a-z0-9-]+)/\1-pooler/' <<<"$1"
}
