package dev.sluice.storage.postgres.v17.describe;

/**
 * Cache invalidation messages ({@code standby_desc_invalidations} in {@code standbydesc.c}, {@code
 * storage/sinval.h}).
 */
final class Invalidations {
    /** {@code sizeof(SharedInvalidationMessage)}. */
    static final int BYTES = 16;

    private static final int CATALOG = -1;
    private static final int RELCACHE = -2;
    private static final int SMGR = -3;
    private static final int RELMAP = -4;
    private static final int SNAPSHOT = -5;

    private Invalidations() {}

    /**
     * @param initFile the relation cache's file is to be made again
     */
    static void describe(
            Data data,
            int at,
            int count,
            int database,
            int tablespace,
            boolean initFile,
            Words out) {
        if (count <= 0) {
            return;
        }
        data.checked(count, at, BYTES);
        if (initFile) {
            out.say("; relcache init file inval dbid ").u(database);
            out.say(" tsid ").u(tablespace);
        }
        out.say("; inval msgs:");
        for (int i = 0; i < count; i++) {
            message(data, at + BYTES * i, out);
        }
    }

    private static void message(Data data, int at, Words out) {
        int id = data.i8(at);
        switch (id) {
            case CATALOG -> out.say(" catalog ").u(data.i32(at + 8));
            case RELCACHE -> out.say(" relcache ").u(data.i32(at + 8));
            case SMGR -> out.say(" smgr");
            case RELMAP -> out.say(" relmap db ").u(data.i32(at + 4));
            case SNAPSHOT -> out.say(" snapshot ").u(data.i32(at + 8));
            default -> out.say(id >= 0 ? " catcache " : " unrecognized id ").d(id);
        }
    }
}
