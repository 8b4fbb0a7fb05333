package dev.sluice.gateway.http.pool;

import dev.sluice.wire.backend.RowDescription;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a statement returns, as it comes. An exception leaves the connection in the middle of
 * it, of no more use.
 */
public interface Results {
    /** The columns of the rows that follow; none for a statement that returns no rows. */
    void columns(List<RowDescription.Field> columns) throws IOException;

    /**
     * A row.
     *
     * @param values on the heap, valid during the call; null for NULL
     */
    void row(List<@Nullable ByteBuf> values) throws IOException;

    /** The end, with the command's tag; empty for an empty query. */
    void complete(String tag) throws IOException;

    /** For statements whose result nobody wants. */
    Results NONE =
            new Results() {
                @Override
                public void columns(List<RowDescription.Field> columns) {
                    // not wanted
                }

                @Override
                public void row(List<@Nullable ByteBuf> values) {
                    // not wanted
                }

                @Override
                public void complete(String tag) {
                    // not wanted
                }
            };
}
