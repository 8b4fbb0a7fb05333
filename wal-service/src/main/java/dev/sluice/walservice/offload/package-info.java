/**
 * WAL that is not kept on safekeepers any more: how a segment lies in the object store, who of the
 * safekeepers brings it there, and how much of the local WAL may go.
 */
@NullMarked
package dev.sluice.walservice.offload;

import org.jspecify.annotations.NullMarked;
