/**
 * Where Postgres comes from: unmodified binaries, either those packed in the jars from Maven
 * Central, unpacked once per version into a cache, or an installed Postgres.
 */
@NullMarked
package dev.sluice.compute.binaries;

import org.jspecify.annotations.NullMarked;
