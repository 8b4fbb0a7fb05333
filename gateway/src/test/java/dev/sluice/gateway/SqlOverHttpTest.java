package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.transport.Transport;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code POST /sql}, header by header. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class SqlOverHttpTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ALICE = "postgresql://alice:wonderland@ep-x.localhost/app";
    private static final Map<String, String> DRIVER =
            Map.of("Neon-Raw-Text-Output", "true", "Neon-Array-Mode", "true");

    @TempDir Path directory;

    private TestGateway gateway;
    private HttpClient client;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway = new TestGateway(postgres, directory);
        client = HttpClient.newHttpClient();
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.close();
    }

    private void restart(TestPostgres postgres, UnaryOperator<HttpConfig> configure)
            throws IOException {
        gateway.close();
        gateway =
                new TestGateway(
                        postgres,
                        directory,
                        config -> config.withHttp(configure.apply(config.http().orElseThrow())),
                        SessionListener.NONE,
                        Transport.best());
    }

    private HttpResponse<String> post(String connection, Map<String, String> headers, String body)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/sql"))
                        .header("Neon-Connection-String", connection)
                        .POST(HttpRequest.BodyPublishers.ofString(body.replace('\n', ' ')));
        headers.forEach(request::header);
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode ok(Map<String, String> headers, String body) throws Exception {
        HttpResponse<String> response = post(ALICE, headers, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    @Test
    void aResultAsTheDriverReadsIt() throws Exception {
        JsonNode result =
                ok(DRIVER, "{\"query\":\"select $1::int as n, null as x\",\"params\":[\"7\"]}");
        assertThat(result.toString())
                .isEqualTo(
                        "{\"fields\":[{\"name\":\"n\",\"dataTypeID\":23,\"tableID\":0,\"columnID\":0,"
                                + "\"dataTypeSize\":4,\"dataTypeModifier\":-1,\"format\":\"text\"},"
                                + "{\"name\":\"x\",\"dataTypeID\":25,\"tableID\":0,\"columnID\":0,"
                                + "\"dataTypeSize\":-1,\"dataTypeModifier\":-1,\"format\":\"text\"}],"
                                + "\"rows\":[[\"7\",null]],\"command\":\"SELECT\",\"rowCount\":1,"
                                + "\"rowAsArray\":true}");
    }

    private JsonNode failed(Map<String, String> headers, String body) throws Exception {
        HttpResponse<String> response = post(ALICE, headers, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        return JSON.readTree(response.body());
    }

    private JsonNode rows(String query) throws Exception {
        return ok(
                        Map.of("Neon-Array-Mode", "true"),
                        JSON.createObjectNode().put("query", query).toString())
                .path("rows");
    }

    @Test
    void headersOfEveryAnswer() throws Exception {
        HttpResponse<String> response = post(ALICE, DRIVER, "{\"query\":\"select 1\"}");
        assertThat(response.headers().map())
                .containsEntry("content-type", List.of("application/json"))
                .containsEntry("access-control-allow-origin", List.of("*"))
                .containsKey("neon-request-id");
        HttpResponse<String> refused = post("nonsense", DRIVER, "");
        assertThat(refused.headers().firstValue("access-control-allow-origin")).contains("*");
        assertThat(refused.headers().firstValue("neon-request-id")).isPresent();
    }

    @Test
    void rowsAreObjectsUnlessArraysAreAskedFor() throws Exception {
        assertThat(ok(Map.of(), "{\"query\":\"select 1 as a, 'x' as b\"}").path("rows").toString())
                .isEqualTo("[{\"a\":1,\"b\":\"x\"}]");
        assertThat(
                        ok(Map.of(), "{\"query\":\"select 1 as a\",\"arrayMode\":true}")
                                .path("rows")
                                .toString())
                .isEqualTo("[[1]]");
        JsonNode own =
                ok(
                        Map.of("Array-Mode", "true"),
                        "{\"query\":\"select 1 as a\",\"arrayMode\":false}");
        assertThat(own.path("rows").toString()).isEqualTo("[{\"a\":1}]");
        assertThat(own.path("rowAsArray").asBoolean()).isFalse();
    }

    @Test
    void valuesBecomeWhatJsonHasForThem() throws Exception {
        assertThat(
                        rows("""
                        select true, 1::int2, -2::int4, 3::int8, 1.50::numeric, 0.5::float4, 1e300::float8,
                          'NaN'::float8, '-Infinity'::float4, '{"a": [1, null]}'::json, '{"b":2}'::jsonb,
                          '2024-01-02'::date, '\\x41'::bytea, null, 'é"\\'
                        """)
                                .path(0)
                                .toString())
                .isEqualTo(
                        "[true,1,-2,\"3\",\"1.50\",0.5,1.0E300,\"NaN\",\"-Infinity\",{\"a\":[1,null]},{\"b\":2},"
                                + "\"2024-01-02\",\"\\\\x41\",null,\"é\\\"\\\\\"]");
        assertThat(
                        rows("""
                        select array[[1,2],[3,null]], '[0:1]={t,f}'::bool[], array['a,b','"q"','NULL',null,''],
                          array['{"x":"}"}']::jsonb[], array[1.5,2]::float8[], '{}'::int[],
                          array['(1,2),(0,0)']::box[], array[9007199254740993]
                        """)
                                .path(0)
                                .toString())
                .isEqualTo(
                        "[[[1,2],[3,null]],[true,false],[\"a,b\",\"\\\"q\\\"\",\"NULL\",null,\"\"],"
                                + "[{\"x\":\"}\"}],[1.5,2],[],[\"(1,2),(0,0)\"],[\"9007199254740993\"]]");
    }

    @Test
    void parametersOfEveryKind() throws Exception {
        JsonNode row =
                ok(
                                DRIVER,
                                """
                                {"query": "select $1::text, $2::int, $3::numeric, $4::bool, $5::jsonb, $6::int[], $7::text[], $8::text, $9::jsonb[]",
                                 "params": ["é", 7, 12345678901234567890.12345, true, {"a": 1.50}, [[1, 2], [3, null]],
                                            ["x,y", "q\\"\\\\", null, "NULL"], null, [{"k": "\\""}]],
                                 "unknown": {"is": ["ignored"]}}
                                """)
                        .path("rows")
                        .path(0);
        assertThat(row)
                .extracting(JsonNode::asText)
                .containsExactly(
                        "é",
                        "7",
                        "12345678901234567890.12345",
                        "t",
                        "{\"a\": 1.50}",
                        "{{1,2},{3,NULL}}",
                        "{\"x,y\",\"q\\\"\\\\\",NULL,\"NULL\"}",
                        "null",
                        "{\"{\\\"k\\\": \\\"\\\\\\\"\\\"}\"}");
        assertThat(row.path(7).isNull()).isTrue();
    }

    @Test
    void commandsAndCounts() throws Exception {
        String[][] cases = {
            {"create temp table t (i int)", "CREATE", "null"},
            {"select 1 where false", "SELECT", "0"},
            {"set work_mem = '1MB'", "SET", "null"},
            {"", "", "null"},
            {"with x as (select 1) select * from x", "SELECT", "1"},
        };
        for (String[] each : cases) {
            JsonNode result = ok(DRIVER, JSON.createObjectNode().put("query", each[0]).toString());
            assertThat(result.path("command").asText()).isEqualTo(each[1]);
            assertThat(result.path("rowCount").toString()).isEqualTo(each[2]);
        }
        JsonNode batch =
                ok(
                        DRIVER,
                        """
                        {"queries": [{"query": "create temp table t (i int)"},
                                     {"query": "insert into t select generate_series(1, 5)"},
                                     {"query": "update t set i = 0 where i > 2"},
                                     {"query": "delete from t"}]}
                        """);
        assertThat(batch.path("results").findValuesAsText("rowCount"))
                .containsExactly("null", "5", "3", "5");
        assertThat(batch.path("results").findValuesAsText("command"))
                .containsExactly("CREATE", "INSERT", "UPDATE", "DELETE");
    }

    @Test
    void aBatchIsOneTransactionWithTheOptionsThatItsHeadersSay() throws Exception {
        HttpResponse<String> response =
                post(
                        ALICE,
                        Map.of(
                                "Neon-Batch-Isolation-Level", "Serializable",
                                "Neon-Batch-Read-Only", "true",
                                "Neon-Batch-Deferrable", "true",
                                "Neon-Array-Mode", "true"),
                        """
                        {"queries": [{"query": "select current_setting('transaction_isolation'),
                                                       current_setting('transaction_read_only'),
                                                       current_setting('transaction_deferrable')"},
                                     {"query": "select pg_current_xact_id_if_assigned() is null"}]}
                        """);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(JSON.readTree(response.body()).path("results").path(0).path("rows").toString())
                .isEqualTo("[[\"serializable\",\"on\",\"on\"]]");
        assertThat(response.headers().map())
                .containsEntry("neon-batch-isolation-level", List.of("Serializable"))
                .containsEntry("neon-batch-read-only", List.of("true"))
                .containsEntry("neon-batch-deferrable", List.of("true"));

        for (String level : List.of("ReadUncommitted", "ReadCommitted", "RepeatableRead")) {
            JsonNode results =
                    ok(
                            Map.of(
                                    "Neon-Batch-Isolation-Level",
                                    level,
                                    "Neon-Batch-Read-Only",
                                    "false"),
                            "[{\"query\":\"select replace(current_setting('transaction_isolation'), ' ', '') as l,"
                                    + " current_setting('transaction_read_only') as r\"}]");
            assertThat(results.path("results").path(0).path("rows").path(0).path("l").asText())
                    .isEqualToIgnoringCase(level);
            assertThat(results.path("results").path(0).path("rows").path(0).path("r").asText())
                    .isEqualTo("off");
        }
        assertThat(
                        failed(Map.of("Neon-Batch-Isolation-Level", "Chaos"), "{\"queries\":[]}")
                                .path("message")
                                .asText())
                .startsWith("invalid isolation level");
        assertThat(ok(DRIVER, "{\"queries\":[]}").toString()).isEqualTo("{\"results\":[]}");
    }

    @Test
    void aBatchThatFailsLeavesNothing() throws Exception {
        ok(
                DRIVER,
                "{\"query\":\"create table if not exists kept (i int primary key deferrable initially deferred)\"}");
        JsonNode error =
                failed(
                        DRIVER,
                        "{\"queries\":[{\"query\":\"insert into kept values (1)\"},{\"query\":\"select 1/0\"}]}");
        assertThat(error.path("code").asText()).isEqualTo("22012");
        // and where COMMIT is what fails
        JsonNode late =
                failed(
                        DRIVER,
                        "{\"queries\":[{\"query\":\"insert into kept values (1)\"},{\"query\":\"insert into kept values (1)\"}]}");
        assertThat(late.path("code").asText()).isEqualTo("23505");
        assertThat(late.path("constraint").asText()).isEqualTo("kept_pkey");
        assertThat(rows("select count(*)::int from kept").toString()).isEqualTo("[[0]]");
        ok(DRIVER, "{\"query\":\"drop table kept\"}");
    }

    @Test
    void everyFieldOfAnError() throws Exception {
        JsonNode error = failed(DRIVER, "{\"query\":\"select *\\nfrom nowhere\"}");
        assertThat(error.path("message").asText()).isEqualTo("relation \"nowhere\" does not exist");
        assertThat(error.path("code").asText()).isEqualTo("42P01");
        assertThat(error.path("severity").asText()).isEqualTo("ERROR");
        assertThat(error.path("position").isTextual()).isTrue();
        assertThat(error.path("position").asText()).isEqualTo("15");
        assertThat(error.path("line").isTextual()).isTrue();
        assertThat(error.path("routine").asText()).isEqualTo("parserOpenTable");
        for (String absent :
                List.of(
                        "detail",
                        "hint",
                        "internalPosition",
                        "internalQuery",
                        "where",
                        "schema",
                        "table",
                        "column",
                        "dataType",
                        "constraint")) {
            assertThat(error.has(absent)).isTrue();
            assertThat(error.path(absent).isNull()).isTrue();
        }
        JsonNode internal = failed(DRIVER, "{\"query\":\"do $$ begin perform 1/0; end $$\"}");
        assertThat(internal.path("where").asText()).contains("PL/pgSQL");
        assertThat(failed(DRIVER, "{\"query\":\"select 1; select 2\"}").path("code").asText())
                .isEqualTo("42601");
    }

    @Test
    void whoMayNotComeInIsToldWhy() throws Exception {
        String[][] cases = {
            {
                "postgresql://alice:wrong@ep-x.localhost/app",
                "28P01",
                "password authentication failed for user \"alice\""
            },
            {
                "postgresql://nobody:wonderland@ep-x.localhost/app",
                "28P01",
                "password authentication failed for user \"nobody\""
            },
            {
                "postgresql://" + ScriptedDirectory.WITH_MD5 + ":wonderland@ep-x.localhost/app",
                "28P01",
                "password authentication failed for user \"elder\""
            },
            {
                "postgresql://alice:wonderland@ep-none.localhost/app",
                "28P01",
                "password authentication failed for user \"alice\""
            },
            {
                "postgresql://alice:wonderland@ep-x.localhost/nowhere",
                "3D000",
                "database \"nowhere\" does not exist"
            },
            {
                "postgresql://alice@ep-x.localhost/app",
                "28000",
                "missing authentication credentials: required password"
            },
            {
                "postgresql://alice:wonderland@ep-x.localhost",
                "22023",
                "invalid connection string: missing database name"
            },
            {
                "postgresql://ep-x.localhost/app",
                "22023",
                "invalid connection string: missing username"
            },
            {
                "mysql://alice:wonderland@ep-x.localhost/app",
                "22023",
                "invalid connection string: incorrect scheme"
            },
            {
                "postgresql://alice:%zz@ep-x.localhost/app",
                "22023",
                "invalid connection string: the password is not percent-encoded"
            },
            {
                "postgresql://alice:wonderland@ep-x.localhost/app?options=endpoint%3Dep-y",
                "22023",
                "Inconsistent project name inferred from SNI ('ep-x') and project option ('ep-y')."
            },
            {
                "postgresql://alice:wonderland@ep-x.localhost/app?replication=database",
                "0A000",
                "replication connections are not possible over HTTP"
            },
            {
                "postgresql://alice:wonderland@ep-x.localhost/app?no_such=1",
                "42704",
                "unrecognized configuration parameter \"no_such\""
            },
        };
        for (String[] each : cases) {
            HttpResponse<String> response = post(each[0], DRIVER, "{\"query\":\"select 1\"}");
            JsonNode error = JSON.readTree(response.body());
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(error.path("message").asText()).isEqualTo(each[2]);
            assertThat(error.path("code").asText()).isEqualTo(each[1]);
            assertThat(response.body()).doesNotContain("wonderland");
        }
        HttpResponse<String> none =
                client.send(
                        HttpRequest.newBuilder(uri("/sql"))
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(none.statusCode()).isEqualTo(400);
        assertThat(none.body()).contains("missing header: Neon-Connection-String", "28000");
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + gateway.port() + path);
    }

    @Test
    void connectionStringsInEveryForm() throws Exception {
        for (String connection :
                List.of(
                        "postgres://alice:wonder%6Cand@ep-y.db.localhost:5432/app?sslmode=require&channel_binding=require",
                        "postgresql://alice:wonderland@[::1]/app?options=endpoint%3Dep-y",
                        "postgresql://alice:wonderland@127.0.0.1/app%40dev?options=project%3Dep-y%20-c%20work_mem%3D2MB",
                        "postgresql://k%C3%A4the:p%C3%A4ssw%C3%B6rd@ep-y.localhost/app")) {
            HttpResponse<String> response =
                    post(connection, DRIVER, "{\"query\":\"select current_setting('work_mem')\"}");
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            assertThat(gateway.directory.requests.getLast().endpoint()).contains("ep-y");
            assertThat(response.body().contains("2MB")).isEqualTo(connection.contains("work_mem"));
        }
        HttpResponse<String> name =
                post(
                        ALICE
                                + "?application_name=pkg%3Anpm%2F%2540neondatabase%2Fserverless%401.2.0",
                        DRIVER,
                        "{\"query\":\"show application_name\"}");
        assertThat(name.body()).contains("[[\"pkg:npm/%40neondatabase/serverless@1.2.0\"]]");
    }

    @Test
    void bodiesThatAreNoRequests() throws Exception {
        String[][] cases = {
            {"", "the body is not a JSON object"},
            {"7", "the body is not a JSON object"},
            {"{", "the body is not JSON: "},
            {"{\"query\":\"select 1\"} x", "the body is not JSON: "},
            {"{\"query\":\"select 1\"} {}", "the body goes on after its JSON"},
            {"{}", "the body has no \"query\""},
            {"{\"query\":1}", "\"query\" is not a string"},
            {"{\"query\":\"select 1\",\"params\":{}}", "\"params\" is not an array"},
            {"{\"query\":\"select 1\",\"arrayMode\":1}", "\"arrayMode\" is not a boolean"},
            {"{\"queries\":{}}", "\"queries\" is not an array"},
            {"{\"queries\":[1]}", "a query is not a JSON object"},
            {
                "{\"queries\":[],\"query\":\"select 1\"}",
                "the body has both \"query\" and \"queries\""
            },
            {"[".repeat(100_000), "a query is not a JSON object"},
            {"{\"a\":" + "[".repeat(100_000), "the body is not JSON: "},
            {
                "{\"query\":\"select '\\u0000'\"}",
                "invalid byte sequence for encoding \"UTF8\": 0x00"
            },
            {"{\"query\":\"select '\\ud800'\"}", "invalid byte sequence for encoding \"UTF8\""},
            {
                "{\"query\":\"select $1\",\"params\":[\"\\u0000\"]}",
                "invalid byte sequence for encoding \"UTF8\": 0x00"
            },
            {
                "{\"query\":\"select $1\",\"params\":[]}",
                "bind message supplies 0 parameters, but prepared statement \"\" requires 1"
            },
        };
        for (String[] each : cases) {
            assertThat(failed(DRIVER, each[0]).path("message").asText())
                    .as(each[0].substring(0, Math.min(60, each[0].length())))
                    .startsWith(each[1]);
        }
        assertThat(rows("select 1").toString()).isEqualTo("[[1]]");
    }

    @Test
    void nothingOfARequestIsFoundByTheNext(TestPostgres postgres) throws Exception {
        restart(
                postgres,
                http ->
                        http.withPool(
                                new HttpConfig.Pool(
                                        1, 1, Duration.ofMinutes(1), Duration.ofSeconds(10))));
        String before = rows("select pg_backend_pid()").toString();
        ok(DRIVER, "{\"query\":\"set work_mem = '3MB'\"}");
        ok(DRIVER, "{\"query\":\"create temp table leftover (i int)\"}");
        ok(DRIVER, "{\"query\":\"select pg_advisory_lock(42)\"}");
        ok(DRIVER, "{\"query\":\"prepare p as select 1\"}");
        ok(DRIVER, "{\"query\":\"listen l\"}");
        assertThat(
                        rows("""
                        select current_setting('work_mem') <> '3MB', to_regclass('pg_temp.leftover') is null,
                          (select count(*)::int from pg_locks where locktype = 'advisory'),
                          (select count(*)::int from pg_prepared_statements),
                          (select count(*)::int from pg_listening_channels())
                        """)
                                .toString())
                .isEqualTo("[[true,true,0,0,0]]");
        assertThat(rows("select pg_backend_pid()").toString()).isEqualTo(before);
        ok(DRIVER, "{\"query\":\"begin\"}");
        assertThat(rows("select pg_backend_pid()").toString()).isNotEqualTo(before);
    }

    @Test
    void copyIsRefusedAndDoesNotHang() throws Exception {
        for (String copy : List.of("copy (select 1) to stdout", "copy pg_temp.x from stdin")) {
            JsonNode error =
                    failed(
                            DRIVER,
                            "{\"queries\":[{\"query\":\"create temp table x (i int)\"},{\"query\":\""
                                    + copy
                                    + "\"}]}");
            assertThat(error.path("code").asText()).isEqualTo("0A000");
        }
        assertThat(
                        failed(DRIVER, "{\"query\":\"set client_encoding = 'LATIN1'\"}")
                                .path("code")
                                .asText())
                .isEqualTo("0A000");
        assertThat(rows("select 1").toString()).isEqualTo("[[1]]");
    }

    @Test
    void forBrowsersAndForOthers() throws Exception {
        HttpResponse<String> preflight =
                client.send(
                        HttpRequest.newBuilder(uri("/sql"))
                                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(preflight.statusCode()).isEqualTo(200);
        assertThat(preflight.headers().map())
                .containsEntry("allow", List.of("OPTIONS, POST"))
                .containsEntry("access-control-allow-origin", List.of("*"))
                .containsEntry("access-control-max-age", List.of("86400"));
        assertThat(preflight.headers().firstValue("access-control-allow-headers").orElseThrow())
                .contains(
                        "Authorization",
                        "Neon-Connection-String",
                        "Neon-Raw-Text-Output",
                        "Neon-Array-Mode",
                        "Neon-Pool-Opt-In",
                        "Neon-Batch-Read-Only",
                        "Neon-Batch-Isolation-Level",
                        "Neon-Batch-Deferrable");
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertThat(get("/sql").statusCode()).isEqualTo(405);
        assertThat(get("/elsewhere").statusCode()).isEqualTo(404);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void overTlsInBothVersionsOfHttp() throws Exception {
        try (HttpClient trusting = HttpClient.newBuilder().sslContext(trust()).build()) {
            for (HttpClient.Version version : HttpClient.Version.values()) {
                HttpResponse<String> response =
                        trusting.send(
                                HttpRequest.newBuilder(
                                                URI.create(
                                                        "https://127.0.0.1:"
                                                                + gateway.port()
                                                                + "/sql"))
                                        .version(version)
                                        .header("Neon-Connection-String", ALICE)
                                        .POST(
                                                HttpRequest.BodyPublishers.ofString(
                                                        "{\"query\":\"select 1 as a\"}"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(response.version()).isEqualTo(version);
                assertThat(response.body()).contains("[{\"a\":1}]");
            }
        }
        assertThat(gateway.audit)
                .isNotEmpty()
                .allSatisfy(come -> assertThat(come.connection().tls()).isEqualTo("TLSv1.3"));
        // Postgres goes on being spoken there.
        try (Connection connection =
                gateway.connectVerified("ep-y.localhost", "sslNegotiation", "direct")) {
            assertThat(connection.isValid(5)).isTrue();
        }
    }

    private SSLContext trust() throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = Files.newInputStream(gateway.certificates.authorityFile())) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @Test
    void manyAtOnceShareFewConnectionsAndTakeTurns(TestPostgres postgres) throws Exception {
        restart(
                postgres,
                http ->
                        http.withPool(
                                new HttpConfig.Pool(
                                        3, 3, Duration.ofMinutes(1), Duration.ofSeconds(30))));
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            answers.add(
                    CompletableFuture.supplyAsync(
                            () -> unchecked(() -> rows("select pg_backend_pid()").toString()),
                            task -> Thread.ofVirtual().start(task)));
        }
        assertThat(answers.stream().map(CompletableFuture::join).distinct().count())
                .isBetween(1L, 3L);
        assertThat(gateway.directory.wakes).hasValueLessThanOrEqualTo(3);
    }

    private static <T> T unchecked(Callable<T> call) {
        try {
            return call.call();
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    @Test
    void whoWaitsTooLongForAConnectionIsTold(TestPostgres postgres) throws Exception {
        restart(
                postgres,
                http ->
                        http.withPool(
                                new HttpConfig.Pool(
                                        1, 1, Duration.ofMinutes(1), Duration.ofMillis(100))));
        CompletableFuture<String> slow =
                CompletableFuture.supplyAsync(
                        () -> unchecked(() -> rows("select pg_sleep(2)").toString()),
                        task -> Thread.ofVirtual().start(task));
        Awaitility.await().until(() -> gateway.gateway.sessions().size() == 1);
        assertThat(gateway.gateway.sessions().getFirst().state())
                .isEqualTo(SessionInfo.State.ACTIVE);
        assertThat(failed(DRIVER, "{\"query\":\"select 1\"}").path("code").asText())
                .isEqualTo("53300");
        slow.join();
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
    }

    @Test
    void anIdleConnectionIsClosedAfterAWhileAndMakesRoomForOthers(TestPostgres postgres)
            throws Exception {
        restart(
                postgres,
                http ->
                        http.withPool(
                                new HttpConfig.Pool(
                                        1, 1, Duration.ofMillis(200), Duration.ofSeconds(10))));
        String first = rows("select pg_backend_pid()").toString();
        HttpResponse<String> other =
                post(
                        ALICE + "?application_name=other",
                        DRIVER,
                        "{\"query\":\"select pg_backend_pid()\"}");
        assertThat(other.body()).doesNotContain(first);
        String alive =
                "select count(*)::int from pg_stat_activity where pid = "
                        + first.replaceAll("[^0-9]", "");
        assertThat(rows(alive).toString()).isEqualTo("[[0]]");
    }

    private URI encrypted(String path) {
        return URI.create("https://127.0.0.1:" + gateway.port() + path);
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void aStatementIsCancelledWhenItsClientLeaves(HttpClient.Version version) throws Exception {
        HttpClient leaver = HttpClient.newBuilder().sslContext(trust()).build();
        CompletableFuture<HttpResponse<String>> asked =
                leaver.sendAsync(
                        HttpRequest.newBuilder(encrypted("/sql"))
                                .version(version)
                                .header("Neon-Connection-String", ALICE)
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"query\":\"select 'leaver', pg_sleep(60)\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        String running =
                "select count(*)::int from pg_stat_activity where state = 'active' and query like 'select ''leaver''%'";
        Awaitility.await().until(() -> rows(running).toString().equals("[[1]]"));
        asked.cancel(true);
        Awaitility.await().until(() -> rows(running).toString().equals("[[0]]"));
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
        leaver.shutdownNow();
    }

    @Test
    void aStatementThatRunsWhenTheGatewayClosesIsToldWhy() throws Exception {
        CompletableFuture<JsonNode> told =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return failed(DRIVER, "{\"query\":\"select pg_sleep(60)\"}");
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
        Awaitility.await().until(() -> !gateway.gateway.sessions().isEmpty());
        gateway.close();
        assertThat(told.get(20, TimeUnit.SECONDS).path("code").asText()).isEqualTo("57P01");
    }

    @Test
    void aComputeThatStoppedIsWokenAndNoStatementIsRepeated(TestPostgres postgres)
            throws Exception {
        rows("select 1");
        CompletableFuture<HttpResponse<String>> hit =
                client.sendAsync(
                        HttpRequest.newBuilder(uri("/sql"))
                                .header("Neon-Connection-String", ALICE)
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"query\":\"select 'hit', pg_sleep(60)\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        Awaitility.await().until(() -> gateway.gateway.sessions().size() == 1);
        postgres.stop("INT");
        HttpResponse<String> answer = hit.join();
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()).path("code").asText()).isEqualTo("57P01");
        int before = gateway.directory.wakes.get();
        gateway.directory.waking =
                () ->
                        CompletableFuture.supplyAsync(() ->
                                unchecked(() -> {
                                    postgres.start();
                                    return gateway.directory.address();
                                }));
        assertThat(rows("select 2").toString()).isEqualTo("[[2]]");
        assertThat(gateway.directory.wakes).hasValue(before + 1);
    }

    @Test
    void limitsAreThoseThatAreSet(TestPostgres postgres) throws Exception {
        restart(
                postgres,
                http -> http.withLimits(new HttpConfig.Limits(10_000, 100_000, 50_000, 20_000)));
        HttpResponse<String> request =
                post(ALICE, DRIVER, "{\"query\":\"select '" + "x".repeat(10_000) + "'\"}");
        assertThat(request.statusCode()).isEqualTo(413);
        assertThat(request.body()).contains("request is too large (max is 10000 bytes)");
        JsonNode row = failed(DRIVER, "{\"query\":\"select repeat('x', 2000000)\"}");
        assertThat(row.path("message").asText()).contains("announces a length of 2000");
        assertThat(
                        ok(
                                        DRIVER,
                                        "{\"query\":\"select repeat('x', 1000) from generate_series(1, 90)\"}")
                                .path("rowCount")
                                .asInt())
                .isEqualTo(90);
        // Past what is held back the status is sent: all that can be done is to break it off.
        assertThatThrownBy(() ->
                        post(
                                ALICE,
                                DRIVER,
                                "{\"query\":\"select repeat('x', 1000) from generate_series(1, 200)\"}"))
                .isInstanceOf(IOException.class);
        restart(
                postgres,
                http -> http.withLimits(new HttpConfig.Limits(10_000, 10_000, 50_000, 20_000)));
        HttpResponse<String> response =
                post(ALICE, DRIVER, "{\"query\":\"select repeat('x', 10000)\"}");
        assertThat(response.statusCode()).isEqualTo(507);
        assertThat(response.body()).contains("response is too large (max is 10000 bytes)");
        assertThat(rows("select 1").toString()).isEqualTo("[[1]]");
    }

    /**
     * @param patience with others that have the memory
     */
    private void restartWithLittleMemory(TestPostgres postgres, Duration patience)
            throws Exception {
        restart(
                postgres,
                http ->
                        http.withMemory(16 << 20)
                                .withPool(
                                        new HttpConfig.Pool(
                                                8, 8, Duration.ofMinutes(1), patience)));
    }

    @Test
    void whatIsLargeSharesMemoryAndWhatIsSmallDoesNotWait(TestPostgres postgres) throws Exception {
        restartWithLittleMemory(postgres, Duration.ofSeconds(20));
        String row = "{\"query\":\"select repeat('x', 2000000) as x\"}";
        String body =
                "{\"query\":\"select length($1::text) as n\",\"params\":[\""
                        + "x".repeat(1_500_000)
                        + "\"]}";
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            answers.add(postAsync(row));
            answers.add(postAsync(body));
        }
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            assertThat(answer.get(60, TimeUnit.SECONDS))
                    .satisfies(got -> assertThat(got.statusCode()).as(got.body()).isEqualTo(200));
        }
        CompletableFuture<HttpResponse<String>> waiting;
        try (Socket holder = announced(2_000_000)) {
            waiting = postAsync(body);
            assertThat(rows("select 1").toString()).isEqualTo("[[1]]");
            assertThat(waiting).isNotDone();
            assertThat(holder.isConnected()).isTrue();
        }
        assertThat(waiting.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    @Test
    void whoGetsNoMemoryIsTold(TestPostgres postgres) throws Exception {
        restartWithLittleMemory(postgres, Duration.ofMillis(100));
        String body = "{\"query\":\"select '" + "x".repeat(1_500_000) + "'\"}";
        try (Socket socket = announced(2_000_000)) {
            assertThat(failed(DRIVER, body).path("code").asText()).isEqualTo("53200");
            HttpResponse<String> chunked =
                    client.send(
                            HttpRequest.newBuilder(uri("/sql"))
                                    .header("Neon-Connection-String", ALICE)
                                    .POST(
                                            HttpRequest.BodyPublishers.ofInputStream(() ->
                                                    new ByteArrayInputStream(
                                                            body.getBytes(StandardCharsets.UTF_8))))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(chunked.statusCode()).isEqualTo(400);
            assertThat(chunked.body()).contains("no memory for the request");
            assertThat(socket.isConnected()).isTrue();
        }
        Awaitility.await()
                .untilAsserted(() -> assertThat(ok(DRIVER, body).path("rowCount").asInt()).isOne());
    }

    /** A client who is let in and says how long its request will be, and no more. */
    private Socket announced(int length) throws IOException {
        int before = gateway.audit.size();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
        String head =
                "POST /sql HTTP/1.1\r\nHost: x\r\nNeon-Connection-String: %s\r\nContent-Length: %d\r\n\r\n"
                        .formatted(ALICE, length);
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        Awaitility.await().until(() -> gateway.audit.size() > before);
        return socket;
    }

    private CompletableFuture<HttpResponse<String>> postAsync(String body) {
        return client.sendAsync(
                HttpRequest.newBuilder(uri("/sql"))
                        .version(HttpClient.Version.HTTP_1_1)
                        .header("Neon-Connection-String", ALICE)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void anErrorAfterTheFirstRowsHasItsStatusAsLongAsTheyAreHeldBack() throws Exception {
        assertThat(
                        failed(
                                        DRIVER,
                                        "{\"query\":\"select 1 / (500 - i) from generate_series(1, 1000) i\"}")
                                .path("code")
                                .asText())
                .isEqualTo("22012");
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void anErrorFurtherOnBreaksTheAnswerOff(HttpClient.Version version) throws Exception {
        String late =
                "{\"query\":\"select repeat('x', 1000), 1 / (5000 - i) from generate_series(1, 9999) i\"}";
        try (HttpClient reader = HttpClient.newBuilder().sslContext(trust()).build()) {
            HttpRequest request = statement(version, late);
            assertThatThrownBy(() -> reader.send(request, HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class)
                    // What curl and browsers take for the answer's end is not said.
                    .extracting(Throwable::getMessage, InstanceOfAssertFactories.STRING)
                    .contains(version == HttpClient.Version.HTTP_2 ? "Internal error" : "chunked");
        }
    }

    private HttpRequest statement(HttpClient.Version version, String body) {
        return HttpRequest.newBuilder(encrypted("/sql"))
                .version(version)
                .header("Neon-Connection-String", ALICE)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void headsMayBeAsLongInBothVersionsOfHttp(HttpClient.Version version) throws Exception {
        try (HttpClient asking = HttpClient.newBuilder().sslContext(trust()).build()) {
            HttpRequest request =
                    HttpRequest.newBuilder(
                                    statement(version, "{\"query\":\"select 1\"}"), (_, _) -> true)
                            .header("Baggage", "x".repeat(14_000))
                            .build();
            HttpResponse<String> response =
                    asking.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.version()).isEqualTo(version);
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        }
    }

    @Test
    void aConnectionWhoseStreamWasResetIsClosedWhenItIsIdleLikeAnyOther(TestPostgres postgres)
            throws Exception {
        restart(postgres, http -> http.withTimeouts(Duration.ofSeconds(60), Duration.ofSeconds(1)));
        try (HttpClient leaver = HttpClient.newBuilder().sslContext(trust()).build()) {
            CompletableFuture<HttpResponse<String>> asked =
                    leaver.sendAsync(
                            statement(
                                    HttpClient.Version.HTTP_2,
                                    "{\"query\":\"select pg_sleep(60)\"}"),
                            HttpResponse.BodyHandlers.ofString());
            Awaitility.await().until(() -> !gateway.gateway.sessions().isEmpty());
            asked.cancel(true);
            Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void aLargeResultIsStreamedAndASlowReaderSlowsPostgresDown(HttpClient.Version version)
            throws Exception {
        HttpClient reader = HttpClient.newBuilder().sslContext(trust()).build();
        HttpResponse<InputStream> response =
                reader.send(
                        HttpRequest.newBuilder(encrypted("/sql"))
                                .version(version)
                                .header("Neon-Connection-String", ALICE)
                                .header("Neon-Raw-Text-Output", "true")
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"query\":\"select repeat('x', 10000) as x from generate_series(1, 20000)\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.version()).isEqualTo(version);
        // 200 MB: nobody between keeps them, so the server waits for its client.
        Awaitility.await()
                .until(() ->
                        rows("select wait_event from pg_stat_activity where query like 'select repeat(''x'', 10000)%'"
                                        + " and state = 'active'")
                                .toString()
                                .equals("[[\"ClientWrite\"]]"));
        long bytes = 0;
        String end = "";
        try (InputStream body = response.body()) {
            byte[] piece = new byte[1 << 16];
            for (int count = body.read(piece); count >= 0; count = body.read(piece)) {
                bytes += count;
                end = new String(piece, 0, count, java.nio.charset.StandardCharsets.UTF_8);
            }
        }
        assertThat(bytes).isGreaterThan(200_000_000);
        assertThat(end)
                .endsWith("],\"command\":\"SELECT\",\"rowCount\":20000,\"rowAsArray\":false}");
        reader.close();
    }
}
