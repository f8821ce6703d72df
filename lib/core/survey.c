/* survey.c - the database as the last survey found it; see dualwrite/survey.h. */
#include "dualwrite/survey.h"

#include <string.h>

bool
survey_take(struct survey *s, const char *answer, const char *health, monotime now, int64_t wall_ms)
{
    cJSON *whole = cJSON_Parse(answer);
    cJSON *flags = cJSON_GetObjectItemCaseSensitive(whole, "flags");
    cJSON *database = cJSON_GetObjectItemCaseSensitive(whole, "database");
    cJSON *runs = health == NULL ? NULL : cJSON_Parse(health);

    if (!cJSON_IsObject(flags) || !cJSON_IsObject(database)) {
        cJSON_Delete(whole);
        cJSON_Delete(runs);
        return false;
    }
    survey_free(s);
    s->flags = cJSON_DetachItemViaPointer(whole, flags);
    s->database = cJSON_DetachItemViaPointer(whole, database);
    s->has_health = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(whole, "health_readable"));
    s->taken = now;
    s->taken_ms = wall_ms;
    cJSON_AddItemToObject(s->database, "health", cJSON_IsArray(runs) ? runs : cJSON_CreateArray());
    if (!cJSON_IsArray(runs))
        cJSON_Delete(runs);
    cJSON_Delete(whole);
    return true;
}

void
survey_legacy_writes(struct survey *s, int64_t count)
{
    if (s->database != NULL)
        cJSON_ReplaceItemInObjectCaseSensitive(s->database, "inline_legacy_writes_24h",
                                               count < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double) count));
}

void
survey_capture_missing(struct survey *s, const char *list)
{
    cJSON *array = list == NULL ? NULL : cJSON_Parse(list);

    if (s->database == NULL) {
        cJSON_Delete(array);
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(s->database, "capture_missing");
    cJSON_AddItemToObject(s->database, "capture_missing", array == NULL ? cJSON_CreateNull() : array);
}

void
survey_free(struct survey *s)
{
    cJSON_Delete(s->flags);
    cJSON_Delete(s->database);
    *s = (struct survey){0};
}

bool
survey_is_due(bool tried_before, monotime tried, bool asked, monotime asked_at, monotime now)
{
    if (!tried_before)
        return true;
    return asked && monotime_diff_ms(now, asked_at) < SURVEY_WANTED_MS &&
           monotime_diff_ms(now, tried) >= SURVEY_AGAIN_MS;
}

int64_t
survey_age_ms(const struct survey *s, monotime now)
{
    return monotime_diff_ms(now, s->taken);
}

bool
survey_is_fresh(const struct survey *s, monotime now)
{
    return s->database != NULL && survey_age_ms(s, now) <= SURVEY_FRESH_MS;
}

bool
survey_number(const struct survey *s, const char *name, double *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(s->database, name);

    if (!cJSON_IsNumber(item))
        return false;
    *value = item->valuedouble;
    return true;
}

const char *
survey_flag_source(const struct survey *s, const char *flag, const char *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(s->flags, flag);
    const char *then = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "value"));

    if (then == NULL || strcmp(then, value) != 0)
        return NULL;
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "source"));
}

bool
survey_flag_disagrees(const struct survey *s, const char *flag)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(s->flags, flag);

    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "disagreement"));
}
