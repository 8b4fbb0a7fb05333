package dev.sluice.gateway.http;

import dev.sluice.gateway.http.sql.BadRequestException;
import dev.sluice.gateway.http.sql.BatchOptions;
import dev.sluice.gateway.http.sql.ConnectionString;
import dev.sluice.wire.SqlState;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Optional;

/**
 * The headers of {@code /sql}. The request's may also be written without {@code Neon-}.
 *
 * @param token what came as {@code Authorization: Bearer}, in place of a password
 * @param rawText whether values are strings in Postgres's text format
 * @param arrayMode whether rows are arrays, for statements that do not say
 * @param batch for the transaction of a batch
 */
record SqlHeaders(
        ConnectionString connection,
        Optional<BearerToken> token,
        boolean rawText,
        boolean arrayMode,
        BatchOptions batch) {

    private static final String PREFIX = "Neon-";
    private static final String CONNECTION = "Connection-String";
    private static final String RAW_TEXT = "Raw-Text-Output";
    private static final String ARRAY_MODE = "Array-Mode";
    private static final String ISOLATION = "Batch-Isolation-Level";
    private static final String READ_ONLY = "Batch-Read-Only";
    private static final String DEFERRABLE = "Batch-Deferrable";

    /** For browsers (the Fetch standard): what a page of another origin may send. */
    static final String ALLOWED =
            String.join(
                    ", ",
                    "Authorization",
                    PREFIX + CONNECTION,
                    PREFIX + RAW_TEXT,
                    PREFIX + ARRAY_MODE,
                    PREFIX + "Pool-Opt-In",
                    PREFIX + READ_ONLY,
                    PREFIX + ISOLATION,
                    PREFIX + DEFERRABLE,
                    "Content-Type");

    /** For browsers: what a page of another origin may read. */
    static final String EXPOSED =
            String.join(
                    ", ",
                    "neon-request-id",
                    PREFIX + READ_ONLY,
                    PREFIX + ISOLATION,
                    PREFIX + DEFERRABLE);

    /**
     * @throws BadRequestException naming the header that is missing or malformed
     */
    static SqlHeaders of(HttpServerRequest request) {
        String connection =
                header(request, CONNECTION)
                        .orElseThrow(() ->
                                new BadRequestException(
                                        SqlState.INVALID_AUTHORIZATION,
                                        "missing header: Neon-Connection-String"));
        return new SqlHeaders(
                ConnectionString.parse(connection),
                BearerToken.of(request.getHeader("Authorization")),
                flag(request, RAW_TEXT),
                flag(request, ARRAY_MODE),
                new BatchOptions(
                        header(request, ISOLATION).map(BatchOptions.Isolation::of),
                        flag(request, READ_ONLY),
                        flag(request, DEFERRABLE)));
    }

    private static Optional<String> header(HttpServerRequest request, String name) {
        return Optional.ofNullable(request.getHeader(PREFIX + name))
                .or(() -> Optional.ofNullable(request.getHeader(name)));
    }

    private static boolean flag(HttpServerRequest request, String name) {
        return header(request, name).map("true"::equals).orElse(false);
    }

    /** Says in the answer how the transaction was begun. */
    void echo(HttpServerResponse response) {
        batch.isolation()
                .ifPresent(level -> response.putHeader(PREFIX + ISOLATION, level.header()));
        if (batch.readOnly()) {
            response.putHeader(PREFIX + READ_ONLY, "true");
        }
        if (batch.deferrable()) {
            response.putHeader(PREFIX + DEFERRABLE, "true");
        }
    }
}
