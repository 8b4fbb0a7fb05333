package dev.sluice.storage.pageserver;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.pageserver.PageService.TimelineStatus;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartProtocolException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How {@link PageServiceRequest}s and {@link PageServiceReply}s lie in the frames of a {@link
 * PartChannel}. Big-endian; {@code id} is 32 bytes, tenant then timeline; {@code text} is a u32
 * length and UTF-8; {@code relation} is tablespace, database and relation, u32 each; the number
 * before each name is the frame's type.
 *
 * <pre>
 *   0x40 Create          id, u64 system identifier, text data directory
 *   0x41 Branch          id of the parent, 16 bytes timeline of the child, u64 at
 *   0x42 Delete          id
 *   0x43 Attach          id, u32 count, count x text address
 *   0x44 Status          id
 *   0x45 ListTimelines   -
 *   0x46 WaitForLsn      id, u64 LSN, u64 limit in nanoseconds
 *   0x47 ReadPages       id, u64 at, relation, u8 fork, u32 first block, u32 count
 *   0x48 MakeBaseBackup  id, u64 at
 *   0x49 ReadKey         id, 18 bytes {@link Key}, u64 at
 *   0x4A ReadVersions    id, 18 bytes {@link Key}, u64 at
 *
 *   0x50 Done            -
 *   0x51 Position        u64 LSN
 *   0x52 Statuses        u32 count, count x { id, u8 has ancestor, 16 bytes ancestor, u64 ancestor LSN,
 *                        u64 last record LSN, u64 disk consistent LSN, u64 bytes, u8 failed, text why }
 *   0x53 Pages           the pages to the end of the frame
 *   0x54 BackupStart     u64 LSN, u16 major, u64 system identifier, u32 count, count x text directory
 *   0x55 BackupFile      text path, u64 length, u32 count, count x { u64 offset, u32 length, bytes }
 *   0x56 BackupRelations count to the end of the frame x { relation, u8 fork, u32 blocks }
 *   0x57 Content         u8 is there, the bytes to the end of the frame
 *   0x58 OneVersion      u64 LSN, u8 kind (1 image, 2 record, 3 record that initializes, 4 change),
 *                        the bytes to the end of the frame
 *   0x5F Failed          text
 * </pre>
 */
final class PageServiceProtocol {
    /** Relation forks in one frame of a base backup. */
    static final int BACKUP_RELATIONS_MAX = 1 << 16;

    /** Pages in one request: 32 MiB. */
    static final int PAGES_MAX = 4096;

    private static final int CREATE = 0x40;
    private static final int BRANCH = 0x41;
    private static final int DELETE = 0x42;
    private static final int ATTACH = 0x43;
    private static final int STATUS = 0x44;
    private static final int LIST_TIMELINES = 0x45;
    private static final int WAIT_FOR_LSN = 0x46;
    private static final int READ_PAGES = 0x47;
    private static final int MAKE_BASE_BACKUP = 0x48;
    private static final int READ_KEY = 0x49;
    private static final int READ_VERSIONS = 0x4A;
    private static final int DONE = 0x50;
    private static final int POSITION = 0x51;
    private static final int STATUSES = 0x52;
    private static final int PAGES = 0x53;
    private static final int BACKUP_START = 0x54;
    private static final int BACKUP_FILE = 0x55;
    private static final int BACKUP_RELATIONS = 0x56;
    private static final int CONTENT = 0x57;
    private static final int ONE_VERSION = 0x58;
    private static final int FAILED = 0x5F;

    private static final int IMAGE = 1;
    private static final int RECORD = 2;
    private static final int INITIALIZING_RECORD = 3;
    private static final int CHANGE = 4;

    private static final int RELATION_FORK_BYTES = 12 + 1 + 4;

    private PageServiceProtocol() {}

