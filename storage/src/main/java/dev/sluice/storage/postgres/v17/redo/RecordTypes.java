package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.util.List;
import java.util.Locale;

/**
 * Names of the record types of the managers that touch pages, as {@code pg_waldump} prints them
 * (each manager's {@code identify} function).
 */
public final class RecordTypes {
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

    private RecordTypes() {}

    /** The type's name, for instance {@code Btree SPLIT_L} or {@code Heap INSERT+INIT}. */
    public static String name(WalRecord record) {
        int info = record.rmgrInfo();
        return ResourceManager.nameOf(record.resourceManager())
                + " "
                + switch (record.resourceManager()) {
                    case ResourceManager.RM_HEAP_ID -> heap(HEAP, info);
                    case ResourceManager.RM_HEAP2_ID -> heap(HEAP2, info);
                    case ResourceManager.RM_BTREE_ID -> of(BTREE, info);
                    case ResourceManager.RM_SEQ_ID -> of(List.of("LOG"), info);
                    case ResourceManager.RM_XLOG_ID ->
                            switch (info) {
                                case XlogRedo.FPI -> "FPI";
                                case XlogRedo.FPI_FOR_HINT -> "FPI_FOR_HINT";
                                default -> unknown(info);
                            };
                    default -> unknown(info);
                };
    }

    private static String heap(List<String> names, int info) {
        String name = of(names, info & HeapRedo.OPERATION_MASK);
        return (info & HeapRedo.INIT_PAGE) != 0 ? name + "+INIT" : name;
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
}
