/* test_stage_where.c - the words that stand before a command in each environment, and options that do not go together. */
/* links: lib/core/stage_where.c lib/core/words.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/stage_where.h"

#define SINCE "2026-01-25T18:00:00.123Z"

static const struct {
    const char *options, *before, *log;
} cases[] = {
    {"{}", "/self", "journalctl --no-pager --output=cat --unit=dualwrited '--since=2026-01-25 18:00:00 UTC'"},
    {"{\"env\": \"local\", \"unit\": \"dw\"}", "/self",
     "journalctl --no-pager --output=cat --unit=dw '--since=2026-01-25 18:00:00 UTC'"},
    {"{\"env\": \"staging-docker\", \"container\": \"web\"}", "docker exec web dualwrited",
     "docker logs --since=" SINCE " it"},
    {"{\"env\": \"staging-docker\", \"container\": \"web\", \"via\": \"api\"}",
     "docker exec -e SMOKE_API_TOKEN web dualwrited", "docker logs --since=" SINCE " it"},
    {"{\"env\": \"staging-docker\", \"compose-file\": \"a b.yml\", \"service\": \"web\", \"program\": \"/opt/dw\"}",
     "docker compose -f 'a b.yml' exec -T web /opt/dw", "docker logs --since=" SINCE " it"},
    {"{\"env\": \"staging-k8s\", \"selector\": \"app=web\"}", "kubectl exec it -- dualwrited",
     "kubectl logs it --since-time=" SINCE},
    {"{\"env\": \"staging-k8s\", \"pod\": \"it\", \"namespace\": \"n\", \"container\": \"dw\"}",
     "kubectl exec -n n it -c dw -- dualwrited", "kubectl logs -n n it -c dw --since-time=" SINCE},
};

static void
check(const struct words *w, const char *expected)
{
    struct buf out = {0};

    words_shown(&out, w);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void
test_words(void **state)
{
    struct words compose = {0};

    (void) state;
    words_add(&compose, "docker");
    words_add(&compose, "compose");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *options = cJSON_Parse(cases[i].options);
        struct words before = {0}, log = {0};
        char *why;

        assert_true(stage_where_check(options, &why));
        stage_where_words(&before, options, "/self", &compose, "it");
        check(&before, cases[i].before);
        stage_where_log(&log, options, "it", SINCE);
        check(&log, cases[i].log);
        words_free(&before);
        words_free(&log);
        cJSON_Delete(options);
    }
    words_free(&compose);
}

static void
test_pods(void **state)
{
    cJSON *options = cJSON_Parse("{\"env\": \"staging-k8s\", \"selector\": \"app=web\", \"namespace\": \"n\"}");
    struct words w = {0}, pods = {0};

    (void) state;
    stage_where_pods(&w, options);
    assert_string_equal(w.items[3], "-n");
    assert_string_equal(w.items[5], "-l");
    assert_string_equal(w.items[6], "app=web");
    stage_where_running(&pods, "web-b Running\nweb-c Pending\nweb-a Running\n\nweb-d\n");
    check(&pods, "web-a web-b");
    words_free(&w);
    words_free(&pods);
    cJSON_Delete(options);
}

static void
test_what_does_not_go_together(void **state)
{
    static const struct {
        const char *options, *said;
    } bad[] = {
        {"{\"env\": \"staging-docker\"}", "needs --container=NAME"},
        {"{\"env\": \"staging-docker\", \"service\": \"web\"}", "needs --compose-file=FILE"},
        {"{\"env\": \"staging-docker\", \"compose-file\": \"x\"}", "needs --service=NAME"},
        {"{\"env\": \"staging-docker\", \"compose-file\": \"x\", \"service\": \"y\", \"container\": \"z\"}",
         "--container goes"},
        {"{\"env\": \"staging-k8s\"}", "either --selector"},
        {"{\"env\": \"staging-k8s\", \"selector\": \"a\", \"pod\": \"b\"}", "either --selector"},
        {"{\"env\": \"staging-k8s\", \"pod\": \"b\", \"unit\": \"u\"}", "--unit goes with --env=local"},
        {"{\"namespace\": \"n\", \"pod\": \"b\"}", "--namespace goes with --env=staging-k8s; --pod goes"},
        {"{\"log\": \"n\", \"unit\": \"b\"}", "give one"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cJSON *options = cJSON_Parse(bad[i].options);
        char *why;

        assert_false(stage_where_check(options, &why));
        assert_non_null(strstr(why, bad[i].said));
        free(why);
        cJSON_Delete(options);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_pods),
                                       cmocka_unit_test(test_what_does_not_go_together)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
