/**
 * Computes as processes of the operating system: the user they run as, the directories they use,
 * and those that a killed server left behind.
 */
@NullMarked
package dev.sluice.compute.process;

import org.jspecify.annotations.NullMarked;
