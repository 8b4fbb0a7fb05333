package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.mask.PageComparison;
import dev.sluice.storage.postgres.v17.mask.PageDifference;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Redo against Postgres itself: a real server writes the page that each record makes into the
 * record, and redo must make the same.
 */
class RedoOracleTest {
    /** The types that change pages otherwise than by an image, all of them. */
    private static final Set<String> TYPES =
            Set.of(
                    "Heap INSERT",
                    "Heap INSERT+INIT",
                    "Heap DELETE",
                    "Heap UPDATE",
                    "Heap UPDATE+INIT",
                    "Heap HOT_UPDATE",
                    "Heap HEAP_CONFIRM",
                    "Heap LOCK",
                    "Heap INPLACE",
                    "Heap2 PRUNE_ON_ACCESS",
                    "Heap2 PRUNE_VACUUM_SCAN",
                    "Heap2 PRUNE_VACUUM_CLEANUP",
                    "Heap2 VISIBLE",
                    "Heap2 MULTI_INSERT",
                    "Heap2 MULTI_INSERT+INIT",
                    "Heap2 LOCK_UPDATED",
                    "Btree INSERT_LEAF",
                    "Btree INSERT_UPPER",
                    "Btree INSERT_META",
                    "Btree SPLIT_L",
                    "Btree SPLIT_R",
                    "Btree INSERT_POST",
                    "Btree DEDUP",
                    "Btree DELETE",
                    "Btree UNLINK_PAGE",
                    "Btree UNLINK_PAGE_META",
                    "Btree NEWROOT",
                    "Btree MARK_PAGE_HALFDEAD",
                    "Btree VACUUM",
                    "Btree META_CLEANUP",
                    "Hash INIT_META_PAGE",
                    "Hash INIT_BITMAP_PAGE",
                    "Hash INSERT",
                    "Hash ADD_OVFL_PAGE",
                    "Hash SPLIT_ALLOCATE_PAGE",
                    "Hash SPLIT_COMPLETE",
                    "Hash MOVE_PAGE_CONTENTS",
                    "Hash SQUEEZE_PAGE",
                    "Hash DELETE",
                    "Hash SPLIT_CLEANUP",
                    "Hash UPDATE_META_PAGE",
                    "Hash VACUUM_ONE_PAGE",
                    "BRIN CREATE_INDEX",
                    "BRIN INSERT",
                    "BRIN INSERT+INIT",
                    "BRIN UPDATE",
                    "BRIN SAMEPAGE_UPDATE",
                    "BRIN REVMAP_EXTEND",
                    "BRIN DESUMMARIZE",
                    "Generic Generic",
                    "Sequence LOG");

    private static final List<String> SETTINGS =
            List.of(
                    "wal_consistency_checking = all",
                    "autovacuum = off",
                    "checkpoint_timeout = 1h",
                    "max_wal_size = 8GB",
                    "wal_keep_size = 8GB",
                    "shared_buffers = 64MB");

    private static RecordedCluster withoutImages;
    private static RecordedCluster withImages;

