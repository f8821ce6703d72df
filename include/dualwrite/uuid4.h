/*
 * uuid4.h - a random UUID as text (RFC 9562, section 5.4). The random bytes are the caller's.
 */
#ifndef DUALWRITE_UUID4_H
#define DUALWRITE_UUID4_H

#define UUID4_TEXT 37 /* with the final NUL */

void uuid4_text(const unsigned char random[16], char out[UUID4_TEXT]);

#endif
