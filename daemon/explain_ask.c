/* explain_ask.c - how `explain` asks, and takes answers apart; see explain_parts.h. */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "explain_parts.h"

PGresult *
story_look(struct story *s, enum database side, const char *sql, int nparams, const char *const *params)
{
    return desk_look(s->d, side, s->d->settings->config->statement_timeout_ms, sql, nparams, params);
}

const char *
story_field(const PGresult *r, int row, const char *column)
{
    int i = PQfnumber(r, column);

    return PQgetisnull(r, row, i) ? NULL : PQgetvalue(r, row, i);
}

bool
story_truth(const PGresult *r, int row, const char *column)
{
    const char *text = story_field(r, row, column);

    return text != NULL && text[0] == 't';
}

cJSON *
story_json(const PGresult *r, int row, const char *column)
{
    const char *text = story_field(r, row, column);

    return text == NULL ? cJSON_CreateNull() : cJSON_Parse(text);
}

cJSON *
story_text(const char *text)
{
    return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
}

/* The texts of an array as parameters; free the array, not the texts. */
const char **
story_texts(const cJSON *array)
{
    const char **out = xcalloc((size_t) cJSON_GetArraySize(array) + 1, sizeof *out);
    const cJSON *value;
    size_t n = 0;

    cJSON_ArrayForEach(value, array) out[n++] = cJSON_GetStringValue(value);
    return out;
}

char *
story_array(const cJSON *array)
{
    struct buf out = {0};
    const cJSON *value;

    pgarray_open(&out);
    cJSON_ArrayForEach(value, array) pgarray_add(&out, cJSON_GetStringValue(value));
    pgarray_close(&out);
    return buf_steal(&out);
}

/* `names` with the texts of `values` in their order. */
cJSON *
story_named(const struct mapping_names *names, const cJSON *values)
{
    cJSON *out = cJSON_CreateObject();

    for (size_t i = 0; i < names->count; i++)
        cJSON_AddItemToObject(out, names->items[i],
                              story_text(cJSON_GetStringValue(cJSON_GetArrayItem(values, (int) i))));
    return out;
}

bool
story_refused(struct story *s, const char *what)
{
    s->status = desk_refused(s->d, what);
    return false;
}

/* A refusal of a value: what it is not. The classes 22 and 23 are about data. */
bool
story_about_data(const struct desk *d)
{
    return strncmp(d->sqlstate, "22", 2) == 0;
}