    @BeforeAll
    static void recordWorkload() throws Exception {
        withoutImages =
                RecordedCluster.record(
                        with("full_page_writes = off", "wal_level = replica"), OracleWorkload::run);
        withImages =
                RecordedCluster.record(
                        with(
                                "full_page_writes = on",
                                "wal_log_hints = on",
                                "wal_level = logical",
                                "wal_compression = pglz"),
                        OracleWorkload::run);
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
            Set<String> met = new HashSet<>();
            report.counts()
                    .forEach((name, count) -> {
                        if (count.checked() > 0) {
                            met.add(name);
                        }
                    });
            assertThat(met).containsAll(TYPES);
            assertSameAsDataDirectory(oracle.redone(), withoutImages);
        }
    }

    @Test
    void everyPageIsWhatPostgresMadeAmongFullPageImages() throws Exception {
        try (RedoOracle oracle = withImages.oracle()) {
            RedoReport report = oracle.redo(null);
            System.out.println(report.table());
            assertThat(report.differences()).isEmpty();
            assertThat(report.counts()).containsKeys("XLOG FPI", "XLOG FPI_FOR_HINT");
            assertSameAsDataDirectory(oracle.redone(), withImages);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Heap INSERT",
                "Heap HOT_UPDATE",
                "Heap2 PRUNE_ON_ACCESS",
                "Heap2 VISIBLE",
                "Btree INSERT_LEAF",
                "Btree SPLIT_L",
                "Hash INSERT",
                "BRIN SAMEPAGE_UPDATE",
                "Generic Generic",
                "Sequence LOG"
            })
    void theOracleSeesAFaultPlantedInOneRecordType(String type) throws Exception {
        PageRedo faulty = withFault(record -> RecordTypes.name(record).equals(type));
        assertThat(withoutImages.redo(faulty).differences())
                .isNotEmpty()
                .allMatch(difference -> difference.startsWith(type));
    }

    @Test
    @Timeout(300)
    void damagedRecordsAreRefusedOrRedoneButNeverMore() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Redo17 redo = new Redo17();
        int[] refused = new int[1];
        PageRedo damaging =
                (key, page, change, end) -> {
                    try {
                        redo.apply(key, page.clone(), damaged(change, random), end);
                    } catch (RedoException e) {
                        refused[0]++;
                    }
                    redo.apply(key, page, change, end);
                };
        assertThat(withoutImages.redo(damaging).differences()).isEmpty();
        assertThat(refused[0]).isPositive();
    }

    /** The same record with a few bytes after its header changed, or the same change cut short. */
    private static Value damaged(Value change, Random random) {
        return switch (change) {
            case Value.Wal wal -> {
                byte[] record = wal.record().clone();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    int at = WalRecord.HEADER_SIZE;
                    // Images make records long; what redo reads is mostly at both ends.
                    int reach = Math.min(record.length - at, 64);
                    at += random.nextInt(reach);
                    at = random.nextBoolean() ? at : record.length - 1 - random.nextInt(reach);
                    record[at] = (byte) random.nextInt();
                }
                yield new Value.Wal(record, wal.initializes());
            }
            case Value.Change implied ->
                    new Value.Change(
                            Arrays.copyOf(implied.bytes(), random.nextInt(implied.bytes().length)));
            case Value.Image image -> image;
        };
    }

    /** Redo that gets one bit wrong: of the page's last byte before its special area. */
    static PageRedo withFault(Predicate<WalRecord> where) {
        Redo17 right = new Redo17();
        return (Key key, byte[] page, Value change, Lsn end) -> {
            right.apply(key, page, change, end);
            if (change instanceof Value.Wal wal && where.test(parse(wal, end))) {
                page[Page.special(page) - 1] ^= 1;
            }
        };
    }

    private static WalRecord parse(Value.Wal wal, Lsn end) {
        try {
            return WalRecord.parse(wal.record(), end, end);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Every page of the stopped cluster that WAL describes is the page that redo made. */
    static void assertSameAsDataDirectory(TimelineReader redone, RecordedCluster cluster)
            throws IOException {
        Set<RelFileLocator> unlogged = cluster.unlogged();
        List<String> differences = new ArrayList<>();
        int compared = 0;
        for (Map.Entry<Key, byte[]> entry : cluster.after().entrySet()) {
            Key key = entry.getKey();
            Fork fork = Fork.ofNumber(key.fork());
            if (fork == Fork.FSM || (fork != Fork.INIT && unlogged.contains(key.locator()))) {
                continue;
            }
            byte[] page = redone.get(key, Lsn.INVALID);
            PageDifference difference =
                    PageComparison.ofDataDirectory(
                            page == null ? new byte[Page.SIZE] : page,
                            entry.getValue(),
                            fork,
                            key.block());
            if (difference != null) {
                differences.add(key + ": " + difference);
            }
            compared++;
        }
        assertThat(differences).isEmpty();
        assertThat(compared).isGreaterThan(2000);
    }
}
