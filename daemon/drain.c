/* drain.c - the end of a loop; see drain.h. */
#include "drain.h"

#define LEAVE_MS 500
#define LEAVE_TRIES 50

bool
drain(uv_loop_t *loop)
{
    for (int i = 0; i < LEAVE_TRIES && uv_loop_alive(loop); i++) {
        uv_run(loop, UV_RUN_NOWAIT);
        if (uv_loop_alive(loop))
            uv_sleep(LEAVE_MS / LEAVE_TRIES);
    }
    return uv_loop_close(loop) == 0;
}
