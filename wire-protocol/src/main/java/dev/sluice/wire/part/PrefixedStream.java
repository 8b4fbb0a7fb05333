package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A stream of which the first bytes have been read already. */
final class PrefixedStream implements PartStream {
    private final ByteBuffer prefix;
    private final PartStream rest;

    PrefixedStream(ByteBuffer prefix, PartStream rest) {
        this.prefix = prefix;
        this.rest = rest;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        if (!prefix.hasRemaining()) {
            return rest.read(into);
        }
        int count = Math.min(prefix.remaining(), into.remaining());
        into.put(prefix.slice(prefix.position(), count));
        prefix.position(prefix.position() + count);
        return count;
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
        rest.write(from);
    }

    @Override
    public void finish() {
        rest.finish();
    }

    @Override
    public void close() throws IOException {
        rest.close();
    }
}
