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
    python3-psycopg2 python3-prometheus-client spin systemd
# pgbench comes with the server; node and npm are for one of the peers, which is left out without them
DEPS_BENCH := postgresql python3 python3-psycopg python3-pytest
DEPS_LINT  := clang clang-format clang-tidy cppcheck mandoc shellcheck libcmocka-dev
DEPS_DEB   := build-essential debhelper
DEPS_DEPLOY := $(filter-out spin,$(DEPS_CHECK)) buildah chromium fish kubernetes-client mmdebstrap nodejs npm prometheus \
    python3-jsonschema python3-yaml systemd-container zsh

# ---- how it is compiled --------------------------------------------------------------------------------------------

BUILD := build$(if $(SANITIZE),-asan)
PKG_CONFIG ?= pkg-config
NPROC := $(shell nproc 2>/dev/null || echo 2)
# sub-makes run in parallel, unless the caller said -j himself
JOBS = $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(NPROC))

# built-in default is plain "cc"; both compilers are kept warning-clean by `make lint`
CFLAGS ?= $(if $(SANITIZE),-O0,-O2) -g

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(WERROR),-Werror)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
    $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
PROTECT := $(if $(SANITIZE),$(SANITIZERS),$(HARDENING)) -fPIE

HAVE_LIBS := $(strip $(foreach lib,$(LIBS) $(LIBS_OPTIONAL), \
    $(shell $(PKG_CONFIG) --exists $(lib) 2>/dev/null && echo $(lib))))
LIB_CFLAGS := $(if $(HAVE_LIBS),$(shell $(PKG_CONFIG) --cflags $(HAVE_LIBS))) \
    $(shell $(PKG_CONFIG) --cflags $(LIBS_LOADED) 2>/dev/null)
LIB_LIBS := $(if $(HAVE_LIBS),$(shell $(PKG_CONFIG) --libs $(HAVE_LIBS))) -lm

ALL_CPPFLAGS = -D_GNU_SOURCE -Iinclude -I$(BUILD) $(LIB_CFLAGS) \
    $(if $(filter libsystemd,$(HAVE_LIBS)),-DHAVE_SYSTEMD) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(PROTECT) $(CFLAGS)
ALL_LDFLAGS = $(if $(SANITIZE),$(SANITIZERS)) -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)

# 0.1.0 in a release, 0.1.0+git.1a2b3c4 in a checkout; main.c includes "version.h" for DUALWRITE_VERSION
VERSION := $(strip $(file <VERSION))
GIT_ID := $(if $(wildcard .git),$(shell git describe --always --dirty --match=NONE 2>/dev/null))
FULL_VERSION := $(VERSION)$(if $(GIT_ID),+git.$(GIT_ID))

