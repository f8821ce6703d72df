/* rollback_advice.c - which rollback fits what is wrong; see dualwrite/rollback_advice.h. */
#include "dualwrite/rollback_advice.h"

#include <string.h>

#include "dualwrite/flags.h"
#include "dualwrite/quote.h"
#include "dualwrite/shown.h"
#include "dualwrite/template.h"
#include "embedded.h"

/* ---- the statements ---- */

static void
take_table(struct fragments *f, const char *name, const struct mapping_table *t)
{
    struct buf out = {0};

    quote_qualified(&out, t->schema, t->name);
    fragments_take(f, name, buf_steal(&out));
}

static void
take_ident(struct fragments *f, const char *name, const char *ident)
{
    struct buf out = {0};

    quote_ident(&out, ident);
    fragments_take(f, name, buf_steal(&out));
}

static char *
fill(const char *template, struct fragments *f)
{
    struct buf out = {0};

    template_fill(&out, template, f);
    fragments_free(f);
    return buf_steal(&out);
}

char *
rollback_map_sql(const struct mapping_entity *e, bool apart)
{
    struct fragments f = {0};
    struct fragments with = {0};
    struct buf key = {0};

    for (size_t i = 0; i < e->map->source_key.count; i++) {
        buf_puts(&key, i == 0 ? "m." : ", m.");
        quote_ident(&key, e->map->source_key.items[i]);
    }
    take_table(&f, "map", &e->map->table);
    fragments_take(&f, "source_key", buf_steal(&key));
    take_ident(&f, "target_key", e->map->target_key);
    if (apart) {
        fragments_set(&f, "orphans", "NULL");
    } else {
        take_table(&with, "map", &e->map->table);
        take_table(&with, "target", &e->target);
        take_ident(&with, "key", e->target_key.items[0]);
        take_ident(&with, "target_key", e->map->target_key);
        fragments_take(&f, "orphans", fill(sql_rollback_map_orphans, &with));
    }
    return fill(sql_rollback_map, &f);
}

const char *
rollback_name_column(const struct mapping_entity *e)
{
    for (size_t i = 0; i < e->columns.count; i++)
        if (e->columns.items[i].value.kind == VALUE_COLUMN && strcmp(e->columns.items[i].name, "name") == 0)
            return e->columns.items[i].value.text;
    return NULL;
}

char *
rollback_test_sql(const struct mapping_entity *e)
{
    struct fragments f = {0};

    take_table(&f, "source", &e->source);
    take_ident(&f, "name", rollback_name_column(e));
    return fill(sql_rollback_test_rows, &f);
}

/* ---- the matrix ---- */

static const cJSON *
get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(get(object, key));

    return text == NULL ? "" : text;
}

static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = get(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static bool
on(const struct advice_facts *facts, enum flag f)
{
    return strcmp(string(get(get(facts->state, "flags"), flag_name(f)), "value"), "true") == 0;
}

/* One line. `fits` < 0: not known. */
static void
add(cJSON *matrix, const char *urgency, const char *symptom, int fits, const char *action, const char *command,
    struct buf *evidence)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "symptom", symptom);
    cJSON_AddStringToObject(object, "urgency", urgency);
    if (fits < 0)
        cJSON_AddNullToObject(object, "fits");
    else
        cJSON_AddBoolToObject(object, "fits", fits);
    cJSON_AddStringToObject(object, "evidence", buf_text(evidence));
    cJSON_AddStringToObject(object, "action", action);
    cJSON_AddStringToObject(object, "command", command);
    cJSON_AddItemToArray(matrix, object);
    buf_free(evidence);
}

/* What the runbook stops dual write for; where it is off already the next step is to look. */
static void
add_stop(cJSON *matrix, const struct advice_facts *facts, const char *urgency, const char *symptom, bool fits,
         struct buf *evidence)
{
    if (on(facts, FLAG_ENABLED))
        add(matrix, urgency, symptom, fits, "stop dual write, then find the cause", "dualwrited rollback disable",
            evidence);
    else
        add(matrix, urgency, symptom, fits, "dual write is off already: find the cause", "dualwrited reconcile",
            evidence);
}

static void
advise_requests(cJSON *matrix, const struct advice_facts *facts)
{
    const double failed = number(facts->evidence, "failed");
    const bool strict = on(facts, FLAG_STRICT) && on(facts, FLAG_ENABLED);
    struct buf evidence = {0};
    struct buf blocked = {0};

    buf_printf(&evidence, "strict mode is %s, %.0f failed events", strict ? "on" : "off", failed);
    if (*string(facts->evidence, "failed_commonest") != '\0')
        buf_printf(&evidence, ", most of them %s", string(facts->evidence, "failed_commonest"));
    add(matrix, "immediate", "requests fail because their sync fails", strict && failed > 0,
        "switch strict mode off; if requests still fail, `dualwrited rollback disable`",
        "dualwrited rollback strict-off", &evidence);
    buf_printf(&blocked, "%.0f sessions of others wait for a lock of ours, the longest for %.1f s",
               number(facts->evidence, "blocked_sessions"), number(facts->evidence, "blocked_seconds"));
    add_stop(matrix, facts, "high", "requests are slowed down", number(facts->evidence, "blocked_sessions") > 0,
             &blocked);
}

