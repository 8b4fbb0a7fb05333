/**
 * Scale to zero: when a compute has been idle for long enough to be suspended. Pure; the control
 * plane asks and acts.
 */
@NullMarked
package dev.sluice.autoscaler.idle;

import org.jspecify.annotations.NullMarked;
