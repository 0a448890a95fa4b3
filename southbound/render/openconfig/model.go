// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/gnmi"
	"github.com/s2cd/s2cd/yang/oc"
)

// Config is what a Model knows of its device.
type Config struct {
	AS       uint32 // the provider's, 1..4294967295
	Platform Platform
	// Secret returns the TCP MD5 key of a reference. Its result appears in
	// requests only. nil: references are refused.
	Secret func(ref string) (string, error)
}

// Model renders one device's configuration. It is safe for concurrent use. It
// remembers what it made of the list entries of the device's last answer, so that
// only those that changed are read anew; no text of an entry is kept.
type Model struct {
	config Config
	last   atomic.Pointer[survey]
}

// survey is what was last read of the device beside the configuration.
type survey struct {
	// places are the marked subinterfaces, whose counters StatePaths asks for:
	// a wildcard would bring those of all customers of the device, and not
	// every server takes one.
	places []place
	// The epochs of all subinterfaces and network instances, unmarked for
	// those without a mark.
	placeEpochs    map[place]uint64
	instanceEpochs map[string]uint64
	made           memory // of the list entries of the answer
}

// unmarked is an epoch newer than all.
const unmarked = math.MaxUint64

var _ gnmi.Model = (*Model)(nil)

// New returns the model of one device.
func New(config Config) (*Model, error) {
	if config.AS == 0 {
		return nil, errors.New("openconfig: no AS number")
	}
	if config.Secret == nil {
		config.Secret = func(string) (string, error) { return "", errors.New("no secrets here") }
	}
	return &Model{config: config}, nil
}

// Changes implements gnmi.Model. VRFs that say the same are not looked at any
// further; within a VRF a list entry that differs is replaced as a whole. What
// would take the place of something that ParseConfig last saw without a mark,
// or with one of a newer epoch, is refused.
// epoch 0 leaves every mark of want as it is.
func (m *Model) Changes(have, want southbound.DeviceConfig, epoch uint64) (*gpb.SetRequest, error) {
	have, want = differing(have, withEpoch(want, epoch))
	if err := m.check(want); err != nil {
		return nil, err
	}
	if err := m.last.Load().guard(want); err != nil {
		return nil, err
	}
	from, err := m.build(have.VRFs, nil)
	if err != nil {
		return nil, err
	}
	to, err := m.build(want.VRFs, keysFor(have.VRFs))
	if err != nil {
		return nil, err
	}
	if err := validate(to); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	d := differ{req: &gpb.SetRequest{}, portEntry: m.config.Platform.PortEntry}
	d.interfaces(from, to)
	d.qos(from.Qos, to.Qos)
	d.instances(from.NetworkInstance, to.NetworkInstance)
	if d.err != nil {
		return nil, d.err
	}
	return d.req, nil
}

// validate checks types, patterns and ranges against the schema. References
// (leafrefs) lead to what build made beside them, which tests show; to follow
// them takes most of the time that a large change takes.
func validate(dev *oc.Device) error {
	for _, i := range dev.Interface {
		if err := i.Validate(); err != nil {
			return err
		}
	}
	for _, n := range dev.NetworkInstance {
		if err := n.Validate(); err != nil {
			return err
		}
	}
	return dev.Qos.Validate()
}

// ConfigPaths implements gnmi.Model.
func (m *Model) ConfigPaths() []*gpb.Path {
	paths := []*gpb.Path{path("interfaces"), path("network-instances")}
	if m.config.Platform.QoS {
		paths = append(paths, path("qos"))
	}
	return paths
}

// StatePaths implements gnmi.Model: the counters of the subinterfaces that
// ParseConfig found last, none before.
func (m *Model) StatePaths() []*gpb.Path {
	last := m.last.Load()
	if last == nil {
		return nil
	}
	paths := make([]*gpb.Path, 0, len(last.places))
	for _, p := range last.places {
		paths = append(paths, path("interfaces", "interface", "name="+p.port, "subinterfaces",
			"subinterface", "index="+strconv.Itoa(int(p.vlan)), "state", "counters"))
	}
	return paths
}

// ParseState implements gnmi.Model.
func (m *Model) ParseState(notifications []*gpb.Notification, now time.Time) (southbound.Observation, error) {
	root, err := treeOf(notifications, nil)
	if err != nil {
		return southbound.Observation{}, err
	}
	o := southbound.Observation{At: now}
	for _, port := range entries(root, "interfaces", "interface") {
		for _, sub := range entries(port, "subinterfaces", "subinterface") {
			index := number(sub["index"])
			if text(port["name"]) == "" || index == 0 || index > maxVLAN {
				continue
			}
			counters := member(sub, "state", "counters")
			o.Attachments = append(o.Attachments, southbound.AttachmentState{
				Port: text(port["name"]), VLAN: uint16(index),
				InOctets: number(counters["in-octets"]), OutOctets: number(counters["out-octets"]),
			})
		}
	}
	return o, nil
}

// guard refuses what would be written over objects without a mark or with one
// of a newer epoch.
func (s *survey) guard(want southbound.DeviceConfig) error {
	if s == nil {
		return nil
	}
	for _, v := range want.VRFs {
		if s.instanceEpochs[v.Name] > v.Mark.Epoch {
			return fmt.Errorf("vrf %s: the device has one of that name that is not ours", v.Name)
		}
		for _, a := range v.Attachments {
			if s.placeEpochs[place{a.Port, a.VLAN}] > v.Mark.Epoch {
				return fmt.Errorf("vrf %s: the device has a subinterface %s that is not ours",
					v.Name, interfaceID(a.Port, uint32(a.VLAN)))
			}
		}
	}
	return nil
}

// withEpoch returns c with all marks of that epoch; c itself is not changed.
func withEpoch(c southbound.DeviceConfig, epoch uint64) southbound.DeviceConfig {
	if epoch == 0 {
		return c
	}
	c.VRFs = slices.Clone(c.VRFs)
	for i := range c.VRFs {
		c.VRFs[i].Mark.Epoch = epoch
	}
	return c
}

// differing leaves out what both say alike, and orders the lists.
func differing(have, want southbound.DeviceConfig) (h, w southbound.DeviceConfig) {
	old := make(map[string]*southbound.VRF, len(have.VRFs))
	for i := range have.VRFs {
		v := &have.VRFs[i]
		if v.Name == "" { // leftovers without a VRF, see ParseConfig
			h.VRFs = append(h.VRFs, *v)
			continue
		}
		old[v.Name] = v
	}
	for i := range want.VRFs {
		v := &want.VRFs[i]
		if o, ok := old[v.Name]; ok && reflect.DeepEqual(o, v) {
			delete(old, v.Name)
			continue
		}
		w.VRFs = append(w.VRFs, *v)
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		h.VRFs = append(h.VRFs, *old[name])
	}
	return h, w
}
