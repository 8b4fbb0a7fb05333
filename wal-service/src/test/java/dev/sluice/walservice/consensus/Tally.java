package dev.sluice.walservice.consensus;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How often what happened. */
final class Tally {
    private final Map<Happening, Long> counts = new EnumMap<>(Happening.class);

    void count(Happening happening) {
        add(happening, 1);
    }

    void add(Happening happening, long more) {
        counts.merge(happening, more, Long::sum);
    }

    long of(Happening happening) {
        return counts.getOrDefault(happening, 0L);
    }

    void add(Tally other) {
        other.counts.forEach(this::add);
    }

    @Override
    public String toString() {
        return counts.entrySet().stream()
                .map(e ->
                        e.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                                + " "
                                + e.getValue())
                .collect(Collectors.joining(", "));
    }
}
