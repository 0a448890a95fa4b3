// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"context"
	"errors"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/s2cd/s2cd/southbound"
)

// support is what is known of the commit-confirmed extension on a device.
type support int

const (
	untried support = iota
	supported
	missing
)

// role names s2cd in MasterArbitration.
const role = "s2cd"

// probeID is a commit that is never open.
const probeID = "s2cd-probe"

// statusError shows the shortened text and keeps the gRPC status for
// decisions here.
type statusError struct {
	error
	status error
}

func (e *statusError) Unwrap() error { return e.error }

func statusOf(err error) *status.Status {
	var se *statusError
	if errors.As(err, &se) {
		return status.Convert(se.status)
	}
	return nil
}

// probeCommit finds out once whether the device has commit-confirmed, which is
// not always advertised: it confirms a commit that is not open. A device with
// the extension says that there is none; one that ignores it says yes to an
// empty Set, one that does not know it says so.
func (d *Device) probeCommit(ctx context.Context, tx southbound.Transaction) error {
	if d.commit != untried {
		return nil
	}
	err := d.set(ctx, "apply", tx, &gpb.SetRequest{}, confirmExtension(probeID))
	if err == nil {
		d.learned(missing)
		return nil
	}
	s := statusOf(err)
	switch {
	case s == nil:
		return err
	case s.Code() == codes.FailedPrecondition, s.Code() == codes.NotFound:
		d.learned(supported)
	case s.Code() == codes.InvalidArgument && mentions(s.Message(), "commit", "confirm") && !refusesExtension(s):
		d.learned(supported)
	case s.Code() == codes.InvalidArgument, s.Code() == codes.Unimplemented:
		d.learned(missing)
	case southbound.KindOf(err) == southbound.InDoubt && isServerAnswer(s):
		if mentions(s.Message(), "commit") && !mentionsUnknown(s) {
			d.learned(supported)
		} else {
			d.learned(missing)
		}
	case southbound.KindOf(err) == southbound.InDoubt:
		// An empty Set changes nothing, whatever became of it.
		return d.fail("apply", southbound.Unreachable, unwrapOp(err))
	default:
		return err
	}
	return nil
}

// learnCommit looks at the answer to a Set with a commit extension; true means
// that the device refused the extension and the Set may be repeated without.
func (d *Device) learnCommit(err error) bool {
	s := statusOf(err)
	if s == nil || !refusesExtension(s) {
		return false
	}
	d.learned(missing)
	return true
}

func (d *Device) learned(s support) {
	d.commit = s
	d.config.Logger.Info("gnmi commit-confirmed", "device", d.config.Device, "supported", s == supported)
}

// refusesExtension recognises a server that does not know an extension.
func refusesExtension(s *status.Status) bool {
	switch s.Code() { //nolint:exhaustive // only these two are used for it.
	case codes.Unimplemented, codes.InvalidArgument:
		return mentions(s.Message(), "extension") && mentionsUnknown(s)
	}
	return false
}

func mentionsUnknown(s *status.Status) bool {
	return mentions(s.Message(), "support", "unknown", "implement", "recogni")
}

// isServerAnswer tells what a server's own code failed with from a call that
// was lost. A stream that was reset has the same code but is no answer.
func isServerAnswer(s *status.Status) bool {
	return (s.Code() == codes.Unknown || s.Code() == codes.Internal) && !mentions(s.Message(), "rst_stream")
}

func refusesArbitration(err error) bool {
	s := statusOf(err)
	return s != nil && refusesExtension(s) && mentions(s.Message(), "arbitration")
}

// rename says of an OpError that it happened in op.
func (d *Device) rename(op string, err error) error {
	return d.fail(op, southbound.KindOf(err), unwrapOp(err))
}

func unwrapOp(err error) error {
	var oe *southbound.OpError
	if errors.As(err, &oe) {
		return oe.Err
	}
	return err
}

func commitExtension(id string, rollback time.Duration) *gnmi_ext.Extension {
	return extension(&gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Commit{
		Commit: &gnmi_ext.CommitRequest{RollbackDuration: durationpb.New(rollback)},
	}})
}

func confirmExtension(id string) *gnmi_ext.Extension {
	return extension(&gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Confirm{Confirm: &gnmi_ext.CommitConfirm{}}})
}

func cancelExtension(id string) *gnmi_ext.Extension {
	return extension(&gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Cancel{Cancel: &gnmi_ext.CommitCancel{}}})
}

func extension(c *gnmi_ext.Commit) *gnmi_ext.Extension {
	return &gnmi_ext.Extension{Ext: &gnmi_ext.Extension_Commit{Commit: c}}
}

// arbitrationExtension names the holder of the device lease by its fencing
// number: a server with MasterArbitration refuses older ones.
func arbitrationExtension(fence uint64) *gnmi_ext.Extension {
	return &gnmi_ext.Extension{Ext: &gnmi_ext.Extension_MasterArbitration{MasterArbitration: &gnmi_ext.MasterArbitration{
		Role: &gnmi_ext.Role{Id: role}, ElectionId: &gnmi_ext.Uint128{Low: fence},
	}}}
}
