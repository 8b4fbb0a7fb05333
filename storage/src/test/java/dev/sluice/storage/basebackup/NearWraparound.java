package dev.sluice.storage.basebackup;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.change.MultixactMembers;
import dev.sluice.storage.redo.change.MultixactOffsets;
import dev.sluice.storage.redo.change.TransactionStatus;
import dev.sluice.storage.template.TemplateImport;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Moves the counters of a stopped cluster close to where they go round: transaction ids (into a
 * later epoch), multixacts and their members. What {@code pg_resetwal} is for, done with a base
 * backup whose checkpoint says so. Half the circle at a time, everything frozen in between, since
 * no transaction may be older than that.
 */
final class NearWraparound {
    static final int EPOCH = 5;
    static final int XIDS_LEFT = 1500;
    static final int MULTIXACTS_LEFT = 60;
    static final int MEMBERS_LEFT = 3000;

    private static final long SYSTEM_IDENTIFIER = 0x1234567890ABCDEFL;

    /** Below every position of WAL. */
    private static final Lsn AT = new Lsn(8);

    private static final int HALF = 2_140_000_000;
    private static final List<String> DATABASES = List.of("template0", "template1", "postgres");

    // CheckPoint in catalog/pg_control.h
    private static final int NEXT_XID = 24;
    private static final int EPOCH_OF_NEXT_XID = 28;
    private static final int NEXT_MULTI = 36;
    private static final int NEXT_MULTI_OFFSET = 40;

    private final Path data;

    private NearWraparound(Path data) {
        this.data = data;
    }

    static void move(ThrowawayPostgres postgres) throws IOException, InterruptedException {
        NearWraparound cluster = new NearWraparound(postgres.data());
        for (int half = 1; half <= 2; half++) {
            cluster.setCounters(half * HALF, half * HALF, half * HALF);
            for (String database : DATABASES) {
                SingleUser.run(postgres, cluster.data, database, "VACUUM FREEZE");
            }
        }
        cluster.setCounters(-XIDS_LEFT, -MULTIXACTS_LEFT, -MEMBERS_LEFT);
    }

    private void setCounters(int xid, int multixact, int member)
            throws IOException, InterruptedException {
        TimelineInMemory timeline = new TimelineInMemory(PostgresMajor.of(17).redo());
        Set<Key> segments = new HashSet<>();
        TemplateImport.Imported imported =
                TemplateImport.importInto(
                        data,
                        SYSTEM_IDENTIFIER,
                        (key, image) -> {
                            if (key.kind() == Key.SLRU_SEGMENT) {
                                segments.add(key);
                            }
                            Value.Image put = image;
                            if (key.equals(Key.OF_CHECKPOINT)) {
                                byte[] changed = image.bytes().clone();
                                LittleEndian.put32(changed, NEXT_XID, xid);
                                LittleEndian.put32(changed, EPOCH_OF_NEXT_XID, EPOCH);
                                LittleEndian.put32(changed, NEXT_MULTI, multixact);
                                LittleEndian.put32(changed, NEXT_MULTI_OFFSET, member);
                                put = new Value.Image(changed);
                            }
                            timeline.put(key, AT, put);
                        });
        addPage(timeline, segments, Slru.CLOG, TransactionStatus.block(xid));
        addPage(timeline, segments, Slru.MULTIXACT_OFFSETS, MultixactOffsets.block(multixact));
        addPage(timeline, segments, Slru.MULTIXACT_MEMBERS, MultixactMembers.block(member));
        BaseBackup backup =
                BaseBackupMaker.make(
                        PostgresMajor.of(17),
                        timeline,
                        imported.end(),
                        imported.lastRecord(),
                        1_800_000_000L);
        Path changed = data.resolveSibling("changed");
        RestoredDirectory.write(backup, timeline, changed);
        RestoredDirectory.copyConfiguration(data, changed);
        SingleUser.run("rm", "-r", data.toString());
        Files.move(changed, data);
        SingleUser.giveAway(data);
    }

    private static void addPage(TimelineInMemory timeline, Set<Key> segments, Slru slru, int block)
            throws IOException {
        int number = block / Slru.BLOCKS_PER_SEGMENT;
        Key segment = Key.slruSegment(slru, number);
        if (segments.contains(segment)) {
            throw new IOException("there is a segment " + segment + " already");
        }
        for (int each = number * Slru.BLOCKS_PER_SEGMENT; each <= block; each++) {
            timeline.put(Key.slruBlock(slru, each), AT, new Value.Image(new byte[Page.SIZE]));
        }
        timeline.put(segment, AT, BlockCount.image(block % Slru.BLOCKS_PER_SEGMENT + 1));
    }
}
