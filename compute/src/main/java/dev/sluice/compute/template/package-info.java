/** The data directory that {@code initdb} makes once, and that every new project begins as. */
@NullMarked
package dev.sluice.compute.template;

import org.jspecify.annotations.NullMarked;
