package dev.sluice.storage.postgres.v17.mask;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.Fork;

/**
 * What wrote a page, told from the page alone. Postgres's access methods keep page ids in the last
 * two bytes of their special areas for just this.
 */
public enum PageKind {
    /** Never initialised. */
    NEW,
    /** A table's page: no special area. */
    HEAP,
    VISIBILITY_MAP,
    FREE_SPACE_MAP,
    BTREE,
    HASH,
    GIN,
    GIST,
    SPGIST,
    BRIN,
    SEQUENCE,
    /** An extension's page, or no page at all. */
    OTHER;

    private static final int HASH_PAGE_ID = 0xFF80;
    private static final int GIST_PAGE_ID = 0xFF81;
    private static final int SPGIST_PAGE_ID = 0xFF82;
    private static final int BRIN_META = 0xF091;
    private static final int BRIN_REGULAR = 0xF093;
    private static final int MAX_BTREE_CYCLE_ID = 0xFF7F;
    private static final int GIN_FLAGS = 0x00FF;
    private static final int SEQUENCE_MAGIC = 0x1717;

    /**
     * The kind of a page.
     *
     * @param block its number: a sequence's only page is 0, which tells it from GIN's
     */
    public static PageKind of(byte[] page, Fork fork, int block) {
        if (Page.isNew(page)) {
            return NEW;
        }
        if (fork == Fork.VISIBILITY_MAP) {
            return VISIBILITY_MAP;
        }
        if (fork == Fork.FSM) {
            return FREE_SPACE_MAP;
        }
        int id = LittleEndian.u16(page, Page.SIZE - 2);
        return switch (Page.specialBytes(page)) {
            case 0 -> HEAP;
            case 8 -> ofSmallSpecial(page, block, id);
            case 16 -> ofLargeSpecial(id);
            default -> OTHER;
        };
    }

    private static PageKind ofSmallSpecial(byte[] page, int block, int id) {
        if (id == SPGIST_PAGE_ID) {
            return SPGIST;
        }
        if (id >= BRIN_META && id <= BRIN_REGULAR) {
            return BRIN;
        }
        if (block == 0 && LittleEndian.i64(page, Page.SIZE - 8) == SEQUENCE_MAGIC) {
            return SEQUENCE;
        }
        return (id & ~GIN_FLAGS) == 0 ? GIN : OTHER;
    }

    private static PageKind ofLargeSpecial(int id) {
        return switch (id) {
            case HASH_PAGE_ID -> HASH;
            case GIST_PAGE_ID -> GIST;
            default -> id <= MAX_BTREE_CYCLE_ID ? BTREE : OTHER;
        };
    }
}
