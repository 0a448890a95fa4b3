// SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/lab/client"
	"github.com/s2cd/s2cd/lab/network"
)

// capture looks at both customers' packets on the way through P1.
func (s *Suite) capture(ctx context.Context) (string, error) {
	var notes []string
	for _, device := range []string{"toPE1", "toPE2"} {
		packets, err := s.captureOn(ctx, device)
		if err != nil {
			return "", err
		}
		notes = append(notes, fmt.Sprintf("%s: %v %s", device, packets[0].Labels, packets[0].To))
	}
	return strings.Join(notes, ", "), nil
}

func (s *Suite) captureOn(ctx context.Context, device string) ([]network.Labelled, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	type result struct {
		packets []network.Labelled
		err     error
	}
	listening, done := make(chan struct{}), make(chan result, 1)
	near := nearCE.Address.Addr()
	match := func(p network.Labelled) bool { return p.From == near || p.To == near }
	go func() {
		p, err := s.env.CaptureLabels(ctx, "P1", device, 1, match, func() { close(listening) })
		done <- result{p, err}
	}()
	select {
	case <-listening:
	case r := <-done:
		return nil, r.err
	}
	if _, err := s.env.Ping(ctx, nearSite, network.Ping{To: farIP, Count: 5}); err != nil {
		return nil, err
	}
	r := <-done
	if r.err == nil && len(r.packets) == 0 {
		r.err = fmt.Errorf("no labelled packet came in on %s", device)
	}
	return r.packets, r.err
}

// staticPrefix reaches a host of the network behind the far site.
func (s *Suite) staticPrefix(ctx context.Context) (string, error) {
	if err := s.env.AddHost(farSite, farHost); err != nil {
		return "", err
	}
	took, err := s.env.WaitPing(ctx, nearSite, network.Ping{To: farHost.Addr()})
	return fmt.Sprintf("%s after %s", farHost.Addr(), took.Round(time.Millisecond)), err
}

func (s *Suite) counters(ctx context.Context) (string, error) {
	read := func() (uint64, error) {
		body, err := s.pe["PE1"].Fetch(ctx, nearVPN.Counters())
		if err != nil {
			return 0, err
		}
		var c map[string]string
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return 0, fmt.Errorf("decode counters: %w", err)
		}
		return strconv.ParseUint(c["openconfig-interfaces:in-pkts"], 10, 64)
	}
	before, err := read()
	if err != nil {
		return "", err
	}
	if _, err := s.env.Ping(ctx, nearSite, network.Ping{To: farIP, Count: 5}); err != nil {
		return "", err
	}
	after, err := read()
	if err != nil {
		return "", err
	}
	if after < before+5 {
		return "", fmt.Errorf("in-pkts went from %d to %d by 5 packets", before, after)
	}
	return fmt.Sprintf("in-pkts %d to %d", before, after), nil
}

func (s *Suite) readBack(ctx context.Context) (string, error) {
	began := time.Now()
	body, err := s.pe["PE1"].Fetch(ctx, nearVPN.Instance())
	if err != nil {
		return "", err
	}
	if !strings.Contains(body, nearVPN.RD) {
		return "", fmt.Errorf("no RD in %s", body)
	}
	first := time.Since(began)
	began = time.Now()
	root, err := s.pe["PE1"].Fetch(ctx, client.Path())
	if err != nil {
		return "", err
	}
	caps, err := s.pe["PE1"].Capabilities(ctx, &gpb.CapabilityRequest{})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("network instance %d bytes in %s, then root %d bytes in %s, %d models", len(body), first.Round(time.Millisecond), len(root), time.Since(began).Round(time.Millisecond), len(caps.GetSupportedModels())), nil
}

const rate = 5_000_000

func (s *Suite) rate(ctx context.Context) (string, error) {
	err := s.both(func(pe *client.Client, v client.VPN) error {
		v.RateBps = rate
		return pe.Send(ctx, v.Add())
	})
	if err != nil {
		return "", err
	}
	up := network.Load{From: nearSite, To: farSite, FromAddr: nearCE.Address.Addr(), ToAddr: farIP, Bps: 12_000_000, Duration: 4 * time.Second}
	down := up
	down.From, down.To, down.FromAddr, down.ToAddr = up.To, up.From, up.ToAddr, up.FromAddr
	var notes []string
	for _, l := range []network.Load{up, down} {
		r, err := s.env.HeldTo(ctx, l, rate)
		if err != nil {
			return "", err
		}
		notes = append(notes, fmt.Sprintf("%.2f", r.Bps/1e6))
	}
	tcp := up
	tcp.TCP = true
	r, err := s.env.Throughput(ctx, tcp)
	return fmt.Sprintf("UDP %s of 12 Mbit/s, TCP %.2f", strings.Join(notes, " and "), r.Bps/1e6), err
}

// refused makes a subinterface of the same VLAN under another index.
func (s *Suite) refused(ctx context.Context) (string, error) {
	v := nearVPN
	req := v.Add()
	req.Replace = req.Replace[:1]
	path := req.Replace[0].Path.GetElem()
	path[len(path)-1].Key["index"] = "999"
	body := strings.ReplaceAll(string(req.Replace[0].GetVal().GetJsonIetfVal()), `"openconfig-interfaces:index":101`, `"openconfig-interfaces:index":999`)
	body = strings.ReplaceAll(body, `"index":101`, `"index":999`)
	req.Replace[0] = client.JSON(req.Replace[0].GetPath(), body)
	return wantCode(s.pe["PE1"].Send(ctx, req), codes.InvalidArgument)
}

