/**
 * How one proposer and several acceptors agree on one history of WAL: elections by {@link
 * dev.sluice.walservice.timeline.Term}, term histories, appends, commit. After Neon's published
 * safekeeper protocol, which is Raft's log replication with the log's positions in bytes and the
 * candidate outside the voters.
 *
 * <p>All of it is pure: {@code (state, input) -> (state, actions)}, without clock, thread, socket
 * or file. {@code dev.sluice.walservice.proposer} and {@code dev.sluice.walservice.safekeeper}
 * drive it with real ones, tests with a simulation.
 */
@NullMarked
package dev.sluice.walservice.consensus;

import org.jspecify.annotations.NullMarked;
