/*
 * capture_sample.h - the SQL of an installation as a test wants to look at it.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_CAPTURE_SAMPLE_H
#define TESTS_CAPTURE_SAMPLE_H

#include "catalog_sample.h"
#include "dualwrite/capture.h"

static inline struct install_options
options(void)
{
    struct install_options o = {
        .installed_version = 0,
        .partitions = 2,
        .guard = GUARD_ON,
        .outbox_max = 5000000000,
        .mapping_digest = "d1",
    };

    for (enum flag f = 0; f < FLAG_COUNT; f++)
        o.flags.value[f] = flag_default(f);
    return o;
}

static inline char *
hang_text(const struct mapping *m, const struct catalog *c, const struct install_options *o)
{
    struct buf out = {0};

    capture_hang_sql(&out, m, c, o);
    return buf_steal(&out);
}

static inline char *
publish_text(const struct mapping *m, const struct catalog *c, const struct install_options *o)
{
    struct buf out = {0};

    capture_publish_sql(&out, m, c, o, "d2", "team:id");
    return buf_steal(&out);
}

/* Both, in the order of an installation. */
static inline char *
whole_text(const struct mapping *m, const struct catalog *c, const struct install_options *o)
{
    struct buf out = {0};

    capture_hang_sql(&out, m, c, o);
    capture_publish_sql(&out, m, c, o, "d2", "team:id");
    return buf_steal(&out);
}

/* Of a first installation in two databases. */
static inline void
on_side(struct install_options *o, enum install_side side)
{
    o->side = side;
    o->installed_side = SIDE_BOTH;
    o->installation = "0b9f8a8c";
    o->legacy_database = side == SIDE_VNEXT ? "host=old dbname=legacy" : NULL;
}

/* What hangs on the tables of a mapping and a catalog given as text. */
static inline char *
hang_of(const char *json, const char *catalog)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(json);
    struct catalog *c = catalog_of(catalog);
    char *text = hang_text(m, c, &o);

    mapping_free(m);
    catalog_free(c);
    return text;
}

/* The statement of `text` that creates dualwrite.NAME(), as a copy. */
static inline char *
function_text(const char *text, const char *name)
{
    struct buf head = {0};
    const char *at;
    const char *end;

    buf_printf(&head, "CREATE OR REPLACE FUNCTION dualwrite.%s() ", name);
    at = strstr(text, buf_text(&head));
    if (at == NULL)
        fail_msg("no function %s", name);
    end = strstr(at, "END $capture$;");
    assert_non_null(end);
    buf_free(&head);
    return xstrndup(at, (size_t) (end - at));
}

#endif
