package dev.sluice.gateway.pooling.statement;

import dev.sluice.gateway.parking.SettingNames;
import io.netty.buffer.ByteBuf;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a statement may leave behind in a session each time that it is executed, by its text.
 *
 * @param loads whether it loads a library
 * @param resets whether it gives settings the values that they began with
 * @param nameless whether it makes settings whose names are not in the text
 * @param customSettings those whose names are, and that Postgres does not list
 */
public record Suspicion(
        boolean loads, boolean resets, boolean nameless, Set<String> customSettings) {
    public Suspicion {
        customSettings = Set.copyOf(customSettings);
    }

    /**
     * Reads a text.
     *
     * @param length without a zero byte
     * @return null if there is nothing to suspect
     */
    public static @Nullable Suspicion of(ByteBuf in, int text, int length) {
        StatementWatch watch = new StatementWatch();
        watch.begin();
        watch.more(in, text, length);
        int found = watch.end();
        if (found == 0) {
            return null;
        }
        SettingNames names = new SettingNames();
        names.begin();
        names.more(in, text, length);
        names.end();
        return of(found, names.isNameless(), names.names());
    }

    /**
     * As a text was read.
     *
     * @param found what {@link StatementWatch#end} told
     */
    public static Suspicion of(int found, boolean nameless, Set<String> customSettings) {
        return new Suspicion(
                (found & StatementWatch.LOADS) != 0,
                (found & StatementWatch.RESETS) != 0,
                nameless,
                customSettings);
    }
}
