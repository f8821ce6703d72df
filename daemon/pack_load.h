/*
 * pack_load.h - rule packs from disk: finds the folder, reads rules.json and the .sql files that it names.
 */
#ifndef PACK_LOAD_H
#define PACK_LOAD_H

#include "dualwrite/faults.h"
#include "dualwrite/pack.h"

/*
 * A name is looked for in the source tree that this program was built in, beside the program (../share/dualwrited/rules), and
 * where `make install` put the packs; with a slash in it, it is the folder itself. NULL when `faults` has errors. Free with
 * pack_free().
 */
struct pack *pack_load(const char *name_or_path, struct faults *faults);

#endif
