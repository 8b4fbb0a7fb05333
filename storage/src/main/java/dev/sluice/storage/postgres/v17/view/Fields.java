package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects what is read of a page, in order, under the names of Postgres's structs. */
final class Fields {
    private static final HexFormat HEX = HexFormat.of();

    /** More of an item's bytes than this is what {@code --raw} is for. */
    private static final int DATA_SHOWN = 32;

    private final byte[] page;
    private final Map<String, Object> fields = new LinkedHashMap<>();

    Fields(byte[] page) {
        this.page = page;
    }

    Map<String, Object> map() {
        return fields;
    }

    Fields put(String name, Object value) {
        fields.put(name, value);
        return this;
    }

    Fields u8(String name, int at) {
        return put(name, (long) LittleEndian.u8(page, at));
    }

    Fields u16(String name, int at) {
        return put(name, (long) LittleEndian.u16(page, at));
    }

    Fields u32(String name, int at) {
        return put(name, Integer.toUnsignedLong(LittleEndian.i32(page, at)));
    }

    /** A block number; {@code none} where it is {@code InvalidBlockNumber}. */
    Fields block(String name, int at) {
        int block = LittleEndian.i32(page, at);
        return put(name, block == -1 ? "none" : (Object) Integer.toUnsignedLong(block));
    }

    Fields i64(String name, int at) {
        return put(name, LittleEndian.i64(page, at));
    }

    Fields f64(String name, int at) {
        return put(name, Double.toString(Double.longBitsToDouble(LittleEndian.i64(page, at))));
    }

    Fields flag(String name, int at) {
        return put(name, page[at] != 0);
    }

    Fields hex(String name, int value, int digits) {
        return put(name, "0x" + HEX.toHexDigits(value & 0xFFFFFFFFL, digits));
    }

    /** A TID: block and offset number. */
    Fields tid(String name, int at) {
        return put(
                name,
                "("
                        + Integer.toUnsignedString(IndexTuple.block(page, at))
                        + ","
                        + IndexTuple.offsetNumber(page, at)
                        + ")");
    }

    /**
     * The names of the bits that are set, each bit in the first name that it is part of; bits
     * without a name as a number.
     */
    Fields bits(String name, int bits, Map<Integer, String> names) {
        List<String> set = new ArrayList<>();
        int rest = bits;
        for (Map.Entry<Integer, String> bit : names.entrySet()) {
            if ((rest & bit.getKey()) == bit.getKey()) {
                set.add(bit.getValue());
                rest &= ~bit.getKey();
            }
        }
        if (rest != 0) {
            set.add("0x" + Integer.toHexString(rest));
        }
        return put(name, set);
    }

    /** The first bytes from {@code at} on. */
    Fields data(int at, int length) {
        int shown = Math.min(Math.max(length, 0), DATA_SHOWN);
        String text = HEX.formatHex(page, at, at + shown);
        return put("data", length > shown ? text + "…" : text);
    }
}
