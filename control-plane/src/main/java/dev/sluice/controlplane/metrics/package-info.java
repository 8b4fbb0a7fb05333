/** {@code /metrics}: what the parts count, in Prometheus's text format. */
@NullMarked
package dev.sluice.controlplane.metrics;

import org.jspecify.annotations.NullMarked;
