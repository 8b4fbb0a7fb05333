/**
 * Postgres 17's system catalogs read from pages: relation map, {@code pg_database}, {@code
 * pg_class}, {@code pg_namespace}, and which row versions were visible.
 */
@NullMarked
package dev.sluice.storage.postgres.v17.catalog;

import org.jspecify.annotations.NullMarked;
