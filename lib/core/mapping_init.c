/* mapping_init.c - puts a proposed mapping together; see dualwrite/mapping_init.h. */
#include "dualwrite/mapping_init.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/init_columns.h"
#include "dualwrite/init_keys.h"
#include "dualwrite/init_maps.h"
#include "dualwrite/init_value.h"
#include "dualwrite/json_node.h"
#include "dualwrite/mapping_json.h"
#include "dualwrite/names.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

static void
add_table(cJSON *object, const char *schema, const char *name)
{
    cJSON_AddStringToObject(object, "table", name);
    if (strcmp(schema, "public") != 0)
        cJSON_AddStringToObject(object, "schema", schema);
}

static void
add_side(cJSON *entity, const char *side, const struct catalog_table *t, const struct init_key *key)
{
    cJSON *object = cJSON_AddObjectToObject(entity, side);
    cJSON *list;

    add_table(object, t->schema, t->name);
    if (key->count == 0) {
        init_todo(cJSON_AddObjectToObject(object, "key"), "has no primary key: name the columns that tell rows apart");
        return;
    }
    list = cJSON_AddArrayToObject(object, "key");
    for (size_t i = 0; i < key->count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(key->items[i]));
}

/* ---- the map ---- */

static const char *
verified_column(const struct init_draft *d)
{
    static const char *const words[] = {"verified", "checked", "confirmed", NULL};

    if (d->way == INIT_NEW_MAP)
        return "verified";
    for (size_t i = 0; i < d->map->ncolumns; i++)
        if (strcmp(d->map->columns[i].base, "bool") == 0 && name_word_among(d->map->columns[i].name, words) != NULL)
            return d->map->columns[i].name;
    return NULL;
}

static void
add_map(const struct init_input *in, const struct init_draft *d, const cJSON *columns, cJSON *entity)
{
    cJSON *map = cJSON_AddObjectToObject(entity, "map");
    const char *verified = verified_column(d);
    cJSON *keys = NULL;

    add_table(map, in->vnext.facts->schema, d->map_name);
    if (d->source_key.count > 1)
        keys = cJSON_AddArrayToObject(map, "source_key");
    for (size_t i = 0; i < d->source_key.count; i++) {
        char *name = init_map_source(d, i);

        if (keys == NULL)
            cJSON_AddStringToObject(map, "source_key", name);
        else
            cJSON_AddItemToArray(keys, cJSON_CreateString(name));
        free(name);
    }
    cJSON_AddStringToObject(map, "target_key", d->map_target);
    if (verified != NULL)
        cJSON_AddStringToObject(map, "verified", verified);
    if (d->way == INIT_FOUND_MAP) {
        cJSON *more = init_map_columns(d, verified, columns);

        if (more->child == NULL)
            cJSON_Delete(more);
        else
            cJSON_AddItemToObject(map, "columns", more);
    } else {
        init_todo(map, "has to be made first; the statement is printed with the notes");
    }
}

/* ---- presence and removal ---- */

/* A column whose first value says that the row counts: status, 'ACTIVE'. */
static const struct catalog_column *
state_column(const struct catalog_table *t, char **first)
{
    static const char *const words[] = {"status", "state", NULL};

    for (size_t i = 0; i < t->ncolumns; i++)
        if (name_word_among(t->columns[i].name, words) != NULL) {
            *first = init_default_text(&t->columns[i]);
            if (*first != NULL)
                return &t->columns[i];
        }
    return NULL;
}

/* Of several columns of times the one that says which row is the latest. */
static const struct catalog_column *
latest_column(const struct catalog_table *t)
{
    static const char *const words[][4] = {
        {"updated", "modified", "changed"}, {"started", "start", "begin", "since"}, {"created", "joined", "added"}};

    for (size_t w = 0; w < 3; w++)
        for (size_t i = 0; i < t->ncolumns; i++) {
            const char *const known[] = {words[w][0], words[w][1], words[w][2], words[w][3], NULL};

            if (init_is_time(&t->columns[i]) && t->columns[i].not_null &&
                name_word_among(t->columns[i].name, known) != NULL)
                return &t->columns[i];
        }
    return NULL;
}

static void
add_presence(const struct init_draft *d, cJSON *entity)
{
    const struct catalog_column *gone = init_soft_delete(d);
    const struct catalog_column *latest = d->several ? latest_column(d->pair.vnext) : NULL;
    char *first = NULL;
    const struct catalog_column *state = d->several ? state_column(d->pair.vnext, &first) : NULL;
    cJSON *present = gone == NULL && state == NULL ? NULL : cJSON_AddObjectToObject(entity, "present");

    if (gone != NULL) {
        cJSON_AddStringToObject(present, "column", gone->name);
        cJSON_AddTrueToObject(present, "null");
        init_todo(present, "guessed: a row with a %s is gone", gone->name);
    } else if (state != NULL) {
        cJSON_AddStringToObject(present, "column", state->name);
        cJSON_AddItemToArray(cJSON_AddArrayToObject(present, "in"), cJSON_CreateString(first));
        init_todo(present, "several vNext rows may stand for one legacy row: guessed that these count");
    }
    if (latest != NULL)
        cJSON_AddStringToObject(entity, "latest_by", latest->name);
    if (d->several && (latest == NULL || present == NULL))
        init_todo(entity,
                  "several vNext rows may stand for one legacy row: say with present and latest_by which speaks");
    free(first);
}

