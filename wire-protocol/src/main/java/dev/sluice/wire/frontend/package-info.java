/** Everything a client sends, one record for each message of the manual. */
@NullMarked
package dev.sluice.wire.frontend;

import org.jspecify.annotations.NullMarked;
