/**
 * A Postgres page as bytes: its header, line pointers, heap and index tuples, and the operations
 * that recovery performs on them ({@code storage/bufpage.h}, {@code bufpage.c}).
 *
 * <p>Everything works in place on a {@code byte[8192]}, allocates nothing on the common paths, and
 * checks every position that it takes from a page before it uses it.
 */
@NullMarked
package dev.sluice.storage.page;

import org.jspecify.annotations.NullMarked;
