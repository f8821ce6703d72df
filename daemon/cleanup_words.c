/* cleanup_words.c - what `rollback cleanup` says; see cleanup_words.h. */
#include "cleanup_words.h"

#include <stdio.h>
#include <string.h>

#include "dualwrite/shown.h"

#define SHOWN 20 /* names */
#define KEY 24   /* columns of a terminal */

static const char *
side_word(const struct cleanup_step *step)
{
    return step->side == DATABASE_LEGACY ? "legacy" : "vnext";
}

/* The name behind a key, NULL when such a row is not there. */
static const char *
name_of(const struct keyset *names, const char *const *key)
{
    const size_t n = names->columns - 1;
    const size_t at = keyset_find(names, key, n);

    return at == names->count ? NULL : keyset_at(names, at)[n];
}

/* The legacy key that belongs to a vNext one: the map's; without a map, unknown here. */
static const char *const *
shadow_of(const struct cleanup_part *root, const char *const *key)
{
    const struct keyset *map = &root->rows[CLEANUP_MAP];
    const size_t n = root->keys[DATABASE_VNEXT].columns;
    const size_t at = root->entity->map == NULL ? 0 : keyset_find(map, key, n);

    return root->entity->map == NULL || at == map->count ? NULL : keyset_at(map, at) + n;
}

/* The legacy rows that a vNext row has which is there: they are shown with that one. */
static struct keyset
shadows(const struct cleanup_part *root)
{
    const struct keyset *map = &root->rows[CLEANUP_MAP];
    const struct keyset *rows = &root->rows[CLEANUP_SOURCE];
    struct keyset out = {.columns = root->keys[DATABASE_LEGACY].columns};

    for (size_t i = 0; root->entity->map != NULL && i < map->count; i++)
        if (keyset_find(rows, keyset_at(map, i), rows->columns) < rows->count)
            keyset_add(&out, keyset_at(map, i) + rows->columns);
    keyset_settle(&out);
    return out;
}

static void
add_key(struct grid *g, const char *const *key, size_t n)
{
    struct buf cell = {0};

    for (size_t i = 0; key != NULL && i < n; i++) {
        buf_puts(&cell, i == 0 ? "" : ", ");
        shown_text(&cell, key[i], KEY);
    }
    if (key == NULL)
        buf_putc(&cell, '-');
    grid_take(g, &cell);
}

/* The first names: key, legacy key, name, and the legacy one where it is another. */
static size_t
add_names(struct grid *g, const struct cleanup_part *root)
{
    const struct keyset *vnext = &root->rows[CLEANUP_SOURCE];
    const struct keyset *legacy = &root->rows[CLEANUP_TARGET];
    struct keyset with_vnext = shadows(root);
    size_t shown = 0;

    for (size_t i = 0; i < vnext->count && shown < SHOWN; i++, shown++) {
        const char *const *key = keyset_at(vnext, i);
        const char *const *shadow = shadow_of(root, key);
        const char *name = name_of(&root->names[DATABASE_VNEXT], key);
        const char *other = shadow == NULL ? NULL : name_of(&root->names[DATABASE_LEGACY], shadow);

        add_key(g, key, vnext->columns);
        add_key(g, shadow, legacy->columns);
        grid_add(g, name, 60);
        grid_add(g, other == NULL || name == NULL || strcmp(other, name) == 0 ? "" : other, 60);
    }
    for (size_t i = 0; i < legacy->count && shown < SHOWN; i++) {
        const char *const *key = keyset_at(legacy, i);

        if (keyset_find(&with_vnext, key, legacy->columns) < with_vnext.count)
            continue;
        add_key(g, NULL, 0);
        add_key(g, key, legacy->columns);
        grid_add(g, "", 60);
        grid_add(g, name_of(&root->names[DATABASE_LEGACY], key), 60);
        shown++;
    }
    keyset_free(&with_vnext);
    return shown;
}

