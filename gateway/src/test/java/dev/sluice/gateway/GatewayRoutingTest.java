package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.door.RateLimit;
import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.wire.backend.AuthenticationCleartextPassword;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.AuthenticationSASL;
import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.PasswordMessage;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.startup.ProtocolVersion;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way of saying where one wants to go, and everything that is answered to it. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayRoutingTest {
    private static final String PASSWORD = "wonderland";
    private static final String NOT_SPECIFIED = "Endpoint ID is not specified. Either please";
    private static final String INSECURE_HINT = "over TLS the password may also be given as";

    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway = new TestGateway(postgres, directory);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private RawClient client(@Nullable String host) throws IOException {
        RawClient client = new RawClient(gateway.port());
        return host == null ? client : client.encrypt(host);
    }

    private static Map<String, String> startup(
            @Nullable String database, @Nullable String options) {
        Map<String, String> startup = new LinkedHashMap<>(Map.of("user", "alice"));
        if (database != null) {
            startup.put("database", database);
        }
        if (options != null) {
            startup.put("options", options);
        }
        return startup;
    }

    /** Proves the password as it is asked for; what came last. */
    private static BackendMessage prove(RawClient client, String password) throws IOException {
        BackendMessage asked = client.receive();
        if (asked instanceof AuthenticationCleartextPassword) {
            client.send(new PasswordMessage(password));
            BackendMessage answer = client.receive();
            while (answer != null
                    && !(answer instanceof ReadyForQuery)
                    && !(answer instanceof ErrorResponse)) {
                answer = client.receive();
            }
            return java.util.Objects.requireNonNull(answer);
        }
        return java.util.Objects.requireNonNull(asked);
    }

    /** Host (null: no TLS), database, options, whether there is a default; endpoint, branch. */
    static Stream<Arguments> ways() {
        return Stream.of(
                Arguments.of("ep-x.db.localhost", "app", null, false, "ep-x", null),
                Arguments.of("EP-X.db.Localhost", "app", null, false, "ep-x", null),
                Arguments.of("ep-y-pooler.eu.example.com", "app", null, false, "ep-y-pooler", null),
                Arguments.of("ep-x.localhost", "app@dev", null, false, "ep-x", "dev"),
                Arguments.of("ep-x.localhost", "app", "endpoint=ep-x", false, "ep-x", null),
                Arguments.of("api.db.localhost", "app", "endpoint=ep-y", false, "ep-y", null),
                Arguments.of("db.localhost", "app", "endpoint=ep-x", false, "ep-x", null),
                Arguments.of(null, "app", "endpoint=ep-x", false, "ep-x", null),
                Arguments.of(null, "app", "project=ep-x", false, "ep-x", null),
                Arguments.of(null, "app", "endpoint=ep-x-pooler", false, "ep-x-pooler", null),
                Arguments.of(null, "app", "-c geqo=off endpoint=ep-x", false, "ep-x", null),
                Arguments.of(null, "app@dev", "endpoint=ep-x", false, "ep-x", "dev"),
                Arguments.of(null, "app", null, true, null, null),
                Arguments.of(null, "app@dev", null, true, null, "dev"),
                Arguments.of("localhost", "app", null, true, null, null),
                Arguments.of("api.db.localhost", "app", null, true, null, null),
                Arguments.of("apiauth.db.localhost", "app", null, true, null, null),
                Arguments.of("ep-x", "app", null, true, null, null),
                Arguments.of(null, "app", "endpoint=ep-x project=ep-y", true, null, null));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void isFound(
            @Nullable String host,
            String database,
            @Nullable String options,
            boolean hasDefault,
            @Nullable String endpoint,
            @Nullable String branch)
            throws IOException {
        gateway.directory.hasDefault = hasDefault;
        try (RawClient client = client(host)) {
            client.startup(ProtocolVersion.V3_0, startup(database, options));
            assertThat(client.login(PASSWORD).getLast()).isInstanceOf(ReadyForQuery.class);
            RouteRequest request = gateway.directory.requests.getLast();
            assertThat(request.endpoint().orElse(null)).isEqualTo(endpoint);
            assertThat(request.branch().orElse(null)).isEqualTo(branch);
            assertThat(request.database()).isEqualTo("app");
            assertThat(client.query("select current_database(), current_user"))
                    .containsExactly(List.of("app", "alice"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "endpoint=ep-x;wonderland,ep-x",
        "endpoint=ep-x$wonderland,ep-x",
        "project=ep-y;wonderland,ep-y",
        "project=ep-y$wonderland,ep-y",
        "endpoint=ep-y-pooler;wonderland,ep-y-pooler",
    })
    void isFoundInThePassword(String password, String endpoint) throws IOException {
        gateway.directory.hasDefault = false;
        try (RawClient client = client("localhost")) {
            client.startup(ProtocolVersion.V3_0, startup("app", null));
            assertThat(prove(client, password)).isInstanceOf(ReadyForQuery.class);
            assertThat(gateway.directory.requests.getLast().endpoint()).contains(endpoint);
            assertThat(client.query("select 1")).containsExactly(List.of("1"));
        }
    }

    /** Host, database, options, password sent in clear; SQLSTATE, message, hint. */
    static Stream<Arguments> refusals() {
        String failed = "password authentication failed for user \"alice\"";
        String inconsistent =
                "Inconsistent project name inferred from SNI ('ep-x') and project option ('ep-y').";
        return Stream.of(
                Arguments.of(
                        "ep-x.localhost",
                        "app",
                        "endpoint=ep-y",
                        "",
                        "22023",
                        inconsistent,
                        "not both"),
                Arguments.of(
                        "ep-x.localhost",
                        "app",
                        "endpoint=ep-x-pooler",
                        "",
                        "22023",
                        "Inconsistent project name",
                        "not both"),
                Arguments.of(
                        null,
                        "app",
                        "endpoint=a/b",
                        "",
                        "22023",
                        "Project name ('a/b') must contain only alphanumeric characters and hyphen.",
                        "sluice connection-string"),
                Arguments.of(null, "app", "endpoint=", "", "22023", "Project name ('')", ""),
                Arguments.of(
                        null,
                        "app",
                        "neon_lsn:0/1",
                        "",
                        "0A000",
                        "session selector \"neon_lsn\" is not supported",
                        "Make a branch"),
                // In clear nobody is asked for a password in clear.
                Arguments.of(null, "app", null, "", "28000", NOT_SPECIFIED, INSECURE_HINT),
                Arguments.of(
                        null,
                        "app",
                        "endpoint=ep-x project=ep-y",
                        "",
                        "28000",
                        NOT_SPECIFIED,
                        INSECURE_HINT),
                Arguments.of(
                        "localhost", "app", null, PASSWORD, "28000", NOT_SPECIFIED, INSECURE_HINT),
                Arguments.of(
                        "localhost",
                        "app",
                        null,
                        "endpoint=ep-x",
                        "28000",
                        NOT_SPECIFIED,
                        INSECURE_HINT),
                Arguments.of(
                        "localhost",
                        "app",
                        null,
                        "endpoint=;wonderland",
                        "22023",
                        "Project name ('')",
                        ""),
                Arguments.of(
                        "localhost",
                        "app",
                        null,
                        "endpoint=a b;wonderland",
                        "22023",
                        "Project name ('a b')",
                        ""),
                Arguments.of(
                        "localhost",
                        "app",
                        null,
                        "endpoint=ep-x;wrong",
                        "28P01",
                        failed,
                        "spelled right"),
                Arguments.of(
                        "localhost",
                        "app",
                        null,
                        "endpoint=ep-none;wonderland",
                        "28P01",
                        failed,
                        "spelled right"),
                Arguments.of(
                        "localhost",
                        "app@none",
                        null,
                        "endpoint=ep-x;wonderland",
                        "28P01",
                        failed,
                        "spelled right"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void isRefused(
            @Nullable String host,
            String database,
            @Nullable String options,
            String password,
            String state,
            String message,
            String hint)
            throws IOException {
        gateway.directory.hasDefault = false;
        try (RawClient client = client(host)) {
            client.startup(ProtocolVersion.V3_0, startup(database, options));
            BackendMessage answer = prove(client, password);
            assertThat(answer).isInstanceOf(ErrorResponse.class);
            Diagnostic error = ((ErrorResponse) answer).diagnostic();
            assertThat(error.sqlState()).isEqualTo(state);
            assertThat(error.message()).startsWith(message);
            assertThat(String.valueOf(error)).contains(hint).doesNotContain(PASSWORD);
            assertThat(client.receive()).isNull();
        }
        assertThat(gateway.directory.wakes).hasValue(0);
    }

    /** Law 6: whoever has not proved anything learns no names. */
    @Test
    void whatDoesNotExistLooksLikeWhatDoes() throws IOException {
        List<String> transcripts = new ArrayList<>();
        for (String[] wish :
                new String[][] {
                    {"ep-x.localhost", "alice", "app"},
                    {"ep-x.localhost", "nobody", "app"},
                    {"ep-x.localhost", "alice", "nowhere"},
                    {"ep-x.localhost", "alice", "app@nowhere"},
                    {"ep-none.localhost", "alice", "app"},
                }) {
            try (RawClient client = client(wish[0])) {
                client.startup(ProtocolVersion.V3_0, Map.of("user", wish[1], "database", wish[2]));
                transcripts.add(transcript(client).replace(wish[1], "ROLE"));
            }
        }
        assertThat(transcripts).allMatch(transcripts.getFirst()::equals);
        assertThat(transcripts.getFirst()).contains("28P01");
        assertThat(gateway.directory.wakes).hasValue(0);
    }

    /** All that a wrong password is answered, but for what is random. */
    private static String transcript(RawClient client) throws IOException {
        StringBuilder seen = new StringBuilder();
        AuthenticationSASL offer = client.await(AuthenticationSASL.class);
        seen.append(offer.mechanisms()).append('\n');
        String challenge = challenge(client);
        seen.append(challenge.replaceAll("r=[^,]*|s=[^,]*", "")).append(challenge.length());
        String nonce = challenge.substring(2, challenge.indexOf(','));
        client.send(
                new dev.sluice.wire.frontend.SASLResponse(
                        Unpooled.copiedBuffer(
                                "c=biws,r=" + nonce + ",p=" + "A".repeat(43) + "=",
                                StandardCharsets.US_ASCII)));
        for (BackendMessage message = client.receive();
                message != null;
                message = client.receive()) {
            assertThat(message).isNotInstanceOf(AuthenticationOk.class);
            seen.append(message).append('\n');
        }
        return seen.toString();
    }

    /** Salts would tell as well: those of a role that is not there do not change. */
    @Test
    void saltsOfWhatDoesNotExistStayAsTheyAre() throws IOException {
        assertThat(salt("ep-x.localhost", "nobody"))
                .isEqualTo(salt("ep-x.localhost", "nobody"))
                .isEqualTo(salt("ep-y.localhost", "nobody")) // a branch of the same project
                .isNotEqualTo(salt("ep-x.localhost", "nobody2"))
                .isNotEqualTo(salt("ep-none.localhost", "nobody"));
        assertThat(salt("ep-none.localhost", "alice"))
                .isEqualTo(salt("ep-none.localhost", "alice"))
                .isNotEqualTo(salt("ep-never.localhost", "alice"));
    }

    /** What the gateway answers to the beginning of a proof. */
    private static String challenge(RawClient client) throws IOException {
        client.send(
                new SASLInitialResponse(
                        "SCRAM-SHA-256",
                        Unpooled.copiedBuffer("n,,n=,r=abc", StandardCharsets.US_ASCII)));
        return client.await(AuthenticationSASLContinue.class)
                .data()
                .toString(StandardCharsets.US_ASCII);
    }

    private String salt(String host, String role) throws IOException {
        try (RawClient client = client(host)) {
            client.startup(ProtocolVersion.V3_0, Map.of("user", role));
            client.await(AuthenticationSASL.class);
            return challenge(client).replaceAll(".*,s=([^,]*),.*", "$1");
        }
    }

    @Test
    void limitsAndListsHoldForWhatDoesNotExistToo() throws IOException {
        gateway.directory.allowed = List.of(AddressRange.parse("192.0.2.0/24"));
        try (RawClient client = client("ep-x.localhost")) {
            client.startup(ProtocolVersion.V3_0, startup("app", null));
            assertThat(client.lastWords().sqlState()).isEqualTo("28000");
        }
        gateway.directory.allowed = List.of();
        DoorRules rules = gateway.rules();
        gateway.gateway.change(
                new DoorRules(
                        rules.certificates(),
                        false,
                        rules.clientCertificates(),
                        rules.proxies(),
                        rules.attempts(),
                        new RateLimit(0.001, 3),
                        rules.cancelPeers(),
                        rules.tokens()));
        String last = "";
        for (int i = 0; i < 4; i++) {
            try (RawClient client = client(null)) {
                client.startup(ProtocolVersion.V3_0, startup("app", "endpoint=ep-none"));
                BackendMessage answer = client.receive();
                if (answer instanceof ErrorResponse error) {
                    last = error.diagnostic().sqlState();
                    break;
                }
                client.send(
                        new SASLInitialResponse(
                                "SCRAM-SHA-256",
                                Unpooled.copiedBuffer("n,,n=,r=abc", StandardCharsets.US_ASCII)));
                String challenge =
                        client.await(AuthenticationSASLContinue.class)
                                .data()
                                .toString(StandardCharsets.US_ASCII);
                client.send(
                        new dev.sluice.wire.frontend.SASLResponse(
                                Unpooled.copiedBuffer(
                                        "c=biws,"
                                                + challenge.substring(0, challenge.indexOf(','))
                                                + ",p="
                                                + "A".repeat(43)
                                                + "=",
                                        StandardCharsets.US_ASCII)));
                client.lastWords();
            }
        }
        assertThat(last).isEqualTo("53300");
    }

    @Test
    void everyStartupParameterReachesPostgres() throws IOException {
        Map<String, String> startup = startup("app", "-c geqo=off endpoint=ep-y --work_mem=7MB");
        startup.put("client_encoding", "LATIN1");
        startup.put("search_path", "elsewhere, \"an other\"");
        startup.put("application_name", "the test");
        startup.put("DateStyle", "German");
        startup.put("TimeZone", "Asia/Tokyo");
        startup.put("extra_float_digits", "0");
        startup.put("request.custom", "x=1;y='2'");
        startup.put("statement_timeout", "12345");
        try (RawClient client = client("localhost")) {
            client.startup(ProtocolVersion.V3_0, startup);
            assertThat(client.login(PASSWORD).getLast()).isInstanceOf(ReadyForQuery.class);
            assertThat(
                            client
                                    .query(
                                            "select current_setting(name) from unnest(array["
                                                    + "'client_encoding','search_path',"
                                                    + "'application_name','DateStyle','TimeZone',"
                                                    + "'extra_float_digits','request.custom',"
                                                    + "'statement_timeout','geqo','work_mem'])"
                                                    + " name")
                                    .stream()
                                    .map(List::getFirst))
                    .containsExactly(
                            "LATIN1",
                            "elsewhere, \"an other\"",
                            "the test",
                            "German, DMY",
                            "Asia/Tokyo",
                            "0",
                            "x=1;y='2'",
                            "12345ms",
                            "off",
                            "7MB");
        }
    }

    @Test
    void aReplicationConnectionAndAReplicationToADatabase() throws IOException {
        for (String replication : List.of("true", "database")) {
            Map<String, String> startup = startup("app", "endpoint=ep-x");
            startup.put("replication", replication);
            startup.put("user", "postgres");
            try (RawClient client = client("localhost")) {
                client.startup(ProtocolVersion.V3_0, startup);
                assertThat(client.login("super secret").getLast())
                        .isInstanceOf(ReadyForQuery.class);
                assertThat(client.query("IDENTIFY_SYSTEM").getFirst().getLast())
                        .isEqualTo(replication.equals("true") ? "NULL" : "app");
            }
        }
    }
}
