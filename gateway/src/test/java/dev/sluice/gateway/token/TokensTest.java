package dev.sluice.gateway.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.gateway.routing.Route;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.keys.HmacKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class TokensTest {
    private static final Route ROUTE = new Route("ep-x", "project");
    private static final String RSA = AlgorithmIdentifiers.RSA_USING_SHA256;

    @TempDir Path directory;

    private TestIssuer issuer;
    private Path file;
    private Instant now = Instant.parse("2026-11-27T12:00:00Z");
    private final InstantSource clock = () -> now;

    @BeforeEach
    void publish() throws Exception {
        issuer = new TestIssuer();
        file = Files.writeString(directory.resolve("keys.json"), issuer.keySet());
    }

    private Tokens tokens(Optional<String> scope, Optional<String> iss, Optional<String> aud) {
        return new Tokens(
                List.of(
                        new TokenProvider(
                                scope, new KeySource.InFile(file), iss, aud, Set.of("app"))),
                clock);
    }

    private Tokens tokens() {
        return tokens(Optional.empty(), Optional.empty(), Optional.empty());
    }

    private JwtClaims claims() {
        return TestIssuer.claims(now, Map.of("role", "app"));
    }

    private static boolean good(Tokens tokens, String token) throws Exception {
        return tokens.claims(token, ROUTE, "app").isPresent();
    }

    @ParameterizedTest
    @FieldSource("dev.sluice.gateway.token.TestIssuer#ALGORITHMS")
    void eachAlgorithm(String algorithm) throws Exception {
        String token = issuer.sign(algorithm, claims());
        assertThat(tokens().claims(token, ROUTE, "app").orElseThrow())
                .contains("\"sub\":\"user-7\"");
        assertThat(good(tokens(), new TestIssuer().sign(algorithm, claims()))).isFalse();
        char[] changed = token.toCharArray();
        int middle = token.lastIndexOf('.') + 20;
        changed[middle] = changed[middle] == 'A' ? 'B' : 'A';
        assertThat(good(tokens(), new String(changed))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "300,0,true", // exp, nbf: seconds from now
        "-29,-60,true",
        "-31,-60,false",
        "300,29,true",
        "300,31,false",
    })
    void onlyInItsTime(int exp, int nbf, boolean good) throws Exception {
        JwtClaims claims = claims();
        claims.setExpirationTime(NumericDate.fromMilliseconds(now.plusSeconds(exp).toEpochMilli()));
        claims.setNotBefore(NumericDate.fromMilliseconds(now.plusSeconds(nbf).toEpochMilli()));
        assertThat(good(tokens(), issuer.sign(RSA, claims))).isEqualTo(good);
    }

    @Test
    void oneThatNeverExpiresIsRefused() throws Exception {
        JwtClaims claims = claims();
        claims.unsetClaim("exp");
        assertThat(good(tokens(), issuer.sign(RSA, claims))).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-,-,-,-,true", // expected iss and aud, those of the token
                "me,-,me,-,true",
                "me,-,you,-,false",
                "me,-,-,-,false",
                "-,app,-,app,true",
                "-,app,-,other,false",
                "-,app,-,-,false",
                "-,-,-,other,false",
            })
    void onlyForUsAndFromWhomItShould(
            String iss, String aud, String tokenIss, String tokenAud, boolean good)
            throws Exception {
        JwtClaims claims = claims();
        if (tokenIss != null) {
            claims.setIssuer(tokenIss);
        }
        if (tokenAud != null) {
            claims.setAudience(tokenAud);
        }
        Tokens tokens =
                tokens(Optional.empty(), Optional.ofNullable(iss), Optional.ofNullable(aud));
        assertThat(good(tokens, issuer.sign(RSA, claims))).isEqualTo(good);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-,app,true",
                "ep-x,app,true",
                "project,app,true",
                "ep-y,app,false",
                "-,other,false",
            })
    void onlyWhereAndAsWhomTheOperatorSays(String scope, String role, boolean good)
            throws Exception {
        Tokens tokens = tokens(Optional.ofNullable(scope), Optional.empty(), Optional.empty());
        assertThat(tokens.claims(issuer.sign(RSA, claims()), ROUTE, role).isPresent())
                .isEqualTo(good);
    }

    private static String unsigned(String header, String payload, String signature) {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        return base64.encodeToString(header.getBytes(StandardCharsets.UTF_8))
                + "."
                + base64.encodeToString(payload.getBytes(StandardCharsets.UTF_8))
                + "."
                + signature;
    }

    @Test
    void algorithmsAreNotTheTokensChoice() throws Exception {
        String payload = claims().toJson();
        for (String none : List.of("none", "None", "NONE", "", "HS256", "RS1", "PS256", "RS512")) {
            assertThat(
                            good(
                                    tokens(),
                                    unsigned(
                                            "{\"alg\":\"" + none + "\",\"kid\":\"RS256\"}",
                                            payload,
                                            "")))
                    .isFalse();
        }
        // The public key as a secret: what it publishes would sign.
        JsonWebSignature confused = new JsonWebSignature();
        confused.setPayload(payload);
        confused.setAlgorithmHeaderValue(AlgorithmIdentifiers.HMAC_SHA256);
        confused.setKeyIdHeaderValue(RSA);
        confused.setKey(new HmacKey(issuer.key(RSA).getPublicKey().getEncoded()));
        assertThat(good(tokens(), confused.getCompactSerialization())).isFalse();
        // A key of one kind under the name of another.
        JsonWebSignature other = new JsonWebSignature();
        other.setPayload(payload);
        other.setAlgorithmHeaderValue(AlgorithmIdentifiers.EDDSA);
        other.setKeyIdHeaderValue(RSA);
        other.setKey(issuer.key(AlgorithmIdentifiers.EDDSA).getPrivateKey());
        assertThat(good(tokens(), other.getCompactSerialization())).isFalse();
    }

    @Test
    void keysThatATokenBringsAlongAreNotLookedAt() throws Exception {
        TestIssuer impostor = new TestIssuer();
        JsonWebSignature token = new JsonWebSignature();
        token.setPayload(claims().toJson());
        token.setAlgorithmHeaderValue(RSA);
        token.setKeyIdHeaderValue(RSA);
        token.setJwkHeader(impostor.key(RSA));
        token.setKey(impostor.key(RSA).getPrivateKey());
        assertThat(good(tokens(), token.getCompactSerialization())).isFalse();
        JsonWebSignature nameless = new JsonWebSignature();
        nameless.setPayload(claims().toJson());
        nameless.setAlgorithmHeaderValue(RSA);
        nameless.setKey(issuer.key(RSA).getPrivateKey());
        assertThat(good(tokens(), nameless.getCompactSerialization())).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"''", "a", "a.b", "a.b.c", "e30.e30.", "....", "'\0'"})
    void whatIsNoToken(String text) throws Exception {
        assertThat(good(tokens(), text)).isFalse();
    }

    @Test
    void keysAreReadAgainForANewNameButNotAtAStrangersCommand() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        HttpServer web =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        TestIssuer next = new TestIssuer();
        String[] published = {issuer.keySet()};
        web.createContext(
                "/keys",
                exchange -> {
                    reads.incrementAndGet();
                    byte[] body = published[0].getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        web.createContext(
                "/moved",
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "/keys");
                    exchange.sendResponseHeaders(302, -1);
                    exchange.close();
                });
        web.createContext(
                "/large",
                exchange -> {
                    byte[] body =
                            (" ".repeat(KeySource.MAX_BYTES) + "{}")
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        web.start();
        try {
            String root = "http://localhost:" + web.getAddress().getPort();
            Tokens tokens = of(new KeySource.Web(URI.create(root + "/keys")));
            for (int i = 0; i < 20; i++) {
                assertThat(good(tokens, issuer.sign(RSA, claims()))).isTrue();
            }
            assertThat(reads).hasValue(1);
            // Another key under a new name: not known, and asked for once in half a minute only.
            JsonWebKey renamed = next.key(RSA);
            renamed.setKeyId("new");
            published[0] =
                    "{\"keys\":["
                            + renamed.toJson(JsonWebKey.OutputControlLevel.PUBLIC_ONLY)
                            + "]}";
            JsonWebSignature token = new JsonWebSignature();
            token.setPayload(claims().toJson());
            token.setAlgorithmHeaderValue(RSA);
            token.setKeyIdHeaderValue("new");
            token.setKey(next.key(RSA).getPrivateKey());
            for (int i = 0; i < 20; i++) {
                assertThat(good(tokens, token.getCompactSerialization())).isFalse();
            }
            assertThat(reads).hasValue(1);
            now = now.plusSeconds(31);
            assertThat(good(tokens, token.getCompactSerialization())).isTrue();
            assertThat(good(tokens, issuer.sign(RSA, claims()))).isFalse(); // withdrawn
            assertThat(reads).hasValue(2);
            now = now.plus(KeySet.RENEWED_AFTER).plusSeconds(1);
            assertThat(good(tokens, issuer.sign(RSA, claims()))).isFalse();
            assertThat(reads).hasValue(3);
            for (String path : List.of("/moved", "/large", "/none")) {
                Tokens none = of(new KeySource.Web(URI.create(root + path)));
                assertThat(good(none, issuer.sign(RSA, claims()))).isFalse();
            }
            assertThat(reads).hasValue(3);
        } finally {
            web.stop(0);
        }
    }

    @Test
    void keysThatCannotBeReadAgainAreGoodForADay() throws Exception {
        Tokens tokens = tokens();
        assertThat(good(tokens, issuer.sign(RSA, claims()))).isTrue();
        Files.delete(file);
        now = now.plus(KeySet.GOOD_FOR);
        assertThat(good(tokens, issuer.sign(RSA, claims()))).isTrue();
        now = now.plusSeconds(60);
        assertThat(good(tokens, issuer.sign(RSA, claims()))).isFalse();
    }

    @Test
    void aReadingThatFailsIsNotTheTokensFault() throws Exception {
        Files.delete(file);
        Tokens tokens = tokens();
        assertThat(tokens.areKeysUnreadable()).isFalse();
        assertThat(good(tokens, issuer.sign(RSA, claims()))).isFalse();
        assertThat(tokens.areKeysUnreadable()).isTrue();
        Files.writeString(file, issuer.keySet());
        now = now.plusSeconds(31);
        assertThat(good(tokens, issuer.sign(RSA, claims()))).isTrue();
        assertThat(tokens.areKeysUnreadable()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"[]", "5", "{}", "{\"keys\":5}", "{\"keys\":[5]}", "{\"keys\":[{}]}", "{"})
    void whatIsNoKeySet(String text) throws Exception {
        Files.writeString(file, text);
        assertThat(good(tokens(), issuer.sign(RSA, claims()))).isFalse();
    }

    @Test
    void whoHasAKnownKeyDoesNotWaitForAProviderThatHangs() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        AtomicReference<String> published = new AtomicReference<>(issuer.keySet());
        AtomicBoolean hangs = new AtomicBoolean();
        HttpServer web =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        web.createContext(
                "/keys",
                exchange -> {
                    if (hangs.get()) {
                        asked.countDown();
                        awaitAnswer(answer);
                    }
                    byte[] body = published.get().getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        web.start();
        try {
            String token = issuer.sign(RSA, claims());
            Tokens tokens =
                    of(
                            new KeySource.Web(
                                    URI.create(
                                            "http://localhost:"
                                                    + web.getAddress().getPort()
                                                    + "/keys")));
            assertThat(good(tokens, token)).isTrue();
            hangs.set(true);
            published.set(new TestIssuer().keySet());
            now = now.plus(KeySet.RENEWED_AFTER).plusSeconds(1);
            String later = issuer.sign(RSA, claims());
            assertThat(good(tokens, later)).isTrue();
            asked.await();
            assertThat(good(tokens, later)).isTrue();
            // Nobody gave it up in the meantime, so nobody waited for it.
            assertThat(tokens.areKeysUnreadable()).isFalse();
            answer.countDown();
            await().until(() -> !good(tokens, later));
        } finally {
            answer.countDown();
            web.stop(0);
        }
    }

    private static void awaitAnswer(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private Tokens of(KeySource source) {
        return new Tokens(
                List.of(
                        new TokenProvider(
                                Optional.empty(),
                                source,
                                Optional.empty(),
                                Optional.empty(),
                                Set.of("app"))),
                clock);
    }

    @Test
    void keysMustComeSafely() {
        for (String address :
                List.of("http://example.com/k", "ftp://example.com/k", "file:///k", "https:///k")) {
            assertThatThrownBy(() -> new KeySource.Web(URI.create(address)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must come by https");
        }
    }
}