static void
advise_data(cJSON *matrix, const struct advice_facts *facts)
{
    const double differences = number(facts->evidence, "differences");
    const bool open =
        !on(facts, FLAG_BLOCKED) || on(facts, FLAG_BYPASS) || facts->guard == NULL || strcmp(facts->guard, "on") != 0;
    struct buf evidence = {0};
    struct buf writes = {0};

    buf_printf(&evidence, "%.0f confirmed differences", differences);
    if (*string(facts->evidence, "reconciled_at") != '\0')
        buf_printf(&evidence, " (`dualwrited reconcile`, %s)", string(facts->evidence, "reconciled_at"));
    else
        buf_puts(&evidence, ", but `dualwrited reconcile` has not been run yet");
    add_stop(matrix, facts, "high", "vNext and legacy rows differ", differences > 0, &evidence);
    if (facts->legacy_writes < 0)
        buf_puts(&writes, "the legacy database does not answer");
    else
        buf_printf(&writes, "%.0f statements wrote the legacy tables directly in 24 hours; the guard is %s%s",
                   facts->legacy_writes, facts->guard == NULL ? "not known" : facts->guard,
                   open ? ", and lets them through" : "");
    add(matrix, "high", "legacy tables are written past the sync",
        facts->legacy_writes < 0 ? -1 : facts->legacy_writes > 0 && open, "block direct legacy writes",
        "dualwrited rollback block-legacy", &writes);
}

static void
advise_map(cJSON *matrix, const struct advice_facts *facts)
{
    struct buf twice = {0};
    struct buf orphans = {0};

    if (facts->duplicates < 0)
        buf_puts(&twice, facts->no_duplicates);
    else
        buf_printf(&twice, "%.0f keys stand in the map twice", facts->duplicates);
    if (facts->duplicates < 0)
        add(matrix, "medium", "duplicate map rows", -1, "count them", "dualwrited report", &twice);
    else
        add_stop(matrix, facts, "medium", "duplicate map rows", facts->duplicates > 0, &twice);
    if (facts->orphans < 0)
        buf_puts(&orphans, facts->no_orphans);
    else
        buf_printf(&orphans, "%.0f map rows lead to no legacy row", facts->orphans);
    add(matrix, "medium", "map rows without their legacy row", facts->orphans < 0 ? -1 : facts->orphans > 0,
        "find out who deletes legacy rows, then mend what differs", "dualwrited reconcile", &orphans);
}

static void
advise_rest(cJSON *matrix, const struct advice_facts *facts)
{
    struct buf failed = {0};
    struct buf test = {0};
    struct buf command = {0};
    const double count = number(facts->evidence, "failed");

    buf_printf(&failed, "%.0f failed events, %.0f of them parked", count, number(facts->evidence, "failed_parked"));
    add(matrix, "low", "syncs fail, and no request does", count > 0 && !on(facts, FLAG_STRICT),
        "watch and look into it", "dualwrited failed list", &failed);
    if (facts->test_rows < 0)
        buf_puts(&test, facts->no_test_rows);
    else
        buf_printf(&test, "%.0f rows are named like '%s'", facts->test_rows, facts->pattern);
    buf_puts(&command, "dualwrited rollback cleanup --dry-run --match ");
    buf_putc(&command, '\'');
    for (const char *p = facts->pattern; *p != '\0'; p++)
        if (*p == '\'')
            buf_puts(&command, "'\\''");
        else
            buf_putc(&command, *p);
    buf_putc(&command, '\'');
    add(matrix, "low", "test data is left", facts->test_rows < 0 ? -1 : facts->test_rows > 0, "delete it",
        buf_text(&command), &test);
    buf_free(&command);
}

cJSON *
rollback_advice(const struct advice_facts *facts)
{
    cJSON *matrix = cJSON_CreateArray();

    advise_requests(matrix, facts);
    advise_data(matrix, facts);
    advise_map(matrix, facts);
    advise_rest(matrix, facts);
    return matrix;
}

const cJSON *
rollback_advice_best(const cJSON *matrix)
{
    const cJSON *line;

    cJSON_ArrayForEach(line, matrix)
    {
        if (cJSON_IsTrue(get(line, "fits")))
            return line;
    }
    return NULL;
}

void
rollback_advice_text(struct buf *out, const cJSON *matrix)
{
    const cJSON *best = rollback_advice_best(matrix);
    const cJSON *line;

    cJSON_ArrayForEach(line, matrix)
    {
        const cJSON *fits = get(line, "fits");

        buf_printf(out, "%s %-9s %s\n              ",
                   cJSON_IsNull(fits)   ? "?"
                   : cJSON_IsTrue(fits) ? "✗"
                                        : "✓",
                   string(line, "urgency"), string(line, "symptom"));
        shown_text(out, string(line, "evidence"), 0);
        buf_putc(out, '\n');
    }
    if (best == NULL) {
        buf_puts(out, "\nnothing calls for a rollback\n");
        return;
    }
    buf_printf(out, "\n%s: %s: %s\nrun:\n    ", string(best, "urgency"), string(best, "symptom"),
               string(best, "action"));
    shown_text(out, string(best, "command"), 0);
    buf_putc(out, '\n');
}
