package dev.sluice.compute.agent;

import dev.sluice.compute.template.PostgresTemplate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a compute's Postgres is told: {@code postgresql.conf}, {@code pg_hba.conf}, {@code
 * pg_ident.conf} and the command line. The files lie outside the data directory, where nobody who
 * owns the database can change them.
 */
final class PostgresSettings {
    /**
     * On the command line, which no file, {@code ALTER SYSTEM} or {@code SET} overrides: law 1
     * depends on them. Every flush must reach the shim as fdatasync; and a compute that crashed is
     * never recovered locally, since its files may be torn.
     */
    private static final Map<String, String> FIXED =
            Map.of(
                    "fsync", "on",
                    "wal_sync_method", "fdatasync",
                    "restart_after_crash", "off");

    /** Decided by the agent for each compute. */
    private static final Set<String> OWN =
            Set.of(
                    "allow_alter_system",
                    "allow_in_place_tablespaces",
                    "archive_library",
                    "archive_mode",
                    "cluster_name",
                    "config_file",
                    "data_directory",
                    "external_pid_file",
                    "hba_file",
                    "ident_file",
                    "listen_addresses",
                    "logging_collector",
                    "port",
                    "recovery_target_timeline",
                    "synchronous_standby_names",
                    "unix_socket_directories",
                    "unix_socket_group",
                    "unix_socket_permissions",
                    "wal_recycle");

    private static final Pattern NAME =
            Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)?");
    private static final String PEER_MAP = "sluice";

    private final int major;
    private final Map<String, String> settings = new LinkedHashMap<>();

    private PostgresSettings(int major) {
        this.major = major;
    }

    /**
     * @param socketDirectory where Postgres listens, and nowhere else
     * @throws IllegalArgumentException if the spec has a setting that is not for it to decide; the
     *     message names it
     */
    static PostgresSettings of(ComputeSpec spec, String socketDirectory, int port) {
        PostgresSettings result = new PostgresSettings(spec.postgresMajor());
        result.addOwn(spec, socketDirectory, port);
        result.addDefaults();
        new TreeMap<>(spec.settings()).forEach(result::addExtra);
        return result;
    }

    private void addOwn(ComputeSpec spec, String socketDirectory, int port) {
        settings.put("listen_addresses", "");
        settings.put("port", Integer.toString(port));
        settings.put("unix_socket_directories", socketDirectory);
        settings.put("unix_socket_permissions", "0700");
        settings.put("cluster_name", spec.endpoint());
        settings.put("synchronous_standby_names", "");
        settings.put("archive_mode", "off");
        settings.put("logging_collector", "off");
        // The proposer may still have a segment open: it must never turn into another.
        settings.put("wal_recycle", "off");
        if (major >= 17) {
            // A stateless compute would forget it at the next start; better an error at once.
            settings.put("allow_alter_system", "off");
        }
    }

    /** What the spec may change. */
    private void addDefaults() {
        // Local data files are a cache that is never trusted after a crash: torn pages cannot
        // matter.
        settings.put("full_page_writes", "off");
        // Zeroing a new segment protects against a full disk at commit; here it would write 16 MiB
        // at every wake for files that a compute loses anyway.
        settings.put("wal_init_zero", "off");
        settings.put("shared_buffers", "128MB");
        settings.put("max_connections", "100");
        settings.put("max_wal_size", "1GB");
        settings.put("min_wal_size", "32MB");
        settings.put("wal_level", "replica");
        settings.put("max_prepared_transactions", "64");
        settings.put("track_commit_timestamp", "off");
        settings.put("password_encryption", "scram-sha-256");
        settings.put("dynamic_shared_memory_type", "posix");
        settings.put("timezone", "UTC");
        settings.put("log_timezone", "UTC");
        settings.put("log_line_prefix", "%m [%p] %q%u@%d ");
        settings.put("default_text_search_config", "pg_catalog.english");
        if (major >= 18) {
            // Reads of absent pages must pass through the shim, which io_uring does not.
            settings.put("io_method", "worker");
        }
    }

    private void addExtra(String name, String value) {
        String known = name.toLowerCase(Locale.ROOT);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a setting's name: \"" + name + "\"");
        }
        if (OWN.contains(known) || FIXED.containsKey(known)) {
            throw new IllegalArgumentException(
                    "the setting " + known + " is decided by the agent and cannot be changed");
        }
        if (known.equals("io_method") && value.strip().equalsIgnoreCase("io_uring")) {
            throw new IllegalArgumentException(
                    "io_method=io_uring cannot be used on a compute: use worker or sync");
        }
        if (value.chars().anyMatch(c -> c == '\n' || c == '\r' || c == 0)) {
            throw new IllegalArgumentException("the setting " + known + " has a line break in it");
        }
        settings.put(known, value);
    }

    String postgresqlConf() {
        return settings.entrySet().stream()
                .map(entry -> entry.getKey() + " = " + quoted(entry.getValue()) + "\n")
                .collect(Collectors.joining());
    }

    /** As {@code guc-file.l} reads strings: quotes doubled, backslashes too. */
    private static String quoted(String value) {
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    /**
     * Everybody shows a password; but for the server's own administration this server's user may be
     * the superuser, whose processes alone (and the compute user's) can reach the socket.
     */
    static String pgHbaConf() {
        return """
        local all         %1$s peer map=%2$s
        local all         all  scram-sha-256
        local replication all  scram-sha-256
        """
                .formatted(PostgresTemplate.SUPERUSER, PEER_MAP);
    }

    /**
     * @param serverUser the name of the user that this server runs as
     */
    static String pgIdentConf(String serverUser) {
        return "%s \"%s\" %s\n".formatted(PEER_MAP, serverUser, PostgresTemplate.SUPERUSER);
    }

    /** The options for {@code postgres}, before those for paths. */
    static List<String> fixedOptions() {
        return new TreeMap<>(FIXED)
                .entrySet().stream()
                        .map(entry -> "-c" + entry.getKey() + "=" + entry.getValue())
                        .toList();
    }
}
