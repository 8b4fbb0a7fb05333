package dev.sluice.storage.postgres.v17;

import static dev.sluice.storage.postgres.v17.StateBench.data;
import static dev.sluice.storage.postgres.v17.StateBench.end;
import static dev.sluice.storage.postgres.v17.StateBench.ints;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.ingest.IngestException;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ingest does not know or does not want stops it, with an error that says what and where. */
class IngestRefusalTest {
    private static final byte[] NO_BYTES = {};
    private static final int[] NONE = {};

    private static void assertRefused(ResourceManager manager, int info, byte[] main, String why)
            throws IOException {
        StateBench bench = new StateBench.Begin().ready();
        assertThatThrownBy(() -> bench.ingest(manager, info, 0, ByteBuffer.wrap(main)))
                .isInstanceOf(IngestException.class)
                .hasMessageContaining("timeline bench")
                .hasMessageContaining(manager.displayName() + " record at 0/1000000")
                .hasMessageContaining(String.format("info %02X", info))
                .hasMessageContaining(why);
    }

    /** The infos that each manager has, as the four bits that are its own ({@code *_xlog.h}). */
    private static int infos(ResourceManager manager) {
        return switch (manager) {
            case XLOG -> 15;
            case XACT, HEAP, HEAP2, BTREE, HASH, GIN, GIST, SPGIST, BRIN, SEQUENCE, GENERIC -> 16;
            case SMGR, DATABASE, STANDBY -> 3;
            case CLOG, COMMIT_TS, REPLICATION_ORIGIN -> 2;
            case MULTIXACT -> 4;
            case RELMAP, LOGICAL_MESSAGE -> 1;
            case TABLESPACE -> 0;
        };
    }

    @ParameterizedTest
    @EnumSource
    void unknownInfos(ResourceManager manager) throws IOException {
        boolean tablespace = manager == ResourceManager.TABLESPACE;
        String why = tablespace ? "tablespaces are not supported" : "unknown info";
        for (int info = infos(manager) << 4; info <= 0xF0; info += 0x10) {
            assertRefused(manager, info, new byte[600], why);
        }
    }

