package dev.sluice.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientDestinationTest {
    private static ClientDestination of(@Nullable String sni, String... namesAndValues) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return ClientDestination.of(sni, new StartupMessage(ProtocolVersion.V3_0, parameters));
    }

    @ParameterizedTest
    @CsvSource({
        "ep-cool-sun-1.localhost,ep-cool-sun-1",
        "ep-x-pooler.eu.example.com,ep-x-pooler",
        "localhost,",
        "db.example.com,",
        "EP-Cool-Sun-1.DB.Example.COM,ep-cool-sun-1",
        "api.eu.example.com,",
        "apiauth.eu.example.com,",
        "br-x.localhost,",
        "ep-x,",
        ",",
    })
    void theServerNamesFirstLabelIsTheEndpoint(@Nullable String sni, @Nullable String endpoint) {
        assertThat(of(sni, "user", "me").request().endpoint())
                .isEqualTo(Optional.ofNullable(endpoint));
    }

    @ParameterizedTest
    @CsvSource({
        "endpoint=ep-x,ep-x,",
        "project=ep-x,ep-x,",
        "-c a=b endpoint=ep-x  -c c=d,ep-x,-c a=b -c c=d",
        "endpoint=ep-x project=ep-y,,",
        "-c search_path=a\\ endpoint=b,,-c search_path=a\\ endpoint=b",
        "neon_proxy_params_compat:true,,",
        "neon_proxy_params_compat:true -c a=b,,-c a=b",
        "neon_lsn:,,neon_lsn:",
        "xneon_lsn:1,,xneon_lsn:1",
        "endpoint\\=ep-x,ep-x,",
        "-c a=b endpoint=ep-x\\,ep-x,-c a=b",
        "-cendpoint=ep-x,,-cendpoint=ep-x",
        "'',,",
    })
    void optionsNameTheEndpointAndTheRestIsPostgress(
            String options, @Nullable String endpoint, @Nullable String remaining) {
        ClientDestination destination = of(null, "user", "me", "options", options);
        assertThat(destination.request().endpoint()).isEqualTo(Optional.ofNullable(endpoint));
        assertThat(destination.parameters().get("options")).isEqualTo(remaining);
    }

    @Test
    void everyOtherParameterReachesPostgres() {
        assertThat(
                        of(
                                        null,
                                        "user",
                                        "me",
                                        "database",
                                        "db@dev",
                                        "search_path",
                                        "x",
                                        "_pq_.option",
                                        "1",
                                        "replication",
                                        "database")
                                .parameters())
                .containsExactly(
                        Map.entry("user", "me"),
                        Map.entry("database", "db"),
                        Map.entry("search_path", "x"),
                        Map.entry("replication", "database"));
    }

    @ParameterizedTest
    @CsvSource({
        "db,db,",
        "db@dev,db,dev",
        "a@b@dev,a@b,dev",
        "@dev,@dev,",
        "db@,db@,",
        ",me,",
        "'',me,",
    })
    void theBranchFollowsTheLastAt(
            @Nullable String name, String database, @Nullable String branch) {
        ClientDestination destination =
                name == null ? of(null, "user", "me") : of(null, "user", "me", "database", name);
        assertThat(destination.request().database()).isEqualTo(database);
        assertThat(destination.request().branch()).isEqualTo(Optional.ofNullable(branch));
        assertThat(destination.parameters()).containsEntry("database", database);
    }

    @Test
    void contradictionsAndNonsenseAreRefused() {
        assertThatThrownBy(() -> of("ep-x.localhost", "user", "me", "options", "endpoint=ep-y"))
                .isInstanceOf(RoutingException.class)
                .hasMessage(
                        "Inconsistent project name inferred from SNI ('ep-x') and project option"
                                + " ('ep-y').");
        assertThatThrownBy(() -> of(null, "user", "me", "options", "endpoint=a/b"))
                .hasMessageContaining("must contain only alphanumeric characters and hyphen");
        assertThatThrownBy(() -> of(null, "database", "db"))
                .hasMessageContaining("no PostgreSQL user name");
        assertThatThrownBy(() -> of(null, "user", "me", "options", "neon_lsn:0/1"))
                .hasMessageContaining("neon_lsn");
    }
}