SOURCES := $(sort $(wildcard lib/*/*.c daemon/*.c))
EMBED := $(sort $(shell find lib/sql -name '*.sql' 2>/dev/null)) config/mapping.json config/smoke-api.json config/page.html
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/embedded.o

say = @$(if $(V),:,printf '  %-6s %s\n' $(1) $(2));
run = $(if $(V),@set -x;,$(call say,$(1),$(2)))

# ---- build ---------------------------------------------------------------------------------------------------------

.PHONY: build
build: $(BUILD)/dualwrited ## build/dualwrited (the default); installs nothing

# What a daemon needs comes first, what only other commands need after it, so that the pages that it touches hold little else. The
# linker finds out which is which: of the archive it takes what cmd_run.o needs, and then what main.o needs beyond that.
$(BUILD)/dualwrited: $(OBJECTS)
	@rm -f $@.a && $(AR) qcs $@.a $(filter-out %/main.o,$^)
	$(call run,LD,$@) $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(@D)/daemon/cmd_run.o $@.a $(@D)/daemon/main.o $@.a $(LIB_LIBS)
	@rm -f $@.a

$(BUILD)/%.o: %.c $(BUILD)/flags | check-libs $(BUILD)/embedded.h $(BUILD)/version.h $(BUILD)/paths.h
	@mkdir -p $(@D)
	$(call run,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/embedded.o: $(BUILD)/embedded.c $(BUILD)/flags | check-libs
	$(call run,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# every .sql file and the default mapping as NUL-terminated arrays, symbol = file name; the header is a by-product
$(BUILD)/embedded.c: lib/sql/embed.sh $(EMBED) $(BUILD)/embedded.list
	$(call run,EMBED,$@) sh lib/sql/embed.sh $(BUILD)/embedded $(EMBED)
$(BUILD)/embedded.h: $(BUILD)/embedded.c ;

# these four change only when their content does, so that what depends on them is rebuilt then and not otherwise
define write-if-changed
@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@
endef
$(BUILD)/flags: FORCE
	$(call write-if-changed,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS))
$(BUILD)/embedded.list: FORCE
	$(call write-if-changed,$(EMBED))
$(BUILD)/version.h: FORCE
	$(call write-if-changed,#define DUALWRITE_VERSION "$(FULL_VERSION)")
# where `make install` puts the rule packs
$(BUILD)/paths.h: FORCE
	$(call write-if-changed,#define DUALWRITE_RULES_DIR "$(rulesdir)")
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

# not into Debian roots and the package's own build
-include $(shell find $(BUILD) -path $(BUILD)/deploy -prune -o -type f \( -name deploy -o -name deb \) -prune -o -type f -name '*.d' -print 2>/dev/null)

# ---- dependencies --------------------------------------------------------------------------------------------------

.PHONY: deps deps-bench deps-demo deps-check deps-deb deps-deploy deps-lint
deps: ## install what the build needs (Debian packages; only what is missing)
	@.ci/deps $(DEPS_BUILD)
deps-demo: ## ... and what the demo needs
	@.ci/deps $(DEPS_BUILD) $(DEPS_DEMO)
deps-bench: ## ... and what the benchmark needs
	@.ci/deps $(DEPS_BUILD) $(DEPS_BENCH)
deps-check: ## ... and what the tests need
	@.ci/deps $(DEPS_BUILD) $(DEPS_CHECK)
deps-deb: ## ... and what the Debian package needs
	@.ci/deps $(DEPS_BUILD) $(DEPS_DEB)
deps-deploy: ## ... and what the tests of packages and machines need
	@.ci/deps $(DEPS_BUILD) $(DEPS_DEPLOY)
deps-lint: ## ... and what lint needs
	@.ci/deps $(DEPS_BUILD) $(DEPS_LINT)

# ---- demo and tests (after deps a new make looks for the libraries again) -------------------------------------------

.PHONY: demo
demo: deps-demo ## the five flows on a private PostgreSQL; KEEP=1 leaves it up
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited KEEP=$(KEEP) tests/demo.sh

.PHONY: check check-unit check-model check-integration check-fault check-systemd check-deploy
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
check-systemd: deps-deploy ## the service on a real systemd, in a container that boots; as root
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited tests/run.sh systemd
check-deploy: deps-deploy ## the package, the image, systemd, Kubernetes and the page; slow, and most of it only as root
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited tests/run.sh deploy

# always Debian's python, whose psycopg is there
.PHONY: bench
bench: deps-bench ## ours, floors and peers side by side, into build/bench.json; BENCH=quick or full, ONLY='drain latency'
	@$(MAKE) --no-print-directory $(JOBS) build
	@DUALWRITED=$(BUILD)/dualwrited BENCH=$(BENCH) PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 \
	    /usr/bin/python3 tests/bench/bench.py $(addprefix --only=,$(ONLY))

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

# ---- fuzzing --------------------------------------------------------------------------------------------------------

# each tests/fuzz/fuzz_NAME.c says what it links as a unit test does
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: fuzz
fuzz: deps-lint deps-check ## fuzz our parsers (FUZZ_SECONDS=60 each), and a daemon with the sanitizers over HTTP
	@mkdir -p build/fuzz
	@$(MAKE) --no-print-directory $(JOBS) SANITIZE=1 build
	@set -e; for name in $(FUZZERS); do \
	    clang -g -O1 -std=c11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -D_GNU_SOURCE -Iinclude \
	        $(LIB_CFLAGS) -o build/fuzz/$$name tests/fuzz/$$name.c \
	        $$(sed -n 's,.*/\* *links: *\(.*\)\*/.*,\1,p' tests/fuzz/$$name.c) $(LIB_LIBS); \
	    mkdir -p build/fuzz/$$name.corpus; \
	    build/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=build/fuzz/$$name. \
	        build/fuzz/$$name.corpus; \
	done
	@DUALWRITED=build-asan/dualwrited FUZZ_REQUESTS=20000 TESTS='-k test_hostile_requests' tests/run.sh integration

# ---- lint ----------------------------------------------------------------------------------------------------------

C_FILES = $(SOURCES) $(wildcard tests/unit/*.c tests/fuzz/*.c tests/bench/peers/*.c)
H_FILES = $(wildcard include/dualwrite/*.h daemon/*.h tests/unit/*.h)
MAN_PAGES = $(wildcard docs/*.[158])
SHELL_FILES = .ci/run .ci/deps $(wildcard config/*/*.sh config/debian/*.p* lib/sql/*.sh tests/*.sh tests/unit/*.sh tests/model/*.sh)

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
lint-tidy: compile_commands.json $(BUILD)/embedded.h $(BUILD)/version.h $(BUILD)/paths.h
	@printf '%s\n' $(SOURCES) | xargs -P$(NPROC) -n1 clang-tidy --quiet -p . --warnings-as-errors='*' 2>/dev/null
lint-cppcheck: $(BUILD)/embedded.h $(BUILD)/version.h $(BUILD)/paths.h
	@cppcheck --quiet --std=c11 --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem -j$(NPROC) -D_GNU_SOURCE -D__GNUC__ -Iinclude -I$(BUILD) \
	    $(patsubst -I%,--include=%/cJSON.h,$(filter -I%/cjson,$(LIB_CFLAGS))) $(SOURCES)
lint-shell:
	@shellcheck $(SHELL_FILES)
lint-man:
	@for page in $(MAN_PAGES); do mandoc -T lint -W warning "$$page" || exit 1; done

format: ## lay out the C files with clang-format
	clang-format -i $(C_FILES) $(H_FILES)

.PHONY: screenshots
screenshots: ## make docs/page.png anew, after a change of the page
	@.ci/deps python3 chromium
	python3 tests/deploy/page_screenshot.py docs/page.png

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
datadir ?= $(datarootdir)
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/dualwrited
rulesdir ?= $(datarootdir)/dualwrited/rules
# not $(prefix)/etc: the daemon looks for /etc/dualwrite/dualwrited.env
sysconfdir ?= /etc
# where systemd looks, whatever $(libdir) is
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
bashcompdir ?= $(datadir)/bash-completion/completions
zshcompdir ?= $(datadir)/zsh/vendor-completions
fishcompdir ?= $(datadir)/fish/vendor_completions.d
INSTALL ?= install
confdir = $(sysconfdir)/dualwrite
# of the host that it is for: libsystemd's here, unless you say so
SYSTEMD_VERSION ?= $(firstword $(subst ., ,$(shell $(PKG_CONFIG) --modversion libsystemd 2>/dev/null)) 0)

# What is installed, as SOURCE:MODE:TARGET; uninstall takes the same list back. A drop-in is named by the systemd that it needs.
item = $(foreach file,$(1),$(file):644:$(2)/$(notdir $(file)))
tree = $(foreach file,$(sort $(shell find $(wildcard $(1)) -type f -name '[!.]*' ! -name '*.[158]')),$(file):644:$(2)/$(file))
UNITS = $(wildcard systemd/*.service systemd/*.timer) $(foreach file,$(wildcard systemd/*.d/*.conf), \
    $(shell test $(SYSTEMD_VERSION) -ge $(basename $(notdir $(file))) && echo $(file)))
INSTALLED = $(BUILD)/dualwrited:755:$(bindir)/dualwrited \
    $(foreach page,$(MAN_PAGES),$(call item,$(page),$(mandir)/man$(subst .,,$(suffix $(page))))) \
    $(call item,README.md CHANGELOG.md LICENSE,$(docdir)) $(call tree,docs config,$(docdir)) \
    $(foreach unit,$(UNITS),$(unit):644:$(unitdir)/$(unit:systemd/%=%)) \
    systemd/dualwrited.sysusers:644:$(sysusersdir)/dualwrited.conf \
    systemd/dualwrited.tmpfiles:644:$(tmpfilesdir)/dualwrited.conf \
    $(foreach file,$(wildcard config/rules/*/*),$(file):644:$(rulesdir)/$(file:config/rules/%=%)) \
    $(foreach file,$(wildcard config/completion/dualwrited.bash),$(file):644:$(bashcompdir)/dualwrited) \
    $(call item,$(wildcard config/completion/_dualwrited),$(zshcompdir)) \
    $(call item,$(wildcard config/completion/dualwrited.fish),$(fishcompdir))

.PHONY: install uninstall
install: build ## install under $(DESTDIR)$(prefix): binary, man pages, documents, samples, systemd units
	@set -e; for item in $(INSTALLED); do \
	    source=$${item%%:*} target=$${item##*:} mode=$${item%:*}; \
	    $(INSTALL) -D -m "$${mode##*:}" "$$source" '$(DESTDIR)'"$$target"; \
	    case $$target in *.service) sed -i 's,/usr/bin/dualwrited,$(bindir)/dualwrited,' '$(DESTDIR)'"$$target" ;; esac; \
	done
	@# settings that an administrator has changed stay: the new file goes beside them as .new
	@set -e; $(INSTALL) -d -m 750 '$(DESTDIR)$(confdir)'; target='$(DESTDIR)$(confdir)/dualwrited.env'; \
	if [ -e "$$target" ]; then \
	    cmp -s config/dualwrited.env "$$target" || $(INSTALL) -m 640 config/dualwrited.env "$$target.new"; \
	else \
	    $(INSTALL) -m 640 config/dualwrited.env "$$target"; \
	fi
	@$(if $(filter libsystemd,$(HAVE_LIBS)),:,echo >&2 "built without libsystemd ($(debian.libsystemd)): \
	    dualwrited.service would wait in vain for this daemon to say that it is ready")
	@echo "installed under $(DESTDIR)$(prefix); on this host next: docs/operations.md, \"Under systemd\""

uninstall: ## remove what install put there; $(sysconfdir)/dualwrite stays
	@for item in $(INSTALLED); do rm -f '$(DESTDIR)'"$${item##*:}"; done
	@for dir in $(docdir) $(datadir)/dualwrited $(unitdir)/dualwrited.service.d; do \
	    [ ! -d '$(DESTDIR)'"$$dir" ] || find '$(DESTDIR)'"$$dir" -depth -type d -empty -delete; \
	done

# ---- release tarball, Debian package, image ---------------------------------------------------------------------------

# a checkout's version has the time of its commit, so that the package of a later one is newer
DIST_VERSION = $(VERSION)$(if $(GIT_ID),+git$(shell TZ=UTC git log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S).$(subst -,.,$(GIT_ID)))
DIST_NAME = dualwrited-$(DIST_VERSION)
DIST_EPOCH = $(or $(SOURCE_DATE_EPOCH),$(if $(wildcard .git),$(shell git log -1 --format=%ct),$(shell stat -c %Y VERSION)))
# who answers for a package that is built here
DEB_MAINTAINER ?= $(or $(DEBFULLNAME),the dualwrite authors) <$(or $(DEBEMAIL),dualwrited@packages.example.net)>

.PHONY: dist deb
dist: ## build/dualwrited-VERSION.tar.gz: the files that git knows, as they are in the tree
	@rm -rf build/dist && mkdir -p 'build/dist/$(DIST_NAME)'
	@$(if $(wildcard .git),git ls-files -z,find . -type f ! -path './build*' -printf '%P\0') | tar --null -T - -c | \
	    tar -x -C 'build/dist/$(DIST_NAME)'
	@echo '$(DIST_VERSION)' >'build/dist/$(DIST_NAME)/VERSION'
	@tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX --mtime='@$(DIST_EPOCH)' -C build/dist \
	    -c '$(DIST_NAME)' | gzip -9n >'build/$(DIST_NAME).tar.gz'
	@rm -rf build/dist
	@echo 'build/$(DIST_NAME).tar.gz'

deb: dist ## build/deb/*.deb, from the tarball; as any user, without network
	@rm -rf build/deb && mkdir -p build/deb && tar -xzf 'build/$(DIST_NAME).tar.gz' -C build/deb
	@cd 'build/deb/$(DIST_NAME)' && cp -R config/debian debian && \
	sed -i 's/@MAINTAINER@/$(DEB_MAINTAINER)/' debian/control && \
	sed '1,4d; s/^$$/./; s/^/ /' LICENSE | sed -i -e '/@LICENSE@/{r /dev/stdin' -e 'd}' debian/copyright && \
	printf '%s\n\n  * See CHANGELOG.md beside this file.\n\n -- %s  %s\n' 'dualwrited ($(DIST_VERSION)-0local1) unstable; urgency=medium' \
	    '$(DEB_MAINTAINER)' "$$(date -R -u -d '@$(DIST_EPOCH)')" >debian/changelog && \
	env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -b --no-sign
	@rm -rf 'build/deb/$(DIST_NAME)'
	@echo build/deb/*_$$(dpkg --print-architecture).deb

IMAGE ?= dualwrited:$(subst +,-,$(DIST_VERSION))
IMAGE_TOOL ?= $(or $(firstword $(foreach tool,podman buildah docker,$(shell command -v $(tool)))),podman)
# docker knows no other format, and the format of OCI has no health check
IMAGE_BUILD ?= $(IMAGE_TOOL) build $(if $(filter docker,$(notdir $(IMAGE_TOOL))),,--format docker)

.PHONY: image
image: ## the container image; IMAGE=name:tag, BASE=debian:bookworm-slim to build in, IMAGE_TOOL=docker
	$(IMAGE_BUILD) -f config/container/Containerfile -t '$(IMAGE)' $(if $(BASE),--build-arg BASE='$(BASE)') \
	    --build-arg VERSION='$(FULL_VERSION)' --build-arg REVISION='$(if $(GIT_ID),$(shell git rev-parse HEAD))' .

# ---- the rest ------------------------------------------------------------------------------------------------------

.PHONY: clean help
clean: ## remove everything that was built
	rm -rf build build-asan build-lint compile_commands.json

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    while IFS='|' read -r target text; do printf '  %-25s%s\n' "make $$target" "$$text"; done
