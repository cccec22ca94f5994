# `make` lists the targets. Every target prepares what it needs by itself.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV    := .venv
RUN     := $(VENV)/bin/python
# What the layer holds; then what the demo's commands need, and what tests and linters need.
READY   := $(VENV)/.ready
AWS     := $(VENV)/.ready-aws
TESTS   := $(VENV)/.ready-tests
# SAM CLI and emulator each pin a boto3 of their own.
SAM       := .venv-sam/.ready
SAM_LINT  := .venv-sam/.ready-lint
MINISTACK := .venv-ministack/.ready
RUNTIME   := .venv-runtime/.ready
BUILD     := $(READY) $(SAM) $(RUNTIME)
LOCAL     := $(BUILD) $(MINISTACK)
MUTANTS := .venv-mutants/.ready
MUTANTS_RUN := .venv-mutants/bin/python
SCANNERS := $(patsubst %,.venv-scan-%/.ready,checkov cdk-nag bandit)
# The examples that need an environment of their own have requirements in their folder.
EXAMPLES := $(patsubst examples/%/requirements.txt,.venv-example-%/.ready,$(wildcard examples/*/requirements.txt))
# A user's AWS settings must neither reach an emulator nor be reached by a test.
export AWS_EC2_METADATA_DISABLED := true
export SAM_CLI_TELEMETRY := 0
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Tests, and the processes that they start, are not compiled anew each time.
unexport PYTHONDONTWRITEBYTECODE

TYPE  ?= BASIC
EVENT ?=
KEEP  ?=
STACK ?=
ERROR ?=
ROUNDS ?=
MODULE ?=
UPGRADE ?=
PYTEST_WORKERS ?= 2
# Each deploys an application of its own and waits half of the time, so that more than there are cores pay. They begin
# with files of few but long tests: artifact and e2e.
STACK_WORKERS ?= 6

# One of each partition. Some examples are about what GovCloud does not have.
REGIONS := eu-central-1 cn-north-1 us-gov-west-1 us-iso-east-1 us-isob-east-1 eu-isoe-west-1 us-isof-south-1 eusc-de-east-1

# The names under which a Python that is new enough may be found; PYTHON=… overrides them.
PYTHON ?=
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python

# The function's own version, or the path of an interpreter of it.
RUNTIME_PYTHON ?= 3.13
# What pyenv puts on the PATH fails for versions that are not active, and uv gives up there.
PYENV_ROOT ?= $(HOME)/.pyenv
INACTIVE   := $(wildcard $(PYENV_ROOT)/versions/$(RUNTIME_PYTHON)*/bin)

# The layer's first: others include what it was compiled to.
PINS := $(wildcard layers/*/requirements*.in) $(wildcard requirements*.in tools/*/requirements*.in examples/*/requirements.in)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(LOCAL) $(if $(filter-out 0,$(KEEP)),$(AWS)) ## Deploy to a local emulator and see each credential arrive; KEEP=1 leaves it running
	@$(RUN) -m tools.demo $(if $(filter-out 0,$(KEEP)),--keep)

.PHONY: stop
stop: $(READY) ## End what `make demo KEEP=1` left running
	@$(RUN) -m tools.local.kept_stack

.PHONY: invoke
invoke: $(LOCAL) ## Run the built function on EVENT=events/x.json under the real Lambda runtime client
	@test -n "$(EVENT)" || { echo "usage: make invoke EVENT=events/x.json" >&2; exit 2; }
	@$(RUN) -m tools.local.invoke "$(EVENT)"

.PHONY: event
event: $(READY) ## Fit EVENT=events/x.json to what KEEP=1 left running, for the sam local invoke that it printed
	@test -n "$(EVENT)" || { echo "usage: make event EVENT=events/x.json" >&2; exit 2; }
	@$(RUN) -m tools.local.sam_local "$(EVENT)"

.PHONY: skeleton
skeleton: $(READY) ## Print a request to fill in: TYPE=BASIC|OAUTH_CLIENT_CREDENTIALS|API_KEY
	@PYTHONPATH=src $(RUN) -m tools.generated.skeleton $(TYPE)

.PHONY: schema
schema: $(READY) ## Write the JSON Schema of a request
	@PYTHONPATH=src $(RUN) -m tools.generated.schema

.PHONY: sbom
sbom: $(BUILD) ## Write the bill of materials of the built layer (CycloneDX JSON)
	@$(RUN) -m tools.generated.sbom

.PHONY: licences
licences: $(BUILD) ## Print the licences of what the built layer holds
	@$(RUN) -m tools.generated.licences

.PHONY: cost
cost: $(READY) ## Print what requests cost, from the calls that they make and AWS's prices
	@$(RUN) -m tools.generated.cost

.PHONY: redrive
redrive: $(READY) ## Send back the dead letters that can work again, ERROR=… those of a code: STACK=… on AWS, else what KEEP=1 left
	@$(RUN) -m tools.operating.redrive $(if $(STACK),--stack $(STACK)) $(if $(ERROR),--error $(ERROR))

.PHONY: inventory
inventory: $(READY) ## List the registered connections: STACK=… on AWS, else what KEEP=1 left running
	@$(RUN) -m tools.operating.inventory $(if $(STACK),--stack $(STACK))

.PHONY: bench
bench: $(LOCAL) $(TESTS) ## Measure what is promised, and write docs/benchmarks.md (minutes); ROUNDS=1 is faster
	@$(RUN) -m tools.bench $(if $(ROUNDS),--rounds $(ROUNDS))

.PHONY: build
build: $(BUILD) ## Build function and layer with the SAM CLI
	@$(RUN) -m tools.local.deployment

.PHONY: package
package: $(BUILD) ## Pack a release that deploys without a clone or a build
	@$(RUN) -m tools.release

.PHONY: check
check: lint test examples ## What CI runs after the demo: lint, test and examples

.PHONY: lint
lint: $(TESTS) $(SAM_LINT) ## Style, types and templates
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(VENV)/bin/sam validate --lint --template-file template.yaml
	$(VENV)/bin/cfn-lint template.yaml examples/*.yaml
	$(VENV)/bin/cfn-lint --regions $(REGIONS) -- template.yaml

.PHONY: unit
unit: $(READY) $(TESTS) ## The unit tests, for while you work (20 seconds)
	@$(RUN) -m pytest tests/unit -n $(PYTEST_WORKERS)

.PHONY: test
test: $(LOCAL) $(TESTS) ## Unit, property, integration, end-to-end and artifact tests
	$(RUN) -m pytest tests/unit tests/properties -n $(PYTEST_WORKERS)
	$(RUN) -m tools.local.deployment
	$(RUN) -m pytest tests/artifact tests/e2e tests/integration -n $(STACK_WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: examples
examples: $(LOCAL) $(TESTS) $(EXAMPLES) ## Run what can be run of the examples
	$(RUN) -m pytest tests/examples -n $(PYTEST_WORKERS)

# The plugin sees to it that the function, its libraries and its clients' models are those that were
# built. No bytecode of this Python is left among them.
.PHONY: retest
retest: $(LOCAL) $(TESTS) ## Unit and integration tests again, on the built function and layer (minutes; not part of check)
	$(RUN) -m tools.local.deployment
	PYTHONDONTWRITEBYTECODE=1 $(RUN) -m pytest tests/unit tests/properties tests/integration -n $(STACK_WORKERS) --dist loadfile \
	  -p tests.support.on_the_artifact -o pythonpath=".aws-sam/build/Function .aws-sam/build/Dependencies/python ."

.PHONY: mutants
mutants: $(MUTANTS) ## Change the code and expect a unit test to fail: MODULE=requests/violation, minutes; else all, an hour (not part of check)
	@$(MUTANTS_RUN) -m tools.mutation $(MODULE)

# Not part of check: its environments are 1 GB, most of it the CDK.
.PHONY: scan
scan: $(TESTS) $(SCANNERS) ## Search templates and code for weaknesses: checkov, cdk-nag, bandit (half a minute once installed; not part of check)
	@$(RUN) -m tools.scan

.PHONY: pins
pins: $(READY) ## Compile each requirements*.in to a .txt with hashes; UPGRADE=1: what it does not pin may become newer
	@for file in $(PINS); do \
	  $(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    $$(sed -n 's/^# without: //p' "$$file" | xargs -rn1 echo --no-emit-package) \
	    --custom-compile-command "make pins" $(if $(filter-out 0,$(UPGRADE)),--upgrade) --output-file "$${file%.in}.txt" "$$file"; \
	done

.PHONY: clean
clean: ## Remove what the other targets made
	@if test -f .local/stack.json; then echo "a stack is running: make stop" >&2; exit 1; fi
	rm -rf $(VENV) .venv-*/ .aws-sam .local .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Nothing is installed whose hash the requirements do not list. uv does it in seconds; where it cannot work (a proxy, a
# platform), pip does. Both take the list as it is, for it is complete, or leaves out what nobody imports.
# Usage: $(call install,<environment>,<requirements>)
install = $(RUN) -m uv pip install --quiet --no-deps --require-hashes --python $(1)/bin/python -r $(2) \
	|| { echo "uv did not work, using pip" >&2; \
	     $(1)/bin/python -m ensurepip >/dev/null; \
	     $(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(2); }

# An environment of its own. Usage: $(call environment,<environment>,<requirements>)
environment = echo "Preparing $(1)" >&2; $(RUN) -m venv --clear --without-pip $(1); $(call install,$(1),$(2))

$(READY): requirements-uv.txt layers/dependencies/requirements.txt
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	test -n "$${found:-}" || { echo "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python" >&2; exit 1; }; \
	echo "Preparing $(VENV) with $$("$$found" --version) (once)" >&2; \
	test -x $(RUN) || "$$found" -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt || true
	@$(call install,$(VENV),layers/dependencies/requirements.txt)
	@touch $@

$(AWS): tools/demo/requirements-aws.txt $(READY)
	@echo "Adding the AWS CLI to $(VENV)" >&2
	@$(call install,$(VENV),$<)
	@touch $@

$(TESTS): requirements-dev.txt $(READY)
	@echo "Adding the test tools to $(VENV)" >&2
	@$(call install,$(VENV),$<,--compile-bytecode)
	@touch $@

# One place for whoever calls sam by its path.
$(SAM): tools/local/requirements-sam.txt $(READY)
	@$(call environment,.venv-sam,$<)
	@ln -sf ../../.venv-sam/bin/sam $(VENV)/bin/sam
	@touch $@

# Each stack that a test deploys calls sam: a second less with bytecode.
$(SAM_LINT): tools/local/requirements-sam-lint.txt $(SAM)
	@.venv-sam/bin/python -m compileall -q -j 0 .venv-sam/lib
	@$(call install,.venv-sam,$<)
	@touch $@

$(MINISTACK): tools/local/requirements-ministack.txt $(READY)
	@$(call environment,.venv-ministack,$<)
	@touch $@

# Where the machine has no such interpreter, the developer's does. Compiled, since its functions write no bytecode.
$(RUNTIME): tools/local/requirements-runtime.txt $(READY)
	@echo "Preparing .venv-runtime" >&2
	@PATH="$(if $(INACTIVE),$(firstword $(INACTIVE)):)$$PATH" $(RUN) -m uv venv --quiet --clear --no-python-downloads --python $(RUNTIME_PYTHON) .venv-runtime 2>/dev/null \
	  || { echo "no Python $(RUNTIME_PYTHON) here, using $$($(RUN) --version); RUNTIME_PYTHON=… names another" >&2; \
	     $(RUN) -m venv --clear --without-pip .venv-runtime; }
	@$(call install,.venv-runtime,$<,--compile-bytecode)
	@touch $@

$(MUTANTS): tools/mutation/requirements.txt $(READY)
	@$(call environment,.venv-mutants,$<)
	@touch $@

.venv-scan-%/.ready: tools/scan/requirements-%.txt $(READY)
	@$(call environment,.venv-scan-$*,$<)
	@touch $@

.venv-example-%/.ready: examples/%/requirements.txt $(READY)
	@$(call environment,.venv-example-$*,$<)
	@touch $@
