# Amaru: the commands of a newcomer (chat, test) and of a developer.
# SPDX-License-Identifier: Apache-2.0

SWIFT ?= swift
PROMPT ?=
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
VENV := .venv

# The folders with Python code, the part of the bridge that is written in it included.
PYTHON_FOLDERS := Python Sources/Amaru/Runtime/Python \
	Sources/AmaruEnvironment/Python Tests

# The bridge's tests share one thread: those that wait for it would spend their limits on that.
FEW := --experimental-maximum-parallelization-width 2

# The others wait for servers, and for processes: with all at once each would wait for the rest too.
SOME := --experimental-maximum-parallelization-width 8

# Tests that hold their threads for long.
COMPUTING := ^AmaruMarkdownTests\.|^AmaruServeTests\.PageStreamTests|/Fuzz/

# All but what a compiler answers: neither a sanitizer nor another Python changes that.
RUNNING := --skip 'CompileFail|\.ExamplesTests/'

# Installations of other Pythons, each with a shared library: their bridge is tested too.
PYTHONS ?= $(wildcard $(HOME)/.pyenv/versions/3.12.* $(HOME)/.pyenv/versions/3.13.*)

# Where `make install` puts the command; DESTDIR is the root of the system that it is for.
PREFIX ?= /usr/local
INSTALL_ROOT := $(DESTDIR)$(PREFIX)
SHARE := $(INSTALL_ROOT)/share

# The linker drops functions that nothing calls and keeps one of those that are equal, which needs a
# section for each: a seventh of the size. C and C++ code, which throws nothing, needs no unwind
# tables, and nobody looks the others up while the program runs.
# Generic types are made by functions that know their conformances: made from their names, each new
# kind of set or dictionary has the runtime search all conformances of the program.
# Swift's libraries, C++'s and cmark-gfm's are linked in. Loading the latter two, a symbol table that
# nobody looks anything up in, and what makes the program movable in memory cost a third of its
# start; Debian's python3 does without the last too. Not SQLite's: a script's own module sqlite3
# would bring a second one into the process, and each would drop the other's locks on a file.
RELEASE := -c release --product amaru
STATIC := .build/static
ifeq ($(shell uname -s),Linux)
RELEASE += --static-swift-stdlib -Xswiftc -L$(CURDIR)/$(STATIC) \
	-Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
	-Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --icf=all \
	-Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors \
	-Xcc -ffunction-sections -Xcc -fdata-sections -Xcc -fno-asynchronous-unwind-tables \
	-Xcxx -fno-exceptions -Xcxx -Os \
	-Xlinker -O2 -Xlinker --no-eh-frame-hdr -Xlinker -s \
	-Xlinker --no-export-dynamic -Xlinker -no-pie
endif

.PHONY: chat test build build-release install uninstall install-python test-swift test-python \
	test-peers test-specifications test-asan test-tsan test-debug test-pythons test-network \
	test-scripts test-leaks \
	bench bench-network bench-process bench-screen format lint clean

# Chat with a model: yours if a key is set, else a tiny one on this machine.
chat: install-python
	$(SWIFT) run amaru $(PROMPT)

# Everything that can be tested: the Swift packages, then the Python package.
test: install-python test-swift test-python

build: install-python
	$(SWIFT) build

