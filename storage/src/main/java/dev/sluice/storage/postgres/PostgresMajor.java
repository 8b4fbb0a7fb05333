package dev.sluice.storage.postgres;

import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One major version of Postgres: everything that depends on its formats. Stateless. */
public interface PostgresMajor {

    /**
     * @throws IllegalArgumentException if Sluice does not know that major
     */
    static PostgresMajor of(int number) {
        if (number == Postgres17.NUMBER) {
            return Postgres17.INSTANCE;
        }
        throw new IllegalArgumentException("Postgres " + number + " is not supported, 17 is");
    }

    /** 17, 18, … */
    int number();

    PageRedo redo();

    /**
     * Whether {@link #redo} can apply the record to each of its blocks that it does not bring an
     * image of.
     */
    boolean redoSupports(WalRecord record);

    /**
     * Begins ingest of a timeline at a record boundary.
     *
     * @param timeline its name, for messages
     * @param reader the timeline, readable at {@code at} and at every LSN that ingest reaches
     * @param at where the next record follows
     * @throws IOException if the timeline cannot be read there
     */
    WalIngest ingest(String timeline, TimelineReader reader, Lsn at) throws IOException;

    /**
     * Reads a {@code pg_control} file, or what a timeline holds under {@link Key#OF_CONTROL_FILE}.
     *
     * @throws IOException if it is not this major's, its checksum is wrong, or it was made for
     *     other block, segment or page sizes than Sluice's
     */
    ControlFile controlFile(byte[] file) throws IOException;

    /**
     * Reads what a timeline holds under {@link Key#OF_CHECKPOINT}: the bytes of the struct {@code
     * CheckPoint}.
     *
     * @throws IOException if the length is wrong
     */
    CheckPoint checkPoint(byte[] struct) throws IOException;

    /** The file in {@code pg_twophase} that a key of kind {@link Key#TWO_PHASE} stands for. */
    String twoPhaseFileName(Key key);

    /**
     * The key that a file in {@code pg_twophase} becomes.
     *
     * @throws IOException if it has another name than such files have, or is damaged
     */
    Key twoPhaseKey(String name, byte[] file) throws IOException;

    /**
     * Compares a page as WAL makes it with the page of a data directory that a clean stop left,
     * leaving out what Postgres changes without WAL.
     *
     * @return the difference, for people; null when equal
     */
    @Nullable String difference(byte[] stored, byte[] local, Fork fork, int block);

    /**
     * Compares a page that redo made with the image that the record brings to be compared, as
     * Postgres's own check does ({@code wal_consistency_checking}).
     *
     * @param image the page that Postgres made
     * @return the difference, for people; null when equal
     */
    @Nullable String differenceAfterRedo(byte[] image, byte[] redone, Fork fork, int block);

    /** The record's type as {@code pg_waldump} names it, for instance {@code Btree SPLIT_L}. */
    String recordType(WalRecord record);

    /**
     * Says what WAL records are.
     *
     * @param zone that times are shown in
     */
    RecordDescriber describer(ZoneId zone);

    /**
     * What a cluster's own catalogs say of its relations, at the moment of which {@code state} is.
     */
    RelationCatalog catalog(StoredState state);

    /**
     * Takes a page apart for people. Damaged pages too: what cannot be made out is said in its
     * place.
     *
     * @param page 8192 bytes
     * @param block its number: the first block of an index is mostly its meta page
     */
    PageView view(byte[] page, Fork fork, int block);

    /** The directories that {@code initdb} makes, relative, parents first; databases excepted. */
    List<String> directories();
}
