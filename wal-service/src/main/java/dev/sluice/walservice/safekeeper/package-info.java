/**
 * The safekeeper: keeps timelines' WAL on disk, votes for proposers, acknowledges what is durable
 * and streams what is committed.
 */
@NullMarked
package dev.sluice.walservice.safekeeper;

import org.jspecify.annotations.NullMarked;