    static void send(PartChannel channel, PageServiceRequest request) throws IOException {
        Writer out = new Writer();
        int type =
                switch (request) {
                    case PageServiceRequest.Create r -> {
                        out.id(r.id()).int64(r.systemIdentifier()).text(r.dataDirectory());
                        yield CREATE;
                    }
                    case PageServiceRequest.Branch r -> {
                        out.id(r.parent()).timeline(r.child()).lsn(r.at());
                        yield BRANCH;
                    }
                    case PageServiceRequest.Delete r -> {
                        out.id(r.id());
                        yield DELETE;
                    }
                    case PageServiceRequest.Attach r -> {
                        out.id(r.id()).int32(r.safekeepers().size());
                        r.safekeepers().forEach(address -> out.text(address.toString()));
                        yield ATTACH;
                    }
                    case PageServiceRequest.Status r -> {
                        out.id(r.id());
                        yield STATUS;
                    }
                    case PageServiceRequest.ListTimelines _ -> LIST_TIMELINES;
                    case PageServiceRequest.WaitForLsn r -> {
                        out.id(r.id()).lsn(r.lsn()).int64(r.limit().toNanos());
                        yield WAIT_FOR_LSN;
                    }
                    case PageServiceRequest.ReadPages r -> {
                        out.id(r.id()).lsn(r.at()).relation(r.relation()).fork(r.fork());
                        out.int32(r.firstBlock()).int32(r.count());
                        yield READ_PAGES;
                    }
                    case PageServiceRequest.MakeBaseBackup r -> {
                        out.id(r.id()).lsn(r.at());
                        yield MAKE_BASE_BACKUP;
                    }
                    case PageServiceRequest.ReadKey r -> {
                        out.id(r.id()).key(r.key()).lsn(r.at());
                        yield READ_KEY;
                    }
                    case PageServiceRequest.ReadVersions r -> {
                        out.id(r.id()).key(r.key()).lsn(r.at());
                        yield READ_VERSIONS;
                    }
                };
        channel.send(type, out.bytes());
    }

    /**
     * @throws PartProtocolException if the frame is no request
     */
    static PageServiceRequest request(PartFrame frame) throws PartProtocolException {
        Reader in = new Reader(frame);
        return in.whole(() ->
                switch (frame.type()) {
                    case CREATE -> new PageServiceRequest.Create(in.id(), in.int64(), in.text());
                    case BRANCH -> new PageServiceRequest.Branch(in.id(), in.timeline(), in.lsn());
                    case DELETE -> new PageServiceRequest.Delete(in.id());
                    case ATTACH -> new PageServiceRequest.Attach(in.id(), in.addresses());
                    case STATUS -> new PageServiceRequest.Status(in.id());
                    case LIST_TIMELINES -> new PageServiceRequest.ListTimelines();
                    case WAIT_FOR_LSN ->
                            new PageServiceRequest.WaitForLsn(
                                    in.id(), in.lsn(), Duration.ofNanos(in.int64()));
                    case READ_PAGES ->
                            new PageServiceRequest.ReadPages(
                                    in.id(),
                                    in.lsn(),
                                    in.relation(),
                                    in.fork(),
                                    in.int32(),
                                    in.int32());
                    case MAKE_BASE_BACKUP ->
                            new PageServiceRequest.MakeBaseBackup(in.id(), in.lsn());
                    case READ_KEY -> new PageServiceRequest.ReadKey(in.id(), in.key(), in.lsn());
                    case READ_VERSIONS ->
                            new PageServiceRequest.ReadVersions(in.id(), in.key(), in.lsn());
                    default -> throw in.unknown("request");
                });
    }

    static void send(PartChannel channel, PageServiceReply reply) throws IOException {
        Writer out = new Writer();
        switch (reply) {
            case PageServiceReply.Done _ -> channel.send(DONE);
            case PageServiceReply.Position(Lsn lsn) -> channel.send(POSITION, out.lsn(lsn).bytes());
            case PageServiceReply.Statuses(List<TimelineStatus> timelines) -> {
                out.int32(timelines.size());
                timelines.forEach(out::status);
                channel.send(STATUSES, out.bytes());
            }
            case PageServiceReply.Pages(ByteBuffer pages) -> channel.send(PAGES, pages);
            case PageServiceReply.BackupStart start -> {
                out.lsn(start.lsn()).int16(start.postgresMajor()).int64(start.systemIdentifier());
                out.int32(start.directories().size());
                start.directories().forEach(out::text);
                channel.send(BACKUP_START, out.bytes());
            }
            case PageServiceReply.BackupFile(BaseBackup.File file) ->
                    channel.send(BACKUP_FILE, out.file(file).bytes());
            case PageServiceReply.BackupRelations(List<BaseBackup.RelationFork> relations) -> {
                for (BaseBackup.RelationFork fork : relations) {
                    out.relation(fork.relation()).fork(fork.fork()).int32(fork.blocks());
                }
                channel.send(BACKUP_RELATIONS, out.bytes());
            }
            case PageServiceReply.Content(ByteBuffer bytes) -> {
                out.int8(bytes == null ? 0 : 1);
                channel.send(CONTENT, (bytes == null ? out : out.rest(bytes)).bytes());
            }
            case PageServiceReply.OneVersion(PageService.Version(Lsn lsn, Value value)) ->
                    channel.send(ONE_VERSION, out.lsn(lsn).value(value).bytes());
            case PageServiceReply.Failed(String message) ->
                    channel.send(FAILED, out.text(message).bytes());
        }
    }

