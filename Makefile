# `make` lists the targets. Everything they do is in scripts/, which can be run without make too.
.DEFAULT_GOAL := help
.PHONY: help deps build release install uninstall test unit e2e autobahn demo bench footprint plots fuzz seeds sim \
  sim-mutants sim-fleet systemd-test agent-test cross-test cross-test-long deb deb-test dist packaging-test docs lint clean

# The scripts take these from the command line or the environment.
export STATIC SHARED TARGET TLS VERSION KEEP JOBS DESTDIR PREFIX

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

deps: ## install what is missing for building, the demo and the tests, with apt-get
	@scripts/install-dependencies

build: ## ordinary Swift, for development: .build/debug
	@scripts/install-dependencies build
	swift build

release: ## what ships, Embedded Swift: .build-embedded/release (STATIC=1: no shared library; TARGET=armv7, TLS=trimmed: see README)
	@scripts/install-dependencies $(if $(filter trimmed,$(TLS)),trimmed,build)
	@scripts/release

deb: ## Debian packages of localproxy, tunneld and localproxy-agent: .build-deb (TARGET=aarch64: arm64; armv7: armhf)
	@scripts/deb

deb-test: ## installs, uses, upgrades and purges the packages in clean systems, as root (ARCHITECTURES="amd64 arm64")
	@scripts/deb-test $(ARCHITECTURES)

dist: ## what a release carries: .build-dist (KINDS="x86_64 armv7 native deb"; CHECK=1: twice, and compares the bytes)
	@scripts/dist $(if $(CHECK),--check) $(KINDS)

install: ## what `make release` built, manual pages, completions, units (PREFIX=/usr/local; DESTDIR=…; STATIC=1)
	@scripts/install

uninstall: ## remove what `make install` installed, with the same PREFIX and DESTDIR
	@scripts/install --remove

demo: ## ssh and a 100 MB download through a tunnel (KEEP=1: leave it up; STATIC=1)
	@scripts/demo

test: ## everything: both builds, lint, layering, unit tests, end-to-end tests
	@scripts/test

unit: deps ## the unit tests alone
	swift test --disable-xctest --skip EndToEndTests

e2e: deps ## the end-to-end tests alone, against both release builds (TLS=trimmed: against that static one)
	@scripts/end-to-end

autobahn: deps ## the WebSocket against Autobahn|Testsuite, both roles and both builds (needs Python 2.7)
	@scripts/autobahn --record

# What PARTS leaves out stays in docs/plots/data as it was.
bench: deps ## every figure and plot of docs/performance.md (BASELINE=PATH: of that localproxy too; PARTS="bulk idle")
	@scripts/install-dependencies bench
	@LOCALPROXY_FRAMEBENCH=1 scripts/release
	swift run -c release ProxyBench $(if $(BASELINE),compare --baseline $(BASELINE)) $(or $(PARTS),all) \
	  --tools --plots docs/plots --page docs/performance.md

# Of each machine's static files, those that were built are in it.
footprint: deps ## sizes, memory, system calls and start of every build: docs/footprint.md (BASELINE=PATH: of that localproxy too)
	@scripts/install-dependencies bench
	@scripts/install-dependencies trimmed
	@scripts/release
	@STATIC=1 TLS= scripts/release
	@STATIC=1 TLS=trimmed scripts/release
	swift run -c release ProxyBench footprint $(if $(BASELINE),--baseline $(BASELINE)) \
	  --plots docs/plots --page docs/footprint.md

plots: deps ## tables and plots of docs/performance.md and docs/footprint.md anew, out of the figures in docs/plots/data
	@scripts/install-dependencies bench
	swift run -c release ProxyBench draw --plots docs/plots --page docs/performance.md
	swift run -c release ProxyBench draw --plots docs/plots --page docs/footprint.md

fuzz: ## libFuzzer on all that reads bytes from outside (SECONDS=60 each; JOBS=2: two at a time; TARGETS=…)
	@scripts/fuzz $(or $(SECONDS),60) $(TARGETS)

sim: deps ## the whole tunnel in simulated time: SEED=1 [STEPS=500] tells one seed, COUNT=10000 [FIRST=0] runs many
	@scripts/simulate $(if $(SEED),tell $(SEED) $(STEPS),many $(or $(COUNT),2000) $(FIRST))

sim-mutants: deps ## plants each mistake of Tests/Mutants, and says which seed finds it (ONLY=part of a name)
	@scripts/simulate mutants $(ONLY)

sim-fleet: deps ## ten thousand sources that come back after an outage: docs/plots/data/fleet.tsv and its plot
	@scripts/simulate fleet

agent-test: deps ## localproxy-agent behind a broker with client certificates, against the release build
	@STATIC= scripts/release
	@scripts/agent-test

systemd-test: deps ## the units under systemd itself, in namespaces of its own (needs root and systemd)
	@STATIC= scripts/release
	@scripts/systemd-test

cross-test: ## builds for aarch64, armv7 and riscv64, and runs that by qemu's user mode (TARGETS="armv7")
	@scripts/cross-test $(TARGETS)

cross-test-long: ## two ARMv7 programs carry 4.4 GB each way, by qemu's user mode
	@scripts/cross-test --long

packaging-test: ## tries packaging/ of OpenWrt, Buildroot and the image, as root (TLS=trimmed)
	@scripts/packaging-test

seeds: deps ## what the fuzzers begin with, out of the tests' tables
	WRITE_SEEDS=1 swift test --disable-xctest --filter SeedCorpora

docs: deps ## man page, completions, tables of docs/configuration.md, diagrams of ARCHITECTURE.md, out of the sources
	swift run Manual
	scripts/help-text

lint: deps ## format and layering
	@scripts/lint

clean: ## remove what was built
	rm -rf .build .build-embedded .build-embedded-static .build-cross .build-fuzz .build-simulate .build-deb .build-dist
