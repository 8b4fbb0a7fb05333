package dev.sluice.walservice.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.CommandComplete;
import dev.sluice.wire.backend.CopyBothResponse;
import dev.sluice.wire.backend.CopyDone;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.Diagnostic.Severity;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NegotiateProtocolVersion;
import dev.sluice.wire.backend.ParameterStatus;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.RowDescription;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.CopyData;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Terminate;
import dev.sluice.wire.replication.HotStandbyFeedback;
import dev.sluice.wire.replication.PrimaryKeepalive;
import dev.sluice.wire.replication.ReplicationMessage;
import dev.sluice.wire.replication.StandbyStatusUpdate;
import dev.sluice.wire.replication.XLogData;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.GSSENCRequest;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.SSLRequest;
import dev.sluice.wire.startup.StartupMessage;
import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One reader's session, on the thread that receives from it; WAL is sent from another. */
final class ReaderConversation {
    private static final Logger log = LoggerFactory.getLogger(ReaderConversation.class);
    private static final int TEXT = 25;
    private static final int INT8 = 20;

    private final ReaderChannel channel;
    private final WalSource source;
    private final Duration timeout;
    private volatile long heardAt = System.nanoTime();
    private volatile boolean mayBeSilent;

    ReaderConversation(ReaderChannel channel, WalSource source, Duration timeout) {
        this.channel = channel;
        this.source = source;
        this.timeout = timeout;
    }

    /**
     * Between commands a session may be idle; before the first and while WAL streams it may not.
     */
    void closeIfSilent() throws IOException {
        if (!mayBeSilent && System.nanoTime() - heardAt > timeout.toNanos()) {
            log.info("a reader was not heard of for {}: its connection is closed", timeout);
            channel.close();
        }
    }

    /** Returns when the reader is gone or has been told why it must go. */
    void run() throws IOException {
        try {
            StartupMessage startup = awaitStartup();
            if (startup != null) {
                TenantTimelineId timeline = begin(startup);
                obey(timeline);
            }
        } catch (ReplicationException e) {
            channel.send(error(Severity.FATAL, e));
        } catch (WireFormatException e) {
            channel.send(
                    new ErrorResponse(
                            Diagnostic.of(
                                    Severity.FATAL,
                                    SqlState.PROTOCOL_VIOLATION,
                                    String.valueOf(e.getMessage()))));
        }
    }

    private @Nullable StartupMessage awaitStartup() throws IOException, ReplicationException {
        while (true) {
            StartupPacket packet = channel.receiveStartup();
            switch (packet) {
                case null -> {
                    return null;
                }
                case SSLRequest _, GSSENCRequest _ -> channel.send((byte) 'N');
                case CancelRequest _ -> {
                    return null;
                }
                case StartupMessage startup -> {
                    if (startup.version().major() != 3) {
                        throw new ReplicationException(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "unsupported frontend protocol "
                                        + startup.version()
                                        + ": server supports 3.0");
                    }
                    return startup;
                }
            }
        }
    }

    private TenantTimelineId begin(StartupMessage message)
            throws IOException, ReplicationException {
        ReaderStartup startup = ReaderStartup.of(message.parameters());
        TenantTimelineId id = startup.choose(source.timelines());
        TimelineStatus status = statusOf(id);
        String told = startup.serverVersion();
        List<BackendMessage> answer = new ArrayList<>();
        NegotiateProtocolVersion.answering(message, ProtocolVersion.V3_0).ifPresent(answer::add);
        answer.add(new AuthenticationOk());
        answer.add(
                new ParameterStatus(
                        "server_version", told == null ? status.postgresMajor() + ".0" : told));
        answer.add(new ParameterStatus("server_encoding", "UTF8"));
        answer.add(new ParameterStatus("client_encoding", "UTF8"));
        answer.add(new ParameterStatus("integer_datetimes", "on"));
        answer.add(new ParameterStatus("standard_conforming_strings", "on"));
        answer.add(new ParameterStatus("DateStyle", "ISO, MDY"));
        answer.add(new ParameterStatus("TimeZone", "UTC"));
        answer.add(ready());
        send(answer);
        log.info(
                "a reader of timeline {} has come: {}",
                id,
                message.parameter("application_name").orElse("no name"));
        return id;
    }

