/**
 * JSON Web Tokens in place of passwords: whom they are believed of ({@link
 * dev.sluice.gateway.token.TokenProvider}), their keys, and what makes one good.
 */
@NullMarked
package dev.sluice.gateway.token;

import org.jspecify.annotations.NullMarked;