func wantCode(err error, code codes.Code) (string, error) {
	if status.Code(err) != code {
		return "", fmt.Errorf("got %w, want %s", err, code)
	}
	return status.Convert(err).Message(), nil
}

// other is a second VPN on PE1, for what must not stay.
func other() client.VPN {
	v := nearVPN
	v.Name, v.RD, v.RT, v.VLAN = "other", "65000:3", "65000:300", 103
	return v
}

func (s *Suite) halfway(ctx context.Context) (string, error) {
	if err := s.env.Inject(ctx, "PE1", map[string]any{"failHalfway": 1}); err != nil {
		return "", err
	}
	note, err := wantCode(s.pe["PE1"].Send(ctx, other().Add()), codes.Aborted)
	if err != nil {
		return "", err
	}
	return note, s.only(ctx)
}

// only checks that the box has the first VPN alone, and that it works.
func (s *Suite) only(ctx context.Context) error {
	left, err := s.env.Residue(ctx)
	if err != nil {
		return err
	}
	for _, l := range left {
		if strings.Contains(l, "other") || strings.Contains(l, "eth1.103") {
			return fmt.Errorf("left: %s", l)
		}
	}
	_, err = s.env.WaitPing(ctx, nearSite, network.Ping{To: farIP})
	return err
}

func (s *Suite) rollback(ctx context.Context) (string, error) {
	began := time.Now()
	if err := s.pe["PE1"].Send(ctx, other().Add(), client.Commit("selftest-1", 3*time.Second)); err != nil {
		return "", err
	}
	if err := s.only(ctx); err == nil {
		return "", errors.New("the commit is not on the box")
	}
	if _, err := wantCode(s.pe["PE1"].Send(ctx, other().Remove()), codes.FailedPrecondition); err != nil {
		return "", err
	}
	for s.only(ctx) != nil {
		if ctx.Err() != nil {
			return "", errors.New("the commit is still there")
		}
	}
	return fmt.Sprintf("gone %s after the Set, timer 3 s", time.Since(began).Round(10*time.Millisecond)), nil
}

func (s *Suite) confirm(ctx context.Context) (string, error) {
	pe := s.pe["PE1"]
	if err := pe.Send(ctx, other().Add(), client.Commit("selftest-2", time.Minute)); err != nil {
		return "", err
	}
	if err := pe.Send(ctx, &gpb.SetRequest{}, client.Confirm("selftest-2")); err != nil {
		return "", err
	}
	if s.only(ctx) == nil {
		return "", errors.New("the confirmed commit is not on the box")
	}
	began := time.Now()
	if err := pe.Send(ctx, other().Remove()); err != nil {
		return "", err
	}
	return fmt.Sprintf("and removed in %s", time.Since(began).Round(time.Millisecond)), s.only(ctx)
}

func (s *Suite) arbitration(ctx context.Context) (string, error) {
	if err := s.pe["PE1"].Send(ctx, &gpb.SetRequest{}, client.Master("selftest", 9)); err != nil {
		return "", err
	}
	return wantCode(s.pe["PE1"].Send(ctx, &gpb.SetRequest{}, client.Master("selftest", 8)), codes.PermissionDenied)
}

func (s *Suite) noCertificate(ctx context.Context) (string, error) {
	creds := credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the server is to refuse this client
	conn, err := grpc.NewClient(s.env.PEAddr["PE1"], grpc.WithTransportCredentials(creds))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_, err = gpb.NewGNMIClient(conn).Capabilities(ctx, &gpb.CapabilityRequest{})
	if status.Code(err) != codes.Unavailable {
		return "", fmt.Errorf("got %w, want a refused handshake", err)
	}
	return "", nil
}

// cut takes the best core link away: the other path carries on.
func (s *Suite) cut(ctx context.Context) (string, error) {
	if err := s.env.SetLink("PE1", "toP1", false); err != nil {
		return "", err
	}
	took, err := s.env.WaitPing(ctx, nearSite, network.Ping{To: farIP})
	if err != nil {
		return "", err
	}
	r, err := s.env.Ping(ctx, nearSite, network.Ping{To: farIP, Count: 5})
	if err != nil {
		return "", err
	}
	if err := s.env.SetLink("PE1", "toP1", true); err != nil {
		return "", err
	}
	return fmt.Sprintf("answered %s after the cut, then %s round trip by P2", took.Round(time.Millisecond), r.Avg.Round(100*time.Microsecond)), nil
}

func (s *Suite) remove(ctx context.Context) (string, error) {
	return "", s.both(func(pe *client.Client, v client.VPN) error {
		v.RateBps = rate
		return pe.Send(ctx, v.Remove())
	})
}

func (s *Suite) nothingLeft(ctx context.Context) (string, error) {
	left, err := s.env.Residue(ctx)
	if err != nil {
		return "", err
	}
	if len(left) > 0 {
		return "", fmt.Errorf("left: %s", strings.Join(left, ", "))
	}
	return "no VRF, VLAN, queue or line of configuration", nil
}
