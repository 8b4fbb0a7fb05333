/**
 * Which endpoint a client means, and where its compute is. The gateway knows neither projects nor
 * computes: {@link dev.sluice.gateway.routing.Directory} is the edge to the control plane, which
 * implements it.
 */
@NullMarked
package dev.sluice.gateway.routing;

import org.jspecify.annotations.NullMarked;
