// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	lgnmi "github.com/openconfig/lemming/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/s2cd/s2cd/lab/certs"
)

// Serve answers gNMI on the listener until ctx ends. creds says who may come.
func (p *PE) Serve(ctx context.Context, l net.Listener, creds credentials.TransportCredentials) error {
	tracked := &trackedListener{Listener: l, conns: map[net.Conn]struct{}{}}
	p.faults.mu.Lock()
	p.faults.cut = tracked.cut
	p.faults.mu.Unlock()
	srv := grpc.NewServer(grpc.Creds(creds), grpc.MaxRecvMsgSize(64<<20),
		grpc.StreamInterceptor(lgnmi.NewSubscribeTargetUpdateInterceptor(p.cfg.Name)))
	gpb.RegisterGNMIServer(srv, p)
	stop := context.AfterFunc(ctx, srv.Stop)
	defer stop()
	if err := srv.Serve(tracked); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve gNMI of %s: %w", p.cfg.Name, err)
	}
	return nil
}

// Credentials demand a client certificate of the CA.
func Credentials(certFile, keyFile, caFile string) (credentials.TransportCredentials, error) {
	config, err := certs.Server(certFile, keyFile, caFile)
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(config), nil
}

// Insecure is for tests, and refused on a listener that is not loopback.
func Insecure(addr net.Addr) (credentials.TransportCredentials, error) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("without TLS only a loopback address is served, not %s", addr)
	}
	return insecure.NewCredentials(), nil
}

// trackedListener knows its open connections, to be able to cut them.
type trackedListener struct {
	net.Listener
	mu    sync.Mutex // guards conns
	conns map[net.Conn]struct{}
}

// Accept implements net.Listener.
func (t *trackedListener) Accept() (net.Conn, error) {
	c, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tc := &trackedConn{Conn: c, listener: t}
	t.mu.Lock()
	t.conns[tc] = struct{}{}
	t.mu.Unlock()
	return tc, nil
}

func (t *trackedListener) cut() {
	t.mu.Lock()
	open := make([]net.Conn, 0, len(t.conns))
	for c := range t.conns {
		open = append(open, c)
	}
	t.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

type trackedConn struct {
	net.Conn
	listener *trackedListener
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
