/**
 * The REST API, in the shape of Neon's public API v2 so that its clients work, and {@code
 * /metrics}.
 */
@NullMarked
package dev.sluice.controlplane.api;

import org.jspecify.annotations.NullMarked;
