/**
 * What the storage engine files things under: a {@link dev.sluice.storage.key.Key} (which page,
 * size or blob) and, at each LSN where it changed, a {@link dev.sluice.storage.key.Value} (an
 * image, or a change to apply to what was there before).
 */
@NullMarked
package dev.sluice.storage.key;

import org.jspecify.annotations.NullMarked;
