package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.postgres.v17.redo.RedoOracleTest.assertSameAsDataDirectory;
import static dev.sluice.storage.postgres.v17.redo.RedoOracleTest.withFault;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.oracle.TypeCount;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As {@link RedoOracleTest}, for the index managers other than B-tree and Hash. */
class IndexRedoOracleTest {
    /**
     * Every block of every type that is changed otherwise than by an image, as far as it can be.
     */
    private static final Set<String> BLOCKS =
            Set.of(
                    "BRIN CREATE_INDEX 0",
                    "BRIN INSERT 0",
                    "BRIN INSERT 1",
                    "BRIN INSERT+INIT 0",
                    "BRIN INSERT+INIT 1",
                    "BRIN UPDATE 0",
                    "BRIN UPDATE 1",
                    "BRIN UPDATE 2",
                    "BRIN UPDATE+INIT 0",
                    "BRIN UPDATE+INIT 1",
                    "BRIN UPDATE+INIT 2",
                    "BRIN SAMEPAGE_UPDATE 0",
                    "BRIN REVMAP_EXTEND 0",
                    "BRIN REVMAP_EXTEND 1",
                    "BRIN DESUMMARIZE 0",
                    "BRIN DESUMMARIZE 1",
                    "Generic Generic 0",
                    "Gin CREATE_PTREE 0",
                    "Gin INSERT 0",
                    "Gin INSERT 0 posting tree",
                    "Gin INSERT 0 leaf",
                    "Gin INSERT 0 posting tree leaf",
                    "Gin INSERT 1",
                    "Gin INSERT 1 posting tree",
                    "Gin SPLIT 3",
                    "Gin VACUUM_DATA_LEAF_PAGE 0",
                    "Gin DELETE_PAGE 0",
                    "Gin DELETE_PAGE 1",
                    "Gin DELETE_PAGE 2",
                    "Gin UPDATE_META_PAGE 0",
                    "Gin UPDATE_META_PAGE 1",
                    "Gin INSERT_LISTPAGE 0",
                    "Gin DELETE_LISTPAGE 0",
                    "Gin DELETE_LISTPAGE 1",
                    "Gist PAGE_UPDATE 0",
                    "Gist PAGE_UPDATE 1",
                    "Gist DELETE 0",
                    "Gist PAGE_SPLIT 0",
                    "Gist PAGE_SPLIT 1",
                    "Gist PAGE_SPLIT 2",
                    "Gist PAGE_SPLIT 3",
                    "Gist PAGE_DELETE 0",
                    "Gist PAGE_DELETE 1",
                    "SPGist ADD_LEAF 0",
                    "SPGist ADD_LEAF 1",
                    "SPGist MOVE_LEAFS 0",
                    "SPGist MOVE_LEAFS 1",
                    "SPGist MOVE_LEAFS 2",
                    "SPGist ADD_NODE 0",
                    "SPGist ADD_NODE 1",
                    "SPGist ADD_NODE 2",
                    "SPGist SPLIT_TUPLE 0",
                    "SPGist SPLIT_TUPLE 1",
                    "SPGist PICKSPLIT 0",
                    "SPGist PICKSPLIT 1",
                    "SPGist PICKSPLIT 2",
                    "SPGist PICKSPLIT 3",
                    "SPGist VACUUM_LEAF 0",
                    "SPGist VACUUM_ROOT 0",
                    "SPGist VACUUM_REDIRECT 0");

    private static final List<String> SETTINGS =
            List.of(
                    "wal_consistency_checking = 'gin,gist,spgist,brin,generic'",
                    "autovacuum = off",
                    "checkpoint_timeout = 1h",
                    "max_wal_size = 8GB",
                    "wal_keep_size = 8GB",
                    "shared_buffers = 64MB");

    private static final int GIST_SPLIT_BYTES = 12;
    private static final int GIST_FLAGS_AT = Page.SIZE - 4;
    private static final int GIST_HINTS = GistPages.HAS_GARBAGE | GistPages.TUPLES_DELETED;
    private static final int GIN_DELETED =
            GinPages.DATA | GinPages.LEAF | GinPages.COMPRESSED | GinPages.DELETED;
    private static final int MUTATE_EACH = 7;

