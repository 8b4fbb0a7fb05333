/**
 * Redo: what a change does to a page. One implementation per Postgres major, pure functions of
 * (page, change).
 */
@NullMarked
package dev.sluice.storage.redo;

import org.jspecify.annotations.NullMarked;
