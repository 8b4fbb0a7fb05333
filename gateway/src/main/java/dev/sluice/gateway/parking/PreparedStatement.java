package dev.sluice.gateway.parking;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A prepared statement of a session.
 *
 * @param name in the encoding of the database, one character for each byte
 * @param text as the client sent it, in the same form; of a statement made by SQL it is the whole
 *     {@code PREPARE}
 * @param parameterTypes object ids, all known
 * @param fromSql made by {@code PREPARE}, not by the protocol's Parse
 * @param resultTypes object ids, separated by commas, of the columns that it has as far as it is
 *     known before it runs; drivers that were told them do not ask again
 */
record PreparedStatement(
        String name,
        String text,
        List<Integer> parameterTypes,
        boolean fromSql,
        String resultTypes) {

    /**
     * Whether a client cannot tell the two apart. Some, such as {@code FETCH}, have columns only
     * where a cursor or another statement is.
     */
    boolean isLike(@Nullable PreparedStatement other) {
        return other != null
                && name.equals(other.name)
                && text.equals(other.text)
                && parameterTypes.equals(other.parameterTypes)
                && fromSql == other.fromSql
                && (resultTypes.isEmpty()
                        || other.resultTypes.isEmpty()
                        || resultTypes.equals(other.resultTypes));
    }

    /**
     * What prepares the same by the protocol; empty for a {@code PREPARE} that is not understood.
     */
    Optional<PreparedStatement> asParsed() {
        return fromSql
                ? SqlText.preparedQuery(text)
                        .map(query ->
                                new PreparedStatement(
                                        name, query, parameterTypes, false, resultTypes))
                : Optional.of(this);
    }
}
