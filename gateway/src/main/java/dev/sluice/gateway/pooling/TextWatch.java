package dev.sluice.gateway.pooling;

import dev.sluice.gateway.parking.Obstacle;
import dev.sluice.gateway.parking.SettingNames;
import dev.sluice.gateway.pooling.statement.StatementWatch;
import io.netty.buffer.ByteBuf;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * Watches the texts of statements that a pooled client sends for what may change its session, and
 * tells the client of it. Remembers the names of settings in them that Postgres does not list.
 */
final class TextWatch {
    private final PooledClient client;
    private final StatementWatch watch = new StatementWatch();
    private final SettingNames settingNames = new SettingNames();
    private final Set<String> customSettings = new TreeSet<>();
    private boolean watching;
    private boolean inPieces;
    private boolean watchesQuery;
    private boolean barrier;

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
        watching = true;
        watchesQuery = query;
        inPieces = pieces;
        watch.begin();
        if (pieces) {
            settingNames.begin();
        }
    }

    /** More of what follows {@link #begin}. */
    void more(ByteBuf in, int at, int length) {
        if (!watching) {
            return;
        }
        int zero = in.indexOf(at, at + length, (byte) 0);
        int text = zero < 0 ? length : zero - at;
        watch.more(in, at, text);
        if (inPieces) {
            settingNames.more(in, at, text);
        }
        if (zero >= 0) {
            watching = false;
            int found = watch.end();
            if (inPieces) {
                settingNames.end();
            } else if (found != 0) {
                settingNames.begin();
                settingNames.more(in, at, text);
                settingNames.end();
            }
            found(found);
        }
    }

    /** What it was part of is over. */
    void end() {
        if (watching) {
            watching = false;
            found(watch.end());
        }
    }

    /** The rest of it will not come. */
    void cutOff() {
        watching = false;
    }

    private void found(int found) {
        if (found == 0) {
            return;
        }
        client.pinning().suspect((found & StatementWatch.LOADS) != 0);
        if (settingNames.isNameless()) {
            client.pinning().mustPin(Obstacle.NAMELESS_SETTINGS.description());
        }
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

    /** A shared statement is executed that may change the session. */
    void uses(Collection<String> namesInText) {
        customSettings.addAll(namesInText);
        client.pinning().suspect(false);
    }

    /** Names of settings that Postgres does not list, with those among some. */
    Set<String> customSettings(Collection<String> known) {
        Set<String> names = new TreeSet<>(settingNames.names());
        names.addAll(customSettings);
        known.stream().filter(name -> name.indexOf('.') > 0).forEach(names::add);
        return names;
    }
}
