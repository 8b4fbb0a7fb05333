/**
 * The write-ahead log as Postgres writes it: segments, pages, records. The framing (page headers,
 * record headers, block references) is the same in every supported major but for a magic number;
 * what a record means is a resource manager's business and not known here.
 *
 * <p>Source: Postgres's {@code access/xlog_internal.h}, {@code access/xlogrecord.h}, {@code
 * access/transam/xlogreader.c}.
 */
@NullMarked
package dev.sluice.walservice.wal;

import org.jspecify.annotations.NullMarked;
