package dev.sluice.controlplane.inspect;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.project.Projects;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A branch's WAL back to the beginning of its history: its own, then each ancestor's up to where
 * the next one left it.
 */
public final class BranchWal {
    /** The most that one {@link #read} returns. */
    public static final int MAX_READ = 1 << 20;

    /** What one timeline contributes. */
    private record Piece(TenantTimelineId timeline, Lsn start, Lsn end) {}

    private final WalServices wal;
    private final List<Piece> newestFirst;

    private BranchWal(WalServices wal, List<Piece> newestFirst) {
        this.wal = wal;
        this.newestFirst = newestFirst;
    }

    /** The WAL as it is now. */
    public static BranchWal of(Branch branch, Projects projects, WalServices wal)
            throws IOException {
        List<Piece> pieces = new ArrayList<>();
        Branch next = branch;
        Lsn limit = null;
        while (true) {
            TenantTimelineId timeline = projects.timelineOf(next);
            WalServices.Extent extent = wal.extent(timeline);
            pieces.add(new Piece(timeline, extent.start(), limit == null ? extent.end() : limit));
            String parent = next.parentId();
            if (parent == null) {
                return new BranchWal(wal, pieces);
            }
            limit = extent.start();
            next = projects.branch(parent);
        }
    }

    /** Where the history begins. */
    public Lsn start() {
        return newestFirst.getLast().start;
    }

    /** Where the branch left its parent; for one without a parent {@link #start}. */
    public Lsn ownStart() {
        return newestFirst.getFirst().start;
    }

    /** Where each timeline's own WAL begins, ascending. */
    public List<Lsn> starts() {
        return newestFirst.reversed().stream().map(Piece::start).toList();
    }

    /** The end of the last record that a quorum has. */
    public Lsn end() {
        return newestFirst.getFirst().end;
    }

    /**
     * Some bytes from {@code from} on.
     *
     * @param bytes the most that are wanted; fewer come where another timeline goes on, none at the
     *     end
     * @throws Refusal when {@code from} is before the beginning or past the end
     */
    public byte[] read(Lsn from, int bytes) throws IOException {
        if (from.isBefore(start()) || from.isAfter(end())) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "there is no WAL at " + from + ": it goes from " + start() + " to " + end());
        }
        for (Piece piece : newestFirst) {
            if (!from.isBefore(piece.start)) {
                long count = Math.min(piece.end.minus(from), Math.min(bytes, MAX_READ));
                return wal.read(piece.timeline, from, from.plus(count));
            }
        }
        throw new IllegalStateException("no piece begins at or before " + from);
    }
}
