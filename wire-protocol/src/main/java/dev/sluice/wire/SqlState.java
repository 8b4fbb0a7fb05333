package dev.sluice.wire;

import java.io.Serializable;

/**
 * A five-character error code of the SQL standard and of Postgres's appendix "PostgreSQL Error
 * Codes".
 *
 * @param code five characters, each a digit or an upper-case ASCII letter
 */
public record SqlState(String code) implements Serializable {
    public static final SqlState PROTOCOL_VIOLATION = new SqlState("08P01");
    public static final SqlState CONNECTION_FAILURE = new SqlState("08006");
    public static final SqlState CANNOT_CONNECT = new SqlState("08001");
    public static final SqlState FEATURE_NOT_SUPPORTED = new SqlState("0A000");
    public static final SqlState INVALID_PARAMETER_VALUE = new SqlState("22023");
    public static final SqlState INVALID_AUTHORIZATION = new SqlState("28000");
    public static final SqlState INVALID_PASSWORD = new SqlState("28P01");
    public static final SqlState UNDEFINED_DATABASE = new SqlState("3D000");
    public static final SqlState TOO_MANY_CONNECTIONS = new SqlState("53300");
    public static final SqlState QUERY_CANCELED = new SqlState("57014");
    public static final SqlState ADMIN_SHUTDOWN = new SqlState("57P01");
    public static final SqlState CRASH_SHUTDOWN = new SqlState("57P02");
    public static final SqlState CANNOT_CONNECT_NOW = new SqlState("57P03");
    public static final SqlState SYNTAX_ERROR = new SqlState("42601");
    public static final SqlState UNDEFINED_OBJECT = new SqlState("42704");
    public static final SqlState OBJECT_NOT_IN_PREREQUISITE_STATE = new SqlState("55000");
    public static final SqlState UNDEFINED_FILE = new SqlState("58P01");
    public static final SqlState DATA_CORRUPTED = new SqlState("XX001");
    public static final SqlState INTERNAL_ERROR = new SqlState("XX000");

    public SqlState {
        if (!code.matches("[0-9A-Z]{5}")) {
            throw new IllegalArgumentException("not an SQLSTATE: \"" + code + "\"");
        }
    }

    @Override
    public String toString() {
        return code;
    }
}
