package dev.sluice.gateway.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a client shows in place of a password (RFC 6750, section 2.1). Never printed. */
record BearerToken(String text) {
    private static final String SCHEME = "bearer ";

    /**
     * @param authorization the header {@code Authorization}; other schemes are none of ours
     */
    static Optional<BearerToken> of(@Nullable String authorization) {
        return authorization != null
                        && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(new BearerToken(authorization.substring(SCHEME.length()).strip()))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return "BearerToken[redacted]";
    }
}
