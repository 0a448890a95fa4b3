# SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN   := $(CURDIR)/bin
TOOLS := $(CURDIR)/.tools
GO    ?= go

GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.9.0

# The lab runs in its own root and mount namespace, so nothing that it starts
# may depend on shared libraries outside of it.
STATIC := CGO_ENABLED=0 $(GO) build -trimpath

# What is not for the race detector is compiled one way, once: vet, tests and the
# programs of the lab share it.
PLAIN := CGO_ENABLED=0 $(GO)

# SQLite is C in Go's words: checking each of its pointers is a third of the
# time of tests that have a store, and would find nothing of ours.
RACE := -race -gcflags='modernc.org/...=-d=checkptr=0'

.PHONY: help
help: ## show this text
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## s2cd, s2cgw and the lab's programs into bin/
	@mkdir -p $(BIN)
	$(STATIC) -o $(BIN)/ ./cmd/s2cd ./cmd/s2cgw
	cd lab && $(STATIC) -o $(BIN)/ ./cmd/labpe ./cmd/s2clab ./cmd/s2cload
	cd lab && $(STATIC) -o $(BIN)/wireguard-go golang.zx2c4.com/wireguard

.PHONY: demo
demo: ## boot the lab, order a session as a customer would, prove it, watch it end (KEEP=1: leave it running)
	@CI= bash lab/demo.sh $(if $(KEEP),--keep)

.PHONY: test
test: ## every test but the long ones, with real peers and the kernel lab
	bash lab/prepare.sh
	$(PLAIN) vet ./...
	cd lab && $(PLAIN) vet ./...
	$(MAKE) --no-print-directory --output-sync=target -j 3 test-root test-conformance test-issuer
	cd lab/cmd/pathcompare && $(PLAIN) vet ./... && $(PLAIN) test ./...
	cd lab && $(PLAIN) test -timeout 30m ./...

# These wait a good deal, for disks and for time to pass: side by side.
.PHONY: test-root test-conformance test-issuer
test-root:
	$(GO) test $(RACE) -timeout 15m ./...
test-conformance:
	cd northbound/conformance && $(PLAIN) vet ./... && $(PLAIN) test ./...
test-issuer:
	cd northbound/auth/idptest && $(PLAIN) vet ./... && $(PLAIN) test -timeout 10m ./...

.PHONY: test-long
test-long: ## every fuzz target, ten million operations on a ledger, long properties, demo and faults again and again, the load
	bash lab/prepare.sh
	S2CD_STRESS_OPERATIONS=10000000 $(GO) test -timeout 120m -count 1 -v -run TestNeverOverbooked ./pathcomp
	S2CD_STRESS_ROUNDS=150 $(GO) test -timeout 30m -count 1 -run TestPoolsNeverLeak ./order
	TMPDIR=/dev/shm $(GO) test -timeout 30m -count 1 -run TestWindowsTile ./telemetry -rapid.checks=2000
	bash internal/fuzz.sh 30s
	cd lab && $(GO) test -tags outages -timeout 180m -count 5 -run 'TestDemo|TestFaults|TestOutages' .
	$(MAKE) load

.PHONY: load
load: build ## 500 orders a second, then inquiries and reads, against a daemon with simulated routers (LOAD='--nodes 5000': flags)
	$(BIN)/s2cload $(LOAD)

.PHONY: bench
bench: ## benchmarks with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: compare
compare: ## path search beside LEMON, Boost and gonum on made-up networks (CASES=folder: on its graphs too)
	bash lab/cmd/pathcompare/prepare.sh
	cd lab/cmd/pathcompare && $(GO) run . $(if $(CASES),-cases $(abspath $(CASES)))

$(TOOLS)/golangci-lint-$(GOLANGCI_VERSION):
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(TOOLS)/golangci-lint $@

$(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION):
	GOBIN=$(TOOLS) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv $(TOOLS)/govulncheck $@

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION) ## golangci-lint with the import table, the API contract, govulncheck
	$< run ./...
	cd lab && $< run --config ../.golangci.yml ./...
	cd lab/cmd/pathcompare && $< run --config ../../../.golangci.yml ./...
	cd northbound/auth/idptest && $< run --config ../../../.golangci.yml ./...
	cd northbound/conformance && $< run --config ../../.golangci.yml ./...
	sh northbound/api/lint.sh
	bash internal/vuln.sh $(word 2,$^) . lab lab/cmd/pathcompare northbound/auth/idptest northbound/conformance

.PHONY: generate
generate: ## bindings and API code from their sources
	$(GO) generate ./...

.PHONY: conformance-table
conformance-table: ## docs/conformance.md: which scenario shows which status and code of the API
	cd northbound/conformance && $(GO) run ./table > conformance.md.new && mv conformance.md.new ../../docs/conformance.md
