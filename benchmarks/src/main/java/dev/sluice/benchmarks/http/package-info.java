/** Load over HTTP and WebSocket, for {@code benchmarks/sql-over-http}. */
@NullMarked
package dev.sluice.benchmarks.http;

import org.jspecify.annotations.NullMarked;
