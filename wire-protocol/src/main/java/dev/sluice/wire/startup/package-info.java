/** How a connection begins: the packets without a type byte, protocol versions and cancel keys. */
@NullMarked
package dev.sluice.wire.startup;

import org.jspecify.annotations.NullMarked;
