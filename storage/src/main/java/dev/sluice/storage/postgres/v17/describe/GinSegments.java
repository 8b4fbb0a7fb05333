package dev.sluice.storage.postgres.v17.describe;

/** What happens to the segments of a posting tree's leaf ({@code ginxlogRecompressDataLeaf}). */
final class GinSegments {
    private static final int DELETE = 1;
    private static final int INSERT = 2;
    private static final int REPLACE = 3;
    private static final int ADD_ITEMS = 4;

    /** Bytes of a {@code GinPostingList} before its data. */
    private static final int LIST_HEADER = 8;

    private static final int LIST_LENGTH_AT = 6;
    private static final int ITEM_BYTES = 6;

    private GinSegments() {}

    static void describe(Data data, Words out) {
        int actions = data.u16(0);
        out.say(" ").d(actions).say(" segments:");
        int at = 2;
        for (int i = 0; i < actions; i++) {
            out.say(" ").d(data.u8(at));
            int action = data.u8(at + 1);
            at += 2;
            switch (action) {
                case ADD_ITEMS -> {
                    int items = data.u16(at);
                    out.say(" (add ").d(items).say(" items)");
                    at += 2 + items * ITEM_BYTES;
                }
                case DELETE -> out.say(" (delete)");
                case INSERT, REPLACE -> {
                    out.say(action == INSERT ? " (insert)" : " (replace)");
                    at += LIST_HEADER + (data.u16(at + LIST_LENGTH_AT) + 1 & ~1);
                }
                default -> {
                    out.say(" unknown action ").d(action).say(" ???");
                    return;
                }
            }
        }
    }
}
