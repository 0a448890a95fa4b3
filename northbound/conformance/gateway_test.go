// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/gateway/gatewaytest"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
)

// The UDP ports on which the gateway has tunnels, as the inventory says: few, as
// each look at it tells the keys of all.
const (
	firstTunnel = 50000
	lastTunnel  = 50015
)

// startGateway serves a gateway on a kernel in memory; the test's end stops it.
func startGateway(t *testing.T, pki *drivertest.PKI, address string) *prober {
	t.Helper()
	cert := filepath.Join(pki.Dir, "GW")
	conf, err := gateway.ServerTLS(cert+".pem", cert+"-key.pem", pki.CAFile, []string{drivertest.Identity("s2cd")})
	if err != nil {
		t.Fatal(err)
	}
	kernel := gatewaytest.NewKernel()
	p := &prober{Prober: kernel.Prober(), losing: map[string]uint64{}, counted: map[string]counted{}}
	agent, err := gateway.New(gateway.Config{
		StateDir: filepath.Join(t.TempDir(), "state"), FirstSlot: firstTunnel, LastSlot: lastTunnel, Realiser: kernel, Prober: p,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(conf)))
	gpb.RegisterGNMIServer(server, gateway.NewServer(agent))
	var serving sync.WaitGroup
	serving.Go(func() { agent.Run(t.Context()) })
	serving.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Errorf("gateway: %v", err)
		}
	})
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return p
}

// prober counts packets that nobody sends, and loses some of them on demand.
type prober struct {
	*gatewaytest.Prober

	mu      sync.Mutex        // guards what follows
	losing  map[string]uint64 // packets of each burst, by probe
	counted map[string]counted
}

type counted struct{ sent, received uint64 }

// burst is how many packets each probe sends whenever somebody looks, so that
// every two looks have packets between them.
const burst = 10

// lose has the probe that measures a session lose that many packets of each burst.
func (p *prober) lose(id string, packets uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.losing[provision.ProbeName(provision.ProvenProbe, session.ID(id), "z")] = packets
}

// Results implements gateway.Prober.
func (p *prober) Results() []southbound.ProbeResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.Prober.Results()
	for i := range out {
		r := &out[i]
		lost := p.losing[r.Name]
		c := p.counted[r.Name]
		c.sent += burst
		c.received += burst - lost
		p.counted[r.Name] = c
		r.Sent, r.Received, r.Window, r.WindowLost = c.sent, c.received, burst, uint32(lost)
		if lost < burst {
			r.LastReply = time.Now()
		}
	}
	return out
}
