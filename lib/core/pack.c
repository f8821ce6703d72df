/* pack.c - the rules.json of a rule pack; see dualwrite/pack.h. */
#include "dualwrite/pack.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_file.h"
#include "dualwrite/json_node.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const severity_words[] = {"critical", "error", "warning"};
static const char *const each_words[PACK_EACH] = {NULL, "entity", "map", "child", "set", "values"};
static const char *const on_words[] = {"vnext", "legacy"};
static const char *const class_words[] = {"missing", "drifted", "extra", "refused"}; /* of reconcile.h */

const char *
pack_severity_word(enum pack_severity s)
{
    return severity_words[s];
}

/* ---- values ---- */

/* A key of `object` that is there, read as one of `words`; `otherwise` when it is not there or is none of them. */
static size_t
read_word(struct json_reader *r, const struct json_node *object, const char *key, const char *const *words,
          size_t count, size_t otherwise)
{
    const struct json_node n = json_child(object, key);
    const char *text = n.json == NULL ? NULL : json_string(r, &n, "one of the words that docs/packs.md lists");
    const char *nearest;
    struct buf known = {0};

    if (text == NULL)
        return otherwise;
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    for (size_t i = 0; i < count; i++)
        buf_printf(&known, "%s\"%s\"", i == 0 ? "" : ", ", words[i]);
    nearest = suggest_nearest(text, words, count);
    json_fault(r, FAULT_ERROR, &n, "is \"%s\"%s%s%s; write one of %s", text, nearest == NULL ? "" : "; did you mean \"",
               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"", buf_text(&known));
    buf_free(&known);
    return otherwise;
}

static int
read_points(struct json_reader *r, const struct json_node *object, const char *key, int otherwise)
{
    const struct json_node n = json_child(object, key);

    if (n.json == NULL)
        return otherwise;
    if (cJSON_IsNumber(n.json) && n.json->valuedouble >= 0 && n.json->valuedouble <= PACK_WEIGHT_MAX)
        return n.json->valueint;
    json_fault(r, FAULT_ERROR, &n, "is %s; write a whole number of points, 0 to %d", json_kind(n.json),
               PACK_WEIGHT_MAX);
    return otherwise;
}

/* A copy; NULL with a fault for anything but a string that says something. */
static char *
read_text(struct json_reader *r, const struct json_node *object, const char *key, const char *accepted)
{
    const struct json_node n = json_child(object, key);
    const char *text;

    if (n.json == NULL) {
        json_fault(r, FAULT_ERROR, object, "has no \"%s\"; write %s", key, accepted);
        return NULL;
    }
    text = json_string(r, &n, accepted);
    if (text != NULL && text[strspn(text, " ")] == '\0') {
        json_fault(r, FAULT_ERROR, &n, "is empty; write %s", accepted);
        return NULL;
    }
    return text == NULL ? NULL : xstrdup(text);
}

/* Names of packs and checks go through shells, dashboards and metrics' labels. */
static char *
read_name(struct json_reader *r, const struct json_node *object)
{
    static const char accepted[] = "a short name of a-z, 0-9 and _, like \"duplicate_keys\"";
    char *name = read_text(r, object, "name", accepted);
    const struct json_node n = json_child(object, "name");

    if (name != NULL &&
        (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name) || strlen(name) > JSON_IDENTIFIER_MAX)) {
        json_fault(r, FAULT_ERROR, &n, "is \"%s\"; write %s", name, accepted);
        free(name);
        return NULL;
    }
    return name;
}

/* Beside rules.json, and nowhere else. */
static bool
is_sql_file(const char *name)
{
    const size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".sql") == 0 && strchr(name, '/') == NULL && name[0] != '.';
}

static char *
read_file_name(struct json_reader *r, const struct json_node *object, const char *key)
{
    static const char accepted[] = "the name of an .sql file in the pack's folder";
    char *name = read_text(r, object, key, accepted);
    const struct json_node n = json_child(object, key);

    if (name == NULL || is_sql_file(name))
        return name;
    json_fault(r, FAULT_ERROR, &n, "is \"%s\"; write %s", name, accepted);
    free(name);
    return NULL;
}

/* ---- a check ---- */

