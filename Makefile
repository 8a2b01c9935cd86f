# Every target sets itself up: Python 3.11 or newer, make and a package index are enough.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" \
  && break; done)
STACK ?= dev
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

ENVIRONMENT := '$(PYTHON)' dev/setup/environment.py
# Without bytecode each command would compile 300 modules of the SDKs again.
unexport PYTHONDONTWRITEBYTECODE
# Handed over in the environment, so that a value may hold quotes.
SET ?=
export SET
WITH_FORMAT = $(if $(FORMAT),--format '$(FORMAT)')

# A tier of its own: one process, and the skips told with their reasons.
TIER := --numprocesses=0 -rs
# A lock file for every Python from 3.11 on and every machine, with the newest that is allowed.
COMPILE = "$$(dev/setup/uv)" pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --upgrade

.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z-]+:' $(MAKEFILE_LIST) | tr -d :)

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

preview: $(READY) ## What a stack consists of: STACK=dev, DEPTH=1 for its components only
	@$(BIN)/python -m ops tree --stack '$(STACK)' --set "$$SET" --depth '$(or $(DEPTH),0)' $(WITH_FORMAT)

plan: $(READY) ## The same as JSON, every input included
	@$(BIN)/python -m ops plan --stack '$(STACK)' --set "$$SET" $(WITH_FORMAT)

diff: $(READY) ## FROM=dev TO=prod, or STACK=dev (all: each) with SET='jarMount.level=node' or BASE=main
	@$(BIN)/python -m ops diff --from '$(FROM)' --to '$(TO)' --stack '$(if $(FROM)$(TO),,$(STACK))' \
	  --set "$$SET" --base '$(BASE)' --head '$(HEAD)' $(WITH_FORMAT)

manifests: $(READY) ## The Kubernetes objects and Helm values as files: OUT=dir
	@$(BIN)/python -m ops manifests --stack '$(STACK)' --set "$$SET" --out '$(or $(OUT),out/$(STACK))'

check: $(READY) ## The rules that a stack breaks, SET='key=value' to try a change, FORMAT=json
	@$(BIN)/python -m ops check --stack '$(STACK)' --set "$$SET" $(WITH_FORMAT) \
	  $(if $(EXCEPTIONS),--exceptions)

picture: $(READY) ## A stack as a Mermaid flowchart: OUT=file; SET=... or BASE=main: what changes, coloured
	@$(BIN)/python -m ops picture --stack '$(STACK)' --set "$$SET" --base '$(BASE)' --out '$(OUT)' \
	  $(WITH_FORMAT)

capacity: $(READY) ## How far a stack reaches: EXECUTORS=1000, CPU=4 GIB=16 DISK_GIB=5 SHUFFLE=node|claim MINUTES=20 of one, POOL=, QUOTAS='L-34B43A08=5000'
	@$(BIN)/python -m ops capacity --stack '$(STACK)' --set "$$SET" \
	  --executors '$(or $(EXECUTORS),1000)' --cpu '$(or $(CPU),4)' --gib '$(or $(GIB),16)' \
	  --disk-gib '$(or $(DISK_GIB),5)' --shuffle '$(or $(SHUFFLE),node)' \
	  --pool '$(POOL)' --minutes '$(or $(MINUTES),20)' $(foreach quota,$(QUOTAS),--quota '$(quota)') \
	  $(WITH_FORMAT)

publish-jars: $(READY) ## Copy JARs to a stack's bucket, or with FLEET=prod to each member's: RELEASE=2026-11-01 JARS='group:artifact:version x.jar'
	@$(BIN)/python -m ops $(if $(FLEET),fleet-publish --fleet '$(FLEET)' $(WITH_FORMAT),publish-jars \
	  --stack '$(if $(TO),,$(STACK))' --to '$(TO)') --release '$(RELEASE)' \
	  --jar-set '$(or $(JAR_SET),jars)' $(if $(ALLOW_DUPLICATES),--allow-duplicates) \
	  $(if $(ARCHIVE),$(if $(FLEET),$(error ARCHIVE= is of one bucket, because the JVM compares the times of its JARs: \
	  use STACK= for each member),--image '$(IMAGE)' $(foreach one,$(ARCHIVE),--archive '$(one)'))) -- $(foreach jar,$(JARS),'$(jar)')

releases: $(READY) ## The releases of a stack, or with FLEET=prod which member has which, and whether each is complete: RELEASE= TEAM=
	@$(BIN)/python -m ops $(if $(FLEET),fleet-releases --fleet '$(FLEET)',releases --stack '$(STACK)') \
	  $(WITH_FORMAT) $(if $(FLEET),,--team '$(TEAM)' -- $(RELEASE))

