/* stage_result.c - the criteria, SUMMARY.md and the verdict; see stage_result.h. */
#include "stage_result.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/stage_judge.h"
#include "dualwrite/stage_state.h"
#include "dualwrite/stage_summary.h"

#define WIDTH 80 /* where there is no terminal */

/* Adds the JSON of a file under that name, where it is JSON. */
static void
add(cJSON *evidence, const struct folder *f, const char *name, const char *file)
{
    char *text = folder_text(f, file);
    cJSON *answer = text == NULL ? NULL : cJSON_Parse(text);

    if (answer != NULL)
        cJSON_AddItemToObject(evidence, name, answer);
    free(text);
}

/* What the commands of this test printed, by step. */
static cJSON *
gather(const struct folder *f, const cJSON *state)
{
    cJSON *evidence = cJSON_CreateObject();
    const cJSON *log = cJSON_GetObjectItemCaseSensitive(state, "log");

    for (size_t i = 0; i < stage_step_count; i++)
        if (stage_state_status(state, stage_steps[i].name) >= 0)
            add(evidence, f, stage_steps[i].name, stage_steps[i].file);
    if (stage_state_status(state, "delta") >= 0)
        add(evidence, f, "delta", "delta.json");
    if (log != NULL)
        cJSON_AddItemToObject(evidence, "log", cJSON_Duplicate(log, true));
    return evidence;
}

bool
result_write(const struct folder *f, cJSON *state, const char *now)
{
    cJSON *evidence = gather(f, state);
    cJSON *criteria = stage_judge(state, evidence);
    char *delta = folder_text(f, "delta.md");
    struct buf page = {0};
    bool good;

    cJSON_ReplaceItemInObjectCaseSensitive(state, "criteria", criteria);
    if (now != NULL)
        cJSON_ReplaceItemInObjectCaseSensitive(state, "finished_at", cJSON_CreateString(now));
    stage_summary(&page, state, evidence, delta);
    good = folder_write(f, "SUMMARY.md", buf_text(&page)) && folder_save(f, state);
    buf_free(&page);
    free(delta);
    cJSON_Delete(evidence);
    return good;
}

int
result_show(const struct folder *f, const cJSON *state, bool json)
{
    struct buf out = {0};

    if (json) {
        char *text = cJSON_Print(state);

        buf_printf(&out, "%s\n", text);
        cJSON_free(text);
    } else {
        stage_verdict(&out, state, desk_width() == 0 ? WIDTH : desk_width());
        buf_printf(&out, "%s/SUMMARY.md is for the tracker\n", f->path);
    }
    fputs(buf_text(&out), stdout);
    buf_free(&out);
    return stage_judge_crossed(cJSON_GetObjectItemCaseSensitive(state, "criteria")) == 0 ? EXIT_GOOD : EXIT_FOUND;
}
