/**
 * The Java side of the shim, the C library (in {@code src/main/c}) that is preloaded into an
 * unmodified Postgres, gives it its pages on demand and makes a WAL flush mean a quorum's
 * acknowledgement.
 *
 * <ul>
 *   <li>{@link dev.sluice.compute.shim.ShimLibrary} puts the library where Postgres can load it and
 *       tells with which environment.
 *   <li>{@link dev.sluice.compute.shim.ShimFile} is the manifest: a file mapped by every Postgres
 *       process and by the agent, which lists the relation files and remembers which of their
 *       blocks are local.
 *   <li>{@link dev.sluice.compute.shim.ShimServer} answers for pages and flushes, over a Unix
 *       socket with the frames of {@link dev.sluice.wire.part.PartChannel}.
 * </ul>
 *
 * <p>How it works, and why so:
 *
 * <ul>
 *   <li><b>A file is made when its path is first used</b>, whatever the call, before the call is
 *       made. So no call needs to know what absence means, and the kernel gives every answer. The
 *       exception is the postmaster's listing of directories (it looks for left-over temporary
 *       files there before it starts), which would make every file of every database on each wake.
 *   <li><b>Two bits for each block</b>, present and claimed. Inside the buffer manager Postgres
 *       never reads and writes one block at the same moment; outside it (a base backup taken from a
 *       compute, {@code pg_read_binary_file}) it does, and a page brought late must not overwrite a
 *       newer one, nor make a file grow that was truncated meanwhile. The claim is what the bringer
 *       and the truncater exclude each other with.
 *   <li><b>A write to an absent block brings it first.</b> Postgres practically never does that,
 *       and so partial and failed writes need no thought.
 *   <li><b>{@code posix_fallocate} changes no bit</b>: it adds room, not content. Blocks that
 *       Postgres cut off became "present" when it did, so an extension after it is local.
 *   <li><b>The flush's position is a bound.</b> Postgres rewrites the last WAL page as it fills, so
 *       the position may stand still while WAL grows; every flush of a segment that has been
 *       written to makes a round trip. Segments that were only made or recycled are free.
 *   <li><b>The shim says that it is there</b> ({@link
 *       dev.sluice.compute.shim.ShimFile#attachedProcess}). The dynamic linker only warns when it
 *       cannot preload a library, and a Postgres without the shim would acknowledge commits that no
 *       quorum has.
 *   <li><b>{@code wal_sync_method}</b> should be pinned to {@code fdatasync}; with the others the
 *       meaning holds all the same ({@code open_datasync}: each write asks). {@code fsync} must be
 *       pinned to {@code on}: without it Postgres makes no call that could be answered.
 * </ul>
 */
@NullMarked
package dev.sluice.compute.shim;

import org.jspecify.annotations.NullMarked;
