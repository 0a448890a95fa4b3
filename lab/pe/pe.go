// SPDX-License-Identifier: Apache-2.0

// Package pe is the lab's provider edge router: an OpenConfig gNMI server
// whose tree is realised in a Linux network namespace and its FRR. The schema,
// its validation and Subscribe are lemming's; added here are Get,
// Capabilities, commit-confirmed, master arbitration, and that a Set is one
// device transaction: when it returns the box is what the tree says, or both
// are what they were. It knows nothing of s2cd.
package pe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	lgnmi "github.com/openconfig/lemming/gnmi"
	"github.com/openconfig/lemming/gnmi/oc"
	"github.com/openconfig/lemming/gnmi/reconciler"
	"github.com/openconfig/ygnmi/ygnmi"
	"github.com/openconfig/ygot/ygot"
	"github.com/vishvananda/netlink"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Config is what a PE needs.
type Config struct {
	// Name is the gNMI target.
	Name   string
	Limits Limits
	// Ports are physical interfaces that are configured from the start.
	Ports []string
	// Startup is the file that keeps the tree over a restart, empty for none.
	Startup string
	Links   *netlink.Handle
	// TreeOnly realises nothing: for tests of clients without a box.
	TreeOnly bool
	// FRR is the folder with the vty sockets of the PE's daemons.
	FRR string
	Log *slog.Logger
}

// realiser is the part of [Box] that a PE needs; nil in tests of the tree.
type realiser interface {
	Apply(ctx context.Context, want *Plan, halfway func() error) error
}

// PE is one gNMI target.
type PE struct {
	*lgnmi.Server // Subscribe and what else is not overridden

	cfg    Config
	box    realiser
	faults *Faults
	log    *slog.Logger

	mu      sync.Mutex // one Set at a time; guards what follows
	root    *oc.Root   // as of the last good Set
	plan    *Plan
	running *transaction // while lemming's Set calls validate
	pending *pendingCommit
	highest map[string]election

	treeMu   sync.Mutex // guards the cached encoding of root
	treeRoot *oc.Root
	tree     map[string]any
}

// transaction is what passes between a Set and the validator that lemming
// calls in the middle of it.
type transaction struct {
	ctx  context.Context //nolint:containedctx // lemming's hook has none
	root *oc.Root
	plan *Plan
	err  error // the box's, not the client's, fault
}

// New makes a PE and brings the box to its startup tree, which is empty but
// for the ports when there is no file. It takes seconds: lemming builds the
// OpenConfig schema three times.
func New(ctx context.Context, cfg Config) (*PE, error) {
	if cfg.TreeOnly {
		return newPE(ctx, cfg, treeOnly{})
	}
	box := NewBox(cfg.Links, cfg.FRR)
	if cleanStart(cfg.Startup) {
		box.Assume()
	} else if err := box.Adopt(); err != nil {
		return nil, fmt.Errorf("look at the box of %s: %w", cfg.Name, err)
	}
	return newPE(ctx, cfg, box)
}

func newPE(ctx context.Context, cfg Config, box realiser) (*PE, error) {
	empty := emptyPlan()
	p := &PE{cfg: cfg, box: box, faults: newFaults(), log: cfg.Log.With("pe", cfg.Name), plan: &empty, root: &oc.Root{}, highest: map[string]election{}}
	rec := reconciler.NewBuilder("lab-pe").WithValidator([]ygnmi.PathStruct{nil}, p.validate).Build()
	// Registered on a server that is never used: this PE is registered on the
	// real one in its place.
	inner, err := lgnmi.New(grpc.NewServer(), cfg.Name, nil, rec)
	if err != nil {
		return nil, fmt.Errorf("make gNMI server of %s: %w", cfg.Name, err)
	}
	p.Server = inner
	if err := p.boot(ctx); err != nil {
		return nil, fmt.Errorf("boot %s: %w", cfg.Name, err)
	}
	return p, nil
}

// Faults are the PE's fault verbs.
func (p *PE) Faults() *Faults { return p.faults }

// Name is the gNMI target.
func (p *PE) Name() string { return p.cfg.Name }

// boot sets the startup tree.
func (p *PE) boot(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, err := os.ReadFile(p.cfg.Startup)
	if p.cfg.Startup == "" || errors.Is(err, os.ErrNotExist) {
		return p.transact(ctx, p.portsRequest())
	}
	if err != nil {
		return fmt.Errorf("read startup tree: %w", err)
	}
	if err := p.transact(ctx, p.rootRequest(body)); err != nil {
		return err
	}
	p.save()
	return nil
}

// While a file with this suffix is there the box is not known to be what the
// startup tree says: a Set is under way, or a commit waits.
const busySuffix = ".busy"

