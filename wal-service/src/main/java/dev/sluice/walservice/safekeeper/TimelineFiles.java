package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.consensus.AcceptorState;
import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * What a timeline has on disk: its WAL, its control file, and the commit hint. Used by one thread
 * at a time, but that {@link #sync} may run beside {@link #write}, and readers beside all.
 */
final class TimelineFiles implements Closeable {
    private final Path directory;
    private final LocalExtent extent;
    private final WalStore wal;
    private final CommitHint hint;
    private volatile Lsn persistedCommit;

    private TimelineFiles(
            Path directory,
            LocalExtent extent,
            WalStore wal,
            CommitHint hint,
            Lsn persistedCommit) {
        this.directory = directory;
        this.extent = extent;
        this.wal = wal;
        this.hint = hint;
        this.persistedCommit = persistedCommit;
    }

    /** Files, and the acceptor that they hold. */
    record Opened(TimelineFiles files, AcceptorState state) {}

    /**
     * Reads a timeline's files and finds the end of its WAL.
     *
     * @throws DamagedFileException if they are not to be believed
     */
    static Opened open(Path directory, DiskSpace space) throws IOException {
        UnsyncedWal.putRight(directory, space);
        TimelineControl control = ControlFile.read(directory);
        LocalExtent extent = LocalExtent.open(directory, control);
        WalStore wal = new WalStore(directory, space, extent);
        CommitHint hint = CommitHint.open(directory);
        TimelineFiles files = new TimelineFiles(directory, extent, wal, hint, control.commit());
        try {
            CommitHint.Known known = hint.read();
            Lsn end = wal.recover(control.commit(), known);
            boolean newer = known.commit().isAfter(control.commit());
            AcceptorState state =
                    AcceptorState.recovered(
                            newer && !known.commit().isAfter(end)
                                    ? control.withCommit(known.commit())
                                    : control,
                            end);
            files.remember(state); // takes its space on the disk now
            return new Opened(files, state);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /**
     * Puts damaged pages back of a timeline that cannot be opened for it, as {@link
     * WalStore#repair}.
     *
     * @param committed WAL before is committed where the copy is from
     */
    static Lsn repairClosed(Path directory, DiskSpace space, Lsn page, byte[] copy, Lsn committed)
            throws IOException {
        TimelineControl control = ControlFile.read(directory);
        LocalExtent extent = LocalExtent.open(directory, control);
        if (!extent.hasPage(page)) {
            return page.plus(copy.length);
        }
        try (WalStore wal = new WalStore(directory, space, extent);
                CommitHint hint = CommitHint.open(directory)) {
            CommitHint.Known known = hint.read();
            Lsn here = Lsn.max(control.commit(), known.commit());
            return wal.repair(page, copy, known, Lsn.min(here, committed));
        }
    }

    /** Puts damaged pages back, as {@link WalStore#repair}. */
    Lsn repair(Lsn page, byte[] copy, Lsn committed) throws IOException {
        return extent.hasPage(page)
                ? wal.repair(page, copy, CommitHint.Known.NOTHING, committed)
                : page.plus(copy.length);
    }

    /**
     * Reads the WAL.
     *
     * @param trimmed gives what is not here any more
     */
    WalReader reader(WalReader.TrimmedWal trimmed) {
        return wal.reader(trimmed);
    }

    /** Which of the WAL is here. */
    LocalExtent extent() {
        return extent;
    }

    /** The commit LSN that is surely on disk: recovery begins there. */
    Lsn persistedCommit() {
        return persistedCommit;
    }

    /** Removes whole segments that end at {@code to} or before, which must be offloaded. */
    void trim(Lsn to) throws IOException {
        extent.trim(Lsn.min(to, WalSegments.segmentStart(persistedCommit)), wal.sums());
    }

    void write(Lsn at, ByteBuffer bytes) throws IOException {
        wal.write(at, bytes);
    }

    void sync() throws IOException {
        wal.sync();
    }

    /** As {@link UnsyncedWal#mark}. */
    void markUnsynced(Lsn durable) throws IOException {
        UnsyncedWal.mark(directory, durable);
    }

    void truncate(Lsn commit, Lsn end) throws IOException {
        hint.forgetFlush(commit);
        wal.truncate(end);
    }

    void persist(TimelineControl control) throws IOException {
        wal.syncSums();
        ControlFile.write(directory, control);
        persistedCommit = control.commit();
    }

    /** The commit LSN has moved: says so in the hint, and once in a segment for sure. */
    void remember(AcceptorState state) throws IOException {
        Lsn commit = state.control().commit();
        if (WalSegments.segmentOf(commit) != WalSegments.segmentOf(persistedCommit)) {
            persist(state.control());
        }
        hint.write(new CommitHint.Known(commit, state.flush(), wal.sums().upTo(state.flush())));
    }

    /** Before it is closed in order. */
    void rememberAll(AcceptorState state) throws IOException {
        if (state.control().commit().isAfter(persistedCommit)) {
            persist(state.control());
        }
        remember(state);
    }

    @Override
    public void close() throws IOException {
        try (hint) {
            wal.close();
        }
    }
}
