/**
 * Talking to a safekeeper: the requests it answers and {@link
 * dev.sluice.walservice.client.SafekeeperClient}, which makes, deletes and reads timelines and
 * follows their committed WAL.
 */
@NullMarked
package dev.sluice.walservice.client;

import org.jspecify.annotations.NullMarked;