    /**
     * @throws PartProtocolException if the frame is no reply
     */
    static PageServiceReply reply(PartFrame frame) throws PartProtocolException {
        Reader in = new Reader(frame);
        return in.whole(() ->
                switch (frame.type()) {
                    case DONE -> new PageServiceReply.Done();
                    case POSITION -> new PageServiceReply.Position(in.lsn());
                    case STATUSES -> new PageServiceReply.Statuses(in.statuses());
                    case PAGES -> new PageServiceReply.Pages(in.rest());
                    case BACKUP_START ->
                            new PageServiceReply.BackupStart(
                                    in.lsn(), in.int16(), in.int64(), in.texts());
                    case BACKUP_FILE -> new PageServiceReply.BackupFile(in.file());
                    case BACKUP_RELATIONS ->
                            new PageServiceReply.BackupRelations(in.relationForks());
                    case CONTENT -> new PageServiceReply.Content(in.content());
                    case ONE_VERSION ->
                            new PageServiceReply.OneVersion(
                                    new PageService.Version(in.lsn(), in.value()));
                    case FAILED -> new PageServiceReply.Failed(in.text());
                    default -> throw in.unknown("reply");
                });
    }

    /** The fields of a message, one after the other. */
    private static final class Writer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
        private final DataOutputStream out = new DataOutputStream(bytes);

        ByteBuffer bytes() {
            return ByteBuffer.wrap(bytes.toByteArray());
        }

        private interface Field {
            void write() throws IOException;
        }

        private Writer put(Field field) {
            try {
                field.write();
                return this;
            } catch (IOException e) {
                throw new IllegalStateException("memory does not fail so", e);
            }
        }

        Writer int8(int value) {
            return put(() -> out.writeByte(value));
        }

        Writer int16(int value) {
            return put(() -> out.writeShort(value));
        }

        Writer int32(int value) {
            return put(() -> out.writeInt(value));
        }

        Writer int64(long value) {
            return put(() -> out.writeLong(value));
        }

        Writer text(String value) {
            byte[] utf8 = value.getBytes(UTF_8);
            return int32(utf8.length).put(() -> out.write(utf8));
        }

        /** The last field: its length is the frame's. */
        Writer rest(ByteBuffer value) {
            byte[] content = new byte[value.remaining()];
            value.get(content);
            return put(() -> out.write(content));
        }

        Writer key(Key key) {
            ByteBuffer encoded = ByteBuffer.allocate(Key.BYTES);
            key.write(encoded);
            return rest(encoded.flip());
        }

        Writer value(Value value) {
            return switch (value) {
                case Value.Image(byte[] page) -> int8(IMAGE).rest(ByteBuffer.wrap(page));
                case Value.Wal(byte[] record, boolean initializes) ->
                        int8(initializes ? INITIALIZING_RECORD : RECORD)
                                .rest(ByteBuffer.wrap(record));
                case Value.Change(byte[] change) -> int8(CHANGE).rest(ByteBuffer.wrap(change));
            };
        }

        Writer lsn(Lsn lsn) {
            return int64(lsn.value());
        }

        Writer timeline(TimelineId timeline) {
            return int64(timeline.high()).int64(timeline.low());
        }

        Writer id(TenantTimelineId id) {
            return int64(id.tenant().high()).int64(id.tenant().low()).timeline(id.timeline());
        }

        Writer relation(RelFileLocator relation) {
            return int32(relation.tablespace())
                    .int32(relation.database())
                    .int32(relation.relation());
        }

        Writer fork(Fork fork) {
            return int8(fork.number());
        }

        Writer file(BaseBackup.File file) {
            text(file.path()).int64(file.length()).int32(file.extents().size());
            for (BaseBackup.Extent extent : file.extents()) {
                byte[] content = extent.bytes();
                int64(extent.offset()).int32(content.length).put(() -> out.write(content));
            }
            return this;
        }

