package dev.sluice.gateway.admin;

import dev.sluice.gateway.pooling.Pools;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.BindComplete;
import dev.sluice.wire.backend.CloseComplete;
import dev.sluice.wire.backend.CommandComplete;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.EmptyQueryResponse;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NoData;
import dev.sluice.wire.backend.ParameterDescription;
import dev.sluice.wire.backend.ParseComplete;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.RowDescription;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.Bind;
import dev.sluice.wire.frontend.Close;
import dev.sluice.wire.frontend.Describe;
import dev.sluice.wire.frontend.Execute;
import dev.sluice.wire.frontend.Flush;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Sync;
import dev.sluice.wire.frontend.Target;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Speaks the protocol with an administrator, simple and extended; one command at a time. What a
 * client sends meanwhile waits.
 */
public final class AdminConsole extends ByteToMessageDecoder {
    private static final int MAX_MESSAGE = 64 << 10;
    private static final int MAX_STATEMENTS = 100;

    /** What drivers want to know about a server. */
    public static final Map<String, String> REPORTED =
            Map.of(
                    "server_version", PoolTables.VERSION + "/sluice",
                    "server_encoding", "UTF8",
                    "client_encoding", "UTF8",
                    "DateStyle", "ISO, MDY",
                    "TimeZone", "UTC",
                    "integer_datetimes", "on",
                    "standard_conforming_strings", "on",
                    "is_superuser", "off");

    private final AdminCommands commands;
    private final Map<String, String> statements = new HashMap<>();
    private final Map<String, String> portals = new HashMap<>();
    private final Deque<String> queries = new ArrayDeque<>();
    private boolean busy;
    private boolean skipping;

    public AdminConsole(Pools pools, String endpointId, String role) {
        this.commands = new AdminCommands(pools, endpointId, role);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (busy) {
            return;
        }
        OpaqueFrame frame = OpaqueFrame.read(in, MAX_MESSAGE);
        if (frame == null) {
            return;
        }
        FrontendMessage message = FrontendMessage.decode(frame.type(), frame.body());
        if (skipping && !(message instanceof Sync) && !(message instanceof Terminate)) {
            return;
        }
        try {
            received(ctx, message);
        } catch (AdminException e) {
            failed(ctx, e, message instanceof Query);
        }
    }

    private void received(ChannelHandlerContext ctx, FrontendMessage message) {
        switch (message) {
            case Query query -> {
                for (String command : query.query().split(";", -1)) {
                    if (!command.isBlank()) {
                        queries.add(command);
                    }
                }
                if (queries.isEmpty()) {
                    send(ctx, new EmptyQueryResponse());
                    ready(ctx);
                } else {
                    next(ctx);
                }
            }
            case Parse parse -> {
                if (statements.size() >= MAX_STATEMENTS) {
                    statements.clear();
                }
                statements.put(parse.name(), parse.query());
                send(ctx, new ParseComplete());
            }
            case Bind bind -> {
                portals.put(bind.portal(), known(statements, bind.statement(), "26000"));
                send(ctx, new BindComplete());
            }
            case Describe describe -> describe(ctx, describe);
            case Execute execute -> {
                String command = known(portals, execute.portal(), "34000");
                if (command.isBlank()) {
                    send(ctx, new EmptyQueryResponse());
                } else {
                    run(ctx, command, false);
                }
            }
            case Close close -> {
                (close.target() == Target.STATEMENT ? statements : portals).remove(close.name());
                send(ctx, new CloseComplete());
            }
            case Flush _ -> ctx.flush();
            case Sync _ -> {
                skipping = false;
                portals.clear();
                ready(ctx);
            }
            case Terminate _ -> Outbound.close(ctx);
            default ->
                    throw new AdminException(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "the admin database takes queries only",
                            "");
        }
    }