# The command as `make install` takes it: minutes the first time. C++'s library is copied without its
# unwind tables, and with a demangler that knows no name: only a fatal error of Swift's runtime asks it.
# What was there goes first: objcopy would write through a link.
build-release: install-python
	@mkdir -p $(STATIC)
	@set -e; library="$$($(CC) -print-file-name=libstdc++.a)"; copy=$(STATIC)/libstdc++.a; \
	rm -f "$$copy"; if [ -f "$$library" ]; then \
		objcopy -R .eh_frame -R .rela.eh_frame "$$library" "$$copy"; \
		printf '%s\n' 'char *__cxa_demangle(const char *name, char *out, void *size, int *status)' \
			'{ (void)name, (void)out, (void)size; if (status) *status = -2; return 0; }' \
			| $(CC) -O2 -c -x c - -o $(STATIC)/cp-demangle.o; \
		ar r "$$copy" $(STATIC)/cp-demangle.o; \
	fi
	@rm -f $(STATIC)/libcmark-gfm.pc; \
	folder="$$(pkg-config --variable=libdir libcmark-gfm)"; \
	if [ "$$(uname -s)" = Linux ] && [ -f "$$folder/libcmark-gfm.a" ] \
		&& [ -f "$$folder/libcmark-gfm-extensions.a" ]; then \
		printf '%s\n' 'Name: libcmark-gfm' 'Description: the archives' \
			"Version: $$(pkg-config --modversion libcmark-gfm)" \
			"Cflags: $$(pkg-config --cflags libcmark-gfm)" \
			"Libs: -L$$folder -l:libcmark-gfm-extensions.a -l:libcmark-gfm.a" \
			> $(STATIC)/libcmark-gfm.pc; \
	fi
	PKG_CONFIG_PATH="$(CURDIR)/$(STATIC):$$PKG_CONFIG_PATH" $(SWIFT) build $(RELEASE)

# The command, its Python files, completions and manual page under PREFIX. Without Swift on the
# path, as under sudo, what `make build-release` has built is taken.
install:
	@if command -v $(SWIFT) >/dev/null; then $(MAKE) build-release; fi
	@set -e; umask 022; bin=.build/release; amaru="$$bin/amaru"; \
	echo "Installing amaru under $(INSTALL_ROOT)"; \
	install -d "$(INSTALL_ROOT)/bin" "$(SHARE)/bash-completion/completions" \
		"$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d" "$(SHARE)/man/man1"; \
	install -m 755 "$$amaru" "$(INSTALL_ROOT)/bin/amaru"; \
	rm -rf "$(SHARE)/amaru"; \
	cp -R "$$bin"/amaru_AmaruPython.[rb]* "$(SHARE)/amaru"; \
	find "$(SHARE)/amaru" -name __pycache__ -prune -exec rm -rf {} +; \
	chmod -R u=rwX,go=rX "$(SHARE)/amaru"; \
	"$$amaru" --generate-completion-script bash > "$(SHARE)/bash-completion/completions/amaru"; \
	"$$amaru" --generate-completion-script zsh > "$(SHARE)/zsh/site-functions/_amaru"; \
	"$$amaru" --generate-completion-script fish \
		> "$(SHARE)/fish/vendor_completions.d/amaru.fish"; \
	"$$amaru" --experimental-dump-help | .ci/manual > "$(SHARE)/man/man1/amaru.1"

uninstall:
	rm -rf "$(SHARE)/amaru"
	rm -f "$(INSTALL_ROOT)/bin/amaru" \
		"$(SHARE)/bash-completion/completions/amaru" "$(SHARE)/zsh/site-functions/_amaru" \
		"$(SHARE)/fish/vendor_completions.d/amaru.fish" "$(SHARE)/man/man1/amaru.1"

# The headers of CPython, SQLite, cmark-gfm and zlib and the module venv, on Debian and Ubuntu, unless
# they are there.
install-python:
	@if pkg-config --exists python3-embed sqlite3 libcmark-gfm zlib 2>/dev/null \
		&& echo '#include <cmark-gfm-core-extensions.h>' | $(CC) -E - >/dev/null 2>&1 \
		&& python3 -c 'import venv, ensurepip' 2>/dev/null; then :; \
	elif command -v apt-get >/dev/null; then \
		echo "Installing the headers of Python, SQLite, cmark-gfm and zlib with apt-get"; \
		$(SUDO) apt-get update -q && \
		$(SUDO) apt-get install -qy --no-install-recommends \
			pkg-config python3-dev python3-venv libsqlite3-dev \
			libcmark-gfm-dev libcmark-gfm-extensions-dev zlib1g-dev; \
	else \
		echo "Install CPython 3.11 or newer, SQLite 3, cmark-gfm and zlib with their headers, so" >&2; \
		echo "that 'pkg-config --exists python3-embed sqlite3 libcmark-gfm zlib' succeeds." >&2; \
		exit 1; \
	fi

