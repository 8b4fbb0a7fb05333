package dev.sluice.gateway.parking;

import java.util.List;

/**
 * A prepared statement of a session.
 *
 * @param name in the encoding of the database, one character for each byte
 * @param text as the client sent it, in the same form; of a statement made by SQL it is the whole
 *     {@code PREPARE}
 * @param parameterTypes object ids, all known
 * @param fromSql made by {@code PREPARE}, not by the protocol's Parse
 */
record PreparedStatement(String name, String text, List<Integer> parameterTypes, boolean fromSql) {}
