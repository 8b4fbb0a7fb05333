/**
 * What SQL over HTTP says: requests, results and errors as the driver {@code
 * @neondatabase/serverless} writes and reads them. Bytes in, bytes out; nothing here does anything.
 */
@NullMarked
package dev.sluice.gateway.http.sql;

import org.jspecify.annotations.NullMarked;
