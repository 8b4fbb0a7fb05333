package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Postgres 17's WAL records in words. */
public final class Describer17 implements RecordDescriber {
    private static final Map<ResourceManager, ManagerDescription> MANAGERS = managers();

    private final ZoneId zone;

    /**
     * @param zone that times are shown in
     */
    public Describer17(ZoneId zone) {
        this.zone = zone;
    }

    private static Map<ResourceManager, ManagerDescription> managers() {
        Map<ResourceManager, ManagerDescription> managers = new EnumMap<>(ResourceManager.class);
        for (ResourceManager manager : ResourceManager.values()) {
            managers.put(manager, description(manager));
        }
        return managers;
    }

    private static ManagerDescription description(ResourceManager manager) {
        return switch (manager) {
            case XLOG -> new XlogDescription();
            case XACT -> new TransactionDescription();
            case SMGR -> new StorageDescription();
            case CLOG -> new CommitLogDescription();
            case DATABASE -> new DatabaseDescription();
            case TABLESPACE -> new TablespaceDescription();
            case MULTIXACT -> new MultixactDescription();
            case RELMAP -> new RelationMapDescription();
            case STANDBY -> new StandbyDescription();
            case HEAP2 -> new Heap2Description();
            case HEAP -> new HeapDescription();
            case BTREE -> new BtreeDescription();
            case HASH -> new HashDescription();
            case GIN -> new GinDescription();
            case GIST -> new GistDescription();
            case SEQUENCE -> new SequenceDescription();
            case SPGIST -> new SpgistDescription();
            case BRIN -> new BrinDescription();
            case COMMIT_TS -> new CommitTimestampDescription();
            case REPLICATION_ORIGIN -> new ReplicationOriginDescription();
            case GENERIC -> new GenericDescription();
            case LOGICAL_MESSAGE -> new LogicalMessageDescription();
        };
    }

    /** Null for a manager of an extension, of whose records nothing is known here. */
    private static @Nullable ManagerDescription manager(WalRecord record) {
        ResourceManager manager = ResourceManager.ofId(record.resourceManager());
        return manager == null ? null : MANAGERS.get(manager);
    }

    @Override
    public String type(WalRecord record) {
        return typeOf(record);
    }

    /** As {@link #type}. */
    public static String typeOf(WalRecord record) {
        ManagerDescription manager = manager(record);
        String type = manager == null ? null : manager.type(record.rmgrInfo());
        return type != null ? type : "UNKNOWN (" + Integer.toHexString(record.rmgrInfo()) + ")";
    }

    @Override
    public String describe(WalRecord record) {
        ManagerDescription manager = manager(record);
        Words words = new Words(zone);
        if (manager != null) {
            try {
                manager.describe(record, words);
            } catch (IndexOutOfBoundsException | ArithmeticException e) {
                words.say(" (the record is damaged or cut short: ");
                words.say(String.valueOf(e.getMessage())).say(")");
            }
        }
        return words.toString();
    }
}
