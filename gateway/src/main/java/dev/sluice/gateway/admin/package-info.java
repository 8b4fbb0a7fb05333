/**
 * The database {@code pgbouncer} of a {@code -pooler} endpoint: it answers PgBouncer's
 * administrative commands about the endpoint's pools, with PgBouncer's column names, so that its
 * tools work.
 */
@NullMarked
package dev.sluice.gateway.admin;

import org.jspecify.annotations.NullMarked;
