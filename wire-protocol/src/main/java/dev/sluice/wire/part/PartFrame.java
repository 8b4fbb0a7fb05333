package dev.sluice.wire.part;

import java.nio.ByteBuffer;

/**
 * One message between parts, as {@link PartChannel} delivers it.
 *
 * @param type what the payload is; its meaning belongs to the conversation
 * @param payload big-endian, positioned at its first byte; valid until the next receive on the same
 *     channel
 */
public record PartFrame(int type, ByteBuffer payload) {}
