/*
 * integrity_lint.h - `validate --lint`: does every SQL of the packs parse, plan and, where it looks, only read.
 */
#ifndef INTEGRITY_LINT_H
#define INTEGRITY_LINT_H

#include "integrity.h"

/* Says every fault on stderr and how many statements are good on stdout, there both as JSON with `json`. EXIT_GOOD, EXIT_INPUT, or that a database went away. */
int integrity_lint(struct integrity *i, bool json);

#endif
