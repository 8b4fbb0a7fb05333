/** What the streaming replication protocol carries inside CopyData. */
@NullMarked
package dev.sluice.wire.replication;

import org.jspecify.annotations.NullMarked;