# In three runs: the bridge's tests and those that only compute keep every core busy, and the others
# wait for servers with limits.
test-swift:
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build $(FEW) --filter '^AmaruTests\.'
	$(SWIFT) test --skip-build --filter '$(COMPUTING)'
	$(SWIFT) test --skip-build $(SOME) --skip '^AmaruTests\.|$(COMPUTING)'

# In four processes, which wait for servers most of the time.
test-python: $(VENV)/ready
	$(VENV)/bin/python -B -m pytest -n 4 -c Python/pyproject.toml Tests/Python

$(VENV)/ready: Python/pyproject.toml
	/usr/bin/env python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q 'openai>=3.1,<4' httpx httpx2 urllib3 requests \
		PySocks brotli llm pluggy pygments types-Pygments pytest pytest-asyncio pytest-timeout \
		pytest-xdist mypy ruff trio uv playwright axe-playwright-python
	touch $@

# Other projects' tests inside the program, over its network, where pip finds them.
test-peers: install-python
	$(SWIFT) build --product amaru
	Tests/Peers/run

# Markdown in pieces and whole: the examples of CommonMark's and GFM's specifications, of which a
# package has the text. Nothing of that is kept here.
SPECIFICATIONS := marko-2.2.4
test-specifications: $(VENV)/ready
	$(SWIFT) build --build-tests
	@set -e; folder="$$(mktemp -d)"; trap 'rm -rf "$$folder"' EXIT; \
	if ! $(VENV)/bin/python -m pip download -q --no-deps --no-binary :all: -d "$$folder" \
		$(subst -,==,$(SPECIFICATIONS)); then \
		echo "The specifications' examples: skipped, $(SPECIFICATIONS) cannot be fetched"; \
		exit 0; \
	fi; \
	cd "$$folder"; \
	echo "c042c66f835425673123d7536b39b4660de3b68e30078c70fd26245b31170683" \
		"$(SPECIFICATIONS).tar.gz" | sha256sum -c --quiet; \
	tar -xzf $(SPECIFICATIONS).tar.gz; \
	cd "$(CURDIR)"; \
	for name in commonmark gfm; do \
		AMARU_MARKDOWN_SPECIFICATION="$$folder/$(SPECIFICATIONS)/tests/spec/$$name.txt" \
			$(SWIFT) test --skip-build --filter SpecificationTests; \
	done

# The bridge under AddressSanitizer, with Python's objects in memory that it watches.
test-asan:
	AMARU_BRIDGE_ONLY=1 AMARU_TEST_ALLOCATOR=malloc ASAN_OPTIONS=detect_leaks=0 \
		$(SWIFT) test $(FEW) --sanitize=address --scratch-path .build-asan $(RUNNING)

# The races of the bridge under ThreadSanitizer, which does not see into CPython.
test-tsan:
	AMARU_BRIDGE_ONLY=races $(SWIFT) test --sanitize=thread --scratch-path .build-tsan

# The bridge with the debug hooks of Python's allocator, and Python's development mode.
test-debug:
	$(SWIFT) build --build-tests
	AMARU_TEST_ALLOCATOR=debug \
		$(SWIFT) test --skip-build $(FEW) --filter '^AmaruTests\.' $(RUNNING) --skip Leak

