/**
 * Layers: where a timeline's versions are kept.
 *
 * <p>New versions go into the {@link dev.sluice.storage.layer.OpenLayer}. When it is full it is
 * written as an immutable <em>delta</em> file: every version of its keys in a range of LSNs.
 * <em>Image</em> files hold the content of keys at one LSN, so that a reader need not go further
 * back. {@link dev.sluice.storage.layer.LayerFileWriter} documents the file format, {@link
 * dev.sluice.storage.layer.TimelineIndex} the file that says which layers there are, {@link
 * dev.sluice.storage.layer.LayerMap} in which order a reader visits them.
 *
 * <p>A change is filed under the LSN just after its WAL record. So a delta layer's range of LSNs is
 * open below and closed above: {@code after < lsn <= upTo}; and what a key is at an LSN is the sum
 * of all its versions at or below it.
 */
@NullMarked
package dev.sluice.storage.layer;

import org.jspecify.annotations.NullMarked;
