/**
 * The first content of a timeline: a data directory that {@code initdb} made, as keys and images.
 */
@NullMarked
package dev.sluice.storage.template;

import org.jspecify.annotations.NullMarked;
