package dev.sluice.controlplane.project;

import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Operation;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Does things and remembers in the catalog that they were done, how long it took and whether it
 * went well.
 */
public final class Operations {
    private static final int MAX_ERROR = 2000;

    /** Something to do. */
    public interface Work<T> {
        T run() throws IOException, SQLException;
    }

    private final Catalog catalog;
    private final InstantSource clock;

    public Operations(Catalog catalog, InstantSource clock) {
        this.catalog = catalog;
        this.clock = clock;
    }

    /**
     * Runs the work.
     *
     * @throws Refusal what the work threw, or one that wraps an I/O or SQL failure
     */
    public <T> T record(
            String projectId,
            @Nullable String branchId,
            @Nullable String endpointId,
            String action,
            Work<T> work) {
        Instant begin = clock.instant();
        try {
            T result = work.run();
            insert(projectId, branchId, endpointId, action, null, begin);
            return result;
        } catch (IOException | SQLException e) {
            insert(projectId, branchId, endpointId, action, e.getMessage(), begin);
            throw new Refusal(
                    Refusal.Reason.FAILED,
                    action.replace('_', ' ') + " failed: " + e.getMessage(),
                    e);
        } catch (RuntimeException e) {
            insert(projectId, branchId, endpointId, action, String.valueOf(e.getMessage()), begin);
            throw e;
        }
    }

    private void insert(
            String projectId,
            @Nullable String branchId,
            @Nullable String endpointId,
            String action,
            @Nullable String error,
            Instant begin) {
        Instant end = clock.instant();
        String cut =
                error != null && error.length() > MAX_ERROR ? error.substring(0, MAX_ERROR) : error;
        catalog.insertOperation(
                new Operation(
                        UUID.randomUUID(),
                        projectId,
                        branchId,
                        endpointId,
                        action,
                        error == null ? "finished" : "failed",
                        cut,
                        begin,
                        end,
                        Duration.between(begin, end).toMillis()));
    }
}
