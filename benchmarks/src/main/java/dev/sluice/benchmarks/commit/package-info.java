/** What {@code benchmarks/commit} runs. */
@org.jspecify.annotations.NullMarked
package dev.sluice.benchmarks.commit;
