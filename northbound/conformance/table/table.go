// SPDX-License-Identifier: Apache-2.0

// Command table prints docs/conformance.md: which scenario shows which outcome
// of the contract.
//
//	go run ./table -features features
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"

	"github.com/s2cd/s2cd/northbound/api/apitest"
)

func main() {
	features := flag.String("features", "features", "folder of the features")
	flag.Parse()
	if err := run(*features, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(features string, out io.Writer) error {
	contract, err := apitest.Load()
	if err != nil {
		return err
	}
	shown, err := read(features)
	if err != nil {
		return err
	}
	text, missing, err := render(contract, shown)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("no scenario shows %v", missing)
	}
	if _, err := io.WriteString(out, text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// scenario is one that shows an outcome.
type scenario struct {
	file, name string
	fault      bool // needs a broken part, and runs in process
}

// The steps that say which operation was called and what it answered. The
// scenarios run with the same steps, and fail where they are not true.
var (
	called   = regexp.MustCompile(`^(\w+) is called( again| until it is refused)?$`)
	sent     = regexp.MustCompile(`^the request is sent$`)
	answered = regexp.MustCompile(`^the answer is (\d+)(?: (\S+))?$`)
	told     = regexp.MustCompile(`^the sink answers (\d+)(?: ([A-Z_]+))? to \w+(?: and is told again)?$`)
	warned   = regexp.MustCompile(`^the sink answers (\d+)(?: ([A-Z_]+))? to an offer that expires$`)
)

// read finds the outcomes that the features of a folder show.
func read(folder string) (map[apitest.Outcome][]scenario, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.feature"))
	if err != nil {
		return nil, fmt.Errorf("list features: %w", err)
	}
	shown := map[apitest.Outcome][]scenario{}
	for _, file := range files {
		if err := readFeature(file, shown); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

func readFeature(file string, shown map[apitest.Outcome][]scenario) error {
	f, err := os.Open(file) //nolint:gosec // a feature of this folder
	if err != nil {
		return fmt.Errorf("open feature: %w", err)
	}
	defer f.Close()
	id := 0
	newID := func() string { id++; return strconv.Itoa(id) }
	doc, err := gherkin.ParseGherkinDocument(f, newID)
	if err != nil {
		return fmt.Errorf("parse %s: %w", file, err)
	}
	for _, p := range gherkin.Pickles(*doc, filepath.Base(file), newID) {
		s := scenario{file: filepath.Base(file), name: p.Name}
		s.fault = slices.ContainsFunc(p.Tags, func(t *messages.PickleTag) bool { return t.Name == "@fault" })
		for o := range outcomes(p) {
			shown[o] = append(shown[o], s)
		}
	}
	return nil
}

// outcomes are what the steps of a scenario say was answered.
func outcomes(p *messages.Pickle) map[apitest.Outcome]bool {
	all := map[apitest.Outcome]bool{}
	operation := ""
	add := func(operation string, m []string) {
		status, err := strconv.Atoi(m[1])
		if err == nil {
			all[apitest.Outcome{Operation: operation, Status: status, Code: m[2]}] = true
		}
	}
	for _, step := range p.Steps {
		if m := called.FindStringSubmatch(step.Text); m != nil {
			operation = m[1]
		} else if sent.MatchString(step.Text) {
			operation = ""
		} else if m := answered.FindStringSubmatch(step.Text); m != nil {
			add(operation, m)
		} else if m := told.FindStringSubmatch(step.Text); m != nil {
			add("postNotification", m)
		} else if m := warned.FindStringSubmatch(step.Text); m != nil {
			add("postOfferNotification", m)
		}
	}
	return all
}

const head = `<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by make conformance-table; a test fails when it is not what that prints. -->
# Which scenario shows what
Every operation, status and code that [the contract](../northbound/api/site-to-cloud-vpn.yaml) documents, and a scenario of
[northbound/conformance/features](../northbound/conformance/features) that has it. ` + "`make test`" + ` runs them against ` + "`s2cd serve`" + ` as a
process, over TLS, with a store on disk, tokens of an issuer of the test, two routers that keep their configuration
as a tree, and a gateway on a kernel in memory whose probes lose packets when a scenario says so; every request and
answer is held against the contract. In ` + "`postNotification`" + ` and
` + "`postOfferNotification`" + ` the customer's sink answers,
and the daemon has to cope with it.

*fault*: the outcome needs a part that is broken or a race that is lost. The same HTTP server then runs in the process of
the test, with real tokens, over use cases that fail that way.

| operation | status | code | scenario | others |
|---|---|---|---|---|
`

const beyond = `
## Beyond the contract
What HTTP and CAMARA's catalogue bring with them, and no operation documents.

| operation | status | code | scenario | others |
|---|---|---|---|---|
`

// render writes the table, and names the outcomes that no scenario shows.
func render(c *apitest.Contract, shown map[apitest.Outcome][]scenario) (text string, missing []apitest.Outcome, err error) {
	documented, err := c.Outcomes()
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	b.WriteString(head)
	for _, o := range documented {
		if len(shown[o]) == 0 {
			missing = append(missing, o)
			continue
		}
		row(&b, o, shown[o])
	}
	b.WriteString(beyond)
	var others []apitest.Outcome
	for o := range shown {
		if !slices.Contains(documented, o) {
			others = append(others, o)
		}
	}
	slices.SortFunc(others, apitest.Outcome.Compare)
	for _, o := range others {
		row(&b, o, shown[o])
	}
	return b.String(), missing, nil
}

// row shows the first scenario, one without a fault where there is one.
func row(b *strings.Builder, o apitest.Outcome, all []scenario) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y scenario) int {
		switch {
		case x.fault == y.fault:
			return 0
		case x.fault:
			return 1
		}
		return -1
	})
	first, fault, more := all[0], "", ""
	if first.fault {
		fault = " *fault*"
	}
	if len(all) > 1 {
		more = "+" + strconv.Itoa(len(all)-1)
	}
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	fmt.Fprintf(b, "| %s | %d | %s | %s: %s%s | %s |\n", o.Operation, o.Status, o.Code, strings.TrimSuffix(first.file, ".feature"), cell(first.name), fault, more)
}
