/*
 * smoke_flows.c - the five flows: written or requested, waited for, verified on both sides and in the log. How a change is
 * made is smoke_write.c (SQL) and smoke_request.c (API).
 */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/smoke_api.h"
#include "dualwrite/xalloc.h"
#include "smoke_run.h"

static const char *
verb_of(int flow)
{
    return flow == 1 ? "create" : flow == 2 ? "add" : flow == 5 ? "remove" : "change";
}

/* The child's flows; the others are the root's. */
static bool
of_child(int flow)
{
    return flow != 1 && flow != 4;
}

static const char *
operation_of(const struct mapping_entity *e, int flow)
{
    return flow <= 2 ? e->operation_insert : flow == 5 ? e->operation_remove : e->operation_update;
}

/* Ends a flow: status, and why; takes over the texts. */
static void
end_flow(cJSON *entry, const char *status, char *reason, char *next)
{
    cJSON_ReplaceItemInObject(entry, "status", cJSON_CreateString(status));
    if (reason != NULL)
        cJSON_ReplaceItemInObject(entry, "reason", cJSON_CreateString(reason));
    if (next != NULL)
        cJSON_ReplaceItemInObject(entry, "next", cJSON_CreateString(next));
    free(reason);
    free(next);
}

static cJSON *
begin_flow(struct smoke *s, int flow, const struct smoke_row *row)
{
    const struct mapping_entity *e = row->entity < s->mapping->count ? &s->mapping->entities[row->entity] : NULL;
    cJSON *entry = cJSON_CreateObject();
    char *name = smoke_text_of("%s %s", verb_of(flow), e == NULL ? "child" : e->name);

    cJSON_AddNumberToObject(entry, "flow", flow);
    cJSON_AddStringToObject(entry, "name", name);
    cJSON_AddItemToObject(entry, "operation",
                          e == NULL ? cJSON_CreateNull() : cJSON_CreateString(operation_of(e, flow)));
    cJSON_AddStringToObject(entry, "status", "failed");
    for (size_t i = 0; i < 7; i++)
        cJSON_AddNullToObject(entry,
                              (const char *[]){"reason", "next", "duration_ms", "lag_ms", "log", "log_why", "rows"}[i]);
    cJSON_AddItemToArray(cJSON_GetObjectItem(s->doc, "flows"), entry);
    free(name);
    return entry;
}

/* Why a flow is not tried; NULL: it is. */
static char *
skip_reason(const struct smoke *s, int flow, const struct smoke_row *row)
{
    if (smoke_interrupted())
        return xstrdup("interrupted");
    if (s->missing != NULL)
        return smoke_text_of("the table %s is not there; without it no daemon works with this mapping", s->missing);
    if (row->entity == s->mapping->count)
        return xstrdup(flow == 1 ? "the mapping has no entity without a parent"
                                 : "no entity of the mapping has this one as its parent");
    if (s->api != NULL && !smoke_is_own(&s->mapping->entities[row->entity]))
        return smoke_text_of(
            "%s has no map, so legacy may have a row with the key of the new one, which --via=sql would notice",
            s->mapping->entities[row->entity].name);
    if (flow > 1 && s->root.key == NULL)
        return xstrdup("flow 1 made no row to work with");
    if (flow > 2 && of_child(flow) && s->child.key == NULL)
        return xstrdup("flow 2 made no row to work with");
    if (flow > 1 && !s->root.in_legacy)
        return xstrdup("flow 1 did not reach legacy");
    if (flow > 2 && of_child(flow) && !s->child.in_legacy)
        return xstrdup("flow 2 did not reach legacy");
    if (s->api != NULL && cJSON_IsNull(cJSON_GetArrayItem(cJSON_GetObjectItem(s->api, "flows"), flow - 1)))
        return xstrdup("the description of the API has no request for it");
    return NULL;
}

/* vNext has what the flow was to do. */
static const char *
not_done(const cJSON *rows, int flow)
{
    const bool present =
        cJSON_IsTrue(cJSON_GetObjectItem(rows, "found")) && cJSON_IsTrue(cJSON_GetObjectItem(rows, "present"));

    if (flow == 5)
        return present ? "the vNext row is still there and counts as present" : NULL;
    return present ? NULL : "there is no such vNext row, or it does not count as present";
}

/* What the legacy row holds, to see that a change has changed it. */
static char *
legacy_text(const cJSON *rows)
{
    const cJSON *columns = cJSON_GetObjectItem(cJSON_GetObjectItem(rows, "legacy"), "columns");
    cJSON *values = cJSON_CreateArray();
    const cJSON *column;
    char *text;

    cJSON_ArrayForEach(column, columns)
        cJSON_AddItemToArray(values, cJSON_Duplicate(cJSON_GetObjectItem(column, "legacy"), true));
    text = cJSON_PrintUnformatted(values);
    cJSON_Delete(values);
    return text;
}

