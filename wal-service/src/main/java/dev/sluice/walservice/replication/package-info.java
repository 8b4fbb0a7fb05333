/**
 * The reading side of Postgres's streaming replication protocol: {@code pg_receivewal}, a standby's
 * WAL receiver and whatever else speaks it gets committed WAL from a safekeeper as from a primary.
 * {@link dev.sluice.walservice.replication.Readers} is where they come in, {@link
 * dev.sluice.walservice.replication.ReplicationCommand} what they may ask.
 */
@NullMarked
package dev.sluice.walservice.replication;

import org.jspecify.annotations.NullMarked;