void
cleanup_print_plan(const struct cleanup_run *run, const struct cleanup_plan *plan, const struct cleanup_steps *steps,
                   bool dry_run)
{
    const struct cleanup_part *root = &plan->parts[0];
    struct grid tables = {.columns = 3};
    struct grid names = {.columns = 4};
    struct buf out = {0};

    if (cleanup_plan_rows(plan) == 0) {
        buf_puts(&out, "nothing to delete: no ");
        shown_text(&out, run->column.target, 0);
        buf_puts(&out, " on either side is LIKE '");
        shown_text(&out, run->pattern, 0);
        printf("%s'\n", buf_text(&out));
        buf_free(&out);
        return;
    }
    grid_add(&tables, "table", 0);
    grid_add(&tables, "side", 0);
    grid_add(&tables, "rows", 0);
    for (size_t i = 0; i < steps->count; i++) {
        grid_addf(&tables, "%s.%s", steps->items[i].table->schema, steps->items[i].table->name);
        grid_add(&tables, side_word(&steps->items[i]), 0);
        grid_addf(&tables, "%zu", steps->items[i].rows.count);
    }
    buf_printf(&out, "%s deleted, in this order, for %s LIKE '", dry_run ? "Would be" : "To be", run->column.target);
    shown_text(&out, run->pattern, 0);
    buf_puts(&out, "':\n\n");
    grid_put(&out, &tables, 2, desk_width());
    grid_add(&names, "key", 0);
    grid_add(&names, "legacy key", 0);
    grid_add(&names, "name", 0);
    grid_add(&names, "legacy name, if another", 0);
    buf_putc(&out, '\n');
    if (add_names(&names, root) < root->rows[CLEANUP_SOURCE].count) {
        grid_put(&out, &names, 2, desk_width());
        buf_printf(&out, "  ... and %zu more\n", root->rows[CLEANUP_SOURCE].count - SHOWN);
    } else {
        grid_put(&out, &names, 2, desk_width());
    }
    buf_printf(&out, "\n%.0f rows in all; events of theirs that wait: %.0f, that failed: %.0f (they go too).\n",
               cleanup_plan_rows(plan), plan->waiting, plan->failed);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
    grid_free(&tables);
    grid_free(&names);
}

