/**
 * Where one message ends and the next begins, and the field types messages are made of (the
 * manual's "Message Data Types"). What a message means is told in {@code frontend} and {@code
 * backend}.
 */
@NullMarked
package dev.sluice.wire.frame;

import org.jspecify.annotations.NullMarked;