    private TimelineStatus statusOf(TenantTimelineId id) throws IOException, ReplicationException {
        try {
            return source.status(id);
        } catch (SafekeeperException e) {
            throw refused(e);
        }
    }

    private static ReplicationException refused(SafekeeperException e) {
        SqlState state =
                switch (e.refusal()) {
                    case NO_SUCH_TIMELINE -> SqlState.UNDEFINED_DATABASE;
                    case NO_SUCH_WAL -> SqlState.UNDEFINED_FILE;
                    case DAMAGED -> SqlState.DATA_CORRUPTED;
                    default -> SqlState.INTERNAL_ERROR;
                };
        return new ReplicationException(state, String.valueOf(e.getMessage()));
    }

    private void obey(TenantTimelineId id) throws IOException {
        while (true) {
            mayBeSilent = true;
            FrontendMessage message = channel.receive();
            mayBeSilent = false;
            heardAt = System.nanoTime();
            switch (message) {
                case null -> {
                    return;
                }
                case Terminate _ -> {
                    return;
                }
                case Query query -> {
                    try {
                        if (!execute(id, query.query())) {
                            return;
                        }
                    } catch (ReplicationException e) {
                        channel.send(error(Severity.ERROR, e));
                    }
                    channel.send(ready());
                }
                // Those that a reader sent before it heard that WAL ended.
                case CopyData _, dev.sluice.wire.frontend.CopyDone _ -> {}
                default ->
                        throw new WireFormatException(
                                "only simple queries are possible in a connection for replication");
            }
        }
    }

    /** False when the session is over with this. */
    private boolean execute(TenantTimelineId id, String sql)
            throws IOException, ReplicationException {
        switch (ReplicationCommand.parse(sql)) {
            case ReplicationCommand.IdentifySystem _ -> {
                TimelineStatus status = statusOf(id);
                row(
                        "IDENTIFY_SYSTEM",
                        List.of(
                                column("systemid", TEXT),
                                column("timeline", INT8),
                                column("xlogpos", TEXT),
                                column("dbname", TEXT)),
                        Long.toUnsignedString(status.systemIdentifier()),
                        Integer.toString(WalSegments.TIMELINE),
                        status.commit().toString(),
                        null);
            }
            case ReplicationCommand.Show(String name) ->
                    row("SHOW", List.of(column(name, TEXT)), setting(name, statusOf(id)));
            case ReplicationCommand.TimelineHistory(long timeline) ->
                    throw new ReplicationException(
                            SqlState.UNDEFINED_FILE,
                            "could not open file \"pg_wal/%08X.history\": No such file or directory"
                                    .formatted(timeline));
            case ReplicationCommand.Start start -> {
                return stream(id, start);
            }
        }
        return true;
    }

    private static String setting(String name, TimelineStatus status) throws ReplicationException {
        return switch (name) {
            case "wal_segment_size" -> (WalSegments.SIZE >> 20) + "MB";
            case "data_directory_mode" -> "0700";
            case "server_version" -> status.postgresMajor() + ".0";
            case "server_version_num" -> Integer.toString(status.postgresMajor() * 10_000);
            case "block_size", "wal_block_size" -> Integer.toString(WalSegments.PAGE_SIZE);
            default ->
                    throw new ReplicationException(
                            SqlState.UNDEFINED_OBJECT,
                            "unrecognized configuration parameter \"" + name + "\"");
        };
    }

    private boolean stream(TenantTimelineId id, ReplicationCommand.Start start)
            throws IOException, ReplicationException {
        TimelineStatus status = statusOf(id);
        SegmentPrefix prefix = new SegmentPrefix(status);
        check(start, status, prefix);
        WalSource.Reading reading;
        try {
            reading = source.read(id);
        } catch (SafekeeperException e) {
            throw refused(e);
        }
        channel.send(new CopyBothResponse(Format.TEXT, List.of()));
        WalSender sender =
                new WalSender(channel, reading, prefix, start.from(), timeout.dividedBy(6));
        Thread.ofVirtual().name("wal-sender").start(() -> sendUntilStopped(id, sender));
        try {
            return listen(sender);
        } finally {
            sender.stop();
        }
    }