    private static String known(Map<String, String> names, String name, String state) {
        String known = names.get(name);
        if (known == null) {
            throw new AdminException(
                    new SqlState(state), "\"%s\" does not exist".formatted(name), "");
        }
        return known;
    }

    private void describe(ChannelHandlerContext ctx, Describe describe) {
        boolean statement = describe.target() == Target.STATEMENT;
        String command =
                statement
                        ? known(statements, describe.name(), "26000")
                        : known(portals, describe.name(), "34000");
        if (statement) {
            send(ctx, new ParameterDescription(List.of()));
        }
        Table table = commands.describe(command);
        send(ctx, table.columns().isEmpty() ? new NoData() : rows(table));
    }

    private void next(ChannelHandlerContext ctx) {
        String command = queries.poll();
        if (command == null) {
            ready(ctx);
        } else {
            run(ctx, command, true);
        }
    }

    private void run(ChannelHandlerContext ctx, String command, boolean simple) {
        busy = true;
        var _ =
                commands.run(command)
                        .whenComplete((table, failure) ->
                                ctx.executor().execute(() -> done(ctx, table, failure, simple)));
    }

    private void done(
            ChannelHandlerContext ctx,
            @Nullable Table table,
            @Nullable Throwable failure,
            boolean simple) {
        if (ctx.isRemoved()) {
            return;
        }
        busy = false;
        if (table == null) {
            failed(ctx, failure, simple);
        } else {
            answer(ctx, table, simple);
            if (simple) {
                next(ctx);
            }
        }
        if (!busy) {
            try {
                channelRead(ctx, Unpooled.EMPTY_BUFFER);
            } catch (Exception e) {
                exceptionCaught(ctx, e);
            }
        }
    }

    private static void answer(ChannelHandlerContext ctx, Table table, boolean simple) {
        if (simple && !table.columns().isEmpty()) {
            send(ctx, rows(table));
        }
        for (List<@Nullable String> row : table.rows()) {
            List<@Nullable ByteBuf> columns = new ArrayList<>();
            for (String value : row) {
                columns.add(
                        value == null
                                ? null
                                : Unpooled.copiedBuffer(value, StandardCharsets.UTF_8));
            }
            send(ctx, new DataRow(columns));
        }
        send(ctx, new CommandComplete(table.tag()));
    }

    private static RowDescription rows(Table table) {
        return new RowDescription(
                table.columns().stream()
                        .map(column ->
                                new RowDescription.Field(
                                        column.name(), 0, 0, column.type(), -1, -1, Format.TEXT))
                        .toList());
    }

    private void failed(ChannelHandlerContext ctx, @Nullable Throwable failure, boolean simple) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        Diagnostic why =
                cause instanceof AdminException e
                        ? Diagnostic.of(
                                        Diagnostic.Severity.ERROR,
                                        e.state(),
                                        String.valueOf(e.getMessage()))
                                .withHint(e.hint())
                        : Diagnostic.of(
                                Diagnostic.Severity.ERROR,
                                SqlState.INTERNAL_ERROR,
                                "internal error in the gateway");
        queries.clear();
        send(ctx, new ErrorResponse(why));
        if (simple) {
            ready(ctx);
        } else {
            skipping = true;
            ctx.flush();
        }
    }

    private static void ready(ChannelHandlerContext ctx) {
        send(ctx, new ReadyForQuery(TransactionStatus.IDLE));
        ctx.flush();
    }

    private static void send(ChannelHandlerContext ctx, BackendMessage message) {
        ByteBuf bytes = ctx.alloc().buffer();
        message.encode(bytes);
        Outbound.write(ctx, bytes);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable real =
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause;
        if (real instanceof WireFormatException) {
            send(
                    ctx,
                    new ErrorResponse(
                            Diagnostic.of(
                                    Diagnostic.Severity.FATAL,
                                    SqlState.PROTOCOL_VIOLATION,
                                    String.valueOf(real.getMessage()))));
            ctx.flush();
        }
        Outbound.close(ctx);
    }
}
