package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.project.WalServices.Position;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How a branch's WAL gets to the object store, of all that its safekeepers say.
 *
 * @param offloaded all WAL before is there; invalid if none is
 * @param trimmed from there on, some safekeeper has it on its disk
 * @param pending whole segments of committed WAL that are not there yet
 * @param elected who brings them there, each as it sees the others
 * @param failure why that fails; empty if it does not
 */
public record Offloading(
        Lsn offloaded, Lsn trimmed, long pending, List<Long> elected, String failure) {

    /** Empty if there is no object store, or nobody knows of one. */
    public static Optional<Offloading> of(List<Position> positions) {
        Lsn offloaded = max(positions.stream().map(Position::offloaded).toList());
        List<Position> elected = positions.stream().filter(p -> p.offload().elected()).toList();
        if (elected.isEmpty() && !offloaded.isValid()) {
            return Optional.empty();
        }
        Lsn trimmed =
                positions.stream()
                        .map(Position::localStart)
                        .min(Comparator.naturalOrder())
                        .orElse(Lsn.INVALID);
        Lsn commit = max(positions.stream().map(Position::commitLsn).toList());
        Lsn next = offloaded.isValid() ? offloaded : trimmed;
        return Optional.of(
                new Offloading(
                        offloaded,
                        trimmed,
                        Math.max(0, WalSegments.segmentOf(commit) - WalSegments.segmentOf(next)),
                        elected.stream().map(Position::safekeeper).toList(),
                        positions.stream()
                                .map(p -> p.offload().failure())
                                .filter(failure -> !failure.isEmpty())
                                .findFirst()
                                .orElse("")));
    }

    private static Lsn max(List<Lsn> all) {
        return all.stream().max(Comparator.naturalOrder()).orElse(Lsn.INVALID);
    }
}
