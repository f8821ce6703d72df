/* drain.h - the end of a loop. */
#ifndef DRAIN_H
#define DRAIN_H

#include <stdbool.h>
#include <uv.h>

/*
 * Lets the closed handles go. False when something does not end that cannot be cancelled: a name server that hangs
 * (uv_cancel() cannot stop a lookup under way). Then the process must leave without waiting for that thread.
 */
bool drain(uv_loop_t *loop);

#endif
