/**
 * What every part of Sluice says on a wire: the Postgres v3 protocol in the packages below, and
 * {@link dev.sluice.wire.Lsn}, the position in the write-ahead log that all of them speak of.
 */
@NullMarked
package dev.sluice.wire;

import org.jspecify.annotations.NullMarked;
