/* command.c - options, help and fault printing shared by the commands; see command.h. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "dualwrite/suggest.h"

/* The argument may be left out: "[DURATION]". */
static bool
is_optional(const struct option_help *o)
{
    return o->argument != NULL && o->argument[0] == '[';
}

static void
print_help(const struct command *self)
{
    printf("usage: dualwrited %s [options]\n\n%s\n\noptions:\n", self->name, self->help);
    for (const struct option_help *o = self->options; o->name != NULL; o++) {
        char left[40];

        if (is_optional(o))
            snprintf(left, sizeof left, "--%s[=%s", o->name, o->argument + 1);
        else
            snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument == NULL ? "" : "=",
                     o->argument == NULL ? "" : o->argument);
        printf("  %-22s %s\n", left, o->help);
    }
    printf("  %-22s %s\n", "--help", "this text");
}

static int
unknown(const struct command *self, const char *word)
{
    const char *known[32];
    size_t count = 0;
    const char *nearest;

    for (const struct option_help *o = self->options; o->name != NULL && count < 31; o++)
        known[count++] = o->name;
    known[count++] = "help";
    nearest = suggest_nearest(word, known, count);
    fprintf(stderr, "dualwrited %s: unknown option --%s", self->name, word);
    if (nearest != NULL)
        fprintf(stderr, "; --%s is the nearest", nearest);
    fprintf(stderr, " (dualwrited %s --help lists them)\n", self->name);
    return EXIT_USAGE;
}

const char *
command_word(const struct command *self, const struct command *c)
{
    return *self->name == '\0' ? c->name : c->name + strlen(self->name) + 1;
}

static const char *
blank(const struct command *self)
{
    return *self->name == '\0' ? "" : " ";
}

static void
print_words(const struct command *self, FILE *out)
{
    fprintf(out, "usage: dualwrited%s%s COMMAND [options]\n\n%s", blank(self), self->name, self->help);
    for (size_t i = 0; self->words[i] != NULL; i++)
        fprintf(out, "  %-13s %s\n", command_word(self, self->words[i]), self->words[i]->summary);
    fprintf(out, "\n`dualwrited%s%s COMMAND --help` lists a command's options.\n", blank(self), self->name);
}

int
command_hand_on(const struct command *self, int argc, char **argv)
{
    const char *known[32];
    size_t count = 0;
    const char *nearest;

    if (argc < 2) {
        print_words(self, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_words(self, stdout);
        return EXIT_GOOD;
    }
    for (; self->words[count] != NULL; count++) {
        known[count] = command_word(self, self->words[count]);
        if (strcmp(argv[1], known[count]) == 0)
            return self->words[count]->run(self->words[count], argc - 1, argv + 1);
    }
    nearest = suggest_nearest(argv[1], known, count);
    fprintf(stderr, "dualwrited%s%s: unknown command \"%s\"", blank(self), self->name, argv[1]);
    if (nearest != NULL)
        fprintf(stderr, "; \"%s\" is the nearest", nearest);
    fprintf(stderr, " (dualwrited%s%s --help lists them)\n", blank(self), self->name);
    return EXIT_USAGE;
}

int
command_options(const struct command *self, int argc, char **argv, void *into,
                int (*take)(void *into, const char *name, const char *argument), bool *helped)
{
    *helped = false;
    for (int i = 1; i < argc; i++) {
        const struct option_help *o = self->options;
        const char *argument;
        char word[64];
        int status;

        if (strncmp(argv[i], "--", 2) != 0) {
            fprintf(stderr, "dualwrited %s: unexpected word \"%s\" (dualwrited %s --help lists the options)\n",
                    self->name, argv[i], self->name);
            return EXIT_USAGE;
        }
        snprintf(word, sizeof word, "%.*s", (int) strcspn(argv[i] + 2, "="), argv[i] + 2);
        argument = strchr(argv[i], '=');
        argument = argument == NULL ? NULL : argument + 1;
        if (strcmp(word, "help") == 0) {
            print_help(self);
            *helped = true;
            return EXIT_GOOD;
        }
        while (o->name != NULL && strcmp(o->name, word) != 0)
            o++;
        if (o->name == NULL)
            return unknown(self, word);
        if (o->argument != NULL && !is_optional(o) && argument == NULL && i + 1 < argc)
            argument = argv[++i];
        if ((o->argument == NULL) != (argument == NULL) && !is_optional(o)) {
            fprintf(stderr, "dualwrited %s: --%s %s%s\n", self->name, word,
                    o->argument == NULL ? "takes no argument" : "needs an argument: ",
                    o->argument == NULL ? "" : o->argument);
            return EXIT_USAGE;
        }
        status = take(into, o->name, argument);
        if (status != EXIT_GOOD)
            return status;
    }
    return EXIT_GOOD;
}

void
command_print_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        fprintf(stderr, "dualwrited: %s%s: %s\n", faults->items[i].severity == FAULT_WARNING ? "warning: " : "",
                faults->items[i].where, faults->items[i].text);
}

struct settings *
command_settings(const char *config_option)
{
    struct faults faults = {0};
    struct settings *settings = settings_load(config_option, NULL, &faults);

    command_print_faults(&faults);
    faults_free(&faults);
    return settings;
}

int
command_bad_argument(const char *name, const char *argument, const char *accepted)
{
    fprintf(stderr, "dualwrited: --%s=%s is not understood: it takes %s\n", name, argument, accepted);
    return EXIT_USAGE;
}
