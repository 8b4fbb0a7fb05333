package dev.sluice.storage.oracle;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * Visibility map pages whose bits Postgres left out of its WAL. {@code CREATE DATABASE} with
 * strategy {@code wal_log} logs a map's pages as standard pages, whose bits are then unused space
 * ({@code RelationCopyStorageUsingBuffer} in {@code bufmgr.c}): the primary has bits there that
 * recovery does not, and images of such a page that stand beside later records show them.
 */
final class BareMapImages {
    private final Set<Key> bare = new HashSet<>();
    private final byte[] page = new byte[Page.SIZE];

    /** The block became an image that the record brings. */
    void made(Key key, WalRecord record, RedoneCluster cluster) throws IOException {
        if (key.fork() != Fork.VISIBILITY_MAP.number()) {
            return;
        }
        if (record.resourceManager() != ResourceManager.RM_XLOG_ID) {
            bare.remove(key);
            return;
        }
        cluster.read(key, page);
        for (int at = Page.HEADER_BYTES; at < Page.SIZE; at++) {
            if (page[at] != 0) {
                bare.remove(key);
                return;
            }
        }
        bare.add(key);
    }

    /** Takes bits that {@code redone} need not have out of what is expected of the page. */
    void leaveOut(Key key, byte[] expected, byte[] redone) {
        if (!bare.isEmpty() && bare.contains(key)) {
            for (int at = Page.HEADER_BYTES; at < Page.SIZE; at++) {
                expected[at] &= redone[at];
            }
        }
    }
}
