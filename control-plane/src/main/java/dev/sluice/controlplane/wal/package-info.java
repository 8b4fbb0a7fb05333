/** The safekeepers as the control plane sees them: all at once. */
@NullMarked
package dev.sluice.controlplane.wal;

import org.jspecify.annotations.NullMarked;
