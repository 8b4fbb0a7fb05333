package dev.sluice.controlplane.cli;

import dev.sluice.storage.inspect.RecordText;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that choose among WAL records; a record must meet all that are given. */
final class RecordFilter {
    @Option(
            names = {"--rmgr", "-r"},
            paramLabel = "NAME",
            description = "Only records of this resource manager; may be given several times.")
    private List<String> managers = new ArrayList<>();

    @Option(
            names = {"--relation", "-R"},
            paramLabel = "REL",
            description =
                    "Only records that change a block of this relation: T/D/R (tablespace, database,"
                            + " relfilenode), or of a branch also a name.")
    private String relation = "";

    @Option(
            names = {"--block", "-B"},
            paramLabel = "N",
            description = "Only records that change this block.")
    private @Nullable Long block;

    @Option(
            names = {"--fork", "-F"},
            paramLabel = "main|fsm|vm|init",
            description = "Only records that change a block of this fork.")
    private String fork = "";

    @Option(
            names = {"--xid", "-x"},
            paramLabel = "XID",
            description = "Only records of this transaction.")
    private @Nullable Long xid;

    @Option(
            names = {"--fullpage", "-w"},
            description = "Only records with the image of a page.")
    private boolean withImage;

    private @Nullable RelFileLocator locator;

    /** Finds a relation by what the user calls it. */
    interface Relations {
        RelFileLocator find(String name) throws IOException;
    }

    /**
     * Checks the options.
     *
     * @throws IOException if one makes no sense
     */
    void prepare(Relations relations) throws IOException {
        List<String> known =
                Arrays.stream(ResourceManager.values()).map(ResourceManager::displayName).toList();
        for (String manager : managers) {
            if (known.stream().noneMatch(manager::equalsIgnoreCase)
                    && !manager.matches("custom[0-9]{3}")) {
                throw new IOException(
                        "no resource manager \""
                                + manager
                                + "\"; there are "
                                + known.stream().collect(Collectors.joining(", ")));
            }
        }
        if (!fork.isEmpty()) {
            Forks.parse(fork);
        }
        if (!relation.isEmpty()) {
            locator = relations.find(relation);
        }
    }

    boolean matches(WalRecord record) {
        return (xid == null || Integer.toUnsignedLong(record.xid()) == xid)
                && isOfManager(record)
                && changesBlock(record)
                && (!withImage || RecordText.imageLength(record) > 0);
    }

    private boolean isOfManager(WalRecord record) {
        String name = RecordText.managerName(record.resourceManager());
        return managers.isEmpty() || managers.stream().anyMatch(name::equalsIgnoreCase);
    }

    private boolean changesBlock(WalRecord record) {
        if (locator == null && block == null && fork.isEmpty()) {
            return true;
        }
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)
                    && (locator == null || record.blockRelation(id).equals(locator))
                    && (block == null || Integer.toUnsignedLong(record.blockNumber(id)) == block)
                    && (fork.isEmpty() || record.blockFork(id) == forkNamed())) {
                return true;
            }
        }
        return false;
    }

    private Fork forkNamed() {
        try {
            return Forks.parse(fork);
        } catch (IOException e) {
            throw new IllegalStateException("prepare() checks it", e);
        }
    }
}
