// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
)

// Fault is what a scenario wants to go wrong. The zero value is nothing.
type Fault struct {
	// DelayBefore and DelayAfter hold Sets up before or after they are
	// applied. The next DelayCount Sets, all when it is 0.
	DelayBefore time.Duration `json:"delayBefore"`
	DelayAfter  time.Duration `json:"delayAfter"`
	DelayCount  int           `json:"delayCount"`
	// Refuse refuses so many Sets with RefuseCode and RefuseText.
	Refuse     int        `json:"refuse"`
	RefuseCode codes.Code `json:"refuseCode"`
	RefuseText string     `json:"refuseText"`
	// RefuseMention refuses every Set with that text in it.
	RefuseMention string `json:"refuseMention"`
	// FailHalfway makes so many Sets fail after the links are realised and
	// before the routing is.
	FailHalfway int `json:"failHalfway"`
	// Blackhole answers nothing for so long, from now on.
	Blackhole time.Duration `json:"blackhole"`
}

// Faults are the faults and counters of one PE.
type Faults struct {
	mu       sync.Mutex // guards all
	fault    Fault
	silent   time.Time
	delays   int
	counters map[string]int
	cut      func() // drops the connections
}

func newFaults() *Faults { return &Faults{counters: map[string]int{}, cut: func() {}} }

// Inject replaces what goes wrong; the zero value heals.
func (f *Faults) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
	f.delays = fault.DelayCount
	f.silent = time.Time{}
	if fault.Blackhole > 0 {
		f.silent = time.Now().Add(fault.Blackhole)
	}
}

// Cut drops all connections of clients; they can come again.
func (f *Faults) Cut() {
	f.mu.Lock()
	cut := f.cut
	f.mu.Unlock()
	cut()
}

// Counters says how many sets, gets, commits, confirms, rollbacks and refused
// Sets there were.
func (f *Faults) Counters() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counters)
}

func (f *Faults) count(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counters[what]++
}

// read holds up a call that changes nothing while the PE is silent.
func (f *Faults) read(ctx context.Context) error {
	f.mu.Lock()
	silent := time.Until(f.silent)
	f.mu.Unlock()
	return hold(ctx, silent)
}

func hold(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func (f *Faults) before(ctx context.Context, req *gpb.SetRequest) error {
	if err := f.read(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	var delay time.Duration
	if f.delaying() {
		delay = f.fault.DelayBefore
	}
	refused := f.refusal(req)
	f.mu.Unlock()
	if err := hold(ctx, delay); err != nil {
		return err
	}
	return refused
}

// delaying says whether this Set is one of those that are held up.
func (f *Faults) delaying() bool { return f.fault.DelayCount == 0 || f.delays > 0 }

func (f *Faults) refusal(req *gpb.SetRequest) error {
	if m := f.fault.RefuseMention; m != "" && mentions(req, m) {
		return status.Errorf(codes.InvalidArgument, "fault: a Set that mentions %q is refused", m)
	}
	if f.fault.Refuse <= 0 {
		return nil
	}
	f.fault.Refuse--
	code := f.fault.RefuseCode
	if code == codes.OK {
		code = codes.InvalidArgument
	}
	return status.Error(code, "fault: "+f.fault.RefuseText)
}

// mentions looks at paths and values as text.
func mentions(req *gpb.SetRequest, text string) bool {
	if strings.Contains(prototext.MarshalOptions{}.Format(req), text) {
		return true
	}
	for _, u := range append(append([]*gpb.Update{}, req.GetReplace()...), req.GetUpdate()...) {
		if strings.Contains(string(u.GetVal().GetJsonIetfVal()), text) {
			return true
		}
	}
	return false
}

// after holds a good Set's answer up; the client may have gone by then.
func (f *Faults) after(ctx context.Context) {
	f.mu.Lock()
	var delay time.Duration
	if f.delaying() {
		delay = f.fault.DelayAfter
		f.delays--
	}
	f.mu.Unlock()
	_ = hold(ctx, delay)
	_ = f.read(ctx)
}

var errHalfway = errors.New("fault: failed halfway")

func (f *Faults) halfway() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault.FailHalfway <= 0 {
		return nil
	}
	f.fault.FailHalfway--
	return fmt.Errorf("%w (%d more to come)", errHalfway, f.fault.FailHalfway)
}
