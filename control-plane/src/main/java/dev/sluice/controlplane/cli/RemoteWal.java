package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.controlplane.inspect.WalSource;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A branch's WAL, its ancestors' included, through the API of the running server. */
final class RemoteWal implements WalSource {
    private final ApiClient api;
    private final String path;
    private final JsonNode positions;

    /**
     * @param branchPath the branch's path in the API
     */
    RemoteWal(ApiClient api, String branchPath) throws IOException {
        this.api = api;
        this.path = branchPath + "/wal";
        this.positions = api.get(path);
    }

    @Override
    public String name() {
        return "branch " + positions.path("branch").asText();
    }

    @Override
    public int postgresMajor() {
        return positions.path("pg_version").asInt();
    }

    @Override
    public Lsn start() {
        return Lsn.parse(positions.path("history_start").asText());
    }

    /** Where the branch's own WAL begins. */
    Lsn branchStart() {
        return Lsn.parse(positions.path("branch_start").asText());
    }

    @Override
    public List<Lsn> seams() {
        List<Lsn> seams = new ArrayList<>();
        positions.path("starts").forEach(start -> seams.add(Lsn.parse(start.asText())));
        return seams;
    }

    @Override
    public Lsn end() {
        return Lsn.parse(positions.path("end").asText());
    }

    @Override
    public boolean endsWithRecord() {
        return true;
    }

    @Override
    public void read(Lsn from, ByteBuffer into) throws IOException {
        Lsn at = from;
        while (into.hasRemaining()) {
            byte[] wal =
                    api.get(path + "?from=" + at + "&bytes=" + into.remaining())
                            .path("wal")
                            .binaryValue();
            if (wal.length == 0 || wal.length > into.remaining()) {
                throw new IOException("the server sent " + wal.length + " bytes of WAL from " + at);
            }
            into.put(wal);
            at = at.plus(wal.length);
        }
    }
}
