/** How much memory what is large over HTTP may take, of all clients together. */
@NullMarked
package dev.sluice.gateway.http.memory;

import org.jspecify.annotations.NullMarked;
