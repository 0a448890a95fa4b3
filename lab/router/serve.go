// SPDX-License-Identifier: Apache-2.0

package router

import (
	"context"
	"errors"
	"fmt"
	"net"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/s2cd/s2cd/lab/certs"
)

// At says where a router listens, and with which files (PEM).
type At struct {
	Address       string
	Cert, Key, CA string
}

// Serve answers gNMI until ctx ends; only clients with a certificate of the CA
// are let in.
func (r *Router) Serve(ctx context.Context, at At) error {
	tls, err := certs.Server(at.Cert, at.Key, at.CA)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.Address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	srv := grpc.NewServer(grpc.Creds(credentials.NewTLS(tls)), grpc.MaxRecvMsgSize(64<<20))
	gpb.RegisterGNMIServer(srv, r)
	stop := context.AfterFunc(ctx, srv.Stop)
	defer stop()
	if err := srv.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve gNMI at %s: %w", at.Address, err)
	}
	return nil
}
