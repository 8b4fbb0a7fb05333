package dev.sluice.storage.postgres.v17.view;

import java.util.LinkedHashMap;
import java.util.Map;

/** Names of flag bits, in the order to show them in. */
final class Bits {
    private Bits() {}

    /** Bits and names in turn: 0x01, "A", 0x02, "B". */
    static Map<Integer, String> of(Object... bitsAndNames) {
        Map<Integer, String> names = new LinkedHashMap<>();
        for (int i = 0; i < bitsAndNames.length; i += 2) {
            names.put((Integer) bitsAndNames[i], (String) bitsAndNames[i + 1]);
        }
        return names;
    }
}
