package dev.sluice.gateway.token;

import dev.sluice.gateway.routing.Route;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.lang.JoseException;
import org.jose4j.lang.UnresolvableKeyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks JSON Web Tokens (RFC 7519): signed (RS256, ES256, EdDSA, and with nothing else) by a key
 * that the token names and its provider publishes, not expired, for the right audience. Keys that a
 * token brings along are not looked at. From any thread; blocks where keys must be read.
 */
public final class Tokens {
    private static final Logger log = LoggerFactory.getLogger(Tokens.class);
    private static final int CLOCKS_APART_SECONDS = 30;

    private static final AlgorithmConstraints ALGORITHMS =
            new AlgorithmConstraints(
                    ConstraintType.PERMIT,
                    AlgorithmIdentifiers.RSA_USING_SHA256,
                    AlgorithmIdentifiers.ECDSA_USING_P256_CURVE_AND_SHA256,
                    AlgorithmIdentifiers.EDDSA);

    private final List<Known> providers;
    private final InstantSource clock;

    private record Known(TokenProvider provider, KeySet keys) {}

    public Tokens(List<TokenProvider> providers, InstantSource clock) {
        List<Known> known = new ArrayList<>();
        for (TokenProvider provider : providers) {
            known.add(new Known(provider, new KeySet(provider.keys(), clock)));
        }
        this.providers = List.copyOf(known);
        this.clock = clock;
    }

    /**
     * What a token claims, as JSON, if a provider that may log in the role there signed it and it
     * is good now. Why it is not is for the log alone: clients that have not proved anything learn
     * no names.
     */
    public Optional<String> claims(String token, Route route, String role)
            throws InterruptedException {
        for (Known known : providers) {
            if (known.provider().mayLogIn(route, role)) {
                try {
                    return Optional.of(consumer(known).processToClaims(token).toJson());
                } catch (InvalidJwtException e) {
                    if (e.getCause() instanceof UnresolvableKeyException unresolvable
                            && unresolvable.getCause() instanceof InterruptedException) {
                        throw (InterruptedException) unresolvable.getCause();
                    }
                    // Its message repeats what the token claims: codes and texts do not.
                    log.info(
                            "a token for role {} of {} is not good: {}",
                            role,
                            route.endpointId(),
                            e.getErrorDetails().stream()
                                    .map(detail -> Integer.toString(detail.getErrorCode()))
                                    .toList());
                }
            }
        }
        return Optional.empty();
    }

    private JwtConsumer consumer(Known known) {
        TokenProvider provider = known.provider();
        JwtConsumerBuilder builder =
                new JwtConsumerBuilder()
                        .setJwsAlgorithmConstraints(ALGORITHMS)
                        .setVerificationKeyResolver((signature, _) -> key(known, signature))
                        .setRequireExpirationTime()
                        .setAllowedClockSkewInSeconds(CLOCKS_APART_SECONDS)
                        .setEvaluationTime(NumericDate.fromMilliseconds(clock.millis()));
        provider.issuer().ifPresent(builder::setExpectedIssuer);
        provider.audience().ifPresent(builder::setExpectedAudience);
        return builder.build();
    }

    private static java.security.Key key(Known known, JsonWebSignature token)
            throws UnresolvableKeyException {
        if (token.getKeyIdHeaderValue() == null) {
            throw new UnresolvableKeyException("the token does not say by which key (kid)");
        }
        try {
            return known.keys()
                    .keyOf(token)
                    .map(JsonWebKey::getKey)
                    .orElseThrow(
                            () -> new UnresolvableKeyException("the provider has no such key"));
        } catch (JoseException e) {
            throw new UnresolvableKeyException("the provider's keys are not right", e);
        } catch (InterruptedException e) {
            throw new UnresolvableKeyException("interrupted", e);
        }
    }
}