# The bridge with each other Python that is here.
test-pythons:
	@for version in 3.12 3.13; do \
		home=; \
		for candidate in $(PYTHONS); do \
			case $$candidate in */$$version.*) home=$$candidate;; esac; \
		done; \
		if [ -z "$$home" ] || ! ls "$$home"/lib/libpython$$version.so* >/dev/null 2>&1; then \
			echo "CPython $$version: skipped, no installation with a shared library"; \
			continue; \
		fi; \
		echo "CPython $$version: $$home"; \
		AMARU_BRIDGE_ONLY=1 PKG_CONFIG_PATH="$$home/lib/pkgconfig" \
			LD_LIBRARY_PATH="$$home/lib" \
			$(SWIFT) test $(FEW) --scratch-path .build-$$version $(RUNNING) || exit 1; \
	done

# The network's engine under both sanitizers, and network and chat with each other Python that is
# here: half an hour, and so no part of every run. A test's limits begin when it does, so that
# only a few may share a machine that the sanitizers slow down.
test-network:
	AMARU_TEST_TARGETS=AmaruHTTPTests ASAN_OPTIONS=detect_leaks=0 \
		$(SWIFT) test $(FEW) --sanitize=address --scratch-path .build-asan-network
	AMARU_TEST_TARGETS=AmaruHTTPTests \
		$(SWIFT) test $(FEW) --sanitize=thread --scratch-path .build-tsan-network
	@for home in $(PYTHONS); do \
		version=$$(basename "$$home"); \
		AMARU_TEST_TARGETS=AmaruHTTPTests,AmaruChatTests \
			PKG_CONFIG_PATH="$$home/lib/pkgconfig" LD_LIBRARY_PATH="$$home/lib" \
			$(SWIFT) test --scratch-path ".build-network-$$version" || exit 1; \
	done

# Scripts with many libraries under `amaru run` as under python, with each other Python that is
# here: a whole build for each, and so no part of every run. Without one, or without an index for
# the libraries, it fails: nothing would be tested.
test-scripts:
	@[ -n "$(strip $(PYTHONS))" ] \
		|| { echo "no other Python is here: name one's folder by PYTHONS"; exit 1; }
	@for home in $(PYTHONS); do \
		build=".build-scripts-$$(basename "$$home")"; \
		export PKG_CONFIG_PATH="$$home/lib/pkgconfig" LD_LIBRARY_PATH="$$home/lib"; \
		$(SWIFT) build --product amaru --scratch-path "$$build" \
			&& Tests/Peers/run --required --amaru "$$build/debug/amaru" scripts \
			|| exit 1; \
	done

# Every way across the bridge 100,000 times (some 20,000): nothing may be left behind.
test-leaks:
	$(SWIFT) build --build-tests
	AMARU_LEAK_ROUNDS=full $(SWIFT) test --skip-build --filter '^AmaruTests\..*Leak'

# What the bridge costs, beside the same work in C; with GATE=--gate it fails over its limits.
bench:
	Tests/Benchmarks/run $(GATE)

# What the network's clients cost, beside curl and the usual ones, in one table.
bench-network: build-release
	Tests/Benchmarks/Network/run

# What whole runs of the command cost, beside llm, python3 and C, in one table.
bench-process: build-release
	@status=0; for name in Process History; do \
		Tests/Benchmarks/$$name/run || status=1; \
	done; exit $$status

# What an answer costs on a terminal, beside Rich's Live on the same pieces.
bench-screen: build-release
	Tests/Benchmarks/Screen/run

format:
	$(SWIFT) format -i --configuration .swift-format -r Package.swift Sources Tests Python
	$(VENV)/bin/ruff format --config Python/pyproject.toml $(PYTHON_FOLDERS)

lint: $(VENV)/ready
	$(SWIFT) format lint --strict --configuration .swift-format -r \
		Package.swift Sources Tests Python
	$(VENV)/bin/ruff check --config Python/pyproject.toml $(PYTHON_FOLDERS)
	$(VENV)/bin/ruff format --check --config Python/pyproject.toml $(PYTHON_FOLDERS)
	$(VENV)/bin/mypy --config-file Python/pyproject.toml \
		Python Sources/Amaru/Runtime/Python Sources/AmaruEnvironment/Python Tests/Python

clean:
	rm -rf .build $(VENV)
