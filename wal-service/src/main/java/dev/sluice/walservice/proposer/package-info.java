/**
 * The compute's side of the WAL service: {@link dev.sluice.walservice.proposer.WalProposer} wins a
 * term and makes the compute's local WAL durable on a quorum of safekeepers.
 */
@NullMarked
package dev.sluice.walservice.proposer;

import org.jspecify.annotations.NullMarked;
