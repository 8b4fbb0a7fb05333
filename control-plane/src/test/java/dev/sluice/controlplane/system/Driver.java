package dev.sluice.controlplane.system;

import dev.sluice.controlplane.system.Client.Mode;
import dev.sluice.controlplane.system.JavaClient.Server;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The clients, and what each goes through; with a star what needs a session of its own. */
enum Driver {
    PSQL(
            "simple settings* prepared-in-sql* client-encoding* copy-both-ways large-rows cursors transactions errors"
                    + " described notifications*") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return psql(server.uri(), mode, Map.of());
        }
    },
    /** Direct TLS, protocol 3.2 and nothing older, channel binding. */
    PSQL_WITH_LIBPQ_18(PSQL.features) {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return psql(
                    server.uri()
                            + "&sslnegotiation=direct&min_protocol_version=3.2&max_protocol_version=3.2&channel_binding=require",
                    mode,
                    Map.of("LD_LIBRARY_PATH", Drivers.libpq18().toString()));
        }
    },
    PSYCOPG2(
            "simple settings* prepared-in-sql* client-encoding* types copy-both-ways large-rows cursor-by-name"
                    + " transactions two-phase-commit errors notifications* cancel notices large-objects many-values"
                    + " channel-binding") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return python("psycopg2", server, mode);
        }
    },
    PSYCOPG(
            "simple settings* prepared many-prepared pipelines a-failed-pipeline binary-and-text-types copy-both-ways"
                    + " large-rows cursor-by-name transactions errors notifications* cancel notices async-connections"
                    + " channel-binding") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return python("psycopg", server, mode);
        }
    },
    ASYNCPG(
            "simple settings* prepared many-prepared binary-types types-of-ones-own copy-both-ways large-rows"
                    + " many-at-once cursors transactions errors notifications* cancel notices pool") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return python("asyncpg", server, mode);
        }
    },
    PG(
            "simple settings* extended prepared pipelines types copy-both-ways large-rows cursors transactions errors"
                    + " notifications* cancel notices pool channel-binding direct-tls") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return node("pg", server, mode);
        }
    },
    POSTGRES_JS(
            "simple settings* prepared pipelines types copy-both-ways large-rows cursors transactions errors"
                    + " notifications* cancel notices pool") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return node("postgres", server, mode);
        }
    },
    DRIZZLE(
            "pg-migrations pg-queries pg-prepared pg-transactions pg-large-rows"
                    + " postgres-migrations postgres-queries postgres-prepared postgres-transactions postgres-large-rows") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return node("drizzle", server, mode);
        }
    },
    SERVERLESS(
            "http simple settings* extended prepared large-rows transactions notifications* pool") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return node("serverless", server, mode);
        }
    },
    LIB_PQ(
            "simple settings* prepared types copy-in large-rows transactions errors notifications* cancel notices pool") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return go("pq", server, mode);
        }
    },
    PGX(
            "simple settings* prepared batches binary-types copy-both-ways large-rows cursors transactions errors"
                    + " notifications* cancel notices") {
        @Override
        Client open(Server server, Mode mode) throws IOException {
            return go("pgx", server, mode);
        }
    },
    PGJDBC(
            "simple settings* prepared binary-types batches copy-both-ways large-rows cursors transactions autosave"
                    + " errors notifications* cancel notices large-objects channel-binding direct-tls protocol-3.2") {
        @Override
        Client open(Server server, Mode mode) throws Exception {
            return new PgjdbcClient(server, mode);
        }
    },
    HIKARI("connections settings* prepared transactions") {
        @Override
        Client open(Server server, Mode mode) throws Exception {
            return new HikariClient(server, mode);
        }
    },
    VERTX(
            "simple settings* prepared pipelines batches binary-types large-rows cursors transactions errors"
                    + " notifications* cancel notices pool") {
        @Override
        Client open(Server server, Mode mode) throws Exception {
            List<String> command =
                    List.of(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            Drivers.vertxClassPath(),
                            VertxClient.class.getName(),
                            server.uri(),
                            word(mode),
                            server.authority().toString());
            return new ScriptedClient(command, Map.of(), "go");
        }
    },
    R2DBC(
            "simple settings* prepared batches types copy-in large-rows cursors transactions errors notifications*"
                    + " cancel channel-binding direct-tls") {
        @Override
        Client open(Server server, Mode mode) {
            return new R2dbcClient(server, mode);
        }
    };

    private final String features;

    Driver(String features) {
        this.features = features;
    }

    abstract Client open(Server server, Mode mode) throws Exception;

    /** What a round of it says that it did. */
    List<String> features(Mode mode) {
        return List.of(features.split(" ")).stream()
                .filter(feature -> mode == Mode.SESSION || !feature.endsWith("*"))
                .map(feature -> feature.replace("*", ""))
                .toList();
    }

    private static String word(Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, String> authority(Server server) {
        String file = server.authority().toString();
        return Map.of("SLUICE_CA", file, "NODE_EXTRA_CA_CERTS", file);
    }

    static ScriptedClient python(String module, Server server, Mode mode) throws IOException {
        List<String> command =
                List.of(
                        Drivers.python(module).getFirst(),
                        Drivers.script("python/" + module + "_client.py").toString(),
                        server.uri(),
                        word(mode));
        return new ScriptedClient(command, authority(server), "go");
    }

    static ScriptedClient node(String name, Server server, Mode mode) throws IOException {
        String script = Drivers.node(name + ".mjs").toString();
        return new ScriptedClient(
                List.of("node", script, server.uri(), word(mode)), authority(server), "go");
    }

    private static ScriptedClient go(String name, Server server, Mode mode) throws IOException {
        return new ScriptedClient(
                List.of(Drivers.go().toString(), name, server.uri(), word(mode)), Map.of(), "go");
    }

    private static ScriptedClient psql(String uri, Mode mode, Map<String, String> environment)
            throws IOException {
        return new ScriptedClient(
                List.of(
                        "psql",
                        "-Xq",
                        "-vON_ERROR_STOP=1",
                        "-vpooled=" + (mode == Mode.POOLED ? "yes" : "no"),
                        uri),
                environment,
                "\\i '" + Drivers.script("psql/features.sql") + "'\n\\echo idle");
    }
}
