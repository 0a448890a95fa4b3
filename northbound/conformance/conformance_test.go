// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"crypto/tls"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/cucumber/godog"

	"github.com/s2cd/s2cd/northbound/api/apitest"
)

// bench is what all scenarios share.
type bench struct {
	contract *apitest.Contract
	issuer   *issuer
	daemon   *daemon
	sink     *sink
	network  http.RoundTripper
	customer atomic.Int64 // the last that was given to a scenario
}

// TestConformance runs all features.
func TestConformance(t *testing.T) {
	t.Parallel()
	contract, err := apitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{contract: contract, issuer: startIssuer(t)}
	b.daemon = startDaemon(t, b.issuer.url)
	b.sink = startSink(t, contract, b.daemon.pki)
	network := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: b.daemon.pki.Pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(network.CloseIdleConnections)
	b.network = network
	status := godog.TestSuite{
		Name: "conformance", ScenarioInitializer: b.scenario,
		Options: &godog.Options{Format: "progress", Paths: []string{"features"}, Strict: true, Concurrency: 4, TestingT: t, Output: discard{}},
	}.Run()
	if status != 0 {
		t.Errorf("status %d\n%s", status, b.daemon.log)
	}
	for _, line := range b.daemon.log.with("panic") {
		t.Errorf("the daemon logged: %s", line)
	}
}

// discard drops godog's own account; the testing package has one.
type discard struct{}

// Write implements io.Writer.
func (discard) Write(p []byte) (int, error) { return len(p), nil }

// scenario gives each scenario a world of its own.
func (b *bench) scenario(sc *godog.ScenarioContext) {
	w := &world{bench: b}
	sc.Before(func(ctx context.Context, _ *godog.Scenario) (context.Context, error) {
		w.begin(ctx)
		return ctx, nil
	})
	w.givenSteps(sc)
	w.bodySteps(sc)
	w.answerSteps(sc)
	w.sinkSteps(sc)
	w.secretSteps(sc)
	w.measuredSteps(sc)
}
