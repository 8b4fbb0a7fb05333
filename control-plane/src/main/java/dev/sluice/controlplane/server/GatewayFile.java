package dev.sluice.controlplane.server;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.door.DoorRules.ClientCertificates;
import dev.sluice.gateway.door.RateLimit;
import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.tls.LocalCertificates;
import dev.sluice.tls.ServerCertificate;
import dev.sluice.tls.ServerCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code gateway.toml} in the data folder: what an operator decides about who comes in. Read at the
 * start and on SIGHUP. Everything in it may be left out, and so may the file:
 *
 * <pre>
 *   require_tls = true
 *   client_certificates = "optional"            # "none", "optional", "required"
 *   client_authorities = "/etc/sluice/staff.crt"
 *   proxies = ["10.0.0.0/8"]                    # who must speak the PROXY protocol, version 2
 *   event_loops = 1                             # threads that relay; read at the start only
 *
 *   [[certificates]]                            # the first is the default one
 *   chain = "/etc/letsencrypt/live/db.example.com/fullchain.pem"
 *   key = "/etc/letsencrypt/live/db.example.com/privkey.pem"
 *
 *   [limits]
 *   connection_attempts = { per_second = 600, burst = 1500 }    # to one endpoint
 *   wrong_passwords = { per_second = 1, burst = 60 }            # from one network for one endpoint
 *
 *   [cancel]                                    # where several gateways stand behind one name
 *   number = 1                                  # this one's, 1 to 1023
 *   secret_file = "gateways.secret"             # the same for all, 32 characters or more
 *   peers = { 2 = "10.0.0.2:55432" }            # the others, where clients connect
 *
 *   [http]                                      # how much SQL over HTTP may cost; read at the start only
 *   max_request_bytes = 67108864
 *   max_response_bytes = 0                      # 0: any
 *   max_row_bytes = 67108864
 *   statements_per_endpoint = 20                # at once; more wait their turn
 *   statements = 1000                           # of all endpoints
 *   wait_seconds = 30
 *
 *   [pool]                                      # transactions of -pooler names
 *   size = 20                                   # server connections of a pool: an endpoint's, for a database and a role
 *   per_endpoint = 80                           # of all its pools; per_database and per_role likewise
 *   max_clients = 10000                         # of a pool; max_clients_per_endpoint of all its pools
 *   wait_seconds = 120                          # for a server connection
 *   lifetime_seconds = 3600                     # of a server connection
 *   idle_seconds = 600                          # then one that nobody uses is closed
 *   check_seconds = 30                          # one idle for longer must give a sign of life first
 *   prepared_statements = 200                   # on a server connection
 *   admins = ["ops"]                            # roles that may PAUSE, RESUME and RECONNECT
 *
 *   [[tokens]]                                  # JSON Web Tokens in place of passwords, over HTTP
 *   keys = "https://auth.example.com/.well-known/jwks.json"    # or a file
 *   issuer = "https://auth.example.com"         # may be left out, as audience
 *   audience = "app"
 *   roles = ["authenticated"]                   # whom they can log in
 *   scope = "ep-…"                              # an endpoint or a project; left out: all
 * </pre>
 *
 * Relative paths are below the data folder.
 */
