/** A timeline: versions of keys over LSNs, its own and, before its branch point, its ancestors'. */
@NullMarked
package dev.sluice.storage.timeline;

import org.jspecify.annotations.NullMarked;
