/*
 * smoke_clean.c - takes the test rows away again: vNext first, as an application would; when daemons have dealt with that, the
 * legacy rows, the map's rows and what is left of their events. Only rows that this run made, by key. See smoke_run.h.
 */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/catalog.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "smoke_run.h"

/* So few removals at once never look like a table that was emptied by mistake (DUALWRITE_REMOVAL_SHARE). */
#define AT_ONCE 50

/* The rows of one entity. */
struct gone {
    cJSON *keys;       /* source keys: arrays of texts */
    cJSON *identities; /* ... */
    cJSON *legacy;     /* target keys */
};

struct clean {
    struct smoke *s;
    struct gone *gone; /* as mapping.entities */
    double vnext, legacy, map;
    char *why;
};

/* Via SQL each new row was looked at; what an application made by itself may stand for a legacy row that was there before. */
static bool
takes_legacy(const struct smoke *s, size_t entity)
{
    return s->api == NULL || smoke_is_own(&s->mapping->entities[entity]);
}

static bool
concerned(const struct smoke *s, size_t entity)
{
    const struct mapping_parent *parent = s->mapping->entities[entity].parent;

    return entity == s->root.entity || (parent != NULL && parent->index == s->root.entity);
}

/* ---- rights ---- */

static void
lacks(struct buf *out, const struct catalog *c, const struct mapping_table *t)
{
    const struct catalog_table *table = catalog_table(c, t->schema, t->name);

    if (!table->can_delete)
        buf_printf(out, "%sDELETE on %s.%s", out->len == 0 ? "" : ", ", t->schema, t->name);
}

/* False: this login may not take everything away, and *why says what it lacks. */
static bool
may_clean(struct clean *c)
{
    struct smoke *s = c->s;
    struct buf lack = {0};
    PGresult *r =
        desk_look(s->d, DATABASE_LEGACY, s->d->settings->config->statement_timeout_ms, sql_smoke_may_clean, 0, NULL);

    for (size_t i = 0; i < s->mapping->count; i++) {
        const struct mapping_entity *e = &s->mapping->entities[i];

        if (!concerned(s, i))
            continue;
        lacks(&lack, s->catalogs.vnext, &e->source);
        lacks(&lack, s->catalogs.legacy, &e->target);
        if (e->map != NULL)
            lacks(&lack, s->catalogs.vnext, &e->map->table);
    }
    if (r != NULL && PQgetvalue(r, 0, 0)[0] != 't')
        buf_printf(&lack, "%sthe role dualwrite_daemon", lack.len == 0 ? "" : ", ");
    if (r == NULL)
        c->why = smoke_refusal(s);
    else if (lack.len > 0)
        c->why =
            smoke_text_of("%s lacks %s; with another login in --config: dualwrited rollback cleanup --match '%s%%'",
                          PQuser(s->d->pq[DATABASE_VNEXT]), buf_text(&lack), SMOKE_NAME);
    PQclear(r);
    buf_free(&lack);
    return c->why == NULL;
}

/* ---- which rows ---- */

/* The children of these roots: also those that an application made by itself. */
static bool
find_children(struct clean *c, size_t entity)
{
    struct smoke *s = c->s;
    struct gone *g = &c->gone[entity];
    char **roots = smoke_arrays(c->gone[s->root.entity].keys, 1);
    char *sql = smoke_children_sql(s->mapping, &s->catalogs, &s->mapping->entities[entity]);
    PGresult *r = desk_look(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, sql, 1,
                            (const char *const *) roots);

    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        cJSON_AddItemToArray(g->keys, cJSON_Parse(PQgetvalue(r, i, 0)));
        cJSON_AddItemToArray(g->identities, cJSON_Parse(PQgetvalue(r, i, 1)));
    }
    /* one that an application deleted has a legacy row all the same */
    if (entity == s->child.entity && s->child.identity != NULL) {
        cJSON_AddItemToArray(g->keys, cJSON_Duplicate(s->child.key, true));
        cJSON_AddItemToArray(g->identities, cJSON_Duplicate(s->child.identity, true));
    }
    PQclear(r);
    free(sql);
    smoke_arrays_free(roots, 1);
    return r != NULL;
}

