// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/southbound"
)

var _ southbound.Driver = (*Device)(nil)

// Device is one device managed over gNMI. Its methods are safe for concurrent
// use; one Set is under way at a time.
type Device struct {
	config Config
	conn   *grpc.ClientConn
	client gpb.GNMIClient

	// turn holds one token: its holder may Set and use what is below.
	turn        chan struct{}
	commit      support           // of the commit-confirmed extension
	arbitration bool              // false once the device refused the extension
	outcome     map[string]manner // of the newest transactions, by id
	order       []string          // keys of outcome, oldest first
}

// New returns the driver of one device. It does not connect: the first
// operation does.
func New(config Config) (*Device, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	conn, err := config.connect()
	if err != nil {
		return nil, err
	}
	d := &Device{
		config: config, conn: conn, client: gpb.NewGNMIClient(conn),
		turn: make(chan struct{}, 1), arbitration: true, outcome: map[string]manner{},
	}
	d.turn <- struct{}{}
	return d, nil
}

// Close ends the connection; operations under way fail.
func (d *Device) Close() error {
	if err := d.conn.Close(); err != nil {
		return fmt.Errorf("gnmi: close %s: %w", d.config.Device, err)
	}
	return nil
}

// Read implements southbound.Reader.
func (d *Device) Read(ctx context.Context) (southbound.DeviceConfig, error) {
	notifications, err := d.get(ctx, "read", gpb.GetRequest_CONFIG, d.config.Model.ConfigPaths())
	if err != nil {
		return southbound.DeviceConfig{}, err
	}
	c, err := d.config.Model.ParseConfig(notifications)
	if err != nil {
		return southbound.DeviceConfig{}, d.fail("read", southbound.Refused, err)
	}
	return c, nil
}

// Observe implements southbound.Observer.
func (d *Device) Observe(ctx context.Context) (southbound.Observation, error) {
	paths := d.config.Model.StatePaths()
	if len(paths) == 0 {
		return southbound.Observation{At: d.config.Now()}, nil
	}
	notifications, err := d.get(ctx, "observe", gpb.GetRequest_STATE, paths)
	if err != nil {
		return southbound.Observation{}, err
	}
	o, err := d.config.Model.ParseState(notifications, d.config.Now())
	if err != nil {
		return southbound.Observation{}, d.fail("observe", southbound.Refused, err)
	}
	return o, nil
}

// get reads paths in one request; a device that has nothing at one of them and
// calls that an error is asked for each alone.
func (d *Device) get(ctx context.Context, op string, kind gpb.GetRequest_DataType, paths []*gpb.Path,
) ([]*gpb.Notification, error) {
	ctx, cancel := context.WithTimeout(ctx, d.config.Timeout)
	defer cancel()
	resp, err := d.client.Get(ctx, d.getRequest(kind, paths))
	if status.Code(err) == codes.NotFound {
		return d.getEach(ctx, op, kind, paths)
	}
	if err != nil {
		return nil, d.fail(op, getKind(err), brief(err, nil))
	}
	return resp.GetNotification(), nil
}

func (d *Device) getEach(ctx context.Context, op string, kind gpb.GetRequest_DataType, paths []*gpb.Path,
) ([]*gpb.Notification, error) {
	var all []*gpb.Notification
	for i := range paths {
		resp, err := d.client.Get(ctx, d.getRequest(kind, paths[i:i+1]))
		if status.Code(err) == codes.NotFound {
			continue
		}
		if err != nil {
			return nil, d.fail(op, getKind(err), brief(err, nil))
		}
		all = append(all, resp.GetNotification()...)
	}
	return all, nil
}

func (d *Device) getRequest(kind gpb.GetRequest_DataType, paths []*gpb.Path) *gpb.GetRequest {
	return &gpb.GetRequest{
		Prefix: d.config.prefix(), Path: paths, Type: kind, Encoding: gpb.Encoding_JSON_IETF,
	}
}

// acquire waits for the turn to Set.
func (d *Device) acquire(ctx context.Context, op string) error {
	select {
	case <-d.turn:
		return nil
	case <-ctx.Done():
		return d.fail(op, southbound.Unreachable, fmt.Errorf("waiting for the turn: %w", ctx.Err()))
	}
}

func (d *Device) release() { d.turn <- struct{}{} }

// fail wraps err unless it is an OpError already, whose kind then stays.
func (d *Device) fail(op string, kind southbound.Kind, err error) error {
	var oe *southbound.OpError
	if errors.As(err, &oe) {
		kind, err = oe.Kind, oe.Err
	}
	return &southbound.OpError{Device: d.config.Device, Op: op, Kind: kind, Err: err}
}

// rollback is the time a commit waits for its confirmation.
func (d *Device) rollback(tx southbound.Transaction) time.Duration {
	return orDefault(tx.Rollback, d.config.Rollback)
}
