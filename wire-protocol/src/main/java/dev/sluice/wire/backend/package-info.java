/** Everything a server sends, one record for each message of the manual. */
@NullMarked
package dev.sluice.wire.backend;

import org.jspecify.annotations.NullMarked;
