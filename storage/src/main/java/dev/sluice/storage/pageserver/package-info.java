/**
 * The pageserver: holds timelines, ingests their WAL, and answers computes and the control plane.
 */
@NullMarked
package dev.sluice.storage.pageserver;

import org.jspecify.annotations.NullMarked;
