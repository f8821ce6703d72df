/*
 * change_sample.h - a mapping of three entities and batches of events for it: for the tests of change.c.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_CHANGE_SAMPLE_H
#define TESTS_CHANGE_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "dualwrite/change.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MANY 10000

/* team (key and identity id), member (key id, identity team_id and user_id: ref is id, team_id, user_id), and a lone
 * entity whose identity is its composite key. */
static char *team_key[] = {(char[]){"id"}};
static char *member_key[] = {(char[]){"id"}};
static char *member_identity[] = {(char[]){"team_id"}, (char[]){"user_id"}};
static char *seat_key[] = {(char[]){"row"}, (char[]){"seat"}};
static struct mapping_parent member_parent = {.entity = (char[]){"team"}, .column = (char[]){"team_id"}};
static struct mapping_entity entities[] = {
    {
        .name = (char[]){"team"},
        .source_key = {team_key, 1},
        .identity = {team_key, 1},
        .operation_insert = (char[]){"team_new"},
        .operation_update = (char[]){"team_changed"},
        .operation_remove = (char[]){"team_gone"},
    },
    {
        .name = (char[]){"member"},
        .parent = &member_parent,
        .source_key = {member_key, 1},
        .identity = {member_identity, 2},
        .operation_insert = (char[]){"member_new"},
        .operation_update = (char[]){"member_changed"},
        .operation_remove = (char[]){"member_gone"},
    },
    {
        .name = (char[]){"seat"},
        .source_key = {seat_key, 2},
        .identity = {seat_key, 2},
        .operation_insert = (char[]){"seat_new"},
        .operation_update = (char[]){"seat_changed"},
        .operation_remove = (char[]){"seat_gone"},
    },
};
static const struct mapping mapping = {.entities = entities, .count = COUNT(entities)};
enum { TEAM, MEMBER, SEAT, UNKNOWN };

static inline void
add(struct batch *b, size_t entity, const char *operation, size_t nref, const char *const *ref)
{
    struct event *e;

    b->events = xreallocarray(b->events, b->count + 1, sizeof *b->events);
    e = &b->events[b->count++];
    *e = (struct event){.id = (int64_t) b->count, .entity = entity, .operation = xstrdup(operation), .nref = nref};
    e->actor = xstrdup("actor");
    e->ref = xcalloc(nref, sizeof *e->ref);
    for (size_t i = 0; i < nref; i++)
        e->ref[i] = xstrdup(ref[i]);
}

#define ADD(batch, entity, operation, ...)                                                                             \
    add(batch, entity, operation, COUNT(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__})

#endif