static void
read_mend(struct json_reader *r, const struct json_node *n, struct pack_check *c)
{
    const struct json_node mend = json_child(n, "mend");
    const char *text = mend.json == NULL ? NULL : json_string(r, &mend, "\"queue\", \"retry\" or an .sql file's name");

    if (text == NULL) {
        if (mend.json == NULL && json_child(n, "done").json != NULL)
            json_fault(r, FAULT_ERROR, n, "has a \"done\" but no \"mend\" that does it; write both or none");
        return;
    }
    c->done = read_text(r, n, "done", "what the mend has done, for people");
    if (strcmp(text, "queue") == 0) {
        c->mends = PACK_MEND_QUEUE;
        if (c->compares == NULL)
            json_fault(r, FAULT_ERROR, &mend, "is \"queue\", which is for checks that have \"compares\"");
    } else if (strcmp(text, "retry") == 0) {
        c->mends = PACK_MEND_RETRY;
    } else {
        c->mends = PACK_MEND_SQL;
        c->mend.name = read_file_name(r, n, "mend");
        if (json_child(n, "table").json == NULL)
            json_fault(r, FAULT_ERROR, n,
                       "mends by SQL, but has no \"table\"; name the table whose rows are changed, so that they can be "
                       "put back");
        if (c->on == PACK_LEGACY)
            json_fault(r, FAULT_ERROR, n, "mends legacy by SQL, which only the sync writes; leave \"mend\" out");
    }
}

static void
read_table(struct json_reader *r, const struct json_node *n, const char *schema, struct pack_check *c)
{
    const struct json_node table = json_child(n, "table"), in = json_child(n, "schema"), key = json_child(n, "key");

    if (table.json == NULL) {
        if (in.json != NULL || key.json != NULL)
            json_fault(r, FAULT_ERROR, n, "has a \"%s\" but no \"table\"; write both or none",
                       in.json != NULL ? "schema" : "key");
        return;
    }
    c->table = json_identifier(r, &table, "the name of the table whose rows are found");
    c->table_schema = in.json == NULL ? xstrdup(schema) : json_identifier(r, &in, "the table's schema");
    c->key =
        key.json == NULL ? xstrdup("id") : json_identifier(r, &key, "the table's column that the SQL gives as key");
    if (c->each != PACK_ONCE)
        json_fault(r, FAULT_ERROR, &table,
                   "is not together with \"each\", which takes tables from the mapping; "
                   "leave one of them out");
}

static void
read_check(struct json_reader *r, const struct json_node *n, const char *schema, struct pack_check *c)
{
    static const char *const keys[] = {"name", "title",  "severity", "weight", "each",   "column", "on", "compares",
                                       "find", "legacy", "mend",     "done",   "schema", "table",  "key"};
    const struct json_node compares = json_child(n, "compares"), column = json_child(n, "column"),
                           legacy = json_child(n, "legacy");

    if (!json_object_of(r, n, "an object with name, title, severity and find", keys, COUNT(keys)))
        return;
    c->name = read_name(r, n);
    c->title = read_text(r, n, "title", "one line that says what must hold, for people");
    if (json_child(n, "severity").json == NULL)
        json_fault(r, FAULT_ERROR, n, "has no \"severity\"; write \"critical\", \"error\" or \"warning\"");
    c->severity = (enum pack_severity) read_word(r, n, "severity", severity_words, COUNT(severity_words), PACK_ERROR);
    c->weight = read_points(r, n, "weight", 0);
    c->each = (enum pack_each)(
        json_child(n, "each").json == NULL ? 0 : 1 + read_word(r, n, "each", each_words + 1, COUNT(each_words) - 1, 0));
    c->on = (enum pack_on) read_word(r, n, "on", on_words, COUNT(on_words), PACK_VNEXT);
    if (compares.json != NULL) {
        c->compares = class_words[read_word(r, n, "compares", class_words, COUNT(class_words), 0)];
        if (c->each != PACK_ENTITY)
            json_fault(r, FAULT_ERROR, &compares, "is only together with \"each\": \"entity\"; write both or none");
    }
    if (column.json != NULL) {
        c->column = json_identifier(r, &column, "the name of a legacy column");
        if (c->each == PACK_ONCE)
            json_fault(r, FAULT_ERROR, &column, "is only together with \"each\"; leave it out");
    }
    c->find.name = read_file_name(r, n, "find");
    if (legacy.json != NULL) {
        c->legacy.name = read_file_name(r, n, "legacy");
        if (c->on == PACK_LEGACY)
            json_fault(r, FAULT_ERROR, &legacy, "is for checks on \"vnext\"; \"find\" reads legacy's rows itself here");
    }
    read_mend(r, n, c);
    read_table(r, n, schema, c);
}

