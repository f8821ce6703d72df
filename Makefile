# dualwrited - `make help` lists the targets, CONTRIBUTING.md says when to use which.
#
#   make                   build/dualwrited, installs nothing
#   make SANITIZE=1 ...    the same under ASan and UBSan, in build-asan/
#   make WERROR=1 ...      warnings are errors
#   make V=1 ...           show whole commands
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, DESTDIR and the GNU directory variables are yours to set.

SHELL := /bin/sh
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

# ---- what is needed ------------------------------------------------------------------------------------------------

# pkg-config name -> Debian package; a library that is missing is named with its package
LIBS          := libpq libuv libcjson libmicrohttpd
# only its headers: it is loaded by the command that needs it
LIBS_LOADED   := libcurl
LIBS_OPTIONAL := libsystemd
debian.libpq         := libpq-dev
debian.libuv         := libuv1-dev
debian.libcjson      := libcjson-dev
debian.libmicrohttpd := libmicrohttpd-dev
debian.libcurl       := libcurl4-openssl-dev
debian.libsystemd    := libsystemd-dev

DEPS_BUILD := gcc libc6-dev pkg-config $(foreach lib,$(LIBS) $(LIBS_LOADED) $(LIBS_OPTIONAL),$(debian.$(lib)))
DEPS_DEMO  := postgresql
DEPS_CHECK := postgresql faketime libcmocka-dev python3 python3-psycopg python3-pytest python3-pytest-xdist python3-django \
    python3-psycopg2 spin
DEPS_LINT  := clang clang-format clang-tidy cppcheck mandoc shellcheck libcmocka-dev

# ---- how it is compiled --------------------------------------------------------------------------------------------

BUILD := build$(if $(SANITIZE),-asan)
PKG_CONFIG ?= pkg-config
NPROC := $(shell nproc 2>/dev/null || echo 2)
# sub-makes run in parallel, unless the caller said -j himself
JOBS = $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(NPROC))

# built-in default is plain "cc"; both compilers are kept warning-clean by `make lint`
CFLAGS ?= $(if $(SANITIZE),-O1,-O2) -g

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(WERROR),-Werror)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
    $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
PROTECT := $(if $(SANITIZE),$(SANITIZERS),$(HARDENING)) -fPIE

HAVE_LIBS := $(strip $(foreach lib,$(LIBS) $(LIBS_OPTIONAL), \
    $(shell $(PKG_CONFIG) --exists $(lib) 2>/dev/null && echo $(lib))))
LIB_CFLAGS := $(if $(HAVE_LIBS),$(shell $(PKG_CONFIG) --cflags $(HAVE_LIBS))) \
    $(shell $(PKG_CONFIG) --cflags $(LIBS_LOADED) 2>/dev/null)
LIB_LIBS := $(if $(HAVE_LIBS),$(shell $(PKG_CONFIG) --libs $(HAVE_LIBS)))

ALL_CPPFLAGS = -D_GNU_SOURCE -Iinclude -I$(BUILD) $(LIB_CFLAGS) \
    $(if $(filter libsystemd,$(HAVE_LIBS)),-DHAVE_SYSTEMD) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(PROTECT) $(CFLAGS)
ALL_LDFLAGS = $(if $(SANITIZE),$(SANITIZERS)) -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)

# 0.1.0 in a release, 0.1.0+git.1a2b3c4 in a checkout; main.c includes "version.h" for DUALWRITE_VERSION
VERSION := $(strip $(file <VERSION))
GIT_ID := $(if $(wildcard .git),$(shell git describe --always --dirty --match=NONE 2>/dev/null))
FULL_VERSION := $(VERSION)$(if $(GIT_ID),+git.$(GIT_ID))