        void status(TimelineStatus status) {
            TimelineId ancestor = status.ancestor();
            String failure = status.ingestFailure();
            id(status.id()).int8(ancestor == null ? 0 : 1);
            timeline(ancestor == null ? new TimelineId(0, 0) : ancestor).lsn(status.ancestorLsn());
            lsn(status.lastRecordLsn()).lsn(status.diskConsistentLsn()).int64(status.sizeBytes());
            int8(failure == null ? 0 : 1).text(failure == null ? "" : failure);
        }
    }

    /** Takes a message apart; whatever does not fit is a {@link PartProtocolException}. */
    private static final class Reader {
        private final int type;
        private final ByteBuffer in;

        Reader(PartFrame frame) {
            this.type = frame.type();
            this.in = frame.payload();
        }

        private interface Message<T> {
            T read() throws PartProtocolException;
        }

        <T> T whole(Message<T> message) throws PartProtocolException {
            try {
                T read = message.read();
                if (in.hasRemaining()) {
                    throw malformed(in.remaining() + " bytes too many", null);
                }
                return read;
            } catch (BufferUnderflowException | IllegalArgumentException e) {
                throw malformed(e.toString(), e);
            }
        }

        PartProtocolException unknown(String what) {
            return new PartProtocolException(
                    "no pageserver " + what + " of type 0x" + Integer.toHexString(type));
        }

        private PartProtocolException malformed(String why, @Nullable Throwable cause) {
            PartProtocolException failure =
                    new PartProtocolException(
                            "malformed frame of type 0x" + Integer.toHexString(type) + ": " + why);
            if (cause != null) {
                failure.initCause(cause);
            }
            return failure;
        }

        int int16() {
            return in.getShort() & 0xFFFF;
        }

        int int32() {
            return in.getInt();
        }

        long int64() {
            return in.getLong();
        }

        String text() {
            return new String(sizedBytes(), UTF_8);
        }

        private byte[] sizedBytes() {
            byte[] sized = new byte[count(1)];
            in.get(sized);
            return sized;
        }

        BaseBackup.File file() {
            String path = text();
            long length = int64();
            int count = count(12);
            List<BaseBackup.Extent> extents = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                extents.add(new BaseBackup.Extent(int64(), sizedBytes()));
            }
            return new BaseBackup.File(path, length, extents);
        }

        /** A count of things that take at least {@code bytes} each. */
        private int count(int bytes) {
            int count = in.getInt();
            if (count < 0 || (long) count * bytes > in.remaining()) {
                throw new BufferUnderflowException();
            }
            return count;
        }

        List<String> texts() {
            int count = count(4);
            List<String> texts = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                texts.add(text());
            }
            return texts;
        }

        List<PartAddress> addresses() {
            return texts().stream().map(PartAddress::parse).toList();
        }

        Lsn lsn() {
            return new Lsn(in.getLong());
        }

        TimelineId timeline() {
            return new TimelineId(in.getLong(), in.getLong());
        }

        TenantTimelineId id() {
            return new TenantTimelineId(new TenantId(in.getLong(), in.getLong()), timeline());
        }

        RelFileLocator relation() {
            return new RelFileLocator(in.getInt(), in.getInt(), in.getInt());
        }

        Fork fork() {
            return Fork.ofNumber(in.get());
        }

        List<BaseBackup.RelationFork> relationForks() {
            int count = in.remaining() / RELATION_FORK_BYTES;
            List<BaseBackup.RelationFork> forks = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                forks.add(new BaseBackup.RelationFork(relation(), fork(), int32()));
            }
            return forks;
        }

        List<TimelineStatus> statuses() {
            int count = count(32);
            List<TimelineStatus> statuses = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                statuses.add(status());
            }
            return statuses;
        }

        private TimelineStatus status() {
            TenantTimelineId id = id();
            boolean hasAncestor = in.get() != 0;
            TimelineId ancestor = timeline();
            Lsn ancestorLsn = lsn();
            Lsn lastRecord = lsn();
            Lsn diskConsistent = lsn();
            long bytes = int64();
            boolean failed = in.get() != 0;
            String why = text();
            return new TimelineStatus(
                    id,
                    hasAncestor ? ancestor : null,
                    ancestorLsn,
                    lastRecord,
                    diskConsistent,
                    bytes,
                    failed ? why : null);
        }

        Key key() {
            return Key.read(in);
        }

        @Nullable ByteBuffer content() {
            boolean there = in.get() != 0;
            ByteBuffer bytes = rest();
            return there ? bytes : null;
        }

        Value value() {
            int kind = in.get();
            byte[] bytes = new byte[in.remaining()];
            in.get(bytes);
            return switch (kind) {
                case IMAGE -> new Value.Image(bytes);
                case RECORD -> new Value.Wal(bytes, false);
                case INITIALIZING_RECORD -> new Value.Wal(bytes, true);
                case CHANGE -> new Value.Change(bytes);
                default -> throw new IllegalArgumentException("no such kind of value: " + kind);
            };
        }

        ByteBuffer rest() {
            ByteBuffer rest = in.slice();
            in.position(in.limit());
            return rest;
        }
    }
}
