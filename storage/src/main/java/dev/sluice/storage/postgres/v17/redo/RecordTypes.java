package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Names of the record types, as {@code pg_waldump} prints them (each manager's {@code identify}
 * function).
 */
public final class RecordTypes {
    private static final int XACT_OPERATION = 0x70;

    private static final List<String> XLOG =
            List.of(
                    "CHECKPOINT_SHUTDOWN",
                    "CHECKPOINT_ONLINE",
                    "NOOP",
                    "NEXTOID",
                    "SWITCH",
                    "BACKUP_END",
                    "PARAMETER_CHANGE",
                    "RESTORE_POINT",
                    "FPW_CHANGE",
                    "END_OF_RECOVERY",
                    "FPI_FOR_HINT",
                    "FPI",
                    "0xC0",
                    "OVERWRITE_CONTRECORD",
                    "CHECKPOINT_REDO");

    private static final List<String> XACT =
            List.of(
                    "COMMIT",
                    "PREPARE",
                    "ABORT",
                    "COMMIT_PREPARED",
                    "ABORT_PREPARED",
                    "ASSIGNMENT",
                    "INVALIDATION");

    /** By the four info bits of the manager; heap managers' highest is a flag, not a type. */
    private static final List<String> HEAP =
            List.of(
                    "INSERT",
                    "DELETE",
                    "UPDATE",
                    "TRUNCATE",
                    "HOT_UPDATE",
                    "HEAP_CONFIRM",
                    "LOCK",
                    "INPLACE");

    private static final List<String> HEAP2 =
            List.of(
                    "REWRITE",
                    "PRUNE_ON_ACCESS",
                    "PRUNE_VACUUM_SCAN",
                    "PRUNE_VACUUM_CLEANUP",
                    "VISIBLE",
                    "MULTI_INSERT",
                    "LOCK_UPDATED",
                    "NEW_CID");

    private static final List<String> BTREE =
            List.of(
                    "INSERT_LEAF",
                    "INSERT_UPPER",
                    "INSERT_META",
                    "SPLIT_L",
                    "SPLIT_R",
                    "INSERT_POST",
                    "DEDUP",
                    "DELETE",
                    "UNLINK_PAGE",
                    "UNLINK_PAGE_META",
                    "NEWROOT",
                    "MARK_PAGE_HALFDEAD",
                    "VACUUM",
                    "REUSE_PAGE",
                    "META_CLEANUP");

    private static final List<String> HASH =
            List.of(
                    "INIT_META_PAGE",
                    "INIT_BITMAP_PAGE",
                    "INSERT",
                    "ADD_OVFL_PAGE",
                    "SPLIT_ALLOCATE_PAGE",
                    "SPLIT_PAGE",
                    "SPLIT_COMPLETE",
                    "MOVE_PAGE_CONTENTS",
                    "SQUEEZE_PAGE",
                    "DELETE",
                    "SPLIT_CLEANUP",
                    "UPDATE_META_PAGE",
                    "VACUUM_ONE_PAGE");

    private static final List<String> GIN =
            List.of(
                    "0x00",
                    "CREATE_PTREE",
                    "INSERT",
                    "SPLIT",
                    "VACUUM_PAGE",
                    "DELETE_PAGE",
                    "UPDATE_META_PAGE",
                    "INSERT_LISTPAGE",
                    "DELETE_LISTPAGE",
                    "VACUUM_DATA_LEAF_PAGE");

    private static final List<String> GIST =
            List.of(
                    "PAGE_UPDATE",
                    "DELETE",
                    "PAGE_REUSE",
                    "PAGE_SPLIT",
                    "0x40",
                    "0x50",
                    "PAGE_DELETE",
                    "ASSIGN_LSN");

    private static final List<String> SPGIST =
            List.of(
                    "0x00",
                    "ADD_LEAF",
                    "MOVE_LEAFS",
                    "ADD_NODE",
                    "SPLIT_TUPLE",
                    "PICKSPLIT",
                    "VACUUM_LEAF",
                    "VACUUM_ROOT",
                    "VACUUM_REDIRECT");

    private static final List<String> BRIN =
            List.of(
                    "CREATE_INDEX",
                    "INSERT",
                    "UPDATE",
                    "SAMEPAGE_UPDATE",
                    "REVMAP_EXTEND",
                    "DESUMMARIZE");

    /** They inform hot standbys or logical decoding, and change no page. */
    private static final Set<String> WITHOUT_PAGES =
            Set.of(
                    "Heap TRUNCATE",
                    "Heap2 REWRITE",
                    "Heap2 NEW_CID",
                    "Btree REUSE_PAGE",
                    "Gist PAGE_REUSE",
                    "Gist ASSIGN_LSN");

    private static final List<String> OTHERS_WITH_PAGES =
            List.of(
                    "XLOG FPI",
                    "XLOG FPI_FOR_HINT",
                    "Sequence LOG",
                    "Generic Generic",
                    "Heap INSERT+INIT",
                    "Heap UPDATE+INIT",
                    "Heap2 MULTI_INSERT+INIT",
                    "BRIN INSERT+INIT",
                    "BRIN UPDATE+INIT");

    /** {@code xl_info} and {@code xl_rmid} in {@code XLogRecord}. */
    private static final int INFO_AT = 16;