/* Looks at both sides; false: it is not as it should be, and the flow has ended. */
static bool
verify(struct smoke *s, int flow, const struct smoke_row *row, const char *before, cJSON *entry)
{
    const char *what = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "name"));
    char *key = smoke_text_of("dualwrited explain --entity=%s --key=%s", s->mapping->entities[row->entity].name,
                              cJSON_GetStringValue(cJSON_GetArrayItem(row->key, 0)));
    cJSON *rows = smoke_look(s, row, false);
    const cJSON *legacy = cJSON_GetObjectItem(rows, "legacy");
    const char *wrong = rows == NULL ? NULL : not_done(rows, flow);
    char *now = legacy_text(rows);
    bool good = false;

    if (rows == NULL)
        end_flow(entry, "failed", smoke_refusal(s), key);
    else if (wrong != NULL)
        end_flow(entry, "failed", smoke_text_of("after \"%s\": %s", what, wrong), key);
    else if (!cJSON_IsTrue(cJSON_GetObjectItem(legacy, "equal")))
        end_flow(entry, "failed",
                 xstrdup(cJSON_IsTrue(cJSON_GetObjectItem(legacy, "found"))
                             ? "its event is done, but the legacy row is not what the mapping asks for"
                             : "its event is done, but there is no legacy row"),
                 key);
    else if (before != NULL && strcmp(before, now) == 0)
        end_flow(entry, "failed", xstrdup("the legacy row is the same as before the flow"), key);
    else
        good = true;
    if (good)
        free(key);
    cJSON_free(now);
    if (rows != NULL)
        cJSON_ReplaceItemInObject(entry, "rows", rows);
    return good;
}

/* The row was written at `committed`: to the end. */
static void
follow(struct smoke *s, int flow, struct smoke_row *row, const char *xid, double committed, const char *before,
       cJSON *entry)
{
    const char *operation = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "operation"));
    struct smoke_arrival a;
    char *line;
    char *why;

    smoke_await(s, row, xid, committed, (double) s->asked->timeout_ms, &a);
    if (!a.arrived) {
        end_flow(entry, "failed", a.reason, a.next);
        return;
    }
    cJSON_ReplaceItemInObject(entry, "lag_ms", cJSON_CreateNumber((double) (long long) (a.lag_ms * 10 + 0.5) / 10));
    if (!verify(s, flow, row, before, entry))
        return;
    row->in_legacy = true;
    line = smoke_log_line(s, operation, row, &why);
    if (line != NULL)
        cJSON_ReplaceItemInObject(entry, "log", cJSON_CreateString(line));
    else
        cJSON_ReplaceItemInObject(entry, "log_why", cJSON_CreateString(why));
    if (line != NULL || s->asked->nlogs == 0)
        end_flow(entry, "passed", NULL, NULL);
    else
        end_flow(entry, "failed", smoke_text_of("legacy has it, but %s", why), NULL);
    free(line);
    free(why);
}

static void
run_flow(struct smoke *s, int flow)
{
    struct smoke_row *row = of_child(flow) ? &s->child : &s->root;
    cJSON *entry = begin_flow(s, flow, row);
    char *reason = skip_reason(s, flow, row);
    char *next = NULL;
    char *xid = NULL;
    char *before = NULL;
    const double began = smoke_now();
    double committed = 0;
    cJSON *rows;

    if (reason != NULL) {
        end_flow(entry, "skipped", reason, NULL);
        return;
    }
    desk_doing(s->d, cJSON_GetStringValue(cJSON_GetObjectItem(entry, "name")));
    if (!smoke_may_arrive(s, &reason, &next)) {
        end_flow(entry, "failed", reason, next);
        return;
    }
    if (flow > 2 && (rows = smoke_look(s, row, false)) != NULL) {
        before = legacy_text(rows);
        cJSON_Delete(rows);
    }
    smoke_log_mark(s);
    if (s->api != NULL ? smoke_request(s, flow, entry, &committed) : smoke_write(s, flow, entry, &xid, &committed))
        follow(s, flow, row, xid, committed, before, entry);
    cJSON_ReplaceItemInObject(entry, "duration_ms",
                              cJSON_CreateNumber((double) (long long) (smoke_now() - began + 0.5)));
    cJSON_free(before);
    free(xid);
}

void
smoke_flows(struct smoke *s)
{
    for (int flow = 1; flow <= SMOKE_FLOWS; flow++)
        run_flow(s, flow);
}
