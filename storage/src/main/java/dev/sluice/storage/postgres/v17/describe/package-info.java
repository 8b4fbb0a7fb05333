/**
 * What Postgres 17's WAL records say, for people: one class per resource manager, each with the
 * words of the file in {@code access/rmgrdesc} that it names, so that what is known of {@code
 * pg_waldump}'s output holds here.
 */
@NullMarked
package dev.sluice.storage.postgres.v17.describe;

import org.jspecify.annotations.NullMarked;
