/** The few files that a stateless compute starts from, made from a timeline at an LSN. */
@NullMarked
package dev.sluice.storage.basebackup;

import org.jspecify.annotations.NullMarked;
