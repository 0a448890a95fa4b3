// SPDX-License-Identifier: Apache-2.0

// Package selftest proves the lab itself: that a VPN set by gNMI on two PEs
// carries packets, that the devices' transactions are what they should be, and
// that nothing is left. It uses nothing of s2cd.
package selftest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/s2cd/s2cd/lab"
	"github.com/s2cd/s2cd/lab/client"
	"github.com/s2cd/s2cd/lab/network"
	"github.com/s2cd/s2cd/lab/report"
)

// Suite is a running selftest.
type Suite struct {
	env *lab.Env
	pe  map[string]*client.Client
}

// The two ends of the VPN that is tested. The far one is a site on the
// gateway's trunk.
var (
	nearVPN = client.VPN{
		Name: "test", RD: "65000:1", RT: "65000:100", Port: "eth1", VLAN: 101, Address: "192.168.1.1", PrefixLength: 30,
		StaticPrefix: "10.1.0.0/24", StaticNextHop: "192.168.1.2",
	}
	farVPN = client.VPN{
		Name: "test", RD: "65000:2", RT: "65000:100", Port: "eth1", VLAN: 201, Address: "192.168.2.1", PrefixLength: 30,
		StaticPrefix: "10.2.0.0/24", StaticNextHop: "192.168.2.2",
	}
	nearCE = network.Attachment{VLAN: 101, Address: netip.MustParsePrefix("192.168.1.2/30"), Gateway: netip.MustParseAddr("192.168.1.1")}
	farCE  = network.Attachment{VLAN: 201, Address: netip.MustParsePrefix("192.168.2.2/30"), Gateway: netip.MustParseAddr("192.168.2.1"), Trunk: "GW"}
	farIP  = farCE.Address.Addr()
	// farHost is within the far VPN's static prefix.
	farHost = netip.MustParsePrefix("10.2.0.10/32")
)

const (
	nearSite = "CEA"
	farSite  = "CEB"
)

// Run does all steps and prints the report. Its error says how many failed.
func Run(ctx context.Context, env *lab.Env, out io.Writer) error {
	s := &Suite{env: env, pe: map[string]*client.Client{}}
	defer s.close()
	for _, name := range env.PEs() {
		c, err := client.Dial(name, env.PEAddr[name], env.Client)
		if err != nil {
			return err
		}
		s.pe[name] = c
	}
	r := report.New(out)
	for _, step := range s.plan() {
		r.Do(ctx, step.name, 3*time.Minute, step.do)
	}
	return r.End()
}

func (s *Suite) close() {
	for _, c := range s.pe {
		_ = c.Close()
	}
}

type step struct {
	name string
	do   func(context.Context) (string, error)
}

func (s *Suite) plan() []step {
	return []step{
		{"customers set up their ends", s.attach},
		{"VPN set on both PEs", s.add},
		{"ping site to far site", s.ping},
		{"label stacks in the VRFs' routes", s.labels},
		{"labels seen on P1, both directions", s.capture},
		{"static prefix behind the far site", s.staticPrefix},
		{"interface counters count", s.counters},
		{"read back by Get", s.readBack},
		{"rate limited to 5 Mbit/s, both directions", s.rate},
		{"second subinterface of a VLAN refused", s.refused},
		{"a Set that fails halfway changes nothing", s.halfway},
		{"commit not confirmed rolls back on the box", s.rollback},
		{"commit confirmed stays", s.confirm},
		{"an old master is refused", s.arbitration},
		{"client without certificate refused", s.noCertificate},
		{"link PE1-P1 cut and back", s.cut},
		{"customer's BGP with a wrong password stays down", s.wrongPassword},
		{"customer's BGP with password and limit", s.bgp},
		{"ten VRFs on a PE, an eleventh refused", s.capacity},
		{"lab PEs killed and started again", s.restart},
		{"VPN removed", s.remove},
		{"nothing left", s.nothingLeft},
		{"WireGuard between two clouds", s.wireguard},
	}
}

func (s *Suite) attach(context.Context) (string, error) {
	return "", errors.Join(s.env.Attach(nearSite, nearCE), s.env.Attach(farSite, farCE))
}

// both does one thing on both PEs at once.
func (s *Suite) both(do func(pe *client.Client, v client.VPN) error) error {
	done := make(chan error, 2)
	go func() { done <- do(s.pe["PE1"], nearVPN) }()
	go func() { done <- do(s.pe["PE2"], farVPN) }()
	return errors.Join(<-done, <-done)
}

func (s *Suite) add(ctx context.Context) (string, error) {
	return "", s.both(func(pe *client.Client, v client.VPN) error { return pe.Send(ctx, v.Add()) })
}

func (s *Suite) ping(ctx context.Context) (string, error) {
	took, err := s.env.WaitPing(ctx, nearSite, network.Ping{To: farIP})
	if err != nil {
		return "", err
	}
	r, err := s.env.Ping(ctx, nearSite, network.Ping{To: farIP, Count: 10, Size: 1500, DontFragment: true})
	if err != nil {
		return "", err
	}
	if r.Received != r.Sent {
		return "", fmt.Errorf("%d of %d full-size packets came back", r.Received, r.Sent)
	}
	return fmt.Sprintf("first answer after %s, 1500 byte round trip %s", took.Round(time.Millisecond), r.Avg.Round(10*time.Microsecond)), nil
}

func (s *Suite) labels(context.Context) (string, error) {
	var notes []string
	for _, q := range []struct {
		pe string
		to netip.Addr
	}{{"PE1", farIP}, {"PE2", nearCE.Address.Addr()}} {
		stack, err := s.env.LabelStack(q.pe, "test", q.to)
		if err != nil {
			return "", err
		}
		notes = append(notes, fmt.Sprintf("%s: %v", q.pe, stack))
	}
	return strings.Join(notes, ", "), nil
}