void
cleanup_print_unfinished(const PGresult *r, double rows, bool dry_run)
{
    struct buf out = {0};

    buf_puts(&out, "A cleanup of '");
    shown_text(&out, PQgetvalue(r, 0, PQfnumber(r, "pattern")), 0);
    buf_puts(&out, "' by ");
    shown_text(&out, PQgetvalue(r, 0, PQfnumber(r, "who")), 0);
    buf_printf(&out, " at %s was cut off: its legacy rows are deleted, %.0f other rows are not. %s\n",
               PQgetvalue(r, 0, PQfnumber(r, "started_at")), rows,
               dry_run ? "The next run will finish it first." : "It is finished first.");
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

/* ---- afterwards ---- */

static double
deleted(const struct cleanup_done *done)
{
    double rows = 0;

    for (size_t i = 0; i < done->steps.count; i++)
        rows += done->steps.items[i].deleted;
    return rows;
}

/* What is true after a cleanup; `tick` is told each line. */
static void
checklist(const struct cleanup_plan *plan, const struct cleanup_done *done,
          void (*tick)(void *into, bool good, const char *what), void *into)
{
    const double more = deleted(done) - cleanup_plan_rows(plan);
    char line[160];

    snprintf(line, sizeof line, "%.0f rows deleted of %.0f that were shown", deleted(done), cleanup_plan_rows(plan));
    if (more > 0)
        snprintf(line, sizeof line, "%.0f rows deleted: the %.0f that were shown, and %.0f that sync had made by then",
                 deleted(done), cleanup_plan_rows(plan), more);
    tick(into, more >= 0, line);
    if (!done->checked) {
        tick(into, false, "looked again: not possible; run the same command again");
        return;
    }
    snprintf(line, sizeof line, "rows of these left on either side, map rows among them: %.0f", done->left);
    tick(into, done->left == 0, line);
    snprintf(line, sizeof line, "events of these rows left, waiting or failed: %.0f", done->events_left);
    tick(into, done->events_left == 0, line);
}

static void
tick_text(void *into, bool good, const char *what)
{
    (void) into;
    printf("  [%c] %s\n", good ? 'x' : ' ', what);
}

static void
tick_json(void *into, bool good, const char *what)
{
    cJSON *line = cJSON_CreateObject();

    cJSON_AddStringToObject(line, "what", what);
    cJSON_AddBoolToObject(line, "good", good);
    cJSON_AddItemToArray(into, line);
}

void
cleanup_print_done(const struct cleanup_plan *plan, const struct cleanup_done *done)
{
    puts("\nDone:");
    checklist(plan, done, tick_text, NULL);
}

static cJSON *
text_or_null(const char *text)
{
    return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
}

static cJSON *
key_json(const char *const *key, size_t n)
{
    return key == NULL ? cJSON_CreateNull() : cJSON_CreateStringArray(key, (int) n);
}

static void
add_row(cJSON *rows, const struct cleanup_part *root, const char *const *key, const char *const *legacy)
{
    cJSON *row = cJSON_CreateObject();

    cJSON_AddItemToObject(row, "key", key_json(key, root->keys[DATABASE_VNEXT].columns));
    cJSON_AddItemToObject(row, "name", text_or_null(key == NULL ? NULL : name_of(&root->names[DATABASE_VNEXT], key)));
    cJSON_AddItemToObject(row, "legacy_key", key_json(legacy, root->keys[DATABASE_LEGACY].columns));
    cJSON_AddItemToObject(row, "legacy_name",
                          text_or_null(legacy == NULL ? NULL : name_of(&root->names[DATABASE_LEGACY], legacy)));
    cJSON_AddItemToArray(rows, row);
}

void
cleanup_json(cJSON *document, const struct cleanup_run *run, const struct cleanup_plan *plan,
             const struct cleanup_done *done)
{
    const struct cleanup_part *root = &plan->parts[0];
    struct cleanup_steps steps = cleanup_steps(run, plan);
    struct keyset with_vnext = shadows(root);
    cJSON *tables;
    cJSON *rows;

    cJSON_AddStringToObject(document, "match", run->pattern);
    cJSON_AddStringToObject(document, "entity", run->column.entity->name);
    cJSON_AddStringToObject(document, "column", run->column.target);
    tables = cJSON_AddArrayToObject(document, "tables");
    for (size_t i = 0; i < steps.count; i++) {
        cJSON *table = cJSON_CreateObject();

        cJSON_AddStringToObject(table, "schema", steps.items[i].table->schema);
        cJSON_AddStringToObject(table, "table", steps.items[i].table->name);
        cJSON_AddStringToObject(table, "side", side_word(&steps.items[i]));
        cJSON_AddNumberToObject(table, "rows", (double) steps.items[i].rows.count);
        cJSON_AddNumberToObject(table, "deleted", i < done->steps.count ? done->steps.items[i].deleted : 0);
        cJSON_AddItemToArray(tables, table);
    }
    rows = cJSON_AddArrayToObject(document, "rows");
    for (size_t i = 0; i < root->rows[CLEANUP_SOURCE].count; i++) {
        const char *const *key = keyset_at(&root->rows[CLEANUP_SOURCE], i);

        add_row(rows, root, key, shadow_of(root, key));
    }
    for (size_t i = 0; i < root->rows[CLEANUP_TARGET].count; i++) {
        const char *const *key = keyset_at(&root->rows[CLEANUP_TARGET], i);

        if (keyset_find(&with_vnext, key, with_vnext.columns) == with_vnext.count)
            add_row(rows, root, NULL, key);
    }
    cJSON_AddNumberToObject(document, "events_waiting", plan->waiting);
    cJSON_AddNumberToObject(document, "events_failed", plan->failed);
    cJSON_AddBoolToObject(document, "done", done->did);
    if (done->did)
        checklist(plan, done, tick_json, cJSON_AddArrayToObject(document, "verified"));
    keyset_free(&with_vnext);
    cleanup_steps_free(&steps);
}

void
cleanup_print_json(const cJSON *document)
{
    char *json = cJSON_Print(document);

    puts(json);
    cJSON_free(json);
}