    private static final int MANAGER_AT = 17;

    private RecordTypes() {}

    /**
     * The names of all types whose records change pages, of all managers of {@code rmgrlist.h}.
     * With {@code +INIT} where Postgres can write it: a HOT update never is the first on its page.
     */
    public static SortedSet<String> changingPages() {
        SortedSet<String> types = new TreeSet<>(OTHERS_WITH_PAGES);
        addAll(types, ResourceManager.HEAP, HEAP);
        addAll(types, ResourceManager.HEAP2, HEAP2);
        addAll(types, ResourceManager.BTREE, BTREE);
        addAll(types, ResourceManager.HASH, HASH);
        addAll(types, ResourceManager.GIN, GIN);
        addAll(types, ResourceManager.GIST, GIST);
        addAll(types, ResourceManager.SPGIST, SPGIST);
        addAll(types, ResourceManager.BRIN, BRIN);
        types.removeAll(WITHOUT_PAGES);
        return types;
    }

    private static void addAll(Set<String> types, ResourceManager manager, List<String> names) {
        for (String name : names) {
            if (!name.startsWith("0x")) {
                types.add(manager.displayName() + " " + name);
            }
        }
    }

    /** The type's name, for instance {@code Btree SPLIT_L} or {@code Heap INSERT+INIT}. */
    public static String name(WalRecord record) {
        int info = record.rmgrInfo();
        return ResourceManager.nameOf(record.resourceManager())
                + " "
                + switch (record.resourceManager()) {
                    case ResourceManager.RM_HEAP_ID -> orInit(HEAP, info, HeapRedo.INIT_PAGE);
                    case ResourceManager.RM_HEAP2_ID -> orInit(HEAP2, info, HeapRedo.INIT_PAGE);
                    case ResourceManager.RM_BTREE_ID -> of(BTREE, info);
                    case ResourceManager.RM_HASH_ID -> of(HASH, info);
                    case ResourceManager.RM_GIN_ID -> of(GIN, info);
                    case ResourceManager.RM_GIST_ID -> of(GIST, info);
                    case ResourceManager.RM_SPGIST_ID -> of(SPGIST, info);
                    case ResourceManager.RM_BRIN_ID -> orInit(BRIN, info, BrinRedo.INIT_PAGE);
                    case ResourceManager.RM_GENERIC_ID -> of(List.of("Generic"), info);
                    case ResourceManager.RM_SEQ_ID -> of(List.of("LOG"), info);
                    case ResourceManager.RM_XLOG_ID -> of(XLOG, info);
                    case ResourceManager.RM_XACT_ID -> of(XACT, info & XACT_OPERATION);
                    case ResourceManager.RM_SMGR_ID ->
                            of(List.of("0x00", "CREATE", "TRUNCATE"), info);
                    case ResourceManager.RM_CLOG_ID, ResourceManager.RM_COMMIT_TS_ID ->
                            of(List.of("ZEROPAGE", "TRUNCATE"), info);
                    case ResourceManager.RM_DBASE_ID ->
                            of(List.of("CREATE_FILE_COPY", "CREATE_WAL_LOG", "DROP"), info);
                    case ResourceManager.RM_TBLSPC_ID -> of(List.of("CREATE", "DROP"), info);
                    case ResourceManager.RM_MULTIXACT_ID ->
                            of(
                                    List.of(
                                            "ZERO_OFF_PAGE",
                                            "ZERO_MEM_PAGE",
                                            "CREATE_ID",
                                            "TRUNCATE_ID"),
                                    info);
                    case ResourceManager.RM_RELMAP_ID -> of(List.of("UPDATE"), info);
                    case ResourceManager.RM_STANDBY_ID ->
                            of(List.of("LOCK", "RUNNING_XACTS", "INVALIDATIONS"), info);
                    case ResourceManager.RM_REPLORIGIN_ID -> of(List.of("SET", "DROP"), info);
                    case ResourceManager.RM_LOGICALMSG_ID -> of(List.of("MESSAGE"), info);
                    default -> unknown(info);
                };
    }

    private static String orInit(List<String> names, int info, int initFlag) {
        String name = of(names, info & ~initFlag);
        return (info & initFlag) != 0 ? name + "+INIT" : name;
    }

    private static String of(List<String> names, int info) {
        int index = info >>> 4;
        return index < names.size() ? names.get(index) : unknown(info);
    }

    private static String unknown(int info) {
        return String.format(Locale.ROOT, "0x%02X", info);
    }

    /** For messages: the type, its info bits and where the record ends. */
    static String describe(WalRecord record) {
        return String.format(
                Locale.ROOT,
                "%s (info 0x%02X) record that ends at %s",
                name(record),
                record.info(),
                record.end());
    }

    /** For messages: as much of a record that cannot be taken apart as its header says. */
    static String describeUnread(byte[] raw) {
        return raw.length < WalRecord.HEADER_SIZE
                ? "record of " + raw.length + " bytes"
                : String.format(
                        Locale.ROOT,
                        "%s (info 0x%02X) record",
                        ResourceManager.nameOf(raw[MANAGER_AT] & 0xFF),
                        raw[INFO_AT]);
    }
}
