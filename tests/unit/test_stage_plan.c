/* test_stage_plan.c - the table of the staged test holds together, and becomes the words of the commands. */
/* links: lib/core/stage_plan.c lib/core/words.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/stage_plan.h"

static void
check_words(const char *text, const char *options, const char *expected)
{
    cJSON *given = cJSON_Parse(options);
    struct words w = {0};
    struct buf out = {0};

    stage_words(&w, text, given, "/tmp/a b");
    words_shown(&out, &w);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
    words_free(&w);
    cJSON_Delete(given);
}

static void
test_words(void **state)
{
    (void) state;
    check_words("smoke --via={via} --perf={perf}", "{\"perf\": \"20\"}", "smoke --perf=20");
    check_words("smoke --set={set} --keep", "{\"set\": \"a=1\\nb=x y\"}", "smoke --set=a=1 '--set=b=x y' --keep");
    check_words("delta --before={folder}/x.json", "{}", "delta '--before=/tmp/a b/x.json'");
    check_words("rollback cleanup --match={match}", "{}", "rollback cleanup '--match=Staging Test%'");
    check_words("{not closed", "{}", "'{not' closed");
}

/* Every step can be told by its name, comes in the order of the phases, and what it settles has something to settle. */
static void
test_table(void **state)
{
    int phase = 0;

    (void) state;
    for (size_t i = 0; i < stage_step_count; i++) {
        const struct stage_step *s = &stage_steps[i];

        assert_ptr_equal(stage_step_named(s->name), s);
        assert_true(s->phase == phase || s->phase == phase + 1);
        phase = s->phase;
        assert_non_null(s->file);
        assert_true((s->words == NULL) == (s->place == STAGE_LOGS));
        if (s->settles != NULL)
            assert_non_null(stage_step_named(s->settles)->undo);
    }
    assert_int_equal(phase, STAGE_PHASES - 1);
    assert_null(stage_step_named("nothing"));
}

/* What is noted is taken back by a later step, or at once. */
static void
test_everything_is_taken_back(void **state)
{
    (void) state;
    for (size_t i = 0; i < stage_step_count; i++) {
        bool settled = stage_steps[i].undo == NULL || stage_steps[i].undo_at_once;

        for (size_t n = i; n < stage_step_count; n++)
            if (stage_steps[n].settles != NULL && stage_steps[i].undo != NULL)
                settled |= strcmp(stage_step_named(stage_steps[n].settles)->undo, stage_steps[i].undo) == 0;
        assert_true(settled);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_everything_is_taken_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