static bool
find_rows(struct clean *c, int from, int count)
{
    struct smoke *s = c->s;
    struct gone *root = &c->gone[s->root.entity];
    bool good = true;

    for (int i = from; i < from + count; i++) {
        cJSON_AddItemToArray(root->keys, cJSON_Duplicate(cJSON_GetArrayItem(s->made, i), true));
        /* with a map the identity is the key; without one there is one root, and its identity is known */
        cJSON_AddItemToArray(root->identities, cJSON_Duplicate(s->mapping->entities[s->root.entity].map != NULL ||
                                                                       s->root.identity == NULL
                                                                   ? cJSON_GetArrayItem(s->made, i)
                                                                   : s->root.identity,
                                                               true));
    }
    for (size_t i = 0; good && i < s->mapping->count; i++)
        if (concerned(s, i))
            good = (i == s->root.entity || find_children(c, i)) &&
                   (!takes_legacy(s, i) || smoke_legacy_keys(s, i, c->gone[i].identities, c->gone[i].legacy));
    return good;
}

/* ---- taking away ---- */

/* Runs a DELETE by keys of `width` columns within the open transaction; -1: refused. */
static double delete (struct smoke *s, enum database side, char *sql, const cJSON *keys, size_t width)
{
    char **arrays = smoke_arrays(keys, width);
    PGresult *r = desk_ask(s->d, side, sql, (int) width, (const char *const *) arrays);
    double count = r == NULL ? -1 : strtod(PQcmdTuples(r), NULL);

    PQclear(r);
    smoke_arrays_free(arrays, width);
    free(sql);
    return count;
}

/* The vNext rows, children first, in a transaction as an application's; then its id is in *xid. */
static bool
delete_vnext(struct clean *c, char **xid)
{
    struct smoke *s = c->s;
    PGresult *begin = desk_ask(s->d, DATABASE_VNEXT, sql_daemon_begin, 0, NULL);
    PGresult *settings = begin == NULL ? NULL : desk_ask(s->d, DATABASE_VNEXT, sql_smoke_settings, 0, NULL);
    double sum = 0;
    bool good = settings != NULL;

    for (size_t i = s->mapping->count; good && i-- > 0;) {
        const struct mapping_entity *e = &s->mapping->entities[i];
        double count = !concerned(s, i)
                           ? 0
                           : delete (s, DATABASE_VNEXT, smoke_delete_source_sql(s->mapping, &s->catalogs, e),
                                     c->gone[i].keys, e->source_key.count);

        good = count >= 0;
        sum += count;
    }
    if (good) {
        *xid = xstrdup(PQgetvalue(settings, 0, 1));
        c->vnext += sum;
    }
    PQclear(begin);
    PQclear(settings);
    return desk_end(s->d, DATABASE_VNEXT, good) && good;
}

static bool
delete_legacy(struct clean *c)
{
    struct smoke *s = c->s;
    bool good = desk_begin(s->d, DATABASE_LEGACY, s->d->settings->config->statement_timeout_ms, true);
    PGresult *r = good ? desk_ask(s->d, DATABASE_LEGACY, sql_daemon_sync_session, 0, NULL) : NULL;
    double sum = 0;

    good = r != NULL;
    PQclear(r);
    for (size_t i = s->mapping->count; good && i-- > 0;) {
        const struct mapping_entity *e = &s->mapping->entities[i];
        double count = !concerned(s, i)
                           ? 0
                           : delete (s, DATABASE_LEGACY, smoke_delete_target_sql(s->mapping, &s->catalogs, e),
                                     c->gone[i].legacy, e->target_key.count);

        good = count >= 0;
        sum += count;
    }
    c->legacy += good ? sum : 0;
    return desk_end(s->d, DATABASE_LEGACY, good) && good;
}

/* The map's rows, and what is left of events of rows that are gone. */
static bool
delete_map(struct clean *c)
{
    struct smoke *s = c->s;
    bool good = desk_begin(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, true);
    double sum = 0;

    for (size_t i = 0; good && i < s->mapping->count; i++) {
        const struct mapping_entity *e = &s->mapping->entities[i];
        char **first;
        PGresult *r;

        if (!concerned(s, i))
            continue;
        if (e->map != NULL) {
            double count = delete (s, DATABASE_VNEXT, smoke_delete_map_sql(s->mapping, &s->catalogs, e),
                                   c->gone[i].keys, e->map->source_key.count);

            good = count >= 0;
            sum += count;
        }
        if (!good)
            break;
        first = smoke_arrays(c->gone[i].keys, 1);
        r = desk_ask(s->d, DATABASE_VNEXT, sql_smoke_forget, 2, (const char *[]){e->name, first[0]});
        good = r != NULL;
        PQclear(r);
        smoke_arrays_free(first, 1);
    }
    c->map += good ? sum : 0;
    return desk_end(s->d, DATABASE_VNEXT, good) && good;
}

/* ---- the whole ---- */

