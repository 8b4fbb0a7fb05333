package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.oracle.TypeCount;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.mask.PageComparison;
import dev.sluice.storage.postgres.v17.mask.PageDifference;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Redo against Postgres itself, over workloads that reach every record type: each record brings the
 * page that Postgres made, the stopped server leaves its files, and its own recovery of the same
 * WAL makes them once more.
 */
@ExtendWith(Recordings.class)
class RedoOracleTest {
    /** Types that say what a page becomes by its image, and otherwise nothing. */
    private static final Set<String> IMAGES_ONLY =
            Set.of("XLOG FPI", "XLOG FPI_FOR_HINT", "Hash SPLIT_PAGE", "Gin VACUUM_PAGE");

    private static final int SHOWN = 20;

    private static final Map<Recording, Redone> REDONE = new EnumMap<>(Recording.class);

    /** A recording, redone. */
    private record Redone(RecordedCluster cluster, RedoOracle oracle, RedoReport report) {}

    private static Redone redone(Recording recording, Recordings.Shelf recordings)
            throws Exception {
        Redone redone = REDONE.get(recording);
        if (redone == null) {
            RecordedCluster cluster = recordings.get(recording);
            RedoOracle oracle = cluster.oracle();
            redone = new Redone(cluster, oracle, oracle.redo(null));
            REDONE.put(recording, redone);
        }
        return redone;
    }

    @AfterAll
    static void closeOracles() throws Exception {
        for (Redone redone : REDONE.values()) {
            redone.oracle().close();
        }
        REDONE.clear();
    }

    @ParameterizedTest
    @EnumSource
    void everyPageIsWhatPostgresMade(Recording recording, Recordings.Shelf recordings)
            throws Exception {
        Redone redone = redone(recording, recordings);
        assertThat(redone.report().differences()).isEmpty();
        List<String> differences = new ArrayList<>();
        int compared = 0;
        for (Map.Entry<Key, byte[]> page :
                loggedPages(redone.cluster(), redone.cluster().after())) {
            Key key = page.getKey();
            PageDifference difference =
                    PageComparison.ofDataDirectory(
                            pageOf(redone.oracle().redone(), key),
                            page.getValue(),
                            Fork.ofNumber(key.fork()),
                            key.block());
            if (difference != null) {
                differences.add(key + ": " + difference);
            }
            compared++;
        }
        assertThat(differences).isEmpty();
        assertThat(compared).isGreaterThan(2000);
    }

    /**
     * Down to hint bits, prune hints and page LSNs, none of which Postgres's own check compares.
     */
    @ParameterizedTest
    @EnumSource
    void everyByteIsWhatRecoveryMakes(Recording recording, Recordings.Shelf recordings)
            throws Exception {
        Redone redone = redone(recording, recordings);
        List<String> differences = new ArrayList<>();
        for (Map.Entry<Key, byte[]> page :
                loggedPages(redone.cluster(), redone.cluster().recovered())) {
            byte[] ours = pageOf(redone.oracle().redone(), page.getKey()).clone();
            byte[] theirs = page.getValue();
            if (recording == Recording.TABLES_AMONG_IMAGES && Page.specialBytes(theirs) == 0) {
                // Where hints are logged, Postgres moves the LSN of heap pages that become visible.
                Page.setLsn(ours, Page.lsn(theirs));
            }
            int at = RedoneExactly.mismatch(page.getKey(), ours, theirs);
            if (at >= 0) {
                differences.add(page.getKey() + " " + at + ": " + bytes(ours, theirs, at));
            }
        }
        assertThat(differences.stream().limit(SHOWN)).isEmpty();
    }

    private static String bytes(byte[] ours, byte[] theirs, int at) {
        HexFormat hex = HexFormat.of();
        int end = Math.min(at + 16, Page.SIZE);
        return hex.formatHex(ours, at, end) + " should be " + hex.formatHex(theirs, at, end);
    }

    @Test
    void everyRecordTypeThatChangesPagesWasMet(Recordings.Shelf recordings) throws Exception {
        Map<String, long[]> counts = new TreeMap<>();
        for (Recording recording : Recording.values()) {
            for (Map.Entry<String, TypeCount> type :
                    redone(recording, recordings).report().counts().entrySet()) {
                TypeCount count = type.getValue();
                long[] of = {count.records(), count.redone(), count.images(), count.checked()};
                counts.merge(type.getKey(), of, RedoOracleTest::sum);
            }
        }
        Set<String> all = RecordTypes.changingPages();
        System.out.printf(
                "%-32s %9s %9s %9s %9s%n", "record type", "records", "redone", "images", "checked");
        counts.forEach((type, of) ->
                System.out.printf(
                        "%-32s %9d %9d %9d %9d%s%n",
                        type, of[0], of[1], of[2], of[3], all.contains(type) ? "" : "   no page"));
        Set<String> notMet = new TreeSet<>(all);
        counts.forEach((type, of) -> {
            if (IMAGES_ONLY.contains(type) ? of[2] > 0 : of[3] > 0) {
                notMet.remove(type);
            }
        });
        assertThat(notMet).as("record types never met").isEmpty();
    }

    private static long[] sum(long[] some, long[] others) {
        long[] sum = some.clone();
        Arrays.setAll(sum, i -> some[i] + others[i]);
        return sum;
    }

    /** Those of a data directory's pages that WAL describes. */
    private static List<Map.Entry<Key, byte[]>> loggedPages(
            RecordedCluster cluster, Map<Key, byte[]> pages) throws Exception {
        Set<RelFileLocator> unlogged = cluster.unlogged();
        return pages.entrySet().stream()
                .filter(page -> {
                    Fork fork = Fork.ofNumber(page.getKey().fork());
                    return fork != Fork.FSM
                            && (fork == Fork.INIT || !unlogged.contains(page.getKey().locator()));
                })
                .toList();
    }

    private static byte[] pageOf(TimelineReader redone, Key key) throws Exception {
        byte[] page = redone.get(key, Lsn.INVALID);
        return page == null ? new byte[Page.SIZE] : page;
    }
}
