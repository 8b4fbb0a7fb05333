/**
 * Where what is not needed at hand is kept: objects of up to some megabytes, by key, in a folder or
 * in S3. Written once, whole; read by range.
 */
@NullMarked
package dev.sluice.walservice.objectstore;

import org.jspecify.annotations.NullMarked;
