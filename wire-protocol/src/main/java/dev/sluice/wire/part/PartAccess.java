package dev.sluice.wire.part;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may talk to a part. At a Unix socket that is whoever the file system lets through, whatever
 * this says; over TCP it is who shows a certificate with one of the roles.
 *
 * @param tls null only where TCP needs no proof, as in tests
 * @param callers who may talk in frames
 */
public record PartAccess(@Nullable PartTls tls, Set<PartRole> callers) {
    /** Whoever can connect. */
    public static final PartAccess ANYBODY = new PartAccess(null, Set.of());

    public PartAccess {
        callers = Set.copyOf(callers);
    }
}