/* ---- the pack ---- */

static void
check_names(struct json_reader *r, const struct json_node *checks, const struct pack *p)
{
    const cJSON *item = p->count == 0 ? NULL : checks->json->child;

    for (size_t i = 0; item != NULL; i++, item = item->next) {
        const struct json_node element = json_element(checks, i, item), name = json_child(&element, "name");
        size_t j = 0;

        while (j < i && (p->checks[i].name == NULL || p->checks[j].name == NULL ||
                         strcmp(p->checks[i].name, p->checks[j].name) != 0))
            j++;
        if (j < i)
            json_fault(r, FAULT_ERROR, &name, "is \"%s\", as that of $.checks[%zu]; each check has a name of its own",
                       p->checks[i].name, j);
    }
}

static void
read_checks(struct json_reader *r, const struct json_node *n, struct pack *p)
{
    size_t i = 0;

    if (!json_list(r, n, "a list of checks"))
        return;
    p->count = (size_t) cJSON_GetArraySize(n->json);
    p->checks = xcalloc(p->count, sizeof *p->checks);
    for (const cJSON *item = n->json->child; item != NULL; item = item->next, i++) {
        const struct json_node element = json_element(n, i, item);

        read_check(r, &element, p->schema, &p->checks[i]);
    }
    check_names(r, n, p);
}

static void
read_pack(struct json_reader *r, const struct json_node *top, struct pack *p)
{
    static const char *const keys[] = {"name", "title", "schema", "scoring", "checks"};
    static const char *const scoring_keys[] = {"per_issue", "most"};
    const struct json_node schema = json_child(top, "schema"), scoring = json_child(top, "scoring"),
                           checks = json_child(top, "checks");

    p->schema = xstrdup("public");
    p->scoring = (struct pack_scoring){5, 50};
    if (!json_object_of(r, top, "an object with name, title and checks", keys, COUNT(keys)))
        return;
    p->name = read_name(r, top);
    p->title = read_text(r, top, "title", "one line that says what the pack is about");
    if (schema.json != NULL) {
        char *name = json_identifier(r, &schema, "the schema of tables that the SQL names without one");

        free(p->schema);
        p->schema = name == NULL ? xstrdup("public") : name;
    }
    if (scoring.json != NULL &&
        json_object_of(r, &scoring, "an object with per_issue and most", scoring_keys, COUNT(scoring_keys))) {
        p->scoring.per_issue = read_points(r, &scoring, "per_issue", p->scoring.per_issue);
        p->scoring.most = read_points(r, &scoring, "most", p->scoring.most);
    }
    read_checks(r, &checks, p);
}

struct pack *
pack_parse(const char *file, const char *json, size_t len, struct faults *faults)
{
    struct json_reader r = {.file = file, .faults = faults};
    const size_t errors = faults->errors;
    cJSON *tree = json_file_parse(file, json, len, faults);
    const struct json_node top = {.json = tree};
    struct pack *p;

    if (tree == NULL)
        return NULL;
    p = xcalloc(1, sizeof *p);
    read_pack(&r, &top, p);
    cJSON_Delete(tree);
    if (faults->errors == errors)
        return p;
    pack_free(p);
    return NULL;
}

static void
free_file(struct pack_file *f)
{
    free(f->name);
    free(f->text);
}

void
pack_free(struct pack *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++) {
        struct pack_check *c = &p->checks[i];

        free(c->name);
        free(c->title);
        free(c->column);
        free(c->done);
        free(c->table_schema);
        free(c->table);
        free(c->key);
        free_file(&c->find);
        free_file(&c->legacy);
        free_file(&c->mend);
    }
    pack_parts_free(&p->parts);
    free(p->checks);
    free(p->name);
    free(p->title);
    free(p->schema);
    free(p);
}

bool
pack_is_about_sync(const struct pack *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->checks[i].each != PACK_ONCE)
            return true;
    return false;
}

bool
pack_compares(const struct pack *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->checks[i].compares != NULL)
            return true;
    return false;
}
