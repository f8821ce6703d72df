/* uuid4.c - a random UUID as text; see dualwrite/uuid4.h. */
#include "dualwrite/uuid4.h"

#include <stdio.h>

void
uuid4_text(const unsigned char random[16], char out[UUID4_TEXT])
{
    char *p = out;

    for (int i = 0; i < 16; i++) {
        unsigned byte = random[i];

        if (i == 6)
            byte = (byte & 0x0f) | 0x40; /* version 4 */
        if (i == 8)
            byte = (byte & 0x3f) | 0x80; /* the variant of the RFC */
        p += snprintf(p, 4, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", byte);
    }
}
