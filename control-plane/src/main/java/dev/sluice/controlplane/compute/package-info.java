/** The agent as the control plane sees it. */
@NullMarked
package dev.sluice.controlplane.compute;

import org.jspecify.annotations.NullMarked;