/* The label of an end. */
static const char *
end_label(const struct schema_labels *labels)
{
    static const char *const words[] = {"inactive", "cancelled", "canceled", "closed",   "ended",
                                        "removed",  "deleted",   "expired",  "disabled", NULL};

    for (size_t i = 0; words[i] != NULL; i++)
        if (init_label(labels, words[i]) != NULL)
            return init_label(labels, words[i]);
    return NULL;
}

/* What a removal could set. It is proposed, and never a deletion; the decision stays with a person. */
static void
add_removal(const struct init_input *in, const struct init_draft *d, const cJSON *columns, cJSON *entity)
{
    static const char *const good[] = {"active", "enabled", "visible", "valid", "open", "current", NULL};
    cJSON *removal = cJSON_CreateObject();
    cJSON *set = cJSON_AddObjectToObject(removal, "set");
    const cJSON *item;

    cJSON_ArrayForEach(item, columns)
    {
        const struct catalog_column *to = catalog_column(d->pair.legacy, item->string);
        const struct schema_labels *labels = schema_facts_labels(in->legacy.facts, d->pair.legacy->name, item->string);

        if (strcmp(to->base, "bool") == 0 && name_word_among(to->name, good) != NULL)
            cJSON_AddStringToObject(cJSON_AddObjectToObject(set, to->name), "constant", "false");
        else if (init_is_end(to) && cJSON_GetObjectItemCaseSensitive(item, "constant") != NULL)
            cJSON_AddTrueToObject(cJSON_AddObjectToObject(set, to->name), "now");
        else if (labels != NULL && end_label(labels) != NULL)
            cJSON_AddStringToObject(cJSON_AddObjectToObject(set, to->name), "constant", end_label(labels));
    }
    if (set->child == NULL) {
        cJSON_Delete(removal);
        cJSON_AddStringToObject(entity, "removal",
                                "TODO: what becomes of the legacy row when the vNext row is gone: keep, delete, or an "
                                "object with set");
        return;
    }
    init_todo(removal, "what becomes of the legacy row when the vNext row is gone: this, or keep, or delete?");
    cJSON_AddItemToObject(entity, "removal", removal);
}

/* ---- the words of the log ---- */

static void
add_words(const struct init_draft *d, cJSON *entity)
{
    static const char *const keys[] = {"insert", "update", "remove"};
    static const char *const ends[] = {"created", "updated", "removed"};
    cJSON *log = cJSON_AddObjectToObject(entity, "log");
    cJSON *operations;
    struct buf word = {0};

    buf_printf(&word, "%s_id", d->name);
    cJSON_AddStringToObject(log, "id", buf_text(&word));
    if (d->way != INIT_NATURAL) {
        buf_clear(&word);
        buf_printf(&word, "legacy_%s_id", d->name);
        cJSON_AddStringToObject(log, "target_id", buf_text(&word));
    }
    operations = cJSON_AddObjectToObject(entity, "operations");
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&word);
        buf_printf(&word, "sync_%s_%s", d->name, ends[i]);
        cJSON_AddStringToObject(operations, keys[i], buf_text(&word));
    }
    buf_free(&word);
}

/* ---- all of it ---- */

/* The name as a string of its own, or quoted in an expression. */
static bool
mentions(const cJSON *node, const char *name)
{
    const cJSON *item;
    struct buf quoted = {0};
    bool found = false;

    if (cJSON_IsString(node)) {
        quote_ident(&quoted, name);
        found = strcmp(node->valuestring, name) == 0 || strstr(node->valuestring, buf_text(&quoted)) != NULL;
        buf_free(&quoted);
    }
    cJSON_ArrayForEach(item, node) found = found || mentions(item, name);
    return found;
}

static void
note_unread(const struct catalog_table *t, const cJSON *entity, struct faults *notes)
{
    static const char *const places[] = {"columns", "parent", "present", "latest_by", "source"};
    struct buf unread = {0};

    for (size_t i = 0; i < t->ncolumns; i++) {
        bool read = false;

        for (size_t p = 0; p < sizeof places / sizeof places[0]; p++)
            read = read || mentions(cJSON_GetObjectItemCaseSensitive(entity, places[p]), t->columns[i].name);
        if (!read)
            buf_printf(&unread, "%s%s", unread.len == 0 ? "" : ", ", t->columns[i].name);
    }
    if (unread.len > 0)
        faults_add(notes, FAULT_WARNING, t->name, "not read: %s", buf_text(&unread));
    buf_free(&unread);
}

