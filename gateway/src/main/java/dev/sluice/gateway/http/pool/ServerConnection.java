package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.http.sql.SqlQuery;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.BindComplete;
import dev.sluice.wire.backend.CloseComplete;
import dev.sluice.wire.backend.CommandComplete;
import dev.sluice.wire.backend.CopyBothResponse;
import dev.sluice.wire.backend.CopyInResponse;
import dev.sluice.wire.backend.CopyOutResponse;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.EmptyQueryResponse;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NoData;
import dev.sluice.wire.backend.NoticeResponse;
import dev.sluice.wire.backend.NotificationResponse;
import dev.sluice.wire.backend.ParameterStatus;
import dev.sluice.wire.backend.ParseComplete;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.RowDescription;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.Bind;
import dev.sluice.wire.frontend.CopyFail;
import dev.sluice.wire.frontend.Describe;
import dev.sluice.wire.frontend.Execute;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Sync;
import dev.sluice.wire.frontend.Target;
import dev.sluice.wire.frontend.Terminate;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server connection that runs one statement after the other. Blocks; for one thread at a time,
 * but {@link #cancel} and {@link #close} are for any.
 */
final class ServerConnection implements Closeable {
    private static final String RESET = "DISCARD ALL";

    /** In place of a number of columns: none was told yet, or the result is over. */
    private static final int NOT_DESCRIBED = -1;

    private static final int COMPLETE = -2;

    private final MessageStream stream;
    private final ComputeAddress address;
    private final @Nullable BackendKeyData key;
    private TransactionStatus status = TransactionStatus.IDLE;
    private boolean resetSent;
    private boolean unfinished;
    private volatile boolean broken;

    ServerConnection(MessageStream stream, ComputeAddress address, @Nullable BackendKeyData key) {
        this.stream = stream;
        this.address = address;
        this.key = key;
    }

    /** Whether it can be used again, as far as can be seen from here. */
    boolean isQuiet() {
        return !broken && stream.isQuiet();
    }

    /** Not to be used again. */
    void condemn() {
        broken = true;
    }

    /** Runs a statement without parameters whose result does not matter. */
    void run(String statement) throws IOException, SqlErrorException {
        run(new SqlQuery(statement, List.of(), null), Results.NONE, false);
    }

    /**
     * Runs a statement.
     *
     * @param last whether it is all that this user wants: the connection's reset is sent behind it
     * @throws SqlErrorException what the server said instead
     * @throws IOException if the connection broke, or {@code results} threw it
     * @throws WireFormatException if the server does not speak the protocol
     */
    void run(SqlQuery query, Results results, boolean last) throws IOException, SqlErrorException {
        stream.put(new Parse("", query.text(), List.of()));
        stream.put(new Bind("", "", List.of(), encoded(query.parameters()), List.of()));
        stream.put(new Describe(Target.PORTAL, ""));
        stream.put(new Execute("", 0));
        stream.put(new Sync());
        if (last) {
            stream.put(new Query(RESET));
            resetSent = true;
        }
        try {
            stream.send();
            await(results);
        } catch (MessageStream.ServerGoneException e) {
            broken = true;
            throw e;
        } catch (IOException | RuntimeException e) {
            broken = true;
            unfinished = true;
            throw e;
        }
    }

    /** Whether a statement was left in the middle of its result, so that it may still run. */
    boolean isUnfinished() {
        return unfinished;
    }

    private static List<@Nullable ByteBuf> encoded(List<@Nullable String> parameters) {
        List<@Nullable ByteBuf> encoded = new ArrayList<>(parameters.size());
        for (String parameter : parameters) {
            encoded.add(
                    parameter == null
                            ? null
                            : Unpooled.wrappedBuffer(parameter.getBytes(StandardCharsets.UTF_8)));
        }
        return encoded;
    }

    /** Reads up to ReadyForQuery. */
    private void await(Results results) throws IOException, SqlErrorException {
        Diagnostic error = null;
        int columns = NOT_DESCRIBED;
        while (true) {
            BackendMessage message;
            try {
                message = stream.next();
            } catch (MessageStream.ServerGoneException e) {
                broken = true;
                if (error != null) {
                    throw new SqlErrorException(error);
                }
                throw e;
            } catch (SqlErrorException e) {
                broken = true;
                unfinished = true;
                throw e;
            }
            switch (message) {
                case ParseComplete _, BindComplete _, CloseComplete _ -> {}
                case NoticeResponse _, NotificationResponse _ -> {}
                case RowDescription description -> {
                    requireOrder(columns == NOT_DESCRIBED, message);
                    columns = description.fields().size();
                    results.columns(description.fields());
                }
                case NoData _ -> {
                    requireOrder(columns == NOT_DESCRIBED, message);
                    columns = 0;
                    results.columns(List.of());
                }
                case DataRow row -> {
                    requireOrder(columns == row.columns().size(), message);
                    results.row(row.columns());
                }
                case CommandComplete complete -> {
                    requireOrder(columns >= 0 || results.equals(Results.NONE), message);
                    columns = COMPLETE;
                    results.complete(complete.tag());
                }
                case EmptyQueryResponse _ -> {
                    requireOrder(columns >= 0 || results.equals(Results.NONE), message);
                    columns = COMPLETE;
                    results.complete("");
                }
                case ErrorResponse response ->
                        error = error == null ? response.diagnostic() : error;
                case ParameterStatus parameter -> requireUtf8(parameter);
                case CopyInResponse _, CopyBothResponse _ -> {
                    error = copyRefused();
                    stream.put(new CopyFail("not possible over HTTP"));
                    // Postgres ignores a Sync while it takes data.
                    stream.put(new Sync());
                    stream.send();
                }
                case CopyOutResponse _ -> {
                    broken = true;
                    unfinished = true;
                    throw new SqlErrorException(copyRefused());
                }
                case ReadyForQuery ready -> {
                    status = ready.status();
                    if (error != null) {
                        throw new SqlErrorException(error);
                    }
                    return;
                }
                default ->
                        throw new WireFormatException(
                                "the server sent "
                                        + message.getClass().getSimpleName()
                                        + " in answer to a query");
            }
        }
    }

    /** A result is described, then comes row by row, then is complete; and there is one. */
    private static void requireOrder(boolean right, BackendMessage message) {
        if (!right) {
            throw new WireFormatException(
                    "the server sent "
                            + message.getClass().getSimpleName()
                            + " where it does not belong in a result");
        }
    }

    private static Diagnostic copyRefused() {
        return Diagnostic.of(
                        Diagnostic.Severity.ERROR,
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "COPY to or from the client is not possible over HTTP")
                .withHint("Connect as a Postgres client, directly or over the WebSocket.");
    }

    /** Results become JSON as they are. */
    private void requireUtf8(ParameterStatus parameter) throws SqlErrorException {
        if (parameter.name().equals("client_encoding") && !parameter.value().equals("UTF8")) {
            broken = true;
            unfinished = true;
            throw SqlErrorException.of(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client_encoding cannot be %s over HTTP".formatted(parameter.value()),
                    "JSON is UTF-8: leave client_encoding as it is.");
        }
    }

    /** Whether a transaction is open that can be ended. */
    boolean isInTransaction() {
        return !broken && status != TransactionStatus.IDLE;
    }

    /**
     * Makes the connection as good as new: session settings, prepared statements, temporary tables,
     * advisory locks, {@code LISTEN}s, roles that were set.
     *
     * @return false if it cannot be used again
     */
    boolean reset() {
        if (broken || isInTransaction()) {
            return false;
        }
        try {
            if (!resetSent) {
                stream.put(new Query(RESET));
                stream.send();
            }
            resetSent = false;
            await(Results.NONE);
            return !broken && !isInTransaction();
        } catch (IOException | SqlErrorException | WireFormatException e) {
            return false;
        }
    }

    /** Asks the server to cancel what runs here, and returns when it has heard. */
    void cancel() throws IOException {
        condemn();
        if (key == null) {
            return;
        }
        try (SocketChannel channel = MessageStream.connect(address)) {
            ByteBuf bytes = Unpooled.buffer(64);
            new CancelRequest(key.processId(), key.key()).encode(bytes);
            var unused = channel.write(bytes.nioBuffer());
            // Postgres closes the connection once it has sent the signal.
            unused = channel.read(java.nio.ByteBuffer.allocate(1));
        }
    }

    /** Says goodbye where that is possible, and closes. */
    void end() {
        if (!broken) {
            try {
                stream.put(new Terminate());
                stream.send();
            } catch (IOException e) {
                condemn();
            }
        }
        close();
    }

    @Override
    public void close() {
        condemn();
        stream.close();
    }
}
