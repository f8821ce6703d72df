/*
 * config_util.h - what the tests of the settings share: the names of a few keys, a file and an environment out of
 * literals, and all that was said as one text. For tests only.
 */
#ifndef CONFIG_UTIL_H
#define CONFIG_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/config.h"
#include "dualwrite/xalloc.h"
#include "golden.h"

#define ENABLED "TEAM_VNEXT_DUAL_WRITE_ENABLED"
#define BLOCKED "TEAM_LEGACY_WRITE_BLOCKED"
#define ALIAS "TEAM_VNEXT_LEGACY_WRITE_BLOCKED"

/* The environment out of "A=1\nB=2": each line a variable. */
struct environment {
    char *text;
    char *items[64];
};

static inline void
environment_set(struct environment *e, const char *lines)
{
    size_t n = 0;

    e->text = xstrdup(lines == NULL ? "" : lines);
    for (char *line = strtok(e->text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_true(n < 63);
        e->items[n++] = line;
    }
    e->items[n] = NULL;
}

static inline struct config *
parse_before(const char *text, const char *env, const struct config *before, struct faults *faults)
{
    struct environment e;
    struct config *c;

    environment_set(&e, env);
    c = config_parse("f", text, text == NULL ? 0 : strlen(text), e.items, before, faults);
    free(e.text);
    return c;
}

/* "ERROR f:1: text" a line. */
static inline char *
faults_text(const struct faults *faults)
{
    struct buf b = {0};

    for (size_t i = 0; i < faults->count; i++)
        buf_printf(&b, "%s %s: %s\n", faults->items[i].severity == FAULT_ERROR ? "ERROR" : "WARNING",
                   faults->items[i].where, faults->items[i].text);
    return buf_steal(&b);
}

static inline struct config *
parse_good(const char *text, const char *env)
{
    struct faults faults = {0};
    struct config *c = parse_before(text, env, NULL, &faults);
    char *said = faults_text(&faults);

    if (c == NULL || *said != '\0')
        fail_msg("%s + %s: %s", text == NULL ? "" : text, env == NULL ? "" : env, said);
    free(said);
    faults_free(&faults);
    return c;
}

static inline size_t
index_of(const char *name)
{
    size_t i = config_key_index(name);

    assert_true(i != SIZE_MAX);
    return i;
}

#endif
