package dev.sluice.gateway.pooling;

import dev.sluice.gateway.parking.Obstacle;
import dev.sluice.gateway.parking.SettingNames;
import dev.sluice.gateway.pooling.statement.StatementWatch;
import dev.sluice.gateway.pooling.statement.Suspicion;
import io.netty.buffer.ByteBuf;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Watches the texts of statements that a pooled client sends for what may change its session, and
 * tells the client of it. Remembers the names of settings in them that Postgres does not list.
 *
 * <p>A text that comes whole is read in one go, by what the clients of a pool share: a client that
 * does nothing holds next to nothing.
 */
final class TextWatch {
    private final PooledClient client;
    private @Nullable StatementWatch ofPieces;
    private @Nullable StatementWatch watch;
    private @Nullable SettingNames settingNames;
    private Set<String> customSettings = Set.of();
    private boolean inPieces;
    private boolean watchesQuery;
    private boolean barrier;
    private @Nullable Suspicion suspicion;
    private boolean reset;

    TextWatch(PooledClient client) {
        this.client = client;
    }

    /**
     * A text comes, perhaps with more after its zero byte.
     *
     * @param query whether it is a Query's
     * @param pieces whether it comes in more than one
     */
    void begin(boolean query, boolean pieces) {
        StatementWatch reading = pieces ? ofPieces() : client.pool().watchOfWholeTexts();
        reading.begin();
        watch = reading;
        watchesQuery = query;
        inPieces = pieces;
        suspicion = null;
        if (pieces) {
            settingNames().begin();
        }
    }

    private StatementWatch ofPieces() {
        StatementWatch own = ofPieces == null ? new StatementWatch() : ofPieces;
        ofPieces = own;
        return own;
    }

    private SettingNames settingNames() {
        SettingNames own = settingNames == null ? new SettingNames() : settingNames;
        settingNames = own;
        return own;
    }

    /** More of what follows {@link #begin}. */
    void more(ByteBuf in, int at, int length) {
        StatementWatch reading = watch;
        if (reading == null) {
            return;
        }
        int zero = in.indexOf(at, at + length, (byte) 0);
        int text = zero < 0 ? length : zero - at;
        reading.more(in, at, text);
        if (inPieces) {
            settingNames().more(in, at, text);
        }
        if (zero >= 0) {
            watch = null;
            int found = reading.end();
            if (inPieces) {
                settingNames().end();
            } else if (found != 0) {
                settingNames().begin();
                settingNames().more(in, at, text);
                settingNames().end();
            }
            found(found);
        }
    }

    /** What it was part of is over. */
    void end() {
        StatementWatch reading = watch;
        if (reading != null) {
            watch = null;
            found(reading.end());
        }
    }

    /** The rest of it will not come. */
    void cutOff() {
        watch = null;
    }

    private void found(int found) {
        if (found == 0) {
            return;
        }
        // the names are kept here
        boolean nameless = settingNames != null && settingNames.isNameless();
        suspicion = Suspicion.of(found, nameless, Set.of());
        uses(suspicion);
        if (watchesQuery && (found & StatementWatch.DEALLOCATES) != 0) {
            barrier = true;
        }
    }

    /** Whether it must be known what a DISCARD or DEALLOCATE does before more is sent. */
    boolean isBarrier() {
        return barrier;
    }

    /** That is known. */
    void barrierPassed() {
        barrier = false;
    }

    /** What executing the text that came last may leave behind; null if nothing. */
    @Nullable Suspicion suspicion() {
        return suspicion;
    }

    /** A statement is executed that may leave something behind. */
    void uses(@Nullable Suspicion of) {
        if (of == null) {
            return;
        }
        if (!customSettings.containsAll(of.customSettings())) {
            Set<String> more = new TreeSet<>(customSettings);
            more.addAll(of.customSettings());
            customSettings = more;
        }
        client.pinning().suspect(of.loads());
        reset |= of.resets();
        if (of.nameless()) {
            client.pinning().mustPin(Obstacle.NAMELESS_SETTINGS.description());
        }
    }

    /** Whether settings may have been reset since this was last asked. */
    boolean takeReset() {
        boolean was = reset;
        reset = false;
        return was;
    }

    /** Names of settings that Postgres does not list, with those among some. */
    Set<String> customSettings(Collection<String> known) {
        Set<String> names = new TreeSet<>(customSettings);
        if (settingNames != null) {
            names.addAll(settingNames.names());
        }
        known.stream().filter(name -> name.indexOf('.') > 0).forEach(names::add);
        return names;
    }
}