/* What an application may have made without saying so: it answered too late, or with an error, or was cut off. */
static void
find_unsaid(struct smoke *s)
{
    const struct mapping_entity *e = &s->mapping->entities[s->root.entity];
    const char *column = smoke_name_column(s->mapping, &s->catalogs, e);
    const char *params[] = {s->name};
    char *sql = column == NULL ? NULL : smoke_find_sql(s->mapping, &s->catalogs, e, column);
    PGresult *r = sql == NULL
                      ? NULL
                      : desk_look(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, sql, 1, params);

    for (int i = 0; r != NULL && i < PQntuples(r); i++)
        cJSON_AddItemToArray(s->made, cJSON_Parse(PQgetvalue(r, i, 0)));
    PQclear(r);
    free(sql);
}

/* A daemon may be at work on these rows: then legacy is left to it, for now. Without one nobody writes legacy. */
static bool
wait_for_daemons(struct clean *c, const char *xid)
{
    struct smoke *s = c->s;
    struct smoke_arrival a = {0};
    char *reason = NULL, *next = NULL;
    const double from = smoke_now();

    if (!smoke_may_arrive(s, &reason, &next)) {
        free(reason);
        free(next);
        return true;
    }
    do { /* also after a signal, which is why the test data goes */
        free(a.reason);
        free(a.next);
        smoke_await(s, &s->root, xid, from, (double) s->asked->timeout_ms, &a);
        smoke_nap(a.arrived ? 0 : 20);
    } while (!a.arrived && smoke_interrupted() && smoke_now() - from < (double) s->asked->timeout_ms);
    if (!a.arrived)
        c->why = smoke_text_of("the vNext rows are deleted, but %s; later: dualwrited rollback cleanup --match '%s%%'",
                               a.reason, SMOKE_NAME);
    free(a.reason);
    free(a.next);
    return a.arrived;
}

/* The legacy keys once more: a daemon may have made a row after the first look. Maps outlive their vNext rows. */
static bool
find_late(struct clean *c)
{
    bool good = true;

    for (size_t i = 0; good && i < c->s->mapping->count; i++)
        if (concerned(c->s, i) && takes_legacy(c->s, i))
            good = smoke_legacy_keys(c->s, i, c->gone[i].identities, c->gone[i].legacy);
    return good;
}

static bool
clean_some(struct clean *c, int from, int count)
{
    struct smoke *s = c->s;
    char *xid = NULL;
    bool good;

    for (size_t i = 0; i < s->mapping->count; i++)
        c->gone[i] = (struct gone){cJSON_CreateArray(), cJSON_CreateArray(), cJSON_CreateArray()};
    good = find_rows(c, from, count) && delete_vnext(c, &xid) && wait_for_daemons(c, xid) && find_late(c) &&
           delete_legacy(c) && delete_map(c);
    if (!good && c->why == NULL)
        c->why = smoke_refusal(s);
    for (size_t i = 0; i < s->mapping->count; i++) {
        cJSON_Delete(c->gone[i].keys);
        cJSON_Delete(c->gone[i].identities);
        cJSON_Delete(c->gone[i].legacy);
    }
    free(xid);
    return good;
}

void
smoke_clean(struct smoke *s)
{
    struct clean c = {.s = s, .gone = xcalloc(s->mapping->count, sizeof *c.gone)};
    int all;
    bool good;
    cJSON *rows;

    desk_doing(s->d, "removing the test data");
    for (int side = DATABASE_VNEXT; side <= DATABASE_LEGACY; side++)
        if (PQstatus(s->d->pq[side]) != CONNECTION_OK)
            PQreset(s->d->pq[side]);
    if (s->api != NULL && s->root.key == NULL && s->plan != NULL)
        find_unsaid(s);
    all = cJSON_GetArraySize(s->made);
    good = all == 0;
    if (all > 0 && may_clean(&c)) {
        good = true;
        for (int from = 0; good && from < all; from += AT_ONCE)
            good = clean_some(&c, from, all - from > AT_ONCE ? AT_ONCE : all - from);
    }
    cJSON_AddBoolToObject(s->doc, "cleaned", good);
    cJSON_AddItemToObject(s->doc, "cleaned_why", c.why == NULL ? cJSON_CreateNull() : cJSON_CreateString(c.why));
    rows = cJSON_AddObjectToObject(s->doc, "cleaned_rows");
    cJSON_AddNumberToObject(rows, "vnext", c.vnext);
    cJSON_AddNumberToObject(rows, "legacy", c.legacy);
    cJSON_AddNumberToObject(rows, "map", c.map);
    free(c.why);
    free(c.gone);
}
