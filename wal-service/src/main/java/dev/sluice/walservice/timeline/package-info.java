/**
 * Names of the things that have a history: {@link TenantId}, {@link TimelineId}, {@link Term}s of
 * their writers, and what a reader says of itself.
 */
@NullMarked
package dev.sluice.walservice.timeline;

import org.jspecify.annotations.NullMarked;