SOURCES := $(sort $(wildcard lib/*/*.c daemon/*.c))
EMBED := $(sort $(shell find lib/sql -name '*.sql' 2>/dev/null)) config/mapping.json config/smoke-api.json
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/embedded.o

say = @$(if $(V),:,printf '  %-6s %s\n' $(1) $(2));
run = $(if $(V),@set -x;,$(call say,$(1),$(2)))

# ---- build ---------------------------------------------------------------------------------------------------------

.PHONY: build
build: $(BUILD)/dualwrited ## build/dualwrited (the default); installs nothing

$(BUILD)/dualwrited: $(OBJECTS)
	$(call run,LD,$@) $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(BUILD)/%.o: %.c $(BUILD)/flags | check-libs $(BUILD)/embedded.h $(BUILD)/version.h
	@mkdir -p $(@D)
	$(call run,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/embedded.o: $(BUILD)/embedded.c $(BUILD)/flags | check-libs
	$(call run,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# every .sql file and the default mapping as NUL-terminated arrays, symbol = file name; the header is a by-product
$(BUILD)/embedded.c: lib/sql/embed.sh $(EMBED) $(BUILD)/embedded.list
	$(call run,EMBED,$@) sh lib/sql/embed.sh $(BUILD)/embedded $(EMBED)
$(BUILD)/embedded.h: $(BUILD)/embedded.c ;

# these three change only when their content does, so that what depends on them is rebuilt then and not otherwise
define write-if-changed
@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@
endef
$(BUILD)/flags: FORCE
	$(call write-if-changed,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS))
$(BUILD)/embedded.list: FORCE
	$(call write-if-changed,$(EMBED))
$(BUILD)/version.h: FORCE
	$(call write-if-changed,#define DUALWRITE_VERSION "$(FULL_VERSION)")
.PHONY: FORCE
FORCE:

.PHONY: check-libs
check-libs:
	@missing=; \
	for tool in $(firstword $(CC)):gcc $(PKG_CONFIG):pkg-config; do \
	    command -v "$${tool%:*}" >/dev/null || { \
	        missing=1; echo >&2 "$${tool%:*} is missing: Debian package $${tool##*:}"; }; \
	done; \
	for lib in $(foreach lib,$(LIBS) $(LIBS_LOADED),$(lib):$(debian.$(lib))); do \
	    $(PKG_CONFIG) --exists "$${lib%%:*}" || { \
	        missing=1; echo >&2 "library $${lib%%:*} is missing: Debian package $${lib#*:}"; }; \
	done; \
	if [ "$$missing" ]; then echo >&2 "'make deps' installs what the build needs."; exit 1; fi

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- dependencies --------------------------------------------------------------------------------------------------

.PHONY: deps deps-demo deps-check deps-lint
deps: ## install what the build needs (Debian packages; only what is missing)
	@.ci/deps $(DEPS_BUILD)
deps-demo: ## ... and what the demo needs
	@.ci/deps $(DEPS_BUILD) $(DEPS_DEMO)
deps-check: ## ... and what the tests need
	@.ci/deps $(DEPS_BUILD) $(DEPS_CHECK)
deps-lint: ## ... and what lint needs
	@.ci/deps $(DEPS_BUILD) $(DEPS_LINT)

# ---- demo and tests (after deps a new make looks for the libraries again) -------------------------------------------

.PHONY: demo
demo: deps-demo ## the five flows on a private PostgreSQL; KEEP=1 leaves it up
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited KEEP=$(KEEP) tests/demo.sh

.PHONY: check check-unit check-model check-integration check-fault
check: deps-check ## every test, on a private PostgreSQL; TESTS='-k name' goes to pytest
	@$(MAKE) --no-print-directory $(JOBS) build
	@$(MAKE) --no-print-directory $(JOBS) SANITIZE=1 unit-tests
	@DUALWRITED=$(BUILD)/dualwrited tests/run.sh unit model integration fault-quick
check-unit: deps-check ## unit tests and shell checks only
	@$(MAKE) --no-print-directory $(JOBS) SANITIZE=1 unit-tests
	@tests/run.sh unit
check-model: deps-check ## the models of sleep and wake, leases, the fence and the cursor, and their mutants, through spin
	@tests/run.sh model
check-integration: deps-check ## integration tests only
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited tests/run.sh integration
check-fault: deps-check ## the whole fault suite; SEED=123 TESTS='-k name' repeats what a run has shown
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited tests/run.sh fault

# A unit test says what it links in a comment: /* links: lib/base/log.c lib/base/buf.c */ ; "embedded.c" is the
# embedded text. Always built with the sanitizers (the targets above call this with SANITIZE=1), without libpq and libuv.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
unit-links = $(shell sed -n 's,.*/\* *links: *\(.*\)\*/.*,\1,p' $(1))

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

define unit-rule
$(BUILD)/unit/$(1): $(BUILD)/tests/unit/$(1).o \
    $(patsubst %.c,$(BUILD)/%.o,$(patsubst build/%,%,$(call unit-links,tests/unit/$(1).c)))
	@mkdir -p $$(@D)
	$$(call run,LD,$$@) $$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ -lcmocka -lcjson -lm
endef
$(foreach test,$(notdir $(UNIT_TESTS)),$(eval $(call unit-rule,$(test))))

# ---- lint ----------------------------------------------------------------------------------------------------------

C_FILES = $(SOURCES) $(wildcard tests/unit/*.c)
H_FILES = $(wildcard include/dualwrite/*.h daemon/*.h tests/unit/*.h)
MAN_PAGES = $(wildcard docs/*.[158])
SHELL_FILES = .ci/run .ci/deps $(wildcard lib/sql/*.sh tests/*.sh tests/unit/*.sh tests/model/*.sh)

.PHONY: lint format
lint: deps-lint ## formatting, clang-tidy, cppcheck, shellcheck, man pages, both compilers with warnings as errors
	@$(MAKE) --no-print-directory $(JOBS) --keep-going -Otarget lint-gcc lint-clang lint-format lint-tidy lint-cppcheck \
	    lint-shell lint-man
	@echo "lint: clean"

.PHONY: lint-gcc lint-clang lint-format lint-tidy lint-cppcheck lint-shell lint-man
lint-gcc lint-clang: lint-%:
	@$(MAKE) --no-print-directory BUILD=build-lint/$* CC=$* WERROR=1 build $(patsubst tests/unit/%.c, \
	    build-lint/$*/tests/unit/%.o,$(wildcard tests/unit/*.c))
lint-format:
	@clang-format --dry-run -Werror $(C_FILES) $(H_FILES)
lint-tidy: compile_commands.json $(BUILD)/embedded.h $(BUILD)/version.h
	@printf '%s\n' $(SOURCES) | xargs -P$(NPROC) -n1 clang-tidy --quiet -p . --warnings-as-errors='*' 2>/dev/null
lint-cppcheck: $(BUILD)/embedded.h $(BUILD)/version.h
	@cppcheck --quiet --std=c11 --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem -j$(NPROC) -D_GNU_SOURCE -D__GNUC__ -Iinclude -I$(BUILD) \
	    $(patsubst -I%,--include=%/cJSON.h,$(filter -I%/cjson,$(LIB_CFLAGS))) $(SOURCES)
lint-shell:
	@shellcheck $(SHELL_FILES)
lint-man:
	@for page in $(MAN_PAGES); do mandoc -T lint -W warning "$$page" || exit 1; done

format: ## lay out the C files with clang-format
	clang-format -i $(C_FILES) $(H_FILES)

# for editors and clang-tidy
compile_commands.json: $(BUILD)/flags $(C_FILES)
	@{ echo '['; sep=; for file in $(C_FILES); do \
	    printf '%s{"directory": "%s", "file": "%s", "command": "%s"}' "$$sep" "$(CURDIR)" "$$file" \
	        "$(CC) $(ALL_CPPFLAGS) -std=c11 $(filter -W%,$(WARNINGS)) -c $$file"; sep=',\n'; \
	done; printf '\n]\n'; } | sed 's/\\n/\n/g' >$@

# ---- installation (GNU directory variables) -------------------------------------------------------------------------

prefix ?= $(or $(PREFIX),/usr/local)
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
datarootdir ?= $(prefix)/share
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/dualwrited
# not $(prefix)/etc: the daemon looks for /etc/dualwrite/dualwrited.env
sysconfdir ?= /etc
libdir ?= $(exec_prefix)/lib
unitdir ?= $(libdir)/systemd/system
INSTALL ?= install
confdir = $(sysconfdir)/dualwrite
# a file that an administrator may have changed is never overwritten: the new one goes beside it as .new
install-config = if [ -e '$(2)' ] && ! cmp -s $(1) '$(2)'; then $(INSTALL) -m $(3) $(1) '$(2).new'; \
    else $(INSTALL) -m $(3) $(1) '$(2)'; fi

.PHONY: install uninstall
install: build ## install under $(DESTDIR)$(prefix): binary, man pages, samples, systemd units
	$(INSTALL) -d $(foreach dir,$(bindir) $(docdir) $(docdir)/examples/subscriptions $(unitdir) $(libdir)/sysusers.d $(libdir)/tmpfiles.d $(confdir) \
	    $(foreach n,1 5 8,$(mandir)/man$(n)),'$(DESTDIR)$(dir)')
	$(INSTALL) -m 755 $(BUILD)/dualwrited '$(DESTDIR)$(bindir)/dualwrited'
	@set -e; for page in $(MAN_PAGES); do \
	    $(INSTALL) -m 644 "$$page" "$(DESTDIR)$(mandir)/man$${page##*.}/"; done
	$(INSTALL) -m 644 $(wildcard README.md CHANGELOG.md LICENSE) config/mapping.json config/smoke-api.json \
	    '$(DESTDIR)$(docdir)/'
	$(INSTALL) -m 644 $(wildcard config/examples/subscriptions/*) '$(DESTDIR)$(docdir)/examples/subscriptions/'
	$(if $(wildcard config/dualwrited.env), \
	    $(call install-config,config/dualwrited.env,$(DESTDIR)$(confdir)/dualwrited.env,640))
	sed 's,/usr/bin/,$(bindir)/,' systemd/dualwrited.service >'$(DESTDIR)$(unitdir)/dualwrited.service'
	$(INSTALL) -m 644 systemd/dualwrited.sysusers '$(DESTDIR)$(libdir)/sysusers.d/dualwrited.conf'
	$(INSTALL) -m 644 systemd/dualwrited.tmpfiles '$(DESTDIR)$(libdir)/tmpfiles.d/dualwrited.conf'

uninstall: ## remove what install put there; $(sysconfdir)/dualwrite stays
	rm -f '$(DESTDIR)$(bindir)/dualwrited' $(foreach page,$(MAN_PAGES), \
	    '$(DESTDIR)$(mandir)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))') \
	    '$(DESTDIR)$(unitdir)/dualwrited.service' '$(DESTDIR)$(libdir)/sysusers.d/dualwrited.conf' \
	    '$(DESTDIR)$(libdir)/tmpfiles.d/dualwrited.conf'
	rm -rf '$(DESTDIR)$(docdir)'

# ---- the rest ------------------------------------------------------------------------------------------------------

.PHONY: clean help
clean: ## remove everything that was built
	rm -rf build build-asan build-lint compile_commands.json

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    while IFS='|' read -r target text; do printf '  %-25s%s\n' "make $$target" "$$text"; done
