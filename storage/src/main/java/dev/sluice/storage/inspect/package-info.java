/**
 * What people want to see of WAL and pages: a record as a line of text, counts of records, a page
 * with the changes that made it.
 */
@NullMarked
package dev.sluice.storage.inspect;

import org.jspecify.annotations.NullMarked;