    private static RecordedCluster withoutImages;
    private static RecordedCluster withImages;

    @BeforeAll
    static void recordWorkload() throws Exception {
        withoutImages = RecordedCluster.record(with("full_page_writes = off"), IndexWorkload::run);
        withImages =
                RecordedCluster.record(
                        with("full_page_writes = on", "wal_compression = pglz"),
                        IndexWorkload::runBetweenCheckpoints);
    }

    private static List<String> with(String... more) {
        List<String> settings = new ArrayList<>(SETTINGS);
        settings.addAll(List.of(more));
        return settings;
    }

    @AfterAll
    static void removeClusters() throws IOException {
        if (withoutImages != null) {
            withoutImages.close();
        }
        if (withImages != null) {
            withImages.close();
        }
    }

    @Test
    void everyPageIsWhatPostgresMade() throws Exception {
        try (RedoOracle oracle = withoutImages.oracle()) {
            RedoReport report = oracle.redo(null);
            System.out.println(report.table());
            assertThat(report.differences()).isEmpty();
            assertThat(blocks(withoutImages)).containsAll(BLOCKS);
            assertImages(report, "Gin SPLIT", "Gin VACUUM_PAGE");
            assertSameAsDataDirectory(oracle.redone(), withoutImages);
            assertMaskedStateIsRight(oracle.redone(), withoutImages);
        }
    }

    @Test
    void everyPageIsWhatPostgresMadeAmongFullPageImages() throws Exception {
        try (RedoOracle oracle = withImages.oracle()) {
            RedoReport report = oracle.redo(null);
            System.out.println(report.table());
            assertThat(report.differences()).isEmpty();
            assertImages(report, "BRIN INSERT", "Gin INSERT", "Gist PAGE_UPDATE");
            assertSameAsDataDirectory(oracle.redone(), withImages);
            assertMaskedStateIsRight(oracle.redone(), withImages);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Generic Generic",
                "BRIN INSERT",
                "Gin INSERT",
                "Gist PAGE_UPDATE",
                "SPGist ADD_LEAF"
            })
    void theOracleSeesAFaultPlantedInOneRecordType(String type) throws Exception {
        PageRedo faulty = withFault(record -> RecordTypes.name(record).equals(type));
        assertThat(withoutImages.redo(faulty).differences())
                .isNotEmpty()
                .allMatch(difference -> difference.startsWith(type));
    }

    /** Postgres does it after it has logged the record, so no image shows it. */
    @Test
    void aGistSplitIsCompletedAfterAnImageToo() throws Exception {
        List<WalRecord> completing = new ArrayList<>();
        withoutImages.replay(record -> {
            if (completing.isEmpty()
                    && record.blockCount() == 2
                    && names(record, 1).equals("Gist PAGE_UPDATE 1")) {
                completing.add(record);
            }
        });
        WalRecord record = completing.getFirst();
        byte[] raw = record.raw().clone();
        raw[imageInfoOfSecondBlock(raw)] |= 0x02;
        Key key = Key.relationBlock(record.blockRelation(1), Fork.MAIN, record.blockNumber(1));
        byte[] page = new byte[Page.SIZE];

        new Redo17().apply(key, page, new Value.Wal(raw, true), record.end());

        assertThat(Page.lsn(page)).isEqualTo(record.end().value());
        assertThat(LittleEndian.i32(page, Page.SIZE - 16))
                .isEqualTo((int) (record.end().value() >>> 32));
        assertThat(LittleEndian.i32(page, Page.SIZE - 12)).isEqualTo((int) record.end().value());
        assertThat(LittleEndian.u16(page, GIST_FLAGS_AT) & GistPages.FOLLOW_RIGHT).isZero();
    }

    /**
     * {@code XLogRecordBlockHeader}: id, flags, data length, image header, relation, block. The
     * image's info says whether it applies (0x02) and how it is compressed (0x1C).
     */
    private static int imageInfoOfSecondBlock(byte[] raw) {
        int image = WalRecord.HEADER_SIZE + 4;
        boolean holeLength = (raw[image + 4] & 0x1C) != 0 && (raw[image + 4] & 0x01) != 0;
        int second = image + 5 + (holeLength ? 2 : 0) + 12 + 4;
        assertThat(raw[second]).isEqualTo((byte) 1);
        return second + 4 + 4;
    }

