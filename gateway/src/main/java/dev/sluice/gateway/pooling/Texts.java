package dev.sluice.gateway.pooling;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.Diagnostic.Severity;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a pool says to its clients. */
final class Texts {
    private static final SqlState SUCCESS = new SqlState("00000");

    /** A severity that ends the session is within the first bytes. */
    private static final int SEVERITIES = 64;

    private Texts() {}

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** A message without a body. */
    static void empty(ByteBuf out, byte type) {
        out.writeByte(type).writeInt(FrameHeader.MIN_LENGTH);
    }

    static void ready(ByteBuf out, byte status) {
        out.writeByte('Z').writeInt(FrameHeader.MIN_LENGTH + 1).writeByte(status);
    }

    /** ParameterStatus, with one character for each byte. */
    static void parameter(ByteBuf out, String name, String value) {
        out.writeByte('S').writeInt(Integer.BYTES + name.length() + value.length() + 2);
        out.writeCharSequence(name, StandardCharsets.ISO_8859_1);
        out.writeByte(0);
        out.writeCharSequence(value, StandardCharsets.ISO_8859_1);
        out.writeByte(0);
    }

    /** What an ErrorResponse says, if it ends the session. */
    static @Nullable Diagnostic fatal(ByteBuf in, int body, int length) {
        String start = in.toString(body, Math.min(length, SEVERITIES), StandardCharsets.ISO_8859_1);
        if (!start.contains("VFATAL\0") && !start.contains("VPANIC\0")) {
            return null;
        }
        try {
            return ((ErrorResponse) BackendMessage.decode((byte) 'E', in.slice(body, length)))
                    .diagnostic();
        } catch (WireFormatException e) {
            return Diagnostic.of(
                    Severity.FATAL, SqlState.ADMIN_SHUTDOWN, "the server ended the connection");
        }
    }

    static Diagnostic error(SqlState state, String message) {
        return Diagnostic.of(Severity.ERROR, state, message);
    }

    /**
     * The server connection ended in the middle of a transaction: the client's own goes on.
     *
     * @param why what the server said last
     */
    static Diagnostic lost(@Nullable Diagnostic why) {
        if (why == null) {
            return error(
                            SqlState.CONNECTION_FAILURE,
                            "the server closed the connection unexpectedly")
                    .withDetail(
                            "The transaction is lost. If it was being committed, it is not known"
                                    + " whether it is.")
                    .withHint("The next statement gets another server connection.");
        }
        Diagnostic told = asError(why);
        return told.field('H').isPresent()
                ? told
                : told.withHint("The next statement gets another server connection.");
    }

    static Diagnostic cancelled() {
        return error(SqlState.QUERY_CANCELED, "canceling statement due to user request");
    }

    /**
     * @param there server connections that the pool has
     * @param size how many it may have, if other limits leave that many
     */
    static Diagnostic waitedTooLong(Duration limit, int there, int size) {
        String how =
                there >= size
                        ? "All %d are in use.".formatted(size)
                        : "The pool has %d of %d; limits of its endpoint, or the compute, allow no more now."
                                .formatted(there, size);
        return error(
                        SqlState.TOO_MANY_CONNECTIONS,
                        "no server connection of the pool became free within %d ms"
                                .formatted(limit.toMillis()))
                .withDetail(how + " Nothing of the request was run.")
                .withHint(
                        "Look for transactions that are left open (SHOW CLIENTS on the database"
                                + " \"pgbouncer\").");
    }

    /**
     * @param setting the key in {@code [pool]} that says how many
     */
    static Diagnostic tooManyClients(String setting, int limit) {
        return Diagnostic.of(
                        Severity.FATAL,
                        SqlState.TOO_MANY_CONNECTIONS,
                        "no more connections allowed (pool.%s is %d)".formatted(setting, limit))
                .withHint(
                        "Close connections that are not needed, or raise pool.%s."
                                .formatted(setting));
    }

    static Diagnostic pinned(List<String> reasons) {
        return Diagnostic.of(
                        Severity.NOTICE,
                        SUCCESS,
                        "this session keeps its server connection from here on")
                .withDetail("It has what cannot be shared: " + String.join("; ", reasons) + ".")
                .withHint(
                        "DISCARD ALL gives it back. Sessions that need such state all the time"
                                + " should use the host name without \"-pooler\".");
    }

    static Diagnostic ended(List<String> reasons) {
        return Diagnostic.of(
                        Severity.FATAL,
                        SqlState.ADMIN_SHUTDOWN,
                        "terminating connection because its compute is suspended")
                .withDetail(
                        "The session has what another compute cannot be given: "
                                + String.join("; ", reasons)
                                + ".")
                .withHint("Connect again: that starts the compute.");
    }

    static Diagnostic noSetting(String word) {
        return Diagnostic.of(
                        Severity.FATAL,
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "\"%s\" in options is not supported by the pool".formatted(word))
                .withHint(
                        "Settings are: -c name=value. For others use the host name without"
                                + " \"-pooler\".");
    }

    /** Whether it says that there is no such role, password or database, and no such endpoint. */
    static boolean isOfLogin(Diagnostic failure) {
        return failure.sqlState().startsWith("28")
                || failure.sqlState().equals(SqlState.UNDEFINED_DATABASE.code());
    }

    /** The same for a client that is not let in. */
    static Diagnostic asFatal(Diagnostic error) {
        return with(Severity.FATAL, error);
    }

    /** The same for a client that stays. */
    static Diagnostic asError(Diagnostic fatal) {
        return with(Severity.ERROR, fatal);
    }

    private static Diagnostic with(Severity severity, Diagnostic diagnostic) {
        List<Diagnostic.Field> fields = new ArrayList<>();
        for (Diagnostic.Field field : diagnostic.fields()) {
            boolean replaced = field.code() == 'S' || field.code() == 'V';
            fields.add(replaced ? new Diagnostic.Field(field.code(), severity.name()) : field);
        }
        return new Diagnostic(fields);
    }
}