    @Test
    void infosInTheMiddle() throws IOException {
        assertRefused(ResourceManager.SMGR, 0x00, new byte[32], "unknown info");
        assertRefused(ResourceManager.XLOG, 0xC0, new byte[32], "unknown info");
        assertRefused(ResourceManager.XACT, 0x70, new byte[32], "unknown info");
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "HEAP",
                "HEAP2",
                "BTREE",
                "HASH",
                "GIN",
                "GIST",
                "SEQUENCE",
                "SPGIST",
                "BRIN",
                "GENERIC"
            })
    void pageRecordsWithoutPages(ResourceManager manager) throws IOException {
        assertRefused(manager, 0xE0, new byte[32], "changes no block");
    }

    @Test
    void extensionsOwnManagers() throws IOException {
        StateBench bench = new StateBench.Begin().ready();
        byte[] record = RecordEncoder.encodeRecord(144, 0x20, 0, Lsn.INVALID, NO_BYTES);
        assertThatThrownBy(() -> bench.ingest(record))
                .isInstanceOf(IngestException.class)
                .hasMessageContaining("custom resource manager 144 record at 0/1000000 (info 20")
                .hasMessageContaining("extensions' own resource managers are not supported");
    }

    @Test
    void tablespaces() throws IOException {
        String why = "is in tablespace 16500; tablespaces are not supported";
        assertRefused(ResourceManager.SMGR, 0x10, ints(16500, 5, 16384, 0).array(), why);
        assertRefused(ResourceManager.SMGR, 0x20, ints(0, 16500, 5, 16384, 7).array(), why);
        assertRefused(ResourceManager.DATABASE, 0x00, ints(9, 16500, 4, 1663).array(), why);
        assertRefused(ResourceManager.DATABASE, 0x00, ints(9, 1663, 4, 16500).array(), why);
        assertRefused(ResourceManager.DATABASE, 0x10, ints(9, 16500).array(), why);
        assertRefused(ResourceManager.DATABASE, 0x20, ints(9, 1, 16500).array(), why);
        byte[] dropped = data(16).putInt(1).putInt(16500).putInt(5).putInt(16384).array();
        StateBench bench = new StateBench.Begin().ready();
        ByteBuffer commit = ByteBuffer.wrap(commit(1 << 2, dropped));
        assertThatThrownBy(() -> bench.ingest(ResourceManager.XACT, 0x80, 760, commit))
                .isInstanceOf(IngestException.class)
                .hasMessageContaining(why);
    }

    private static byte[] commit(int xinfo, byte[] parts) {
        return data(12 + parts.length).putLong(5).putInt(xinfo).put(parts).array();
    }

    @Test
    void minimalWal() throws IOException {
        String why = "wal_level is minimal";
        byte[] online = new byte[CheckPoint17.BYTES];
        online[CheckPoint17.TIMELINE] = 1;
        assertRefused(ResourceManager.XLOG, 0x10, online, why);
        assertRefused(ResourceManager.XLOG, 0xE0, new byte[4], why);
        assertRefused(ResourceManager.XLOG, 0x60, new byte[26], why);
    }

    @Test
    void otherTimelinesOfPostgres() throws IOException {
        byte[] checkPoint = new byte[CheckPoint17.BYTES];
        checkPoint[CheckPoint17.TIMELINE] = 2;
        assertRefused(ResourceManager.XLOG, 0x00, checkPoint, "it is on Postgres timeline 2");
        assertRefused(ResourceManager.XLOG, 0x10, checkPoint, "it is on Postgres timeline 2");
        byte[] endOfRecovery = data(20).putLong(0).putInt(2).array();
        assertRefused(ResourceManager.XLOG, 0x90, endOfRecovery, "it is on Postgres timeline 2");
    }

    @Test
    void contentThatDoesNotFit() throws IOException {
        assertRefused(ResourceManager.XLOG, 0x00, new byte[80], "a checkpoint of 80 bytes");
        assertRefused(ResourceManager.XLOG, 0xB0, NO_BYTES, "it has no image");
        assertRefused(
                ResourceManager.RELMAP,
                0x00,
                ints(5, 1663, 520).array(),
                "a relation map of 520 bytes");
        assertRefused(ResourceManager.SMGR, 0x10, ints(1663, 5, 1, 7).array(), "no fork 7");
        assertRefused(ResourceManager.SMGR, 0x20, ints(-1, 1663, 5, 1, 7).array(), "4294967295");
        assertRefused(ResourceManager.DATABASE, 0, ints(9, 1663, 4, 1663).array(), "is not there");
        assertRefused(ResourceManager.CLOG, 0, data(8).putLong(1L << 40).array(), "SLRU page");
        assertRefused(ResourceManager.MULTIXACT, 0x20, ints(1, 1, 0).array(), "without members");
        assertRefused(ResourceManager.MULTIXACT, 0x20, ints(1, 1, 1, 800, 6).array(), "status 6");
        assertRefused(ResourceManager.XACT, 0x10, new byte[96], "a two-phase state of 96 bytes");
        assertRefused(ResourceManager.XACT, 0x80, commit(1 << 12, NO_BYTES), "xinfo 1000");
        assertRefused(ResourceManager.XACT, 0x80, commit(0, new byte[4]), "4 bytes too many");
        assertRefused(ResourceManager.XACT, 0x80, commit(0, NO_BYTES), "transaction 0 cannot end");
    }

    @Test
    void progressOfAnOriginWithoutName() throws IOException {
        StateBench bench = new StateBench.Begin().ready();
        ByteBuffer main = end(NONE, 1 << 5, new byte[16]);
        assertThatThrownBy(() -> bench.ingest(ResourceManager.XACT, 0x80, 760, main))
                .isInstanceOf(IngestException.class)
                .hasMessageContaining("an origin that it does not name");
    }

    /** Records cut short, and random ones, are refused or are small changes; nothing else. */
    @Test
    void damagedContentIsRefused() throws IOException {
        long seed = System.nanoTime();
        System.out.println("damaged content: seed " + seed);
        Random random = new Random(seed);
        Map<String, Integer> outcomes = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            ResourceManager manager = List.of(ResourceManager.values()).get(random.nextInt(22));
            ByteBuffer main = data(random.nextInt(80));
            while (main.hasRemaining()) {
                main.put((byte) (random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(3)));
            }
            int info = random.nextInt(16) << 4;
            StateBench bench = new StateBench.Begin().ready();
            try {
                bench.ingest(manager, info, random.nextInt(4), main);
                outcomes.merge("ingested", 1, Integer::sum);
            } catch (IngestException e) {
                outcomes.merge("refused", 1, Integer::sum);
            }
        }
        assertThat(outcomes.get("refused")).isGreaterThan(1000);
    }

    /** The managers whose records redo applies, and how many of their infos ({@code *_xlog.h}). */
    @Test
    void redoSupportsWhatTouchesPages() throws IOException {
        Map<ResourceManager, List<Integer>> supported = new HashMap<>();
        for (ResourceManager manager : ResourceManager.values()) {
            for (int info = 0; info <= 0xF0; info += 0x10) {
                byte[] raw =
                        RecordEncoder.encodeRecord(manager.id(), info, 0, Lsn.INVALID, NO_BYTES);
                WalRecord record = WalRecord.parse(raw, new Lsn(8), new Lsn(32));
                if (PostgresMajor.of(17).redoSupports(record)) {
                    supported.computeIfAbsent(manager, _ -> new ArrayList<>()).add(info >> 4);
                }
            }
        }
        assertThat(supported)
                .containsOnlyKeys(
                        ResourceManager.HEAP,
                        ResourceManager.HEAP2,
                        ResourceManager.BTREE,
                        ResourceManager.HASH,
                        ResourceManager.GIN,
                        ResourceManager.GIST,
                        ResourceManager.SEQUENCE,
                        ResourceManager.SPGIST,
                        ResourceManager.BRIN,
                        ResourceManager.GENERIC)
                .containsEntry(ResourceManager.BTREE, range(0, 14))
                .containsEntry(ResourceManager.HASH, range(0, 12))
                .containsEntry(ResourceManager.GIN, range(1, 9))
                .containsEntry(ResourceManager.GIST, List.of(0, 1, 3, 6))
                .containsEntry(ResourceManager.SEQUENCE, List.of(0))
                .containsEntry(ResourceManager.SPGIST, range(1, 8))
                .containsEntry(
                        ResourceManager.BRIN, List.of(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13))
                .containsEntry(ResourceManager.GENERIC, List.of(0));
    }

    private static List<Integer> range(int first, int last) {
        return IntStream.rangeClosed(first, last).boxed().toList();
    }
}
