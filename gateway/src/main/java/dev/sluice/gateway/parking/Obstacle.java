package dev.sluice.gateway.parking;

import java.util.Collection;
import java.util.stream.Collectors;

/** What a session may have that no other server session can be given. */
public enum Obstacle {
    TEMPORARY_OBJECTS("temporary tables or other temporary objects"),
    HELD_CURSORS("cursors WITH HOLD"),
    ADVISORY_LOCKS("session-level advisory locks"),
    TEMPORARY_SLOT("a temporary replication slot"),
    OPEN_TRANSACTION("an open transaction"),
    REPLICATION("a replication connection"),
    NAMELESS_SETTINGS("settings made by set_config() with a computed name"),
    SQL_PREPARE("statements of a PREPARE that was sent together with other commands"),
    STALE_STATEMENTS("prepared statements that cannot be prepared again as they were"),
    TOO_LARGE("more prepared statements and settings than are kept"),
    UNREADABLE("state that cannot be read");

    private final String description;

    Obstacle(String description) {
        this.description = description;
    }

    /** In words for a client: {@code temporary tables or other temporary objects}. */
    public String description() {
        return description;
    }

    /** All of them in words, {@code a; b}. */
    public static String describe(Collection<Obstacle> obstacles) {
        return obstacles.stream()
                .sorted()
                .map(Obstacle::description)
                .collect(Collectors.joining("; "));
    }
}
