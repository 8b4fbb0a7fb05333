package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Relations and pages of a branch, through the API of the running server. */
final class RemotePage {
    private RemotePage() {}

    /**
     * Where a relation is.
     *
     * @param branchPath the branch's path in the API
     * @param name see {@code --relation}
     * @param database empty for the branch's first
     */
    static RelFileLocator locator(
            ApiClient api, String branchPath, String name, String database, Lsn at)
            throws IOException {
        JsonNode found = api.get(branchPath + "/relation?" + query(name, database, at));
        return new RelFileLocator(
                (int) found.path("tablespace").asLong(),
                (int) found.path("database").asLong(),
                (int) found.path("relfilenode").asLong());
    }

    /** The query's part that says which relation and when. */
    static String query(String name, String database, @Nullable Lsn at) {
        return "name="
                + ApiClient.encode(name)
                + (database.isEmpty() ? "" : "&database=" + ApiClient.encode(database))
                + (at == null ? "" : "&lsn=" + at);
    }
}
