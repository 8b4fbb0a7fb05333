/**
 * Postgres 17's pages taken apart for people: the header, line pointers and what they point at, and
 * each access method's special area and meta page.
 */
@NullMarked
package dev.sluice.storage.postgres.v17.view;

import org.jspecify.annotations.NullMarked;
