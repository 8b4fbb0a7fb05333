package dev.sluice.gateway.http.sql;

import java.util.List;

/**
 * The body of {@code POST /sql}.
 *
 * <pre>
 *   {"query": "select $1::int", "params": [1], "arrayMode": false}     one statement
 *   {"queries": [{"query": …, "params": […]}, …]}                      a transaction
 *   [{"query": …}, …]                                                  the same
 * </pre>
 *
 * <p>{@code params} and {@code arrayMode} may be absent. A parameter is null (NULL), a string (as
 * it is), a number or boolean (its text), an object (its JSON), or an array: an array of Postgres
 * in which the same holds for the elements.
 *
 * @param isBatch whether the answer is a list of results, of one transaction
 */
public record SqlRequest(List<SqlQuery> queries, boolean isBatch) {

    /**
     * @throws BadRequestException if it is not of that form
     */
    public static SqlRequest parse(byte[] body) {
        return new SqlRequestReader(body).read();
    }
}
