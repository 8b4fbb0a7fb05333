/** How fast Sluice is: each class or script answers one question. */
@NullMarked
package dev.sluice.benchmarks;

import org.jspecify.annotations.NullMarked;
