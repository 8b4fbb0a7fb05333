/** Questions to parts that may hang: whoever asks has an answer soon, or none. */
@NullMarked
package dev.sluice.controlplane.prompt;

import org.jspecify.annotations.NullMarked;
