/**
 * Names of the things that have a history: {@link TenantId}, {@link TimelineId}, and {@link Term}s
 * of their writers.
 */
@NullMarked
package dev.sluice.walservice.timeline;

import org.jspecify.annotations.NullMarked;
