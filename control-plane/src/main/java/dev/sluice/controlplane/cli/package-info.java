/**
 * The {@code sluice} command. {@link dev.sluice.controlplane.cli.Main} is its entry; every other
 * command is a client of the running server's REST API.
 */
@NullMarked
package dev.sluice.controlplane.cli;

import org.jspecify.annotations.NullMarked;
