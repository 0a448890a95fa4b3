// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// Defaults of Config.
const (
	DefaultTimeout    = 30 * time.Second
	DefaultRollback   = 60 * time.Second
	DefaultMaxMessage = 64 << 20
	DefaultMaxSet     = 8 << 20
)

// Config is what it takes to manage one device.
type Config struct {
	Device  string // name in the inventory, for errors and logs
	Address string // host:port of the device's gNMI server
	Target  string // prefix.target of every request; may be empty
	Origin  string // prefix.origin of every request, for example "openconfig"; may be empty
	TLS     TLS
	Model   Model

	Timeout    time.Duration // of one RPC at most; 0: DefaultTimeout
	Rollback   time.Duration // when a transaction gives none; 0: DefaultRollback
	MaxMessage int           // bytes received in one message; 0: DefaultMaxMessage
	MaxSet     int           // bytes sent in one Set; 0: DefaultMaxSet
	Now        func() time.Time
	Logger     *slog.Logger
	Dial       func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
}

func (c *Config) complete() error {
	switch {
	case c.Device == "":
		return errors.New("gnmi: no device name")
	case c.Address == "":
		return fmt.Errorf("gnmi: %s has no address", c.Device)
	case c.Model == nil:
		return fmt.Errorf("gnmi: %s has no model", c.Device)
	}
	c.Timeout = orDefault(c.Timeout, DefaultTimeout)
	c.Rollback = orDefault(c.Rollback, DefaultRollback)
	c.MaxMessage = orDefault(c.MaxMessage, DefaultMaxMessage)
	c.MaxSet = orDefault(c.MaxSet, DefaultMaxSet)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orDefault[T int | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

// connect prepares the connection; grpc dials at the first RPC and again when
// the connection is lost.
func (c *Config) connect() (*grpc.ClientConn, error) {
	tlsConfig, err := c.TLS.clientConfig()
	if err != nil {
		return nil, err
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(tlsConfig)),
		grpc.WithStatsHandler(sentHandler{}),
		// Servers answer more than one ping in five minutes with ENHANCE_YOUR_CALM.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 6 * time.Minute, Timeout: 20 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second,
			},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(c.MaxMessage), grpc.MaxCallSendMsgSize(c.MaxSet+64<<10)),
		// A Set is never repeated behind our back, and no proxy sees devices.
		grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(), grpc.WithNoProxy(),
	}
	if c.Dial != nil {
		opts = append(opts, grpc.WithContextDialer(c.Dial))
	}
	conn, err := grpc.NewClient("passthrough:///"+c.Address, opts...)
	if err != nil {
		return nil, fmt.Errorf("gnmi: client of %s: %w", c.Device, err)
	}
	return conn, nil
}

// prefix is part of every request.
func (c *Config) prefix() *gpb.Path {
	if c.Target == "" && c.Origin == "" {
		return nil
	}
	return &gpb.Path{Target: c.Target, Origin: c.Origin}
}
