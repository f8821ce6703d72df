/* retry.c - back-off arithmetic; see dualwrite/retry.h. No timers. */
#include "dualwrite/retry.h"

int64_t
retry_delay_ms(unsigned failures, uint32_t random)
{
    int64_t whole = RETRY_CAP_MS;

    if (failures <= 7 && ((int64_t) RETRY_FIRST_MS << (failures == 0 ? 0 : failures - 1)) < RETRY_CAP_MS)
        whole = (int64_t) RETRY_FIRST_MS << (failures == 0 ? 0 : failures - 1);
    return whole / 2 + (int64_t) ((uint64_t) random * (uint64_t) (whole / 2) >> 32);
}

int64_t
retry_waiting_ms(unsigned failures, int64_t waiting, uint32_t random)
{
    int64_t alone = retry_delay_ms(failures, random);
    int64_t shared = waiting * RETRY_WAITING_MS;

    if (shared <= alone)
        return alone;
    return shared + (int64_t) ((uint64_t) random * (uint64_t) (shared / 2) >> 32);
}
