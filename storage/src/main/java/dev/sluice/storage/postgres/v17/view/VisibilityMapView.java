package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.VisibilityMap;
import java.util.ArrayList;
import java.util.List;

/** A page of a visibility map: how many heap blocks have which bit, and runs of equal ones. */
final class VisibilityMapView implements KindView {
    private static final int RUNS_SHOWN = 100;
    private static final List<String> MEANING =
            List.of("none", "all-visible", "all-frozen alone", "all-visible, all-frozen");

    @Override
    public String name(byte[] page, int block) {
        return "visibility map";
    }

    @Override
    public boolean hasItems(byte[] page) {
        return false;
    }

    @Override
    public void content(byte[] page, int block, Fields out) {
        int first = block * VisibilityMap.HEAP_BLOCKS_PER_BLOCK;
        long visible = 0;
        long frozen = 0;
        List<String> runs = new ArrayList<>();
        int runStart = 0;
        int runBits = 0;
        for (int i = 0; i <= VisibilityMap.HEAP_BLOCKS_PER_BLOCK; i++) {
            boolean end = i == VisibilityMap.HEAP_BLOCKS_PER_BLOCK;
            int bits = end ? 0 : VisibilityMap.get(page, first + i);
            visible += bits & VisibilityMap.ALL_VISIBLE;
            frozen += (bits & VisibilityMap.ALL_FROZEN) >>> 1;
            if (bits != runBits || end) {
                if (runBits != 0) {
                    runs.add(run(first + runStart, first + i - 1, runBits));
                }
                runStart = i;
                runBits = bits;
            }
        }
        out.put("heap_blocks", range(first, first + VisibilityMap.HEAP_BLOCKS_PER_BLOCK - 1));
        out.put("all_visible", visible).put("all_frozen", frozen);
        int more = runs.size() - RUNS_SHOWN;
        out.put("runs", more <= 0 ? runs : cut(runs, more));
    }

    private static List<String> cut(List<String> runs, int more) {
        List<String> shown = new ArrayList<>(runs.subList(0, RUNS_SHOWN));
        shown.add("and " + more + " more");
        return shown;
    }

    private static String run(int from, int to, int bits) {
        return range(from, to) + " " + MEANING.get(bits);
    }

    private static String range(int from, int to) {
        String first = Integer.toUnsignedString(from);
        return from == to ? first : first + "-" + Integer.toUnsignedString(to);
    }
}
