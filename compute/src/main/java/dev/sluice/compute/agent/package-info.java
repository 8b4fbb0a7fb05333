/**
 * Starts computes, feeds them pages, makes their WAL durable, watches them and stops them.
 *
 * <p>{@link dev.sluice.compute.agent.ComputeAgent} is what the control plane sees; {@link
 * dev.sluice.compute.agent.LocalAgent} runs the computes on this host. What a compute keeps on disk
 * is a cache and no more: {@link dev.sluice.compute.agent.ComputeDirectory} says where it lies.
 */
@NullMarked
package dev.sluice.compute.agent;

import org.jspecify.annotations.NullMarked;