// cleanStart says that the last process left the box as its startup tree is.
func cleanStart(startup string) bool {
	if _, err := os.Stat(startup); startup == "" || err != nil {
		return false
	}
	_, err := os.Stat(startup + busySuffix)
	return errors.Is(err, os.ErrNotExist)
}

func (p *PE) portsRequest() *gpb.SetRequest {
	req := &gpb.SetRequest{Prefix: p.prefix()}
	for _, port := range p.cfg.Ports {
		body := fmt.Sprintf(`{"openconfig-interfaces:name":%q,"openconfig-interfaces:config":{"name":%q,"type":"iana-if-type:ethernetCsmacd","enabled":true}}`, port, port)
		req.Update = append(req.Update, &gpb.Update{
			Path: &gpb.Path{Elem: []*gpb.PathElem{{Name: "interfaces"}, {Name: "interface", Key: map[string]string{"name": port}}}},
			Val:  &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(body)}},
		})
	}
	return req
}

// rootRequest makes the whole tree what body says.
func (p *PE) rootRequest(body []byte) *gpb.SetRequest {
	return &gpb.SetRequest{
		Prefix: p.prefix(),
		Delete: []*gpb.Path{{}},
		Update: []*gpb.Update{{Path: &gpb.Path{}, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: body}}}},
	}
}

func (p *PE) prefix() *gpb.Path {
	return &gpb.Path{Target: p.cfg.Name, Origin: lgnmi.OpenConfigOrigin}
}

// transact runs a Set through lemming, which calls validate in the middle.
func (p *PE) transact(ctx context.Context, req *gpb.SetRequest) error {
	// A client that hangs up does not stop a device in mid-transaction.
	tx := &transaction{ctx: context.WithoutCancel(ctx)}
	p.running = tx
	defer func() { p.running = nil }()
	began := time.Now()
	if _, err := p.Server.Set(ctx, req); err != nil {
		if tx.err != nil {
			return status.Errorf(codes.Aborted, "%s did not take it and is as before: %v", p.cfg.Name, tx.err)
		}
		return err // a gRPC status of lemming's, meant for the client
	}
	if tx.plan == nil {
		return nil // nothing was configured
	}
	p.root, p.plan = tx.root, tx.plan
	p.log.Info("set done", "took", time.Since(began), "vrfs", len(p.plan.VRFs), "subinterfaces", len(p.plan.Subifs))
	return nil
}

// validate is lemming's hook: the schema is satisfied, nothing is committed
// yet, and an error leaves the tree as it was. So this is where the box is
// realised.
func (p *PE) validate(intended *oc.Root) error {
	tx := p.running
	if tx == nil {
		return errors.New("a Set that did not come through the PE")
	}
	plan, err := NewPlan(intended, p.cfg.Limits)
	if err != nil {
		return err
	}
	copied, err := ygot.DeepCopy(intended)
	if err != nil {
		tx.err = fmt.Errorf("copy tree: %w", err)
		return tx.err
	}
	root, ok := copied.(*oc.Root)
	if !ok {
		tx.err = fmt.Errorf("copy tree: got a %T", copied)
		return tx.err
	}
	if p.cfg.Startup != "" {
		if err := os.WriteFile(p.cfg.Startup+busySuffix, nil, 0o600); err != nil {
			tx.err = fmt.Errorf("mark the box as changing: %w", err)
			return tx.err
		}
	}
	if err := p.box.Apply(tx.ctx, plan, p.faults.halfway); err != nil {
		tx.err = err
		if undo := p.box.Apply(tx.ctx, p.plan, nil); undo != nil {
			tx.err = errors.Join(err, fmt.Errorf("and undoing it failed: %w", undo))
			p.log.Error("undo failed", "err", undo)
		} else {
			p.settled()
		}
		return tx.err
	}
	tx.root, tx.plan = root, plan
	return nil
}

// save keeps the tree over a restart. While a commit waits for its
// confirmation the one before is kept, so that a restart rolls back too.
func (p *PE) save() {
	if p.cfg.Startup == "" || p.pending != nil {
		return
	}
	body, err := encodeRoot(p.root)
	if err == nil {
		err = os.WriteFile(p.cfg.Startup+".new", body, 0o600)
	}
	if err == nil {
		err = os.Rename(p.cfg.Startup+".new", p.cfg.Startup)
	}
	if err != nil {
		p.log.Error("save startup tree", "err", err)
		return
	}
	p.settled()
}

// settled says that the box is what the startup tree says.
func (p *PE) settled() {
	if p.cfg.Startup == "" || p.pending != nil {
		return
	}
	if err := os.Remove(p.cfg.Startup + busySuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		p.log.Error("mark the box as settled", "err", err)
	}
}