    @Test
    void damagedRecordsAreRefusedOrGiveSomePage() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Redo17 right = new Redo17();
        int[] refused = new int[2];
        PageRedo damaging =
                (Key key, byte[] page, Value change, Lsn end) -> {
                    if (change instanceof Value.Wal wal && random.nextInt(MUTATE_EACH) == 0) {
                        refused[damaged(right, key, page, wal, end, random) ? 1 : 0]++;
                    }
                    right.apply(key, page, change, end);
                };
        assertThat(withoutImages.redo(damaging).differences()).isEmpty();
        assertThat(refused[0]).isPositive();
        assertThat(refused[1]).isPositive();
    }

    /** Applies a record with a few bytes changed, or cut short; true if it was refused. */
    private static boolean damaged(
            Redo17 redo, Key key, byte[] page, Value.Wal wal, Lsn end, Random random) {
        byte[] raw = wal.record().clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextBoolean() ? random.nextInt(Math.min(raw.length, 120)) : 0;
            raw[at == 0 ? random.nextInt(raw.length) : at] = (byte) random.nextInt();
        }
        try {
            redo.apply(key, page.clone(), new Value.Wal(raw, wal.initializes()), end);
            return false;
        } catch (RedoException e) {
            return true;
        }
    }

    private static void assertImages(RedoReport report, String... types) {
        for (String type : types) {
            TypeCount count = report.counts().get(type);
            assertThat(count == null ? 0 : count.images()).as(type).isPositive();
        }
    }

    /** What was redone, as type, block id and, of GIN insertions, the kind of page. */
    private static Set<String> blocks(RecordedCluster cluster) throws IOException {
        Set<String> blocks = new HashSet<>();
        cluster.replay(record -> {
            for (int block = 0; block < record.blockCount(); block++) {
                if (record.hasBlock(block) && !record.blockImageApplies(block)) {
                    blocks.add(names(record, block));
                }
            }
        });
        return blocks;
    }

    private static String names(WalRecord record, int block) {
        String name = RecordTypes.name(record) + " " + block;
        if (!RecordTypes.name(record).equals("Gin INSERT")) {
            return name;
        }
        int flags = record.raw()[record.mainOffset()];
        return name + ((flags & 1) != 0 ? " posting tree" : "") + ((flags & 2) != 0 ? " leaf" : "");
    }

    /**
     * What Postgres's check masks though it matters is as in the data directory: GiST's split
     * state, and when a deleted page of a GIN posting tree may be reused.
     */
    private static void assertMaskedStateIsRight(TimelineReader redone, RecordedCluster cluster)
            throws IOException {
        int compared = 0;
        int deleted = 0;
        for (Map.Entry<Key, byte[]> entry : cluster.after().entrySet()) {
            byte[] expected = entry.getValue();
            byte[] page = redone.get(entry.getKey(), Lsn.INVALID);
            int id = LittleEndian.u16(expected, Page.SIZE - 2);
            if (page == null) {
                continue;
            }
            if (id == GIN_DELETED && Page.specialBytes(expected) == 8) {
                assertThat(Page.pruneXid(page))
                        .as(entry.getKey().toString())
                        .isEqualTo(Page.pruneXid(expected));
                deleted++;
            }
            if (id == 0xFF81 && Page.specialBytes(expected) == 16) {
                assertThat(split(page)).as(entry.getKey().toString()).isEqualTo(split(expected));
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(50);
        assertThat(deleted).isPositive();
    }

    /** NSN, right link and flags but for hints. */
    private static String split(byte[] page) {
        StringBuilder split = new StringBuilder();
        for (int at = Page.SIZE - 16; at < Page.SIZE - 16 + GIST_SPLIT_BYTES; at += 4) {
            split.append(Integer.toHexString(LittleEndian.i32(page, at))).append(' ');
        }
        int flags = LittleEndian.u16(page, GIST_FLAGS_AT) & ~GIST_HINTS;
        return split.append(Integer.toHexString(flags)).toString();
    }
}
