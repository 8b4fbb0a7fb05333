package dev.sluice.walservice.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.OffloadReport;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalPageHeader;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAccess;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartServer;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.postgresql.util.PSQLException;

/** Readers of WAL, with pgjdbc as a real one; the WAL is a fake's. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadersTest {
    private static final TenantTimelineId ID =
            new TenantTimelineId(TenantId.random(), TimelineId.random());
    private static final Lsn START = Lsn.parse("0/1A02048");

    private final FakeSource source = new FakeSource();
    private Readers readers;
    private PartServer server;

    /** WAL of random bytes, of which a test says how much is committed. */
    private static final class FakeSource implements WalSource {
        private final byte[] wal = new byte[40 << 20];
        private final AtomicInteger chunks = new AtomicInteger();
        private Lsn commit = START;

        FakeSource() {
            new Random(7).nextBytes(wal);
        }

        synchronized void commit(Lsn to) {
            commit = to;
            notifyAll();
        }

        byte[] bytes(Lsn from, Lsn to) {
            int at = (int) from.minus(START);
            return java.util.Arrays.copyOfRange(wal, at, at + (int) to.minus(from));
        }

        @Override
        public Collection<TenantTimelineId> timelines() {
            return List.of(ID);
        }

        @Override
        public synchronized TimelineStatus status(TenantTimelineId id) {
            return new TimelineStatus(
                    id,
                    6_000_000_000_000_000_001L,
                    17,
                    Configuration.first(List.of(1L)),
                    Term.NONE,
                    Term.NONE,
                    START,
                    commit,
                    commit,
                    PageserverFeedback.NONE,
                    1,
                    START,
                    Lsn.INVALID,
                    OffloadReport.NONE);
        }

        @Override
        public Reading read(TenantTimelineId id) {
            return new Reading() {
                @Override
                public Lsn awaitCommit(Lsn position, long nanos) throws IOException {
                    long end = System.nanoTime() + nanos;
                    synchronized (FakeSource.this) {
                        try {
                            for (long left = nanos;
                                    !commit.isAfter(position) && left > 0;
                                    left = end - System.nanoTime()) {
                                TimeUnit.NANOSECONDS.timedWait(FakeSource.this, left);
                            }
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                        return commit;
                    }
                }

                @Override
                public void read(Lsn at, ByteBuffer into) {
                    chunks.incrementAndGet();
                    into.put(wal, (int) at.minus(START), into.remaining());
                }

                @Override
                public void close() {}
            };
        }
    }

    @BeforeEach
    void serve() throws IOException {
        serve(Duration.ofSeconds(60));
    }

    private void serve(Duration timeout) throws IOException {
        readers = new Readers("test", source, timeout);
        server =
                PartServer.start(
                        "test",
                        new PartAddress.Tcp("127.0.0.1", 0),
                        PartAccess.ANYBODY,
                        _ -> {
                            throw new IOException("nobody here speaks in frames");
                        },
                        readers::serve);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        readers.close();
    }

    private int port() {
        return ((PartAddress.Tcp) server.address()).port();
    }

    private Connection connect() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "reader");
        properties.setProperty("replication", "true");
        properties.setProperty("assumeMinServerVersion", "17");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("sslmode", "disable");
        properties.setProperty("options", "-c timeline_id=" + ID.timeline());
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port() + "/any", properties);
    }

    private static PGReplicationStream stream(Connection connection, Lsn from) throws SQLException {
        return connection
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .physical()
                .withStartPosition(LogSequenceNumber.valueOf(from.value()))
                .withStatusInterval(1, TimeUnit.SECONDS)
                .start();
    }

    private static byte[] take(PGReplicationStream stream, int bytes) throws SQLException {
        ByteBuffer all = ByteBuffer.allocate(bytes);
        while (all.hasRemaining()) {
            all.put(stream.read());
        }
        return all.array();
    }

    @Test
    void itSaysWhoItIs() throws SQLException {
        source.commit(START.plus(100));
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getString("systemid")).isEqualTo("6000000000000000001");
                assertThat(row.getInt("timeline")).isEqualTo(1);
                assertThat(row.getString("xlogpos")).isEqualTo(START.plus(100).toString());
                assertThat(row.getString("dbname")).isNull();
            }
            try (ResultSet row = statement.executeQuery("SHOW wal_segment_size")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getString(1)).isEqualTo("16MB");
            }
            assertThatThrownBy(() -> statement.executeQuery("SHOW nothing"))
                    .asInstanceOf(type(PSQLException.class))
                    .extracting(PSQLException::getSQLState)
                    .isEqualTo("42704");
        }
    }

    @Test
    void whatIsCommittedIsStreamedAsItCommitsAndNoMore() throws SQLException {
        Lsn half = START.plus(1_000_000);
        Lsn end = START.plus(20 << 20);
        source.commit(half);
        try (Connection connection = connect();
                PGReplicationStream stream = stream(connection, START)) {
            assertThat(take(stream, (int) half.minus(START))).isEqualTo(source.bytes(START, half));
            assertThat(stream.readPending()).isNull();
            source.commit(end);
            assertThat(take(stream, (int) end.minus(half))).isEqualTo(source.bytes(half, end));
            stream.setFlushedLSN(LogSequenceNumber.valueOf(end.value()));
            stream.forceUpdateStatus();
            assertThat(stream.readPending()).isNull();
        }
    }

    @Test
    void aReaderThatEndsItsCopyMayAskAgain() throws SQLException {
        source.commit(START.plus(5000));
        try (Connection connection = connect()) {
            for (int round = 0; round < 3; round++) {
                try (PGReplicationStream stream = stream(connection, START)) {
                    assertThat(take(stream, 5000)).isEqualTo(source.bytes(START, START.plus(5000)));
                }
                try (Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
                    assertThat(row.next()).isTrue();
                }
            }
        }
    }

    @Test
    void theSegmentThatABranchBeginsInIsBegunWithPageHeaders() throws Exception {
        source.commit(START.plus(5000));
        Lsn segment = WalSegments.segmentStart(START);
        try (Connection connection = connect();
                PGReplicationStream stream = stream(connection, segment)) {
            byte[] prefix = take(stream, (int) START.minus(segment));
            WalPageHeader first = WalPageHeader.parse(ByteBuffer.wrap(prefix), segment);
            assertThat(first.systemIdentifier()).isEqualTo(6_000_000_000_000_000_001L);
            Lsn page = WalSegments.pageStart(START);
            int at = (int) page.minus(segment);
            WalPageHeader last =
                    WalPageHeader.parse(ByteBuffer.wrap(prefix, at, prefix.length - at), page);
            assertThat(last.continuesRecord()).isFalse();
            for (int i = first.size(); i < at; i++) {
                assertThat(prefix[i]).isZero();
            }
            assertThat(take(stream, 5000)).isEqualTo(source.bytes(START, START.plus(5000)));
        }
    }

    @Test
    void aSlowReaderMakesItWaitAndNotGrow() throws Exception {
        source.commit(START.plus(40 << 20));
        try (Connection connection = connect();
                PGReplicationStream stream = stream(connection, START)) {
            AtomicInteger before = new AtomicInteger(-1);
            await().during(Duration.ofMillis(500))
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> before.getAndSet(source.chunks.get()) == source.chunks.get());
            // What fits into the sockets' buffers, and no more.
            assertThat(source.chunks.get()).isLessThan(40 * 8 * 3 / 4);
            assertThat(take(stream, 40 << 20)).isEqualTo(source.wal);
        }
    }

    @Test
    void aReaderThatSaysNothingIsLetGo() throws Exception {
        stop();
        serve(Duration.ofSeconds(2));
        source.commit(START.plus(10));
        try (Socket socket = new Socket("127.0.0.1", port())) {
            socket.getOutputStream().write(startup());
            socket.getOutputStream().write(query("START_REPLICATION " + START));
            socket.setSoTimeout(20_000);
            assertThat(
                            new String(
                                    socket.getInputStream().readAllBytes(),
                                    StandardCharsets.ISO_8859_1))
                    .contains("W")
                    .contains("k");
        }
        try (Socket socket = new Socket("127.0.0.1", port())) {
            socket.getOutputStream().write(new byte[] {0, 0, 0, 90});
            socket.setSoTimeout(20_000);
            assertThat(socket.getInputStream().readAllBytes()).isEmpty();
        }
    }

    @Test
    void whatIsNoMessageEndsTheSessionWithAnError() throws Exception {
        for (byte[] wrong :
                new byte[][] {
                    {'Q', 0x7f, 0, 0, 0},
                    {'Q', 0, 0, 0, 3},
                    {'P', 0, 0, 0, 8, 0, 'x', 0, 0},
                    {(byte) 0xff, 0, 0, 0, 4}
                }) {
            try (Socket socket = new Socket("127.0.0.1", port())) {
                socket.getOutputStream().write(startup());
                socket.getOutputStream().write(wrong);
                socket.setSoTimeout(20_000);
                assertThat(
                                new String(
                                        socket.getInputStream().readAllBytes(),
                                        StandardCharsets.ISO_8859_1))
                        .contains("08P01");
            }
        }
    }

    @Test
    void thereIsABoundToTheirNumber() throws Exception {
        Socket[] many = new Socket[Readers.MOST];
        try {
            for (int i = 0; i < many.length; i++) {
                many[i] = new Socket("127.0.0.1", port());
                many[i].getOutputStream().write(startup());
                assertThat(many[i].getInputStream().read()).isEqualTo('R');
            }
            assertThatThrownBy(this::connect)
                    .asInstanceOf(type(PSQLException.class))
                    .extracting(PSQLException::getSQLState)
                    .isEqualTo("53300");
        } finally {
            for (Socket socket : many) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
        await().untilAsserted(() -> connect().close());
    }

    private static byte[] startup() {
        byte[] body = "user\0x\0replication\0true\0\0".getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(8 + body.length)
                .putInt(8 + body.length)
                .putInt(3 << 16)
                .put(body)
                .array();
    }

    private static byte[] query(String sql) {
        byte[] text = sql.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(6 + text.length)
                .put((byte) 'Q')
                .putInt(5 + text.length)
                .put(text)
                .put((byte) 0)
                .array();
    }
}
