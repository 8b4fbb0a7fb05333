/** JMH: what the innermost loops cost. One class for each question. */
@NullMarked
package dev.sluice.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
