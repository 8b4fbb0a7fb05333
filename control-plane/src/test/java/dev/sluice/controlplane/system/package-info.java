/**
 * Whole-system tests: they drive the real {@code ./sluice} as a person would, with the real psql
 * and pgbench and real drivers, and run after packaging ({@code mvn verify}).
 */
@NullMarked
package dev.sluice.controlplane.system;

import org.jspecify.annotations.NullMarked;
