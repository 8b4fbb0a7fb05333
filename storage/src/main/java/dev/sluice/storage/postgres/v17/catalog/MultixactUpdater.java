package dev.sluice.storage.postgres.v17.catalog;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.StoredState;
import dev.sluice.storage.redo.change.MultixactMembers;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * Which member of a multixact updated or deleted the row ({@code MultiXactIdGetUpdateXid}); the
 * others only lock it.
 */
final class MultixactUpdater {
    private static final int OFFSETS_PER_BLOCK = Page.SIZE / 4;
    private static final int PER_GROUP = 4;
    private static final int GROUP_BYTES = 20;
    private static final int FIRST_UPDATING_STATUS = 4;

    /** No multixact has nearly as many; a damaged page must not make us look for ever. */
    private static final int MEMBERS_MAX = 1 << 16;

    private final StoredState state;

    MultixactUpdater(StoredState state) {
        this.state = state;
    }

    /** Empty when all members are lockers. */
    OptionalInt of(int multixact) throws IOException {
        int first = offset(multixact);
        int end = offset(multixact + 1);
        int count = end == 0 ? MEMBERS_MAX : Math.min(end - first, MEMBERS_MAX);
        for (int i = 0; i < count; i++) {
            int member = first + i;
            byte[] page =
                    state.read(
                            Key.slruBlock(Slru.MULTIXACT_MEMBERS, MultixactMembers.block(member)));
            if (page == null) {
                return OptionalInt.empty();
            }
            int entry = Integer.remainderUnsigned(member, MultixactMembers.PER_BLOCK);
            int group = entry / PER_GROUP * GROUP_BYTES;
            int xid = LittleEndian.i32(page, group + PER_GROUP + 4 * (entry % PER_GROUP));
            if (xid == 0) {
                return OptionalInt.empty();
            }
            if (LittleEndian.u8(page, group + entry % PER_GROUP) >= FIRST_UPDATING_STATUS) {
                return OptionalInt.of(xid);
            }
        }
        return OptionalInt.empty();
    }

    /** Where a multixact's members begin; 0 if there is no such multixact yet. */
    private int offset(int multixact) throws IOException {
        int block = Integer.divideUnsigned(multixact, OFFSETS_PER_BLOCK);
        byte[] page = state.read(Key.slruBlock(Slru.MULTIXACT_OFFSETS, block));
        return page == null
                ? 0
                : LittleEndian.i32(
                        page, 4 * Integer.remainderUnsigned(multixact, OFFSETS_PER_BLOCK));
    }
}
