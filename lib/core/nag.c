/* nag.c - how often something that cannot be helped is said; see dualwrite/nag.h. */
#include "dualwrite/nag.h"

#include <stddef.h>
#include <string.h>

#include "dualwrite/fnv.h"

bool
nag_may(struct nag *n, uint64_t now_ms, const char *reason)
{
    uint64_t h = fnv_add(FNV_START, reason, strlen(reason)); /* a reason of any length in eight bytes */
    size_t oldest = 0;

    for (size_t i = 0; i < NAG_REASONS; i++) {
        if (n->reasons[i].said && n->reasons[i].hash == h) {
            if (now_ms - n->reasons[i].at < NAG_MS)
                return false;
            n->reasons[i].at = now_ms;
            return true;
        }
        if (n->reasons[oldest].said && (!n->reasons[i].said || n->reasons[i].at < n->reasons[oldest].at))
            oldest = i;
    }
    n->reasons[oldest].hash = h;
    n->reasons[oldest].at = now_ms;
    n->reasons[oldest].said = true;
    return true;
}

bool
nag_said(const struct nag *n)
{
    return n->reasons[0].said;
}
