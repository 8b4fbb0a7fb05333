/**
 * How the parts of Sluice (gateway, control plane, agent, pageserver, safekeeper) talk to each
 * other: framed messages over a Unix or TCP socket ({@link dev.sluice.wire.part.PartChannel}
 * documents the frame), served by {@link dev.sluice.wire.part.PartServer} on virtual threads, or
 * received by a {@link dev.sluice.wire.part.PartLoop} where many small messages belong together.
 *
 * <p>The frame types and payloads belong to each conversation: the safekeeper's to {@code
 * wal-service}, the pageserver's to {@code storage}, and so on. This package only guarantees that
 * what arrives is what was sent.
 */
@NullMarked
package dev.sluice.wire.part;

import org.jspecify.annotations.NullMarked;
