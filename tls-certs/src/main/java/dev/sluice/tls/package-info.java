/**
 * The certificates of a Sluice that nobody gave any: a local certificate authority, made on first
 * start, and the server certificate it signs, so that {@code sslmode=verify-full} works from the
 * first minute.
 */
@NullMarked
package dev.sluice.tls;

import org.jspecify.annotations.NullMarked;
