package dev.sluice.gateway.http.sql;

import dev.sluice.wire.SqlState;
import java.util.Optional;

/** How the transaction of a batch is begun. */
public record BatchOptions(Optional<Isolation> isolation, boolean readOnly, boolean deferrable) {

    /** Isolation levels, by the driver's names. */
    public enum Isolation {
        READ_UNCOMMITTED("ReadUncommitted", "READ UNCOMMITTED"),
        READ_COMMITTED("ReadCommitted", "READ COMMITTED"),
        REPEATABLE_READ("RepeatableRead", "REPEATABLE READ"),
        SERIALIZABLE("Serializable", "SERIALIZABLE");

        private final String header;
        private final String sql;

        Isolation(String header, String sql) {
            this.header = header;
            this.sql = sql;
        }

        /** As the header says it. */
        public String header() {
            return header;
        }

        /**
         * @throws BadRequestException if there is no such level
         */
        public static Isolation of(String header) {
            for (Isolation level : values()) {
                if (level.header.equals(header)) {
                    return level;
                }
            }
            throw new BadRequestException(
                    SqlState.INVALID_PARAMETER_VALUE,
                    "invalid isolation level \"%s\": ReadUncommitted, ReadCommitted, RepeatableRead or Serializable"
                            .formatted(header));
        }
    }

    /** The statement that begins the transaction. */
    public String begin() {
        return "BEGIN"
                + isolation.map(level -> " ISOLATION LEVEL " + level.sql).orElse("")
                + (readOnly ? " READ ONLY" : "")
                + (deferrable ? " DEFERRABLE" : "");
    }
}
