package dev.sluice.gateway.token;

import dev.sluice.gateway.routing.Route;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.ErrorCodes;
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
                    log.info(
                            "a token for role {} of {} is not good: {}",
                            role,
                            route.endpointId(),
                            reason(e));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Whether the keys of some provider could not be read when that was tried last: a token that is
     * not accepted may be good then. It is of any provider, whomever that may log in: what
     * strangers are told must not depend on whom they ask for.
     */
    public boolean areKeysUnreadable() {
        return providers.stream().anyMatch(known -> known.keys().isUnreadable());
    }

    /** In words of ours: those of the exception repeat what the token claims. */
    private static String reason(InvalidJwtException e) {
        if (e.getCause() instanceof UnresolvableKeyException unresolvable) {
            return String.valueOf(unresolvable.getMessage());
        }
        return e.getErrorDetails().stream()
                .map(detail -> reason(detail.getErrorCode()))
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static String reason(int code) {
        return switch (code) {
            case ErrorCodes.EXPIRED -> "it has expired";
            case ErrorCodes.EXPIRATION_MISSING -> "it does not say when it expires (exp)";
            case ErrorCodes.NOT_YET_VALID -> "it is not good yet (nbf)";
            case ErrorCodes.AUDIENCE_MISSING -> "it does not say for whom it is (aud)";
            case ErrorCodes.AUDIENCE_INVALID -> "it is for somebody else (aud)";
            case ErrorCodes.ISSUER_MISSING -> "it does not say from whom it is (iss)";
            case ErrorCodes.ISSUER_INVALID -> "it is from somebody else (iss)";
            case ErrorCodes.SIGNATURE_INVALID -> "its signature is not that of its key";
            case ErrorCodes.SIGNATURE_MISSING -> "it is not signed";
            case ErrorCodes.JSON_INVALID, ErrorCodes.MALFORMED_CLAIM -> "its claims are malformed";
            default -> "it is no token, or signed in a way that is not taken";
        };
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
