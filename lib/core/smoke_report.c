/* smoke_report.c - the document of `smoke`: numbers and judgement; see dualwrite/smoke_report.h. The text is smoke_text.c. */
#include "dualwrite/smoke_report.h"

#include <stdlib.h>
#include <string.h>

static int
by_size(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;

    return x < y ? -1 : x > y;
}

/* The smallest value that so many percent of the others do not exceed. */
static double
percentile(const double *sorted, size_t count, size_t percent)
{
    size_t rank = (count * percent + 99) / 100;

    return count == 0 ? 0 : sorted[rank == 0 ? 0 : rank - 1];
}

/* Microseconds are enough. */
static double
rounded(double ms)
{
    return (double) (long long) (ms * 1000 + 0.5) / 1000;
}

cJSON *
smoke_times(double *ms, size_t count)
{
    cJSON *out = cJSON_CreateObject();
    double sum = 0;

    qsort(ms, count, sizeof *ms, by_size);
    for (size_t i = 0; i < count; i++)
        sum += ms[i];
    cJSON_AddNumberToObject(out, "average_ms", rounded(count == 0 ? 0 : sum / (double) count));
    cJSON_AddNumberToObject(out, "p50_ms", rounded(percentile(ms, count, 50)));
    cJSON_AddNumberToObject(out, "p95_ms", rounded(percentile(ms, count, 95)));
    cJSON_AddNumberToObject(out, "p99_ms", rounded(percentile(ms, count, 99)));
    return out;
}

cJSON *
smoke_perf(double *on, double *off, size_t each)
{
    cJSON *out = cJSON_CreateObject();
    cJSON *on_times = smoke_times(on, each);
    cJSON *off_times = smoke_times(off, each);
    const double base = cJSON_GetObjectItem(off_times, "average_ms")->valuedouble;
    const double ratio = base > 0 ? cJSON_GetObjectItem(on_times, "average_ms")->valuedouble / base : 0;

    cJSON_AddNumberToObject(out, "each", (double) each);
    cJSON_AddItemToObject(out, "on", on_times);
    cJSON_AddItemToObject(out, "off", off_times);
    cJSON_AddNumberToObject(out, "ratio", rounded(ratio));
    cJSON_AddNumberToObject(out, "rule", SMOKE_RULE);
    cJSON_AddBoolToObject(out, "met", ratio <= SMOKE_RULE);
    return out;
}

bool
smoke_judge(cJSON *doc)
{
    const cJSON *inlined = cJSON_GetObjectItem(doc, "inline_legacy_writes");
    const cJSON *flow;
    bool good = !(cJSON_IsNumber(inlined) && inlined->valuedouble > 0) &&
                (cJSON_IsTrue(cJSON_GetObjectItem(doc, "cleaned")) || cJSON_IsTrue(cJSON_GetObjectItem(doc, "kept")));

    cJSON_ArrayForEach(flow, cJSON_GetObjectItem(doc, "flows"))
    {
        const char *status = cJSON_GetStringValue(cJSON_GetObjectItem(flow, "status"));

        good = good && status != NULL && strcmp(status, "failed") != 0;
    }
    cJSON_AddStringToObject(doc, "status", good ? "passed" : "failed");
    return good;
}
