package dev.sluice.wire.scram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScramExchangeTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String PLAIN = "SCRAM-SHA-256";

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.ISO_8859_1);
    }

    private static Optional<ScramServer.Success> run(ScramClient client, ScramServer server) {
        byte[] answer = client.respond(server.challenge(client.first()));
        Optional<ScramServer.Success> success = server.verify(answer);
        success.ifPresent(s -> client.verify(ascii(s.serverFinal())));
        return success;
    }

    /** RFC 7677, section 3. */
    @Test
    void theExampleOfTheRfc() {
        byte[] salt = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");
        ScramServer server =
                new ScramServer(
                        PLAIN,
                        ScramVerifier.create("pencil", salt, 4096),
                        null,
                        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        assertThat(text(server.challenge(ascii("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))))
                .isEqualTo(
                        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        assertThat(
                        server.verify(
                                ascii(
                                        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")))
                .map(ScramServer.Success::serverFinal)
                .contains("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    @ParameterizedTest
    @ValueSource(strings = {"secret", "", "päss wörd", "日本語", "I\u00adX", "\u0007bell", "a\u0627b"})
    void theRightPasswordIsAcceptedAndAnotherIsNot(String password) {
        ScramVerifier verifier = ScramVerifier.create(password, RANDOM);
        assertThat(
                        run(
                                ScramClient.withPassword(password, null, RANDOM),
                                new ScramServer(PLAIN, verifier, null, RANDOM)))
                .isPresent();
        assertThat(
                        run(
                                ScramClient.withPassword(password + "x", null, RANDOM),
                                new ScramServer(PLAIN, verifier, null, RANDOM)))
                .isEmpty();
        assertThat(verifier.accepts(password)).isTrue();
        assertThat(verifier.accepts(password + "x")).isFalse();
    }

    @Test
    void whatTheProofGaveAwayOpensTheNextDoor() {
        ScramVerifier verifier = ScramVerifier.create("secret", RANDOM);
        ScramKeys keys =
                run(
                                ScramClient.withPassword("secret", null, RANDOM),
                                new ScramServer(PLAIN, verifier, null, RANDOM))
                        .orElseThrow()
                        .keys();
        assertThat(
                        run(
                                ScramClient.withKeys(keys, null, RANDOM),
                                new ScramServer(PLAIN, verifier, null, RANDOM)))
                .isPresent();
        ScramVerifier changed = ScramVerifier.create("secret", RANDOM);
        assertThat(
                        run(
                                ScramClient.withKeys(keys, null, RANDOM),
                                new ScramServer(PLAIN, changed, null, RANDOM)))
                .isEmpty();
    }

    @Test
    void aServerThatDoesNotKnowTheVerifierIsFoundOut() {
        ScramClient client = ScramClient.withPassword("secret", null, RANDOM);
        ScramServer server =
                new ScramServer(PLAIN, ScramVerifier.create("secret", RANDOM), null, RANDOM);
        ScramServer impostor =
                new ScramServer(PLAIN, ScramVerifier.create("other", RANDOM), null, RANDOM);
        client.respond(server.challenge(client.first()));
        impostor.challenge(client.first());
        assertThatThrownBy(() -> client.verify(ascii("v=" + ScramHash.base64(new byte[32]))))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("signature is wrong");
        assertThatThrownBy(() -> client.verify(ascii("e=other-error")))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("refused");
    }

    @Test
    void aDoomedExchangeLooksLikeAnyOtherAndFails() {
        byte[] secret = ascii("sixteen byte key");
        ScramVerifier ghost = ScramVerifier.doomed("ghost", secret);
        ScramClient client = ScramClient.withPassword("secret", null, "nonce");
        String challenge =
                text(new ScramServer(PLAIN, ghost, null, "server").challenge(client.first()));
        assertThat(challenge).matches("r=nonceserver,s=[A-Za-z0-9+/]{22}==,i=4096");
        String again =
                text(
                        new ScramServer(
                                        PLAIN,
                                        ScramVerifier.doomed("ghost", secret),
                                        null,
                                        "server")
                                .challenge(client.first()));
        assertThat(again).isEqualTo(challenge);
        String other =
                text(
                        new ScramServer(
                                        PLAIN,
                                        ScramVerifier.doomed("other", secret),
                                        null,
                                        "server")
                                .challenge(client.first()));
        assertThat(other).isNotEqualTo(challenge);
        assertThat(
                        run(
                                ScramClient.withPassword("secret", null, RANDOM),
                                new ScramServer(PLAIN, ghost, null, RANDOM)))
                .isEmpty();
        assertThat(ghost.accepts("secret")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\" | The message is empty.",
                "x,,n=,r=a | Unexpected channel-binding flag",
                "n | Comma expected",
                "n,,x=,r=a | Expected attribute",
                "n,,n,r=a | Expected character",
                "n,,n= | Expected attribute",
                "n,,n=,r=a,1 | invalid character",
                "p=tls-unique,,n=,r=a | without channel binding",
            })
    void aMalformedFirstMessageIsRefusedAsPostgresDoes(String message, String detail) {
        ScramServer server =
                new ScramServer(PLAIN, ScramVerifier.create("secret", RANDOM), null, RANDOM);
        assertThatThrownBy(() -> server.challenge(ascii(message)))
                .isInstanceOfSatisfying(
                        ScramException.class,
                        e -> {
                            assertThat(e).hasMessage("malformed SCRAM message");
                            assertThat(e.state().code()).isEqualTo("08P01");
                            assertThat(e.detail()).contains(detail);
                        });
    }

    @ParameterizedTest
    @CsvSource({
        "'n,a=me,n=,r=a',0A000,authorization identity",
        "'n,,m=x,n=,r=a',0A000,unsupported SCRAM extension",
        "'n,,n=,r=a b',08P01,non-printable",
    })
    void whatPostgresDoesNotSupportIsRefused(String message, String state, String text) {
        ScramServer server =
                new ScramServer(PLAIN, ScramVerifier.create("secret", RANDOM), null, RANDOM);
        assertThatThrownBy(() -> server.challenge(ascii(message)))
                .isInstanceOfSatisfying(
                        ScramException.class,
                        e -> {
                            assertThat(e).hasMessageContaining(text);
                            assertThat(e.state().code()).isEqualTo(state);
                        });
    }

    @Test
    void anUnknownMechanismIsRefused() {
        ScramVerifier verifier = ScramVerifier.create("secret", RANDOM);
        for (String mechanism : new String[] {"SCRAM-SHA-1", "", "SCRAM-SHA-256-PLUS"}) {
            assertThatThrownBy(() -> new ScramServer(mechanism, verifier, null, RANDOM))
                    .isInstanceOf(ScramException.class)
                    .hasMessageContaining("invalid SASL authentication mechanism");
        }
    }

    @Test
    void aFinalMessageThatAnswersAnotherChallengeIsRefused() {
        ScramVerifier verifier = ScramVerifier.create("secret", RANDOM);
        ScramClient client = ScramClient.withPassword("secret", null, RANDOM);
        ScramServer first = new ScramServer(PLAIN, verifier, null, RANDOM);
        ScramServer second = new ScramServer(PLAIN, verifier, null, RANDOM);
        byte[] answer = client.respond(first.challenge(client.first()));
        second.challenge(client.first());
        assertThatThrownBy(() -> second.verify(answer))
                .isInstanceOf(ScramException.class)
                .hasMessage("invalid SCRAM response");
        assertThatThrownBy(() -> first.verify(ascii(text(answer).replace("c=biws", "c=eSws"))))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("channel-binding attribute");
    }

    @Test
    void aHostileServerCannotMakeTheClientWorkForHours() {
        for (String count : new String[] {"0", "-1", "2147483648", "2147483647", "", "x"}) {
            ScramClient client = ScramClient.withPassword("secret", null, "nonce");
            client.first();
            assertThatThrownBy(() -> client.respond(ascii("r=nonceX,s=AAAA,i=" + count)))
                    .isInstanceOf(ScramException.class);
        }
        ScramClient client = ScramClient.withPassword("secret", null, "nonce");
        assertThatThrownBy(() -> client.respond(ascii("r=other,s=AAAA,i=1")))
                .isInstanceOf(ScramException.class)
                .hasMessage("invalid SCRAM response");
    }

    @Test
    void randomMessagesAreAnsweredOrRefused() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ScramVerifier verifier = ScramVerifier.create("secret", new byte[16], 1);
        String[] parts = {"n", "y", "p", "a", "m", "r", "c", "=", ",", "biws", "AAAA", "\0", "é"};
        for (int i = 0; i < 100_000; i++) {
            StringBuilder message = new StringBuilder(random.nextBoolean() ? "n,," : "");
            for (int n = random.nextInt(12); n > 0; n--) {
                message.append(parts[random.nextInt(parts.length)]);
            }
            ScramServer server = new ScramServer(PLAIN, verifier, null, "server");
            try {
                server.challenge(ascii("n,,n=,r=a"));
                assertThat(server.verify(ascii(message.toString()))).isEmpty();
            } catch (ScramException e) {
                assertThat(e.getMessage()).as("seed %d", seed).isNotEmpty();
            }
            try {
                new ScramServer(PLAIN, verifier, null, "server")
                        .challenge(ascii(message.toString()));
            } catch (ScramException e) {
                assertThat(e.getMessage()).as("seed %d", seed).isNotEmpty();
            }
        }
    }

    @Test
    void secretsAreNotPrinted() {
        ScramVerifier verifier = ScramVerifier.create("secret", RANDOM);
        assertThat(verifier).hasToString("ScramVerifier[redacted]");
        ScramKeys keys = new ScramKeys(new byte[32], new byte[32]);
        assertThat(new ScramServer.Success("v=x", keys).toString()).contains("redacted");
    }
}