static cJSON *
make_entity(const struct init_input *in, const struct init_drafts *drafts, size_t index, struct faults *notes)
{
    const struct init_draft *d = &drafts->items[index];
    cJSON *entity = cJSON_CreateObject();
    cJSON *columns = init_columns(in, drafts, index, notes);

    cJSON_AddStringToObject(entity, "name", d->name);
    if (d->pair.guessed)
        init_todo(entity, "only a part of the tables' names is the same: do %s and %s belong together?",
                  d->pair.vnext->name, d->pair.legacy->name);
    if (d->has_parent) {
        cJSON *parent = cJSON_AddObjectToObject(entity, "parent");

        cJSON_AddStringToObject(parent, "entity", drafts->items[d->parent.draft].name);
        cJSON_AddStringToObject(parent, "column", d->parent.column);
        cJSON_AddStringToObject(parent, "target_column", d->parent.target_column);
    }
    add_side(entity, "source", d->pair.vnext, &d->source_key);
    add_side(entity, "target", d->pair.legacy, &d->target_key);
    if (d->way != INIT_NATURAL)
        add_map(in, d, columns, entity);
    if (columns->child == NULL)
        init_todo(entity, "no column of the two tables has the same name: name them in columns");
    cJSON_AddItemToObject(entity, "columns", columns);
    add_presence(d, entity);
    add_removal(in, d, columns, entity);
    add_words(d, entity);
    note_unread(d->pair.vnext, entity, notes);
    return entity;
}

/* Every TODO in the tree with its path. An object that is nothing else is named itself. */
static void
find_todos(const cJSON *node, const char *path, struct faults *todos)
{
    const cJSON *item;
    size_t i = 0;

    if (cJSON_IsString(node) && strncmp(node->valuestring, "TODO: ", 6) == 0)
        faults_add(todos, FAULT_WARNING, path, "%s", node->valuestring + 6);
    cJSON_ArrayForEach(item, node)
    {
        struct buf at = {0};

        buf_puts(&at, path);
        if (item->string == NULL)
            buf_printf(&at, "[%zu]", i++);
        else if (strcmp(item->string, "TODO") != 0 || item->next != NULL || item != node->child)
            json_path_key(&at, item->string);
        if (item->string != NULL && strcmp(item->string, "TODO") == 0)
            faults_add(todos, FAULT_WARNING, buf_text(&at), "%s", cJSON_GetStringValue(item));
        else
            find_todos(item, buf_text(&at), todos);
        buf_free(&at);
    }
}

static void
note_unpaired(const struct init_side *side, const struct init_pairs *pairs, const struct init_drafts *drafts,
              bool vnext, struct faults *notes)
{
    struct buf list = {0};

    for (size_t i = 0; i < side->catalog->count; i++) {
        const struct catalog_table *t = &side->catalog->tables[i];
        bool paired = false;

        for (size_t j = 0; j < pairs->count; j++) {
            paired = paired || (strcmp(pairs->items[j].vnext->name, t->name) == 0 && vnext) ||
                     (strcmp(pairs->items[j].legacy->name, t->name) == 0 && !vnext) || drafts->items[j].map == t;
        }
        if (!paired)
            buf_printf(&list, "%s%s", list.len == 0 ? "" : ", ", t->name);
    }
    if (list.len > 0)
        faults_add(notes, FAULT_WARNING, side->facts->schema, "%s tables without a counterpart: %s",
                   vnext ? "vNext" : "legacy", buf_text(&list));
    buf_free(&list);
}

struct mapping_proposal *
mapping_init(const struct init_input *in, const char *by_hand, struct faults *faults)
{
    size_t errors = faults->errors;
    struct init_pairs pairs = init_pairs(in, by_hand, faults);
    struct mapping_proposal *p = NULL;

    if (faults->errors == errors) {
        struct init_drafts drafts = init_drafts(in, &pairs);
        cJSON *tree = cJSON_CreateObject();
        cJSON *entities;
        struct buf sql = {0};

        p = xcalloc(1, sizeof *p);
        cJSON_AddStringToObject(tree, "channel", "dualwrite");
        entities = cJSON_AddArrayToObject(tree, "entities");
        for (size_t i = 0; i < drafts.count; i++) {
            cJSON_AddItemToArray(entities, make_entity(in, &drafts, i, &p->notes));
            if (drafts.items[i].way == INIT_NEW_MAP) {
                init_map_create(&sql, in, &drafts.items[i]);
                buf_putc(&sql, '\n');
            }
        }
        if (!in->one_schema) {
            note_unpaired(&in->vnext, &pairs, &drafts, true, &p->notes);
            note_unpaired(&in->legacy, &pairs, &drafts, false, &p->notes);
        }
        find_todos(tree, "$", &p->todos);
        p->json = mapping_json(tree);
        p->sql = buf_steal(&sql);
        cJSON_Delete(tree);
        init_drafts_free(&drafts);
    }
    init_pairs_free(&pairs);
    return p;
}

void
mapping_proposal_free(struct mapping_proposal *p)
{
    if (p == NULL)
        return;
    free(p->json);
    free(p->sql);
    faults_free(&p->todos);
    faults_free(&p->notes);
    free(p);
}