    private static void check(
            ReplicationCommand.Start start, TimelineStatus status, SegmentPrefix prefix)
            throws ReplicationException {
        if (start.timeline() != WalSegments.TIMELINE) {
            throw new ReplicationException(
                    SqlState.INVALID_PARAMETER_VALUE,
                    "requested starting point %s on timeline %d is not in this server's history"
                            .formatted(start.from(), start.timeline()),
                    "Sluice's branches are all on timeline 1 of Postgres.");
        }
        if (start.from().isBefore(prefix.begin())) {
            throw new ReplicationException(
                    SqlState.UNDEFINED_FILE,
                    "requested WAL segment %s has already been removed"
                            .formatted(WalSegments.fileName(WalSegments.segmentOf(start.from()))),
                    "The WAL of this branch begins at %s; what is before is its parent's."
                            .formatted(status.start()));
        }
        if (start.from().isAfter(status.commit()) && !prefix.covers(start.from())) {
            throw new ReplicationException(
                    SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "requested starting point %s is ahead of the WAL flush position of this server %s"
                            .formatted(start.from(), status.commit()));
        }
    }

    private void sendUntilStopped(TenantTimelineId id, WalSender sender) {
        try {
            try {
                sender.run();
            } catch (SafekeeperException e) {
                log.info("a reader of timeline {} cannot go on: {}", id, e.getMessage());
                channel.send(error(Severity.FATAL, refused(e)));
                channel.finish();
                channel.close();
            } catch (IOException | RuntimeException e) {
                log.info("a reader of timeline {} is left: {}", id, e.toString());
                channel.close();
            }
        } catch (IOException e) {
            log.debug("a reader of timeline {} has gone", id, e);
        }
    }

    /** Listens to a reader while WAL is sent to it. False when it is gone. */
    private boolean listen(WalSender sender) throws IOException {
        while (true) {
            FrontendMessage message = channel.receive();
            heardAt = System.nanoTime();
            switch (message) {
                case null -> {
                    return false;
                }
                case Terminate _ -> {
                    return false;
                }
                case CopyData(ByteBuf data) -> {
                    switch (ReplicationMessage.decode(data)) {
                        case StandbyStatusUpdate update -> {
                            if (update.replyRequested()) {
                                sender.sendKeepalive(false);
                            }
                        }
                        // Its queries hold nothing back here: no compute knows of it.
                        case HotStandbyFeedback _ -> {}
                        case XLogData _, PrimaryKeepalive _ ->
                                throw new WireFormatException("a reader does not send WAL");
                    }
                }
                case dev.sluice.wire.frontend.CopyDone _ -> {
                    sender.stop();
                    // Twice, as Postgres: libpq's clients take the first for the end of the copy.
                    channel.send(
                            new CopyDone(),
                            new CommandComplete("START_STREAMING"),
                            new CommandComplete("START_REPLICATION"));
                    return true;
                }
                default -> throw new WireFormatException("unexpected message while WAL is sent");
            }
        }
    }

    private void row(String tag, List<RowDescription.Field> columns, @Nullable String... values)
            throws IOException {
        List<@Nullable ByteBuf> row = new ArrayList<>();
        for (String value : values) {
            row.add(value == null ? null : Unpooled.copiedBuffer(value, UTF_8));
        }
        channel.send(new RowDescription(columns), new DataRow(row), new CommandComplete(tag));
    }

    private static RowDescription.Field column(String name, int type) {
        return new RowDescription.Field(name, 0, 0, type, type == INT8 ? 8 : -1, -1, Format.TEXT);
    }

    private void send(List<BackendMessage> messages) throws IOException {
        channel.send(messages.toArray(BackendMessage[]::new));
    }

    private static ReadyForQuery ready() {
        return new ReadyForQuery(TransactionStatus.IDLE);
    }

    private static ErrorResponse error(Severity severity, ReplicationException e) {
        return new ErrorResponse(Diagnostic.of(severity, e.state(), e.text()).withHint(e.hint()));
    }
}
