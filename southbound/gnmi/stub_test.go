// SPDX-License-Identifier: Apache-2.0

package gnmi_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/southbound/gnmi"
)

// stub is a gNMI server with a list of VRF names and the habits that a test
// gives it.
type stub struct {
	gpb.UnimplementedGNMIServer

	// set is asked first; an error ends the call. It runs without a lock.
	set func(ctx context.Context, req *gpb.SetRequest) error
	get func() error
	// ignoreCommit takes the commit extension for nothing.
	ignoreCommit bool

	mu       sync.Mutex // guards all below
	names    map[string]bool
	before   map[string]bool
	open     string
	requests []*gpb.SetRequest
}

func (s *stub) Set(ctx context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	s.mu.Lock()
	s.requests = append(s.requests, req)
	s.mu.Unlock()
	if s.set != nil {
		if err := s.set(ctx, req); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := commitOf(req); c != nil && !s.ignoreCommit {
		if done, err := s.commit(c); done || err != nil {
			return &gpb.SetResponse{}, err
		}
	}
	for _, p := range req.GetDelete() {
		delete(s.names, p.GetElem()[0].GetKey()["name"])
	}
	for _, u := range req.GetReplace() {
		s.names[u.GetPath().GetElem()[0].GetKey()["name"]] = true
	}
	return &gpb.SetResponse{}, nil
}

// commit carries out the extension; done means that there is nothing to change.
func (s *stub) commit(c *gnmi_ext.Commit) (done bool, err error) {
	if _, begins := c.GetAction().(*gnmi_ext.Commit_Commit); begins {
		if s.open != "" {
			return true, status.Error(codes.FailedPrecondition, "a commit is in progress")
		}
		s.open, s.before = c.GetId(), map[string]bool{}
		for n := range s.names {
			s.before[n] = true
		}
		return false, nil
	}
	if s.open != c.GetId() {
		return true, status.Error(codes.FailedPrecondition, "no such commit")
	}
	if _, cancels := c.GetAction().(*gnmi_ext.Commit_Cancel); cancels {
		s.names = s.before
	}
	s.open = ""
	return true, nil
}

func (s *stub) Get(context.Context, *gpb.GetRequest) (*gpb.GetResponse, error) {
	if s.get != nil {
		if err := s.get(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := json.Marshal(s.names)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &gpb.GetResponse{Notification: []*gpb.Notification{{Update: []*gpb.Update{{
		Path: &gpb.Path{}, Val: jsonValue(body),
	}}}}}, nil
}

// changes returns the requests that carried changes.
func (s *stub) changes() []*gpb.SetRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*gpb.SetRequest
	for _, r := range s.requests {
		if len(r.GetDelete())+len(r.GetReplace()) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// hasX says whether VRF x is there.
func (s *stub) hasX() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names["x"]
}

func commitOf(req *gpb.SetRequest) *gnmi_ext.Commit {
	for _, e := range req.GetExtension() {
		if c := e.GetCommit(); c != nil {
			return c
		}
	}
	return nil
}

// names is a Model of the stub: a VRF is its name, with a secret beside it.
type names struct{}

var _ gnmi.Model = names{}

const secret = `hunter2"\of-<the>-neighbour`

func (names) Changes(have, want southbound.DeviceConfig, _ uint64) (*gpb.SetRequest, error) {
	key, err := json.Marshal(secret)
	if err != nil {
		return nil, err
	}
	req := &gpb.SetRequest{}
	old := map[string]bool{}
	for _, v := range have.VRFs {
		old[v.Name] = true
	}
	for _, v := range want.VRFs {
		if !old[v.Name] {
			req.Replace = append(req.Replace, &gpb.Update{
				Path: namePath(v.Name), Val: jsonValue([]byte(`{"auth-password":` + string(key) + `,"name":"` + v.Name + `"}`)),
			})
		}
		delete(old, v.Name)
	}
	for name := range old {
		req.Delete = append(req.Delete, namePath(name))
	}
	return req, nil
}

func (names) ConfigPaths() []*gpb.Path { return []*gpb.Path{{}} }

func (names) ParseConfig(notifications []*gpb.Notification) (southbound.DeviceConfig, error) {
	var c southbound.DeviceConfig
	for _, n := range notifications {
		set := map[string]bool{}
		if err := json.Unmarshal(n.GetUpdate()[0].GetVal().GetJsonIetfVal(), &set); err != nil {
			return c, err
		}
		for name := range set {
			c.VRFs = append(c.VRFs, southbound.VRF{Name: name})
		}
	}
	c.Normalize()
	return c, nil
}

func (names) StatePaths() []*gpb.Path { return nil }

func (names) ParseState([]*gpb.Notification, time.Time) (southbound.Observation, error) {
	return southbound.Observation{}, nil
}

func namePath(name string) *gpb.Path {
	return &gpb.Path{Elem: []*gpb.PathElem{{Name: "vrf", Key: map[string]string{"name": name}}}}
}

func jsonValue(body []byte) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: body}}
}

// bench is a stub that listens, and a driver of it.
type bench struct {
	*stub
	driver  *gnmi.Device
	config  gnmi.Config
	address string
	pki     *drivertest.PKI
	server  *grpc.Server
}

// setup starts a stub and its driver; edit, which may be nil, changes both
// before.
func setup(t *testing.T, edit func(*stub, *gnmi.Config)) *bench {
	t.Helper()
	b := &bench{stub: &stub{names: map[string]bool{}}, pki: drivertest.NewPKI(t)}
	us := b.pki.Issue(t, "controller")
	b.config = gnmi.Config{
		Device: "pe1", Target: "PE1", Model: names{}, Timeout: 10 * time.Second,
		TLS: gnmi.TLS{
			Roots: b.pki.Pool, ServerURI: drivertest.Identity("pe1"),
			Certificate: func() (*tls.Certificate, error) { return us, nil },
		},
	}
	if edit != nil {
		edit(b.stub, &b.config)
	}
	b.listen(t, "127.0.0.1:0")
	b.config.Address = b.address
	var err error
	if b.driver, err = gnmi.New(b.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.driver.Close(); err != nil {
			t.Error(err)
		}
		b.server.Stop()
	})
	return b
}

func (b *bench) listen(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	b.address = l.Addr().String()
	b.server = grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*b.pki.Issue(t, "pe1")},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: b.pki.Pool,
	})))
	gpb.RegisterGNMIServer(b.server, b.stub)
	server := b.server
	go func() { _ = server.Serve(l) }() // ended by Stop
}

func config(vrfs ...string) southbound.DeviceConfig {
	var c southbound.DeviceConfig
	for _, name := range vrfs {
		c.VRFs = append(c.VRFs, southbound.VRF{Name: name})
	}
	c.Normalize()
	return c
}

func tx(id string, have, want southbound.DeviceConfig) southbound.Transaction {
	return southbound.Transaction{ID: id, Fence: 7, Epoch: 1, Have: have, Want: want}
}
