/** Looking into what storage and computes hold, to see whether it is right. */
@NullMarked
package dev.sluice.controlplane.inspect;

import org.jspecify.annotations.NullMarked;
