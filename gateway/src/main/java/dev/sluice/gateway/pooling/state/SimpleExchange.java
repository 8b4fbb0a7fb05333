package dev.sluice.gateway.pooling.state;

import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.parking.RawText;
import io.netty.buffer.ByteBuf;

/** One message that is answered by ReadyForQuery, perhaps with an error before it. */
public final class SimpleExchange implements Exchange {
    private final String sql;
    private boolean failed;

    private SimpleExchange(String sql) {
        this.sql = sql;
    }

    /** Is anybody there? */
    public static SimpleExchange sync() {
        return new SimpleExchange("");
    }

    /** Makes a session as good as new. */
    public static SimpleExchange discardAll() {
        return new SimpleExchange("discard all");
    }

    @Override
    public void ask(ByteBuf out) {
        if (sql.isEmpty()) {
            RawText.sync(out);
        } else {
            RawText.query(out, sql);
        }
    }

    @Override
    public boolean answered(byte type, ByteBuf body) {
        failed |= type == 'E';
        return type == 'Z';
    }

    public boolean isFailed() {
        return failed;
    }
}
