/**
 * Parts as processes of their own: calls between them ({@link
 * dev.sluice.controlplane.parts.PartCalls}), and what each process runs.
 */
@NullMarked
package dev.sluice.controlplane.parts;

import org.jspecify.annotations.NullMarked;
