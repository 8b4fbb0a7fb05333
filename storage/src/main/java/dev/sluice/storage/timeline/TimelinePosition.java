package dev.sluice.storage.timeline;

import dev.sluice.wire.Lsn;

/**
 * How far a timeline's WAL is ingested, or durable.
 *
 * @param end of the last record; where the next one begins, page headers aside
 * @param previousRecord where that record begins; invalid when not known
 */
public record TimelinePosition(Lsn end, Lsn previousRecord) {}
