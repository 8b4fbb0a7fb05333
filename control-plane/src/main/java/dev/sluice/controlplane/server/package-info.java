/** Puts the parts together into one process (or several), in a data folder. */
@NullMarked
package dev.sluice.controlplane.server;

import org.jspecify.annotations.NullMarked;
