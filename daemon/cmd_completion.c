/*
 * cmd_completion.c - `dualwrited completion`: what may follow the words of a command line; the scripts in config/completion
 * ask it at each TAB. It reads the table of commands, and for names of constraints the files of their pack: no settings, no
 * database.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "dualwrite/flags.h"

#define MAX_OFFER 100

/* What an option's argument may be, by the name that its help gives it. The shell knows files and folders. */
static const struct argument {
    const char *name;
    const char *values; /* separated by spaces */
} arguments[] = {
    {"FILE", ":file"},
    {"PATH", ":file"},
    {"DIR", ":folder"},
    {"FOLDER", ":folder"},
    {"PACK", ":folder"},
    {"FORMAT", "text json"},
    {"MODE", "on record off"},
    {"WAY", "sql api"},
    {"WHICH", "vnext legacy both"},
    {"ENV", "local staging-docker staging-k8s"},
};

static bool
begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* One line: the word, a tab, what it is for; a line that begins with a colon asks the shell for files or folders. */
static void
offer(const char *before, const char *word, size_t len, const char *typed, const char *meaning)
{
    char whole[MAX_OFFER];

    snprintf(whole, sizeof whole, "%s%.*s", before, (int) len, word);
    if (begins(whole, typed))
        printf("%s\t%s\n", whole, meaning);
}

static void
offer_flags(const char *before, const char *typed)
{
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        offer(before, flag_name(f), strlen(flag_name(f)), typed, "");
}

/* The values of an option; `before` is what stands before them in the same word. */
static void
offer_values(const struct option_help *o, const char *before, const char *typed)
{
    if (strcmp(o->name, "flag") == 0)
        offer_flags(before, typed);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        if (strcmp(o->argument, arguments[i].name) != 0)
            continue;
        if (*arguments[i].values == ':')
            puts(arguments[i].values);
        else
            for (const char *v = arguments[i].values; *v != '\0'; v += strcspn(v, " "), v += strspn(v, " "))
                offer(before, v, strcspn(v, " "), typed, "");
    }
}

static void
offer_options(const struct command *c, const char *typed)
{
    for (const struct option_help *o = c->options; o != NULL && o->name != NULL; o++) {
        char word[MAX_OFFER];
        bool needs = o->argument != NULL && *o->argument != '[';

        snprintf(word, sizeof word, "--%s%s", o->name, needs ? "=" : "");
        offer("", word, strlen(word), typed, o->help);
    }
    offer("", "--help", strlen("--help"), typed, "this text");
    if (*c->name == '\0')
        offer("", "--version", strlen("--version"), typed, "which version this is");
}

static const struct option_help *
option_of(const struct command *c, const char *word, size_t len)
{
    for (const struct option_help *o = c->options; o != NULL && o->name != NULL; o++)
        if (strlen(o->name) + 2 == len && begins(word, "--") && strncmp(o->name, word + 2, len - 2) == 0)
            return o;
    return NULL;
}

/* The command that the first words name, and how many words that is. */
static const struct command *
command_of(int count, char **words, int *used)
{
    const struct command *c = &program;

    for (*used = 0; *used < count && c->words != NULL; ++*used) {
        const struct command *const *next = c->words;

        while (*next != NULL && strcmp(command_word(c, *next), words[*used]) != 0)
            next++;
        if (*next == NULL)
            return NULL;
        c = *next;
    }
    return c;
}

/* A name that a shell takes as it is. */
static void
offer_name(const char *name, const char *meaning, void *typed)
{
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0')
        offer("", name, strlen(name), typed, meaning);
}

/* `typed` is the last word as far as it goes, `words` those before it. */
static void
complete(int count, char **words, char *typed)
{
    size_t name = strcspn(typed, "=");
    const struct option_help *o;
    char before[MAX_OFFER];
    int used;
    const struct command *c = command_of(count, words, &used);

    if (c == NULL)
        return;
    for (size_t i = 0; c->words != NULL && c->words[i] != NULL; i++) {
        const char *word = command_word(c, c->words[i]);

        offer("", word, strlen(word), typed, c->words[i]->summary);
    }
    o = count > used ? option_of(c, words[count - 1], strlen(words[count - 1])) : NULL;
    if (o != NULL && o->argument != NULL && *o->argument != '[') {
        offer_values(o, "", typed);
    } else if (typed[name] == '=') {
        o = option_of(c, typed, name);
        snprintf(before, sizeof before, "%.*s=", (int) name, typed);
        if (o != NULL && o->argument != NULL)
            offer_values(o, before, typed);
    } else {
        if (*typed != '-' && c->offer_names != NULL)
            c->offer_names(count - used, words + used, offer_name, typed);
        if (*typed == '-' || c->words == NULL)
            offer_options(c, typed);
    }
}

static int
take(void *into, const char *name, const char *argument)
{
    (void) into;
    (void) name;
    (void) argument;
    return EXIT_GOOD;
}

static int
run(const struct command *self, int argc, char **argv)
{
    bool helped;

    if (argc < 2 || strcmp(argv[1], "--") != 0)
        return command_options(self, argc, argv, NULL, take, &helped);
    if (argc > 2)
        complete(argc - 3, argv + 2, argv[argc - 1]);
    return EXIT_GOOD;
}

static const struct option_help options[] = {{NULL, NULL, NULL}};

const struct command cmd_completion = {
    .name = "completion",
    .summary = "what may follow on a command line: asked by the completion of bash, zsh and fish",
    .help = "`dualwrited completion -- WORD...`: the words as far as they are typed, the last one maybe empty. A line "
            "for each\n"
            "that fits, with its meaning behind a tab; `:file` and `:folder` stand for those. It asks no database.",
    .options = options,
    .run = run,
};
