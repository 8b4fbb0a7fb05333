package dev.sluice.walservice.wal;

import org.jspecify.annotations.Nullable;

/**
 * The resource managers that write WAL records, by {@code xl_rmid}. Source: {@code
 * access/rmgrlist.h}, the same list in Postgres 14 to 18. Ids from 128 up belong to extensions
 * ({@link #isValid} takes them, {@link #ofId} does not).
 */
public enum ResourceManager {
    XLOG(ResourceManager.RM_XLOG_ID, "XLOG"),
    XACT(ResourceManager.RM_XACT_ID, "Transaction"),
    SMGR(ResourceManager.RM_SMGR_ID, "Storage"),
    CLOG(ResourceManager.RM_CLOG_ID, "CLOG"),
    DATABASE(ResourceManager.RM_DBASE_ID, "Database"),
    TABLESPACE(ResourceManager.RM_TBLSPC_ID, "Tablespace"),
    MULTIXACT(ResourceManager.RM_MULTIXACT_ID, "MultiXact"),
    RELMAP(ResourceManager.RM_RELMAP_ID, "RelMap"),
    STANDBY(ResourceManager.RM_STANDBY_ID, "Standby"),
    HEAP2(ResourceManager.RM_HEAP2_ID, "Heap2"),
    HEAP(ResourceManager.RM_HEAP_ID, "Heap"),
    BTREE(ResourceManager.RM_BTREE_ID, "Btree"),
    HASH(ResourceManager.RM_HASH_ID, "Hash"),
    GIN(ResourceManager.RM_GIN_ID, "Gin"),
    GIST(ResourceManager.RM_GIST_ID, "Gist"),
    SEQUENCE(ResourceManager.RM_SEQ_ID, "Sequence"),
    SPGIST(ResourceManager.RM_SPGIST_ID, "SPGist"),
    BRIN(ResourceManager.RM_BRIN_ID, "BRIN"),
    COMMIT_TS(ResourceManager.RM_COMMIT_TS_ID, "CommitTs"),
    REPLICATION_ORIGIN(ResourceManager.RM_REPLORIGIN_ID, "ReplicationOrigin"),
    GENERIC(ResourceManager.RM_GENERIC_ID, "Generic"),
    LOGICAL_MESSAGE(ResourceManager.RM_LOGICALMSG_ID, "LogicalMessage");

    public static final int RM_XLOG_ID = 0;
    public static final int RM_XACT_ID = 1;
    public static final int RM_SMGR_ID = 2;
    public static final int RM_CLOG_ID = 3;
    public static final int RM_DBASE_ID = 4;
    public static final int RM_TBLSPC_ID = 5;
    public static final int RM_MULTIXACT_ID = 6;
    public static final int RM_RELMAP_ID = 7;
    public static final int RM_STANDBY_ID = 8;
    public static final int RM_HEAP2_ID = 9;
    public static final int RM_HEAP_ID = 10;
    public static final int RM_BTREE_ID = 11;
    public static final int RM_HASH_ID = 12;
    public static final int RM_GIN_ID = 13;
    public static final int RM_GIST_ID = 14;
    public static final int RM_SEQ_ID = 15;
    public static final int RM_SPGIST_ID = 16;
    public static final int RM_BRIN_ID = 17;
    public static final int RM_COMMIT_TS_ID = 18;
    public static final int RM_REPLORIGIN_ID = 19;
    public static final int RM_GENERIC_ID = 20;
    public static final int RM_LOGICALMSG_ID = 21;

    /** {@code RM_MIN_CUSTOM_ID}: extensions' own managers, up to 255. */
    public static final int RM_MIN_CUSTOM_ID = 128;

    private static final ResourceManager[] BY_ID = new ResourceManager[values().length];

    static {
        for (ResourceManager manager : values()) {
            BY_ID[manager.id] = manager;
        }
    }

    private final int id;
    private final String displayName;

    ResourceManager(int id, String displayName) {
        this.id = id;
        this.displayName = displayName;
    }

    /** The number in {@code xl_rmid}. */
    public int id() {
        return id;
    }

    /** The name that {@code pg_waldump} and {@code pg_walinspect} print. */
    public String displayName() {
        return displayName;
    }

    /** The built-in manager of that id; null if there is none. */
    public static @Nullable ResourceManager ofId(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /** Whether a record may carry this id ({@code RmgrIdIsValid}): built in, or an extension's. */
    public static boolean isValid(int id) {
        return (id >= 0 && id < BY_ID.length) || (id >= RM_MIN_CUSTOM_ID && id <= 255);
    }

    /** A name for messages, for any id. */
    public static String nameOf(int id) {
        ResourceManager manager = ofId(id);
        return manager != null ? manager.displayName : "custom resource manager " + id;
    }
}
