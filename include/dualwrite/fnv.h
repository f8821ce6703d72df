/*
 * fnv.h - FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv: bytes of any length in eight, to tell whether two are the same.
 *
 * Not for where somebody may want two that are not the same to look so.
 */
#ifndef DUALWRITE_FNV_H
#define DUALWRITE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(14695981039346656037)

/* The hash of what gave `hash`, FNV_START for nothing, and these bytes after it. */
uint64_t fnv_add(uint64_t hash, const void *bytes, size_t len);

#endif
