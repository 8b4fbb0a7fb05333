package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.wire.Lsn;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.IntConsumer;

/** Writes a description, numbers and lists in the forms that {@code pg_waldump} gives them. */
final class Words {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);
    private static final DateTimeFormatter ZONE = DateTimeFormatter.ofPattern("zzz", Locale.ROOT);
    private static final long MICROS = 1_000_000;

    /** Seconds from the Unix epoch to Postgres's, 2000-01-01. */
    private static final long POSTGRES_EPOCH = 946_684_800;

    private static final int SIGNIFICANT = 6;

    private final StringBuilder text = new StringBuilder();
    private final ZoneId zone;

    /**
     * @param zone that times are shown in
     */
    Words(ZoneId zone) {
        this.zone = zone;
    }

    Words say(String words) {
        text.append(words);
        return this;
    }

    /** An unsigned 32-bit number: {@code %u}. */
    Words u(int number) {
        text.append(Integer.toUnsignedLong(number));
        return this;
    }

    /** A signed number: {@code %d}. */
    Words d(long number) {
        text.append(number);
        return this;
    }

    /** Two digits: {@code 0x%02X}. */
    Words hex(int number) {
        text.append("0x");
        return hexByte(number);
    }

    /** Two digits: {@code %02X}. */
    Words hexByte(int number) {
        text.append(Character.toUpperCase(Character.forDigit(number >>> 4 & 0xF, 16)))
                .append(Character.toUpperCase(Character.forDigit(number & 0xF, 16)));
        return this;
    }

    /** {@code T} or {@code F}. */
    Words flag(boolean set) {
        text.append(set ? 'T' : 'F');
        return this;
    }

    Words lsn(long lsn) {
        text.append(new Lsn(lsn));
        return this;
    }

    /** A {@code FullTransactionId}: epoch and id. */
    Words fullXid(long xid) {
        return u((int) (xid >>> 32)).say(":").u((int) xid);
    }

    /** A {@code RelFileLocator}: tablespace, database, relation. */
    Words relation(Data data, int at) {
        return u(data.i32(at)).say("/").u(data.i32(at + 4)).say("/").u(data.i32(at + 8));
    }

    /** A relation's file below the data directory ({@code relpathperm}). */
    Words path(Data data, int at, String forkSuffix) {
        text.append(RelationPath.of(data.i32(at), data.i32(at + 4), data.i32(at + 8)))
                .append(forkSuffix);
        return this;
    }

    /** A {@code TimestampTz}: microseconds since 2000. */
    Words time(long micros) {
        var seconds = Instant.ofEpochSecond(micros / MICROS + POSTGRES_EPOCH).atZone(zone);
        text.append(SECONDS.format(seconds))
                .append(String.format(Locale.ROOT, ".%06d ", micros % MICROS))
                .append(ZONE.format(seconds));
        return this;
    }

    /** C's {@code %g}: six digits, no zeros after the last that counts. */
    Words g(double number) {
        if (number == 0 || Double.isNaN(number) || Double.isInfinite(number)) {
            text.append(number == 0 ? "0" : String.valueOf(number).toLowerCase(Locale.ROOT));
            return this;
        }
        BigDecimal rounded = new BigDecimal(number).round(new MathContext(SIGNIFICANT));
        int exponent = rounded.precision() - rounded.scale() - 1;
        BigDecimal stripped = rounded.stripTrailingZeros();
        if (exponent < -4 || exponent >= SIGNIFICANT) {
            text.append(stripped.movePointLeft(exponent).toPlainString())
                    .append(String.format(Locale.ROOT, "e%+03d", exponent));
        } else {
            text.append(stripped.toPlainString());
        }
        return this;
    }

    /** {@code array_desc}: {@code " [a, b]"}, the elements each written by {@code element}. */
    Words list(int count, IntConsumer element) {
        text.append(" [");
        for (int i = 0; i < count; i++) {
            if (i > 0) {
                text.append(", ");
            }
            element.accept(i);
        }
        text.append(']');
        return this;
    }

    /** A list of 16-bit offset numbers. */
    Words offsets(Data data, int at, int count) {
        return list(data.checked(count, at, 2), i -> u(data.u16(at + 2 * i)));
    }

    /** {@code key: [NAME, NAME]}: the names whose bits are set, lowest bit first. */
    Words bits(String key, int bits, String... names) {
        text.append(key).append(": [");
        String separator = "";
        for (int i = 0; i < names.length; i++) {
            if ((bits >>> i & 1) != 0) {
                text.append(separator).append(names[i]);
                separator = ", ";
            }
        }
        text.append(']');
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
