package dev.sluice.storage.basebackup;

import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The relation forks of a timeline, from one scan over their sizes. An unlogged relation, which has
 * an init fork, begins anew from that fork, as after a crash.
 */
final class RelationForks {
    private final List<RelationFork> forks = new ArrayList<>();

    private RelationForks() {}

    static List<RelationFork> list(TimelineReader reader, Lsn at) throws IOException {
        RelationForks relations = new RelationForks();
        reader.scan(
                new Key(Key.RELATION_SIZE, 0, 0, 0, 0, 0),
                new Key(Key.RELATION_SIZE + 1, 0, 0, 0, 0, 0),
                at,
                relations::visit);
        return relations.forks;
    }

    /** A relation's init fork is visited last of its forks. */
    private void visit(Key key, byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        RelFileLocator relation = key.locator();
        Fork fork = Fork.ofNumber(key.fork());
        int blocks = BlockCount.decode(bytes);
        if (fork == Fork.INIT) {
            while (!forks.isEmpty() && forks.getLast().relation().equals(relation)) {
                forks.removeLast();
            }
            forks.add(new RelationFork(relation, Fork.MAIN, blocks));
        }
        forks.add(new RelationFork(relation, fork, blocks));
    }
}