job: $(READY) ## A Spark job as YAML: FILE=job.yaml or JOB=pi|taxi-trip|etl-dynamic, STACK=dev TEAM=team-a IN= OUT=
	@$(BIN)/python -m ops job --job '$(JOB)' --stack '$(STACK)' --team '$(TEAM)' --set "$$SET" \
	  --file '$(FILE)' --release '$(RELEASE)' --name '$(NAME)' --in '$(IN)' --out '$(OUT)' --executors '$(EXECUTORS)' \
	  $(if $(CACHE),--cache) --archive '$(ARCHIVE)' --account '$(ACCOUNT)' $(WITH_FORMAT)

check-job: $(READY) ## Whether a SparkApplication runs on a stack: FILE=job.yaml STACK=dev TEAM=team-a, FIX=1 puts it right
	@$(BIN)/python -m ops check-job --file '$(FILE)' --stack '$(STACK)' --team '$(TEAM)' --set "$$SET" \
	  --account '$(ACCOUNT)' $(if $(FIX),--fix) $(WITH_FORMAT)

fleet: $(READY) ## Write the stack files of a fleet's members and check them with each other: FLEET=prod, CHECK=1 writes nothing
	@$(BIN)/python -m ops fleet --fleet '$(FLEET)' $(if $(CHECK),--check) $(WITH_FORMAT)

fleet-diff: $(READY) ## What a change does to each member, in the order of the roll-out: FLEET=prod BASE=main
	@$(BIN)/python -m ops fleet-diff --fleet '$(FLEET)' --base '$(BASE)' $(WITH_FORMAT)

upgrade: $(READY) ## Whether the next step of a move to a member of a newer version may be taken: FLEET=prod FROM=prod-a TO=prod-c NEXT=weight|drain|destroy HOURS=24 ACCEPT='start cost'
	@$(BIN)/python -m ops upgrade --fleet '$(FLEET)' --from '$(FROM)' --to '$(TO)' --next '$(NEXT)' \
	  --hours '$(or $(HOURS),24)' $(foreach what,$(ACCEPT),--accept '$(what)') \
	  --prometheus '$(PROMETHEUS)' $(WITH_FORMAT)

submit: $(READY) ## Send a run of a job to one member of a fleet: FLEET=prod TEAM=analytics JOB=pi|FILE=job.yaml RUN=2026-12-01, LOOK=1, STRICT=1, UNCHECKED=1, DRY_RUN=1
	@$(BIN)/python -m ops submit --fleet '$(FLEET)' --team '$(TEAM)' --job '$(JOB)' --file '$(FILE)' \
	  --run '$(RUN)' --release '$(RELEASE)' --in '$(IN)' --out '$(OUT)' $(if $(LOOK),--look) \
	  $(if $(STRICT),--strict) $(if $(UNCHECKED),--unchecked) $(if $(DRY_RUN),--dry-run) $(WITH_FORMAT)

advise: $(READY) ## What a job's event logs say of its size: LOGS=file|folder|s3://... STACK=dev TEAM=team-a PRICE=0.02 LAST=20
	@$(BIN)/python -m ops advise --logs '$(LOGS)' --stack '$(STACK)' --team '$(TEAM)' --set "$$SET" \
	  --price '$(PRICE)' --last '$(or $(LAST),20)' $(WITH_FORMAT)

drill: $(READY) ## What a simulated Spot interruption does to a stack, and the commands to run it: STACK=dev
	@$(BIN)/python -m ops drill --stack '$(STACK)' --set "$$SET" $(WITH_FORMAT)

verify: $(READY) ## What shows on a live cluster that a team's JARs are mounted: STACK=dev TEAM=team-a
	@$(BIN)/python -m ops verify --stack '$(STACK)' --team '$(TEAM)' --set "$$SET" --release '$(RELEASE)' \
	  --archive '$(ARCHIVE)' --account '$(ACCOUNT)' $(WITH_FORMAT)

test: $(READY) ## Everything that needs Python only
	@$(BIN)/python -m pytest

test-tables: $(READY) ## Long tables: changes and what a diff says of each, plans with a hole, hostile names
	@$(BIN)/python -m pytest -m table --dist=worksteal

test-cluster: $(READY) ## Every manifest against a real API server, scheduler and controllers
	@$(BIN)/python -m pytest tests/tiers/cluster $(TIER)

policy-pack: ops/rules/pack/venv/.ready ## The rules for pulumi preview --policy-pack ops/rules/pack

