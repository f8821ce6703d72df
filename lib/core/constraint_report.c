/* constraint_report.c - what there is of a rule pack's parts; see dualwrite/constraint_report.h. */
#include "dualwrite/constraint_report.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/constraint_sql.h"
#include "dualwrite/shown.h"

#define TICK "\xe2\x9c\x93"
#define CROSS "\xe2\x9c\x97"
#define CAUTION "\xe2\x9a\xa0"

static const char *const states[] = {"in_force",   "absent",   "not_validated", "changed", "switched_off",
                                     "unfinished", "not_ours", "no_table",      "unknown"};
static const char *const words[] = {"status", "install", "remove"};

/* ---- judging ---- */

static bool
is_owned(const char *comment, const char *pack)
{
    char *owner = constraint_owner(pack);
    const bool owned = comment != NULL && strncmp(comment, owner, strlen(owner)) == 0;

    free(owner);
    return owned;
}

static bool
is_as_written(const struct pack_part *p, const char *pack, const char *comment)
{
    char *ours = constraint_comment(p, pack);
    const bool same = strcmp(ours, comment) == 0;

    free(ours);
    return same;
}

enum constraint_state
constraint_judge(const struct pack_part *p, const char *pack, const struct constraint_facts *f)
{
    if (!f->there)
        return CONSTRAINT_NO_TABLE;
    if (!f->has && !f->named)
        return CONSTRAINT_ABSENT;
    if (!f->has)
        return f->fits ? CONSTRAINT_UNFINISHED : CONSTRAINT_FOREIGN;
    if (!is_owned(f->comment, pack))
        return CONSTRAINT_FOREIGN;
    if (!is_as_written(p, pack, f->comment))
        return CONSTRAINT_CHANGED;
    if (f->valid)
        return CONSTRAINT_IN_FORCE;
    return p->kind == PACK_PART_TRIGGER ? CONSTRAINT_OFF : CONSTRAINT_UNVALIDATED;
}

/* Whether it is what the command was to make of it. */
static bool
is_good(const struct constraint_report *r, const struct constraint_result *item)
{
    if (r->word == CONSTRAINTS_REMOVE)
        return r->dry_run || item->state == CONSTRAINT_ABSENT || item->state == CONSTRAINT_FOREIGN ||
               item->state == CONSTRAINT_NO_TABLE;
    if (r->dry_run)
        return item->failing <= 0;
    return item->state == CONSTRAINT_IN_FORCE;
}

enum constraint_verdict
constraint_verdict(const struct constraint_report *r)
{
    enum constraint_verdict verdict = CONSTRAINTS_GOOD;

    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].why != NULL)
            return CONSTRAINTS_UNFINISHED;
        if (!is_good(r, &r->items[i]))
            verdict = CONSTRAINTS_FOUND;
    }
    return verdict;
}

/* ---- text ---- */

static void
put_failing(struct buf *out, const struct constraint_result *item)
{
    const cJSON *key;

    if (item->failing <= 0)
        return;
    buf_puts(out, "; ");
    shown_count(out, (double) item->failing);
    buf_puts(out, item->failing == 1 ? " row fails:" : " rows fail:");
    cJSON_ArrayForEach(key, item->samples)
    {
        buf_puts(out, key == item->samples->child ? " " : ", ");
        shown_text(out, cJSON_IsString(key) ? key->valuestring : "NULL", 100);
    }
    buf_puts(out, cJSON_GetArraySize(item->samples) < item->failing ? ", ..." : "");
}

static const char *
say_state(const struct constraint_result *item)
{
    static const char *const says[] = {
        "in force",
        "not there",
        "kept for new and changed rows, not validated for those of before",
        "there, but not as the pack has it now",
        "switched off",
        "its index is there, the constraint is not",
        "something of this name is there that is not this pack's: it is left alone",
        "its table is not there",
        "not known",
    };

    return says[item->state];
}

static void
put_item(struct buf *out, const struct constraint_report *r, const struct constraint_result *item)
{
    const struct pack_part *p = item->part;

    buf_printf(out, "  %s ", item->why != NULL ? CAUTION : is_good(r, item) ? TICK : CROSS);
    shown_text(out, p->name, 0);
    buf_printf(out, " (%s", pack_part_word(p->kind));
    if (p->table != NULL) {
        buf_puts(out, " on ");
        shown_text(out, p->table, 0);
    }
    buf_printf(out, "): %s%s%s", r->dry_run && item->done != NULL ? "would be " : "",
               item->done == NULL ? "" : item->done, item->done == NULL ? "" : "; ");
    buf_puts(out, r->dry_run && item->done != NULL ? "now " : "");
    buf_puts(out, say_state(item));
    put_failing(out, item);
    if (item->why != NULL) {
        buf_puts(out, "; ");
        shown_text(out, item->why, 0);
    }
    buf_putc(out, '\n');
}

void
constraint_text(struct buf *out, const struct constraint_report *r)
{
    static const char *const marks[] = {TICK, CROSS, CAUTION};
    size_t in_force = 0;
    bool failing = false;

    if (r->count == 0) {
        buf_printf(out, "%s: brings no constraints and no functions\n", r->pack);
        return;
    }
    buf_printf(out, "%s:\n", r->pack);
    for (size_t i = 0; i < r->count; i++) {
        put_item(out, r, &r->items[i]);
        in_force += r->items[i].state == CONSTRAINT_IN_FORCE;
        failing = failing || r->items[i].failing > 0;
    }
    buf_printf(out, "\n%s %zu of %zu in force\n", marks[constraint_verdict(r)], in_force, r->count);
    if (failing)
        buf_puts(out, "What fails is mended by `dualwrited validate --fix` with this pack, or by hand; then run "
                      "`dualwrited constraints install` again.\n");
}

/* ---- JSON ---- */

static cJSON *
item_json(const struct constraint_result *item)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "name", item->part->name);
    cJSON_AddStringToObject(o, "kind", pack_part_word(item->part->kind));
    cJSON_AddStringToObject(o, "schema", item->part->schema);
    if (item->part->table != NULL)
        cJSON_AddStringToObject(o, "table", item->part->table);
    cJSON_AddStringToObject(o, "state", states[item->state]);
    if (item->failing >= 0)
        cJSON_AddNumberToObject(o, "failing", (double) item->failing);
    if (item->samples != NULL)
        cJSON_AddItemToObject(o, "samples", cJSON_Duplicate(item->samples, true));
    if (item->done != NULL)
        cJSON_AddStringToObject(o, "done", item->done);
    if (item->why != NULL)
        cJSON_AddStringToObject(o, "why", item->why);
    return o;
}

void
constraint_json(struct buf *out, const struct constraint_report *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *parts;
    char *text;

    cJSON_AddStringToObject(o, "command", words[r->word]);
    cJSON_AddStringToObject(o, "pack", r->pack);
    cJSON_AddBoolToObject(o, "dry_run", r->dry_run);
    parts = cJSON_AddArrayToObject(o, "parts");
    for (size_t i = 0; i < r->count; i++)
        cJSON_AddItemToArray(parts, item_json(&r->items[i]));
    text = cJSON_Print(o);
    buf_printf(out, "%s\n", text);
    free(text);
    cJSON_Delete(o);
}

void
constraint_report_free(struct constraint_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        cJSON_Delete(r->items[i].samples);
        free(r->items[i].why);
    }
    free(r->items);
    *r = (struct constraint_report){0};
}
