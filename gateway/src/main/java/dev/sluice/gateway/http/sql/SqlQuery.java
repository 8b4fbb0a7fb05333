package dev.sluice.gateway.http.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a request.
 *
 * @param text of one statement, parameters as {@code $1}
 * @param parameters in Postgres's text format, of whatever type the statement gives them; null for
 *     NULL
 * @param arrayMode whether its rows are arrays; null for as the request's header says
 */
public record SqlQuery(
        String text, List<@Nullable String> parameters, @Nullable Boolean arrayMode) {}
