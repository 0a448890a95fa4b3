// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/southbound"
)

// Model renders the vendor-neutral configuration in one device's tree. A
// render package implements it; it is safe for concurrent use and does no I/O.
type Model interface {
	// Changes returns the deletes, replaces and updates that turn have into
	// want, marks written with epoch. What does not differ is not written; nil
	// or an empty request means there is nothing to do. Prefix and extensions
	// are the driver's. The error is an *southbound.OpError of kind
	// Unsupported where the platform cannot hold want; any other error is
	// taken for Refused.
	Changes(have, want southbound.DeviceConfig, epoch uint64) (*gpb.SetRequest, error)
	// ConfigPaths returns what Get asks for to read the configuration back.
	ConfigPaths() []*gpb.Path
	// ParseConfig returns the marked objects, normalised. Unmarked objects are
	// skipped, a value it cannot understand is an error.
	ParseConfig(notifications []*gpb.Notification) (southbound.DeviceConfig, error)
	// StatePaths returns what Get asks for to observe; none means that the
	// model has no state to report.
	StatePaths() []*gpb.Path
	// ParseState returns what the device measures, as of now.
	ParseState(notifications []*gpb.Notification, now time.Time) (southbound.Observation, error)
}