record GatewayFile(
        @JsonProperty("require_tls") @Nullable Boolean requireTls,
        @JsonProperty("client_certificates") @Nullable String clientCertificates,
        @JsonProperty("client_authorities") @Nullable String clientAuthorities,
        @JsonProperty("proxies") @Nullable List<String> proxies,
        @JsonProperty("event_loops") @Nullable Integer eventLoops,
        @JsonProperty("certificates") @Nullable List<CertificateFiles> certificates,
        @JsonProperty("limits") @Nullable Limits limits,
        @JsonProperty("cancel") @Nullable CancelSection cancel,
        @JsonProperty("tokens") @Nullable List<TokensSection> tokens,
        @JsonProperty("http") @Nullable HttpSection http,
        @JsonProperty("pool") @Nullable PoolSection pool) {
    static final String NAME = "gateway.toml";

    private static final int MAX_LOOPS = 1024;

    private static final ObjectMapper TOML =
            TomlMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /** Where a certificate is. */
    record CertificateFiles(
            @JsonProperty(value = "chain", required = true) String chain,
            @JsonProperty(value = "key", required = true) String key) {}

    /** How often. */
    record Limits(
            @JsonProperty("connection_attempts") @Nullable Rate connectionAttempts,
            @JsonProperty("wrong_passwords") @Nullable Rate wrongPasswords) {}

    /** A leaky bucket. */
    record Rate(
            @JsonProperty(value = "per_second", required = true) double perSecond,
            @JsonProperty(value = "burst", required = true) int burst) {}

    /**
     * Reads the rules.
     *
     * @param local shown to clients that ask for no name of another certificate
     * @throws IOException if the file, or one that it names, is not right; the message says which
     *     and what
     */
    static DoorRules rules(Path dataFolder, LocalCertificates local) throws IOException {
        ServerCertificates own = ServerCertificates.of(local);
        return read(
                dataFolder,
                DoorRules.of(Optional.of(own)),
                file -> {
                    file.http(
                            HttpConfig.defaults(
                                    dataFolder)); // wrong limits are told at a reload too
                    file.pool(PoolSettings.DEFAULTS);
                    var _ = file.loops(1);
                    return file.rules(dataFolder, own);
                });
    }

    /**
     * Reads how SQL over HTTP behaves.
     *
     * @throws IOException as {@link #rules} does
     */
    static HttpConfig http(Path dataFolder, HttpConfig usual) throws IOException {
        return read(dataFolder, usual, file -> file.http(usual));
    }

    /**
     * Reads how transactions are pooled.
     *
     * @throws IOException as {@link #rules} does
     */
    static PoolSettings pool(Path dataFolder) throws IOException {
        return read(dataFolder, PoolSettings.DEFAULTS, file -> file.pool(PoolSettings.DEFAULTS));
    }

    /**
     * Reads how many event loops relay.
     *
     * @throws IOException as {@link #rules} does
     */
    static int eventLoops(Path dataFolder, int usual) throws IOException {
        return read(dataFolder, usual, file -> file.loops(usual));
    }

    private int loops(int usual) {
        if (eventLoops != null && (eventLoops < 1 || eventLoops > MAX_LOOPS)) {
            throw new IllegalArgumentException(
                    "event_loops must be 1 to %d, not %d".formatted(MAX_LOOPS, eventLoops));
        }
        return eventLoops == null ? usual : eventLoops;
    }

    private PoolSettings pool(PoolSettings usual) {
        return pool == null ? usual : pool.applyTo(usual);
    }

    private HttpConfig http(HttpConfig usual) {
        return http == null ? usual : http.applyTo(usual);
    }

    /** What is made of a file that was read. */
    private interface Use<T> {
        T of(GatewayFile file) throws IOException;
    }

    private static <T> T read(Path dataFolder, T withoutFile, Use<T> use) throws IOException {
        Path file = dataFolder.resolve(NAME);
        if (!Files.exists(file)) {
            return withoutFile;
        }
        try {
            // Jackson reads nothing at all, an empty file, as no object.
            String text = Files.readString(file);
            return use.of(
                    TOML.readValue(text.isBlank() ? "\n[limits]\n" : text, GatewayFile.class));
        } catch (JacksonException e) {
            throw new IOException(file + ": " + reason(e), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static String reason(JacksonException e) {
        boolean known = e.getLocation() != null && e.getLocation().getLineNr() > 0;
        return e.getOriginalMessage()
                + (known ? " (line " + e.getLocation().getLineNr() + ")" : "");
    }

    private DoorRules rules(Path folder, ServerCertificates own) throws IOException {
        List<ServerCertificate> given = new ArrayList<>();
        for (CertificateFiles files :
                certificates == null ? List.<CertificateFiles>of() : certificates) {
            given.add(
                    ServerCertificate.read(
                            folder.resolve(files.chain()), folder.resolve(files.key())));
        }
        ServerCertificates shown = own.after(given);
        if (clientAuthorities != null) {
            shown = shown.withClientAuthorities(folder.resolve(clientAuthorities));
        }
        return new DoorRules(
                Optional.of(shown),
                requireTls != null && requireTls,
                asked(),
                proxies == null ? List.of() : proxies.stream().map(AddressRange::parse).toList(),
                limits == null
                        ? DoorRules.ATTEMPTS
                        : rate(limits.connectionAttempts(), DoorRules.ATTEMPTS),
                limits == null
                        ? DoorRules.WRONG_PASSWORDS
                        : rate(limits.wrongPasswords(), DoorRules.WRONG_PASSWORDS),
                cancel == null ? Optional.empty() : Optional.of(cancel.read(folder)),
                tokens == null
                        ? List.of()
                        : tokens.stream().map(provider -> provider.read(folder)).toList());
    }

    private ClientCertificates asked() {
        if (clientCertificates == null) {
            return ClientCertificates.NONE;
        }
        try {
            return ClientCertificates.valueOf(clientCertificates.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "client_certificates must be \"none\", \"optional\" or \"required\", not \""
                            + clientCertificates
                            + "\"",
                    e);
        }
    }

    private static RateLimit rate(@Nullable Rate given, RateLimit usual) {
        return given == null ? usual : new RateLimit(given.perSecond(), given.burst());
    }
}
