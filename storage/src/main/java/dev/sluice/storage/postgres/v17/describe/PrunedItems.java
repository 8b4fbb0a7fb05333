package dev.sluice.storage.postgres.v17.describe;

/**
 * What a prune record does to line pointers, from its block data ({@code
 * heap_xlog_deserialize_prune_and_freeze}): freeze plans, redirections, items dead, items unused,
 * each there if its flag says so; then the offset numbers of all freeze plans.
 */
final class PrunedItems {
    private static final int HAS_FREEZE_PLANS = 1 << 4;
    private static final int HAS_REDIRECTIONS = 1 << 5;
    private static final int HAS_DEAD_ITEMS = 1 << 6;
    private static final int HAS_NOW_UNUSED_ITEMS = 1 << 7;

    private static final int PLANS_AT = 4;
    private static final int PLAN_BYTES = 12;
    private static final int OFFSET_BYTES = 2;

    private final Data data;
    private final int plans;
    private int position;
    private final Items redirected;
    private final Items dead;
    private final Items unused;

    private record Items(int at, int count) {}

    PrunedItems(Data data, int flags) {
        this.data = data;
        if ((flags & HAS_FREEZE_PLANS) != 0) {
            plans = data.checked(data.u16(0), PLANS_AT, PLAN_BYTES);
            position = PLANS_AT + plans * PLAN_BYTES;
        } else {
            plans = 0;
        }
        redirected = items((flags & HAS_REDIRECTIONS) != 0, 2 * OFFSET_BYTES);
        dead = items((flags & HAS_DEAD_ITEMS) != 0, OFFSET_BYTES);
        unused = items((flags & HAS_NOW_UNUSED_ITEMS) != 0, OFFSET_BYTES);
    }

    private Items items(boolean there, int bytesEach) {
        if (!there) {
            return new Items(position, 0);
        }
        int at = position + OFFSET_BYTES;
        int count = data.checked(data.u16(position), at, bytesEach);
        position = at + count * bytesEach;
        return new Items(at, count);
    }

    void describe(Words out) {
        out.say(", nplans: ").u(plans).say(", nredirected: ").u(redirected.count);
        out.say(", ndead: ").u(dead.count).say(", nunused: ").u(unused.count);
        if (plans > 0) {
            out.say(", plans:").list(plans, i -> plan(PLANS_AT + i * PLAN_BYTES, out));
        }
        if (redirected.count > 0) {
            out.say(", redirected:")
                    .list(
                            redirected.count,
                            i -> {
                                int at = redirected.at + 2 * OFFSET_BYTES * i;
                                out.u(data.u16(at)).say("->").u(data.u16(at + OFFSET_BYTES));
                            });
        }
        if (dead.count > 0) {
            out.say(", dead:").offsets(data, dead.at, dead.count);
        }
        if (unused.count > 0) {
            out.say(", unused:").offsets(data, unused.at, unused.count);
        }
    }

    /** Plans come in the order of their offset numbers, which follow all else. */
    private void plan(int at, Words out) {
        int tuples = data.u16(at + 10);
        out.say("{ xmax: ").u(data.i32(at)).say(", infomask: ").u(data.u16(at + 6));
        out.say(", infomask2: ").u(data.u16(at + 4)).say(", ntuples: ").u(tuples);
        out.say(", offsets:").offsets(data, position, tuples).say(" }");
        position += tuples * OFFSET_BYTES;
    }
}