ops/rules/pack/venv/.ready: ops/rules/pack/requirements.txt
	@$(ENVIRONMENT) $(@D) $<

test-engine: $(READY) ops/rules/pack/venv/.ready ## Every stack on the real Pulumi engine: up, switch, upgrade, fail, destroy
	@$(BIN)/python -m pytest -c tests/tiers/engine/pytest.ini tests/tiers/engine

test-manifests: $(READY) .cache/checkov/.ready ## Every manifest as checkov judges it
	@$(BIN)/python -m pytest tests/tiers/manifests $(TIER)

.cache/checkov/.ready: tests/tiers/manifests/requirements.txt
	@$(ENVIRONMENT) $(@D) $<

test-karpenter: $(READY) ## Every stack's NodePools under the real Karpenter
	@$(BIN)/python -m pytest tests/tiers/karpenter $(TIER)

test-operator: $(READY) ## The real Spark operator, spark-submit and YuniKorn with every stack's jobs; root
	@$(BIN)/python -m pytest tests/tiers/operator $(TIER)

test-advice: $(READY) ## Real jobs whose size is wrong, as they are and as advised; Java 17
	@$(BIN)/python -m pytest tests/tiers/advice $(TIER)

test-metrics: $(READY) ## Monitors, rules and alerts under the real operator and Prometheus, with a real driver
	@$(BIN)/python -m pytest tests/tiers/metrics $(TIER)

test-node: $(READY) ## The mount for real: root, /dev/fuse, systemd-nspawn; MOUNT_S3=binary
	@$(BIN)/python -m pytest tests/tiers/node -o norecursedirs='.*' --numprocesses=2 --dist=load

golden: $(READY) ## Rewrite the golden files; read their diff before you commit it
	@$(BIN)/python -m pytest --snapshot-update -q

dashboards: $(READY) ## The dashboards as JSON for a Grafana of your own: OUT=dir, default: print
	@$(BIN)/python -m dev.dashboards --out '$(OUT)'

docs: $(READY) ## Write anew what documents take from the code: settings, rules, outputs
	@$(BIN)/python -m dev.docs.pages

mutate: $(READY) ## Drop each guard of the program once and list those that no test protects: ONLY=components/mounts, SAMPLE=60 of them, JOBS=2 at a time
	@$(BIN)/python -m tests.mutation --only '$(ONLY)' --sample '$(or $(SAMPLE),0)' --jobs '$(or $(JOBS),1)'

lint: $(READY) ## Format, lint, types, shell, workflows
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/ty check
	@$(BIN)/shellcheck -x -P . userdata/spark-jars userdata/*.sh .ci/run dev/kube/build \
	  tests/tiers/karpenter/build dev/operator/build dev/provider/build dev/metrics/build \
	  tests/tiers/operator/entrypoint.sh \
	  tests/tiers/engine/policy_bin/pulumi-analyzer-policy-python dev/drift \
	  dev/actionlint/run dev/setup/uv dev/setup/ops
	@$(BIN)/zizmor --offline --quiet --persona=pedantic .github
	@dev/actionlint/run

bench: $(READY) ## How long a preview takes, and how that grows; a diff, BASE=main, beside another revision's, BESIDE=v1
	@$(BIN)/python -m dev.bench.plan
	@$(BIN)/python -m dev.bench.advise --gib 0.5
	@$(BIN)/python -m dev.bench.diff --base '$(or $(BASE),HEAD~1)' --beside '$(BESIDE)'

lock: ## Compile every lock file anew, from pyproject.toml and each requirements.in
	@$(COMPILE) pyproject.toml --output-file requirements.txt
	@$(COMPILE) pyproject.toml --group dev --constraint requirements.txt \
	  --output-file requirements-dev.txt
	@$(COMPILE) ops/rules/pack/requirements.in --output-file ops/rules/pack/requirements.txt
	@$(COMPILE) tests/tiers/manifests/requirements.in --output-file tests/tiers/manifests/requirements.txt
	@$(COMPILE) dev/setup/requirements.in --output-file dev/setup/requirements.txt
	@$(COMPILE) tests/tiers/operator/requirements.in --output-file tests/tiers/operator/requirements.txt

clean: ## Remove what the other targets made
	rm -rf $(VENV) .cache out

$(READY): requirements.txt requirements-dev.txt
	@test -n '$(PYTHON)' \
	  || { echo 'Python 3.11 or newer is needed; name one with PYTHON=...' >&2; exit 2; }
	@$(ENVIRONMENT) $(VENV) requirements-dev.txt -m ops tree --stack dev
	@ln -sf ../../dev/setup/ops $(BIN)/ops
