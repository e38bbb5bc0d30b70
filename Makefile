# Amaru: the commands of a newcomer (chat, test) and of a developer.
# SPDX-License-Identifier: Apache-2.0

SWIFT ?= swift
PROMPT ?=
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
VENV := .venv

.PHONY: chat test build install-python test-swift test-python format lint clean

# Chat with a model: yours if a key is set, else a tiny one on this machine.
chat: install-python
	$(SWIFT) run amaru $(PROMPT)

# Everything that can be tested: the Swift packages, then the Python package.
test: install-python test-swift test-python

build: install-python
	$(SWIFT) build

# CPython's headers and the module venv, on Debian and Ubuntu, unless they are there.
install-python:
	@if pkg-config --exists python3-embed 2>/dev/null \
		&& python3 -c 'import venv, ensurepip' 2>/dev/null; then :; \
	elif command -v apt-get >/dev/null; then \
		echo "Installing python3-dev, python3-venv and pkg-config with apt-get"; \
		$(SUDO) apt-get update -q && \
		$(SUDO) apt-get install -qy --no-install-recommends \
			pkg-config python3-dev python3-venv; \
	else \
		echo "Install CPython 3.11 or newer with its headers, so that" >&2; \
		echo "'pkg-config --exists python3-embed' succeeds." >&2; \
		exit 1; \
	fi

test-swift:
	$(SWIFT) test

test-python: $(VENV)/ready
	$(VENV)/bin/python -B -m pytest -c Python/pyproject.toml Tests/Python

$(VENV)/ready: Python/pyproject.toml
	/usr/bin/env python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q 'openai>=3.1,<4' httpx httpx2 urllib3 pluggy \
		pytest pytest-asyncio pytest-timeout mypy ruff
	touch $@

format:
	$(SWIFT) format -i --configuration .swift-format -r Package.swift Sources Tests Python
	$(VENV)/bin/ruff format Python Tests/Python

lint: $(VENV)/ready
	$(SWIFT) format lint --strict --configuration .swift-format -r \
		Package.swift Sources Tests Python
	$(VENV)/bin/ruff check --config Python/pyproject.toml Python Tests/Python
	$(VENV)/bin/ruff format --check --config Python/pyproject.toml Python Tests/Python
	$(VENV)/bin/mypy --config-file Python/pyproject.toml Python Tests/Python

clean:
	rm -rf .build $(VENV)
